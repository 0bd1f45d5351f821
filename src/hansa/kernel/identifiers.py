"""Identifiers: UUIDv7, made from a given instant and random bits (RFC 9562, section 5.7).

The random bits come from the system in large pieces: asking it each time hands the interpreter to
another thread, which costs more than all the rest. They tell things apart and keep no secret.
"""

import os
from datetime import UTC, datetime
from uuid import UUID

_MARKS = 0x7 << 76 | 0x2 << 62  # version and variant
_RANDOM_MASK = ((1 << 12) - 1) << 64 | ((1 << 62) - 1)
_NUMBER_BYTES = 10
_NUMBERS_AT_ONCE = 256
# Numbers nobody has yet. A child process must not have those of its parent.
_unused: list[int] = []
os.register_at_fork(after_in_child=_unused.clear)


def new_id(now: datetime) -> UUID:
    """Make an identifier that sorts by time to the millisecond."""
    milliseconds = int(now.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | _MARKS | _random() & _RANDOM_MASK)


def new_mark() -> str:
    """Make 16 hexadecimal digits that tell one request from the others in the logs."""
    return f"{_random() & (1 << 64) - 1:016x}"


def instant_of(number: UUID) -> datetime:
    """Give the instant that is in such an identifier, to the millisecond."""
    return datetime.fromtimestamp((number.int >> 80) / 1000, tz=UTC)


def _random() -> int:
    """Give 80 random bits that nobody else in any thread gets."""
    try:
        return _unused.pop()
    except IndexError:
        drawn = os.urandom(_NUMBER_BYTES * _NUMBERS_AT_ONCE)
        numbers = [
            int.from_bytes(drawn[start : start + _NUMBER_BYTES], "big")
            for start in range(0, len(drawn), _NUMBER_BYTES)
        ]
        mine = numbers.pop()
        _unused.extend(numbers)
        return mine
