"""What is decided purely: quiet hours over zones and changes of clocks, texts with places."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from hansa.modules.notifications.messages import PAUSE, PAUSE_MAX, pause_after
from hansa.modules.notifications.policy import Policy, PolicyInvalid, check_policy, end_of_quiet
from hansa.modules.notifications.texts import (
    PlaceUnknown,
    Text,
    TextInvalid,
    check_texts,
    choose,
    fill,
    places_of,
)

NIGHT = Policy(quiet_from=time(22), quiet_until=time(9))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "now", "until"),
    [
        ("Europe/Moscow", "2026-11-21T18:59:59", None),
        ("Europe/Moscow", "2026-11-21T19:00:00", "2026-11-22T06:00:00"),
        ("Europe/Moscow", "2026-11-22T05:59:59", "2026-11-22T06:00:00"),
        ("Europe/Moscow", "2026-11-22T06:00:00", None),
        ("Asia/Vladivostok", "2026-11-21T12:00:00", "2026-11-21T23:00:00"),
        ("Asia/Kolkata", "2026-11-21T16:30:00", "2026-11-22T03:30:00"),
        ("Pacific/Kiritimati", "2026-11-21T08:00:00", "2026-11-21T19:00:00"),
        # Berlin goes to winter time at 01:00 UTC on 25 October: this night has an hour more.
        ("Europe/Berlin", "2026-10-24T20:00:00", "2026-10-25T08:00:00"),
        # And to summer time at 01:00 UTC on 28 March: this one has an hour less.
        ("Europe/Berlin", "2027-03-27T21:00:00", "2027-03-28T07:00:00"),
    ],
)
def test_quiet_hours_are_those_of_the_members_own_clock(
    zone: str, now: str, until: str | None
) -> None:
    ends = end_of_quiet(NIGHT, zones=[zone], now=at(now))

    assert ends == (at(until) if until else None)


def test_an_end_in_the_hour_that_comes_twice_is_the_first_that_is_ahead() -> None:
    policy = Policy(quiet_from=time(22), quiet_until=time(2, 30))

    before = end_of_quiet(policy, zones=["Europe/Berlin"], now=at("2026-10-24T23:00:00"))
    again = end_of_quiet(policy, zones=["Europe/Berlin"], now=at("2026-10-25T01:10:00"))

    assert before == at("2026-10-25T00:30:00")
    assert again == at("2026-10-25T01:30:00")


def test_an_end_in_the_hour_that_is_left_out_comes_after_it() -> None:
    policy = Policy(quiet_from=time(22), quiet_until=time(2, 30))

    ends = end_of_quiet(policy, zones=["Europe/Berlin"], now=at("2027-03-28T00:00:00"))

    assert ends == at("2027-03-28T01:30:00")


def test_every_hour_of_a_year_quiet_hours_end_outside_of_themselves() -> None:
    for zone in ("America/New_York", "Australia/Lord_Howe", "Europe/Berlin", "Asia/Tehran"):
        moment = at("2026-01-01T00:10:00")
        while moment < at("2027-01-01T00:00:00"):
            ends = end_of_quiet(NIGHT, zones=[zone], now=moment)
            if ends is not None:
                assert moment < ends <= moment + timedelta(hours=12)
                assert end_of_quiet(NIGHT, zones=[zone], now=ends) is None
            moment += timedelta(hours=1)


def test_a_zone_that_is_unknown_leaves_the_usual_one() -> None:
    now = at("2026-11-21T20:00:00")

    assert end_of_quiet(NIGHT, zones=["", "Nowhere/City"], now=now) == at("2026-11-22T06:00:00")
    assert end_of_quiet(NIGHT, zones=["Nowhere/City", "UTC"], now=now) is None


def test_quiet_hours_by_day_and_none_at_all() -> None:
    by_day = Policy(quiet_from=time(9), quiet_until=time(18), time_zone="UTC")
    none = Policy(quiet_from=time(9), quiet_until=time(9), time_zone="UTC")

    assert end_of_quiet(by_day, zones=[], now=at("2026-11-21T12:00:00")) == at(
        "2026-11-21T18:00:00"
    )
    assert end_of_quiet(by_day, zones=[], now=at("2026-11-21T18:00:00")) is None
    assert end_of_quiet(none, zones=[], now=at("2026-11-21T09:00:00")) is None


@pytest.mark.parametrize(
    "wrong", [Policy(day_max=-1), Policy(week_max=1001), Policy(time_zone="Mars/Olympus")]
)
def test_rules_that_cannot_hold_are_refused(wrong: Policy) -> None:
    with pytest.raises(PolicyInvalid):
        check_policy(wrong)


def test_an_unknown_place_is_refused() -> None:
    texts = {"ru": Text(title="Привет", body="{name}, у вас {ballance}")}

    with pytest.raises(PlaceUnknown) as refusal:
        check_texts(texts, places=frozenset({"name", "balance"}))

    assert refusal.value.field == "body"
    assert "{ballance}" in str(refusal.value)
    assert "{balance}, {name}" in str(refusal.value)


@pytest.mark.parametrize(
    "body",
    ["", "  ", "x" * 301, "two\nlines", "{name", "name}", "{{name}}", "{name.__class__}", "{0}",
     "{}"],
)  # fmt: skip
def test_a_text_that_cannot_be_sent_is_refused(body: str) -> None:
    texts = {"en": Text(title="x", body=body)}

    with pytest.raises((TextInvalid, PlaceUnknown)):
        check_texts(texts, places=frozenset({"name"}))


@pytest.mark.parametrize(
    ("written", "name", "shown"),
    [
        ("{name}, у вас {points}", "Анна", "Анна, у вас 1 200"),
        ("{name}, у вас {points}", "", "У вас 1 200"),
        ("Здравствуйте, {name}!", "", "Здравствуйте!"),
        ("Здравствуйте, {name}!", "Анна", "Здравствуйте, Анна!"),
        ("Спасибо, {name}, что вы с нами", "", "Спасибо, что вы с нами"),
        ("Привет, {name} и все", "", "Привет и все"),
        ("{points}", "{balance}", "1 200"),
        ("{name}", "{points}", "{points}"),
    ],
)
def test_places_are_filled_once(written: str, name: str, shown: str) -> None:
    filled = fill(Text(title="x", body=written), name=name, written={"points": "1 200"})

    assert filled.body == shown


def test_a_text_is_chosen_by_language() -> None:
    texts = {"ru": Text(title="р", body="р"), "en": Text(title="e", body="e")}

    assert choose(texts, ("de", "en", "ru"))[0] == "en"
    assert choose(texts, ("de",))[0] == "ru"
    assert places_of({"ru": Text(title="{a}", body="{b} {a}")}) == {"a", "b"}


def test_pauses_grow_and_are_never_shorter_than_asked() -> None:
    pauses = [pause_after(attempts, 0) for attempts in range(1, 12)]

    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (PAUSE, PAUSE_MAX)
    assert pause_after(1, 300) == timedelta(seconds=300)
    assert pause_after(1, 10**9) == timedelta(days=1)
