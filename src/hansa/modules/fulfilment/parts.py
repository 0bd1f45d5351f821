"""Parts of a case: how they are made and kept."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from hansa.kernel.identifiers import new_id
from hansa.modules import orders
from hansa.modules.fulfilment import rows
from hansa.modules.fulfilment.locked import LockedCase, Part
from hansa.modules.fulfilment.model import PartState
from hansa.modules.fulfilment.store import cases as sql
from hansa.runtime.database import Transaction


def items_of(order: orders.Order) -> dict[UUID, dict[str, Any]]:
    """Give how each item of an order is called, for people who look for it."""
    return {
        line.variant_id: {
            "sku": line.sku,
            "name": dict(line.name),
            "options": {key: dict(text) for key, text in line.options.items()},
            "image": line.image,
        }
        for line in order.lines
    }


def new_part(
    variant_id: UUID,
    warehouse_id: UUID,
    quantity: Decimal,
    items: Mapping[UUID, Mapping[str, Any]],
    state: PartState,
    *,
    now: datetime,
) -> Part:
    """Make a part that is not kept yet."""
    return Part(
        id=new_id(now),
        variant_id=variant_id,
        warehouse_id=warehouse_id,
        state=state,
        asked=quantity,
        quantity=quantity,
        lane=0,
        is_bound=True,
        question_id=None,
        number=0,
        item=items.get(variant_id, {}),
        made_at=now,
        found=None,
        defective=None,
        missing=None,
    )


async def add_part(tx: Transaction, case: LockedCase, part: Part, *, now: datetime) -> None:
    """Add a part to a locked case."""
    await tx.execute(
        sql.ADD_PART,
        {
            "id": part.id,
            "order_id": case.order_id,
            "variant_id": part.variant_id,
            "warehouse_id": part.warehouse_id,
            "state": part.state,
            "quantity": part.quantity,
            "lane": part.lane,
            "is_bound": part.is_bound,
            "question_id": part.question_id,
            "number": part.number,
            "item": rows.text_of(part.item),
            "now": now,
        },
    )
    case.parts.append(part)
