"""JSON API of pricing, for staff and programs: lists, prices, their history, customer groups."""

from decimal import Decimal
from uuid import UUID

from litestar import Response, get, post, put
from litestar.params import FromPath, JSONBody

from hansa.modules.pricing import operations, queries
from hansa.modules.pricing.bodies import (
    ChangeView,
    GroupBody,
    GroupView,
    KeysBody,
    ListBody,
    ListView,
    MembershipBody,
    PricesBody,
    PriceView,
    RefusalView,
    ResultView,
)
from hansa.modules.pricing.model import CustomerGroup, PriceKey
from hansa.runtime.database import Transaction
from hansa.runtime.http import ListPage, Request, authorise
from hansa.runtime.http.paging import LIMIT_DEFAULT, Cursor, Limit

TAGS = ["Prices"]


@get("/api/v1/pricing/lists", tags=TAGS, summary="List price lists")
async def list_price_lists(
    request: Request, after: Cursor = None, limit: Limit = LIMIT_DEFAULT
) -> ListPage[ListView]:
    """Give price lists by market and code."""
    authorise(request, "pricing.view")
    cursor = request.read_cursor(after, of="pricing.lists", types=(str, str))
    async with request.snapshot(single=True) as snap:
        found = await queries.list_price_lists(snap)
    rest = [each for each in found if cursor is None or (each.market, each.code) > cursor]
    shown, following = request.page_of(
        rest, limit=limit, of="pricing.lists", key=lambda each: [each.market, each.code]
    )
    return ListPage([ListView.of(each) for each in shown], following)


@put("/api/v1/pricing/lists/{price_list_id:uuid}", tags=TAGS, summary="Save a price list")
async def save_price_list(
    request: Request, price_list_id: FromPath[UUID], data: JSONBody[ListBody]
) -> Response[ListView]:
    """Create a price list or change it."""
    actor = authorise(request, "pricing.edit")
    price_list = data.price_list(price_list_id)

    async def save(tx: Transaction) -> ListView:
        await operations.save_price_lists(
            tx, price_lists=[price_list], by=actor, now=request.received_at
        )
        return ListView.of(price_list)

    return await request.once(save)


@get(
    "/api/v1/pricing/lists/{price_list_id:uuid}/prices", tags=TAGS, summary="List prices of a list"
)
async def list_prices(
    request: Request,
    price_list_id: FromPath[UUID],
    after: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> ListPage[PriceView]:
    """Give the prices of a list in the order of variants."""
    authorise(request, "pricing.view")
    cursor = request.read_cursor(after, of="pricing.prices", types=(UUID, Decimal))
    async with request.snapshot(single=True) as snap:
        found = await queries.list_prices(
            snap,
            price_list_id=price_list_id,
            after=None if cursor is None else PriceKey(price_list_id, *cursor),
            limit=limit + 1,
        )
    shown, following = request.page_of(
        found,
        limit=limit,
        of="pricing.prices",
        key=lambda each: [each.variant_id, each.min_quantity],
    )
    return ListPage([PriceView.of(each) for each in shown], following)


@post("/api/v1/pricing/prices", tags=TAGS, summary="Set prices", status_code=200)
async def set_prices(request: Request, data: JSONBody[PricesBody]) -> Response[ResultView]:
    """Set prices; imports leave them alone from then on. What is refused is told one by one."""
    actor = authorise(request, "pricing.edit")

    async def save(tx: Transaction) -> ResultView:
        result = await operations.set_prices(
            tx, prices=[each.price() for each in data.prices], by=actor, now=request.received_at
        )
        return ResultView(
            created=len(result.created),
            changed=len(result.changed),
            unchanged=len(result.unchanged),
            refused=[
                RefusalView(
                    price_list_id=each.price.price_list_id,
                    variant_id=each.price.variant_id,
                    min_quantity=each.price.min_quantity,
                    code=each.error.code,
                    message=str(each.error),
                )
                for each in result.refused
            ],
        )

    return await request.once(save)


@post("/api/v1/pricing/removed-prices", tags=TAGS, summary="Remove prices", status_code=204)
async def remove_prices(request: Request, data: JSONBody[KeysBody]) -> None:
    """Take prices away; an item without a price is not sold."""
    actor = authorise(request, "pricing.edit")
    async with request.transaction(request.idempotency_key) as tx:
        await operations.remove_prices(
            tx, keys=[each.key() for each in data.prices], by=actor, now=request.received_at
        )


@post(
    "/api/v1/pricing/override-resets",
    tags=TAGS,
    summary="Let imports set prices again",
    status_code=204,
)
async def reset_overrides(request: Request, data: JSONBody[KeysBody]) -> None:
    """Give prices back to the imports; they stay as they are until the next one."""
    actor = authorise(request, "pricing.edit")
    async with request.transaction(request.idempotency_key) as tx:
        await operations.reset_price_overrides(
            tx, keys=[each.key() for each in data.prices], by=actor, now=request.received_at
        )


@get(
    "/api/v1/pricing/variants/{variant_id:uuid}/changes",
    tags=TAGS,
    summary="Show the history of a variant's prices",
)
async def list_changes(
    request: Request,
    variant_id: FromPath[UUID],
    after: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> ListPage[ChangeView]:
    """Give changes of prices, newest first."""
    authorise(request, "pricing.view")
    cursor = request.read_cursor(after, of="pricing.changes", types=(int,))
    async with request.snapshot(single=True) as snap:
        found = await queries.list_price_changes(
            snap,
            variant_ids=[variant_id],
            before=cursor[0] if cursor else None,
            limit=limit + 1,
        )
    shown, following = request.page_of(
        found, limit=limit, of="pricing.changes", key=lambda each: [each.id]
    )
    return ListPage([ChangeView.of(each) for each in shown], following)


@get("/api/v1/pricing/groups", tags=TAGS, summary="List customer groups")
async def list_groups(
    request: Request, after: Cursor = None, limit: Limit = LIMIT_DEFAULT
) -> ListPage[GroupView]:
    """Give customer groups by code."""
    authorise(request, "pricing.view")
    cursor = request.read_cursor(after, of="pricing.groups", types=(str,))
    async with request.snapshot(single=True) as snap:
        found = await queries.list_groups(snap)
    rest = [each for each in found if cursor is None or each.code > cursor[0]]
    shown, following = request.page_of(
        rest, limit=limit, of="pricing.groups", key=lambda each: [each.code]
    )
    return ListPage([GroupView(each.code, dict(each.name)) for each in shown], following)


@put("/api/v1/pricing/groups/{code:str}", tags=TAGS, summary="Save a customer group")
async def save_group(
    request: Request, code: FromPath[str], data: JSONBody[GroupBody]
) -> Response[GroupView]:
    """Create a customer group or rename it."""
    actor = authorise(request, "pricing.edit")

    async def save(tx: Transaction) -> GroupView:
        group = CustomerGroup(code=code, name=data.name)
        await operations.save_groups(tx, groups=[group], by=actor, now=request.received_at)
        return GroupView(code, data.name)

    return await request.once(save)


@put(
    "/api/v1/pricing/parties/{party_id:uuid}/group",
    tags=TAGS,
    summary="Put a party into a customer group",
    status_code=204,
)
async def set_group(
    request: Request, party_id: FromPath[UUID], data: JSONBody[MembershipBody]
) -> None:
    """Decide whose prices a party sees: a group's, or everybody's."""
    actor = authorise(request, "pricing.edit")
    async with request.transaction(request.idempotency_key) as tx:
        await operations.set_group(
            tx, party_id=party_id, group=data.group, by=actor, now=request.received_at
        )


ROUTES = (
    list_price_lists,
    save_price_list,
    list_prices,
    set_prices,
    remove_prices,
    reset_overrides,
    list_changes,
    list_groups,
    save_group,
    set_group,
)
