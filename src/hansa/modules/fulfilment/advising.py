"""What checkout must know before it takes money."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from hansa.modules import stock
from hansa.modules.fulfilment.model import ZERO, Advice
from hansa.modules.fulfilment.opening import add_open_minutes
from hansa.modules.fulfilment.shops import get_policy, list_shops
from hansa.runtime.database import Snapshot


async def advice(
    snap: Snapshot,
    *,
    market: str,
    lines: Sequence[tuple[UUID, Decimal]],
    shop_id: UUID | None,
    now: datetime,
) -> Advice:
    """Say whether shops will have to confirm goods, and what that means for the payment.

    `shop_id` is the shop in which the goods are to be fetched.
    """
    policy = await get_policy(snap, market=market)
    quiet = Advice(asks_shops=False, answer_by=None, one_stage=str(policy.one_stage))
    if not policy.asks_shops:
        return quiet
    kinds = {one.id: one.kind for one in await stock.list_warehouses(snap)}
    if shop_id is not None:
        if kinds.get(shop_id) is not stock.WarehouseKind.SHOP:
            return quiet
    else:
        variants = [variant_id for variant_id, _ in lines]
        lying = await stock.availability_by_warehouse(snap, variant_ids=variants, channel=market)
        short = any(
            quantity > sum(_own(lying[variant_id], kinds), ZERO) for variant_id, quantity in lines
        )
        if not short:
            return quiet
    shops = [one for one in await list_shops(snap) if shop_id in {None, one.warehouse_id}]
    answer_by = [add_open_minutes(one, now, policy.answer_minutes) for one in shops]
    return Advice(
        asks_shops=True,
        answer_by=min(answer_by, default=None),
        one_stage=str(policy.one_stage),
    )


def _own(lying: dict[UUID, Decimal], kinds: dict[UUID, stock.WarehouseKind]) -> list[Decimal]:
    return [
        available
        for warehouse_id, available in lying.items()
        if kinds.get(warehouse_id) is stock.WarehouseKind.WAREHOUSE
    ]
