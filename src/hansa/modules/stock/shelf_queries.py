"""Reads of shelves: what lies there, who is bound to it, and what shops say is not there."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from hansa.modules.stock.operations.corrections import correction_of
from hansa.modules.stock.shelf import BoundPart, Correction, CorrectionNotFound, Shelf
from hansa.modules.stock.store import shelves as sql
from hansa.runtime.database import Snapshot


async def list_bindings(snap: Snapshot, *, order_ids: Sequence[UUID]) -> list[BoundPart]:
    """Give what of these orders is bound to which shelf, also by a hold made for one warehouse."""
    rows = await snap.all(sql.LIST_BINDINGS, {"order_ids": list(order_ids)})
    return [BoundPart(**row._asdict()) for row in rows]


async def shelves(snap: Snapshot, *, channel: str, variant_ids: Sequence[UUID]) -> list[Shelf]:
    """Give what each warehouse of the channel has of the variants, and how many may be bound."""
    rows = await snap.all(sql.SHELVES, {"channel": channel, "variants": list(variant_ids)})
    return [Shelf(**row._asdict()) for row in rows]


async def list_corrections(
    snap: Snapshot,
    *,
    variant_id: UUID | None = None,
    warehouse_id: UUID | None = None,
    is_open: bool = True,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 100,
) -> list[Correction]:
    """Give corrections, newest first; `after` is instant and id of the last one seen."""
    rows = await snap.all(
        sql.LIST_CORRECTIONS,
        {
            "variant_id": variant_id,
            "warehouse_id": warehouse_id,
            "is_open": is_open,
            "after_at": after[0] if after else None,
            "after_id": after[1] if after else None,
            "limit": limit,
        },
    )
    return [correction_of(row) for row in rows]


async def get_correction(snap: Snapshot, *, correction_id: UUID) -> Correction:
    """Give a correction.

    Raises:
        CorrectionNotFound: there is none.
    """
    row = await snap.maybe(sql.CORRECTION, {"id": correction_id, "reference": None})
    if row is None:
        raise CorrectionNotFound(correction_id)
    return correction_of(row)
