"""Events for a database that follows another one, whose tables may arrive later than they do.

An event comes by Kafka, what it tells of by logical replication; neither waits for the other. Each
event says how far the log of the leader was written behind it, and is held back until the follower
has everything up to there.
"""

import asyncio
from collections.abc import Collection, Sequence

from hansa.runtime.database import Database
from hansa.runtime.outbox.envelope import Envelope, Place, Source

_LOOK_SECONDS = 0.01

# What the leader was told to be done with. It follows commits in order and goes on also while
# nothing is published; it is unknown, and so behind, until a subscription that begins has heard of
# its leader. Without any subscription nothing has arrived.
HAS_ARRIVED = """
    select coalesce(bool_and(coalesce(stat.latest_end_lsn >= %(lsn)s::pg_lsn, false)), false)
      from pg_subscription as subscription
      join pg_database as here on here.oid = subscription.subdbid
                              and here.datname = current_database()
      left join pg_stat_subscription as stat on stat.subid = subscription.oid
                                            and stat.relid is null
                                            and stat.leader_pid is null
"""


class FollowingSource:
    """Gives what another source gives, once this database has what it tells of."""

    def __init__(self, database: Database, source: Source) -> None:
        self._database = database
        self._source = source
        self._held: Sequence[Envelope] = ()

    def owned(self) -> Collection[Place]:
        """Give the places of the other source."""
        return self._source.owned()

    def reset(self) -> None:
        """Forget what was given and what is held back."""
        self._held = ()
        self._source.reset()

    async def close(self) -> None:
        """Stop taking part; what is held back was not dealt with."""
        if self._held:
            self.reset()
        await self._source.close()

    async def next(self, *, limit: int, wait_seconds: float) -> Sequence[Envelope]:
        """Give coming events; see `envelope.Source`."""
        if not self._held:
            self._held = await self._source.next(limit=limit, wait_seconds=wait_seconds)
        if not self._held or not await self._have_arrived(wait_seconds):
            return []
        events, self._held = self._held, ()
        return events

    async def _have_arrived(self, wait_seconds: float) -> bool:
        told = [one.written_until for one in self._held if one.written_until]
        if not told:
            return True
        last, clock = max(told, key=_number_of), asyncio.get_running_loop().time
        give_up_at = clock() + wait_seconds
        while not await self._has_arrived(last):
            if clock() > give_up_at:
                return False
            await asyncio.sleep(_LOOK_SECONDS)
        return True

    async def _has_arrived(self, lsn: str) -> bool:
        async with self._database.snapshot(single=True) as snapshot:
            return bool(await snapshot.scalar(HAS_ARRIVED, {"lsn": lsn}))


def _number_of(lsn: str) -> int:
    """Give `16/B374D848` as a number, to compare it by."""
    high, _, low = lsn.partition("/")
    return (int(high, 16) << 32) + int(low, 16)
