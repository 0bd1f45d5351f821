"""Identifiers are UUIDv7: unique, and in the order of their instants."""

import multiprocessing
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection

from hansa.kernel.identifiers import new_id, new_mark

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


def test_a_child_process_makes_identifiers_of_its_own() -> None:
    new_id(NOON)  # so that there are numbers left to inherit
    forking = multiprocessing.get_context("fork")
    reading, writing = forking.Pipe(duplex=False)
    child = forking.Process(target=_tell, args=(writing,))
    child.start()
    theirs = reading.recv() if reading.poll(timeout=60) else None
    child.join(timeout=60)

    assert theirs is not None
    assert theirs.isdisjoint({new_id(NOON) for _ in range(1_000)})


def _tell(writing: Connection) -> None:
    writing.send({new_id(NOON) for _ in range(1_000)})


def test_a_mark_has_sixteen_digits() -> None:
    marks = {new_mark() for _ in range(1_000)}

    assert len(marks) == 1_000
    assert all(len(one) == 16 and int(one, 16) >= 0 for one in marks)
