"""Programmes, partners and terms in memory: every posting asks for them. A second old at most."""

import asyncio
from typing import TYPE_CHECKING

import psycopg
import structlog

from hansa.kernel.errors import Unavailable
from hansa.modules.loyalty.programmes.model import Coalition
from hansa.modules.loyalty.programmes.queries import read_coalition

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
        self._task: asyncio.Task[None] | None = None

    @property
    def coalition(self) -> Coalition:
        """All of it."""
        return self._coalition

    async def start(self) -> None:
        """Read and keep on reading."""
        await self.refresh()
        self._task = asyncio.create_task(self._keep_fresh(), name="loyalty-directory")

    async def close(self) -> None:
        """Stop reading."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def refresh(self) -> None:
        """Read now."""
        async with self._database.snapshot() as snap:
            self._coalition = await read_coalition(snap, now=self._now())

    async def _keep_fresh(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            try:
                await self.refresh()
            except (psycopg.Error, Unavailable) as error:
                _log.warning("loyalty directory not refreshed", error=repr(error))
