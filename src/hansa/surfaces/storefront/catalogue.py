"""Listings of departments and searches, with filters that show counts; suggestions."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get
from litestar.params import FromPath

from hansa.kernel.money import Money, exponent
from hansa.modules import catalog, search
from hansa.runtime.html import Page
from hansa.runtime.html.formats import format_money, format_number
from hansa.runtime.html.pages import url
from hansa.runtime.http import Request, read_cursor, shopper_or_guest, write_cursor
from hansa.surfaces.storefront.addresses import in_each_language
from hansa.surfaces.storefront.cards import show_cards
from hansa.surfaces.storefront.facets import draw_facets
from hansa.surfaces.storefront.forms import translator
from hansa.surfaces.storefront.pictures import picture
from hansa.surfaces.storefront.shell import page, profile_of

_PER_PAGE = 24
_EAGER = 2
_OWN_PARAMETERS = frozenset({"q", "sort", "page", "price_from", "price_to", "in_stock"})
_TEXT_CHARACTERS_MAX = 100
_VALUES_MAX = 50
_DIGITS_MAX = 10
_SORTS = (
    (search.Sort.RELEVANCE, "Best match first"),
    (search.Sort.NEW, "Newest first"),
    (search.Sort.POPULAR, "Popular first"),
    (search.Sort.PRICE, "Cheapest first"),
    (search.Sort.PRICE_DOWN, "Dearest first"),
    (search.Sort.NAME, "By name"),
)


@get(in_each_language("/c/{slug:str}"))
async def show_category(request: Request, slug: FromPath[str]) -> Page | Response[None]:
    """List a department and all below it."""
    shopper_or_guest(request)
    try:
        return await _listing(request, action=f"/{request.language}/c/{slug}", slug=slug)
    except search.NoSuchBranch:
        async with request.snapshot() as snap:
            found = await catalog.get_category_by_slug(snap, slug=slug)
        if found.category.slug == slug:
            raise
        moved = f"/{request.language}/c/{found.category.slug}"
        return Response(None, status_code=301, headers={"Location": moved})


@get(in_each_language("/search"))
async def show_search(request: Request) -> Page:
    """List what answers to a text, within all departments."""
    shopper_or_guest(request)
    return await _listing(request, action=f"/{request.language}/search", slug=None)


@get(in_each_language("/suggest"))
async def suggest(request: Request) -> Page:
    """Suggest departments, goods and former searches while somebody types."""
    shopper_or_guest(request)
    text = request.query_params.get("q", "")[:_TEXT_CHARACTERS_MAX].strip()
    found = None
    if text:
        profile = await profile_of(request)
        found = await search.suggest(
            request.context.service(search.Shelf),
            text=text,
            profile_id=profile.id,
            language=request.language,
        )
    language = request.language
    options: list[dict[str, str | None]] = []
    if found is not None:
        options += [
            {"href": f"/{language}/c/{one.slug}", "text": one.name, "kind": "category", "src": None}
            for one in found.branches
        ]
        options += [
            {
                "href": f"/{language}/p/{card.text.slug}",
                "text": card.text.name,
                "kind": None,
                "src": picture(card.text.picture.key if card.text.picture else None, 160),
            }
            for card in found.products
        ]
        options += [
            {"href": url(f"/{language}/search", q=one), "text": one, "kind": "query", "src": None}
            for one in found.queries
        ]
    return Page("storefront/suggestions.html", options=options)


async def _listing(request: Request, *, action: str, slug: str | None) -> Page:
    query = await _query(request, slug)
    listing = await search.list_items(request.context.service(search.Shelf), query=query)
    translate = translator(request)
    language = request.language
    overview, currency = listing.overview, listing.currency
    current = next((one for one in overview.branches if one.is_current), None)
    heading = translate("Search results") if query.text else translate("All goods")
    if current is not None:
        heading = current.name
    elif query.text:
        heading = translate("“{text}”").format(text=query.text)
    state = _state(request)
    return await page(
        request,
        "listing.html",
        tab="catalogue",
        is_indexed=slug is not None and not request.scope["query_string"],
        heading=heading,
        crumbs=_crumbs(request, overview.branches),
        count=_count(request, overview.total),
        show_label=translate("Show {count}").format(count=_count(request, overview.total)),
        sorts=[
            (str(code), translate(label))
            for code, label in _SORTS
            if query.text or code is not search.Sort.RELEVANCE
        ],
        sort=str(query.sort),
        is_search=slug is None,
        query=query.text or "",
        action=action,
        branch_links=_branch_links(request, overview.branches, state),
        facets=draw_facets(request, overview.facets),
        price_range=_price_range(request, overview, currency),
        in_stock=query.in_stock,
        in_stock_count=overview.total if query.in_stock else None,
        chosen=_chosen(request, overview.facets, state, action, currency),
        clear_url=url(action, q=query.text),
        did_you_mean=(
            translate("Nothing answers to “{text}”. This is what “{other}” finds.").format(
                text=query.text, other=listing.searched_for
            )
            if listing.searched_for
            else ""
        ),
        items=show_cards(request, listing.items, currency, eager=_EAGER),
        shown=translate("Showing {shown} of {total}").format(
            shown=len(listing.items), total=format_number(overview.total, language)
        ),
        previous_url=_page_url(request, action, state, listing.previous, query.sort),
        next_url=_page_url(request, action, state, listing.next, query.sort),
    )


async def _query(request: Request, slug: str | None) -> search.ListingQuery:
    parameters = request.query_params
    profile = await profile_of(request)
    sort = parameters.get("sort", "")
    text = parameters.get("q", "")[:_TEXT_CHARACTERS_MAX].strip() or None
    default = search.Sort.RELEVANCE if text else search.Sort.NEW
    chosen = search.Sort(sort) if sort in {str(one) for one in search.Sort} else default
    cursor = read_cursor(
        request.visit.wiring.secret,
        parameters.get("page"),
        of=f"listing:{chosen}",
        types=(Any, int, bool),
    )
    return search.ListingQuery(
        profile_id=profile.id,
        language=request.language,
        category_slug=slug,
        text=text,
        filters=_filters(request),
        price_from_minor=_minor(parameters.get("price_from", ""), profile.currency),
        price_to_minor=_minor(parameters.get("price_to", ""), profile.currency),
        in_stock=parameters.get("in_stock") == "1",
        sort=chosen,
        position=None if cursor is None else search.Position(*cursor),
        limit=_PER_PAGE,
    )


def _filters(request: Request) -> dict[str, list[str]]:
    filters: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        if name not in _OWN_PARAMETERS and value and len(filters) < _VALUES_MAX:
            values = filters.setdefault(name[:64], [])
            if len(values) < _VALUES_MAX:
                values.append(value[:_TEXT_CHARACTERS_MAX])
    return filters


def _state(request: Request) -> dict[str, list[str]]:
    """Give the query of this page without the place in the list."""
    state: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        if name != "page" and value:
            state.setdefault(name, []).append(value)
    return state


def _minor(text: str, currency: str) -> int | None:
    digits = text.replace(" ", "").replace("\u00a0", "")
    if not digits.isascii() or not digits.isdigit() or len(digits) > _DIGITS_MAX:
        return None
    minor: int = int(digits) * 10 ** exponent(currency)
    return minor


def _count(request: Request, total: int) -> str:
    environment = request.visit.wiring.translator
    template = environment.plural(request.language, "{count} item", "{count} items", total)
    return template.format(count=format_number(total, request.language))


def _crumbs(request: Request, branches: Sequence[search.Branch]) -> list[tuple[str, str | None]]:
    way = [one for one in branches if one.is_open]
    crumbs: list[tuple[str, str | None]] = [(translator(request)("Home"), f"/{request.language}/")]
    crumbs.extend(
        (one.name, None if one.is_current else f"/{request.language}/c/{one.slug}") for one in way
    )
    return crumbs if way else crumbs[:1]


def _branch_links(
    request: Request, branches: Sequence[search.Branch], state: Mapping[str, Sequence[str]]
) -> list[dict[str, Any]]:
    kept = {"q": list(state.get("q", ()))}

    def link(one: search.Branch) -> dict[str, Any]:
        return {
            "label": one.name,
            "href": url(f"/{request.language}/c/{one.slug}", **kept),
            # Above the department shown only what is in it was counted, which would mislead.
            "count": "" if one.is_open and not one.is_current else one.count,
            "current": one.is_current,
        }

    way = [one for one in branches if one.is_open]
    below = [link(one) for one in branches if not one.is_open]
    if not way:
        return below
    links = [link(one) for one in way]
    links[-1]["children"] = below
    return links


def _price_range(
    request: Request, overview: search.Overview, currency: str
) -> dict[str, str] | None:
    if overview.price_min_minor is None or overview.price_max_minor is None:
        return None
    translate, language = translator(request), request.language
    least = format_money(Money(overview.price_min_minor, currency), language)
    most = format_money(Money(overview.price_max_minor, currency), language)
    return {
        "title": translate("Price"),
        "from_value": request.query_params.get("price_from", ""),
        "to_value": request.query_params.get("price_to", ""),
        "from_hint": translate("from {price}").format(price=least),
        "to_hint": translate("to {price}").format(price=most),
    }


def _chosen(
    request: Request,
    facets: Sequence[search.Facet],
    state: Mapping[str, Sequence[str]],
    action: str,
    currency: str,
) -> list[dict[str, str]]:
    translate = translator(request)
    labels = {(facet.code, value.value): value.label for facet in facets for value in facet.values}
    chosen = []
    for name, values in state.items():
        if name in {"q", "sort"}:
            continue
        for value in values:
            label = labels.get((name, value), value)
            if name in {"price_from", "price_to"}:
                minor = _minor(value, currency)
                if minor is None:
                    continue
                price = format_money(Money(minor, currency), request.language)
                word = "from {price}" if name == "price_from" else "to {price}"
                label = translate(word).format(price=price)
            elif name == "in_stock":
                label = translate("In stock now")
            rest = {
                other: [one for one in kept if (other, one) != (name, value)]
                for other, kept in state.items()
            }
            chosen.append({"label": label, "href": url(action, **rest)})
    return chosen


def _page_url(
    request: Request,
    action: str,
    state: Mapping[str, Sequence[str]],
    position: search.Position | None,
    sort: search.Sort,
) -> str | None:
    if position is None:
        return None
    cursor = write_cursor(request.visit.wiring.secret, tuple(position), of=f"listing:{sort}")
    return url(action, **{name: list(values) for name, values in state.items()}, page=cursor)
