"""Programmes, partners and terms in memory: every posting asks for them. A second old at most."""

from typing import TYPE_CHECKING

import structlog

from hansa.modules.loyalty.programmes.model import Coalition
from hansa.modules.loyalty.programmes.queries import read_coalition
from hansa.runtime.keeping import KeptFresh

if TYPE_CHECKING:
    from hansa.runtime.context import Context

REFRESH_SECONDS = 1.0

_log = structlog.get_logger(__name__)


class Directory:
    """What is agreed, as of a second ago; if the database is away, as it was."""

    def __init__(self, context: "Context") -> None:
        self._database = context.database
        self._now = context.clock.now
        self._coalition = Coalition(programmes={}, partners={}, terms={}, read_at=self._now())
        self._fresh = KeptFresh(self.refresh, name="loyalty.directory", seconds=REFRESH_SECONDS)

    @property
    def coalition(self) -> Coalition:
        """All of it."""
        return self._coalition

    async def start(self) -> None:
        """Read and keep on reading."""
        await self._fresh.start()

    async def close(self) -> None:
        """Stop reading."""
        await self._fresh.close()

    async def refresh(self) -> None:
        """Read now."""
        async with self._database.snapshot() as snap:
            self._coalition = await read_coalition(snap, now=self._now())
