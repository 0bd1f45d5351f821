"""Proving that it is you: a code is sent, and typed in gives a token that one spend may carry."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from hansa.kernel.identifiers import new_id
from hansa.modules.loyalty.guard.batching import Sighting, open_alerts
from hansa.modules.loyalty.guard.faults import (
    NoSuchChallenge,
    StepUpCodeWrong,
    TooManyCodes,
)
from hansa.modules.loyalty.guard.judging import (
    device_digest,
    token_digest,
)
from hansa.modules.loyalty.guard.model import (
    ChallengeId,
    Kind,
)
from hansa.modules.loyalty.guard.store import watching
from hansa.modules.loyalty.guard.watch import Watch
from hansa.modules.loyalty.members import bucket_of
from hansa.runtime.database import Transaction

if TYPE_CHECKING:
    from hansa.runtime.context import Context

CODE_DIGITS = 6
TRIES_MAX = 5
LIVES = timedelta(minutes=10)
CODES_MAX = 3
CODES_PER = timedelta(minutes=10)
_TOKEN_BYTES = 24


@dataclass(frozen=True, slots=True)
class Challenge:
    """A code was sent; it can be typed in until `expires_at`."""

    id: ChallengeId
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Made:
    """A challenge with the code to send; not kept anywhere."""

    challenge: Challenge
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Token:
    """Pays for one spend of the member until `expires_at`."""

    value: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Finished:
    """What typing a code in gave: a token, good for one spend until `expires_at`, or fewer tries.

    A wrong answer is not raised: it must be counted, so its transaction has to commit.
    """

    token: str | None = field(repr=False)
    tries_left: int
    expires_at: datetime


async def start_step_up(
    context: "Context", *, programme_id: UUID, member_id: UUID, device: str = "", now: datetime
) -> Challenge:
    """Send a member a code. With `device`, that device is trusted once the code was right.

    Earlier codes of the member are worth nothing any more.

    Raises:
        TooManyCodes: three were sent within ten minutes.
        CannotSend: the member has no telephone.
        Unavailable: it was not sent.
    """
    async with context.database.transaction() as tx:
        made = await make_challenge(
            tx, programme_id=programme_id, member_id=member_id, device=device, now=now
        )
    await context.service(Watch).send_code(
        challenge_id=made.challenge.id,
        member_id=member_id,
        programme_id=programme_id,
        code=made.code,
    )
    return made.challenge


async def make_challenge(
    tx: Transaction, *, programme_id: UUID, member_id: UUID, device: str = "", now: datetime
) -> Made:
    """Make a code for a member; the caller sends it after the commit.

    Raises:
        TooManyCodes: three were made within ten minutes.
    """
    whose = {"bucket": bucket_of(member_id), "member_id": member_id}
    await tx.all(watching.LOCK_MEMBER, {"member_id": str(member_id)})
    sent = await tx.scalar(watching.COUNT_CHALLENGES, whose | {"after": now - CODES_PER})
    if sent >= CODES_MAX:
        raise TooManyCodes(round(CODES_PER.total_seconds() / 60))
    await tx.execute(watching.END_CHALLENGES, whose | {"programme_id": programme_id, "now": now})
    challenge = Challenge(ChallengeId(new_id(now)), now + LIVES)
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    await tx.execute(
        watching.ADD_CHALLENGE,
        whose
        | {
            "id": challenge.id,
            "programme_id": programme_id,
            "device": device_digest(device) if device else None,
            "code": _code_digest(challenge.id, code),
            "now": now,
            "expires_at": challenge.expires_at,
        },
    )
    return Made(challenge, code)


async def answer_step_up(
    context: "Context", *, challenge_id: UUID, code: str, now: datetime
) -> Token:
    """Give the token for a code; a wrong one is counted before it is refused.

    Raises:
        StepUpCodeWrong: it is not the code that was sent.
        NoSuchChallenge: there is none, or it is over: too old, passed, or tried too often.
    """
    async with context.database.transaction() as tx:
        done = await finish_step_up(tx, challenge_id=challenge_id, code=code, now=now)
    if done.token is None:
        raise StepUpCodeWrong(done.tries_left)
    return Token(done.token, done.expires_at)


async def finish_step_up(
    tx: Transaction, *, challenge_id: UUID, code: str, now: datetime
) -> Finished:
    """Check a code. Right, it gives a token for one spend within ten minutes, once.

    The fifth wrong code ends the challenge and tells a person (alert `step_up_failed`).

    Raises:
        NoSuchChallenge: there is none, or it is over: too old, passed, or tried too often.
    """
    row = await tx.maybe(watching.LOCK_CHALLENGE, {"id": challenge_id})
    if row is None or row.passed_at is not None or row.expires_at <= now or row.tries >= TRIES_MAX:
        raise NoSuchChallenge
    if hmac.compare_digest(bytes(row.code), _code_digest(row.id, code.strip())):
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        until = now + LIVES
        await tx.execute(
            watching.END_WELL,
            {"id": row.id, "token": token_digest(token), "now": now, "expires_at": until},
        )
        if row.device is not None:
            await tx.execute(
                watching.TRUST_DEVICE,
                {
                    "bucket": row.bucket,
                    "member_id": row.member_id,
                    "device": row.device,
                    "now": now,
                },
            )
        return Finished(token, TRIES_MAX - row.tries - 1, until)
    await tx.execute(watching.COUNT_TRY, {"id": row.id})
    left = TRIES_MAX - row.tries - 1
    if left == 0:
        sighting = Sighting(
            programme_id=row.programme_id,
            member_id=row.member_id,
            partner_id=None,
            kind=str(Kind.STEP_UP_FAILED),
            facts={"limit": TRIES_MAX, "found": TRIES_MAX, "at": now.isoformat()},
        )
        await open_alerts(tx, sightings=[sighting], now=now)
    return Finished(None, left, row.expires_at)


def _code_digest(challenge_id: UUID, code: str) -> bytes:
    """Give what is kept of a code.

    Whoever reads the table guesses six digits at once; they are worth nothing after ten minutes.
    """
    return hashlib.blake2b(code.encode(), digest_size=32, key=challenge_id.bytes).digest()
