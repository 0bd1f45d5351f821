"""Who is asking, and what surrounds every page of the cabinet."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response

from hansa.kernel.text import pick
from hansa.modules import loyalty, markets
from hansa.runtime.html import Page
from hansa.runtime.http import Actor, Request, SignInNeeded, go_to

LANGUAGES: Final = ("ru", "en")
PAGE_ROWS: Final = 50
SCOPES: Final = (
    ("loyalty.earn", "Report receipts and returns, give points"),
    ("loyalty.spend", "Hold and spend points"),
    ("loyalty.read", "Read balances and postings of members"),
    ("loyalty.members", "Enrol, find and link members for a partner"),
    ("loyalty.bulk", "Send many commands at once"),
    ("loyalty.webhooks", "Set up a partner's own webhooks"),
)
"""What a partner may let its own programs do, at most."""
SECTIONS: Final = (
    ("Today", "", "layout-dashboard"),
    ("Receipts and postings", "/postings", "receipt"),
    ("Offers", "/offers", "gift"),
    ("Statements", "/statements", "file-text"),
    ("Keys", "/keys", "key"),
    ("Webhooks", "/webhooks", "plug-zap"),
    ("People", "/people", "users"),
    ("Terms", "/terms", "shield"),
)
NOTICES: Final = {
    "saved": "Saved.",
    "invited": "A letter with a link is on its way.",
    "ended": "The offer has ended.",
    "sent": "It leaves now; see below whether it arrives.",
    "replayed": "It is being tried again.",
    "written": "It is written down. Members see it once it is sent and approved.",
    "submitted": "The programme's staff look at it now.",
    "paused": "Members do not see it any more; what they have earned stays.",
    "resumed": "It is in force again.",
}


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever is signed in, and the partner they work for."""

    actor: Actor
    partner: loyalty.programmes.Partner


def at(path: str) -> list[str]:
    """Give the addresses of a page, one per language."""
    return [f"/{language}/partner{path}" for language in LANGUAGES]


def home(request: Request, path: str = "") -> str:
    """Give the address of a page in the language of this one."""
    return f"/{request.language}/partner{path}"


def person(request: Request) -> Person:
    """Give the person of a partner who asks.

    Raises:
        SignInNeeded: nobody is signed in who works for a partner that takes part.
    """
    request.visit.authorised = True
    actor = request.actor
    if actor is None or actor.kind != "partner" or actor.partner_id is None:
        raise SignInNeeded
    partner = coalition_of(request).partners.get(actor.partner_id)
    if partner is None or not partner.is_active:
        raise SignInNeeded
    return Person(actor, partner)


def coalition_of(request: Request) -> loyalty.programmes.Coalition:
    """Give programmes, partners and terms."""
    return request.context.service(loyalty.programmes.Directory).coalition


def terms_of(request: Request, partner: loyalty.programmes.Partner) -> Sequence[Any]:
    """Give the terms of a partner in its programmes."""
    return coalition_of(request).of_partner(partner.id)


def words(request: Request) -> Callable[[str], str]:
    """Give a function that translates msgids into the language of the page."""
    translator = request.visit.wiring.translator
    return lambda message: translator.sentence(request.language, message)


def zone_of(request: Request) -> str:
    """Give the time zone pages are written in."""
    return request.context.service(markets.MarketDirectory).get(request.market).time_zone


def done(request: Request, path: str, notice: str = "saved") -> Response[None]:
    """Lead to a page that says what was done."""
    return go_to(request, f"{home(request, path)}?{urlencode({'done': notice})}")


def show(
    request: Request, who: Person, template: str, *, status_code: int = 200, **values: Any
) -> Page:
    """Make a page within the cabinet's shell."""
    here = request.visit.path
    notice = NOTICES.get(request.query_params.get("done", ""), "")
    links = [
        {
            "label": label,
            "href": home(request, path),
            "icon": icon,
            "current": here == home(request, path)
            or bool(path and here.startswith(home(request, path))),
        }
        for label, path, icon in SECTIONS
    ]
    other = "en" if request.language == "ru" else "ru"
    return Page(
        f"partner_cabinet/{template}",
        status_code=status_code,
        links=links,
        partner_name=pick(who.partner.name, request.language),
        base=home(request),
        other_language=other,
        other_url=f"/{other}{here[3:]}",
        notice=words(request)(notice) if notice else "",
        **values,
    )


def unkept(page: Page) -> Page:
    """Let nobody keep a page that shows a secret."""
    page.headers["Cache-Control"] = "no-store"
    return page
