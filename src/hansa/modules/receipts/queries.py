"""Reads of receipts."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hansa.modules import parties
from hansa.modules.receipts import store
from hansa.modules.receipts.model import Receipt, ReceiptKind, ReceiptLine, ReceiptNotFound
from hansa.modules.receipts.operations import line_of
from hansa.runtime.database import Row, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptFilter:
    """What to list; `search` is a number, a key or a card, whole."""

    kind: ReceiptKind | None = None
    warehouse_id: UUID | None = None
    search: str = ""
    happened_from: datetime | None = None
    happened_until: datetime | None = None


async def get_receipt(snap: Snapshot, *, receipt_id: UUID) -> Receipt:
    """Give a receipt with its lines.

    Raises:
        ReceiptNotFound: there is none.
    """
    row = await snap.maybe(store.GET_RECEIPT, {"id": receipt_id})
    if row is None:
        raise ReceiptNotFound
    return (await _whole(snap, [row]))[0]


async def list_returns(snap: Snapshot, *, receipt_id: UUID) -> list[Receipt]:
    """Give the returns of a sale, the first one first."""
    return await _whole(snap, await snap.all(store.RETURNS_OF, {"sale_id": receipt_id}))


async def list_receipts(
    snap: Snapshot,
    *,
    chosen: ReceiptFilter,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[Receipt]:
    """Give receipts, the latest first; `after` is (instant, id) of the last one seen."""
    rows = await snap.all(
        store.LIST_RECEIPTS,
        {
            "kind": chosen.kind,
            "warehouse_id": chosen.warehouse_id,
            "search": chosen.search.strip() or None,
            "from": chosen.happened_from,
            "until": chosen.happened_until,
            "after_at": after[0] if after else None,
            "after_id": after[1] if after else None,
            "limit": limit,
        },
    )
    return await _whole(snap, rows)


async def list_of_party(
    snap: Snapshot,
    *,
    party_id: UUID,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[Receipt]:
    """Give what a person bought and brought back in shops, the latest first.

    Theirs is what a till recorded for them, and what was shown one of their cards, also before the
    card was known to be theirs.
    """
    party = await parties.get_party(snap, party_id=party_id)
    cards = [one.value for one in party.identifiers if one.kind == parties.IdentifierKind.CARD]
    rows = await snap.all(
        store.LIST_OF_PARTY,
        {
            "parties": list({party_id, party.id}),
            "cards": cards,
            "after_at": after[0] if after else None,
            "after_id": after[1] if after else None,
            "limit": limit,
        },
    )
    return await _whole(snap, rows)


async def _whole(snap: Snapshot, rows: Sequence[Row]) -> list[Receipt]:
    lines: dict[UUID, list[ReceiptLine]] = defaultdict(list)
    if rows:
        for row in await snap.all(store.LINES_OF, {"ids": [row.id for row in rows]}):
            lines[row.receipt_id].append(line_of(row._asdict()))
    return [
        Receipt(
            **{**row._asdict(), "kind": ReceiptKind(row.kind)},
            lines=tuple(lines[row.id]),
        )
        for row in rows
    ]
