"""JSON API of stock: reserve, release, ask what is there and why."""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import delete, get, post, put
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from hansa.modules.stock import explaining, queries
from hansa.modules.stock.bodies import (
    AvailabilityList,
    AvailabilityView,
    ExplanationView,
    HoldBody,
    MovementView,
    ReservationView,
    SafetyBody,
    WarehouseList,
    WarehouseView,
)
from hansa.modules.stock.model import Hold, Line
from hansa.modules.stock.operations import levels, reservations
from hansa.modules.stock.reserver import Reserver
from hansa.runtime.http import Actor, Cursor, Limit, ListPage, Request, WrittenJson, authorise

TAGS = ["Stock"]
VARIANTS_MAX = 200

Channel = Annotated[
    str, QueryParameter(pattern="^[a-z][a-z0-9-]{1,15}$", description="Code of a market.")
]
VariantIds = Annotated[
    list[UUID],
    QueryParameter(
        min_items=1, max_items=VARIANTS_MAX, description="Variants to look at; repeat the name."
    ),
]


# Answered with ready bytes: a response object of Litestar's would cost a tenth of the request.
@post(
    "/api/v1/stock/reservations",
    tags=TAGS,
    summary="Reserve goods",
    responses={
        201: ResponseSpec(ReservationView, generate_examples=False, description="Goods set aside")
    },
)
async def hold(request: Request, data: JSONBody[HoldBody]) -> WrittenJson:
    """Set goods aside, all or none, until an order confirms them or the time runs out.

    The same Idempotency-Key gives the first answer again, also the refusal
    `stock.out_of_stock` (409), which says for each line that lacks how many could be had.
    """
    actor = authorise(request, "stock.reserve")
    context = request.context
    minutes = data.minutes or context.settings.hold_minutes
    reservation = await context.service(Reserver).hold(
        Hold(
            key=f"{actor.id}:{request.idempotency_key}",
            channel=data.channel,
            lines=tuple(Line(line.variant_id, line.quantity) for line in data.lines),
            expires_at=request.received_at + timedelta(minutes=minutes),
            owner=_owner(actor),
            warehouse_id=data.warehouse_id,
        )
    )
    body = msgspec.json.encode(ReservationView.of(reservation))
    return WrittenJson(body, status=201)


@get("/api/v1/stock/reservations/{reservation_id:uuid}", tags=TAGS, summary="See a reservation")
async def get_reservation(request: Request, reservation_id: FromPath[UUID]) -> ReservationView:
    """See a reservation of one's own."""
    actor = authorise(request, "stock.reserve")
    async with request.snapshot() as snap:
        reservation = await queries.get_reservation_of(
            snap, reservation_id=reservation_id, owner=_owner(actor)
        )
    return ReservationView.of(reservation)


@delete("/api/v1/stock/reservations/{reservation_id:uuid}", tags=TAGS, summary="Release goods")
async def release(request: Request, reservation_id: FromPath[UUID]) -> None:
    """Give back goods one holds oneself; those of an order are given back by cancelling it."""
    actor = authorise(request, "stock.reserve")
    async with request.transaction(request.idempotency_key) as tx:
        await reservations.abandon(
            tx, reservation_id=reservation_id, owner=_owner(actor), now=request.received_at
        )


@get("/api/v1/stock/availability", tags=TAGS, summary="What may be sold")
async def availability(
    request: Request, channel: FromQuery[Channel], variant_id: FromQuery[VariantIds]
) -> AvailabilityList:
    """Tell how many a channel may sell of each variant, and how many each shop could hand out."""
    authorise(request, "stock.view")
    async with request.snapshot() as snap:
        found = await queries.availability(snap, channel=channel, variant_ids=variant_id)
        places = await queries.availability_by_warehouse(
            snap, channel=channel, variant_ids=variant_id
        )
    return AvailabilityList(
        items=[
            AvailabilityView(
                variant_id=variant,
                available=numbers.available,
                sellable=numbers.sellable,
                reserved=numbers.reserved,
                by_warehouse=places[variant],
            )
            for variant, numbers in found.items()
        ]
    )


@get("/api/v1/stock/warehouses", tags=TAGS, summary="List warehouses")
async def list_warehouses(request: Request) -> WarehouseList:
    """List all warehouses and shops."""
    authorise(request, "stock.view")
    async with request.snapshot(single=True) as snap:
        found = await queries.list_warehouses(snap)
    return WarehouseList(items=[WarehouseView.of(warehouse) for warehouse in found])


@get(
    "/api/v1/stock/variants/{variant_id:uuid}/explanation",
    tags=TAGS,
    summary="Explain a number",
)
async def explain(
    request: Request, variant_id: FromPath[UUID], channel: FromQuery[Channel]
) -> ExplanationView:
    """Tell why a channel may sell so many of a variant."""
    authorise(request, "stock.view")
    async with request.snapshot() as snap:
        story = await explaining.explain(snap, channel=channel, variant_id=variant_id)
    return ExplanationView.of(story)


@get("/api/v1/stock/variants/{variant_id:uuid}/movements", tags=TAGS, summary="Read the journal")
async def ledger(
    request: Request,
    variant_id: FromPath[UUID],
    cursor: FromQuery[Cursor] = None,
    limit: FromQuery[Limit] = 50,
) -> ListPage[MovementView]:
    """Read the journal of a variant, newest first."""
    authorise(request, "stock.view")
    of = f"stock.movements.{variant_id}"
    after = request.read_cursor(cursor, of=of, types=(int,))
    async with request.snapshot(single=True) as snap:
        rows = await queries.ledger(
            snap, variant_id=variant_id, after=after[0] if after else None, limit=limit + 1
        )
    page, following = request.page_of(rows, limit=limit, of=of, key=lambda row: (row.number,))
    return ListPage(items=[MovementView.of(row) for row in page], next=following)


@put(
    "/api/v1/stock/warehouses/{warehouse_id:uuid}/safety/{variant_id:uuid}",
    tags=TAGS,
    summary="Keep back some of a variant",
    status_code=204,
)
async def set_safety(
    request: Request,
    warehouse_id: FromPath[UUID],
    variant_id: FromPath[UUID],
    data: JSONBody[SafetyBody],
) -> None:
    """Keep back so many of a variant in a warehouse, whatever the ERP counts."""
    actor = authorise(request, "stock.edit")
    quantity: Decimal = data.quantity
    async with request.transaction(request.idempotency_key) as tx:
        await levels.set_safety(
            tx, safety=[(warehouse_id, variant_id, quantity)], by=actor, now=request.received_at
        )


def _owner(actor: Actor) -> str:
    return f"{actor.kind}:{actor.id}"


ROUTES = (
    hold,
    get_reservation,
    release,
    availability,
    list_warehouses,
    explain,
    ledger,
    set_safety,
)
