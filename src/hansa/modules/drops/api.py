"""JSON API of drops: what opens when, and one's place in the line."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import delete, get
from litestar.params import FromPath, PathParameter

from hansa.modules.drops import gate, visitor
from hansa.modules.drops.directory import Directory
from hansa.modules.drops.limits import in_line
from hansa.modules.drops.model import Drop, NoSuchDrop, Phase, Place
from hansa.modules.drops.rooms import Rooms
from hansa.runtime.http import NO_KEY, Request, shopper_or_guest

TAGS = ["Drops"]

Code = Annotated[str, PathParameter(max_length=64, description="Code of a drop.")]


class DropView(msgspec.Struct, kw_only=True):
    """A drop as anybody may know it; `product_ids` are told once it is open.

    `server_time` is the instant of the answer: count down from it, not from your own clock.
    """

    code: str
    name: dict[str, str]
    description: dict[str, str]
    phase: str
    opens_at: datetime
    closes_at: datetime | None
    server_time: datetime
    has_waiting_room: bool
    person_limit: int | None
    item_limit: int | None
    product_ids: list[UUID]

    @classmethod
    def of(cls, drop: Drop, now: datetime) -> "DropView":
        """Make it of a drop."""
        phase = drop.phase_at(now)
        return cls(
            code=drop.code,
            name=dict(drop.name),
            description=dict(drop.description),
            phase=str(phase),
            opens_at=drop.opens_at,
            closes_at=drop.closes_at,
            server_time=now,
            has_waiting_room=drop.has_room,
            person_limit=drop.person_limit,
            item_limit=drop.item_limit,
            product_ids=([item.product_id for item in drop.items] if phase is Phase.OPEN else []),
        )


class DropList(msgspec.Struct):
    """Drops of a market by opening."""

    items: list[DropView]


class PlaceView(msgspec.Struct, kw_only=True):
    """A visitor's place: inside, or waiting for the opening without a number yet.

    Send `token` back as `X-Drop-Place`, if you keep no cookies.
    """

    is_inside: bool
    retry_seconds: int | None
    token: str

    @classmethod
    def of(cls, place: Place) -> "PlaceView":
        """Make it of a place."""
        return cls(
            is_inside=place.is_inside,
            retry_seconds=None if place.is_inside else place.poll_seconds,
            token=place.token,
        )


@get("/api/v1/drops", tags=TAGS, summary="List drops")
async def list_drops(request: Request) -> DropList:
    """Give what opens and what is open in the market."""
    shopper_or_guest(request)
    now = request.received_at
    found = [
        DropView.of(drop, now)
        for drop in await request.context.service(Directory).all()
        if _is_shown(request, drop) and drop.phase_at(now) is not Phase.CLOSED
    ]
    return DropList(items=found)


@get("/api/v1/drops/{code:str}", tags=TAGS, summary="See a drop")
async def get_drop(request: Request, code: FromPath[Code]) -> DropView:
    """Give a drop of the market."""
    shopper_or_guest(request)
    return DropView.of(await _find(request, code), request.received_at)


@get("/api/v1/drops/{code:str}/place", tags=TAGS, summary="Stand in line")
async def get_place(request: Request, code: FromPath[Code]) -> PlaceView:
    """Take a place, or ask about it: inside (200), or `drops.in_line` (503) with the place.

    A program keeps cookies, or sends `X-Basket-Token`, which its basket then belongs to as well;
    without either nobody gets a place. Before the opening everybody waits alike (200): the order
    is drawn when it opens. Ask again after `Retry-After`, not earlier.
    """
    shopper_or_guest(request)
    drop = await _find(request, code)
    place = await gate.enter(request, drop)
    if not place.is_inside and drop.phase_at(request.received_at) is not Phase.UPCOMING:
        raise in_line(drop, place, token=place.token)
    return PlaceView.of(place)


@delete(
    "/api/v1/drops/{code:str}/place",
    tags=TAGS,
    summary="Leave the line",
    opt={NO_KEY: "whoever has left has left"},
)
async def leave(request: Request, code: FromPath[Code]) -> None:
    """Give the place to the next."""
    shopper_or_guest(request)
    drop = await _find(request, code)
    session = visitor.visitor_of(request)
    if session is not None:
        await request.context.service(Rooms).leave(drop, session=session, now=request.received_at)


async def _find(request: Request, code: str) -> Drop:
    drop = await request.context.service(Directory).by_code(code)
    if drop is None or not _is_shown(request, drop):
        raise NoSuchDrop(code)
    return drop


def _is_shown(request: Request, drop: Drop) -> bool:
    return drop.is_published and request.market in drop.markets


ROUTES = (list_drops, get_drop, get_place, leave)
