"""The facts a sourcing decision rests on, read from the modules that own them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from hansa.modules import catalog, markets, orders, stock
from hansa.modules.fulfilment import opening
from hansa.modules.fulfilment.model import Shop
from hansa.modules.fulfilment.rules import DEFAULT_RULES, Facts, Place, Rule, Want
from hansa.modules.fulfilment.shops import by_id, list_shops
from hansa.modules.fulfilment.store import reading as sql
from hansa.modules.fulfilment.store import rules as rule_sql
from hansa.runtime.database import Snapshot


async def load_rules(snap: Snapshot, *, market: str) -> tuple[Rule, ...]:
    """Give the rules of a market in their order; without any, one that takes goods anywhere."""
    found = await snap.all(rule_sql.LIST_RULES, {"market": market})
    rules = tuple(
        replace(msgspec.convert(row.body, Rule), name=row.name, is_active=row.is_active)
        for row in found
    )
    return rules or DEFAULT_RULES


async def load_places(snap: Snapshot, *, channel: str, now: datetime) -> tuple[Place, ...]:
    """Give the warehouses a channel sells from, as sourcing sees them."""
    shops = by_id(await list_shops(snap))
    zones = {one.code: one.time_zone for one in await markets.list_markets(snap)}
    zone = ZoneInfo(zones.get(channel, "Europe/Moscow"))
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    loads = {row.warehouse_id: row for row in await snap.all(sql.LOADS, {"since": midnight})}
    return tuple(
        _place(one, shops.get(one.id), loads.get(one.id), now)
        for one in await stock.list_warehouses(snap)
        if one.is_active and channel in one.channels
    )


def _place(warehouse: stock.Warehouse, shop: Shop | None, load: object, now: datetime) -> Place:
    return Place(
        id=warehouse.id,
        code=warehouse.code,
        kind=str(warehouse.kind),
        position=warehouse.position,
        city=warehouse.city,
        groups=shop.groups if shop else (),
        latitude=warehouse.latitude,
        longitude=warehouse.longitude,
        open_questions=getattr(load, "open_questions", 0),
        orders_today=getattr(load, "orders_today", 0),
        is_open=shop is None or opening.is_open(shop, now),
        is_paused=shop is not None and shop.is_paused(now),
    )


async def load_facts(
    snap: Snapshot,
    *,
    order: orders.Order,
    wants: Sequence[tuple[UUID, Decimal]],
    rules: Sequence[Rule],
    now: datetime,
) -> Facts:
    """Give what a decision about an order rests on, as of now."""
    places = await load_places(snap, channel=order.channel, now=now)
    shelves = await stock.shelves(
        snap, channel=order.channel, variant_ids=[variant_id for variant_id, _ in wants]
    )
    city = order.delivery.address.city if order.delivery.address else ""
    latitude, longitude = middle_of(places, city)
    asks_categories = any(rule.category_ids for rule in rules)
    return Facts(
        wants=tuple(Want(*want) for want in wants),
        places=places,
        shelves={(one.warehouse_id, one.variant_id): one.available for one in shelves},
        total_minor=order.total.minor,
        delivery_kind=order.delivery.kind,
        city=city,
        latitude=latitude,
        longitude=longitude,
        category_ids=await _categories(snap, order) if asks_categories else frozenset(),
    )


def middle_of(places: Sequence[Place], city: str) -> tuple[float | None, float | None]:
    """Give the middle of the places in a city: as near as an address without coordinates gets."""
    there = [
        (place.latitude, place.longitude)
        for place in places
        if city and place.city.casefold() == city.strip().casefold()
        if place.latitude is not None and place.longitude is not None
    ]
    if not there:
        return None, None
    count = len(there)
    return sum(one[0] for one in there) / count, sum(one[1] for one in there) / count


async def _categories(snap: Snapshot, order: orders.Order) -> frozenset[UUID]:
    """Give the categories of the goods with everything above them."""
    ids = list({line.product_id for line in order.lines})
    parents: Mapping[UUID, UUID | None] = {
        one.id: one.parent_id for one in await catalog.list_categories(snap)
    }
    found: set[UUID] = set()
    for product in (await catalog.get_products(snap, product_ids=ids)).values():
        for category_id in product.category_ids:
            above: UUID | None = category_id
            while above is not None and above not in found:
                found.add(above)
                above = parents.get(above)
    return frozenset(found)
