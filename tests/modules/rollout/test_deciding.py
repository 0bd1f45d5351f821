"""For whom a feature is on: the order of the rules, stable and growing percentages."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa.modules.rollout import (
    PARTS,
    Answer,
    Reason,
    Rules,
    RulesInvalid,
    State,
    TooManyPeople,
    part_of,
)
from hansa.modules.rollout.model import ALLOWED_MAX, check_rules, decide
from tests.conftest import NOON

ANNA, BORIS = UUID(int=1), UUID(int=2)
FAMILY = UUID(int=100)
SOME = Rules(state=State.SOME)
NUMBERS = itertools.count()
HOUR = timedelta(hours=1)


def ask(rules: Rules, subject: UUID | None = ANNA, market: str | None = "ru", now=NOON) -> Answer:
    return decide(
        "app",
        rules,
        subject=subject,
        market=market,
        now=now,
        is_in=lambda audience, who: (audience, who) == (FAMILY, ANNA),
    )


@pytest.mark.parametrize(
    ("rules", "is_on", "reason"),
    [
        (Rules(), False, Reason.OFF),
        (Rules(state=State.ON), True, Reason.ON),
        (Rules(state=State.ON, is_killed=True, allowed=(ANNA,)), False, Reason.KILLED),
        (Rules(allowed=(ANNA,)), False, Reason.OFF),
        (replace(SOME, allowed=(ANNA,)), True, Reason.ALLOWED),
        (replace(SOME, allowed=(ANNA,), markets=("kz",)), True, Reason.ALLOWED),
        (replace(SOME, allowed=(ANNA,), starts_at=NOON + HOUR), True, Reason.ALLOWED),
        (replace(SOME, allowed=(BORIS,)), False, Reason.NOT_CHOSEN),
        (replace(SOME, audience_ids=(FAMILY,)), True, Reason.AUDIENCE),
        (replace(SOME, audience_ids=(FAMILY,), markets=("kz",)), False, Reason.MARKET),
        (replace(SOME, audience_ids=(FAMILY,), ends_at=NOON), False, Reason.OVER),
        (replace(SOME, audience_ids=(BORIS,)), False, Reason.NOT_CHOSEN),
        (replace(SOME, parts=PARTS), True, Reason.PERCENTAGE),
        (replace(SOME, parts=PARTS, market_parts={"ru": 0}), False, Reason.NOT_CHOSEN),
        (replace(SOME, market_parts={"ru": PARTS}), True, Reason.PERCENTAGE),
        (replace(SOME, market_parts={"kz": PARTS}), False, Reason.NOT_CHOSEN),
        (Rules(state=State.ON, markets=("kz",)), False, Reason.MARKET),
        (Rules(state=State.ON, markets=("kz", "ru")), True, Reason.ON),
    ],
)
def test_the_first_rule_that_fits_decides(rules, is_on, reason):
    answer = ask(rules)

    assert (answer.is_on, answer.reason) == (is_on, reason)


def test_the_period_begins_with_its_first_instant_and_ends_before_its_last():
    rules = Rules(state=State.ON, starts_at=NOON, ends_at=NOON + HOUR)
    moment = timedelta(microseconds=1)

    reasons = [
        ask(rules, now=now).reason
        for now in (NOON - moment, NOON, NOON + HOUR - moment, NOON + HOUR)
    ]

    assert reasons == [Reason.NOT_YET, Reason.ON, Reason.ON, Reason.OVER]


def test_whoever_is_not_known_has_only_what_everybody_has():
    assert ask(Rules(state=State.ON), subject=None).is_on
    assert ask(replace(SOME, parts=PARTS), subject=None).reason is Reason.NOBODY


def test_a_feature_for_some_markets_is_off_where_the_market_is_not_known():
    assert ask(Rules(state=State.ON, markets=("ru",)), market=None).reason is Reason.MARKET


def test_where_the_percentage_puts_somebody_never_changes():
    # Kept numbers: another hash would take features away from people who have them.
    assert [part_of("app", "", UUID(int=n)) for n in range(4)] == [8814, 4570, 6006, 535]


@given(st.uuids(), st.text(max_size=20), st.integers(0, PARTS), st.integers(0, PARTS))
def test_raising_the_percentage_only_adds_people(subject, salt, one, other):
    fewer, more = sorted((one, other))

    has_it = ask(replace(SOME, parts=fewer, salt=salt), subject=subject).is_on

    assert not has_it or ask(replace(SOME, parts=more, salt=salt), subject=subject).is_on


@pytest.mark.parametrize("make", [uuid4, lambda: UUID(int=next(NUMBERS))])
def test_people_are_spread_evenly(make):
    count, bins = 50_000, 20
    spread = Counter(part_of("app", "", make()) * bins // PARTS for _ in range(count))
    expected = count / bins

    chi_squared = sum((spread[one] - expected) ** 2 / expected for one in range(bins))

    assert chi_squared < 60  # 19 degrees of freedom: one run in 3 million is above by chance


def test_another_feature_or_salt_chooses_other_people():
    people = [UUID(int=n) for n in range(10_000)]
    first = {one for one in people if part_of("app", "", one) < 1_000}

    for feature, salt in (("other", ""), ("app", "again")):
        again = {one for one in people if part_of(feature, salt, one) < 1_000}
        assert 50 < len(first & again) < 200  # a tenth of a tenth by chance


def test_code_and_salt_cannot_be_taken_for_each_other():
    assert part_of("a", "b", ANNA) != part_of("ab", "", ANNA)


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        (Rules(parts=-1), "parts"),
        (Rules(parts=PARTS + 1), "parts"),
        (Rules(market_parts={"ru": PARTS + 1}), "market_parts"),
        (Rules(starts_at=NOON, ends_at=NOON), "ends_at"),
        (Rules(salt="x" * 41), "salt"),
        (Rules(audience_ids=tuple(UUID(int=n) for n in range(21))), "audience_ids"),
    ],
)
def test_rules_that_cannot_be_are_refused(rules, field):
    with pytest.raises(RulesInvalid) as refusal:
        check_rules(rules)

    assert refusal.value.field == field


def test_the_allow_list_is_for_a_few():
    with pytest.raises(TooManyPeople):
        check_rules(Rules(allowed=tuple(UUID(int=n) for n in range(ALLOWED_MAX + 1))))
