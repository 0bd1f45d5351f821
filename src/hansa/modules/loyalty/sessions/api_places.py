"""`/loyalty/v1/app/places`: what a front before several cells asks each before anybody signs in.

Partners' programs ask `/loyalty/v1/places` with their own token; whoever is about to sign in to the
app has none yet, so here the front proves itself.
"""

from typing import Annotated

import msgspec
from litestar import post
from litestar.params import JSONBody

from hansa.modules.loyalty import members
from hansa.modules.loyalty.sessions.api import HOME, TAGS
from hansa.runtime.http import NO_KEY, PUBLIC, Request, check_sibling
from hansa.runtime.http.gate import NO_ACTOR

_FRONT = "the front of the same installation, which proves that it knows the secret key"
THINGS_MAX = 8


class AppThing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A telephone that somebody wants to sign in by."""

    kind: Annotated[str, msgspec.Meta(pattern="^phone$")]
    value: Annotated[str, msgspec.Meta(min_length=1, max_length=254)]


class AppPlacesBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Whom the front looks for."""

    things: Annotated[list[AppThing], msgspec.Meta(min_length=1, max_length=THINGS_MAX)]


class AppPlacesView(msgspec.Struct, kw_only=True):
    """For each, in the order asked, whether they are a member who is kept here."""

    known: list[bool]


@post(
    f"{HOME}/places",
    tags=TAGS,
    summary="Ask, as a front, whether members are kept here",
    status_code=200,
    opt={PUBLIC: _FRONT, NO_ACTOR: _FRONT, NO_KEY: "it changes nothing"},
)
async def find_app_places(request: Request, data: JSONBody[AppPlacesBody]) -> AppPlacesView:
    """Tell a front of the same installation which telephones are of members kept in this cell.

    Raises:
        NotASibling: whoever asks is none.
    """
    await check_sibling(request)
    refs = [members.MemberRef(members.RefKind.PHONE, thing.value) for thing in data.things]
    async with request.snapshot() as snap:
        known = await members.knows(snap, refs=refs, partner_id=None)
    return AppPlacesView(known=known)


ROUTES = (find_app_places,)
