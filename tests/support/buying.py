"""What a shopper does, for tests: fill a basket, place an order, look at what came of it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID, uuid4

from hansa.modules import checkout, markets, orders, pricing, stock
from hansa.modules.orders.checks import CHECKS as ORDER_CHECKS
from hansa.modules.stock.checks import CHECKS as STOCK_CHECKS
from hansa.runtime.context import Context
from tests.conftest import NOON
from tests.support.shop import details

__all__ = [
    "a_guest",
    "all_orders",
    "buy",
    "fill",
    "findings",
    "left",
    "place",
    "profile_of",
    "view",
]


def a_guest() -> checkout.Owner:
    return checkout.guest(uuid4().hex)


async def profile_of(context: Context, owner: checkout.Owner) -> pricing.PriceProfile:
    return await context.service(pricing.Profiles).of(market="ru", party_id=owner.party_id)


async def fill(
    context: Context,
    owner: checkout.Owner,
    *lines: tuple[UUID, int],
    now: datetime = NOON,
) -> UUID:
    """Put lines into the owner's basket; give the basket's id."""
    basket_id: UUID | None = None
    async with context.database.transaction() as tx:
        for variant_id, quantity in lines:
            basket_id = await checkout.add_line(
                tx,
                owner=owner,
                market="ru",
                variant_id=variant_id,
                quantity=Decimal(quantity),
                profile=await profile_of(context, owner),
                now=now,
            )
    assert basket_id is not None
    return basket_id


async def view(
    context: Context, owner: checkout.Owner, *, now: datetime = NOON
) -> checkout.BasketView:
    async with context.database.snapshot() as snap:
        return await checkout.view_basket(
            snap,
            owner=owner,
            market=context.service(markets.MarketDirectory).get("ru"),
            profile=await profile_of(context, owner),
            offers=await context.service(checkout.Offers).of("ru"),
            now=now,
        )


async def place(
    context: Context,
    basket_id: UUID,
    *,
    key: str | None = None,
    now: datetime = NOON,
    **form: object,
) -> checkout.PlacedOrder:
    return await checkout.place(
        context,
        basket_id=basket_id,
        details=details(**form),
        key=key or uuid4().hex,
        language="ru",
        now=now,
    )


async def buy(
    context: Context, *lines: tuple[UUID, int], now: datetime = NOON, **form: object
) -> checkout.PlacedOrder:
    """Buy as a new guest."""
    basket_id = await fill(context, a_guest(), *lines, now=now)
    return await place(context, basket_id, now=now, **form)


async def left(context: Context, variant_id: UUID) -> Decimal:
    """Give how many can still be bought."""
    async with context.database.snapshot(single=True) as snap:
        found = await stock.availability(snap, channel="ru", variant_ids=[variant_id])
    return found[variant_id].available


async def all_orders(context: Context) -> list[orders.OrderSummary]:
    async with context.database.snapshot(single=True) as snap:
        return await orders.list_orders(snap, limit=1000)


async def findings(context: Context) -> list[str]:
    """Run every check of stock and orders."""
    async with context.database.snapshot() as snap:
        return [
            f"{finding.check} {finding.subject}: {finding.message}"
            for check in (*STOCK_CHECKS, *ORDER_CHECKS)
            for finding in await check.run(snap)
        ]
