"""Members of the loyalty programme: found by telephone, card, name or our own number."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import get

from hansa.modules.loyalty import members, points
from hansa.modules.loyalty.members import FoundMember
from hansa.runtime.database import Snapshot
from hansa.runtime.html import Page
from hansa.runtime.http import Request
from hansa.runtime.http.paging import write_cursor
from hansa.surfaces.backoffice import loyalty_desk_words as say
from hansa.surfaces.backoffice.presenting import PAGE_ROWS, address, asked, show
from hansa.surfaces.backoffice.shell import staff

HOME = f"{say.HOME}/members"
SEARCH_CHARACTERS_MIN = 2
_JOINED = "office.loyalty.members"
_NAMED = "office.loyalty.members.named"


@get(HOME)
async def list_members(request: Request) -> Page:
    """Show members, those who joined last first, or those a search finds."""
    staff(request, "loyalty.view")
    search = asked(request, "q")
    is_search = len(search) >= SEARCH_CHARACTERS_MIN
    after = request.query_params.get("after")
    async with request.snapshot() as snap:
        found, cursor = (
            await _named(request, snap, search, after)
            if is_search
            else await _joined(request, snap, after)
        )
        rows = await rows_of(request, snap, found)
    return show(
        request,
        "loyalty_members.html",
        rows=rows,
        search=search,
        is_search=is_search,
        first_url=address(request) if after else None,
        next_url=address(request, after=cursor) if cursor else None,
    )


async def rows_of(
    request: Request, snap: Snapshot, found: tuple[FoundMember, ...]
) -> list[dict[str, Any]]:
    """Give what a list shows of members, balances of all of them in two statements."""
    keys = [(one.programme_id, row.member.id) for row in found for one in row.member.memberships]
    balances = await points.read_balances(snap, members=keys, now=request.received_at)
    rows = []
    for row in found:
        member = row.member
        has = [
            (one, balances[one.programme_id, member.id])
            for one in member.memberships
            if (one.programme_id, member.id) in balances
        ]
        rows.append(
            say.person_of(request, row.party, erased=member.erased_at is not None)
            | {
                "id": member.id,
                "member_url": f"{HOME}/{member.id}",
                "short": say.short(member.id),
                "state": say.state_of(request, say.MEMBER_STATES, member.state),
                "joined": say.moment(request, member.joined_at),
                "points": [
                    (
                        say.programme_name(request, one.programme_id),
                        say.number(request, balance.posted),
                    )
                    for one, balance in has
                    if one.state is not members.MemberState.MERGED
                ],
            }
        )
    return rows


async def _joined(
    request: Request, snap: Snapshot, after: str | None
) -> tuple[tuple[FoundMember, ...], str | None]:
    place = request.read_cursor(after, of=_JOINED, types=(datetime, UUID))
    found, following = await members.list_members(snap, after=place, limit=PAGE_ROWS)
    secret = request.visit.wiring.secret
    return found, write_cursor(secret, following, of=_JOINED) if following else None


async def _named(
    request: Request, snap: Snapshot, search: str, after: str | None
) -> tuple[tuple[FoundMember, ...], str | None]:
    place = request.read_cursor(after, of=_NAMED, types=(str, UUID))
    found, following = await members.find_members(snap, search=search, after=place, limit=PAGE_ROWS)
    secret = request.visit.wiring.secret
    return found, write_cursor(secret, following, of=_NAMED) if following else None


ROUTES = (list_members,)
