"""Counters of how offers go, split by slot, and places of offers for so many."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from hansa.modules.loyalty import members
from hansa.modules.loyalty.offers.store import directory as store
from hansa.runtime.database import Transaction

IN_ALL = date(1, 1, 1)
"""The day under which places are counted that are limited in all."""


class Counted(NamedTuple):
    """What happened with an offer; differences, which may be below zero."""

    offer_id: UUID
    shown: int = 0
    switched_on: int = 0
    completed: int = 0
    uses: int = 0
    points: int = 0
    amount_minor: int = 0


async def count(tx: Transaction, *, slot: int, counted: Iterable[Counted], now: datetime) -> None:
    """Add to the counters of the day (UTC)."""
    listed = list(counted)
    if not listed:
        return
    await tx.execute(
        store.COUNT,
        {
            "slot": slot,
            "offer_ids": [one.offer_id for one in listed],
            "days": [now.date()] * len(listed),
            "shown": [one.shown for one in listed],
            "switched_on": [one.switched_on for one in listed],
            "completed": [one.completed for one in listed],
            "uses": [one.uses for one in listed],
            "points": [one.points for one in listed],
            "amounts": [one.amount_minor for one in listed],
        },
    )


class Mark(NamedTuple):
    """How places stood."""

    taken: dict[tuple[UUID, date], int]
    changed: dict[tuple[UUID, date], int]


class Places:
    """Places of offers limited in all or by day, locked while a transaction gives them out."""

    def __init__(self, taken: dict[tuple[UUID, date], int], today: date) -> None:
        self._taken = taken
        self._today = today
        self._changed: dict[tuple[UUID, date], int] = {}

    @classmethod
    async def lock(cls, tx: Transaction, *, offer_ids: Iterable[UUID], now: datetime) -> "Places":
        """Lock the places of offers, in order."""
        today = now.date()
        wanted = sorted({(one, day) for one in offer_ids for day in (IN_ALL, today)})
        if not wanted:
            return cls({}, today)
        rows = await tx.all(
            store.LOCK_TAKEN,
            {"offer_ids": [one for one, _ in wanted], "days": [day for _, day in wanted]},
        )
        return cls({(row.offer_id, row.day): row.taken for row in rows}, today)

    def take(self, offer_id: UUID, *, total: int | None, per_day: int | None) -> bool:
        """Take a place, if one is left."""
        for day, limit in ((IN_ALL, total), (self._today, per_day)):
            # A cell of several gives out what its buckets are of the whole.
            if limit is not None and self._taken[offer_id, day] >= members.share_of(limit):
                return False
        for day in (IN_ALL, self._today):
            self._add(offer_id, day, 1)
        return True

    def give_back(self, offer_id: UUID) -> None:
        """Give a place back that is not needed any more; the day has had it."""
        self._add(offer_id, IN_ALL, -1)

    def mark(self) -> "Mark":
        """Remember how it stands."""
        return Mark(dict(self._taken), dict(self._changed))

    def go_back(self, mark: "Mark") -> None:
        """Forget what was taken and given back since."""
        self._taken, self._changed = dict(mark.taken), dict(mark.changed)

    async def save(self, tx: Transaction) -> None:
        """Write what was taken and given back."""
        if self._changed:
            await tx.execute(
                store.TAKE,
                {
                    "offer_ids": [one for one, _ in self._changed],
                    "days": [day for _, day in self._changed],
                    "places": list(self._changed.values()),
                },
            )

    def _add(self, offer_id: UUID, day: date, places: int) -> None:
        key = offer_id, day
        self._taken[key] = max(self._taken[key] + places, 0)
        self._changed[key] = self._changed.get(key, 0) + places
