"""Keeps the counts of a process in step with the database."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from time import monotonic

from hansa.modules.search.counts import Counts
from hansa.modules.search.store import counting
from hansa.runtime.database import Database, Snapshot

FOLLOW_SECONDS = 2.0
FORGET_SECONDS = 300.0
"""After so long without following, everything is read anew: the log of changes is pruned."""

_CHUNK = 4_000
_ALL_AT_ONCE = 20_000


class CountsKeeper:
    """Loads the counts when they are first asked for, and follows changes from then on."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now
        self._counts: Counts | None = None
        self._horizon = "0"
        self._followed_at = float("-inf")
        self._lock = asyncio.Lock()

    async def counts(self) -> Counts:
        """Give the counts, at most a little over `FOLLOW_SECONDS` behind the database."""
        if self._counts is None:
            async with self._lock:
                if self._counts is None:
                    await self._load()
        assert self._counts is not None, "loading leaves counts"
        self._counts.turn(self._now())
        return self._counts

    @property
    def is_loaded(self) -> bool:
        """Say whether there is anything to follow for."""
        return self._counts is not None

    async def follow(self) -> None:
        """Take in what changed since the last time; nothing before the counts were asked for."""
        async with self._lock:
            if self._counts is None:
                return
            if monotonic() - self._followed_at > FORGET_SECONDS:
                await self._load()
                return
            began = monotonic()
            async with self._database.snapshot() as snap:
                horizon = await snap.scalar(counting.HORIZON)
                changed = await snap.all(counting.CHANGED_PRODUCTS, {"since": self._horizon})
                if len(changed) > _ALL_AT_ONCE:
                    self._followed_at = float("-inf")
                else:
                    await self._take_in(snap, self._counts, [row.product for row in changed])
                    self._horizon, self._followed_at = horizon, began
            if self._followed_at != began:
                await self._load()

    async def _take_in(self, snap: Snapshot, counts: Counts, numbers: list[int]) -> None:
        if not numbers:
            return
        for start in range(0, len(numbers), _CHUNK):
            some = {"products": numbers[start : start + _CHUNK]}
            products = await snap.all(counting.SOME_PRODUCTS, some)
            entries = await snap.all(counting.SOME_ENTRIES, some)
            counts.remove_products(some["products"])
            counts.add_products(products)
            counts.add_entries(entries, self._now())
        await self._take_tree(snap, counts)
        counts.version += 1

    async def _take_tree(self, snap: Snapshot, counts: Counts) -> None:
        counts.set_tree(await snap.all(counting.CATEGORIES))
        counts.set_facets(await snap.all(counting.FACETS))

    async def _load(self) -> None:
        began = monotonic()
        counts = Counts(version=0 if self._counts is None else self._counts.version + 1)
        async with self._database.snapshot() as snap:
            horizon = await snap.scalar(counting.HORIZON)
            await self._take_tree(snap, counts)
            after = 0
            while rows := await snap.all(counting.PRODUCTS, {"after": after, "limit": _CHUNK}):
                counts.add_products(rows)
                after = rows[-1].id
            last = (0, 0)
            while entries := await snap.all(
                counting.ENTRIES, {"after": last[0], "after_profile": last[1], "limit": _CHUNK}
            ):
                counts.add_entries(entries, self._now())
                last = (entries[-1].product, entries[-1].profile)
        self._counts, self._horizon, self._followed_at = counts, horizon, began
