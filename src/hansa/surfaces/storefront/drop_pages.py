"""Drops in the shop: what opens when, the collection itself, one's place in the line."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from markupsafe import Markup

from hansa.kernel.text import pick
from hansa.modules import drops, search, stock
from hansa.runtime.html import Page
from hansa.runtime.html.formats import format_moment
from hansa.runtime.http import Request, go_to, shopper_or_guest
from hansa.runtime.http.gate import NO_ACTOR
from hansa.surfaces.storefront.addresses import in_each_language
from hansa.surfaces.storefront.cards import PIECE, show_cards
from hansa.surfaces.storefront.drop_line import show_place, wait_if_full
from hansa.surfaces.storefront.kept import Pages
from hansa.surfaces.storefront.pictures import picture, srcset
from hansa.surfaces.storefront.shell import market_of, page, profile_of

_EAGER = 4
_MILLISECONDS = 1000
_JITTER_LINE = 1500
_JITTER = 300
"""People with a place in the draw need not all come in the same millisecond."""


@get(in_each_language("/drops"))
async def list_drops(request: Request) -> Page:
    """Show what opens and what is open."""
    shopper_or_guest(request)
    now = request.received_at
    found = [
        _shown(request, drop, now)
        for drop in await request.context.service(drops.Directory).all()
        if _is_shown(request, drop) and drop.phase_at(now) is not drops.Phase.CLOSED
    ]
    return await page(request, "drops.html", tab="catalogue", is_indexed=True, drops=found)


@get(in_each_language("/drops/{code:str}"), opt={NO_ACTOR: "asked for once one is inside"})
async def show(request: Request, code: FromPath[str]) -> Page:
    """Show a drop: a teaser before it opens, the goods after, a word when it is over."""
    shopper_or_guest(request)
    drop = await _find(request, code)
    now = request.received_at
    phase = drop.phase_at(now)
    if phase is drops.Phase.OPEN:
        waiting = await wait_if_full(request, drop)
        if waiting is not None:
            return waiting
        # Who it is decides the price, and costs a statement that thousands who wait need not.
        request.visit.actor = await request.visit.wiring.authenticator.authenticate(request)
        return await _goods(request, drop)
    place = None
    if phase is drops.Phase.UPCOMING and drop.has_room and drop.gathers_at <= now:
        place = show_place(request, drop, await drops.enter(request, drop))
    return await page(
        request,
        "drop_teaser.html",
        tab="catalogue",
        is_indexed=phase is drops.Phase.UPCOMING,
        drop=_shown(request, drop, now),
        is_over=phase is drops.Phase.CLOSED,
        place=place,
    )


@get(in_each_language("/drops/{code:str}/place"), opt={NO_ACTOR: "a place is the session's"})
async def show_place_part(request: Request, code: FromPath[str]) -> Page:
    """Show one's place, as a part that renews itself; whoever is inside is led in."""
    shopper_or_guest(request)
    drop = await _find(request, code)
    place = await drops.enter(request, drop)
    part = Page("storefront/drop_place.html", place=show_place(request, drop, place))
    if place.is_inside and drop.phase_at(request.received_at) is drops.Phase.OPEN:
        part.headers["HX-Refresh"] = "true"
    return part


@post(in_each_language("/drops/{code:str}/leave"))
async def leave(request: Request, code: FromPath[str]) -> Response[None]:
    """Give one's place to the next."""
    shopper_or_guest(request)
    drop = await _find(request, code)
    session = drops.visitor_of(request)
    if session is not None:
        rooms = request.context.service(drops.Rooms)
        await rooms.leave(drop, session=session, now=request.received_at)
    return go_to(request, f"/{request.language}/")


async def _goods(request: Request, drop: drops.Drop) -> Page:
    profile = await profile_of(request)

    async def read() -> dict[str, Any]:
        shelf = request.context.service(search.Shelf)
        cards = await search.get_cards(
            shelf,
            product_ids=[item.product_id for item in drop.items],
            profile_id=profile.id,
            language=request.language,
        )
        cards = await _with_stock(request, drop, cards)
        return {
            "drop": _shown(request, drop, drop.opens_at),
            "count": len(cards),
            "items": show_cards(request, cards, profile.currency, eager=_EAGER)
            if cards
            else Markup(),
            "is_sold_out": all(card.available_thousandths < PIECE for card in cards),
        }

    return await request.context.service(Pages).show(
        request,
        "drop.html",
        key=("drop", drop.id, request.market, request.language, profile.id),
        read=read,
        tab="catalogue",
        is_indexed=not request.scope["query_string"],
    )


async def _with_stock(
    request: Request, drop: drops.Drop, cards: tuple[search.Card, ...]
) -> tuple[search.Card, ...]:
    """Tell the stock as it is now: at a drop the projection may be some moments behind."""
    variants = request.context.service(drops.Directory).variants_of(drop)
    ids = [one for listed in variants.values() for one in listed]
    async with request.snapshot(single=True) as snap:
        held = await stock.availability(snap, channel=request.market, variant_ids=ids)
    pieces = {
        product_id: int(sum((held[one].available for one in listed), Decimal(0)) * PIECE)
        for product_id, listed in variants.items()
    }
    return tuple(
        msgspec.structs.replace(card, available_thousandths=pieces.get(card.text.id, 0))
        for card in cards
    )


async def _find(request: Request, code: str) -> drops.Drop:
    drop = await request.context.service(drops.Directory).by_code(code)
    if drop is None or not _is_shown(request, drop):
        raise drops.NoSuchDrop(code)
    return drop


def _is_shown(request: Request, drop: drops.Drop) -> bool:
    return drop.is_published and request.market in drop.markets


def _shown(request: Request, drop: drops.Drop, now: datetime) -> dict[str, Any]:
    language = request.language
    left = max(0.0, (drop.opens_at - now).total_seconds())
    return {
        "code": drop.code,
        "url": f"/{language}/drops/{drop.code}",
        "name": pick(drop.name, language),
        "text": pick(drop.description, language) if drop.description else "",
        "picture": picture(drop.picture, 1000) if drop.picture else "",
        "srcset": srcset(drop.picture) if drop.picture else "",
        "opens": format_moment(drop.opens_at, language, market_of(request).time_zone),
        "opens_iso": drop.opens_at.isoformat(),
        "is_upcoming": drop.phase_at(now) is drops.Phase.UPCOMING,
        "left_milliseconds": round(left * _MILLISECONDS),
        "left": _left(left),
        "jitter": _JITTER_LINE if drop.has_room else _JITTER,
        "has_room": drop.has_room,
    }


def _left(seconds: float) -> str:
    """Write how long it is, as the script goes on to: `2:03:04:05`, days only if there are any."""
    whole = -(-int(seconds * _MILLISECONDS) // _MILLISECONDS)
    days, rest = divmod(whole, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, rest = divmod(rest, 60)
    clock = f"{hours:02}:{minutes:02}:{rest:02}"
    return f"{days}:{clock}" if days else clock
