"""The life of offers and rules: written, reviewed, in force, changed, paused, ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from hansa.kernel.identifiers import new_id
from hansa.modules import rollout
from hansa.modules.loyalty import offers
from hansa.modules.loyalty.offers import (
    EffectKind,
    OfferContent,
    OfferState,
    RewardKind,
    Schedule,
    Targeting,
    Wording,
)
from hansa.modules.loyalty.offers.checks import CHECKS
from hansa.modules.loyalty.programmes import Programme
from hansa.runtime.database import Transaction
from tests.modules.loyalty.offers.cases import (
    NOON,
    OTHER_PARTNER,
    PARTNER,
    PROGRAMME,
    SPEND_MORE,
    TWO_PERCENT,
    a_purchase,
    a_rule,
    terms_of,
)

MINUTE = timedelta(minutes=1)
CONTENT = OfferContent(
    wording=Wording(title={"en": "Coffee week", "ru": "Кофейная неделя"}),
    condition=SPEND_MORE,
    reward=TWO_PERCENT,
)


async def write(
    tx: Transaction, content: OfferContent = CONTENT, *, code: str = "coffee-week"
) -> offers.Offer:
    return await offers.write_offer(
        tx,
        programme_id=PROGRAMME.id,
        partner_id=PARTNER.id,
        code=code,
        content=content,
        by=None,
        now=NOON,
    )


async def run(
    tx: Transaction, content: OfferContent = CONTENT, *, now: datetime = NOON
) -> offers.Offer:
    """Write, submit and approve."""
    offer = await write(tx, content)
    await offers.move_offer(tx, act=offers.Act.SUBMIT, offer_id=offer.id, by=None, now=now)
    return await offers.approve_offer(
        tx, offer_id=offer.id, revision=offer.revision, by=None, now=now
    )


async def in_force(tx: Transaction, offer_id: UUID, at: datetime) -> OfferContent | None:
    rules = await offers.read_rules(tx)
    return next(
        (one.content for one in rules.versions(offer_id) if one.in_force(at)),
        None,
    )


async def test_an_offer_is_in_force_from_its_approval_on(
    tx: Transaction, a_programme: Programme
) -> None:
    offer = await write(tx)
    assert offer.state is OfferState.DRAFT
    await offers.move_offer(tx, act=offers.Act.SUBMIT, offer_id=offer.id, by=None, now=NOON)

    approved = await offers.approve_offer(
        tx, offer_id=offer.id, revision=offer.revision, by=None, now=NOON + MINUTE
    )

    assert approved.state is OfferState.RUNNING
    assert await in_force(tx, offer.id, NOON) is None
    assert await in_force(tx, offer.id, NOON + MINUTE) == CONTENT


async def test_a_change_is_reviewed_again_while_the_offer_runs_on_as_it_was(
    tx: Transaction, a_programme: Programme
) -> None:
    offer = await run(tx)
    better = replace(CONTENT, reward=replace(TWO_PERCENT, percent=300))

    changed = await offers.change_offer(
        tx, offer_id=offer.id, partner_id=PARTNER.id, content=better, by=None, now=NOON + MINUTE
    )
    running = await in_force(tx, offer.id, NOON + 2 * MINUTE)
    await offers.move_offer(
        tx, act=offers.Act.SUBMIT, offer_id=offer.id, by=None, now=NOON + 2 * MINUTE
    )
    await offers.approve_offer(
        tx, offer_id=offer.id, revision=changed.revision, by=None, now=NOON + 3 * MINUTE
    )

    assert (changed.state, changed.is_live) == (OfferState.DRAFT, True)
    assert running == CONTENT
    assert await in_force(tx, offer.id, NOON + 2 * MINUTE) == CONTENT
    assert await in_force(tx, offer.id, NOON + 3 * MINUTE) == better


async def test_what_is_approved_is_what_was_seen(tx: Transaction, a_programme: Programme) -> None:
    offer = await write(tx)
    await offers.change_offer(
        tx, offer_id=offer.id, content=replace(CONTENT, budget_points=5), by=None, now=NOON
    )
    await offers.move_offer(tx, act=offers.Act.SUBMIT, offer_id=offer.id, by=None, now=NOON)

    with pytest.raises(offers.OfferChangedMeanwhile):
        await offers.approve_offer(
            tx, offer_id=offer.id, revision=offer.revision, by=None, now=NOON
        )


async def an_audience(tx: Transaction, code: str) -> rollout.Audience:
    audience = rollout.Audience(
        id=rollout.AudienceId(new_id(NOON)), code=code, name=code, changed_at=NOON
    )
    return await rollout.save_audience(tx, audience=audience, by=None, now=NOON)


async def test_an_offer_for_an_audience_that_does_not_exist_is_not_written(
    tx: Transaction, a_programme: Programme
) -> None:
    await an_audience(tx, "friends")
    for_friends = replace(CONTENT, targeting=Targeting(audience="friends"))
    for_nobody = replace(CONTENT, targeting=Targeting(audience="freinds"))
    offer = await write(tx, for_friends)

    with pytest.raises(offers.OfferAudienceUnknown) as written:
        await write(tx, for_nobody, code="other")
    with pytest.raises(offers.OfferAudienceUnknown):
        await offers.change_offer(tx, offer_id=offer.id, content=for_nobody, by=None, now=NOON)
    rule = a_rule(1, targeting=for_nobody.targeting)
    with pytest.raises(offers.OfferAudienceUnknown):
        await offers.save_rule(tx, rule=rule, by=None, now=NOON)

    assert (written.value.field, written.value.audience) == ("audience", "freinds")


@pytest.mark.parametrize("is_renamed", [True, False])
async def test_an_offer_for_an_audience_that_was_renamed_or_removed_can_be_changed_otherwise(
    tx: Transaction, a_programme: Programme, *, is_renamed: bool
) -> None:
    friends = await an_audience(tx, "friends")
    content = replace(CONTENT, targeting=Targeting(audience="friends"))
    offer = await write(tx, content)
    rule = await offers.save_rule(
        tx, rule=a_rule(1, targeting=content.targeting), by=None, now=NOON
    )
    assert not await offers.names_nobody(tx, targeting=content.targeting)
    if is_renamed:
        await rollout.save_audience(tx, audience=replace(friends, code="mates"), by=None, now=NOON)
    else:
        await rollout.remove_audience(tx, audience_id=friends.id, by=None, now=NOON)

    changed = await offers.change_offer(
        tx, offer_id=offer.id, content=replace(content, budget_points=5), by=None, now=NOON
    )
    await offers.save_rule(tx, rule=replace(rule, priority=7), by=None, now=NOON + MINUTE)
    opened = await offers.change_offer(tx, offer_id=offer.id, content=CONTENT, by=None, now=NOON)

    assert await offers.names_nobody(tx, targeting=changed.content.targeting)
    assert not await offers.names_nobody(tx, targeting=opened.content.targeting)


async def test_a_refusal_has_a_reason_and_the_offer_can_be_submitted_again(
    tx: Transaction, a_programme: Programme
) -> None:
    offer = await write(tx)
    await offers.move_offer(tx, act=offers.Act.SUBMIT, offer_id=offer.id, by=None, now=NOON)
    with pytest.raises(offers.OfferInvalid):
        await offers.refuse_offer(tx, offer_id=offer.id, reason=" ", by=None, now=NOON)

    refused = await offers.refuse_offer(
        tx, offer_id=offer.id, reason="The terms are missing.", by=None, now=NOON
    )
    again = await offers.move_offer(tx, act=offers.Act.SUBMIT, offer_id=offer.id, by=None, now=NOON)

    assert (refused.state, refused.refusal) == (OfferState.REFUSED, "The terms are missing.")
    assert (again.state, again.refusal) == (OfferState.IN_REVIEW, "")


async def test_a_paused_offer_is_out_of_force_until_it_is_resumed(
    tx: Transaction, a_programme: Programme
) -> None:
    offer = await run(tx)

    await offers.move_offer(tx, act=offers.Act.PAUSE, offer_id=offer.id, by=None, now=NOON + MINUTE)
    resumed = await offers.move_offer(
        tx, act=offers.Act.RESUME, offer_id=offer.id, by=None, now=NOON + 3 * MINUTE
    )

    assert resumed.state is OfferState.RUNNING
    states = [await in_force(tx, offer.id, NOON + number * MINUTE) for number in range(5)]
    assert [one is not None for one in states] == [True, False, False, True, True]


async def test_an_offer_that_ended_stays_so(tx: Transaction, a_programme: Programme) -> None:
    offer = await run(tx)

    await offers.move_offer(tx, act=offers.Act.END, offer_id=offer.id, by=None, now=NOON + MINUTE)

    assert await in_force(tx, offer.id, NOON + MINUTE) is None
    with pytest.raises(offers.OfferStateWrong):
        await offers.change_offer(tx, offer_id=offer.id, content=CONTENT, by=None, now=NOON)
    with pytest.raises(offers.OfferStateWrong):
        await offers.move_offer(tx, act=offers.Act.RESUME, offer_id=offer.id, by=None, now=NOON)


@pytest.mark.parametrize("act", ["approve", "refuse", "pause", "resume"])
async def test_a_draft_cannot_be_moved_past_its_review(
    tx: Transaction, a_programme: Programme, act: str
) -> None:
    offer = await write(tx)
    moves = {
        "approve": lambda: offers.approve_offer(
            tx, offer_id=offer.id, revision=1, by=None, now=NOON
        ),
        "refuse": lambda: offers.refuse_offer(
            tx, offer_id=offer.id, reason="no", by=None, now=NOON
        ),
        "pause": lambda: offers.move_offer(
            tx, act=offers.Act.PAUSE, offer_id=offer.id, by=None, now=NOON
        ),
        "resume": lambda: offers.move_offer(
            tx, act=offers.Act.RESUME, offer_id=offer.id, by=None, now=NOON
        ),
    }

    with pytest.raises(offers.OfferStateWrong):
        await moves[act]()


async def aim(tx: Transaction, offer_id: UUID, control: int, audience: str = "") -> offers.Offer:
    return await offers.aim_offer(
        tx, offer_id=offer_id, control=control, audience=audience, by=None, now=NOON
    )


async def test_how_many_are_held_back_is_settled_before_an_offer_runs(
    tx: Transaction, a_programme: Programme
) -> None:
    offer = await write(tx)
    drafted = await aim(tx, offer.id, 1_000)
    await offers.change_offer(
        tx,
        offer_id=offer.id,
        content=replace(drafted.content, budget_points=500),
        by=None,
        now=NOON,
    )
    await offers.move_offer(tx, act=offers.Act.SUBMIT, offer_id=offer.id, by=None, now=NOON)
    with pytest.raises(offers.OfferInvalid):
        await aim(tx, offer.id, 5_001)
    sent = await aim(tx, offer.id, 2_000)
    assert (drafted.state, sent.state) == (offers.OfferState.DRAFT, offers.OfferState.IN_REVIEW)

    await offers.approve_offer(tx, offer_id=offer.id, revision=sent.revision, by=None, now=NOON)

    found = await in_force(tx, offer.id, NOON)
    assert found is not None
    assert found.targeting.control == 2_000
    with pytest.raises(offers.OfferStateWrong):
        await aim(tx, offer.id, 0)
    # A draft beside the version in force keeps the group: it is asked for at its review.
    await offers.change_offer(
        tx, offer_id=offer.id, content=replace(found, budget_points=900), by=None, now=NOON
    )
    with pytest.raises(offers.OfferStateWrong):
        await aim(tx, offer.id, 0)


async def test_a_partner_reaches_its_own_offers_only(
    tx: Transaction, a_programme: Programme
) -> None:
    offer = await write(tx)

    with pytest.raises(offers.NoSuchOffer):
        await offers.move_offer(
            tx,
            act=offers.Act.SUBMIT,
            offer_id=offer.id,
            partner_id=OTHER_PARTNER.id,
            by=None,
            now=NOON,
        )
    with pytest.raises(offers.NoSuchOffer):
        await offers.get_offer(tx, offer_id=offer.id, partner_id=OTHER_PARTNER.id)


async def test_offers_begin_and_end_by_their_schedule(
    tx: Transaction, a_programme: Programme
) -> None:
    schedule = Schedule(starts_at=NOON + MINUTE, ends_at=NOON + 3 * MINUTE)
    offer = await run(tx, replace(CONTENT, schedule=schedule))
    seen = [offer.state]

    for minutes in (1, 3):
        await offers.move_due_offers(tx, now=NOON + minutes * MINUTE)
        seen.append((await offers.get_offer(tx, offer_id=offer.id)).state)

    assert seen == [OfferState.APPROVED, OfferState.RUNNING, OfferState.ENDED]
    assert await offers.move_due_offers(tx, now=NOON + 4 * MINUTE) == 0


async def test_an_approved_budget_is_kept_by_the_offer(
    tx: Transaction, a_programme: Programme
) -> None:
    offer = await run(tx, replace(CONTENT, budget_points=1_000))

    granted = await offers.claim_budgets(
        tx, slot=0, claims=[offers.BudgetClaim(offer.id, 1_500)], now=NOON
    )

    assert granted == [1_000]
    assert offer.id in (await offers.read_rules(tx)).budgets


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (replace(CONTENT, wording=Wording()), "title"),
        (replace(CONTENT, reward=replace(TWO_PERCENT, percent=0)), "percent"),
        (replace(CONTENT, reward=replace(TWO_PERCENT, kind=RewardKind.MULTIPLIER)), "multiplier"),
        (replace(CONTENT, budget_points=0), "budget_points"),
        (replace(CONTENT, schedule=Schedule(starts_at=NOON, ends_at=NOON)), "ends_at"),
        (replace(CONTENT, schedule=Schedule(weekdays=(0,))), "weekdays"),
        (
            replace(CONTENT, condition=offers.Condition(kind=offers.ConditionKind.ACTION)),
            "condition_code",
        ),
        (replace(CONTENT, issuer=offers.Issuer.OTHER), "issuer_partner_id"),
    ],
)
async def test_what_cannot_be_is_named(
    tx: Transaction, a_programme: Programme, content: OfferContent, field: str
) -> None:
    with pytest.raises(offers.OfferInvalid) as refused:
        await write(tx, content)

    assert refused.value.field == field


async def test_a_changed_rule_holds_from_now_on_and_an_old_purchase_keeps_the_old_one(
    tx: Transaction, a_programme: Programme
) -> None:
    rule = a_rule(1, id=new_id(NOON), value=500)
    first = await offers.save_rule(tx, rule=rule, by=None, now=NOON)
    await offers.save_rule(tx, rule=replace(first, value=300), by=None, now=NOON + MINUTE)
    await offers.end_rule(tx, rule_id=rule.id, by=None, now=NOON + 2 * MINUTE)

    rules = await offers.read_rules(tx)
    points = [
        offers.evaluate(
            rules,
            terms=terms_of(),
            purchase=a_purchase(100_000, at=NOON + minutes * MINUTE),
            standing=offers.NOTHING,
        ).points
        for minutes in (-1, 0, 1, 2)
    ]

    assert points == [10, 50, 30, 10]
    versions = await offers.list_rule_versions(tx, rule_id=rule.id, limit=9)
    assert [one.version for one in versions] == [2, 1]


async def test_two_rules_of_a_programme_cannot_have_one_code(
    tx: Transaction, a_programme: Programme
) -> None:
    await offers.save_rule(tx, rule=a_rule(1), by=None, now=NOON)

    with pytest.raises(offers.OfferCodeTaken):
        await offers.save_rule(tx, rule=a_rule(2, code="rule-1"), by=None, now=NOON)


async def test_every_change_is_a_new_revision_for_the_processes(
    tx: Transaction, a_programme: Programme
) -> None:
    before = (await offers.read_rules(tx)).revision

    await run(tx)
    await offers.save_rule(
        tx, rule=a_rule(1, kind=EffectKind.MULTIPLIER, value=200), by=None, now=NOON
    )

    assert (await offers.read_rules(tx)).revision == before + 2


async def test_a_draft_rule_can_be_tried_before_it_is_in_force(
    tx: Transaction, a_programme: Programme
) -> None:
    rules = await offers.read_rules(tx)

    now, then = [
        await offers.preview(
            tx, rules=one, terms=terms_of(), lines=a_purchase(100_000).lines, at=NOON
        )
        for one in (rules, offers.with_drafts(rules, drafts=[a_rule(1, value=700)]))
    ]

    assert (now.evaluation.points, then.evaluation.points) == (10, 70)
    assert then.evaluation.lines[0].reason == "rule-1 7 %"


async def test_nothing_is_found_wrong(tx: Transaction, a_programme: Programme) -> None:
    offer = await run(tx)
    await offers.move_offer(tx, act=offers.Act.PAUSE, offer_id=offer.id, by=None, now=NOON + MINUTE)
    await run_again(tx)

    assert [one for check in CHECKS for one in await check.run(tx)] == []


async def run_again(tx: Transaction) -> None:
    offer = await write(tx, code="tea-week")
    await offers.move_offer(tx, act=offers.Act.SUBMIT, offer_id=offer.id, by=None, now=NOON)
    await offers.approve_offer(tx, offer_id=offer.id, revision=1, by=None, now=NOON)
