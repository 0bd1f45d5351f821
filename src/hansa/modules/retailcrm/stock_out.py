"""Stock per store: what changed, in as few calls as possible."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from hansa.modules import stock
from hansa.modules.retailcrm.client import CrmRefused
from hansa.modules.retailcrm.model import STOCK_MAX, Kind
from hansa.modules.retailcrm.side import Side
from hansa.modules.retailcrm.store import queues, shelves
from hansa.runtime.database import Row, Snapshot

Numbers = dict[str, str]


async def send_stock(side: Side) -> bool:
    """Tell the CRM what each store could hand out of goods that changed; False if none did.

    Many changes of an item in a moment are one number; a number the CRM has is not sent again.
    """
    if not side.connection.options.stores or not side.connection.options.sends_stock:
        return False
    async with side.context.database.snapshot() as snap:
        rows = await snap.all(
            shelves.NEXT_STOCK, {"connection_id": side.connection.id, "limit": STOCK_MAX}
        )
        numbers = await _numbers(snap, side, [row.variant_id for row in rows])
    if not rows:
        return False
    offers = [_offer(row, numbers[row.variant_id]) for row in rows]
    told = [one for one in offers if one["stores"]]
    unknown: frozenset[str] = frozenset()
    try:
        unknown = await side.crm.upload_stock(told) if told else unknown
    except CrmRefused as refusal:
        await _note_refused(side, refusal)
        unknown = frozenset(one["externalId"] for one in told)
    await _keep(side, rows, numbers, unknown)
    return True


async def _numbers(snap: Snapshot, side: Side, variant_ids: Sequence[UUID]) -> dict[UUID, Numbers]:
    """Give what each store of the CRM could hand out, as text."""
    stores = side.connection.options.stores
    most: dict[UUID, dict[UUID, Decimal]] = defaultdict(dict)
    for market in side.connection.sites:
        found = await stock.availability_by_warehouse(snap, variant_ids=variant_ids, channel=market)
        for variant_id, by_warehouse in found.items():
            for warehouse_id, count in by_warehouse.items():
                held = most[variant_id].get(warehouse_id, count)
                most[variant_id][warehouse_id] = max(held, count)
    numbers: dict[UUID, Numbers] = {}
    for variant_id in variant_ids:
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for warehouse_id, count in most[variant_id].items():
            code = stores.get(str(warehouse_id))
            if code is not None:
                sums[code] += count
        numbers[variant_id] = {code: f"{count.normalize():f}" for code, count in sums.items()}
    return numbers


async def _note_refused(side: Side, refusal: CrmRefused) -> None:
    """Tell a person; the numbers are told again when they change, and orders do not wait."""
    async with side.context.database.transaction() as tx:
        await queues.add_refusal(
            tx,
            side.connection.id,
            kind=Kind.STOCK,
            crm_id=0,
            code="stock_refused",
            message="RetailCRM refused stock: {reason}.",
            facts={"reason": refusal.reason},
            now=side.now,
        )


def _offer(row: Row, numbers: Mapping[str, str]) -> dict[str, Any]:
    changed = {code: count for code, count in numbers.items() if row.sent.get(code) != count}
    return {
        "externalId": str(row.variant_id),
        "stores": [
            {"code": code, "available": float(count)} for code, count in sorted(changed.items())
        ],
    }


async def _keep(
    side: Side, rows: Sequence[Row], numbers: Mapping[UUID, Numbers], unknown: frozenset[str]
) -> None:
    # An item the CRM does not know keeps nothing as sent: it is told whole when it changes again.
    sent = [{} if str(row.variant_id) in unknown else numbers[row.variant_id] for row in rows]
    async with side.context.database.transaction() as tx:
        await tx.execute(
            shelves.SAVE_STOCK,
            {
                "connection_id": side.connection.id,
                "ids": [row.variant_id for row in rows],
                "versions": [row.version for row in rows],
                "sent": [Jsonb({**row.sent, **one}) for row, one in zip(rows, sent, strict=True)],
                "unknown": [str(row.variant_id) in unknown for row in rows],
            },
        )
