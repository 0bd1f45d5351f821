"""The page of a product: pictures of the chosen colour, sizes with stock, what each shop has."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from hansa.kernel.money import Money
from hansa.kernel.text import pick
from hansa.modules import catalog, checkout, drops, search, stock
from hansa.runtime.html import Page
from hansa.runtime.html.formats import format_money
from hansa.runtime.html.pages import url
from hansa.runtime.http import Request, shopper_or_guest
from hansa.surfaces.storefront.addresses import in_each_language
from hansa.surfaces.storefront.around import Related, Shops
from hansa.surfaces.storefront.cards import FEW_LEFT, PIECE
from hansa.surfaces.storefront.choices import Colour, Size, draw_colours, draw_sizes
from hansa.surfaces.storefront.drop_line import wait_if_full
from hansa.surfaces.storefront.forms import translator
from hansa.surfaces.storefront.kept import Pages
from hansa.surfaces.storefront.pictures import picture, srcset
from hansa.surfaces.storefront.shell import market_of, page, profile_of

_SUMMARY_CHARACTERS = 155
_COLOUR = "colour"
_COLOUR_CHARACTERS_MAX = 100


@get(in_each_language("/p/{slug:str}"))
async def show(request: Request, slug: FromPath[str]) -> Page | Response[None]:
    """Show a product to one viewer: their price, and stock as of now."""
    shopper_or_guest(request)
    directory = request.context.service(drops.Directory)
    drop = await directory.of_slug(slug, market=request.market)
    try:
        if drop is not None and drop.phase_at(request.received_at) is drops.Phase.OPEN:
            return await wait_if_full(request, drop) or await _show_kept(request, slug)
        profile = await profile_of(request)
        item = await search.product_page(
            request.context.service(search.Shelf),
            slug=slug,
            profile_id=profile.id,
            language=request.language,
        )
    except search.NoSuchPage:
        return await _moved(request, slug)
    return await page(
        request,
        "product.html",
        tab="catalogue",
        is_indexed=not request.scope["query_string"],
        **await _values(request, item, profile_id=profile.id),
    )


async def _show_kept(request: Request, slug: str) -> Page:
    """Show a product of a drop: the page is kept for everybody who pays the same."""
    profile = await profile_of(request)

    async def read() -> dict[str, Any]:
        item = await search.product_page(
            request.context.service(search.Shelf),
            slug=slug,
            profile_id=profile.id,
            language=request.language,
        )
        item = await _with_stock(request, item)
        return await _values(request, item, profile_id=profile.id)

    colour = request.query_params.get(_COLOUR, "")[:_COLOUR_CHARACTERS_MAX]
    return await request.context.service(Pages).show(
        request,
        "product.html",
        key=("product", slug, colour, request.market, request.language, profile.id),
        read=read,
        tab="catalogue",
        is_indexed=not request.scope["query_string"],
    )


async def _with_stock(request: Request, item: search.ProductView) -> search.ProductView:
    """Tell the stock as it is now: at a drop the projection may be some moments behind."""
    ids = [one.text.id for one in item.variants]
    async with request.snapshot(single=True) as snap:
        held = await stock.availability(snap, channel=request.market, variant_ids=ids)
    variants = tuple(
        msgspec.structs.replace(one, available_thousandths=int(held[one.text.id].available * PIECE))
        for one in item.variants
    )
    total = sum(one.available_thousandths for one in variants if one.price_minor is not None)
    return msgspec.structs.replace(item, variants=variants, available_thousandths=total)


async def _values(request: Request, item: search.ProductView, *, profile_id: int) -> dict[str, Any]:
    chosen = _chosen_colour(item, request.query_params.get(_COLOUR, ""))
    variants = [
        one for one in item.variants if chosen is None or one.text.options.get(_COLOUR) == chosen
    ]
    shops = await _shops(request, variants)
    return {
        "crumbs": [
            (one.name, f"/{request.language}/c/{one.slug}") for one in item.text.breadcrumbs
        ],
        "item": await _shown(request, item, chosen, variants, shops),
        "related": await request.context.service(Related).to(request, item, profile_id=profile_id),
    }


@get(in_each_language("/i/{product_id:uuid}"))
async def show_by_id(request: Request, product_id: FromPath[UUID]) -> Response[None]:
    """Lead from a product's number, as orders keep it, to its page of today."""
    shopper_or_guest(request)
    async with request.snapshot(single=True) as snap:
        product = (await catalog.get_products(snap, product_ids=[product_id])).get(product_id)
    address = f"/{request.language}/p/{product.slug}" if product else f"/{request.language}/"
    return Response(None, status_code=302, headers={"Location": address})


async def _moved(request: Request, slug: str) -> Response[None]:
    """Lead from an old address to the present one.

    Raises:
        NoSuchProduct: there never was such an address.
        NoSuchPage: the product is not on sale here.
    """
    async with request.snapshot() as snap:
        found = await catalog.get_product_by_slug(snap, slug=slug)
    if found.is_current:
        raise search.NoSuchPage(slug)
    address = f"/{request.language}/p/{found.product.slug}"
    return Response(None, status_code=301, headers={"Location": address})


def _chosen_colour(item: search.ProductView, wanted: str) -> str | None:
    """Choose the colour asked for, else the first that can be bought, else the first."""
    colours = next((one.values for one in item.text.options if one.code == _COLOUR), None)
    if not colours:
        return None
    known = [one.value for one in colours]
    if wanted in known:
        return wanted
    on_sale = {
        one.text.options.get(_COLOUR) for one in item.variants if one.available_thousandths >= PIECE
    }
    return next((value for value in known if value in on_sale), known[0])


async def _shown(
    request: Request,
    item: search.ProductView,
    chosen: str | None,
    variants: Sequence[search.PricedVariant],
    shops: list[dict[str, str]],
) -> dict[str, Any]:
    translate, language = translator(request), request.language
    text = item.text
    prices = [one.price_minor for one in variants if one.price_minor is not None]
    price = min(prices, default=item.price_minor)
    was = max((one.was_minor or 0 for one in variants), default=0)
    pieces = sum(one.available_thousandths for one in variants) // PIECE
    is_available = pieces > 0 and bool(prices)
    colours = next((one.values for one in text.options if one.code == _COLOUR), [])
    sizes = _sizes(request, text, variants)
    return {
        "name": text.name,
        "summary": text.description[:_SUMMARY_CHARACTERS] or text.name,
        "description": text.description,
        "facts": [(fact.name, fact.value) for fact in text.facts],
        "pictures": _pictures(text, chosen),
        "price": "" if price is None else format_money(Money(price, item.currency), language),
        "was": (
            format_money(Money(was, item.currency), language)
            if price is not None and was > price
            else None
        ),
        "reason": item.reason and translate("your price: {reason}").format(reason=item.reason),
        "colours": len(colours),
        "colour_links": draw_colours(
            request,
            [
                Colour(
                    url(f"/{language}/p/{text.slug}", colour=one.value),
                    one.label,
                    one.swatch or "#999999",
                    one.value == chosen,
                )
                for one in colours
            ],
        ),
        "colour_name": next((one.label for one in colours if one.value == chosen), ""),
        "sizes": len(sizes),
        "only_size": sizes[0].value if sizes else "",
        "size_choices": draw_sizes(request, sizes),
        "is_available": is_available,
        "stock_note": _stock_note(request, pieces if prices else 0),
        "notes": await _notes(request, shops),
        "shops": shops,
    }


def _pictures(text: Any, chosen: str | None) -> list[dict[str, str]]:
    own = [
        one
        for one in text.media
        if not one.options or chosen is None or one.options.get(_COLOUR) == chosen
    ]
    return [
        {"src": picture(one.key, 640), "srcset": srcset(one.key), "alt": one.alt or text.name}
        for one in own or text.media
    ] or [{"src": picture(None, 640), "srcset": srcset(None), "alt": text.name}]


def _sizes(
    request: Request, text: search.ProductText, variants: Sequence[search.PricedVariant]
) -> list[Size]:
    """Give what is chosen besides the colour: sizes, or whatever the variants differ in."""
    translate = translator(request)
    others = [option for option in text.options if option.code != _COLOUR]
    labels = {
        (option.code, value.value): value.label for option in others for value in option.values
    }
    order = {
        (option.code, value.value): place
        for option in others
        for place, value in enumerate(option.values)
    }

    def rank(variant: search.PricedVariant) -> list[int]:
        chosen = variant.text.options
        return [order.get((option.code, chosen.get(option.code, "")), 0) for option in others]

    sizes = []
    for variant in sorted(variants, key=rank):
        chosen = variant.text.options
        words = [
            labels[option.code, chosen[option.code]] for option in others if option.code in chosen
        ]
        pieces = variant.available_thousandths // PIECE
        is_available = pieces > 0 and variant.price_minor is not None
        note = ""
        if not is_available:
            note = translate("sold out")
        elif pieces <= FEW_LEFT:
            note = translate("only {count} left").format(count=pieces)
        label = " ".join(words) or variant.text.sku
        sizes.append(Size(str(variant.text.id), label, note, is_available))
    return sizes


def _stock_note(request: Request, pieces: int) -> str:
    translate = translator(request)
    if pieces <= 0:
        return translate("Sold out in this colour")
    if pieces <= FEW_LEFT:
        return translate("only {count} left").format(count=pieces)
    return translate("In stock")


async def _shops(
    request: Request, variants: Sequence[search.PricedVariant]
) -> list[dict[str, str]]:
    """Say what each shop of the market has of this colour, as of now."""
    translate, language = translator(request), request.language
    places = await request.context.service(Shops).of(request.market)
    if not places:
        return []
    async with request.snapshot(single=True) as snap:
        held = await stock.pieces_by_warehouse(
            snap, variant_ids=[one.text.id for one in variants], channel=request.market
        )
    shown = []
    for place in places:
        pieces = held.get(place.id, Decimal(0))
        words, tone = translate("in stock"), "good"
        if pieces < 1:
            words, tone = translate("no"), "quiet"
        elif pieces <= FEW_LEFT:
            words, tone = translate("only {count} left").format(count=int(pieces)), "warn"
        shown.append(
            {
                "name": pick(place.name, language),
                "note": ", ".join(part for part in (place.address, place.hours) if part),
                "stock": words,
                "tone": tone,
            }
        )
    return shown


async def _notes(request: Request, shops: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    translate, language = translator(request), request.language
    market = market_of(request)
    offers = await request.context.service(checkout.Offers).of(market.code)
    notes = []
    for method in offers.delivery:
        price = format_money(Money(method.price_minor, market.currency), language)
        words = (
            f"{pick(method.name, language)}: {price if method.price_minor else translate('free')}"
        )
        if method.free_from_minor and method.price_minor:
            limit = format_money(Money(method.free_from_minor, market.currency), language)
            words += ", " + translate("free from {amount}").format(amount=limit)
        icon = "store" if method.kind is checkout.DeliveryKind.PICKUP else "truck"
        notes.append({"icon": icon, "text": words})
    have = sum(1 for shop in shops if shop["tone"] != "quiet")
    if have:
        plural = request.visit.wiring.translator.plural
        words = plural(language, "Today in {count} shop", "Today in {count} shops", have)
        notes.append({"icon": "map-pin", "text": words.format(count=have)})
    notes.append({"icon": "undo-2", "text": translate("Thirty days for returns")})
    return notes
