"""Identifiers: UUIDv7, made from a given instant and random bytes (RFC 9562, section 5.7)."""

import os
from datetime import UTC, datetime
from uuid import UUID

_VERSION_7 = 0x7 << 76
_VARIANT = 0x2 << 62
_RANDOM_A_MASK = (1 << 12) - 1
_RANDOM_B_MASK = (1 << 62) - 1


def new_id(now: datetime) -> UUID:
    """Make an identifier that sorts by time to the millisecond."""
    milliseconds = int(now.timestamp() * 1000)
    random = int.from_bytes(os.urandom(10), "big")
    value = milliseconds << 80
    value |= _VERSION_7
    value |= ((random >> 62) & _RANDOM_A_MASK) << 64
    value |= _VARIANT
    value |= random & _RANDOM_B_MASK
    return UUID(int=value)


def instant_of(number: UUID) -> datetime:
    """Give the instant that is in such an identifier, to the millisecond."""
    return datetime.fromtimestamp((number.int >> 80) / 1000, tz=UTC)
