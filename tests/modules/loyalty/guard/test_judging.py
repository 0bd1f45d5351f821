"""Each rule at its edges, without a database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa.modules.loyalty import guard
from hansa.modules.loyalty.guard import Act, Decision, Facts, Kind, Limit, Rules, Scope, judge
from hansa.modules.loyalty.guard.judging import Device, device_digest, token_digest
from hansa.modules.loyalty.guard.model import check_rules
from tests.conftest import NOON
from tests.modules.loyalty.guard.conftest import ANNA, BORIS, PROGRAMME, SHOP, earn, spend

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MOMENT = timedelta(microseconds=1)
THREE_AN_HOUR = Rules(limits=(Limit(window_seconds=3600, number_max=3),))


def posted(rules: Rules, *attempts: guard.Attempt) -> Facts:
    """Give the facts after some attempts were posted, whatever the rules say of them."""
    facts = Facts()
    for attempt in attempts:
        facts.note(rules, attempt, guard.Verdict(Decision.ALLOW))
    return facts


def kinds(verdict: guard.Verdict) -> list[Kind]:
    return [one.kind for one in verdict.reasons]


def test_without_rules_everything_is_allowed():
    assert judge(guard.QUIET, Facts(), spend(10**12)) == guard.Verdict(Decision.ALLOW)
    assert judge(guard.QUIET, Facts(), earn(10**12, device="phone")).is_allowed


def test_the_one_too_many_is_refused_and_says_why():
    facts = posted(THREE_AN_HOUR, spend(), spend(), spend())

    verdict = judge(THREE_AN_HOUR, facts, spend())

    assert verdict.decision is Decision.REFUSE
    assert verdict.reasons == (guard.Reason(Kind.VELOCITY, Decision.REFUSE, 3, 4),)


def test_a_window_is_over_after_its_length_and_a_sixtieth():
    facts = posted(THREE_AN_HOUR, spend(), spend(), spend())

    verdicts = [
        judge(THREE_AN_HOUR, facts, spend(at=NOON + passed)).decision
        for passed in (HOUR - MOMENT, HOUR, HOUR + timedelta(minutes=1))
    ]

    assert verdicts == [Decision.REFUSE, Decision.REFUSE, Decision.ALLOW]


def test_points_are_counted_together_with_those_asked_for():
    rules = Rules(limits=(Limit(window_seconds=60, points_max=1_000),))
    facts = posted(rules, spend(900))

    assert judge(rules, facts, spend(100)).is_allowed
    assert kinds(judge(rules, facts, spend(101))) == [Kind.VELOCITY]


@pytest.mark.parametrize(
    ("scope", "together", "apart"),
    [
        (Scope.MEMBER, spend(partner_id=BORIS), spend(member_id=BORIS)),
        (Scope.MEMBER_AT_PARTNER, spend(), spend(partner_id=BORIS)),
        (Scope.DEVICE, spend(member_id=BORIS, device="phone"), spend(device="tablet")),
        (Scope.PARTNER, spend(member_id=BORIS), spend(partner_id=BORIS)),
    ],
)
def test_a_scope_says_what_is_counted_together(scope, together, apart):
    rules = Rules(limits=(Limit(window_seconds=60, scope=scope, number_max=1),))
    facts = posted(rules, spend(device="phone"))

    assert not judge(rules, facts, together).is_allowed
    assert judge(rules, facts, apart).is_allowed


def test_what_has_no_device_or_partner_is_not_counted_by_it():
    rules = Rules(
        limits=(
            Limit(window_seconds=60, scope=Scope.DEVICE, number_max=0),
            Limit(window_seconds=60, scope=Scope.PARTNER, number_max=0),
        )
    )

    assert judge(rules, Facts(), spend(partner_id=None)).is_allowed


def test_spending_and_earning_are_counted_apart():
    rules = Rules(
        limits=(
            Limit(window_seconds=60, number_max=1),
            Limit(act=Act.EARN, scope=Scope.MEMBER_AT_PARTNER, window_seconds=86_400, points_max=5),
        )
    )
    facts = posted(rules, spend(), earn(5))

    assert kinds(judge(rules, facts, earn(1))) == [Kind.EARN_VELOCITY]
    assert kinds(judge(rules, facts, spend())) == [Kind.VELOCITY]
    assert judge(rules, posted(rules, spend()), earn(5)).is_allowed


def test_a_limit_that_only_tells_stops_nobody():
    limit = Limit(window_seconds=60, number_max=0, decision=Decision.ALLOW)

    verdict = judge(Rules(limits=(limit,)), Facts(), spend())

    assert verdict.is_allowed
    assert kinds(verdict) == [Kind.VELOCITY]


def test_fresh_points_need_a_step_up_and_ripe_ones_do_not():
    rules = Rules(cooling_seconds=24 * 3600)
    facts = posted(rules, earn(300))

    assert judge(rules, facts, spend(200, available=500)).is_allowed
    assert judge(rules, facts, spend(201, available=500)).decision is Decision.STEP_UP
    assert judge(rules, facts, spend(500, available=500, at=NOON + 2 * DAY)).is_allowed
    assert kinds(judge(rules, facts, spend(1, available=300, at=NOON + DAY))) == [Kind.COOLING]


def test_points_that_cannot_be_spent_yet_do_not_cool():
    rules = Rules(cooling_seconds=24 * 3600)
    facts = posted(rules, earn(300, is_pending=True))

    assert judge(rules, facts, spend(200, available=200)).is_allowed


def test_cooling_needs_to_know_what_is_available():
    rules = Rules(cooling_seconds=24 * 3600)

    assert judge(rules, posted(rules, earn(300)), spend(300)).is_allowed


def test_much_from_a_new_device_needs_a_step_up():
    rules = Rules(new_device_points=500, trust_days=30)

    assert judge(rules, Facts(), spend(500, device="phone")).is_allowed
    assert judge(rules, Facts(), spend(501)).is_allowed  # a card at a till has no device
    verdict = judge(rules, Facts(), spend(501, device="phone"))
    assert (verdict.decision, kinds(verdict)) == (Decision.STEP_UP, [Kind.NEW_DEVICE])


@pytest.mark.parametrize(
    ("device", "is_allowed"),
    [
        (Device(NOON, trusted_at=None), False),
        (Device(NOON, trusted_at=NOON), True),
        (Device(NOON - timedelta(days=30), trusted_at=None), True),
        (Device(NOON - timedelta(days=30) + MOMENT, trusted_at=None), False),
    ],
)
def test_a_device_is_trusted_after_a_step_up_or_in_time(device, is_allowed):
    rules = Rules(new_device_points=500, trust_days=30)
    facts = Facts(devices={(ANNA, device_digest("phone")): device})

    assert judge(rules, facts, spend(501, device="phone")).is_allowed is is_allowed
    assert not judge(rules, facts, spend(501, device="phone", member_id=BORIS)).is_allowed


def test_an_account_that_slept_wakes_with_a_step_up():
    rules = Rules(dormant_days=180)
    moved = NOON - timedelta(days=180)

    assert judge(rules, Facts(), spend()).is_allowed  # nothing is known of it
    assert judge(rules, Facts(), spend(last_moved_at=moved + MOMENT)).is_allowed
    verdict = judge(rules, Facts(), spend(last_moved_at=moved))
    assert (verdict.decision, kinds(verdict)) == (Decision.STEP_UP, [Kind.DORMANT])
    known = Facts(moved_at={(PROGRAMME, ANNA): NOON - DAY})
    assert judge(rules, known, spend(last_moved_at=moved)).is_allowed
    assert judge(rules, Facts(), earn(last_moved_at=moved)).is_allowed


def test_a_token_answers_step_ups_once_and_only_its_members():
    rules = Rules(new_device_points=0)
    facts = Facts(tokens={token_digest("secret"): (PROGRAMME, ANNA)})
    wanted = spend(device="phone", token="secret")

    first = judge(rules, facts, wanted)
    facts.note(rules, wanted, first)

    assert (first.decision, first.used_token) == (Decision.ALLOW, True)
    assert judge(rules, facts, wanted).decision is Decision.STEP_UP
    other = Facts(tokens={token_digest("secret"): (PROGRAMME, BORIS)})
    assert judge(rules, other, wanted).decision is Decision.STEP_UP
    assert judge(rules, facts, spend(device="phone", token="other")).decision is Decision.STEP_UP


def test_a_token_that_was_not_needed_is_kept():
    facts = Facts(tokens={token_digest("secret"): (PROGRAMME, ANNA)})

    assert not judge(guard.QUIET, facts, spend(token="secret")).used_token


def test_no_token_helps_against_a_refusal():
    rules = Rules(limits=(Limit(window_seconds=60, number_max=0),), new_device_points=0)
    facts = Facts(tokens={token_digest("secret"): (PROGRAMME, ANNA)})

    verdict = judge(rules, facts, spend(device="phone", token="secret"))

    assert verdict.decision is Decision.REFUSE
    assert kinds(verdict) == [Kind.VELOCITY, Kind.NEW_DEVICE]


def test_whoever_is_blocked_spends_nothing_and_may_earn():
    facts = Facts(blocked={(PROGRAMME, ANNA)})

    assert kinds(judge(guard.QUIET, facts, spend())) == [Kind.BLOCKED]
    assert judge(guard.QUIET, facts, earn()).is_allowed
    assert judge(guard.QUIET, facts, spend(programme_id=SHOP)).is_allowed


@given(
    seconds=st.lists(st.integers(0, 5_000), min_size=1, max_size=60),
    window=st.integers(1, 2_000),
    most=st.integers(0, 5),
)
def test_never_more_than_allowed_in_any_window(seconds, window, most):
    rules = Rules(limits=(Limit(window_seconds=window, number_max=most),))
    facts, went = Facts(), []
    for second in sorted(seconds):
        attempt = spend(at=NOON + timedelta(seconds=second))
        verdict = judge(rules, facts, attempt)
        if verdict.is_allowed:
            facts.note(rules, attempt, verdict)
            went.append(second)

    for end in went:
        assert sum(end - window < one <= end for one in went) <= most


@given(
    moves=st.lists(st.tuples(st.integers(0, 5_000), st.integers(1, 500)), max_size=40),
    window=st.integers(1, 2_000),
    most=st.integers(0, 1_000),
)
def test_never_more_points_than_allowed_in_any_window(moves, window, most):
    rules = Rules(limits=(Limit(window_seconds=window, points_max=most),))
    facts, went = Facts(), []
    for second, points in sorted(moves):
        attempt = spend(points, at=NOON + timedelta(seconds=second))
        verdict = judge(rules, facts, attempt)
        if verdict.is_allowed:
            facts.note(rules, attempt, verdict)
            went.append((second, points))

    for end, _ in went:
        assert sum(points for one, points in went if end - window < one <= end) <= most


@given(gap=st.integers(0, 10_000), window=st.integers(1, 4_000))
def test_a_window_is_at_most_a_sixtieth_and_a_second_too_long(gap, window):
    rules = Rules(limits=(Limit(window_seconds=window, number_max=1),))
    facts = posted(rules, spend())

    verdict = judge(rules, facts, spend(at=NOON + timedelta(seconds=gap)))

    if gap < window:
        assert not verdict.is_allowed
    if gap > window + window / 60 + 1:
        assert verdict.is_allowed


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        (Rules(limits=(Limit(window_seconds=0, number_max=1),)), "limits"),
        (Rules(limits=(Limit(window_seconds=60),)), "limits"),
        (Rules(limits=(Limit(window_seconds=60, points_max=-1),)), "limits"),
        (
            Rules(
                limits=(
                    Limit(act=Act.EARN, window_seconds=60, number_max=1, decision=Decision.STEP_UP),
                )
            ),
            "limits",
        ),
        (Rules(limits=THREE_AN_HOUR.limits * 21), "limits"),
        (Rules(cooling_seconds=0), "cooling_seconds"),
        (Rules(new_device_points=-1), "new_device_points"),
        (Rules(dormant_days=0), "dormant_days"),
        (Rules(trust_days=401), "trust_days"),
    ],
)
def test_rules_that_cannot_be_are_refused(rules, field):
    with pytest.raises(guard.RulesInvalid) as refusal:
        check_rules(rules)

    assert refusal.value.field == field


def test_what_names_a_device_or_proves_a_person_is_not_shown():
    shown = repr(spend(device="phone-of-anna", token="secret-token"))

    assert "phone-of-anna" not in shown
    assert "secret-token" not in shown
