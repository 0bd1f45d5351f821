"""JSON API of orders: for staff, for shoppers with their own orders, and by link."""

from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response import Stream

from hansa.modules import accounts
from hansa.modules.orders import export, operations, queries, reducing
from hansa.modules.orders.model import (
    By,
    OrderFilter,
    OrderNotFound,
    OrderState,
    PaymentStanding,
)
from hansa.modules.orders.views import MoneyView, OrderView, SummaryView
from hansa.runtime.database import Transaction
from hansa.runtime.http import PUBLIC, Cursor, Limit, ListPage, Request, authorise, signed_in
from hansa.runtime.http.paging import LIMIT_DEFAULT

TAGS = ["Orders"]
OWN = ["Shopper: orders"]
Text = Annotated[str | None, QueryParameter(max_length=200)]
Code = Annotated[str | None, QueryParameter(max_length=20)]


class CancelBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why an order is cancelled."""

    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""


class AdvanceBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where an order is to be led."""

    to: OrderState
    comment: Annotated[str, msgspec.Meta(max_length=500)] = ""


class NoteBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A note only staff see."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]


class GivenUpLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pieces of an item."""

    variant_id: UUID
    quantity: Decimal


class GiveUpBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What of an order will not be delivered, and why."""

    lines: Annotated[list[GivenUpLine], msgspec.Meta(min_length=1, max_length=100)]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class GivenUpView(msgspec.Struct, frozen=True):
    """What was given up just now; `money` is given back or no longer taken."""

    lines: list[GivenUpLine]
    is_cancelled: bool
    money: MoneyView


class StateView(msgspec.Struct, frozen=True):
    """The state an order is in now."""

    state: str


@get("/api/v1/orders", tags=TAGS, summary="List orders")
async def list_orders(  # noqa: PLR0913, PLR0917 - each is a filter of the list
    request: Request,
    market: Code = None,
    order_state: Annotated[OrderState | None, QueryParameter(name="state")] = None,
    payment: Annotated[PaymentStanding | None, QueryParameter()] = None,
    search: Text = None,
    placed_from: Annotated[datetime | None, QueryParameter()] = None,
    placed_until: Annotated[datetime | None, QueryParameter()] = None,
    after: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> ListPage[SummaryView]:
    """Give orders, newest first; `search` looks at numbers, names, telephones and e-mails."""
    authorise(request, "orders.view")
    wanted = OrderFilter(
        market=market,
        states=() if order_state is None else (order_state,),
        payment_states=() if payment is None else (payment,),
        search=search or "",
        placed_from=placed_from,
        placed_until=placed_until,
    )
    return await _page(request, wanted, after, limit)


async def _page(
    request: Request, wanted: OrderFilter, after: str | None, limit: int
) -> ListPage[SummaryView]:
    cursor = request.read_cursor(after, of="orders", types=(datetime, UUID))
    async with request.snapshot(single=True) as snapshot:
        found = await queries.list_orders(snapshot, wanted=wanted, after=cursor, limit=limit + 1)
    shown, following = request.page_of(
        found, limit=limit, of="orders", key=lambda order: (order.placed_at, order.id)
    )
    return ListPage([SummaryView.of(order) for order in shown], following)


@get("/api/v1/orders/export", tags=TAGS, summary="Export orders", media_type="text/csv")
async def export_orders(
    request: Request,
    market: Code = None,
    order_state: Annotated[OrderState | None, QueryParameter(name="state")] = None,
    placed_from: Annotated[datetime | None, QueryParameter()] = None,
    placed_until: Annotated[datetime | None, QueryParameter()] = None,
) -> Stream:
    """Give orders as CSV that Excel opens as it is (UTF-8 with mark, semicolons)."""
    authorise(request, "orders.view")
    wanted = OrderFilter(
        market=market,
        states=() if order_state is None else (order_state,),
        placed_from=placed_from,
        placed_until=placed_until,
    )

    async def rows() -> AsyncIterator[bytes]:
        async with request.context.database.snapshot() as snapshot:
            async for part in export.write_csv(queries.stream_orders(snapshot, wanted=wanted)):
                yield part

    headers = {"Content-Disposition": 'attachment; filename="orders.csv"'}
    return Stream(rows(), media_type="text/csv", headers=headers)


@get("/api/v1/orders/{order_id:uuid}", tags=TAGS, summary="Show an order")
async def show_order(request: Request, order_id: FromPath[UUID]) -> OrderView:
    """Give an order whole."""
    authorise(request, "orders.view")
    async with request.snapshot() as snapshot:
        order = await queries.get_order(snapshot, order_id=order_id)
    return OrderView.of(order, by=By.STAFF)


@post(
    "/api/v1/orders/{order_id:uuid}/cancellation",
    tags=TAGS,
    summary="Cancel an order",
    status_code=204,
)
async def cancel_order(
    request: Request, order_id: FromPath[UUID], data: JSONBody[CancelBody]
) -> None:
    """Cancel an order that has not left: its goods are sold again, its payment is called off."""
    actor = authorise(request, "orders.cancel")
    async with request.transaction(request.idempotency_key) as tx:
        cancelled = await operations.cancel_order(
            tx,
            order_id=order_id,
            reason=data.reason,
            by=By.STAFF,
            by_id=actor.id,
            now=request.received_at,
        )
        if not cancelled.is_repeat:
            await accounts.record(
                tx,
                actor=actor,
                action="orders.cancel",
                subject_kind="order",
                subject_id=order_id,
                after={"state": "cancelled", "reason": data.reason},
                now=request.received_at,
            )


@post("/api/v1/orders/{order_id:uuid}/transitions", tags=TAGS, summary="Lead an order on")
async def advance_order(
    request: Request, order_id: FromPath[UUID], data: JSONBody[AdvanceBody]
) -> Response[StateView]:
    """Lead an order to another state; `may_become` of the order says which there are."""
    actor = authorise(request, "orders.edit")
    if data.to is OrderState.CANCELLED:
        authorise(request, "orders.cancel")

    async def lead(tx: Transaction) -> StateView:
        state = await operations.advance(
            tx,
            order_id=order_id,
            to=data.to,
            by=By.STAFF,
            by_id=actor.id,
            comment=data.comment,
            now=request.received_at,
        )
        await accounts.record(
            tx,
            actor=actor,
            action="orders.advance",
            subject_kind="order",
            subject_id=order_id,
            after={"state": str(state), "comment": data.comment},
            now=request.received_at,
        )
        return StateView(state)

    return await request.once(lead)


@post("/api/v1/orders/{order_id:uuid}/given-up", tags=TAGS, summary="Give up a part of an order")
async def give_up_part(
    request: Request, order_id: FromPath[UUID], data: JSONBody[GiveUpBody]
) -> Response[GivenUpView]:
    """Give up pieces that will not be delivered: goods are released, money follows.

    At most what is left is given up. Without anything left the order is cancelled.
    """
    actor = authorise(request, "orders.cancel")

    async def reduce(tx: Transaction) -> GivenUpView:
        given = await reducing.give_up(
            tx,
            order_id=order_id,
            lines=[(line.variant_id, line.quantity) for line in data.lines],
            reason=data.reason,
            by=By.STAFF,
            by_id=actor.id,
            now=request.received_at,
        )
        lines = [GivenUpLine(variant_id, quantity) for variant_id, quantity in given.lines]
        await accounts.record(
            tx,
            actor=actor,
            action="orders.give_up",
            subject_kind="order",
            subject_id=order_id,
            after={
                "lines": {str(line.variant_id): str(line.quantity) for line in lines},
                "reason": data.reason,
            },
            now=request.received_at,
        )
        return GivenUpView(lines, given.is_cancelled, MoneyView.of(given.money))

    return await request.once(reduce)


@post("/api/v1/orders/{order_id:uuid}/notes", tags=TAGS, summary="Add a note", status_code=204)
async def add_note(request: Request, order_id: FromPath[UUID], data: JSONBody[NoteBody]) -> None:
    """Add a note only staff see."""
    actor = authorise(request, "orders.edit")
    async with request.transaction(request.idempotency_key) as tx:
        await operations.add_note(
            tx, order_id=order_id, text=data.text, by_id=actor.id, now=request.received_at
        )


@get("/api/v1/me/orders", tags=OWN, summary="List own orders")
async def list_own_orders(
    request: Request, after: Cursor = None, limit: Limit = LIMIT_DEFAULT
) -> ListPage[SummaryView]:
    """Give the orders of whoever is signed in, newest first."""
    actor = signed_in(request)
    if actor.party_id is None:
        return ListPage([], None)
    return await _page(request, OrderFilter(party_id=actor.party_id), after, limit)


@get("/api/v1/me/orders/{order_id:uuid}", tags=OWN, summary="Show an own order")
async def show_own_order(request: Request, order_id: FromPath[UUID]) -> OrderView:
    """Give an own order whole; somebody else's does not exist."""
    actor = signed_in(request)
    async with request.snapshot() as snapshot:
        order = await queries.get_order(snapshot, order_id=order_id)
    if actor.party_id is None or order.party_id != actor.party_id:
        raise OrderNotFound
    return OrderView.of(order, by=By.SHOPPER)


@post(
    "/api/v1/me/orders/{order_id:uuid}/cancellation",
    tags=OWN,
    summary="Cancel an own order",
    status_code=204,
)
async def cancel_own_order(
    request: Request, order_id: FromPath[UUID], data: JSONBody[CancelBody]
) -> None:
    """Cancel an own order that is not packed yet."""
    actor = signed_in(request)
    async with request.transaction(request.idempotency_key) as tx:
        order = await queries.get_order(tx, order_id=order_id)
        if actor.party_id is None or order.party_id != actor.party_id:
            raise OrderNotFound
        await operations.cancel_order(
            tx,
            order_id=order_id,
            reason=data.reason,
            by=By.SHOPPER,
            by_id=actor.id,
            now=request.received_at,
        )


@get(
    "/api/v1/order-pages/{token:str}",
    tags=OWN,
    summary="Show an order by its link",
    opt={PUBLIC: "the token is the key; only we can make one"},
)
async def show_order_page(request: Request, token: FromPath[str]) -> OrderView:
    """Give the order a link leads to."""
    secret = request.context.settings.secret_key.reveal()
    async with request.snapshot() as snapshot:
        order = await queries.get_order_by_token(snapshot, token=token, secret=secret)
    return OrderView.of(order, by=By.SHOPPER)


ROUTES = (
    list_orders,
    export_orders,
    show_order,
    cancel_order,
    advance_order,
    give_up_part,
    add_note,
    list_own_orders,
    show_own_order,
    cancel_own_order,
    show_order_page,
)
