"""The first page: what one has, one's percent and why, what to switch on, what happened last."""

from typing import Any

from litestar import get

from hansa.modules import loyalty
from hansa.runtime.database import Snapshot
from hansa.runtime.html import Page
from hansa.runtime.http import Request
from hansa.surfaces.loyalty_app.access import Visitor, enter
from hansa.surfaces.loyalty_app.addresses import in_each_language
from hansa.surfaces.loyalty_app.frame import app_page
from hansa.surfaces.loyalty_app.lines import show_line
from hansa.surfaces.loyalty_app.offers_shown import note_shown, show_offer
from hansa.surfaces.loyalty_app.percents import show_percents, titles_of
from hansa.surfaces.loyalty_app.words import clock_text, day_text

OFFERS_SHOWN = 3
LINES_SHOWN = 4


@get(in_each_language())
async def home(request: Request) -> Page:
    """Show the first page."""
    visitor = await enter(request)
    async with request.snapshot() as snap:
        balance = await read_balance(snap, request, visitor)
        standings = await loyalty.offers.load_standings(snap, members=[visitor.key])
        offers = await list_offers(snap, request, visitor)
        lines = await loyalty.points.read_history(
            snap, membership=visitor.membership, before=None, limit=LINES_SHOWN
        )
    percents = show_percents(request, visitor, standings[visitor.key])
    titles = titles_of(request, visitor)
    first = [show_offer(request, visitor, one) for one in _first(offers)]
    note_shown(request, visitor, first)
    return app_page(
        request,
        "home.html",
        visitor=visitor,
        tab="home",
        balance=balance_shown(request, visitor, balance),
        percents=percents,
        best=percents[0] if percents else None,
        offers=first,
        lines=[show_line(request, visitor, one, titles) for one in lines],
        is_blocked=visitor.membership.state is loyalty.members.MemberState.BLOCKED,
    )


@get(in_each_language("/percent"))
async def percent(request: Request) -> Page:
    """Show the percent at each partner, why it is that, and what would raise it."""
    visitor = await enter(request)
    async with request.snapshot() as snap:
        standings = await loyalty.offers.load_standings(snap, members=[visitor.key])
        offers = await list_offers(snap, request, visitor)
    reward = loyalty.offers.RewardKind.PERCENT
    raising = [
        show_offer(request, visitor, one)
        for one in offers
        if one.offer.content.reward.kind is reward and one.view is not loyalty.offers.OfferView.DONE
    ]
    note_shown(request, visitor, raising)
    return app_page(
        request,
        "percent.html",
        visitor=visitor,
        tab="home",
        percents=show_percents(request, visitor, standings[visitor.key]),
        offers=raising,
        percent_max=visitor.programme.percent_max,
    )


async def read_balance(
    snap: Snapshot, request: Request, visitor: Visitor
) -> loyalty.points.Balance:
    """Give what the member has."""
    found = await loyalty.points.read_balances(snap, members=[visitor.key], now=request.received_at)
    return found[visitor.key]


async def list_offers(
    snap: Snapshot, request: Request, visitor: Visitor, *, limit: int = 100
) -> list[loyalty.offers.MemberOffer]:
    """Give the member's offers of all lists, those that end soonest first."""
    return await loyalty.offers.list_member_offers(
        snap,
        rules=request.context.service(loyalty.offers.Rulebook).rules,
        viewer=loyalty.offers.Viewer(*visitor.key, audiences=audiences_in(request, visitor)),
        limit=limit,
        now=request.received_at,
    )


def audiences_in(request: Request, visitor: Visitor) -> frozenset[str]:
    """Give the audiences the member is in, of those that offers are aimed at."""
    tell = loyalty.offers.audiences_of(request.context)
    return tell(visitor.key[1]) if tell else frozenset()


def balance_shown(
    request: Request, visitor: Visitor, balance: loyalty.points.Balance
) -> dict[str, Any]:
    """Give the balance with its days in words."""
    language, zone, now = request.language, visitor.zone, request.received_at
    expires = balance.expires_at if balance.expiring else None
    return {
        "available": balance.available,
        "pending": balance.pending,
        "held": balance.held,
        "owed": balance.owed,
        "expiring": balance.expiring,
        "expires": day_text(expires, language, zone, now=now) if expires else "",
        "as_of": clock_text(now, language, zone),
    }


def _first(found: list[loyalty.offers.MemberOffer]) -> list[loyalty.offers.MemberOffer]:
    """Give the few offers of the first page: what can be switched on, then what is on."""
    view = loyalty.offers.OfferView
    waiting = [one for one in found if one.view is view.AVAILABLE]
    is_on = [one for one in found if one.view is view.ON]
    return [*waiting[:OFFERS_SHOWN], *is_on][:OFFERS_SHOWN]
