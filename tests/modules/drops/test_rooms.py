"""The waiting room: fair places, exact capacity, several processes."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from hansa.modules import drops
from hansa.modules.drops import line as lines
from hansa.modules.drops import visitor
from hansa.modules.drops.rooms import Rooms
from tests.modules.drops.conftest import MOMENT, DropShop


async def enter(shop: DropShop, drop: drops.Drop, *names: str) -> list[drops.Place]:
    rooms = shop.context.service(Rooms)
    return await asyncio.gather(
        *(rooms.enter(drop, session=name, token="", now=shop.now) for name in names)
    )


async def inside(shop: DropShop, drop: drops.Drop) -> set[str]:
    async with shop.context.database.snapshot(single=True) as snap:
        rows = await snap.all(
            "select session from drops_ticket where drop_id = %(id)s and state = 'inside'",
            {"id": drop.id},
        )
    return {row.session for row in rows}


async def test_who_comes_while_there_is_room_is_let_in_at_once(drop_shop: DropShop) -> None:
    drop = await drop_shop.release(opens_at=drop_shop.now, capacity=2)

    places = await enter(drop_shop, drop, "a", "b", "c", "d")

    assert [place.is_inside for place in places] == [True, True, False, False]
    assert [place.ahead for place in places] == [None, None, 0, 1]
    assert await drop_shop.findings() == []


async def test_a_thousand_at_once_never_exceed_the_capacity(drop_shop: DropShop) -> None:
    drop = await drop_shop.release(opens_at=drop_shop.now, capacity=37)
    other = Rooms(drop_shop.context)
    await other.start()
    try:
        ours = drop_shop.context.service(Rooms)
        places = await asyncio.gather(
            *(
                (ours if number % 2 else other).enter(
                    drop, session=f"s{number}", token="", now=drop_shop.now
                )
                for number in range(1_000)
            )
        )
    finally:
        await other.close()

    assert sum(place.is_inside for place in places) == 37
    assert max(place.ahead for place in places if place.ahead is not None) == 962
    assert len(await inside(drop_shop, drop)) == 37
    assert await drop_shop.findings() == []


async def test_those_before_the_opening_are_drawn_and_come_before_later_ones(
    drop_shop: DropShop,
) -> None:
    opens_at = drop_shop.now + timedelta(minutes=10)
    drop = await drop_shop.release(opens_at=opens_at, capacity=10)
    early = [f"early{number:03}" for number in range(200)]
    for start in range(0, 200, 20):
        places = await enter(drop_shop, drop, *early[start : start + 20])
        assert all(not place.is_inside and place.ahead is None for place in places)

    drop_shop.clock.advance(timedelta(minutes=10) - MOMENT)
    await enter(drop_shop, drop, *early)
    await drop_shop.look_round()
    assert await inside(drop_shop, drop) == set()
    drop_shop.clock.advance(MOMENT)
    late = await enter(drop_shop, drop, "late")

    let_in = await inside(drop_shop, drop)
    assert len(let_in) == 10
    assert let_in <= set(early)
    # Fair: the first ten to come have no better chance than anybody.
    assert let_in != set(early[:10])
    assert late[0].ahead == 190
    assert await drop_shop.findings() == []


async def test_the_draw_can_be_done_again_from_the_seed(drop_shop: DropShop) -> None:
    opens_at = drop_shop.now + timedelta(minutes=10)
    drop = await drop_shop.release(opens_at=opens_at, capacity=1)
    await enter(drop_shop, drop, *(f"s{number}" for number in range(50)))
    drop_shop.clock.advance(timedelta(minutes=10))

    await drop_shop.look_round()

    async with drop_shop.context.database.snapshot(single=True) as snap:
        rows = await snap.all(
            """
            select place, row_number() over (
                       order by sha256(convert_to(line.seed || ':' || ticket.id, 'UTF8'))) as again
              from drops_ticket as ticket
              join drops_line as line using (drop_id)
            """
        )
    assert len(rows) == 50
    assert all(row.place == row.again for row in rows)


async def test_a_place_is_given_once_however_often_one_asks(drop_shop: DropShop) -> None:
    drop = await drop_shop.release(opens_at=drop_shop.now, capacity=1)
    await enter(drop_shop, drop, "first")

    places = await enter(drop_shop, drop, *(["second"] * 30), "third")

    assert {place.ahead for place in places[:-1]} == {0}
    assert places[-1].ahead == 1


async def test_a_token_says_nothing_in_another_browser(drop_shop: DropShop) -> None:
    drop = await drop_shop.release(opens_at=drop_shop.now, capacity=1)
    rooms = drop_shop.context.service(Rooms)
    await enter(drop_shop, drop, "first")
    (held,) = await enter(drop_shop, drop, "second")
    await enter(drop_shop, drop, "third")

    secret = drop_shop.context.settings.secret_key.reveal().encode()
    assert visitor.read_place(secret, held.token, drop_id=drop.id, session="second") == 2
    assert visitor.read_place(secret, held.token, drop_id=drop.id, session="thief") is None
    forged = "1." + held.token.partition(".")[2]
    assert visitor.read_place(secret, forged, drop_id=drop.id, session="second") is None
    place = await rooms.enter(drop, session="thief", token=held.token, now=drop_shop.now)
    assert place.ahead == 2


async def test_whoever_is_far_is_answered_without_the_database(drop_shop: DropShop) -> None:
    drop = await drop_shop.release(opens_at=drop_shop.now, capacity=1)
    await enter(drop_shop, drop, "first", "second")
    (held,) = await enter(drop_shop, drop, "third")
    rooms = drop_shop.context.service(Rooms)
    await drop_shop.look_round()
    asked: list[object] = []
    rooms._joins.submit = asked.append  # type: ignore[assignment,method-assign]

    place = await rooms.enter(drop, session="third", token=held.token, now=drop_shop.now)
    first = await rooms.enter(drop, session="first", token="", now=drop_shop.now)

    assert (place.ahead, first.is_inside, asked) == (1, True, [])


async def test_the_idle_lose_their_seat_to_the_next(drop_shop: DropShop) -> None:
    drop = await drop_shop.release(opens_at=drop_shop.now, capacity=1, idle_minutes=5)
    await enter(drop_shop, drop, "idle", "next")
    drop_shop.clock.advance(timedelta(minutes=2))
    await enter(drop_shop, drop, "next")

    drop_shop.clock.advance(timedelta(minutes=3) + MOMENT)
    await enter(drop_shop, drop, "next")
    await drop_shop.look_round()

    assert await inside(drop_shop, drop) == {"next"}
    (again,) = await enter(drop_shop, drop, "idle")
    assert (again.is_inside, again.ahead) == (False, 0)


async def test_looking_at_the_shop_keeps_the_seat(drop_shop: DropShop) -> None:
    drop = await drop_shop.release(opens_at=drop_shop.now, capacity=1, idle_minutes=5)
    await enter(drop_shop, drop, "busy", "next")
    rooms = drop_shop.context.service(Rooms)

    for _ in range(4):
        drop_shop.clock.advance(timedelta(minutes=2))
        rooms.touch("busy", drop_shop.now)
        await drop_shop.look_round()

    assert await inside(drop_shop, drop) == {"busy"}


async def test_leaving_frees_the_place(drop_shop: DropShop) -> None:
    drop = await drop_shop.release(opens_at=drop_shop.now, capacity=1)
    await enter(drop_shop, drop, "first", "second")

    await drop_shop.context.service(Rooms).leave(drop, session="first", now=drop_shop.now)
    await drop_shop.look_round()

    assert await inside(drop_shop, drop) == {"second"}


async def test_whoever_went_away_is_passed_over(drop_shop: DropShop) -> None:
    drop = await drop_shop.release(opens_at=drop_shop.now, capacity=1)
    await enter(drop_shop, drop, "inside", "away", "here")
    drop_shop.clock.advance(lines.ABSENT_AFTER + MOMENT)
    await enter(drop_shop, drop, "here")
    rooms = drop_shop.context.service(Rooms)
    rooms._rooms[drop.id].seen["here"] = drop_shop.now

    await rooms.leave(drop, session="inside", now=drop_shop.now)
    await drop_shop.look_round()

    assert await inside(drop_shop, drop) == {"here"}
    await rooms.leave(drop, session="here", now=drop_shop.now)
    later = await enter(drop_shop, drop, "away", "new")
    assert [place.is_inside for place in later] == [True, False]


async def test_people_are_let_in_at_the_rate_set(drop_shop: DropShop) -> None:
    drop = await drop_shop.release(opens_at=drop_shop.now, admissions_per_second=2)
    names = [f"s{number}" for number in range(20)]
    await enter(drop_shop, drop, *names)
    assert len(await inside(drop_shop, drop)) == 2

    for seconds in (1, 2, 3):
        drop_shop.clock.advance(timedelta(seconds=1))
        await drop_shop.look_round()
        assert len(await inside(drop_shop, drop)) == 2 + 2 * seconds


async def test_pausing_lets_nobody_in_and_a_higher_capacity_at_once(drop_shop: DropShop) -> None:
    drop = await drop_shop.release(opens_at=drop_shop.now, capacity=1, is_paused=True)
    await enter(drop_shop, drop, "a", "b", "c")
    assert await inside(drop_shop, drop) == set()

    drop = await drop_shop.save(drop, is_paused=False)
    await drop_shop.look_round()
    assert len(await inside(drop_shop, drop)) == 1
    await drop_shop.save(drop, capacity=3)
    await drop_shop.look_round()
    assert await inside(drop_shop, drop) == {"a", "b", "c"}


async def test_places_follow_a_sign_in(drop_shop: DropShop) -> None:
    drop = await drop_shop.release(opens_at=drop_shop.now, capacity=1)
    await enter(drop_shop, drop, "guest", "other")

    async with drop_shop.context.database.transaction() as tx:
        await drops.move_places(tx, before="guest", after="shopper")

    assert await inside(drop_shop, drop) == {"shopper"}


@pytest.mark.parametrize(("ahead", "seconds"), [(0, 2), (400, 12), (100_000, 45)])
def test_the_further_the_rarer_one_asks(ahead: int, seconds: int) -> None:
    assert drops.Place(is_inside=False, ahead=ahead).poll_seconds == seconds
