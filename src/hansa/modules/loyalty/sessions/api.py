"""What a native shell calls: sign in by a code, get a token for its web view, sign out.

The shell keeps its key in the key store of the telephone and sends it as `Authorization: Bearer`.
The key is the member's, not a partner's: it opens nothing else of the API.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import delete, post
from litestar.params import FromPath, JSONBody

from hansa.modules.loyalty import members, programmes
from hansa.modules.loyalty.sessions.joining import home_programme, join_or_find
from hansa.modules.loyalty.sessions.model import KEY_PREFIX, KeyWrong, Session, SessionKind
from hansa.modules.loyalty.sessions.operations import (
    end_session,
    find_and_note,
    hand_over,
    start_session,
)
from hansa.runtime.http import NO_KEY, PUBLIC, Request
from hansa.runtime.http.gate import NO_ACTOR

TAGS = ["Loyalty: the members' app"]
HOME = "/loyalty/v1/app"
_NOBODY = "whoever has the telephone signs in; nobody is known before"
_ITS_KEY = "the app's own key says whose it is"
_EACH_ANOTHER = "each call makes another, which is good for a minute or an attempt"

Short = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


class AskSignInBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Whose telephone is to get a code, and in which language."""

    phone: Short
    language: Annotated[str, msgspec.Meta(pattern="^[a-z]{2}$")] = "ru"


class AskedView(msgspec.Struct, kw_only=True):
    """The number of the question and until when it can be answered."""

    id: UUID
    expires_at: datetime


class AnswerSignInBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The code; with `agrees` whoever has not joined joins by the rules in force.

    `device` says what the telephone is called, for the list of devices in the settings.
    """

    phone: Short
    code: Short
    agrees: bool = False
    device: Annotated[str, msgspec.Meta(max_length=200)] = ""


class AppKeyView(msgspec.Struct, kw_only=True):
    """The key of the app, told this once."""

    key: str
    member_id: UUID
    expires_at: datetime


class HandoverView(msgspec.Struct, kw_only=True):
    """What the web view sends on; good once, until then."""

    token: str
    expires_at: datetime


@post(
    HOME + "/sign-ins",
    tags=TAGS,
    summary="Send a member a code",
    status_code=202,
    opt={PUBLIC: _NOBODY, NO_ACTOR: _NOBODY, NO_KEY: _EACH_ANOTHER},
)
async def ask_sign_in(request: Request, data: JSONBody[AskSignInBody]) -> AskedView:
    """Send a code to a telephone; the answer is the same whether or not anybody is known by it."""
    asked = await members.start_sign_in(
        request.context,
        phone=data.phone,
        address=request.client_address,
        language=data.language,
        now=request.received_at,
    )
    return AskedView(id=asked.id, expires_at=asked.expires_at)


@post(
    HOME + "/sign-ins/{challenge_id:uuid}/answer",
    tags=TAGS,
    summary="Sign in with the code",
    status_code=200,
    opt={PUBLIC: _NOBODY, NO_ACTOR: _NOBODY, NO_KEY: _EACH_ANOTHER},
)
async def answer_sign_in(
    request: Request, challenge_id: FromPath[UUID], data: JSONBody[AnswerSignInBody]
) -> AppKeyView:
    """Turn the code into the key of the app, good for ninety days."""
    now = request.received_at
    signed_in = await members.finish_sign_in(
        request.context, challenge_id=challenge_id, code=data.code, now=now
    )
    programme = home_programme(request.context.service(programmes.Directory).coalition)
    async with request.transaction() as tx:
        member_id = await join_or_find(
            tx,
            signed_in=signed_in,
            phone=data.phone,
            programme=programme,
            agrees=data.agrees,
            language=request.language,
            source="shell",
            now=now,
        )
        started = await start_session(
            tx, member_id=member_id, kind=SessionKind.SHELL, agent=data.device, now=now
        )
    return AppKeyView(key=started.token, member_id=member_id, expires_at=started.expires_at)


@post(
    HOME + "/sessions",
    tags=TAGS,
    summary="Get a token for the web view",
    status_code=201,
    opt={PUBLIC: _ITS_KEY, NO_ACTOR: _ITS_KEY, NO_KEY: _EACH_ANOTHER},
)
async def make_handover(request: Request) -> HandoverView:
    """Make a token that opens one session of a web view: once, within a minute."""
    session = await _session_of(request)
    async with request.transaction() as tx:
        made = await hand_over(tx, session=session, now=request.received_at)
    return HandoverView(token=made.token, expires_at=made.expires_at)


@delete(
    HOME + "/sessions/current",
    tags=TAGS,
    summary="Sign the app out",
    status_code=204,
    opt={PUBLIC: _ITS_KEY, NO_ACTOR: _ITS_KEY, NO_KEY: "what has ended has ended"},
)
async def sign_out(request: Request) -> None:
    """End the key and every web view it opened."""
    session = await _session_of(request)
    async with request.transaction() as tx:
        await end_session(
            tx, member_id=session.member_id, session_id=session.id, now=request.received_at
        )


async def _session_of(request: Request) -> Session:
    header = request.visit.headers.get(b"authorization", b"").decode("latin-1")
    scheme, _, key = header.partition(" ")
    found = None
    if scheme.lower() == "bearer" and key.startswith(KEY_PREFIX):
        found = await find_and_note(
            request.context, token=key.strip(), kind=SessionKind.SHELL, now=request.received_at
        )
    if found is None:
        raise KeyWrong
    return found


ROUTES = (ask_sign_in, answer_sign_in, make_handover, sign_out)
