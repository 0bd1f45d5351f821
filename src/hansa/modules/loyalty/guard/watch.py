"""Rules in memory, for batches of postings, and the way to send codes. A second old at most."""

from collections.abc import Mapping
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from hansa.modules.loyalty.guard.model import QUIET, Rules
from hansa.modules.loyalty.guard.queries import list_rules
from hansa.modules.loyalty.guard.sending import ByTelephone, SendCode
from hansa.runtime.keeping import KeptFresh

if TYPE_CHECKING:
    from hansa.runtime.context import Context

REFRESH_SECONDS = 1.0

_log = structlog.get_logger(__name__)


class Watch:
    """The rules of every programme, as of a second ago; if the database is away, as they were.

    `send_code` is how codes of step-ups leave; whoever can reach members by other ways sets it.
    """

    def __init__(self, context: "Context") -> None:
        self._database = context.database
        self._rules: Mapping[UUID, Rules] = {}
        self._fresh = KeptFresh(self.refresh, name="loyalty.guard", seconds=REFRESH_SECONDS)
        self.send_code: SendCode = ByTelephone(context)

    @property
    def rules(self) -> Mapping[UUID, Rules]:
        """Give the rules by programme; a programme without any watches nothing."""
        return self._rules

    def of(self, programme_id: UUID) -> Rules:
        """Give the rules of a programme."""
        return self._rules.get(programme_id, QUIET)

    async def start(self) -> None:
        """Read and keep on reading."""
        await self._fresh.start()

    async def close(self) -> None:
        """Stop reading."""
        await self._fresh.close()

    async def refresh(self) -> None:
        """Read now."""
        async with self._database.snapshot(single=True) as snap:
            self._rules = await list_rules(snap)
