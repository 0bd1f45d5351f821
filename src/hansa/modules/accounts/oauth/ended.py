"""What has ended within the life of a token, in memory: one short list per process.

A token is refused if its client, its secret or key, or the terms it was given under are in the
list. The list is read again when somebody asks and it is older than half a second, without making
them wait; only a list older than two seconds is waited for. Nothing is read while nobody asks.
"""

import asyncio
import time
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import structlog

from hansa.kernel.errors import Unavailable
from hansa.modules.accounts.oauth import store
from hansa.modules.accounts.oauth.tokens import LIFETIME

if TYPE_CHECKING:
    from hansa.runtime.context import Context

FRESH_SECONDS = 0.5
STALE_SECONDS = 2.0
# Clocks of the machines may differ, and whoever ends something may take a while to commit.
KEPT = LIFETIME + timedelta(minutes=15)

_log = structlog.get_logger(__name__)


class Ended:
    """The list of one process."""

    def __init__(self, context: "Context") -> None:
        self._context = context
        self._ids: frozenset[UUID] = frozenset()
        self._read_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None

    async def ids(self) -> frozenset[UUID]:
        """Give the list, two seconds old at most.

        Raises:
            Unavailable: it cannot be read; whoever may have been shut out is not let in.
        """
        age = time.monotonic() - self._read_at
        if age > FRESH_SECONDS and self._reading is None:
            self._reading = asyncio.create_task(self._read(), name="oauth-ended")
        if age > STALE_SECONDS:
            if self._reading is not None:
                await asyncio.shield(self._reading)
            if time.monotonic() - self._read_at > STALE_SECONDS:
                raise Unavailable
        return self._ids

    async def close(self) -> None:
        """Stop reading."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _read(self) -> None:
        began = time.monotonic()
        since = self._context.clock.now() - KEPT
        try:
            async with self._context.database.snapshot(single=True) as snap:
                rows = await snap.all(store.READ_ENDED, {"since": since})
            self._ids = frozenset(row.id for row in rows)
            self._read_at = began
        except (psycopg.Error, Unavailable) as error:
            _log.warning("list of ended clients not read", error=repr(error))
        finally:
            self._reading = None
