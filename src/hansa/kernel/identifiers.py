"""Identifiers: UUIDv7, made from a given instant and random bytes (RFC 9562, section 5.7)."""

import os
from datetime import UTC, datetime
from uuid import UUID

_MARKS = 0x7 << 76 | 0x2 << 62  # version and variant
_RANDOM_MASK = ((1 << 12) - 1) << 64 | ((1 << 62) - 1)


def new_id(now: datetime) -> UUID:
    """Make an identifier that sorts by time to the millisecond."""
    milliseconds = int(now.timestamp() * 1000)
    random = int.from_bytes(os.urandom(10), "big") & _RANDOM_MASK
    return UUID(int=milliseconds << 80 | _MARKS | random)


def instant_of(number: UUID) -> datetime:
    """Give the instant that is in such an identifier, to the millisecond."""
    return datetime.fromtimestamp((number.int >> 80) / 1000, tz=UTC)
