"""Where the partner stands, and what is agreed."""

from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from litestar import get

from hansa.kernel.money import Money, UnitPrice
from hansa.kernel.text import pick
from hansa.modules import loyalty, webhooks
from hansa.modules.loyalty.programmes import PERCENT_ONE, Billing, Terms
from hansa.runtime.database import Snapshot
from hansa.runtime.html import Page
from hansa.runtime.html.formats import format_moment, format_money, format_number
from hansa.runtime.http import Request
from hansa.surfaces.partner_cabinet.shell import (
    at,
    coalition_of,
    home,
    person,
    show,
    terms_of,
    words,
    zone_of,
)

MINOR = 100
LOST_SHOWN = 5


@get(at(""))
async def show_today(request: Request) -> Page:
    """Show points given and taken, what is left or not settled, what is owed."""
    who = person(request)
    async with request.snapshot() as snap:
        programmes = [await _standing(request, snap, one) for one in terms_of(request, who.partner)]
        lost = await webhooks.list_lost(snap, owner=who.partner.id, limit=LOST_SHOWN)
    return show(
        request,
        who,
        "today.html",
        programmes=programmes,
        lost=[_lost(request, one) for one in lost],
    )


@get(at("/terms"))
async def show_terms(request: Request) -> Page:
    """Show what the partner has agreed to in each programme."""
    who = person(request)
    agreed = [_agreed(request, one) for one in terms_of(request, who.partner)]
    return show(request, who, "terms.html", agreed=agreed)


def _lost(request: Request, one: webhooks.LostEndpoint) -> dict[str, Any]:
    """Say which system is told nothing any more, and until when it can still learn of it."""
    language, zone = request.language, zone_of(request)
    endpoint = one.endpoint
    return {
        "here": home(request, f"/webhooks/{endpoint.id}"),
        "title": endpoint.description or urlsplit(endpoint.url).hostname or endpoint.url,
        "url": endpoint.url,
        "is_gone": endpoint.reason is webhooks.Reason.GONE,
        "since": format_moment(one.lost_at, language, zone),
        "until": format_moment(one.collected_until, language, zone),
        "is_kept": request.received_at < one.collected_until,
    }


async def _standing(request: Request, snap: Snapshot, terms: Terms) -> dict[str, Any]:
    translate, language = words(request), request.language
    standing, taken = await loyalty.settlement.read_standing(
        snap, coalition=coalition_of(request), terms=terms, now=request.received_at
    )
    ever, lines, bills = translate("of all time"), "/postings", "/statements"
    shown = [
        (translate("Points given"), format_number(standing.issued_ever, language), ever, "", lines),
        (translate("Points taken"), format_number(taken, language), ever, "", lines),
    ]
    if standing.left is not None:
        tone = "bad" if standing.alerts() else ""
        left = format_number(standing.left, language)
        shown.append((translate("Left of the blocks"), left, translate("points"), tone, bills))
    if standing.exposure is not None:
        tone = "warn" if standing.alerts() else ""
        exposure = format_number(standing.exposure, language)
        shown.append((translate("Not settled yet"), exposure, translate("points"), tone, bills))
    money = format_money(Money(abs(standing.balance_minor), terms.programme.currency), language)
    label = translate("You are owed") if standing.balance_minor < 0 else translate("You owe")
    shown.append((label, money, translate("by the statements"), "", bills))
    figures = [(*each, home(request, where)) for *each, where in shown]
    return {"name": pick(terms.programme.name, language), "figures": figures}


def _agreed(request: Request, terms: Terms) -> dict[str, Any]:
    translate, language = words(request), request.language
    agreed = terms.participation
    currency = terms.programme.currency

    def percent(hundredths: int) -> str:
        return f"{format_number(Decimal(hundredths) / PERCENT_ONE, language)} %"

    def price(minor: Decimal) -> str:
        return format_money(UnitPrice(minor / MINOR, currency), language)

    yes, no = translate("yes"), translate("no")
    prepaid = agreed.billing is Billing.PREPAID
    return {
        "name": pick(terms.programme.name, language),
        "facts": [
            (translate("Code of the programme"), terms.programme.code),
            (translate("Gives points"), yes if terms.may_earn else no),
            (translate("Takes points"), yes if terms.may_spend else no),
            (translate("Base percent"), percent(terms.percent)),
            (translate("Points can be spent after, days"), str(terms.pending_days)),
            (translate("You pay for a point"), price(agreed.issue_price)),
            (translate("You get for a point"), price(agreed.redeem_price)),
            (translate("Paid by points at most"), percent(agreed.share_max)),
            (
                translate("Settlement"),
                translate("blocks paid ahead") if prepaid else translate("monthly statement"),
            ),
            (
                translate("Points to be taken back that are spent"),
                translate(_RETURNS[terms.return_policy.value]),
            ),
        ],
    }


_RETURNS = {
    "debt": "the member owes them",
    "write_off": "you bear them",
    "block": "the member owes them and spends nothing before",
}

ROUTES = (show_today, show_terms)
