"""JSON API for oneself: sign up, in and out, password, sessions, second factor."""

from uuid import UUID

from litestar import Response, delete, get, patch, post
from litestar.params import FromPath, JSONBody

from hansa.modules.accounts import (
    links,
    model,
    operations,
    queries,
    sessions,
    signing_in,
    two_factor,
)
from hansa.modules.accounts.bodies import (
    CodeBody,
    MeView,
    PasswordBody,
    ProfileBody,
    RecoveryCodesView,
    ResetBody,
    ResetRequestBody,
    SecondFactorBody,
    SessionView,
    SignInBody,
    SignUpBody,
    TwoFactorView,
    UserView,
)
from hansa.runtime.database import Transaction
from hansa.runtime.http.gate import NO_KEY, PUBLIC
from hansa.runtime.http.identity import Actor, PermissionMissing, signed_in
from hansa.runtime.http.request import Request

TAGS = ["Accounts"]
AGAIN_IS_HARMLESS = "each call makes its own session; doing it again is harmless"


@post(
    "/api/v1/sign-up", tags=TAGS, opt={PUBLIC: "strangers sign up"}, summary="Sign up as a shopper"
)
async def sign_up(request: Request, data: JSONBody[SignUpBody]) -> Response[UserView]:
    """Make a shopper, and send them a link that proves their address."""
    await signing_in.count_attempt(
        request.context,
        scope=f"sign-up:{request.client_address}",
        address=request.client_address,
        now=request.received_at,
    )

    async def create(tx: Transaction) -> UserView:
        user = await operations.create_user(
            tx,
            email=data.email,
            password=data.password,
            kind="shopper",
            name=data.name,
            language=data.language or request.language,
            password_characters_min=request.context.settings.password_characters_min,
            now=request.received_at,
        )
        await links.request_email_verification(tx, user_id=user.id)
        return UserView.of(user)

    return await request.once(create)


@post(
    "/api/v1/sign-in",
    tags=TAGS,
    opt={PUBLIC: "strangers sign in", NO_KEY: AGAIN_IS_HARMLESS},
    status_code=200,
    summary="Sign in",
)
async def sign_in(request: Request, data: JSONBody[SignInBody]) -> MeView:
    """Begin a session; its cookie comes with the answer."""
    await signing_in.sign_in(
        request, email=data.email, password=data.password, kind=data.kind, code=data.code
    )
    return _me(request)


@post(
    "/api/v1/sign-in/second-factor",
    tags=TAGS,
    opt={PUBLIC: "strangers sign in", NO_KEY: AGAIN_IS_HARMLESS},
    status_code=200,
    summary="Sign in: second factor",
)
async def second_factor(request: Request, data: JSONBody[SecondFactorBody]) -> MeView:
    """Finish a sign-in with the ticket and the code."""
    await signing_in.finish_sign_in(request, ticket=data.ticket, code=data.code)
    return _me(request)


@post(
    "/api/v1/sign-out",
    tags=TAGS,
    opt={PUBLIC: "ends only the session it comes with", NO_KEY: AGAIN_IS_HARMLESS},
    status_code=204,
    summary="Sign out",
)
async def sign_out(request: Request) -> None:
    """End the session of the cookie."""
    async with request.transaction() as tx:
        await sessions.sign_out(tx, request)


@get("/api/v1/me", tags=TAGS, opt={PUBLIC: "tells strangers that they are"}, summary="Who am I")
async def me(request: Request) -> MeView:
    """Tell who asks, and give browsers the token their unsafe calls need."""
    return _me(request)


@patch("/api/v1/me", tags=TAGS, summary="Change my profile")
async def change_me(request: Request, data: JSONBody[ProfileBody]) -> Response[UserView]:
    """Change one's own name and language."""
    actor = _person(request)

    async def change(tx: Transaction) -> UserView:
        return UserView.of(
            await operations.save_user(
                tx,
                user_id=actor.id,
                name=data.name,
                language=data.language,
                by=actor,
                now=request.received_at,
            )
        )

    return await request.once(change)


@post("/api/v1/me/password", tags=TAGS, status_code=204, summary="Change my password")
async def change_password(request: Request, data: JSONBody[PasswordBody]) -> None:
    """Set a new password; every other session ends."""
    actor = _person(request)
    async with request.snapshot() as snapshot:
        user = await queries.get_user(snapshot, user_id=actor.id)
    await signing_in.check_password(request, email=user.email, password=data.old, kind=user.kind)
    async with request.transaction(request.idempotency_key) as tx:
        await operations.set_password(
            tx,
            user_id=actor.id,
            password=data.new,
            password_characters_min=request.context.settings.password_characters_min,
            keep_session=actor.session_id,
            by=actor,
            now=request.received_at,
        )


@get("/api/v1/me/sessions", tags=TAGS, summary="My sessions")
async def my_sessions(request: Request) -> list[SessionView]:
    """Give one's own sessions, the last used first."""
    actor = _person(request)
    async with request.snapshot(single=True) as snapshot:
        found = await queries.list_sessions(snapshot, user_id=actor.id, now=request.received_at)
    return [
        SessionView(
            id=one.id,
            created_at=one.created_at,
            seen_at=one.seen_at,
            expires_at=one.expires_at,
            address=one.address,
            agent=one.agent,
            is_this=one.id == actor.session_id,
        )
        for one in found
    ]


@delete("/api/v1/me/sessions/{session_id:uuid}", tags=TAGS, summary="End one of my sessions")
async def end_my_session(request: Request, session_id: FromPath[UUID]) -> None:
    """Sign another browser out."""
    actor = _person(request)
    async with request.transaction(request.idempotency_key) as tx:
        await sessions.revoke_session(
            tx, session_id=session_id, user_id=actor.id, now=request.received_at
        )


@post("/api/v1/me/two-factor", tags=TAGS, summary="Begin a second factor")
async def begin_two_factor(request: Request) -> Response[TwoFactorView]:
    """Make a secret for an authenticator application; it counts once confirmed."""
    actor = _person(request)

    async def begin(tx: Transaction) -> TwoFactorView:
        secret, address = await two_factor.begin_two_factor(
            tx,
            user_id=actor.id,
            secret_key=request.visit.wiring.secret,
            now=request.received_at,
        )
        return TwoFactorView(secret=secret, address=address, picture=two_factor.picture_of(address))

    return await request.once_unkept(begin)


@post("/api/v1/me/two-factor/confirmation", tags=TAGS, summary="Switch the second factor on")
async def confirm_two_factor(
    request: Request, data: JSONBody[CodeBody]
) -> Response[RecoveryCodesView]:
    """Prove that the application shows the right code; gives the recovery codes, once."""
    actor = _person(request)

    async def confirm(tx: Transaction) -> RecoveryCodesView:
        codes = await two_factor.confirm_two_factor(
            tx,
            user_id=actor.id,
            code=data.code,
            secret_key=request.visit.wiring.secret,
            by=actor,
            now=request.received_at,
        )
        return RecoveryCodesView(codes=codes)

    return await request.once_unkept(confirm)


@post(
    "/api/v1/me/two-factor/removal",
    tags=TAGS,
    status_code=204,
    summary="Switch my second factor off",
)
async def remove_two_factor(request: Request, data: JSONBody[CodeBody]) -> None:
    """Switch one's own second factor off, with a last code."""
    actor = _person(request)
    await signing_in.count_attempt(
        request.context,
        scope=f"code:{actor.id}",
        address=request.client_address,
        now=request.received_at,
    )
    async with request.transaction(request.idempotency_key) as tx:
        await two_factor.use_code(
            tx,
            user_id=actor.id,
            code=data.code,
            secret_key=request.visit.wiring.secret,
            now=request.received_at,
        )
        await two_factor.remove_two_factor(tx, user_id=actor.id, by=actor, now=request.received_at)


@post(
    "/api/v1/password-resets",
    tags=TAGS,
    opt={PUBLIC: "strangers who forgot their password"},
    status_code=204,
    summary="Ask for a new password",
)
async def request_reset(request: Request, data: JSONBody[ResetRequestBody]) -> None:
    """Send a link, if there is such a user; the answer is the same if there is none."""
    await signing_in.count_attempt(
        request.context,
        scope=f"reset:{data.email.strip().lower()}",
        address=request.client_address,
        now=request.received_at,
    )
    async with request.transaction(request.idempotency_key) as tx:
        await links.request_password_reset(
            tx, email=data.email, kind=data.kind, now=request.received_at
        )


@post(
    "/api/v1/password-resets/confirmation",
    tags=TAGS,
    opt={PUBLIC: "the secret of the link is the proof"},
    status_code=204,
    summary="Set a new password by a link",
)
async def reset_password(request: Request, data: JSONBody[ResetBody]) -> None:
    """Set a password by the secret of a link; every session of the user ends."""
    async with request.transaction(request.idempotency_key) as tx:
        await links.reset_password(
            tx,
            token=data.token,
            password=data.password,
            password_characters_min=request.context.settings.password_characters_min,
            now=request.received_at,
        )


def _person(request: Request) -> Actor:
    """Give the actor if it is a person: keys have no password and no sessions."""
    actor = signed_in(request)
    if actor.kind not in model.KIND_NAMES:
        raise PermissionMissing("a person's sign-in")
    return actor


def _me(request: Request) -> MeView:
    actor = request.actor
    if actor is None:
        return MeView("guest", None, "", None, [], request.csrf_token)
    return MeView(
        kind=actor.kind,
        id=actor.id,
        name=actor.name,
        party_id=actor.party_id,
        permissions=sorted(actor.permissions),
        csrf_token=None if actor.kind == "key" else request.csrf_token,
    )


ROUTES = [
    sign_up,
    sign_in,
    second_factor,
    sign_out,
    me,
    change_me,
    change_password,
    my_sessions,
    end_my_session,
    begin_two_factor,
    confirm_two_factor,
    remove_two_factor,
    request_reset,
    reset_password,
]
