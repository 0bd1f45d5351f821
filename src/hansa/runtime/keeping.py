"""Keeping something that is held in memory fresh: read again every so often, until closed."""

import asyncio
from collections.abc import Awaitable, Callable

import psycopg
import structlog

from hansa.kernel.errors import Unavailable

_log = structlog.get_logger(__name__)
CANCEL_AGAIN_SECONDS = 1.0


class KeptFresh:
    """Calls `refresh` every `seconds`; a database that is away is told of and asked again later."""

    def __init__(
        self, refresh: Callable[[], Awaitable[None]], *, name: str, seconds: float
    ) -> None:
        self._refresh = refresh
        self._name = name
        self._seconds = seconds
        self._task: asyncio.Task[None] | None = None
        self._is_closing = False

    async def start(self) -> None:
        """Read now, then keep on reading.

        Raises:
            psycopg.Error, Unavailable: the first reading failed.
        """
        await self._refresh()
        self._task = asyncio.create_task(self._run(), name=f"fresh-{self._name}")

    async def close(self) -> None:
        """Stop reading.

        Waiting for a connection may swallow a cancellation (`asyncio.wait_for` of Python 3.11 does
        when it comes together with the answer), so once is not always enough.
        """
        self._is_closing = True
        while self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task], timeout=CANCEL_AGAIN_SECONDS)

    async def _run(self) -> None:
        while not self._is_closing:
            await asyncio.sleep(self._seconds)
            try:
                await self._refresh()
            except (psycopg.Error, Unavailable) as error:
                _log.warning("not refreshed", what=self._name, error=repr(error))
