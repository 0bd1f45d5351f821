"""Sessions: a row per browser that has something to keep. Of its token only a digest is kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from hansa.contracts.accounts import SignedIn
from hansa.kernel.identifiers import new_id
from hansa.modules.accounts import model, queries, store
from hansa.modules.accounts.audit import record
from hansa.modules.accounts.secrets_kept import digest, new_token
from hansa.runtime.database import Transaction
from hansa.runtime.http import csrf
from hansa.runtime.http.identity import Actor
from hansa.runtime.http.request import Request

AGENT_CHARACTERS_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """What is kept of whoever holds the session."""

    address: str
    agent: str


async def ensure_session(tx: Transaction, request: Request) -> UUID:
    """Give the id of the browser's session; make its row, and its cookie, if there is none.

    For things of guests (a basket): they hang on this id until the guest signs in.
    """
    actor = request.actor
    if actor is not None and actor.session_id is not None:
        return actor.session_id
    now = request.received_at
    session_id = new_id(now)
    token_hash = digest(request.session_token)
    made = await _insert(
        tx,
        session_id=session_id,
        token_hash=token_hash,
        user_id=None,
        expires_at=now + timedelta(days=request.context.settings.basket_lifetime_days),
        browser=browser_of(request),
        now=now,
    )
    if made == 0:  # another request of this browser was quicker, or the session had ended
        row = await tx.maybe(store.FIND_SESSION, {"token_hash": token_hash, "now": now})
        if row is not None:
            return UUID(str(row.id))
        csrf.use_session_token(request.visit, new_token())
        return await ensure_session(tx, request)
    request.visit.actor = Actor(id=session_id, kind="guest", session_id=session_id)
    return session_id


async def start_session(tx: Transaction, request: Request, *, user: model.User) -> UUID:
    """Sign a user in: a new token for this browser, on the guest's row if there is one.

    Gives the session's id, which is the guest's, so that what hangs on it can be taken along.
    """
    now = request.received_at
    settings = request.context.settings
    lifetime = (
        timedelta(hours=settings.staff_session_lifetime_hours)
        if user.kind != "shopper"
        else timedelta(days=settings.session_lifetime_days)
    )
    token, actor = new_token(), request.actor
    session_id: UUID | None = None
    if actor is not None and actor.kind == "guest" and actor.session_id is not None:
        taken = await tx.execute(
            store.TAKE_OVER_SESSION,
            {
                "id": actor.session_id,
                "token_hash": digest(token),
                "user_id": user.id,
                "expires_at": now + lifetime,
                "now": now,
                "address": request.client_address,
                "agent": browser_of(request).agent,
            },
        )
        session_id = actor.session_id if taken else None
    elif request.sent_session_token:
        await end_session(tx, token=request.sent_session_token, now=now)
    if session_id is None:
        session_id = new_id(now)
        await _insert(
            tx,
            session_id=session_id,
            token_hash=digest(token),
            user_id=user.id,
            expires_at=now + lifetime,
            browser=browser_of(request),
            now=now,
        )
    await tx.execute(store.NOTE_SIGN_IN, {"id": user.id, "now": now})
    signed_in = Actor(
        id=user.id,
        kind=user.kind,
        permissions=await _permissions(tx, request, user),
        party_id=user.party_id,
        partner_id=user.partner_id,
        session_id=session_id,
        name=user.name or user.email,
        language=user.language,
    )
    await record(
        tx,
        actor=signed_in,
        action="accounts.sign_in",
        subject_kind="user",
        subject_id=user.id,
        after={"address": request.client_address},
        now=now,
    )
    await tx.publish(SignedIn(user_id=user.id, session_id=session_id, party_id=user.party_id))
    csrf.use_session_token(request.visit, token)
    request.visit.actor = signed_in
    return session_id


async def _permissions(tx: Transaction, request: Request, user: model.User) -> frozenset[str]:
    """Give what a user may do now: nothing before the second factor, where staff must have one.

    Permissions are for staff; a partner's people have their cabinet.
    """
    if user.kind == "partner":
        return frozenset()
    needed = request.context.settings.staff_two_factor_required
    if user.kind == "staff" and needed and not user.has_two_factor:
        return frozenset()
    return await queries.permissions_of(tx, user_id=user.id)


async def end_session(tx: Transaction, *, token: str, now: datetime) -> bool:
    """End the session of a cookie; tell whether there was one."""
    changed = await tx.execute(
        store.REVOKE_SESSION_BY_TOKEN, {"token_hash": digest(token), "now": now}
    )
    return changed == 1


async def sign_out(tx: Transaction, request: Request) -> None:
    """End this browser's session and give it a fresh, empty one."""
    if request.sent_session_token:
        await end_session(tx, token=request.sent_session_token, now=request.received_at)
    csrf.use_session_token(request.visit, new_token())
    request.visit.actor = None


async def revoke_session(
    tx: Transaction, *, session_id: UUID, user_id: UUID, now: datetime
) -> None:
    """End one of a user's own sessions.

    Raises:
        NoSuchSession: the user has no such session.
    """
    changed = await tx.execute(
        store.REVOKE_SESSION, {"id": session_id, "user_id": user_id, "now": now}
    )
    if changed == 0:
        raise model.NoSuchSession


def browser_of(request: Request) -> Browser:
    """Describe the browser of a request."""
    agent = request.visit.headers.get(b"user-agent", b"").decode("latin-1")
    printable = "".join(character for character in agent if character.isprintable())
    return Browser(address=request.client_address, agent=printable[:AGENT_CHARACTERS_MAX])


async def _insert(
    tx: Transaction,
    *,
    session_id: UUID,
    token_hash: bytes,
    user_id: UUID | None,
    expires_at: datetime,
    browser: Browser,
    now: datetime,
) -> int:
    return await tx.execute(
        store.INSERT_SESSION,
        {
            "id": session_id,
            "token_hash": token_hash,
            "user_id": user_id,
            "expires_at": expires_at,
            "address": browser.address,
            "agent": browser.agent,
            "now": now,
        },
    )
