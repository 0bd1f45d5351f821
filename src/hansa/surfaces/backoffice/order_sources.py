"""Where the goods of an order come from, and whether its shops have confirmed them."""

from typing import Any
from uuid import UUID

from hansa.kernel.text import pick
from hansa.modules import fulfilment, stock
from hansa.modules.orders import Order
from hansa.runtime.database import Snapshot
from hansa.runtime.html.formats import format_moment, format_number
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.fulfilment_words import CASE_STATES, CASES, PART_STATES
from hansa.surfaces.backoffice.presenting import words, zone_of


async def sourcing_of(request: Request, snap: Snapshot, order: Order) -> dict[str, Any] | None:
    """Give state, deadline and parts of an order's search; None before it has begun."""
    progress = await fulfilment.progress_of(snap, order_id=order.id)
    if progress is None:
        return None
    found = (await fulfilment.allocations_of(snap, order_ids=[order.id])).get(order.id, ())
    names = {one.id: pick(one.name, request.language) for one in await stock.list_warehouses(snap)}
    label, tone = CASE_STATES[progress.state]
    return {
        "state": words(request)(label),
        "tone": tone,
        "answer_by": format_moment(progress.answer_by, request.language, zone_of(request)),
        "parts": [_part(request, order, names, one) for one in found],
        "url": f"{CASES}/{order.id}",
    }


def _part(
    request: Request, order: Order, names: dict[UUID, str], one: fulfilment.Allocation
) -> dict[str, str]:
    sold = {line.variant_id: line for line in order.lines}
    line = sold.get(one.variant_id)
    label, tone = PART_STATES[one.state]
    return {
        "name": "" if line is None else f"{pick(line.name, request.language)} · {line.sku}",
        "quantity": format_number(one.quantity, request.language),
        "warehouse": names.get(one.warehouse_id, ""),
        "state": words(request)(label),
        "tone": tone,
    }
