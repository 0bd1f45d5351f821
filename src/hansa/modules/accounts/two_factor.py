"""The second factor: time-based codes (RFC 6238), and recovery codes for a lost telephone."""

import io
import secrets
from datetime import datetime
from uuid import UUID

import pyotp
import segno

from hansa.modules.accounts import model, operations, queries, store
from hansa.modules.accounts.audit import record
from hansa.modules.accounts.secrets_kept import digest, seal, unseal
from hansa.runtime.database import Transaction
from hansa.runtime.http.identity import Actor

ISSUER = "Hansa"
STEP_SECONDS = 30
CODE_DIGITS = 6
STEPS_ASIDE = 1
RECOVERY_CODES = 10
RECOVERY_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
RECOVERY_CHARACTERS = 10


async def begin_two_factor(
    tx: Transaction, *, user_id: UUID, secret_key: bytes, now: datetime
) -> tuple[str, str]:
    """Make a secret for a user; give it, and its `otpauth://` address. It counts once confirmed.

    Raises:
        TwoFactorState: it is on already.
    """
    user = await operations.lock_user(tx, user_id=user_id)
    if user.totp_enabled_at is not None:
        raise model.TwoFactorState
    secret = pyotp.random_base32()
    await tx.execute(
        store.SET_TOTP_SECRET,
        {"id": user_id, "secret": seal(secret_key, secret.encode()), "now": now},
    )
    return secret, pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=ISSUER)


async def confirm_two_factor(
    tx: Transaction,
    *,
    user_id: UUID,
    code: str,
    secret_key: bytes,
    by: Actor | None,
    now: datetime,
) -> list[str]:
    """Switch the second factor on; give the recovery codes, which nobody can read again.

    Raises:
        TwoFactorState: it is on already, or was not begun.
        CodeWrong: the code is not the one of this moment.
    """
    user = await operations.lock_user(tx, user_id=user_id)
    if user.totp_enabled_at is not None or user.totp_secret is None:
        raise model.TwoFactorState
    step = _matching_step(unseal(secret_key, bytes(user.totp_secret)).decode(), code, now)
    if step is None:
        raise model.CodeWrong
    await tx.execute(store.ENABLE_TOTP, {"id": user_id, "step": step, "now": now})
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    await tx.execute(store.DELETE_RECOVERY_CODES, {"id": user_id})
    await tx.execute(
        store.INSERT_RECOVERY_CODES,
        {"id": user_id, "hashes": [digest(_plain(one)) for one in codes]},
    )
    await _note(tx, "accounts.enable_two_factor", user_id, by, now)
    return codes


async def remove_two_factor(
    tx: Transaction, *, user_id: UUID, by: Actor | None, now: datetime
) -> None:
    """Switch the second factor off (by its owner with a code, or by an administrator).

    Raises:
        NoSuchUser: there is none.
    """
    await operations.lock_user(tx, user_id=user_id)
    if not (await queries.get_user(tx, user_id=user_id)).has_two_factor:
        return
    await tx.execute(store.DISABLE_TOTP, {"id": user_id, "now": now})
    await tx.execute(store.DELETE_RECOVERY_CODES, {"id": user_id})
    await _note(tx, "accounts.remove_two_factor", user_id, by, now)


async def use_code(
    tx: Transaction, *, user_id: UUID, code: str, secret_key: bytes, now: datetime
) -> None:
    """Accept a code once: of the telephone, or a recovery code.

    Raises:
        CodeWrong: it is neither, or was used before.
    """
    user = await operations.lock_user(tx, user_id=user_id)
    if user.totp_secret is None or user.totp_enabled_at is None:
        raise model.CodeWrong
    step = _matching_step(unseal(secret_key, bytes(user.totp_secret)).decode(), code, now)
    if step is not None:
        if await tx.execute(store.USE_TOTP_STEP, {"id": user_id, "step": step}) == 1:
            return
        raise model.CodeWrong
    used = await tx.execute(
        store.USE_RECOVERY_CODE, {"id": user_id, "hash": digest(_plain(code)), "now": now}
    )
    if used == 0:
        raise model.CodeWrong
    await _note(tx, "accounts.use_recovery_code", user_id, None, now)


def picture_of(address: str) -> str:
    """Draw an `otpauth://` address as a QR code: SVG without styles, which any policy allows."""
    picture = io.BytesIO()
    segno.make(address, error="m").save(
        picture, kind="svg", scale=5, border=2, xmldecl=False, svgns=True, omitsize=False
    )
    return picture.getvalue().decode()


def _matching_step(secret: str, code: str, now: datetime) -> int | None:
    """Give the number of the half minute a code belongs to: this one, the last or the next."""
    cleaned = code.replace(" ", "")
    if len(cleaned) != CODE_DIGITS or not cleaned.isascii() or not cleaned.isdigit():
        return None
    one_time = pyotp.TOTP(secret)
    this = int(now.timestamp()) // STEP_SECONDS
    for step in range(this - STEPS_ASIDE, this + STEPS_ASIDE + 1):
        if secrets.compare_digest(one_time.generate_otp(step), cleaned):
            return step
    return None


def _recovery_code() -> str:
    letters = "".join(secrets.choice(RECOVERY_LETTERS) for _ in range(RECOVERY_CHARACTERS))
    return f"{letters[:5]}-{letters[5:]}"


def _plain(code: str) -> str:
    return code.replace("-", "").replace(" ", "").lower()


async def _note(
    tx: Transaction, action: str, user_id: UUID, by: Actor | None, now: datetime
) -> None:
    await record(tx, actor=by, action=action, subject_kind="user", subject_id=user_id, now=now)
