"""An event on its way, and where a subscription gets its events from."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from hansa.kernel.message import Event

STREAM = "outbox"
"""The stream of events read from PostgreSQL itself; on Kafka a stream is a topic."""

Place = tuple[str, int]
"""A stream and a partition of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One event with what is needed to deliver it. Order holds within a place, by position.

    `written_until` is how far its database's log was written after it, if its transport tells.
    """

    stream: str
    partition: int
    position: int
    id: UUID
    type: str
    key: str
    payload: str
    trace: str | None
    created_at: datetime
    written_until: str = ""

    @property
    def place(self) -> Place:
        """The partition it came from."""
        return self.stream, self.partition


class Source(Protocol):
    """Gives one subscription its events: a transport.

    A source knows how far it has given, not how far was handled: that is the cursor, which moves in
    the transaction of the effect. After `reset` it begins again behind the cursors.
    """

    async def next(self, *, limit: int, wait_seconds: float) -> Sequence[Envelope]:
        """Give coming events, in order within each place; none if none came in that time.

        Everything given before counts as dealt with.
        """

    def owned(self) -> Collection[Place]:
        """Give the places this process may deliver from at the moment."""

    def reset(self) -> None:
        """Forget what was given since the cursors last moved."""

    async def close(self) -> None:
        """Stop taking part; another process may go on behind the cursors."""


class UnknownType(LookupError):
    """An event of a type that its subscription does not name."""


def decode(envelope: Envelope, types: Mapping[str, type[Event]]) -> Event:
    """Read the event; fields it does not know are ignored.

    Raises:
        UnknownType: the subscription does not want this type.
        msgspec.DecodeError, msgspec.ValidationError: the payload is not such an event.
    """
    kind = types.get(envelope.type)
    if kind is None:
        raise UnknownType(envelope.type)
    return msgspec.json.decode(envelope.payload, type=kind)
