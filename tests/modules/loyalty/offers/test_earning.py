"""What a receipt earns: exact, fair to every line, the same in whatever order it became known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hansa.modules.loyalty import offers
from hansa.modules.loyalty.offers import (
    Basis,
    Condition,
    ConditionKind,
    EffectKind,
    Issuer,
    Limits,
    NetLine,
    Purchase,
    Raise,
    Reward,
    RewardKind,
    RuleSet,
    Schedule,
    Standing,
    Switch,
    Targeting,
    Used,
)
from tests.modules.loyalty.offers.cases import (
    MEMBER,
    NOON,
    OTHER_PARTNER,
    PARTNER,
    PROGRAMME,
    SPEND_MORE,
    a_live_offer,
    a_purchase,
    a_rule,
    terms_of,
)

DAY = timedelta(days=1)
NONE = RuleSet()


def a_raise(
    percent: int, *, category: str = "", group: str = "", number: int = 1, days: int = 30
) -> Raise:
    return Raise(
        offer_id=UUID(int=300 + number),
        code=f"raise-{number}",
        category=category,
        percent=percent,
        starts_at=NOON - DAY,
        ends_at=NOON + days * DAY,
        issuer_id=OTHER_PARTNER.id,
        group=group or f"raise-{number}",
    )


def earn(
    rules: RuleSet,
    purchase: Purchase,
    standing: Standing = offers.NOTHING,
    *,
    percent: int | None = None,
) -> offers.Evaluation:
    return offers.evaluate(
        rules, terms=terms_of(percent=percent), purchase=purchase, standing=standing
    )


# -- examples --------------------------------------------------------------------------------------


def test_the_base_percent_is_rounded_down_once_for_the_receipt() -> None:
    found = earn(NONE, a_purchase(*[4_900] * 10))

    assert found.points == 4  # 490 roubles at 1 %; line by line it would be nothing
    assert sum(line.points for line in found.lines) == 4
    assert found.awards[0].issuer_partner_id == PARTNER.id
    assert found.lines[0].reason == "base 1 %"


def test_a_raise_counts_in_its_category_and_those_below_it_and_is_paid_by_its_partner() -> None:
    standing = Standing(raises=(a_raise(200, category="food"),))

    found = earn(
        NONE, a_purchase((100_000, "food.milk"), (100_000, "foods"), (100_000, "")), standing
    )

    assert [line.points for line in found.lines] == [30, 10, 30]
    assert [line.percent for line in found.lines] == [300, 100, 300]
    assert (40, OTHER_PARTNER.id) in [
        (award.points, award.issuer_partner_id) for award in found.awards
    ]


def test_raises_are_cut_at_the_greatest_percent_and_the_reasons_say_so() -> None:
    standing = Standing(raises=(a_raise(1_000, number=1), a_raise(900, number=2)))

    percent, reasons = offers.percent_at(standing, terms_of(), "", NOON)
    found = earn(NONE, a_purchase(100_000), standing)

    assert percent == 1_500
    assert [(one.kind.value, one.percent) for one in reasons] == [
        ("base", 100),
        ("raise", 1_000),
        ("raise", 900),
        ("cap", 1_500),
    ]
    assert found.points == 150
    assert [award.points for award in found.awards] == [10, 100, 40]


def test_raises_of_a_group_do_not_add_and_those_of_different_groups_do() -> None:
    standing = Standing(
        raises=(
            a_raise(200, number=1, group="coffee"),
            a_raise(300, number=2, group="coffee"),
            a_raise(100, number=3),
        )
    )

    assert offers.percent_at(standing, terms_of(), "", NOON)[0] == 500


def test_a_raise_holds_from_its_beginning_until_its_end() -> None:
    standing = Standing(raises=(a_raise(200, days=1),))

    percents = [
        offers.percent_at(standing, terms_of(), "", at)[0]
        for at in (NOON - DAY - timedelta(microseconds=1), NOON - DAY, NOON + DAY)
    ]

    assert percents == [100, 300, 100]


def test_a_rule_replaces_the_base_percent_and_one_of_another_group_adds_to_it() -> None:
    rules = RuleSet([a_rule(1, value=500), a_rule(2, value=100, group="tuesday")])

    assert earn(rules, a_purchase(100_000)).points == 60


def test_of_a_group_the_highest_priority_counts_then_what_gives_most() -> None:
    rules = [a_rule(1, value=500), a_rule(2, value=300), a_rule(3, value=200, priority=1)]

    assert earn(RuleSet(rules[:2]), a_purchase(100_000)).points == 50
    assert earn(RuleSet(rules), a_purchase(100_000)).points == 20


def test_a_rule_may_exceed_the_greatest_percent_but_raises_do_not_add_to_it_then() -> None:
    rules = RuleSet([a_rule(1, value=2_000)])
    standing = Standing(raises=(a_raise(200),))

    assert earn(rules, a_purchase(100_000), standing).points == 200


def test_multipliers_multiply_the_base_percent_and_not_raises() -> None:
    rules = RuleSet([a_rule(1, kind=EffectKind.MULTIPLIER, value=250, group="x")])
    standing = Standing(raises=(a_raise(200),))

    found = earn(rules, a_purchase(100_000), standing)

    assert [award.points for award in found.awards] == [10, 15, 20]


def test_points_for_each_full_amount_of_matching_lines() -> None:
    rules = RuleSet(
        [a_rule(1, kind=EffectKind.POINTS, value=5, per_minor=10_000, category="food", group="per")]
    )

    found = earn(rules, a_purchase((14_900, "food"), (5_200, "food"), (90_000, "toys")), percent=0)

    assert [award.points for award in found.awards] == [10]
    assert [line.points for line in found.lines] == [7, 3, 0]


def test_a_rule_has_its_least_and_its_greatest_amount_per_receipt() -> None:
    rules = RuleSet(
        [a_rule(1, value=1_000, group="big", minimum_minor=50_000, maximum_minor=80_000)]
    )

    points = [
        earn(rules, a_purchase(amount), percent=0).points for amount in (49_900, 50_000, 200_000)
    ]

    assert points == [0, 50, 80]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_greatest_amount_cuts_what_gives_least_whatever_the_order_of_lines(
    order: tuple[int, int],
) -> None:
    rules = RuleSet(
        [
            a_rule(1, value=400, category="toys"),
            a_rule(2, kind=EffectKind.MULTIPLIER, value=200, group="x", maximum_minor=100_000),
        ]
    )
    bought = [(100_000, "food"), (100_000, "toys")]

    found = earn(rules, a_purchase(*(bought[index] for index in order)))

    assert found.points == 10 + 40 + 40


def test_who_pays_is_the_partner_the_programme_or_another_partner() -> None:
    rules = RuleSet(
        [
            a_rule(1, value=100, group="a", issuer=Issuer.PROGRAMME),
            a_rule(
                2,
                value=100,
                group="b",
                issuer=Issuer.OTHER,
                issuer_partner_id=OTHER_PARTNER.id,
                campaign_id=UUID(int=7),
            ),
        ]
    )

    found = earn(rules, a_purchase(100_000))

    assert {(award.issuer_partner_id, award.campaign_id) for award in found.awards} == {
        (PARTNER.id, None),
        (None, None),
        (OTHER_PARTNER.id, UUID(int=7)),
    }


def test_a_purchase_is_judged_by_the_version_in_force_when_it_happened() -> None:
    rules = RuleSet(
        [
            a_rule(1, value=500, in_force_until=NOON),
            a_rule(1, version=2, value=300, in_force_from=NOON),
        ]
    )

    points = [
        earn(rules, a_purchase(100_000, at=at)).points
        for at in (NOON - timedelta(microseconds=1), NOON, NOON + 30 * DAY)
    ]

    assert points == [50, 30, 30]


def test_the_percents_agreed_when_it_was_first_counted_hold_for_later_counts() -> None:
    purchase = offers.Purchase(
        key="1",
        member_id=MEMBER,
        happened_at=NOON,
        lines=[NetLine(1, 100_000)],
        basis=Basis(percent=200, percent_max=300),
    )

    found = earn(NONE, purchase, Standing(raises=(a_raise(500),)), percent=50)

    assert found.points == 30


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        # In Berlin the clock goes back at 01:00 UTC on 25 October 2026: 02:30 comes twice.
        (datetime(2026, 10, 24, 23, 59, tzinfo=UTC), False),
        (datetime(2026, 10, 25, 0, 0, tzinfo=UTC), True),
        (datetime(2026, 10, 25, 0, 59, tzinfo=UTC), True),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), True),
        (datetime(2026, 10, 25, 2, 0, tzinfo=UTC), False),
        # On 29 March 2026 it goes forward at 01:00 UTC: 02:00 to 03:00 does not exist.
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), False),
    ],
)
def test_hours_are_those_of_the_clock_on_the_wall_also_when_it_changes(
    at: datetime,
    *,
    is_open: bool,
) -> None:
    schedule = Schedule(from_minute=120, until_minute=180)

    assert schedule.holds(at, "Europe/Berlin") is is_open


def test_hours_over_midnight_and_days_of_the_week() -> None:
    night = Schedule(weekdays=(5, 6), from_minute=22 * 60, until_minute=2 * 60)
    friday = datetime(2026, 11, 20, 19, 30, tzinfo=UTC)  # 22:30 in Moscow

    open_at = [
        night.holds(friday + timedelta(hours=hours), "Europe/Moscow") for hours in (0, 3, 4, 48)
    ]

    assert open_at == [True, True, False, False]


def test_targeting_takes_the_share_it_says_and_keeps_it() -> None:
    members = [UUID(int=number << 64) for number in range(4_000)]
    tenth = Targeting(share=1_000)

    chosen = {
        one for one in members if tenth.fits(one, NOON, salt=UUID(int=5), audiences=frozenset())
    }
    wider = {
        one
        for one in members
        if Targeting(share=2_000).fits(one, NOON, salt=UUID(int=5), audiences=frozenset())
    }

    assert 300 < len(chosen) < 500
    assert chosen < wider


def test_an_audience_and_new_members_only() -> None:
    new = Targeting(new_member_days=30)
    enrolled_at = datetime.fromtimestamp((MEMBER.int >> 80) / 1000, tz=UTC)

    def fits(targeting: Targeting, at: datetime, *audiences: str) -> bool:
        return targeting.fits(MEMBER, at, salt=UUID(int=5), audiences=frozenset(audiences))

    assert fits(new, enrolled_at + 29 * DAY)
    assert not fits(new, enrolled_at + 30 * DAY)
    assert fits(Targeting(audience="friends"), NOON, "friends")
    assert not fits(Targeting(audience="friends"), NOON)


def test_a_rule_for_an_audience_counts_for_whoever_is_in_it() -> None:
    rules = RuleSet([a_rule(1, targeting=Targeting(audience="friends"))])

    assert rules.audiences == {"friends"}
    assert earn(rules, a_purchase(100_000)).points == 10
    friend = Standing(audiences=frozenset({"friends"}))
    assert earn(rules, a_purchase(100_000), friend).points == 50


def test_a_multiplier_counts_while_it_is_on_and_as_often_as_allowed() -> None:
    offer = a_live_offer(
        1,
        condition=Condition(kind=ConditionKind.PURCHASE),
        reward=Reward(kind=RewardKind.MULTIPLIER, multiplier=300),
        needs_activation=True,
        limits=Limits(per_member=1),
    )
    rules = RuleSet([], [offer])
    on = {offer.id: (Switch(offer.id, NOON - DAY, True), Switch(offer.id, NOON + DAY, False))}
    used = {offer.id: (Used(offer.id, NOON - timedelta(hours=1), "receipt-0"),)}

    assert earn(rules, a_purchase(100_000)).points == 10
    assert earn(rules, a_purchase(100_000), Standing(switches=on)).points == 30
    assert earn(rules, a_purchase(100_000, at=NOON + DAY), Standing(switches=on)).points == 10
    assert earn(rules, a_purchase(100_000), Standing(switches=on, uses=used)).points == 10


def test_its_own_use_does_not_keep_a_receipt_from_earning_again_when_recounted() -> None:
    offer = a_live_offer(
        1,
        condition=Condition(kind=ConditionKind.PURCHASE),
        reward=Reward(kind=RewardKind.MULTIPLIER, multiplier=300),
        limits=Limits(per_member=1),
    )
    own = {offer.id: (Used(offer.id, NOON, "receipt-1"),)}

    assert earn(RuleSet([], [offer]), a_purchase(100_000), Standing(uses=own)).points == 30


def test_a_receipt_completes_the_tasks_that_it_is_large_enough_for() -> None:
    offer = a_live_offer(1, condition=SPEND_MORE)

    large = earn(RuleSet([], [offer]), a_purchase(60_000, 40_000))
    small = earn(RuleSet([], [offer]), a_purchase(60_000, 39_999))

    assert [(one.offer_id, one.key, one.amount_minor) for one in large.completions] == [
        (offer.id, "receipt-1", 100_000)
    ]
    assert small.completions == ()


def test_uses_of_a_receipt_counted_again_are_differences() -> None:
    offer = a_live_offer(
        1,
        condition=Condition(kind=ConditionKind.PURCHASE),
        reward=Reward(kind=RewardKind.MULTIPLIER, multiplier=300),
    )
    rules = RuleSet([], [offer])
    whole = earn(rules, a_purchase(100_000)).uses
    half = earn(rules, a_purchase(50_000)).uses
    nothing = earn(rules, a_purchase(0)).uses

    assert [use[5:8] for use in offers.uses_between(whole, half)] == [(0, -10, -50_000)]
    assert [use[5:8] for use in offers.uses_between(half, nothing)] == [(-1, -10, -50_000)]
    assert offers.uses_between(whole, whole) == ()


# -- properties ------------------------------------------------------------------------------------

CATEGORIES = ["", "food", "food.milk", "toys", "shoes"]
amounts = st.integers(0, 10**7)
lines = st.lists(st.tuples(amounts, st.sampled_from(CATEGORIES)), min_size=1, max_size=8)


@st.composite
def rule_sets(draw: st.DrawFn, *, least: Sequence[int] = (0, 1_000, 500_000)) -> RuleSet:
    """Rules of every kind. Of a group all have the same priority: more must never give less."""
    rules = []
    for number in range(draw(st.integers(0, 8))):
        kind = draw(st.sampled_from(list(EffectKind)))
        value = {
            EffectKind.PERCENT: st.integers(0, 3_000),
            EffectKind.MULTIPLIER: st.integers(101, 1_000),
            EffectKind.POINTS: st.integers(1, 50),
        }[kind]
        group = draw(st.sampled_from(["base", "a", "b"]))
        is_base = kind is EffectKind.PERCENT and group == "base"
        rules.append(
            a_rule(
                number,
                kind=kind,
                value=draw(value),
                per_minor=draw(st.integers(1, 50_000)),
                # Points by steps compete with nothing: a coarser step may give less at its start.
                group=f"points-{number}" if kind is EffectKind.POINTS else group,
                category=draw(st.sampled_from(CATEGORIES)),
                partner_id=draw(st.sampled_from([None, PARTNER.id, OTHER_PARTNER.id])),
                minimum_minor=draw(st.sampled_from(least)),
                maximum_minor=None if is_base else draw(st.sampled_from([None, 600_000])),
                issuer=draw(st.sampled_from([Issuer.PARTNER, Issuer.PROGRAMME])),
            )
        )
    offer = a_live_offer(
        1,
        condition=Condition(kind=ConditionKind.PURCHASE, amount_minor=draw(st.sampled_from(least))),
        reward=Reward(kind=RewardKind.MULTIPLIER, multiplier=draw(st.integers(101, 500))),
    )
    return RuleSet(rules, draw(st.sampled_from([[], [offer]])))


@st.composite
def standings(draw: st.DrawFn) -> Standing:
    return Standing(
        raises=tuple(
            a_raise(
                draw(st.integers(1, 2_000)),
                category=draw(st.sampled_from(CATEGORIES)),
                group=draw(st.sampled_from(["", "g"])),
                number=number,
            )
            for number in range(draw(st.integers(0, 4)))
        )
    )


@given(rules=rule_sets(), bought=lines, standing=standings())
@settings(max_examples=300, deadline=None)
def test_what_lines_earn_is_what_payers_give(
    rules: RuleSet, bought: list[tuple[int, str]], standing: Standing
) -> None:
    found = earn(rules, a_purchase(*bought), standing)

    assert sum(line.points for line in found.lines) == sum(one.points for one in found.awards)
    assert all(line.points >= 0 for line in found.lines)
    assert all(
        line.points == 0
        for line, (amount, _) in zip(found.lines, bought, strict=True)
        if amount == 0
    )


def more_and_less(
    rules: RuleSet, bought: list[tuple[int, str]], standing: Standing, data: st.DataObject
) -> tuple[offers.Evaluation, offers.Evaluation]:
    """A receipt, and the same with more on one of its lines."""
    index = data.draw(st.integers(0, len(bought) - 1))
    more = list(bought)
    more[index] = (bought[index][0] + data.draw(amounts), bought[index][1])
    return earn(rules, a_purchase(*more), standing), earn(rules, a_purchase(*bought), standing)


@given(rules=rule_sets(least=(0,)), bought=lines, standing=standings(), data=st.data())
@settings(max_examples=300, deadline=None)
def test_more_never_earns_less(
    rules: RuleSet, bought: list[tuple[int, str]], standing: Standing, data: st.DataObject
) -> None:
    more, less = more_and_less(rules, bought, standing, data)

    assert more.points >= less.points


@given(rules=rule_sets(), bought=lines, standing=standings(), data=st.data())
@settings(max_examples=300, deadline=None)
def test_more_loses_at_most_a_rounding_where_a_rule_begins_at_an_amount(
    rules: RuleSet, bought: list[tuple[int, str]], standing: Standing, data: st.DataObject
) -> None:
    more, less = more_and_less(rules, bought, standing, data)

    # A rule that comes in replaces a part of an award: two are rounded down instead of one.
    assert more.points >= less.points - len(more.awards)


@given(rules=rule_sets(), bought=lines, standing=standings())
@settings(max_examples=200, deadline=None)
def test_a_receipt_returned_in_full_earns_and_completes_nothing(
    rules: RuleSet, bought: list[tuple[int, str]], standing: Standing
) -> None:
    found = earn(rules, a_purchase(*[(0, category) for _, category in bought]), standing)

    assert found.points == 0
    assert (found.awards, found.completions, found.uses) == ((), (), ())


@given(rules=rule_sets(), bought=lines, standing=standings(), data=st.data())
@settings(max_examples=200, deadline=None)
def test_the_order_of_lines_changes_nothing_for_payers(
    rules: RuleSet, bought: list[tuple[int, str]], standing: Standing, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(bought))

    one = earn(rules, a_purchase(*bought), standing)
    other = earn(rules, a_purchase(*shuffled), standing)

    assert sorted(one.awards, key=repr) == sorted(other.awards, key=repr)
    assert sorted(one.completions) == sorted(other.completions)


@given(standing=standings(), base=st.integers(0, 2_000), category=st.sampled_from(CATEGORIES))
def test_a_percent_never_exceeds_the_limit_unless_its_base_does(
    standing: Standing, base: int, category: str
) -> None:
    percent, reasons = offers.percent_at(standing, terms_of(percent=base), category, NOON)

    assert base <= percent <= max(base, PROGRAMME.percent_max)
    said = sum(one.percent for one in reasons if one.kind is not offers.ReasonKind.CAP)
    capped = any(one.kind is offers.ReasonKind.CAP for one in reasons)
    assert percent == (max(base, PROGRAMME.percent_max) if capped else said)
