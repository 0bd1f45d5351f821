"""The basket: a page, a side sheet, and the three things one does with it."""

import json
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.modules import accounts, checkout, drops
from hansa.runtime.html import Page
from hansa.runtime.http import Request, go_to, shopper_or_guest
from hansa.surfaces.storefront.addresses import in_each_language
from hansa.surfaces.storefront.basket_view import show_basket
from hansa.surfaces.storefront.forms import read_identifier, read_texts, translator
from hansa.surfaces.storefront.shell import BASKET_COOKIE, page, profile_of, view_basket

_COOKIE_SECONDS = 60 * 24 * 3600
_DIGITS_MAX = 6


@get(in_each_language("/basket"))
async def show(request: Request) -> Page:
    """Show the basket as a page."""
    shopper_or_guest(request)
    view = await view_basket(request)
    shown = await page(request, "basket.html", tab="basket", basket=show_basket(request, view))
    return _counted(shown, view)


@get(in_each_language("/basket/sheet"))
async def show_sheet(request: Request) -> Page:
    """Show the basket as the content of the side sheet."""
    shopper_or_guest(request)
    return await _part(request, "basket-lines")


@post(in_each_language("/basket/lines"))
async def add_line(request: Request) -> Response[None] | Page:
    """Put a variant into the basket."""
    shopper_or_guest(request)
    form = await read_texts(request)
    variant_id = read_identifier(form.text("variant_id"))
    if variant_id is None:
        return await _part(request, "basket-lines", notice="Choose a size first.", opened=True)
    quantity = _whole(form.text("quantity") or "1")
    try:
        await drops.pass_gate(request, variant_id=variant_id)
        profile = await profile_of(request)
        async with request.transaction() as tx:
            await accounts.ensure_session(tx, request)
            await checkout.add_line(
                tx,
                owner=checkout.owner_of(request),
                market=request.market,
                variant_id=variant_id,
                quantity=quantity,
                profile=profile,
                now=request.received_at,
            )
    except HansaError as refusal:
        if not request.is_htmx:
            raise
        return await _part(request, "basket-lines", notice=refusal.message, opened=True)
    if not request.is_htmx:
        return go_to(request, f"/{request.language}/basket")
    return await _part(request, "basket-lines", opened=True)


@post(in_each_language("/basket/lines/{variant_id:uuid}"))
async def set_quantity(request: Request, variant_id: FromPath[UUID]) -> Response[None] | Page:
    """Change how many of a variant there are; zero takes it out."""
    shopper_or_guest(request)
    form = await read_texts(request)
    profile = await profile_of(request)
    async with request.transaction() as tx:
        await checkout.set_quantity(
            tx,
            owner=checkout.owner_of(request),
            market=request.market,
            variant_id=variant_id,
            quantity=_whole(form.text("quantity")),
            profile=profile,
            now=request.received_at,
        )
    return await _after_change(request, form.text("view"))


@post(in_each_language("/basket/lines/{variant_id:uuid}/removal"))
async def remove_line(request: Request, variant_id: FromPath[UUID]) -> Response[None] | Page:
    """Take a variant out of the basket."""
    shopper_or_guest(request)
    form = await read_texts(request)
    async with request.transaction() as tx:
        await checkout.remove_line(
            tx,
            owner=checkout.owner_of(request),
            market=request.market,
            variant_id=variant_id,
            now=request.received_at,
        )
    return await _after_change(request, form.text("view"))


async def _after_change(request: Request, view: str) -> Response[None] | Page:
    if not request.is_htmx:
        return go_to(request, f"/{request.language}/basket")
    return await _part(request, view)


async def _part(request: Request, target: str, *, notice: str = "", opened: bool = False) -> Page:
    view = await view_basket(request)
    basket = show_basket(request, view)
    if notice:
        sentence = translator(request)(notice)
        basket = replace(basket, notices=[sentence, *basket.notices])
    if target == "basket-page":
        part = await page(request, "basket.html#body", basket=basket)
    else:
        part = Page("storefront/basket_sheet.html", basket=basket)
    triggers: dict[str, object] = {"basket-count": {"count": int(view.item_count)}}
    if opened:
        triggers["open"] = "basket"
    part.headers["HX-Trigger"] = json.dumps(triggers)
    return _counted(part, view)


def _counted(answer: Page, view: checkout.BasketView) -> Page:
    """Leave the number of pieces in a cookie, so that no page has to ask for it."""
    answer.cookies.append(
        Cookie(
            key=BASKET_COOKIE,
            value=str(int(view.item_count)),
            max_age=_COOKIE_SECONDS,
            samesite="lax",
        )
    )
    return answer


def _whole(text: str) -> Decimal:
    """Read a number of pieces; what is none is refused by the basket as zero pieces too many."""
    return (
        Decimal(text)
        if text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX
        else Decimal(-1)
    )
