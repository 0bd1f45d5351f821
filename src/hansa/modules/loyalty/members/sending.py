"""The way codes leave: a port, to which whoever can reach telephones is plugged in.

Where nothing is, the demo and development show codes in a table, and production refuses to begin.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from hansa.modules.loyalty.members.faults import CodesNotSent
from hansa.modules.loyalty.members.store import signing_in as store
from hansa.runtime.context import Context
from hansa.runtime.database import Snapshot

SHOWN_FOR = timedelta(hours=1)
PRODUCTION = "production"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeMessage:
    """A code and where it goes; `challenge_id` is the same when it is sent again."""

    challenge_id: UUID
    phone: str = field(repr=False)
    code: str = field(repr=False)
    language: str


class CodeSender(Protocol):
    """Sends codes, for example by SMS; called in a job, outside any transaction."""

    async def send(self, context: Context, message: CodeMessage) -> None:
        """Send a code; whatever it raises, the job is tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCode:
    """A code in the table of the demo."""

    id: UUID
    phone: str = field(repr=False)
    code: str = field(repr=False)
    shown_at: datetime


class ShownCodes:
    """Writes codes where a person at the demo can read them."""

    async def send(self, context: Context, message: CodeMessage) -> None:
        """Write it, and forget old ones."""
        now = context.clock.now()
        async with context.database.transaction() as tx:
            await tx.execute(store.FORGET_SHOWN, {"before": now - SHOWN_FOR})
            await tx.execute(
                store.SHOW_CODE,
                {
                    "id": message.challenge_id,
                    "phone": message.phone,
                    "code": message.code,
                    "now": now,
                },
            )


class Codes:
    """How this process sends codes. Whoever can send by other ways sets `sender` when it starts."""

    def __init__(self, context: Context) -> None:
        self._is_production = context.settings.environment == PRODUCTION
        self.sender: CodeSender = ShownCodes()

    async def start(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """Nothing is open."""

    def check(self) -> None:
        """See that codes can be sent.

        Raises:
            CodesNotSent: in production nothing is plugged in.
        """
        if self._is_production and isinstance(self.sender, ShownCodes):
            raise CodesNotSent


async def list_shown_codes(snap: Snapshot, *, limit: int = 20) -> tuple[ShownCode, ...]:
    """Give the codes of the demo, the latest first."""
    rows = await snap.all(store.LIST_SHOWN, {"limit": limit})
    return tuple(ShownCode(**row._asdict()) for row in rows)
