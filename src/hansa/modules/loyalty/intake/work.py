"""The jobs of intake, as data."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from hansa.kernel.message import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFeed(Job):
    """Take in what a feed has: go on with runs broken off, then look for more."""

    type: ClassVar[str] = "loyalty.run_feed"
    feed_id: UUID

    def lock(self) -> str | None:
        """One at a time: a source is read in its order."""
        return f"loyalty.run_feed {self.feed_id}"

    def queueing_lock(self) -> str | None:
        """One that waits is enough."""
        return f"loyalty.run_feed {self.feed_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TellPartner(Job):
    """Send a partner what waits to be told."""

    type: ClassVar[str] = "loyalty.tell_partner"
    feed_id: UUID

    def lock(self) -> str | None:
        """One at a time: the partner hears in the order in which things happened."""
        return f"loyalty.tell_partner {self.feed_id}"

    def queueing_lock(self) -> str | None:
        """One that waits is enough."""
        return f"loyalty.tell_partner {self.feed_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TryRefused(Job):
    """Try every refused record of a feed again, by the mapping of now."""

    type: ClassVar[str] = "loyalty.try_refused"
    feed_id: UUID

    def lock(self) -> str | None:
        """One at a time."""
        return f"loyalty.run_feed {self.feed_id}"

    def queueing_lock(self) -> str | None:
        """One that waits is enough."""
        return f"loyalty.try_refused {self.feed_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAtFeeds(Job):
    """Start feeds whose time has come; do what is due of orders, calls and early records."""

    type: ClassVar[str] = "loyalty.look_at_feeds"

    def lock(self) -> str | None:
        """One at a time."""
        return "loyalty.look_at_feeds"

    def queueing_lock(self) -> str | None:
        """One that waits is enough."""
        return "loyalty.look_at_feeds"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetRecords(Job):
    """Remove records older than their feeds keep them."""

    type: ClassVar[str] = "loyalty.forget_records"

    def queueing_lock(self) -> str | None:
        """One that waits is enough."""
        return "loyalty.forget_records"
