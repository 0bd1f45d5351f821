"""The card: a code that a till scans, renewed while it is looked at, and a number that lasts."""

from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import segno
from litestar import Response, get
from markupsafe import Markup

from hansa.modules import loyalty
from hansa.runtime.database import Snapshot
from hansa.runtime.html import Page
from hansa.runtime.http import Request
from hansa.surfaces.loyalty_app.access import Visitor, enter
from hansa.surfaces.loyalty_app.addresses import in_each_language
from hansa.surfaces.loyalty_app.frame import app_page
from hansa.surfaces.loyalty_app.home_pages import balance_shown, read_balance

GROUP = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class CardShown:
    """What a till scans: for minutes the token, for ever the number of a card, if any."""

    code: Markup = field(repr=False)
    expires: str
    number: str = field(repr=False)
    digits: list[str] = field(repr=False)
    number_code: Markup = field(repr=False)


@get(in_each_language("/card"))
async def card(request: Request) -> Page:
    """Show the card."""
    visitor = await enter(request)
    async with request.snapshot() as snap:
        balance = await read_balance(snap, request, visitor)
        shown = await _card(snap, request, visitor)
    return app_page(
        request,
        "card.html",
        visitor=visitor,
        tab="card",
        card=shown,
        balance=balance_shown(request, visitor, balance),
    )


@get(in_each_language("/card/code"))
async def card_code(request: Request) -> Response[dict[str, Any]]:
    """Give a fresh code, for the page that is looked at longer than one lasts."""
    visitor = await enter(request)
    code, expires = _token(request, visitor)
    return Response({"code": str(code), "expires": expires}, media_type="application/json")


async def _card(snap: Snapshot, request: Request, visitor: Visitor) -> CardShown:
    code, expires = _token(request, visitor)
    cards = await loyalty.members.list_cards(snap, member_id=visitor.member.id)
    active = loyalty.members.CardState.ACTIVE
    number = next((one.number for one in cards if one.state is active and one.number), "") or ""
    return CardShown(
        code=code,
        expires=expires,
        number=number,
        digits=[number[at : at + GROUP] for at in range(0, len(number), GROUP)],
        number_code=draw(number) if number else Markup(),
    )


def _token(request: Request, visitor: Visitor) -> tuple[Markup, str]:
    now = request.received_at
    token = loyalty.members.make_card_token(member_id=visitor.member.id, now=now)
    return draw(token), (now + loyalty.members.CARD_TOKEN_LIFETIME).isoformat()


def draw(text: str) -> Markup:
    """Draw a QR code: dark on light in either theme, since tills read nothing else."""
    drawn = BytesIO()
    segno.make(text, error="m", boost_error=False).save(
        drawn, kind="svg", xmldecl=False, svgns=True, nl=False, border=2, omitsize=True
    )
    return Markup(drawn.getvalue().decode())  # noqa: S704 - drawn by us, the text is in its dots
