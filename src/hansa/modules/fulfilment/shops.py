"""Shops, and the policies of markets."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from hansa.modules import accounts, markets, stock
from hansa.modules.fulfilment import opening, rows
from hansa.modules.fulfilment.model import Policy, Shop
from hansa.modules.fulfilment.refusals import PolicyInvalid, WarehouseUnknown
from hansa.modules.fulfilment.store import rules as sql
from hansa.runtime.database import Snapshot, Transaction
from hansa.runtime.http import Actor


async def save_shop(tx: Transaction, *, shop: Shop, now: datetime, by: Actor | None = None) -> None:
    """Say how a shop is asked; questions that are open already keep their clocks.

    Raises:
        ShopInvalid: there is no such shop, or hours or time zone are not possible.
    """
    opening.check_shop(shop)
    if shop.warehouse_id not in {one.id for one in await stock.list_warehouses(tx)}:
        raise WarehouseUnknown
    await tx.execute(sql.SAVE_SHOP, rows.shop_row(shop, now=now))
    if by is not None:
        await accounts.record(
            tx,
            actor=by,
            action="fulfilment.save_shop",
            subject_kind="warehouse",
            subject_id=shop.warehouse_id,
            after=msgspec.to_builtins(shop, str_keys=True),
            now=now,
        )


async def get_shop(snap: Snapshot, *, warehouse_id: UUID) -> Shop:
    """Give how a shop is asked; one that nobody has described is asked in the back office."""
    row = await snap.maybe(sql.GET_SHOP, {"warehouse_id": warehouse_id})
    return Shop(warehouse_id=warehouse_id) if row is None else rows.shop_of(row)


async def list_shops(snap: Snapshot) -> tuple[Shop, ...]:
    """Give how each shop is asked, in the order of the warehouses."""
    known = {row.warehouse_id: rows.shop_of(row) for row in await snap.all(sql.LIST_SHOPS)}
    zones = {one.code: one.time_zone for one in await markets.list_markets(snap)}
    return tuple(
        known.get(one.id) or _default_shop(one, zones)
        for one in await stock.list_warehouses(snap)
        if one.kind is stock.WarehouseKind.SHOP
    )


def _default_shop(warehouse: stock.Warehouse, zones: dict[str, str]) -> Shop:
    zone = next((zones[code] for code in warehouse.channels if code in zones), "Europe/Moscow")
    return Shop(warehouse_id=warehouse.id, time_zone=zone)


async def get_policy(snap: Snapshot, *, market: str) -> Policy:
    """Give how shops of a market are asked."""
    return rows.policy_of(market, await snap.scalar(sql.GET_POLICY, {"market": market}))


async def save_policy(
    tx: Transaction, *, policy: Policy, now: datetime, by: Actor | None = None
) -> None:
    """Say how shops of a market are asked, from the next question on."""
    if not (1 <= policy.answer_minutes <= 7 * 24 * 60 and 1 <= policy.at_a_time <= 100):  # noqa: PLR2004 - a week
        raise PolicyInvalid
    body = msgspec.to_builtins(policy)
    await tx.execute(
        sql.SAVE_POLICY, {"market": policy.market, "body": rows.text_of(body), "now": now}
    )
    if by is not None:
        await accounts.record(
            tx,
            actor=by,
            action="fulfilment.save_policy",
            subject_kind="market",
            subject_id=policy.market,
            after=body,
            now=now,
        )


async def names_of_warehouses(snap: Snapshot) -> dict[UUID, stock.Warehouse]:
    """Give every warehouse by its id."""
    return {one.id: one for one in await stock.list_warehouses(snap)}


def by_id(shops: Sequence[Shop]) -> dict[UUID, Shop]:
    """Give shops by their warehouse."""
    return {shop.warehouse_id: shop for shop in shops}
