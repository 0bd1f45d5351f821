"""Schedules name minutes as cron does."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hansa.modules.loyalty.intake.schedule import ScheduleInvalid, next_after

NOW = datetime(2026, 11, 21, 12, 30, 15, tzinfo=UTC)  # a Saturday


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("* * * * *", "2026-11-21T12:31"),
        ("*/20 * * * *", "2026-11-21T12:40"),
        ("15 2 * * *", "2026-11-22T02:15"),
        ("30 12 * * *", "2026-11-22T12:30"),
        ("0 9-18/3 * * 1-5", "2026-11-23T09:00"),
        ("0 0 1 1 *", "2027-01-01T00:00"),
        ("0 0 29 2 *", "2028-02-29T00:00"),
        ("0 0 * * 7", "2026-11-22T00:00"),
        ("0 0 13 * 5", "2026-11-27T00:00"),  # either, as cron has it
        ("5,35 12 21 11 6", "2026-11-21T12:35"),
    ],
)
def test_the_next_minute_is_found(cron: str, expected: str) -> None:
    found = next_after(cron, NOW)

    assert found is not None
    assert found.isoformat().startswith(expected)


def test_a_day_that_never_comes_is_never() -> None:
    assert next_after("0 0 31 2 *", NOW) is None


@pytest.mark.parametrize(
    "cron", ["", "* * * *", "60 * * * *", "* 24 * * *", "a * * * *", "*/0 * * * *", "5-1 * * * *"]
)
def test_what_is_no_schedule_is_refused(cron: str) -> None:
    with pytest.raises(ScheduleInvalid):
        next_after(cron, NOW)
