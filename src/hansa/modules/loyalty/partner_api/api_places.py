"""`/loyalty/v1/places`: what a front before several cells asks each of them, as who called it.

It says of names, receipts and keys whether they are kept here, and nothing else of them.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import post
from litestar.params import JSONBody

from hansa.modules.loyalty import guard, points
from hansa.modules.loyalty.members import MemberRef, RefKind, knows
from hansa.modules.loyalty.partner_api.api import HOME, READ
from hansa.modules.loyalty.programmes.calling import partner_of
from hansa.runtime.database import Snapshot
from hansa.runtime.http import NO_KEY, Request, authorise, signed_in

TAGS = ["Loyalty: cells"]
THINGS_MAX = 2_000
FEW = 8
"""So many may be asked for by whoever may ask; more by whoever may send many commands at once."""
MEMBERS = frozenset({"phone", "card", "partner"})
OF_MEMBERS = ("loyalty.earn", "loyalty.spend", "loyalty.members", "loyalty.percent")
"""Scopes that tell anyway whether somebody is a member; so does that of actions."""


class Thing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A name of a member, or something that is under your own number or key.

    `waiting`: receipts that wait for the person with this id of yours; `key`: the outcome of a
    command.
    """

    kind: Literal["phone", "card", "partner", "waiting", "receipt", "hold", "key", "step_up"]
    value: Annotated[str, msgspec.Meta(min_length=1, max_length=254)]


class PlacesBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is looked for."""

    things: Annotated[list[Thing], msgspec.Meta(min_length=1, max_length=THINGS_MAX)]


class PlacesView(msgspec.Struct, kw_only=True):
    """For each, in the order asked, whether it is kept here."""

    known: list[bool]


@post(
    f"{HOME}/places",
    tags=TAGS,
    summary="Ask whether things are kept here",
    status_code=200,
    opt={NO_KEY: "it changes nothing; names are in the body because addresses end in logs"},
)
async def find_places(request: Request, data: JSONBody[PlacesBody]) -> PlacesView:
    """Tell of members, receipts, holds and keys whether this cell keeps them."""
    actor = signed_in(request)
    if not any(actor.may(scope) for scope in (*OF_MEMBERS, "loyalty.actions")):
        authorise(request, READ)
    if len(data.things) > FEW and not actor.may("loyalty.actions"):
        authorise(request, "loyalty.bulk")
    partner = partner_of(request)
    asked: dict[str, list[str]] = defaultdict(list)
    for thing in data.things:
        asked[thing.kind].append(thing.value)
    async with request.snapshot() as snap:
        found = await _found(snap, asked, partner.id)
    return PlacesView(known=[(one.kind, one.value) in found for one in data.things])


async def _found(
    snap: Snapshot, asked: dict[str, list[str]], partner_id: UUID
) -> set[tuple[str, str]]:
    """Give what is here of what is asked for; a statement or two for each kind."""
    found: set[tuple[str, str]] = set()
    named = [(kind, value) for kind in MEMBERS & asked.keys() for value in asked[kind]]
    if named:
        refs = [MemberRef(RefKind(kind), value) for kind, value in named]
        known = await knows(snap, refs=refs, partner_id=partner_id)
        found.update(one for one, is_known in zip(named, known, strict=True) if is_known)
    if refs_awaited := asked["waiting"]:
        here = await points.buyers_awaited(snap, partner_id=partner_id, partner_refs=refs_awaited)
        found.update(("waiting", one) for one in here)
    if receipts := asked["receipt"]:
        here = await points.receipts_here(snap, partner_id=partner_id, receipts=receipts)
        found.update(("receipt", one) for one in here)
    if holds := asked["hold"]:
        here = await points.holds_here(snap, owner=partner_id, keys=holds)
        found.update(("hold", one) for one in here)
    if keys := asked["key"]:
        here = await points.keys_here(snap, owner=partner_id, keys=keys)
        found.update(("key", one) for one in here)
    if ids := _ids(asked["step_up"]):
        began = await guard.challenges_here(snap, ids=list(ids))
        found.update(("step_up", text) for one, text in ids.items() if one in began)
    return found


def _ids(texts: Sequence[str]) -> dict[UUID, str]:
    """Read numbers; what is none is nowhere."""
    ids = {}
    for text in texts:
        try:
            ids[UUID(text)] = text
        except ValueError:
            continue
    return ids


ROUTES = (find_places,)
