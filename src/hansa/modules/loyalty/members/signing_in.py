"""Signing in to the app by a one-time code sent to a telephone.

The answers are the same whether or not somebody is known by the telephone: a code is sent to
either, and who has the code may then sign in or enrol. A code is made of the number of the question
by our secret and kept nowhere.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from hansa.kernel.message import Job
from hansa.modules import accounts
from hansa.modules.loyalty.members import names
from hansa.modules.loyalty.members.buckets import new_id_here
from hansa.modules.loyalty.members.faults import CodeWrong
from hansa.modules.loyalty.members.model import MemberRef, Proof, ProofKind, RefKind
from hansa.modules.loyalty.members.naming import (
    code_digest,
    lock_keys,
    secret_value,
)
from hansa.modules.loyalty.members.proofs import make_phone_proof
from hansa.modules.loyalty.members.sending import CodeMessage, Codes
from hansa.modules.loyalty.members.store import references
from hansa.modules.loyalty.members.store import signing_in as store
from hansa.runtime.context import Context
from hansa.runtime.http import TooManyRequests

CODE_DIGITS = 6
CODE_LIFETIME = timedelta(minutes=5)
ATTEMPTS_MAX = 5
WINDOW = timedelta(hours=1)
CODES_PER_PHONE_MAX = 5
CODES_PER_ADDRESS_MAX = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """A question for a code, which was sent or will be in a moment."""

    id: UUID
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Whoever gave the right code: a member, or nobody yet. `proof` lets them enrol, or link."""

    member_id: UUID | None
    proof: Proof


@dataclass(frozen=True, slots=True, kw_only=True)
class SendCode(Job):
    """Send the code of a challenge."""

    type: ClassVar[str] = "loyalty.send_code"

    challenge_id: UUID


async def start_sign_in(
    context: Context,
    *,
    phone: str,
    address: str,
    language: str,
    address_max: int = CODES_PER_ADDRESS_MAX,
    now: datetime,
) -> Challenge:
    """Send a code to a telephone, known or not; `address` is where the asking comes from.

    At most five per telephone and `address_max` per address in an hour.

    Raises:
        parties.IdentifierInvalid: it is no telephone.
        TooManyRequests: too many codes for this telephone, or from this address, in an hour.
        CodesNotSent: no way to send codes is set up.
    """
    context.service(Codes).check()
    name = names.name_of(MemberRef(RefKind.PHONE, phone), None)
    challenge = Challenge(id=new_id_here(now), expires_at=now + CODE_LIFETIME)
    asked = {
        "phone_value": name.value,
        "address_value": secret_value(address),
        "since": now - WINDOW,
    }
    secret = context.settings.secret_key.reveal().encode()
    async with context.database.transaction() as tx:
        keys = lock_keys([secret_value(name.value.hex()), secret_value(address)])
        await tx.all(references.LOCK_VALUES, {"keys": keys})
        recent = await tx.one(store.COUNT_RECENT, asked)
        if recent.of_phone >= CODES_PER_PHONE_MAX or recent.of_address >= address_max:
            raise TooManyRequests(int(WINDOW.total_seconds()))
        await tx.execute(
            store.ADD_SIGN_IN,
            {
                **asked,
                "id": challenge.id,
                "sealed_phone": accounts.seal(secret, name.identifier.value.encode()),
                "language": language,
                "expires_at": challenge.expires_at,
                "now": now,
            },
        )
        await tx.enqueue(SendCode(challenge_id=challenge.id))
    return challenge


async def finish_sign_in(
    context: Context, *, challenge_id: UUID, code: str, now: datetime
) -> SignedIn:
    """Give who answers to the telephone the code was sent to; the code is used up.

    The attempt is counted even when the code is wrong; after five the challenge is over.

    Raises:
        CodeWrong: wrong, too old, used, tried too often, or there is no such challenge.
    """
    asked = {"id": challenge_id, "attempts_max": ATTEMPTS_MAX, "now": now}
    async with context.database.transaction() as tx:
        tried = await tx.maybe(store.TRY_CODE, asked)
        right = code_of(challenge_id)
        is_right = hmac.compare_digest(code.strip().encode(), right.encode())
        used = await tx.maybe(store.USE_CODE, asked) if tried and is_right else None
        owner = None
        if used is not None:
            key = {"kind": RefKind.PHONE.value, "scope": "", "value": bytes(tried.phone_value)}
            wanted = {"kinds": [key["kind"]], "scopes": [""], "values": [key["value"]]}
            owner = await tx.maybe(references.FIND_OWNERS, wanted)
            proven = {**key, "proven_by": ProofKind.CODE.value, "now": now}
            await tx.execute(references.PROVE_REFERENCE, proven)
    if used is None:
        raise CodeWrong
    token = make_phone_proof(phone_value=bytes(tried.phone_value), now=now)
    return SignedIn(
        member_id=owner.member_id if owner else None,
        proof=Proof(kind=ProofKind.CODE, token=token),
    )


async def send_code(context: Context, job: SendCode) -> None:
    """Hand the code to whatever sends it; the telephone is then forgotten."""
    async with context.database.snapshot(single=True) as snap:
        row = await snap.maybe(store.GET_UNSENT, {"id": job.challenge_id})
    now = context.clock.now()
    if row is None or row.expires_at <= now:
        return
    secret = context.settings.secret_key.reveal().encode()
    message = CodeMessage(
        challenge_id=row.id,
        phone=accounts.unseal(secret, bytes(row.sealed_phone)).decode(),
        code=code_of(row.id),
        language=row.language,
    )
    await context.service(Codes).sender.send(context, message)
    async with context.database.transaction() as tx:
        await tx.execute(store.SET_SENT, {"id": row.id, "now": now})


def code_of(challenge_id: UUID) -> str:
    """Give the code of a challenge."""
    number = int.from_bytes(code_digest(f"code|{challenge_id}")[:8], "big")
    return f"{number % 10**CODE_DIGITS:0{CODE_DIGITS}d}"
