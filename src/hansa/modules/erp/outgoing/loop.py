"""The loop `erp.outgoing`: a sender for each connection that has a queue, for as long as it has."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

import structlog

from hansa.modules.erp import rows
from hansa.modules.erp.model import Connection
from hansa.modules.erp.outgoing.kafka import KafkaSender
from hansa.modules.erp.outgoing.model import Outgoing, Transport
from hansa.modules.erp.outgoing.queue import list_outgoings
from hansa.modules.erp.outgoing.sender import Sender
from hansa.modules.erp.store import exchange as exchange_sql
from hansa.runtime.context import Context
from hansa.runtime.outbox.locks import dedicated_connection

_LOOK_SECONDS = 2.0
_NOTICE_SECONDS = 0.5
_PAUSE_SECONDS_MAX = 30.0

_log = structlog.get_logger(__name__)


class AnySender(Protocol):
    """Sends the messages of a connection until it is stopped."""

    outgoing: Outgoing

    def ring(self) -> None:
        """Look for messages now."""

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop`."""


class _Running:
    """A sender with the task that keeps it running."""

    def __init__(self, context: Context, connection: Connection, outgoing: Outgoing) -> None:
        self.connection = connection
        self.stop = asyncio.Event()
        is_kafka = outgoing.transport is Transport.KAFKA
        made: Callable[[Context, Connection, Outgoing], AnySender]
        made = KafkaSender if is_kafka else Sender
        self._make: Callable[[], AnySender] = lambda: made(context, connection, outgoing)
        self.outgoing = outgoing
        self.sender: AnySender = self._make()
        self.task = asyncio.create_task(self._keep(), name=f"erp-sender-{connection.code}")

    async def _keep(self) -> None:
        """Run the sender; after a fault a new one: one connection's never ends another's."""
        pause = 0.2
        while not self.stop.is_set():
            began = asyncio.get_running_loop().time()
            try:
                await self.sender.run(self.stop)
            except Exception as error:  # noqa: BLE001 - supervised: logged, waited out, begun again
                _log.warning("a sender failed and begins again", error=repr(error),
                             connection=self.connection.code)  # fmt: skip
                if asyncio.get_running_loop().time() - began > _PAUSE_SECONDS_MAX:
                    pause = 0.2
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.stop.wait(), pause)
                pause = min(pause * 2, _PAUSE_SECONDS_MAX)
                self.sender = self._make()


async def run(context: Context, stop: asyncio.Event) -> None:
    """Send the messages of all connections until `stop`; raises what the database raises."""
    running: dict[object, _Running] = {}
    try:
        async with dedicated_connection(context.database.dsn, "hansa erp bell") as connection:
            await connection.execute("listen hansa_erp")
            looked_at = float("-inf")
            clock = asyncio.get_running_loop().time
            while not stop.is_set():
                if clock() - looked_at > _LOOK_SECONDS:
                    await _follow_settings(context, running)
                    looked_at = clock()
                async for notice in connection.notifies(timeout=_NOTICE_SECONDS, stop_after=1):
                    if notice.payload:
                        looked_at = float("-inf")
                    for one in running.values():
                        one.sender.ring()
    except asyncio.CancelledError:
        # The lock is gone, or the time to finish is over: another may be sending already.
        for one in running.values():
            one.task.cancel()
        raise
    finally:
        for one in running.values():
            one.stop.set()
            one.sender.ring()
        await asyncio.gather(*(one.task for one in running.values()), return_exceptions=True)


async def _follow_settings(context: Context, running: dict[object, _Running]) -> None:
    """Begin senders of new connections, end those of old ones, renew those of changed ones."""
    async with context.database.snapshot() as snap:
        outgoings = {one.connection_id: one for one in await list_outgoings(snap) if one.is_active}
        connections = {
            row.id: rows.connection_of(row)
            for row in await snap.all(exchange_sql.CONNECTIONS)
            if row.is_active
        }
    wanted = {one: connections[one] for one in outgoings if one in connections}
    for known, one in list(running.items()):
        if known not in wanted or one.outgoing != outgoings[one.connection.id]:
            one.stop.set()
            one.sender.ring()
            if one.task.done():  # its calls end first: a subject has one call at a time
                del running[known]
    for connection_id, connection in wanted.items():
        if connection_id not in running:
            running[connection_id] = _Running(context, connection, outgoings[connection_id])
