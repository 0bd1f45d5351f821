"""What surrounds every page: menu, basket count, languages, markets."""

import asyncio
import secrets
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from time import monotonic
from typing import Any
from uuid import UUID

from markupsafe import escape

from hansa.kernel.text import pick
from hansa.modules import accounts, catalog, checkout, drops, markets, pricing
from hansa.runtime.context import Context
from hansa.runtime.html import Page
from hansa.runtime.html.stencils import Stencil, mark
from hansa.runtime.http import Request
from hansa.surfaces.storefront.addresses import alternates

BRAND = {"ru": "Ольха", "en": "Olkha"}
BASKET_COOKIE = "hansa_basket"
THEME_COOKIE = "hansa_theme"
MENU_FRESH_SECONDS = 10.0
MENU_ITEMS_MAX = 6
FRAMES_MAX = 200
PARTING = secrets.token_hex(16)
"""Stands between the parts of a page; nobody outside can know it and so write it into a page."""
_DIGITS_MAX = 4
_FONTS = {
    "ru": ("fonts/golos-cyrillic.woff2", "fonts/golos-latin.woff2", "fonts/prata-cyrillic.woff2"),
    "en": ("fonts/golos-latin.woff2", "fonts/prata-latin.woff2"),
}


class Menu:
    """The departments at the top of each page, kept in memory: at most ten seconds old."""

    def __init__(self, context: Context) -> None:
        self._database = context.database
        self._categories: Sequence[catalog.Category] = ()
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    async def start(self) -> None:
        """Nothing to prepare: read when first asked for."""

    async def close(self) -> None:
        """Nothing to finish."""

    async def departments(self) -> Sequence[catalog.Category]:
        """Give the categories at the top of the tree that are shown, in order."""
        if monotonic() - self._read_at >= MENU_FRESH_SECONDS:
            async with self._reading:
                if monotonic() - self._read_at >= MENU_FRESH_SECONDS:
                    await self._read()
        return self._categories

    async def _read(self) -> None:
        async with self._database.snapshot(single=True) as snap:
            found = await catalog.list_categories(snap)
        self._categories = [
            category for category in found if category.parent_id is None and not category.is_hidden
        ][:MENU_ITEMS_MAX]
        self._read_at = monotonic()


@dataclass(frozen=True, slots=True)
class MenuItem:
    """A link of the menu."""

    label: str
    href: str
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """Values of `layout.html`, or with another `layout` of what is put into a drawn one."""

    layout: str = "storefront/layout.html"
    parting: str = PARTING
    brand: str
    theme: str
    canonical: str
    alternates: Sequence[tuple[str, str]]
    fonts: Sequence[str]
    menu: Sequence[MenuItem]
    basket_count: int | str
    markets: Sequence[markets.Market]
    here: str
    tab: str


class _Place(IntEnum):
    """Places of a drawn shell that differ from page to page."""

    TITLE = 0
    DESCRIPTION = 1
    HEAD = 2
    MAIN = 3
    COUNT = 4
    HERE = 5
    CANONICAL = 6
    TOKEN = 7
    ALTERNATES = 8


class Frames:
    """The shell as drawn for each language, market and place in the menu: ten seconds old at most.

    Two thirds of a page are the same for everybody. What is not (the number in the basket, the
    token of the forms, addresses of the page itself) has a mark in its place.
    """

    def __init__(self, context: Context) -> None:
        self._is_kept = context.settings.environment != "development"
        self._drawn: dict[Hashable, tuple[float, Stencil]] = {}

    async def start(self) -> None:
        """Nothing to prepare: drawn when first needed."""

    async def close(self) -> None:
        """Nothing to finish."""

    def of(self, request: Request, shell: Shell) -> Stencil:
        """Give the drawn shell that fits."""
        current = next((item.href for item in shell.menu if item.current), None)
        key = (
            request.language,
            request.market,
            shell.theme,
            shell.tab,
            bool(shell.canonical),
            current,
        )
        kept = self._drawn.get(key)
        if kept is not None and monotonic() - kept[0] < MENU_FRESH_SECONDS:
            return kept[1]
        drawn = Stencil(_draw(request, shell))
        if self._is_kept:
            if len(self._drawn) >= FRAMES_MAX:
                self._drawn.clear()
            self._drawn[key] = (monotonic(), drawn)
        return drawn


def _draw(request: Request, shell: Shell) -> str:
    marked = replace(
        shell,
        layout="storefront/layout.html",
        canonical=mark(_Place.CANONICAL) if shell.canonical else "",
        alternates=[
            (code, mark(_Place.ALTERNATES + place))
            for place, (code, _) in enumerate(shell.alternates)
        ],
        basket_count=mark(_Place.COUNT),
        here=mark(_Place.HERE),
    )
    marks = {
        "title": mark(_Place.TITLE),
        "description": mark(_Place.DESCRIPTION),
        "head": mark(_Place.HEAD),
        "main": mark(_Place.MAIN),
    }
    drawn = request.visit.wiring.renderer.page(
        request.visit, "storefront/outer.html", {"shell": marked, "marks": marks}
    )
    # Macros read the token by themselves; it is of sixty-four letters that stand nowhere else.
    return drawn.replace(request.csrf_token, mark(_Place.TOKEN))


async def page(
    request: Request,
    template: str,
    *,
    tab: str = "",
    is_indexed: bool = False,
    status_code: int = 200,
    **values: Any,
) -> Page:
    """Make a page within the shop's shell. Only `is_indexed` ones may be found by search engines.

    The template extends `shell.layout` to be put into a shell that is drawn already, or
    `storefront/layout.html` to be drawn whole.
    """
    drops.touch(request)
    shell = await _shell(request, tab=tab, is_indexed=is_indexed)

    def finish(text: str) -> str:
        """Put the page's own parts into the drawn shell."""
        parts = text.split(PARTING)
        if len(parts) == 1:
            return text
        frame = request.context.service(Frames).of(request, shell)
        return frame.fill(
            (
                *parts,
                str(shell.basket_count or ""),
                escape(shell.here),
                escape(shell.canonical),
                request.csrf_token,
                *(escape(href) for _, href in shell.alternates),
            )
        )

    return Page(
        f"storefront/{template}", status_code=status_code, finish=finish, shell=shell, **values
    )


async def _shell(request: Request, *, tab: str, is_indexed: bool) -> Shell:
    context, language, path = request.context, request.language, request.visit.path
    departments = await context.service(Menu).departments()
    cookies = request.visit.sent_cookies
    theme = cookies.get(THEME_COOKIE, "")
    return Shell(
        layout="storefront/inner.html",
        brand=BRAND.get(language, BRAND["en"]),
        theme=theme if theme in {"light", "dark"} else "",
        canonical=path if is_indexed else "",
        alternates=alternates(path),
        fonts=_FONTS.get(language, _FONTS["en"]),
        menu=[
            MenuItem(
                pick(one.name, language),
                href := f"/{language}/c/{one.slug}",
                path == href,
            )
            for one in departments
        ],
        basket_count=_count(cookies.get(BASKET_COOKIE, "")),
        markets=context.service(markets.MarketDirectory).all(),
        here=path if request.method == "GET" else f"/{language}/",
        tab=tab,
    )


def _count(cookie: str) -> int:
    """Read the number the last change of the basket left; it is for show only."""
    return (
        int(cookie) if cookie.isascii() and cookie.isdigit() and len(cookie) <= _DIGITS_MAX else 0
    )


def market_of(request: Request) -> markets.Market:
    """Give the market of the request."""
    return request.context.service(markets.MarketDirectory).get(request.market)


def party_of(request: Request) -> UUID | None:
    """Give the party of the shopper who is signed in."""
    actor = request.actor
    return None if actor is None else actor.party_id


async def profile_of(request: Request) -> pricing.PriceProfile:
    """Give the price profile of whoever looks, a few seconds old at most."""
    profiles = request.context.service(pricing.Profiles)
    return await profiles.of(market=request.market, party_id=party_of(request))


async def view_basket(request: Request) -> checkout.BasketView:
    """Read the visitor's basket as of now."""
    market = market_of(request)
    offers = await request.context.service(checkout.Offers).of(market.code)
    async with request.snapshot() as snap:
        profile = await pricing.profile_of(snap, market=market.code, party_id=party_of(request))
        return await checkout.view_basket(
            snap,
            owner=checkout.owner_of(request),
            market=market,
            profile=profile,
            offers=offers,
            now=request.received_at,
        )


async def shopper(request: Request) -> accounts.User | None:
    """Give the user who is signed in, if any."""
    actor = request.actor
    if actor is None or not actor.is_signed_in:
        return None
    async with request.snapshot(single=True) as snap:
        return await accounts.get_user(snap, user_id=actor.id)
