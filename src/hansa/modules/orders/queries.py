"""Reading orders."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from hansa.kernel.money import Money
from hansa.modules.orders import store
from hansa.modules.orders.model import (
    Order,
    OrderFilter,
    OrderId,
    OrderNotFound,
    OrderState,
    OrderSummary,
)
from hansa.modules.orders.store import summing
from hansa.runtime.database import Snapshot

_ID_BYTES = 16
_PROOF_BYTES = 16
_PAGE = 1000


def order_token(order_id: UUID, *, secret: str) -> str:
    """Make the token of an order's page, which opens it without signing in.

    Nothing is kept: the token is the order's id and a proof that only we can make. `secret` is the
    installation's `secret_key`.
    """
    return base64.urlsafe_b64encode(order_id.bytes + _proof(order_id, secret)).decode().rstrip("=")


def _proof(order_id: UUID, secret: str) -> bytes:
    message = b"order page:" + order_id.bytes
    return hmac.new(secret.encode(), message, hashlib.sha256).digest()[:_PROOF_BYTES]


async def get_order(snap: Snapshot, *, order_id: UUID) -> Order:
    """Give an order whole: lines, history, shipments.

    Raises:
        OrderNotFound: there is none.
    """
    order = await store.get_order(snap, order_id)
    return replace(
        order,
        history=await store.list_history(snap, order_id=order.id),
        shipments=await store.list_shipments(snap, order_id=order.id),
    )


async def get_orders(snap: Snapshot, *, order_ids: Iterable[UUID]) -> dict[UUID, Order]:
    """Give orders with their lines, without history and shipments; unknown ones are left out."""
    return {order.id: order for order in await store.get_orders(snap, order_ids)}


async def get_order_by_token(snap: Snapshot, *, token: str, secret: str) -> Order:
    """Give the order of a page's token, whole.

    Raises:
        OrderNotFound: the token is not one of ours.
    """
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise OrderNotFound from error
    if len(raw) != _ID_BYTES + _PROOF_BYTES:
        raise OrderNotFound
    known = UUID(bytes=raw[:_ID_BYTES])
    # The whole token is compared: base64 has several spellings of the same bytes, ours is one.
    if not hmac.compare_digest(token.encode(), order_token(known, secret=secret).encode()):
        raise OrderNotFound
    return await get_order(snap, order_id=known)


async def find_order(snap: Snapshot, *, number: str) -> Order:
    """Give the order of a number, whole.

    Raises:
        OrderNotFound: there is none.
    """
    order_id = await store.find_by_number(snap, number=number)
    if order_id is None:
        raise OrderNotFound
    return await get_order(snap, order_id=order_id)


async def find_by_placing_key(snap: Snapshot, *, placing_key: str) -> tuple[OrderId, str] | None:
    """Give id and number of the order that was placed under a key."""
    return await store.find_by_placing_key(snap, placing_key=placing_key)


async def list_orders(
    snap: Snapshot,
    *,
    wanted: OrderFilter | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[OrderSummary]:
    """Give orders, newest first; `after` is (placed_at, id) of the last one shown."""
    return await store.list_orders(snap, wanted=wanted or OrderFilter(), after=after, limit=limit)


async def sales_by_day(
    snap: Snapshot, *, market: str, since: datetime, zone: str
) -> list[tuple[date, int, Money]]:
    """Give (day, orders, total) of the days on which something was sold, cancelled orders apart."""
    return await summing.sales_by_day(snap, market=market, since=since, zone=zone)


async def count_by_state(snap: Snapshot, *, market: str, since: datetime) -> dict[OrderState, int]:
    """Give how many orders placed since an instant stand in each state."""
    return await summing.count_by_state(snap, market=market, since=since)


async def stream_orders(
    snap: Snapshot, *, wanted: OrderFilter
) -> AsyncIterator[list[OrderSummary]]:
    """Give all orders of a filter in pages, newest first, in bounded memory."""
    after: tuple[datetime, UUID] | None = None
    while page := await store.list_orders(snap, wanted=wanted, after=after, limit=_PAGE):
        yield page
        after = (page[-1].placed_at, page[-1].id)
