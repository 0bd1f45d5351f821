"""The dry run: where would this order, or these goods, come from, and why?"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from hansa.modules import catalog, fulfilment, markets, orders
from hansa.modules.fulfilment import Plan
from hansa.runtime.database import Snapshot
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.fulfilment_words import REASONS, pieces, places_of
from hansa.surfaces.backoffice.items import describe
from hansa.surfaces.backoffice.presenting import asked, words

_GOODS_MAX = 20


async def try_out(request: Request, snap: Snapshot, market: markets.Market) -> dict[str, Any]:
    """Answer what the address asks: `order` by its number, or `goods` by article and `city`."""
    number, goods, city = asked(request, "order"), asked(request, "goods"), asked(request, "city")
    typed: dict[str, Any] = {
        "order": number,
        "goods": goods,
        "city": city,
        "problem": "",
        "plan": None,
    }
    if number:
        try:
            order = await orders.find_order(snap, number=number)
        except orders.OrderNotFound:
            return {**typed, "problem": words(request)("There is no such order.")}
        plan = await fulfilment.try_order(snap, order_id=order.id, now=request.received_at)
        return {**typed, "plan": await _shown(request, snap, plan)}
    if not goods:
        return typed
    wants = await _wants(snap, goods)
    if not wants:
        return {**typed, "problem": words(request)("No goods have these article numbers.")}
    plan = await fulfilment.try_basket(
        snap,
        market=market.code,
        wants=wants,
        city=city,
        delivery_kind="courier",
        total_minor=0,
        now=request.received_at,
    )
    return {**typed, "plan": await _shown(request, snap, plan)}


async def _wants(snap: Snapshot, goods: str) -> list[tuple[UUID, Decimal]]:
    """Read `D-1 x 2, D-2`: articles with how many of each."""
    wants: list[tuple[UUID, Decimal]] = []
    for part in goods.split(",")[:_GOODS_MAX]:
        sku, _, count = part.replace("×", "x").rpartition(" x ")
        sku, count = (sku, count) if sku and count.strip().isdecimal() else (part, "1")
        found = await catalog.find_variants_by_sku(snap, sku=sku.strip())
        if found and int(count):
            wants.append((found[0].id, Decimal(min(int(count), 9999))))
    return wants


async def _shown(request: Request, snap: Snapshot, plan: Plan) -> dict[str, Any]:
    translate, language = words(request), request.language
    places = await places_of(snap, language)
    variants: Sequence[UUID] = list(
        dict.fromkeys(
            [
                *(one.variant_id for one in plan.taken),
                *(one.variant_id for one in plan.short),
                *(one.variant_id for one in plan.verdicts),
            ]
        )
    )
    items = await describe(snap, variants, language)
    return {
        "taken": [
            {
                "place": places.get(one.place_id, ""),
                "name": items[one.variant_id].name,
                "note": items[one.variant_id].note,
                "quantity": pieces(request, one.quantity),
            }
            for one in plan.taken
        ],
        "short": [
            {
                "name": items[one.variant_id].name,
                "note": items[one.variant_id].note,
                "quantity": pieces(request, one.quantity),
            }
            for one in plan.short
        ],
        "verdicts": [
            {
                "place": places.get(one.place_id, ""),
                "name": items[one.variant_id].name,
                "note": items[one.variant_id].note,
                "rule": translate(one.rule),
                "reason": translate(REASONS[one.reason]),
                "is_chosen": one.reason is fulfilment.Reason.CHOSEN,
                "quantity": pieces(request, one.quantity),
            }
            for one in plan.verdicts
        ],
        "compared": plan.compared,
    }
