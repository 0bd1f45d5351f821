"""Gathered changes of counters, written at the end of a transaction in one sorted go."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from uuid import UUID

from hansa.contracts.stock import StockChanged
from hansa.modules.stock.model import ZERO
from hansa.modules.stock.store import levels as level_sql
from hansa.runtime.database import Transaction

VARIANTS_PER_EVENT = 500

Feeds = Mapping[str, tuple[str, ...]]


async def load_feeds(tx: Transaction) -> Feeds:
    """Give for each channel those in which its reservations count, itself among them.

    Call it after a lock on the counters or levels: from then on the links cannot change.
    """
    feeds: dict[str, tuple[str, ...]] = {}
    for row in await tx.all(level_sql.FEEDS):
        feeds[row.channel] = (*feeds.get(row.channel, ()), row.linked)
    return feeds


class CounterChanges:
    """What the counters of (variant, channel) are to be changed by.

    They are the hot rows, so they come last: `write` locks them in order, changes them and
    publishes, and the transaction should commit soon after.
    """

    def __init__(self) -> None:
        self._sellable: dict[tuple[UUID, str], Decimal] = defaultdict(lambda: ZERO)
        self._reserved: dict[tuple[UUID, str], Decimal] = defaultdict(lambda: ZERO)

    def sell(self, variant_id: UUID, channel: str, change: Decimal) -> None:
        """Raise or lower what a channel's warehouses count."""
        self._sellable[variant_id, channel] += change

    def reserve(self, variant_id: UUID, channel: str, change: Decimal, *, feeds: Feeds) -> None:
        """Raise or lower what is reserved, in every channel that shares a warehouse."""
        for linked in feeds.get(channel, ()):
            self._reserved[variant_id, linked] += change

    async def write(self, tx: Transaction, *, feeds: Feeds) -> None:
        """Lock and change the counters, tell of every availability that moved."""
        keys = [
            key
            for key in {**self._sellable, **self._reserved}
            if self._sellable.get(key, ZERO) or self._reserved.get(key, ZERO)
        ]
        if not keys:
            return
        await self._lock(tx, feeds)
        written = await tx.execute(
            level_sql.CHANGE_COUNTERS,
            {
                **_named(keys),
                "sellable": [self._sellable.get(key, ZERO) for key in keys],
                "reserved": [self._reserved.get(key, ZERO) for key in keys],
            },
        )
        assert written == len(keys), "a counter is missing"
        moved = (
            (channel, variant_id)
            for variant_id, channel in keys
            if self._sellable.get((variant_id, channel), ZERO)
            != self._reserved.get((variant_id, channel), ZERO)
        )
        await publish_moved(tx, moved)

    async def _lock(self, tx: Transaction, feeds: Feeds) -> None:
        # A channel that sells a variant needs counters in every channel linked with it: so a hold
        # always finds each row it must raise. Where one is missing there was nothing to sell so
        # far, therefore nothing is reserved, and it begins at zero. Only a writer of levels adds
        # any, and there is one at a time.
        needed = {key: None for key, change in self._reserved.items() if change}
        for (variant_id, channel), change in self._sellable.items():
            if change:
                needed.update(dict.fromkeys((variant_id, linked) for linked in feeds[channel]))
        rows = await tx.all(level_sql.LOCK_SOME_COUNTERS, _named(needed))
        if len(rows) < len(needed):
            for row in rows:
                del needed[row.variant_id, row.channel]
            await tx.execute(level_sql.ADD_COUNTERS, _named(needed))


def _named(keys: Iterable[tuple[UUID, str]]) -> dict[str, list[object]]:
    keys = list(keys)
    return {
        "variants": [variant_id for variant_id, _ in keys],
        "channels": [channel for _, channel in keys],
    }


async def publish_moved(tx: Transaction, moved: Iterable[tuple[str, UUID]]) -> None:
    """Publish what changed, by channel, so many variants to an event."""
    by_channel: dict[str, list[UUID]] = defaultdict(list)
    for channel, variant_id in moved:
        by_channel[channel].append(variant_id)
    await tx.publish(
        *(
            StockChanged(
                channel=channel,
                variant_ids=tuple(ids[start : start + VARIANTS_PER_EVENT]),
            )
            for channel, ids in sorted(by_channel.items())
            for start in range(0, len(ids), VARIANTS_PER_EVENT)
        )
    )
