"""What travels between modules: events (past tense) and jobs (imperative), as typed data."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, published in the transaction that made it so.

    `type` is `module.Name`. Fields are ids and amounts; they are only ever added.
    """

    type: ClassVar[str]

    def key(self) -> str:
        """Name what orders events: those with one key arrive in the order they were published."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Work to be done after the commit, at least once; its handler is idempotent."""

    type: ClassVar[str]
    queue: ClassVar[str] = "default"

    def lock(self) -> str | None:
        """Name what must not run twice at the same time, if anything."""
        return None

    def queueing_lock(self) -> str | None:
        """Name what needs to wait in the queue only once, if anything: a second one is dropped."""
        return None
