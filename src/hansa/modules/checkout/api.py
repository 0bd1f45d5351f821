"""JSON API of baskets and of placing orders."""

import secrets
from uuid import UUID

from litestar import Response, delete, get, post, put
from litestar.params import FromPath, JSONBody

from hansa.kernel.money import Money
from hansa.modules import drops, markets, pricing
from hansa.modules.checkout import operations, placing, queries, visitor
from hansa.modules.checkout.model import BasketEmpty, Owner
from hansa.modules.checkout.offers import Offers
from hansa.modules.checkout.views import (
    AddBody,
    BasketBody,
    DetailsBody,
    KeptBody,
    PlaceBody,
    PlacedBody,
    QuantityBody,
    ShopBody,
)
from hansa.runtime.database import Transaction
from hansa.runtime.http import NO_KEY, Request

TAGS = ["Basket and checkout"]
_SETS = {NO_KEY: "sets a value: repeating it changes nothing"}


async def _profile(request: Request, owner: Owner) -> pricing.PriceProfile:
    profiles = request.context.service(pricing.Profiles)
    return await profiles.of(market=request.market, party_id=owner.party_id)


def _owner_or_new(request: Request) -> tuple[Owner, str | None]:
    """Give whose basket it is; a program that comes without anything gets a token."""
    owner = visitor.owner_of(request, sets_cookie=False)
    if owner is not visitor.NOBODY:
        return owner, None
    token = secrets.token_urlsafe(24)
    return visitor.guest(token), token


@get("/api/v1/basket", tags=TAGS, summary="Show the basket")
async def show_basket(request: Request) -> BasketBody:
    """Give the basket at today's prices, with what is there and what has changed."""
    owner = visitor.owner_of(request, sets_cookie=False)
    context = request.context
    offers = await context.service(Offers).of(request.market)
    async with request.snapshot() as snapshot:
        profile = await pricing.profile_of(snapshot, market=request.market, party_id=owner.party_id)
        view = await queries.view_basket(
            snapshot,
            owner=owner,
            market=context.service(markets.MarketDirectory).get(request.market),
            profile=profile,
            offers=offers,
            now=request.received_at,
        )
    return BasketBody.of(view, payment_methods=[method.code for method in offers.payment])


@post("/api/v1/basket/lines", tags=TAGS, summary="Add to the basket")
async def add_line(request: Request, data: JSONBody[AddBody]) -> Response[KeptBody]:
    """Add so many of an item."""
    owner, token = _owner_or_new(request)
    await drops.pass_gate(request, variant_id=data.variant_id)
    profile = await _profile(request, owner)

    async def add(tx: Transaction) -> KeptBody:
        basket_id = await operations.add_line(
            tx,
            owner=owner,
            market=request.market,
            variant_id=data.variant_id,
            quantity=data.quantity,
            profile=profile,
            now=request.received_at,
        )
        return KeptBody(basket_id, token)

    return await request.once(add)


@put("/api/v1/basket/lines/{variant_id:uuid}", tags=TAGS, summary="Set a quantity", opt=_SETS)
async def set_quantity(
    request: Request, variant_id: FromPath[UUID], data: JSONBody[QuantityBody]
) -> KeptBody:
    """Set how many of an item there are; zero takes it out."""
    owner, token = _owner_or_new(request)
    if data.quantity:
        await drops.pass_gate(request, variant_id=variant_id)
    profile = await _profile(request, owner)
    async with request.transaction() as tx:
        basket_id = await operations.set_quantity(
            tx,
            owner=owner,
            market=request.market,
            variant_id=variant_id,
            quantity=data.quantity,
            profile=profile,
            now=request.received_at,
        )
    return KeptBody(basket_id, token)


@delete(
    "/api/v1/basket/lines/{variant_id:uuid}",
    tags=TAGS,
    summary="Take out of the basket",
    opt=_SETS,
)
async def remove_line(request: Request, variant_id: FromPath[UUID]) -> None:
    """Take an item out."""
    owner = visitor.owner_of(request, sets_cookie=False)
    async with request.transaction() as tx:
        await operations.remove_line(
            tx, owner=owner, market=request.market, variant_id=variant_id, now=request.received_at
        )


@put(
    "/api/v1/basket/details",
    tags=TAGS,
    summary="Keep the checkout form",
    status_code=204,
    opt=_SETS,
)
async def save_details(request: Request, data: JSONBody[DetailsBody]) -> None:
    """Keep what was filled in so far; it is checked when the order is placed."""
    owner = visitor.owner_of(request, sets_cookie=False)
    async with request.transaction() as tx:
        kept = await operations.save_details(
            tx,
            owner=owner,
            market=request.market,
            details=data.to_details(),
            now=request.received_at,
        )
    if not kept:
        raise BasketEmpty


@get("/api/v1/basket/shops", tags=TAGS, summary="Shops to fetch the order in")
async def list_shops(request: Request) -> list[ShopBody]:
    """Give the shops, those that have everything first."""
    owner = visitor.owner_of(request, sets_cookie=False)
    async with request.snapshot() as snapshot:
        basket = await queries.find_basket(snapshot, owner=owner, market=request.market)
        lines = [] if basket is None else basket.lines
        shops = await queries.list_pickup_shops(
            snapshot,
            market=request.market,
            lines=[(line.variant_id, line.quantity) for line in lines],
        )
    return [ShopBody.of(shop) for shop in shops]


@post("/api/v1/orders", tags=TAGS, summary="Place the order")
async def place_order(request: Request, data: JSONBody[PlaceBody]) -> PlacedBody:
    """Make an order of the basket; the same Idempotency-Key gives the same order again."""
    owner = visitor.owner_of(request, sets_cookie=False)
    key = request.idempotency_key
    assert key is not None, "the gate demands one"
    async with request.snapshot(single=True) as snapshot:
        basket = await queries.find_basket(snapshot, owner=owner, market=request.market)
    if basket is None:
        raise BasketEmpty
    expected = None
    if data.expected_total_minor is not None:
        market = request.context.service(markets.MarketDirectory).get(request.market)
        expected = Money(data.expected_total_minor, market.currency)
    actor = request.actor
    placed = await placing.place_basket(
        request.context,
        basket=basket,
        details=None if data.details is None else data.details.to_details(),
        expected_total=expected,
        by=placing.PlacedBy(
            placing_key=placing.placing_key(basket.id, key),
            user_id=actor.id if actor is not None and actor.kind == "shopper" else None,
            language=request.language,
            now=request.received_at,
            visitor=drops.visitor_of(request),
        ),
    )
    return PlacedBody.of(placed)


ROUTES = (
    show_basket,
    add_line,
    set_quantity,
    remove_line,
    save_details,
    list_shops,
    place_order,
)
