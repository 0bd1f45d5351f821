"""Identifiers are UUIDv7: unique, and in the order of their instants."""

from datetime import UTC, datetime, timedelta

from hansa.kernel.identifiers import new_id

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def test_an_identifier_is_a_version_7_uuid_of_its_instant() -> None:
    made = new_id(NOON)

    assert made.version == 7
    assert made.int >> 80 == int(NOON.timestamp() * 1000)


def test_later_identifiers_sort_after_earlier_ones() -> None:
    made = [new_id(NOON + timedelta(milliseconds=step)) for step in range(100)]

    assert made == sorted(made)


def test_identifiers_of_one_instant_differ() -> None:
    assert len({new_id(NOON) for _ in range(10_000)}) == 10_000
