"""The window of sale of products: set by whoever releases them, beside their publication."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from hansa.modules.catalog import operations, store_windows
from hansa.runtime.database import Transaction


class SaleWindow(NamedTuple):
    """From when (included) until when (excluded) a product may be shown and sold; None: open."""

    sale_from: datetime | None
    sale_until: datetime | None


async def set_sale_windows(
    tx: Transaction, *, windows: Mapping[UUID, SaleWindow], now: datetime
) -> None:
    """Set the windows of some products; nothing else of them changes, and no import changes this.

    Whatever shows products looks at the instant itself, so nothing has to run when one opens.
    """
    ids = sorted(windows)
    await tx.execute(store_windows.LOCK, {"ids": ids})
    changed = await tx.all(
        store_windows.SET,
        {
            "ids": ids,
            "sale_from": [windows[product_id].sale_from for product_id in ids],
            "sale_until": [windows[product_id].sale_until for product_id in ids],
            "now": now,
        },
    )
    await operations.publish_changed(tx, [row.id for row in changed])
