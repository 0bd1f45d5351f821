"""Segments: every filter lets through who it should, pages leave nobody out."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from hansa.modules.loyalty import programmes
from hansa.modules.loyalty.desk import (
    Criteria,
    CriteriaInvalid,
    activity_of,
    check_criteria,
    count_segment,
    list_segment,
)
from hansa.modules.loyalty.members import Member
from hansa.runtime.database import Transaction
from tests.modules.loyalty.points.conftest import Play
from tests.support.loyalty import a_member, a_programme

DAY = timedelta(days=1)


async def found(
    tx: Transaction, programme: programmes.Programme, now: datetime, **filters: object
) -> set[UUID]:
    criteria = Criteria(**filters)  # type: ignore[arg-type]
    check_criteria(criteria)
    listed = await list_segment(
        tx, programme_id=programme.id, criteria=criteria, after=None, limit=1000, now=now
    )
    counted = await count_segment(tx, programme_id=programme.id, criteria=criteria, now=now)
    assert counted == len(listed) == len(set(listed))
    return set(listed)


async def switch(
    tx: Transaction, programme: programmes.Programme, member: Member, offer: UUID, *, on: bool,
    at: datetime,
) -> None:  # fmt: skip
    await tx.execute(
        "insert into loyalty_switch (bucket, programme_id, member_id, offer_id, at, is_on)"
        " values (%(bucket)s, %(programme)s, %(member)s, %(offer)s, %(at)s, %(on)s)",
        {"bucket": member.bucket, "programme": programme.id, "member": member.id, "offer": offer,
         "at": at, "on": on},
    )  # fmt: skip


async def raise_percent(
    tx: Transaction, programme: programmes.Programme, member: Member, percent: int, *,
    until: datetime, now: datetime, stack: str = "", category: str = "",
) -> None:  # fmt: skip
    await tx.execute(
        "insert into loyalty_completion (bucket, programme_id, member_id, offer_id, key, at, code,"
        " category, percent, starts_at, ends_at, stack) values (%(bucket)s, %(programme)s,"
        " %(member)s, %(offer)s, 'k', %(now)s, 'c', %(category)s, %(percent)s, %(now)s, %(until)s,"
        " %(stack)s)",
        {"bucket": member.bucket, "programme": programme.id, "member": member.id,
         "offer": uuid4(), "category": category, "percent": percent, "now": now, "until": until,
         "stack": stack},
    )  # fmt: skip


async def test_pages_follow_each_other_without_a_gap(tx: Transaction, now: datetime) -> None:
    programme = await a_programme(tx, now=now)
    other = await a_programme(tx, now=now, code="lemon", number=2)
    everybody = {(await a_member(tx, programme, now=now)).id for _ in range(23)}
    await a_member(tx, other, now=now)

    walked: list[UUID] = []
    page = None
    while page is None or page:
        page = await list_segment(
            tx, programme_id=programme.id, criteria=Criteria(), limit=5, now=now,
            after=walked[-1] if walked else None,
        )  # fmt: skip
        walked += page

    assert len(walked) == 23
    assert set(walked) == everybody


async def test_by_language_and_time_of_joining(tx: Transaction, now: datetime) -> None:
    programme = await a_programme(tx, now=now)
    old = await a_member(tx, programme, now=now - 40 * DAY, language="ru")
    new = await a_member(tx, programme, now=now - 3 * DAY, language="en")

    assert await found(tx, programme, now, language="en") == {new.id}
    assert await found(tx, programme, now, joined_within_days=30) == {new.id}
    assert await found(tx, programme, now, joined_within_days=41) == {old.id, new.id}
    assert await found(tx, programme, now, language="ru", joined_within_days=30) == set()


async def test_by_an_offer_that_is_switched_on(tx: Transaction, now: datetime) -> None:
    programme, offer = await a_programme(tx, now=now), uuid4()
    on, off, never = [await a_member(tx, programme, now=now) for _ in range(3)]
    await switch(tx, programme, on, offer, on=False, at=now - 2 * DAY)
    await switch(tx, programme, on, offer, on=True, at=now - DAY)
    await switch(tx, programme, off, offer, on=True, at=now - 2 * DAY)
    await switch(tx, programme, off, offer, on=False, at=now - DAY)
    await switch(tx, programme, never, uuid4(), on=True, at=now - DAY)

    assert await found(tx, programme, now, offer_id=offer) == {on.id}


async def test_by_the_percent_as_offers_count_it(tx: Transaction, now: datetime) -> None:
    programme = await a_programme(tx, now=now, percent=100, percent_max=600)
    plain, raised, capped, ended = [await a_member(tx, programme, now=now) for _ in range(4)]
    soon = now + DAY
    await raise_percent(tx, programme, raised, 200, until=soon, now=now, stack="a")
    await raise_percent(tx, programme, raised, 150, until=soon, now=now, stack="a")
    await raise_percent(tx, programme, raised, 900, until=soon, now=now, category="fuel", stack="f")
    await raise_percent(tx, programme, capped, 400, until=soon, now=now, stack="a")
    await raise_percent(tx, programme, capped, 400, until=soon, now=now, stack="b")
    await raise_percent(tx, programme, ended, 400, until=now, now=now - DAY)

    everybody = {plain.id, raised.id, capped.id, ended.id}
    assert await found(tx, programme, now, percent_min=100) == everybody
    assert await found(tx, programme, now, percent_min=101) == {raised.id, capped.id}
    assert await found(tx, programme, now, percent_min=301) == {capped.id}
    assert await found(tx, programme, now, percent_min=600) == {capped.id}
    assert await found(tx, programme, now, percent_min=601) == set()


async def test_random_buckets_share_everybody_out(tx: Transaction, now: datetime) -> None:
    programme = await a_programme(tx, now=now)
    everybody = {(await a_member(tx, programme, now=now)).id for _ in range(60)}

    low = await found(tx, programme, now, random_from=0, random_until=5000)
    high = await found(tx, programme, now, random_from=5000)

    assert low | high == everybody
    assert not low & high
    assert low
    assert high
    assert await found(tx, programme, now, random_until=5000) == low
    assert await found(tx, programme, now, random_from=7, random_until=7) == set()


@pytest.mark.parametrize(
    "wrong",
    [
        Criteria(balance_min=2, balance_max=1),
        Criteria(expiring_min=1),
        Criteria(expiring_days=0),
        Criteria(active_within_days=4000),
        Criteria(language="Russian"),
        Criteria(joined_within_days=0),
        Criteria(percent_min=-1),
        Criteria(random_from=10_001),
        Criteria(random_from=5, random_until=4),
    ],
)
def test_filters_that_cannot_hold_are_refused(wrong: Criteria) -> None:
    with pytest.raises(CriteriaInvalid):
        check_criteria(wrong)


async def who(play: Play, **filters: object) -> set[UUID]:
    async with play.context.database.transaction() as tx:
        return await found(tx, play.programme, play.clock.now(), **filters)


async def test_by_balance_and_by_what_expires(play: Play) -> None:
    rich, poor, none = play.member, await play.another_member(), await play.another_member()
    soon = play.clock.now() + 5 * DAY
    await play.accrue(1_000)
    await play.accrue(40, expires_at=soon)
    await play.accrue(30, member=play.ref(poor), expires_at=soon)
    await play.spend(100)

    assert (await play.balance()).posted == 940
    assert await who(play, balance_min=940) == {rich.id}
    assert await who(play, balance_min=941) == set()
    assert await who(play, balance_min=30, balance_max=30) == {poor.id}
    assert await who(play, balance_max=0) == {none.id}
    # Spending drew what expires first, so nothing of the rich member's is left to expire.
    assert await who(play, expiring_days=7) == {poor.id}
    assert await who(play, expiring_days=7, expiring_min=30) == {poor.id}
    assert await who(play, expiring_days=7, expiring_min=31) == set()
    assert await who(play, expiring_days=4) == set()
    play.later(days=6)
    assert await who(play, expiring_days=7) == set()


async def test_by_what_was_bought_and_when(play: Play) -> None:
    active, other, never = play.member, await play.another_member(), await play.another_member()
    await play.buy("r1", 10_000, member=play.ref(other))
    play.later(days=20)
    await play.buy("b1", 10_000, partner=play.bank)

    assert await who(play, active_within_days=10) == {active.id}
    assert await who(play, active_within_days=30) == {active.id, other.id}
    assert await who(play, inactive_for_days=10) == {other.id, never.id}
    assert await who(play, inactive_for_days=30) == {never.id}
    assert await who(play, partner_id=play.shop.id) == {other.id}
    assert await who(play, partner_id=play.bank.id) == {active.id}


async def test_what_a_group_did_in_a_time(play: Play) -> None:
    other = await play.another_member()
    await play.accrue(500)
    began = play.later(days=1)
    await play.buy("r1", 10_000)
    await play.spend(20)
    ended = play.later(days=1)
    await play.accrue(500)

    async with play.context.database.snapshot() as snap:
        did = await activity_of(
            snap,
            programme_id=play.programme.id,
            member_ids=[play.member.id, other.id, uuid4()],
            since=began,
            until=ended,
        )

    assert (did.members, did.active, did.receipts) == (2, 1, 1)
    assert (did.earned, did.spent) == (10, 20)
