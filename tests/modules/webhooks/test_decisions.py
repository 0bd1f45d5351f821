"""When a message is tried again, which types fit, which addresses may be used."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hansa.modules.webhooks.model import (
    FAILING_MAX,
    SCHEDULE,
    EndpointInvalid,
    check_patterns,
    check_url,
    is_lost,
    next_attempt_at,
    wants,
)

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def test_attempts_follow_the_schedule_of_the_specification() -> None:
    waits = [(next_attempt_at(failures=n, now=NOW) or NOW) - NOW for n in range(10)]

    assert [one.total_seconds() for one in waits] == [
        0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400,
    ]  # fmt: skip
    assert next_attempt_at(failures=10, now=NOW) is None


def test_chance_moves_attempts_apart_by_a_tenth_at_most() -> None:
    at = next_attempt_at(failures=2, now=NOW, spread=1.0)

    assert at == NOW + SCHEDULE[2] * 1.1


def test_an_endpoint_may_ask_for_more_time_never_for_less() -> None:
    later = next_attempt_at(failures=1, now=NOW, retry_after_seconds=60)
    sooner = next_attempt_at(failures=2, now=NOW, retry_after_seconds=1)

    assert later == NOW + timedelta(seconds=60)
    assert sooner == NOW + SCHEDULE[2]


def test_only_a_message_tried_again_and_again_proves_an_endpoint_lost() -> None:
    long_ago = NOW - FAILING_MAX

    assert is_lost(failing_since=long_ago, failures=3, now=NOW)
    assert not is_lost(failing_since=long_ago, failures=1, now=NOW)
    assert not is_lost(failing_since=long_ago + timedelta(seconds=1), failures=9, now=NOW)
    assert not is_lost(failing_since=None, failures=9, now=NOW)


@pytest.mark.parametrize(
    ("patterns", "event_type", "fits"),
    [
        (["loyalty.points.changed"], "loyalty.points.changed", True),
        (["loyalty.points.changed"], "loyalty.points.changed.twice", False),
        (["loyalty.points.*"], "loyalty.points.changed", True),
        (["loyalty.points.*"], "loyalty.pointsman", False),
        (["loyalty.po*"], "loyalty.points.changed", True),
        (["*"], "anything", True),
        (["a", "b.*"], "b.c", True),
        (["a", "b.*"], "c", False),
    ],
)
def test_types_fit_by_name_or_beginning(
    patterns: list[str], event_type: str, *, fits: bool
) -> None:
    assert wants(check_patterns(patterns), event_type) is fits


@pytest.mark.parametrize(
    "patterns", [[], ["a b"], ["*.changed"], ["a**"], [""], ["a..b"], ["x" * 121], ["a"] * 0]
)
def test_what_is_no_pattern_is_refused(patterns: list[str]) -> None:
    with pytest.raises(EndpointInvalid):
        check_patterns(patterns)


def test_a_pattern_named_twice_is_kept_once() -> None:
    assert check_patterns(["a", "b", "a"]) == ("a", "b")


@pytest.mark.parametrize("is_production", [True, False])
@pytest.mark.parametrize(
    "url",
    [
        "http://partner.example/hooks",
        "ftp://partner.example",
        "https://",
        "https://user:word@partner.example",
        "https://partner.example/#part",
        "https://partner.example:port/",
        "https://partner.example/ space",
        "https://[::1",
        "partner.example",
        "https://partner.example/" + "x" * 2000,
        "http://10.0.0.1/",
    ],
)
def test_what_is_no_good_address_is_refused(url: str, *, is_production: bool) -> None:
    with pytest.raises(EndpointInvalid):
        check_url(url, is_production=is_production)


def test_programmers_may_use_their_own_machine_and_nobody_in_production() -> None:
    check_url("https://partner.example:8443/hooks?a=b", is_production=True)
    check_url("http://127.0.0.1:8780/in/partner", is_production=False)
    with pytest.raises(EndpointInvalid):
        check_url("http://127.0.0.1:8780/in/partner", is_production=True)
