"""Offers: available, on and done; one of them with its terms; switched on and off."""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.kernel.text import pick
from hansa.modules import loyalty
from hansa.modules.loyalty.offers import MemberOffer
from hansa.runtime.html import Page
from hansa.runtime.http import Request, go_to
from hansa.surfaces.loyalty_app.access import Visitor, enter
from hansa.surfaces.loyalty_app.addresses import in_each_language
from hansa.surfaces.loyalty_app.frame import app_page, root_of
from hansa.surfaces.loyalty_app.home_pages import audiences_in, list_offers
from hansa.surfaces.loyalty_app.offers_shown import OfferShown, note_shown, show_offer
from hansa.surfaces.loyalty_app.words import translator

LISTED_MAX = 200
VIEW = loyalty.offers.OfferView


@get(in_each_language("/offers"))
async def offers(request: Request) -> Page:
    """Show the member's offers of a list, of all partners or one."""
    visitor = await enter(request)
    asked = request.query_params.get("view", "")
    view = VIEW(asked) if asked in set(VIEW) else VIEW.AVAILABLE
    partner = request.query_params.get("partner", "")
    async with request.snapshot() as snap:
        found = await list_offers(snap, request, visitor, limit=LISTED_MAX)
    listed = [show_offer(request, visitor, one) for one in found if one.view is view]
    partners = sorted({(one.partner_code, one.partner) for one in listed}, key=lambda one: one[1])
    chosen = [one for one in listed if not partner or one.partner_code == partner]
    note_shown(request, visitor, chosen)
    return app_page(
        request,
        "offers.html",
        visitor=visitor,
        tab="offers",
        view=view.value,
        counts=_counts(found),
        partner=partner,
        partners=partners,
        offers=chosen,
    )


@get(in_each_language("/offers/{offer_id:uuid}"))
async def offer(request: Request, offer_id: FromPath[UUID]) -> Page:
    """Show an offer with its terms."""
    visitor = await enter(request)
    found = _find(await _listed(request, visitor), offer_id)
    partner = visitor.coalition.partners.get(found.offer.partner_id)
    shown = show_offer(request, visitor, found)
    note_shown(request, visitor, [shown])
    return app_page(
        request,
        "offer.html",
        visitor=visitor,
        tab="offers",
        offer=shown,
        about_partner=pick(partner.about, request.language) if partner and partner.about else "",
        site=partner.site if partner else "",
    )


@post(in_each_language("/offers/{offer_id:uuid}/{wanted:str}"))
async def switch(
    request: Request, offer_id: FromPath[UUID], wanted: FromPath[str]
) -> Response[Any] | Page:
    """Switch an offer on or off; a refusal is told beside it."""
    visitor = await enter(request)
    is_on = wanted == "on"
    refusal = ""
    try:
        await _switch(request, visitor, offer_id, is_on=is_on)
    except HansaError as refused:
        if not request.is_htmx:
            raise
        refusal = translator(request)(refused.message).format(**refused.data())
    if not request.is_htmx:
        return go_to(request, f"{root_of(request)}/offers/{offer_id}")
    listed = await _listed(request, visitor)
    shown = show_offer(request, visitor, _find(listed, offer_id))
    return Page(
        "loyalty_app/offer_switched.html",
        headers={} if refusal else {"HX-Trigger": _toast(request, shown, is_on=is_on)},
        offer=shown,
        root=root_of(request),
        refusal=refusal,
        is_full=_page_before(request) == f"{root_of(request)}/offers/{offer_id}",
        counts=_counts(listed) if _comes_from_lists(request) else {},
    )


def _toast(request: Request, shown: OfferShown, *, is_on: bool) -> str:
    """Say what was done, with the way back."""
    translate = translator(request)
    text = translate("Switched on: {title}") if is_on else translate("Switched off: {title}")
    undo = f"{root_of(request)}/offers/{shown.id}/{'off' if is_on else 'on'}"
    toast = {"text": text.format(title=shown.title), "undo": undo, "target": f"#offer-{shown.id}"}
    return json.dumps({"toast": toast})


async def _switch(request: Request, visitor: Visitor, offer_id: UUID, *, is_on: bool) -> None:
    async with request.transaction() as tx:
        if is_on:
            await loyalty.offers.switch_on(
                tx,
                coalition=visitor.coalition,
                member=visitor.key,
                offer_id=offer_id,
                audiences=audiences_in(request, visitor),
                now=request.received_at,
            )
        else:
            await loyalty.offers.switch_off(
                tx,
                coalition=visitor.coalition,
                member=visitor.key,
                offer_id=offer_id,
                now=request.received_at,
            )


async def _listed(request: Request, visitor: Visitor) -> Sequence[MemberOffer]:
    async with request.snapshot() as snap:
        return await list_offers(snap, request, visitor, limit=LISTED_MAX)


def _counts(listed: Sequence[MemberOffer]) -> dict[str, int]:
    return {one.value: sum(1 for other in listed if other.view is one) for one in VIEW}


def _comes_from_lists(request: Request) -> bool:
    """Tell whether the page that asks is the one with the lists, whose tabs count."""
    return _page_before(request) == f"{root_of(request)}/offers"


def _page_before(request: Request) -> str:
    """Give the path of the page that asks for a part of itself."""
    return urlsplit(request.visit.headers.get(b"hx-current-url", b"").decode("latin-1")).path


def _find(listed: Sequence[MemberOffer], offer_id: UUID) -> MemberOffer:
    """Give an offer of the member's lists.

    Raises:
        NoSuchOffer: it is in none of them.
    """
    found = next((one for one in listed if one.offer.id == offer_id), None)
    if found is None:
        raise loyalty.offers.NoSuchOffer(offer_id)
    return found
