"""Signing in: three steps, not one transaction.

Count the attempt, check the password, begin the session. The count must stay when the attempt
fails, and no transaction may wait for argon2.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from hansa.kernel.errors import Invalid
from hansa.modules.accounts import model, queries, sessions, store, two_factor
from hansa.modules.accounts.passwords import hash_password, needs_new_hash, verify_password
from hansa.modules.accounts.secrets_kept import sign
from hansa.runtime.context import Context
from hansa.runtime.database import Row
from hansa.runtime.http.identity import SignInNeeded
from hansa.runtime.http.limits import TooManyRequests
from hansa.runtime.http.request import Request

WINDOW_SECONDS = 60
NAMES_PER_ADDRESS = 10
TICKET_LIFETIME = timedelta(minutes=10)


@dataclass(eq=False)
class WrongPassword(SignInNeeded):
    """The address is unknown, the password is wrong, or the user was switched off."""

    code: ClassVar[str] = "accounts.wrong_password"
    message: ClassVar[str] = "The e-mail address or the password is wrong."


@dataclass(eq=False)
class SecondFactorNeeded(SignInNeeded):
    """The password is right; now the code. `ticket` stands for the password in `finish_sign_in`."""

    code: ClassVar[str] = "accounts.second_factor_needed"
    message: ClassVar[str] = "Enter the code of your authenticator application."

    ticket: str


@dataclass(eq=False)
class TicketInvalid(Invalid):
    """The ticket is not ours or too old."""

    code: ClassVar[str] = "accounts.ticket_invalid"
    message: ClassVar[str] = "Too much time has passed. Enter your password again."


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """A sign-in that has succeeded. `session_id` was the guest's before, if there was a guest."""

    user: model.User
    session_id: UUID


async def sign_in(
    request: Request,
    *,
    email: str,
    password: str,
    kind: model.UserKind,
    code: str | None = None,
) -> SignIn:
    """Sign the browser in; sets the cookie on the answer.

    Raises:
        WrongPassword: told alike for unknown addresses and wrong passwords.
        SecondFactorNeeded: no `code` was given and this user needs one; carries the ticket.
        CodeWrong: the code is wrong or was used before.
        TooManyRequests: too many attempts for this name or address.
    """
    row = await check_password(request, email=email, password=password, kind=kind)
    if row.has_two_factor and not code:
        raise SecondFactorNeeded(_ticket(request, row.id))
    return await _begin(request, user_id=row.id, code=code if row.has_two_factor else None)


async def finish_sign_in(request: Request, *, ticket: str, code: str) -> SignIn:
    """Sign in with the ticket of `SecondFactorNeeded` and a code.

    Raises:
        TicketInvalid, CodeWrong, TooManyRequests: as their names say.
    """
    user_id = _read_ticket(request, ticket)
    await _count(request, scope=f"code:{user_id}")
    return await _begin(request, user_id=user_id, code=code)


async def check_password(
    request: Request, *, email: str, password: str, kind: model.UserKind
) -> Row:
    """Give the user's row if the password is right; counts the attempt first.

    Raises:
        WrongPassword, TooManyRequests: as their names say.
    """
    name = email.strip().lower()[: model.EMAIL_CHARACTERS_MAX]
    scope = f"{kind}:{name}"
    await _count(request, scope=scope)
    async with request.snapshot(single=True) as snapshot:
        row = await snapshot.maybe(store.CREDENTIALS, {"email": name, "kind": kind})
    kept: str | None = None if row is None or not row.is_active else row.password_hash
    if not await verify_password(kept, password[: model.PASSWORD_CHARACTERS_MAX]):
        raise WrongPassword
    new_hash = await hash_password(password) if kept and needs_new_hash(kept) else None
    async with request.context.database.transaction() as tx:
        await tx.execute(store.CLEAR_ATTEMPTS, {"scopes": [scope]})
        if new_hash is not None:
            await tx.execute(
                store.SET_PASSWORD,
                {"id": row.id, "password_hash": new_hash, "now": request.received_at},
            )
    return row


async def _begin(request: Request, *, user_id: UUID, code: str | None) -> SignIn:
    async with request.context.database.transaction() as tx:
        user = await queries.get_user(tx, user_id=user_id)
        if code is not None:
            await two_factor.use_code(
                tx,
                user_id=user_id,
                code=code,
                secret_key=request.visit.wiring.secret,
                now=request.received_at,
            )
            await tx.execute(store.CLEAR_ATTEMPTS, {"scopes": [f"code:{user_id}"]})
        if not user.is_active:
            raise WrongPassword
        session_id = await sessions.start_session(tx, request, user=user)
    return SignIn(user=user, session_id=session_id)


async def _count(request: Request, *, scope: str) -> None:
    await count_attempt(
        request.context,
        scope=scope,
        address=request.client_address,
        now=request.received_at,
    )


async def count_attempt(context: Context, *, scope: str, address: str, now: datetime) -> None:
    """Count an attempt for a name and an address; commits at once.

    Raises:
        TooManyRequests: one of the two had too many in this minute.
    """
    limit = context.settings.rate_limit_sign_ins_per_minute
    if limit == 0:
        return
    minute = int(now.timestamp()) // WINDOW_SECONDS * WINDOW_SECONDS
    by_address = f"address:{address}"
    async with context.database.transaction() as tx:
        rows = await tx.all(
            store.COUNT_ATTEMPT,
            {
                "scopes": sorted((scope, by_address)),
                "began_at": datetime.fromtimestamp(minute, tz=now.tzinfo),
            },
        )
    counts = {row.scope: row.count for row in rows}
    if counts[scope] > limit or counts[by_address] > limit * NAMES_PER_ADDRESS:
        raise TooManyRequests(minute + WINDOW_SECONDS - int(now.timestamp()))


def _ticket(request: Request, user_id: UUID) -> str:
    ends = int((request.received_at + TICKET_LIFETIME).timestamp())
    text = f"{user_id}.{ends}"
    return f"{text}.{sign(request.visit.wiring.secret, 'second-factor', text)}"


def _read_ticket(request: Request, ticket: str) -> UUID:
    text, _, signature = ticket.rpartition(".")
    right = sign(request.visit.wiring.secret, "second-factor", text)
    if not hmac.compare_digest(right.encode(), signature.encode()):
        raise TicketInvalid
    user_id, _, ends = text.partition(".")
    if int(ends) < request.received_at.timestamp():
        raise TicketInvalid
    return UUID(user_id)
