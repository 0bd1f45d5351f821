"""Derived numbers put right: a repair that should never be needed, and shows itself before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from hansa.modules import accounts
from hansa.modules.stock.model import ZERO
from hansa.modules.stock.operations.changes import publish_moved
from hansa.modules.stock.operations.warehouses import rebuild_counters
from hansa.modules.stock.store import checking
from hansa.modules.stock.store import levels as level_sql
from hansa.modules.stock.store import repairing as sql
from hansa.runtime.database import Row, Snapshot, Transaction
from hansa.runtime.http import Actor

AUDITED_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A derived number that is not what it is derived from.

    `number` is `sellable` or `reserved` of a channel, or `reserved` or `withheld` of a warehouse,
    or `links`, which have no variant: what is to be rebuilt then is everything of the channels.
    """

    number: str
    variant_id: UUID | None
    channel: str | None
    warehouse_id: UUID | None
    found: Decimal
    right: Decimal


async def find_differences(snap: Snapshot, *, limit: int | None = None) -> list[Difference]:
    """Give every derived number that is wrong and what it would be set to; nothing is written."""
    asked = {"limit": limit}
    links = [
        Difference(
            number="links",
            variant_id=None,
            channel=f"{row.channel} - {row.linked}",
            warehouse_id=None,
            found=ZERO,
            right=ZERO,
        )
        for row in await snap.all(checking.LINKS_DIFFER, asked)
    ]
    shelves = await snap.all(checking.SHELVES_DIFFER, asked)
    counters = await snap.all(checking.COUNTERS_DIFFER, asked)
    return [*links, *_of_shelves(shelves), *_of_counters(counters)]


async def repair_shelves(tx: Transaction, *, now: datetime, by: Actor | None) -> list[Difference]:
    """Set what warehouses have reserved and withheld to what it is derived from.

    Call `repair_counters` after it, in a transaction of its own: holds lock shelves before
    counters, so one transaction cannot stop both.
    """
    await tx.execute(level_sql.LOCK_WRITING_OF_LEVELS)
    rows = await tx.all(checking.SHELVES_DIFFER, {"limit": None})
    keys = {
        "variants": [row.variant_id for row in rows],
        "warehouses": [row.warehouse_id for row in rows],
    }
    if rows:
        await tx.execute(sql.ADD_SHELVES, keys)
        await tx.all(sql.LOCK_SHELVES, keys)
        wrong = {(row.variant_id, row.warehouse_id) for row in rows}
        # Nobody changes these shelves any more; the others are as they were or none of our concern.
        rows = [
            row
            for row in await tx.all(checking.SHELVES_DIFFER, {"limit": None})
            if (row.variant_id, row.warehouse_id) in wrong
        ]
    await tx.execute(
        sql.FIX_SHELVES,
        {
            "variants": [row.variant_id for row in rows],
            "warehouses": [row.warehouse_id for row in rows],
            "reserved": [row.reserved_true for row in rows],
            "withheld": [row.withheld_true for row in rows],
        },
    )
    found = _of_shelves(rows)
    await _tell(tx, found, "shelves", now=now, by=by)
    return found


async def repair_counters(tx: Transaction, *, now: datetime, by: Actor | None) -> list[Difference]:
    """Set what channels may sell and have reserved to what it is derived from.

    While it looks, reservations and imports wait; readers do not. Wrong links between channels are
    made anew, and with them all counters.
    """
    await tx.execute(level_sql.LOCK_WRITING_OF_LEVELS)
    await tx.execute(level_sql.LOCK_ALL_COUNTERS)
    found = [one for one in await find_differences(tx) if one.warehouse_id is None]
    if any(one.number == "links" for one in found):
        await rebuild_counters(tx)
    else:
        rows = await tx.all(checking.COUNTERS_DIFFER, {"limit": None})
        await tx.execute(
            sql.FIX_COUNTERS,
            {
                "variants": [row.variant_id for row in rows],
                "channels": [row.channel for row in rows],
                "sellable": [_or_zero(row.sellable_true) for row in rows],
                "reserved": [_or_zero(row.reserved_true) for row in rows],
            },
        )
        await publish_moved(tx, ((row.channel, row.variant_id) for row in rows))
    await _tell(tx, found, "counters", now=now, by=by)
    return found


def _of_shelves(rows: Sequence[Row]) -> list[Difference]:
    return [
        Difference(
            number=number,
            variant_id=row.variant_id,
            channel=None,
            warehouse_id=row.warehouse_id,
            found=_or_zero(found),
            right=right,
        )
        for row in rows
        for number, found, right in (
            ("reserved", row.reserved, row.reserved_true),
            ("withheld", row.withheld, row.withheld_true),
        )
        if _or_zero(found) != right
    ]


def _of_counters(rows: Sequence[Row]) -> list[Difference]:
    return [
        Difference(
            number=number,
            variant_id=row.variant_id,
            channel=row.channel,
            warehouse_id=None,
            found=_or_zero(found),
            right=_or_zero(right),
        )
        for row in rows
        for number, found, right in (
            ("sellable", row.sellable, row.sellable_true),
            ("reserved", row.reserved, row.reserved_true),
        )
        if _or_zero(found) != _or_zero(right)
    ]


def _or_zero(number: Decimal | None) -> Decimal:
    return ZERO if number is None else number


async def _tell(
    tx: Transaction,
    found: Sequence[Difference],
    what: str,
    *,
    now: datetime,
    by: Actor | None,
) -> None:
    told = [one for one in found if one.variant_id is not None]
    await tx.execute(
        sql.TELL_REPAIRED,
        {
            "variants": [one.variant_id for one in told],
            "warehouses": [one.warehouse_id for one in told],
            "channels": [one.channel for one in told],
            "notes": [_words(one) for one in told],
            "now": now,
            "by": by and by.id,
        },
    )
    if found:
        await accounts.record(
            tx,
            actor=by,
            action="stock.repair",
            subject_kind="stock",
            subject_id=what,
            before={_where(one): f"{one.found.normalize():f}" for one in found[:AUDITED_MAX]},
            after={_where(one): f"{one.right.normalize():f}" for one in found[:AUDITED_MAX]},
            now=now,
        )


def _where(one: Difference) -> str:
    return f"{one.number} {one.variant_id} {one.channel or one.warehouse_id}"


def _words(one: Difference) -> str:
    return f"{one.number}: {one.found.normalize():f} -> {one.right.normalize():f}"
