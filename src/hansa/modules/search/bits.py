"""Sets of products as the bits of whole numbers.

A hundred thousand products are 12 KB, and counting what two sets share takes microseconds.
"""

import re
from collections.abc import Iterable

_NOT_EMPTY = re.compile(rb"[^\x00]")
_BITS_OF_BYTE = tuple(tuple(bit for bit in range(8) if byte >> bit & 1) for byte in range(256))


class BitSet:
    """A growing set of small whole numbers; `value` is it as one number."""

    __slots__ = ("_bytes", "_value")

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._value: int | None = 0

    def add(self, member: int) -> None:
        """Put a number in."""
        place = member >> 3
        if place >= len(self._bytes):
            self._bytes.extend(bytes(max(place + 1 - len(self._bytes), 1024)))
        self._bytes[place] |= 1 << (member & 7)
        self._value = None

    def discard(self, member: int) -> None:
        """Take a number out."""
        place = member >> 3
        if place < len(self._bytes):
            self._bytes[place] &= ~(1 << (member & 7))
            self._value = None

    @property
    def value(self) -> int:
        """The set as one number: bit n is set if n is in it."""
        if self._value is None:
            self._value = int.from_bytes(self._bytes, "little")
        return self._value


def bits_of(members: Iterable[int]) -> int:
    """Make a set of numbers."""
    made = BitSet()
    for member in members:
        made.add(member)
    return made.value


def members_of(bits: int) -> list[int]:
    """List the numbers of a set in order."""
    data = bits.to_bytes((bits.bit_length() + 7) // 8, "little")
    found: list[int] = []
    for match in _NOT_EMPTY.finditer(data):
        start = match.start()
        base = start << 3
        found += [base + bit for bit in _BITS_OF_BYTE[data[start]]]
    return found
