"""The waiting room as people see it: a page instead of the one they wanted, which renews itself."""

from typing import Any

from hansa.kernel.text import pick
from hansa.modules import drops
from hansa.runtime.html import Page
from hansa.runtime.html.formats import format_number
from hansa.runtime.http import Request
from hansa.surfaces.storefront.forms import translator
from hansa.surfaces.storefront.shell import page

_MINUTE = 60
_BACK_SECONDS = 2


async def wait_if_full(request: Request, drop: drops.Drop) -> Page | None:
    """Give the waiting room's page (503), or None for whoever is inside."""
    place = await drops.enter(request, drop)
    if place.is_inside:
        return None
    # Who came with nothing to come back with got a cookie just now and has no place yet.
    is_new = drops.visitor_of(request) is None
    seconds = _BACK_SECONDS if is_new else place.poll_seconds
    shown = await page(
        request,
        "drop_line.html",
        tab="catalogue",
        status_code=503,
        name=pick(drop.name, request.language),
        code=drop.code,
        place=show_place(request, drop, place, seconds=seconds),
    )
    shown.headers["Retry-After"] = str(seconds)
    shown.headers["Cache-Control"] = "no-store"
    return shown


def show_place(
    request: Request, drop: drops.Drop, place: drops.Place, *, seconds: int | None = None
) -> dict[str, Any]:
    """Put a place into words."""
    language, translate = request.language, translator(request)
    ahead = None
    if place.ahead == 0:
        ahead = translate("You are next")
    elif place.ahead is not None:
        plural = request.visit.wiring.translator.plural(
            language, "{count} person before you", "{count} people before you", place.ahead
        )
        ahead = plural.format(count=format_number(place.ahead, language))
    return {
        "url": f"/{language}/drops/{drop.code}/place",
        "seconds": seconds or place.poll_seconds,
        "number": None if place.number is None else format_number(place.number, language),
        "ahead": ahead,
        "wait": _wait(request, place),
        "is_upcoming": drop.phase_at(request.received_at) is drops.Phase.UPCOMING,
        "is_paused": place.is_paused,
    }


def _wait(request: Request, place: drops.Place) -> str:
    translate = translator(request)
    if place.wait_seconds is None:
        return ""
    if place.wait_seconds <= _MINUTE:
        return translate("less than a minute")
    minutes = -(-place.wait_seconds // _MINUTE)
    plural = request.visit.wiring.translator.plural(
        request.language, "about {count} minute", "about {count} minutes", minutes
    )
    return plural.format(count=minutes)
