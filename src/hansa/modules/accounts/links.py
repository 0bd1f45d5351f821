"""Links sent by mail: a new password, proof of an address. Each works once and for a while.

The secret of a link is made in the job that sends it, so it is nowhere but in the message: neither
the outbox nor the queue holds it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Literal
from uuid import UUID

from hansa.contracts.accounts import PasswordResetRequested
from hansa.kernel.message import Job
from hansa.modules.accounts import model, operations, queries, store
from hansa.modules.accounts.audit import record
from hansa.modules.accounts.secrets_kept import digest, new_token
from hansa.runtime.context import Context
from hansa.runtime.database import Transaction
from hansa.runtime.http.identity import Actor

Purpose = Literal["password", "email"]
LIFETIMES: dict[str, timedelta] = {"password": timedelta(hours=2), "email": timedelta(days=7)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SendLink(Job):
    """Send a user a link."""

    type: ClassVar[str] = "accounts.send_link"

    user_id: UUID
    purpose: str


async def request_password_reset(
    tx: Transaction, *, email: str, kind: model.UserKind, now: datetime
) -> None:
    """Send a link to set a new password, if there is such a user; nobody is told which."""
    user = await queries.find_user(tx, email=email, kind=kind)
    if user is None or not user.is_active:
        return
    await tx.publish(PasswordResetRequested(user_id=user.id))
    await tx.enqueue(SendLink(user_id=user.id, purpose="password"))
    await record(
        tx,
        actor=None,
        action="accounts.request_password_reset",
        subject_kind="user",
        subject_id=user.id,
        now=now,
    )


async def invite_to_partner(
    tx: Transaction,
    *,
    partner_id: UUID,
    email: str,
    name: str = "",
    language: str | None = None,
    by: Actor | None,
    now: datetime,
) -> model.User:
    """Let somebody into a partner's cabinet; they are sent a link to set a password.

    Raises:
        EmailInvalid, EmailTaken: as their names say.
    """
    user = await operations.create_user(
        tx,
        email=email,
        password=None,
        kind="partner",
        partner_id=partner_id,
        name=name,
        language=language,
        by=by,
        now=now,
    )
    await request_password_reset(tx, email=user.email, kind="partner", now=now)
    return user


async def request_email_verification(tx: Transaction, *, user_id: UUID) -> None:
    """Send a user a link that proves their address."""
    await tx.enqueue(SendLink(user_id=user_id, purpose="email"))


async def make_link_token(
    tx: Transaction, *, user_id: UUID, purpose: Purpose, now: datetime
) -> str:
    """Make the secret of a link; earlier links of the same purpose end."""
    token = new_token()
    await tx.execute(store.END_TOKENS, {"user_id": user_id, "purpose": purpose, "now": now})
    await tx.execute(
        store.INSERT_TOKEN,
        {
            "token_hash": digest(token),
            "user_id": user_id,
            "purpose": purpose,
            "expires_at": now + LIFETIMES[purpose],
            "now": now,
        },
    )
    return token


async def reset_password(
    tx: Transaction,
    *,
    token: str,
    password: str,
    password_characters_min: int = operations.PASSWORD_CHARACTERS_MIN,
    now: datetime,
) -> UUID:
    """Set a new password by a link; every session of the user ends. Gives the user's id.

    Raises:
        LinkUsedUp, PasswordWeak: as their names say.
    """
    user_id = await _use(tx, token=token, purpose="password", now=now)
    await operations.set_password(
        tx,
        user_id=user_id,
        password=password,
        password_characters_min=password_characters_min,
        by=None,
        now=now,
    )
    # Whoever reads the mail of an address has proven that it is theirs.
    await tx.execute(store.VERIFY_EMAIL, {"id": user_id, "now": now})
    return user_id


async def verify_email(tx: Transaction, *, token: str, now: datetime) -> UUID:
    """Note that an address belongs to its user; gives the user's id.

    Raises:
        LinkUsedUp: as its name says.
    """
    user_id = await _use(tx, token=token, purpose="email", now=now)
    await tx.execute(store.VERIFY_EMAIL, {"id": user_id, "now": now})
    return user_id


async def send_link(context: Context, job: SendLink) -> None:
    """Write the message with the link into the mail folder of the storage."""
    now = context.clock.now()
    purpose: Purpose = "password" if job.purpose == "password" else "email"
    async with context.database.transaction() as tx:
        user = await queries.get_user(tx, user_id=job.user_id)
        token = await make_link_token(tx, user_id=job.user_id, purpose=purpose, now=now)
    language = user.language or context.settings.languages[0]
    where = _PLACES[user.kind].format(language=language)
    page = "password-reset" if purpose == "password" else "confirm-email"
    link = f"{context.settings.public_url}{where}/{page}/{token}"
    subject, text = _WORDS.get(language, _WORDS["en"])[purpose]
    message = f"To: {user.email}\nSubject: {subject}\n\n{text}\n\n{link}\n"
    await context.storage.put(
        f"mail/{now:%Y%m%dT%H%M%S}-{job.user_id.hex[-8:]}.txt", message.encode()
    )


_PLACES = {"staff": "/office", "shopper": "/{language}", "partner": "/{language}/partner"}
_WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "en": {
        "password": ("New password", "Set a new password here. The link works for two hours:"),
        "email": ("Confirm your address", "Confirm your e-mail address here:"),
    },
    "ru": {
        "password": ("Новый пароль", "Задайте новый пароль по ссылке. Она действует два часа:"),
        "email": ("Подтвердите адрес", "Подтвердите адрес электронной почты по ссылке:"),
    },
}


async def _use(tx: Transaction, *, token: str, purpose: Purpose, now: datetime) -> UUID:
    row = await tx.maybe(
        store.USE_TOKEN, {"token_hash": digest(token), "purpose": purpose, "now": now}
    )
    if row is None:
        raise model.LinkUsedUp
    return UUID(str(row.user_id))
