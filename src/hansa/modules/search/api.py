"""JSON API of the shop: listings, products, suggestions, the tree."""

from datetime import datetime
from typing import Annotated

from litestar import get
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, FromQuery, QueryParameter

from hansa.modules import catalog, pricing
from hansa.modules.search import encoding, queries
from hansa.modules.search.encoding import ListingBody, ProductBody, SuggestionsBody
from hansa.modules.search.model import Branch, ListingQuery, NoSuchPage, Position, Sort
from hansa.modules.search.shelf import Shelf
from hansa.runtime.http import PUBLIC, ListPage, Request, WrittenJson
from hansa.runtime.http.paging import Cursor, read_cursor, write_cursor

TAGS = ["Shop"]
ITEMS_MAX = 100
FILTER_PARTS = 2

Text = Annotated[str | None, QueryParameter(max_length=200)]
Slug = Annotated[str | None, QueryParameter(max_length=200, pattern="^[a-z0-9-]+$")]
Amount = Annotated[
    int | None, QueryParameter(ge=0, le=10**15, description="Minor units, both ends included")
]
Filters = Annotated[
    list[str] | None,
    QueryParameter(
        max_items=60,
        description="`code:value`, again for each; several values of one code mean any of them",
    ),
]
Items = Annotated[int, QueryParameter(ge=1, le=ITEMS_MAX, description="How many to give at most")]

_KEY_TYPES: dict[Sort, object] = {Sort.NEW: datetime, Sort.NAME: str}


def _described(body: type) -> dict[int, ResponseSpec]:
    return {200: ResponseSpec(body, generate_examples=False, description="Priced for whoever asks")}


async def _profile(request: Request) -> pricing.PriceProfile:
    actor = request.actor
    return await request.context.service(pricing.Profiles).of(
        market=request.market, party_id=None if actor is None else actor.party_id
    )


@get(
    "/api/v1/catalog/items",
    tags=TAGS,
    summary="List products",
    opt={PUBLIC: "the shop"},
    responses=_described(ListingBody),
)
async def list_items(  # noqa: PLR0913, PLR0917 - one for each parameter of the address
    request: Request,
    category: Slug = None,
    q: Text = None,
    filter: Filters = None,  # noqa: A002 - the name in the address
    price_from: Amount = None,
    price_to: Amount = None,
    in_stock: FromQuery[bool] = False,  # noqa: FBT002 - a query parameter
    sort: FromQuery[Sort] = Sort.RELEVANCE,
    after: Cursor = None,
    limit: Items = 24,
) -> WrittenJson:
    """Give products of a branch or found by words, with facets and branches counted.

    Prices are those of whoever asks, in the market of the header `Hansa-Market`.
    """
    profile = await _profile(request)
    secret = request.visit.wiring.secret
    name = f"catalog.items:{sort}"
    start = None
    if after is not None:
        types = (_KEY_TYPES.get(sort, int), int, bool)
        start = Position(*read_cursor(secret, after, of=name, types=types))
    query = ListingQuery(
        profile_id=profile.id,
        language=request.language,
        category_slug=category,
        text=q,
        filters=_filters(filter),
        price_from_minor=price_from,
        price_to_minor=price_to,
        in_stock=in_stock,
        sort=sort,
        position=start,
        limit=limit,
    )
    page = await request.context.service(Shelf).page(query)
    return WrittenJson(
        encoding.listing(
            page, query.language, lambda position: write_cursor(secret, position, of=name)
        )
    )


def _filters(sent: list[str] | None) -> dict[str, list[str]]:
    filters: dict[str, list[str]] = {}
    for each in sent or ():
        parts = each.split(":", 1)
        if len(parts) == FILTER_PARTS:
            filters.setdefault(parts[0], []).append(parts[1])
    return filters


@get(
    "/api/v1/catalog/items/{slug:str}",
    tags=TAGS,
    summary="Show a product",
    opt={PUBLIC: "the shop"},
    responses=_described(ProductBody),
)
async def show_item(request: Request, slug: FromPath[str]) -> WrittenJson:
    """Give a product with every variant, its price and what is available of it.

    A former address of a product gives the product too; its `slug` is the present one.
    """
    profile = await _profile(request)
    shelf = request.context.service(Shelf)
    try:
        row = await shelf.product(slug=slug, profile_id=profile.id, language=request.language)
    except NoSuchPage:
        async with request.snapshot() as snap:
            found = await catalog.get_product_by_slug(snap, slug=slug)
        if found.is_current:
            raise
        row = await shelf.product(
            slug=found.product.slug, profile_id=profile.id, language=request.language
        )
    return WrittenJson(encoding.product(row, profile, request.language))


@get(
    "/api/v1/catalog/suggestions",
    tags=TAGS,
    summary="Suggest while typing",
    opt={PUBLIC: "the shop"},
    responses=_described(SuggestionsBody),
)
async def suggest(
    request: Request,
    q: Annotated[str, QueryParameter(max_length=100)],
    limit: Annotated[int, QueryParameter(ge=1, le=20)] = 6,
) -> WrittenJson:
    """Give products, categories and what others asked for that go on as was typed."""
    profile = await _profile(request)
    rows, nodes, asked = await request.context.service(Shelf).suggested(
        text=q, profile_id=profile.id, language=request.language, limit=limit
    )
    return WrittenJson(encoding.suggestions(rows, nodes, asked, profile, request.language))


@get(
    "/api/v1/catalog/categories",
    tags=TAGS,
    summary="Show the tree of categories",
    opt={PUBLIC: "the shop"},
)
async def show_tree(
    request: Request,
    after: Cursor = None,
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 200,
) -> ListPage[Branch]:
    """Give categories depth first, each with how many products it and those below it have."""
    profile = await _profile(request)
    cursor = request.read_cursor(after, of="catalog.categories", types=(int,))
    branches = await queries.list_branches(
        request.context.service(Shelf), profile_id=profile.id, language=request.language
    )
    start = cursor[0] if cursor else 0
    numbered = list(enumerate(branches))[start : start + limit + 1]
    shown, following = request.page_of(
        numbered, limit=limit, of="catalog.categories", key=lambda pair: [pair[0] + 1]
    )
    return ListPage([branch for _, branch in shown], following)


ROUTES = (list_items, show_item, suggest, show_tree)
