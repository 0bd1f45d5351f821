"""Offers switched on and off, and what partners report: limits, order, repeats."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from hansa.modules.loyalty import offers
from hansa.modules.loyalty.offers import (
    Action,
    Completion,
    Condition,
    ConditionKind,
    Limits,
    OfferContent,
    OfferView,
    Schedule,
    Switch,
    Targeting,
)
from hansa.modules.loyalty.offers.settling import Deed, settle
from hansa.modules.loyalty.programmes import Coalition
from hansa.runtime.database import Database, Transaction
from tests.modules.loyalty.offers.cases import (
    MEMBER,
    NOON,
    PARTNER,
    PROGRAMME,
    SPEND_MORE,
    TWO_PERCENT,
    a_coalition,
    a_live_offer,
    terms_of,
)
from tests.modules.loyalty.offers.conftest import AnOffer, lay_offer, lay_programme
from tests.support.races import until_blocked

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
KEY = (PROGRAMME.id, MEMBER)
CONTENT = OfferContent(condition=SPEND_MORE, reward=TWO_PERCENT)
VISIT = OfferContent(
    condition=Condition(kind=ConditionKind.VISIT, code="shop-visit"), reward=TWO_PERCENT
)


async def on(
    tx: Transaction, offer_id: UUID, *, member: UUID = MEMBER, at: object = NOON
) -> list[offers.Changed]:
    return await offers.switch_on(
        tx,
        coalition=a_coalition(),
        member=(PROGRAMME.id, member),
        offer_id=offer_id,
        now=at,  # type: ignore[arg-type]
    )


async def off(tx: Transaction, offer_id: UUID, *, at: object) -> list[offers.Changed]:
    return await offers.switch_off(
        tx,
        coalition=a_coalition(),
        member=KEY,
        offer_id=offer_id,
        now=at,  # type: ignore[arg-type]
    )


async def published(tx: Transaction, kind: str) -> list[dict[str, object]]:
    rows = await tx.all(
        "select payload from outbox_event where type = %(type)s order by serial", {"type": kind}
    )
    return [row.payload for row in rows]


async def standing(tx: Transaction) -> offers.Standing:
    return (await offers.load_standings(tx, members=[KEY]))[KEY]


async def test_a_task_counts_while_its_offer_is_on_and_what_was_earned_stays(
    tx: Transaction, an_offer: AnOffer, coalition: Coalition
) -> None:
    offer_id = await an_offer(CONTENT)
    await on(tx, offer_id, at=NOON)
    await off(tx, offer_id, at=NOON + 2 * HOUR)

    await offers.complete_tasks(
        tx,
        coalition=coalition,
        completions=[
            Completion(MEMBER, PROGRAMME.id, offer_id, NOON + hours * HOUR, f"r{hours}")
            for hours in (-1, 1, 3)
        ],
        now=NOON + 4 * HOUR,
    )

    raises = (await standing(tx)).raises
    assert [one.starts_at - timedelta(microseconds=1) for one in raises] == [NOON + HOUR]
    percent, _ = offers.percent_at(await standing(tx), terms_of(), "", NOON + DAY)
    assert percent == 300


async def test_switching_on_again_changes_nothing(tx: Transaction, an_offer: AnOffer) -> None:
    offer_id = await an_offer(replace(CONTENT, limits=Limits(total=1)))
    await on(tx, offer_id)

    await on(tx, offer_id, at=NOON + HOUR)
    await off(tx, offer_id, at=NOON + 2 * HOUR)
    await on(tx, offer_id, at=NOON + 3 * HOUR)

    found = await standing(tx)
    assert [found.is_on(offer_id, NOON + hours * HOUR) for hours in (0, 1, 2, 3)] == [
        True,
        True,
        False,
        True,
    ]
    told = [event["is_on"] for event in await published(tx, "loyalty.OfferSwitched")]
    assert told == [True, False, True]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
async def test_of_switches_that_overtake_each_other_the_later_instant_decides(
    tx: Transaction, an_offer: AnOffer, order: tuple[int, ...]
) -> None:
    offer_id = await an_offer(replace(CONTENT, limits=Limits(total=1)))

    for hours in order:  # on, off, off again, on
        turn = on if hours in {0, 3} else off
        await turn(tx, offer_id, at=NOON + hours * HOUR)

    found = await standing(tx)
    assert [found.is_on(offer_id, NOON + hours * HOUR) for hours in (-1, 0, 1, 2, 3)] == [
        False,
        True,
        False,
        False,
        True,
    ]
    other = UUID(int=MEMBER.int + 1)
    with pytest.raises(offers.OfferUsedUp):  # the one place was taken, once
        await on(tx, offer_id, member=other)


@pytest.mark.parametrize(("content", "is_counted"), [(CONTENT, True), (VISIT, False)])
async def test_receipts_since_a_switch_are_counted_again(
    tx: Transaction, an_offer: AnOffer, content: OfferContent, *, is_counted: bool
) -> None:
    """A partner's clock runs ahead: its receipt came in before the switch, but happened after."""
    offer_id = await an_offer(content)

    await on(tx, offer_id)
    await on(tx, offer_id, at=NOON + HOUR)
    await off(tx, offer_id, at=NOON + 2 * HOUR)

    told = await published(tx, "loyalty.PercentsRewritten")
    assert len(told) == (2 if is_counted else 0)


@pytest.mark.parametrize(
    "content",
    [
        replace(CONTENT, needs_activation=False),
        replace(CONTENT, schedule=Schedule(ends_at=NOON)),
        replace(CONTENT, schedule=Schedule(starts_at=NOON + HOUR)),
        replace(CONTENT, targeting=Targeting(audience="friends")),
        replace(CONTENT, targeting=Targeting(new_member_days=1)),
    ],
)
async def test_an_offer_that_is_not_open_to_a_member_cannot_be_switched_on(
    tx: Transaction, an_offer: AnOffer, content: OfferContent
) -> None:
    offer_id = await an_offer(content)

    with pytest.raises(offers.OfferNotOpen):
        await on(tx, offer_id)


async def test_a_member_who_has_used_an_offer_up_cannot_switch_it_on_again(
    tx: Transaction, an_offer: AnOffer, coalition: Coalition
) -> None:
    offer_id = await an_offer(replace(CONTENT, limits=Limits(per_member=1)))
    await on(tx, offer_id)
    await offers.complete_tasks(
        tx,
        coalition=coalition,
        completions=[Completion(MEMBER, PROGRAMME.id, offer_id, NOON + HOUR, "r1")],
        now=NOON + HOUR,
    )
    await off(tx, offer_id, at=NOON + 2 * HOUR)

    with pytest.raises(offers.OfferUsedUp):
        await on(tx, offer_id, at=NOON + 3 * HOUR)


async def test_the_last_place_goes_to_exactly_one_of_two_members(
    committing: Database, two_transactions: tuple[Transaction, Transaction]
) -> None:
    async with committing.transaction() as tx:
        await lay_programme(tx, NOON)
        offer_id = await lay_offer(tx, replace(CONTENT, limits=Limits(total=1)), now=NOON)
    first, second = two_transactions
    await on(first, offer_id)
    waiting = asyncio.create_task(on(second, offer_id, member=UUID(int=MEMBER.int + 1)))

    await until_blocked(committing.dsn, waiting)
    await first.connection.execute("commit")

    with pytest.raises(offers.OfferUsedUp):
        await waiting


async def test_places_of_a_day_are_there_again_on_the_next(
    tx: Transaction, an_offer: AnOffer
) -> None:
    offer_id = await an_offer(replace(CONTENT, limits=Limits(per_day=1)))
    await on(tx, offer_id)
    other = UUID(int=MEMBER.int + 1)

    with pytest.raises(offers.OfferUsedUp):
        await on(tx, offer_id, member=other)
    await on(tx, offer_id, member=other, at=NOON + DAY)


def test_any_order_of_deeds_and_switches_gives_one_standing() -> None:
    offer = a_live_offer(
        1,
        condition=Condition(kind=ConditionKind.PURCHASES, count=2, days=30),
        needs_activation=True,
        limits=Limits(per_member=2),
    )
    deeds = [
        Deed(offer.id, f"r{hours}", NOON + hours * HOUR, 100) for hours in (0, 1, 3, 5, 6, 9, 12)
    ]
    switches = [Switch(offer.id, NOON + hours * HOUR, hours != 4) for hours in (1, 4, 5)]
    found = {
        tuple((one.key, one.starts_at) for one in settle([offer], order, switches))
        for order in itertools.islice(itertools.permutations(deeds), 0, 5_040, 7)
    }

    assert found == {
        (
            ("r3", NOON + 3 * HOUR + timedelta(microseconds=1)),
            ("r6", NOON + 6 * HOUR + timedelta(microseconds=1)),
        )
    }


async def test_what_becomes_known_in_any_order_ends_in_one_standing(
    tx: Transaction, an_offer: AnOffer, coalition: Coalition
) -> None:
    offer_id = await an_offer(replace(CONTENT, limits=Limits(per_member=1)))
    receipts = [
        Completion(MEMBER, PROGRAMME.id, offer_id, NOON + hours * HOUR, f"r{hours}")
        for hours in (1, 2, 3)
    ]
    steps = [
        ("on", None),
        *(("done", one) for one in receipts),
        ("returned", receipts[0]),
    ]
    found = set()
    for order in itertools.permutations(steps):
        if order.index(steps[-1]) < order.index(steps[1]):
            continue  # a return waits for its purchase: `points` sees to that
        async with tx.connection.transaction(force_rollback=True):
            for what, receipt in order:
                if what == "on":
                    await on(tx, offer_id)
                elif receipt is not None:
                    is_back = what == "returned"
                    await offers.complete_tasks(
                        tx,
                        coalition=coalition,
                        completions=[] if is_back else [receipt],
                        recounted=[(*KEY, receipt.key)] if is_back else (),
                        now=NOON + 4 * HOUR,
                    )
            found.add(tuple(one.starts_at for one in (await standing(tx)).raises))

    assert found == {(NOON + 2 * HOUR + timedelta(microseconds=1),)}


# -- what partners report --------------------------------------------------------------------------


def visit(key: str, **changes: object) -> Action:
    said = Action(PARTNER.id, key, PROGRAMME.id, MEMBER, "shop-visit", NOON + HOUR)
    return said._replace(**changes)


async def test_a_reported_visit_completes_the_offers_that_ask_for_it(
    tx: Transaction, an_offer: AnOffer, coalition: Coalition
) -> None:
    offer_id = await an_offer(VISIT)
    await on(tx, offer_id)

    answers, changed = await offers.take_actions(
        tx,
        coalition=coalition,
        actions=[visit("a"), visit("b", code="other"), visit("c", happened_at=NOON - HOUR)],
        now=NOON + DAY,
    )

    assert answers == [offers.Taken((offer_id,)), offers.Taken(()), offers.Taken((offer_id,))]
    assert [one.since for one in changed] == [NOON + HOUR + timedelta(microseconds=1)]


async def test_a_repeated_report_gets_the_first_answer_and_another_under_its_key_is_refused(
    tx: Transaction, an_offer: AnOffer, coalition: Coalition
) -> None:
    offer_id = await an_offer(replace(VISIT, needs_activation=False))
    await offers.take_actions(tx, coalition=coalition, actions=[visit("a")], now=NOON + DAY)
    before = await standing(tx)

    answers, changed = await offers.take_actions(
        tx,
        coalition=coalition,
        actions=[visit("a"), visit("a", amount_minor=5), visit("b"), visit("b")],
        now=NOON + 2 * DAY,
    )

    assert answers[0] == offers.Taken((offer_id,), is_repeat=True)
    assert isinstance(answers[1], offers.ActionDiffers)
    assert answers[2:] == [
        offers.Taken((offer_id,)),
        offers.Taken((offer_id,), is_repeat=True),
    ]
    assert len(changed) == 1
    assert len((await standing(tx)).raises) == len(before.raises) + 1


async def test_an_action_below_the_least_amount_does_not_count(
    tx: Transaction, an_offer: AnOffer, coalition: Coalition
) -> None:
    condition = Condition(kind=ConditionKind.ACTION, code="order", amount_minor=1_000)
    await an_offer(replace(VISIT, condition=condition, needs_activation=False))

    answers, _ = await offers.take_actions(
        tx,
        coalition=coalition,
        actions=[visit("a", code="order", amount_minor=999)],
        now=NOON + DAY,
    )

    assert answers == [offers.Taken(())]


# -- a member's lists ------------------------------------------------------------------------------


async def test_a_member_sees_what_is_available_what_is_on_and_what_is_done(
    tx: Transaction, an_offer: AnOffer, coalition: Coalition
) -> None:
    names = ("available", "on", "done", "hidden")
    contents = [
        CONTENT,
        CONTENT,
        replace(CONTENT, limits=Limits(per_member=1)),
        replace(CONTENT, targeting=Targeting(audience="friends")),
    ]
    ids = {
        name: await an_offer(content, code=name)
        for name, content in zip(names, contents, strict=True)
    }
    for name in ("on", "done"):
        await on(tx, ids[name])
    await offers.complete_tasks(
        tx,
        coalition=coalition,
        completions=[Completion(MEMBER, PROGRAMME.id, ids["done"], NOON + HOUR, "r1")],
        now=NOON + HOUR,
    )
    rules = await offers.read_rules(tx)

    async def shown(*, view: OfferView | None = None, audiences: frozenset[str] = frozenset()):
        found = await offers.list_member_offers(
            tx,
            rules=rules,
            viewer=offers.Viewer(PROGRAMME.id, MEMBER, audiences),
            view=view,
            limit=50,
            now=NOON + 2 * HOUR,
        )
        return {one.offer.id: one.view for one in found}

    assert await shown() == {ids[name]: OfferView(name) for name in names[:3]}
    assert await shown(view=OfferView.ON) == {ids["on"]: OfferView.ON}
    assert ids["hidden"] in await shown(audiences=frozenset({"friends"}))


async def test_results_say_how_an_offer_goes(
    tx: Transaction, an_offer: AnOffer, coalition: Coalition
) -> None:
    offer_id = await an_offer(CONTENT)
    await on(tx, offer_id)
    await offers.complete_tasks(
        tx,
        coalition=coalition,
        completions=[Completion(MEMBER, PROGRAMME.id, offer_id, NOON + HOUR, "r1")],
        now=NOON + HOUR,
    )
    await offers.record_uses(
        tx,
        uses=[offers.Use(MEMBER, PROGRAMME.id, offer_id, NOON, "r2", 1, 30, 150_000)],
        slot=5,
        now=NOON + DAY,
    )

    found = await offers.read_results(tx, offer_ids=[offer_id], since=NOON.date())
    by_day = await offers.read_results_by_day(tx, offer_id=offer_id, since=NOON.date())

    assert found == {offer_id: offers.Results(0, 1, 1, 1, 30, 150_000)}
    assert [one.points for _, one in by_day] == [0, 30]


async def test_the_history_of_a_percent_says_what_raised_it_and_what_was_taken_back(
    tx: Transaction, an_offer: AnOffer, coalition: Coalition
) -> None:
    offer_id = await an_offer(replace(CONTENT, needs_activation=False))
    for key, hours in (("r1", 1), ("r2", 2)):
        await offers.complete_tasks(
            tx,
            coalition=coalition,
            completions=[Completion(MEMBER, PROGRAMME.id, offer_id, NOON + hours * HOUR, key)],
            now=NOON + DAY,
        )
    await offers.complete_tasks(
        tx, coalition=coalition, completions=[], recounted=[(*KEY, "r1")], now=NOON + DAY
    )

    found = await offers.list_percent_history(
        tx, programme_id=PROGRAMME.id, member_id=MEMBER, limit=10
    )

    assert [(one.percent, one.is_standing) for one in found] == [(200, True), (200, False)]
