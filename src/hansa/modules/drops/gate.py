"""The waiting room as a request meets it."""

from uuid import UUID

from hansa.modules.drops import visitor
from hansa.modules.drops.directory import Directory
from hansa.modules.drops.limits import in_line
from hansa.modules.drops.model import Drop, NotOpenYet, Phase, Place
from hansa.modules.drops.rooms import Rooms
from hansa.runtime.http import Request
from hansa.runtime.http.csrf import session_token

_COOKIE = "hansa_place_"
_COOKIE_SECONDS = 24 * 3600


async def enter(request: Request, drop: Drop) -> Place:
    """Say whether whoever asks is inside, else where they stand; leave the place in a cookie."""
    if not drop.has_room:
        return Place(is_inside=True)
    session = visitor.visitor_of(request)
    if session is None:
        session_token(request.visit)  # the cookie to come back with
        return Place(is_inside=False)
    sent = request.visit.sent_cookies.get(_COOKIE + drop.code, "")
    token = request.headers.get(visitor.PLACE_HEADER) or sent
    place = await request.context.service(Rooms).enter(
        drop, session=session, token=token, now=request.received_at
    )
    if place.token and place.token != sent:
        _set_cookie(request, drop.code, place.token)
    return place


async def pass_gate(request: Request, *, variant_id: UUID) -> None:
    """Let a visitor take a variant, if it is of no drop or they are inside.

    Raises:
        NotOpenYet: the drop has not opened; carries the instant.
        InLine: others are inside; carries the place and when to ask again.
    """
    directory = request.context.service(Directory)
    drop = await directory.of_variant(variant_id, market=request.market)
    if drop is None:
        return
    if drop.phase_at(request.received_at) is Phase.UPCOMING:
        raise NotOpenYet(drop.code, drop.opens_at)
    place = await enter(request, drop)
    if not place.is_inside:
        raise in_line(drop, place, token=place.token)


def touch(request: Request) -> None:
    """Keep the seats of whoever looks at any page of the shop; costs nothing without a drop."""
    rooms = request.context.service(Rooms)
    if rooms.is_any_open:
        session = visitor.visitor_of(request)
        if session is not None:
            rooms.touch(session, request.received_at)


def _set_cookie(request: Request, code: str, token: str) -> None:
    visit = request.visit
    secure = "; Secure" if visit.is_https or visit.wiring.is_production else ""
    visit.cookies.append(
        f"{_COOKIE}{code}={token}; Path=/; Max-Age={_COOKIE_SECONDS}; HttpOnly; SameSite=Lax"
        f"{secure}".encode()
    )
