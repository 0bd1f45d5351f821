"""Offers that were displayed: counted once per member, offer and day, a second's worth at a time.

A page notes what it shows and waits for nothing. What a process noted in the last second is lost
with it: a count of displays is not worth a write per page.
"""

import asyncio
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import psycopg
import structlog

from hansa.kernel.errors import Unavailable
from hansa.modules.loyalty.offers.counting import Counted, count
from hansa.modules.loyalty.offers.store import showing as store
from hansa.runtime.database import Transaction

if TYPE_CHECKING:
    from hansa.runtime.context import Context

FLUSH_SECONDS = 1.0
WAITING_MAX = 50_000
KNOWN_MAX = 200_000
KEPT_DAYS = 2
FORGOTTEN_AT_ONCE = 20_000

_log = structlog.get_logger(__name__)


class Display(NamedTuple):
    """An offer that a member has seen on a day (UTC)."""

    day: date
    offer_id: UUID
    member_id: UUID


class Showings:
    """What this process has shown and not yet written."""

    def __init__(self, context: "Context") -> None:
        self._database = context.database
        self._waiting: set[Display] = set()
        self._known: set[Display] = set()
        self._noted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_closing = False

    async def start(self) -> None:
        """Write from now on."""
        self._task = asyncio.create_task(self._keep_writing(), name="loyalty-showings")

    async def close(self) -> None:
        """Write what is left and stop."""
        # A pool may swallow a cancellation that comes as it hands a connection out.
        self._is_closing = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._try_to_write()

    def note(self, *, member_id: UUID, offer_ids: Iterable[UUID], now: datetime) -> None:
        """Note that a member sees offers; again on the same day is nothing new."""
        if len(self._known) >= KNOWN_MAX:
            self._known.clear()
        for offer_id in offer_ids:
            display = Display(now.date(), offer_id, member_id)
            if display not in self._known and len(self._waiting) < WAITING_MAX:
                self._known.add(display)
                self._waiting.add(display)
        if self._waiting:
            self._noted.set()

    async def write(self) -> int:
        """Write what waits; give how much of it was not known yet."""
        taken, self._waiting = self._waiting, set()
        if not taken:
            return 0
        try:
            async with self._database.transaction() as tx:
                return await count_displays(tx, displays=taken)
        except BaseException:
            self._waiting |= taken
            raise

    async def _keep_writing(self) -> None:
        while not self._is_closing:
            await self._noted.wait()
            await asyncio.sleep(FLUSH_SECONDS)
            self._noted.clear()
            await self._try_to_write()

    async def _try_to_write(self) -> None:
        try:
            await self.write()
        except (psycopg.Error, Unavailable) as error:
            self._noted.set()
            _log.warning("displays of offers not written yet", error=repr(error))


async def count_displays(tx: Transaction, *, displays: Iterable[Display], slot: int = 0) -> int:
    """Count displays that are not known yet; give how many they are."""
    listed = sorted(displays)
    if not listed:
        return 0
    added = await tx.all(
        store.ADD_DISPLAYS,
        {
            "days": [one.day for one in listed],
            "offer_ids": [one.offer_id for one in listed],
            "member_ids": [one.member_id for one in listed],
        },
    )
    by_day: dict[date, list[Counted]] = {}
    for row in added:
        by_day.setdefault(row.day, []).append(Counted(row.offer_id, shown=row.members))
    for day, counted in sorted(by_day.items()):
        await count(tx, slot=slot, counted=counted, now=datetime.combine(day, time(), UTC))
    return sum(row.members for row in added)


async def forget_displays(tx: Transaction, *, now: datetime) -> int:
    """Forget who has seen what on days that are over; the counts stay."""
    before = now.date() - timedelta(days=KEPT_DAYS)
    return await tx.execute(store.FORGET_DISPLAYS, {"before": before, "limit": FORGOTTEN_AT_ONCE})
