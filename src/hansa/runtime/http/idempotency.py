"""The same call twice does its work once: answers kept under the caller's `Idempotency-Key`.

The claim, the work and the kept answer are one transaction. A second call with the same key waits
on the first one's row and then gets its answer.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

import psycopg

from hansa.kernel.errors import Conflict, Invalid, Rejected
from hansa.runtime.database import Transaction

if TYPE_CHECKING:
    from hansa.runtime.http.request import Request

_KEY = re.compile(rb"^[!-~]{1,200}\Z")
UNKEPT = 0

# The primary key (scope, key) makes the second of two claims wait for the first one's commit.
CLAIM = """
    insert into idempotency_key (scope, key, fingerprint, created_at)
    values (%(scope)s, %(key)s, %(fingerprint)s, %(now)s)
    on conflict (scope, key) do nothing
"""
FIND = """
    select fingerprint, status, body
      from idempotency_key
     where scope = %(scope)s
       and key = %(key)s
"""
KEEP = """
    update idempotency_key
       set status = %(status)s,
           body = %(body)s
     where scope = %(scope)s
       and key = %(key)s
"""
# Rows go in slices, so that no sweep holds many locks; ix_idempotency_key_created covers it.
FORGET = """
    delete from idempotency_key
     where (scope, key) in (
               select scope, key
                 from idempotency_key
                where created_at < %(before)s
                order by created_at
                limit %(limit)s)
"""


@dataclass(eq=False)
class KeyMissing(Invalid):
    """An unsafe call came without a key."""

    code: ClassVar[str] = "idempotency.missing"
    message: ClassVar[str] = (
        "Send an Idempotency-Key header: any text of up to 200 characters that is new for each "
        "operation and the same when you repeat it."
    )


@dataclass(eq=False)
class KeyInvalid(Invalid):
    """The key is empty, too long or holds characters that are not visible ASCII."""

    code: ClassVar[str] = "idempotency.invalid"
    message: ClassVar[str] = "An Idempotency-Key is 1 to 200 visible ASCII characters."


@dataclass(eq=False)
class KeyReused(Rejected):
    """The key came before with another request."""

    code: ClassVar[str] = "idempotency.mismatch"
    message: ClassVar[str] = (
        "This Idempotency-Key was used before for a different request. Use a new key."
    )


@dataclass(eq=False)
class StillRunning(Conflict):
    """The first request with this key has not finished."""

    code: ClassVar[str] = "idempotency.running"
    message: ClassVar[str] = "The first request with this key is still running. Repeat in a moment."


@dataclass(eq=False)
class AnswerNotKept(Conflict):
    """The call was done before, and its answer held a secret that is shown once."""

    code: ClassVar[str] = "idempotency.answer_not_kept"
    message: ClassVar[str] = (
        "This was done already, and its answer held a secret that is shown only once. "
        "Make a new one with a new Idempotency-Key."
    )


@dataclass(eq=False)
class AlreadyAnswered(Exception):
    """Not a failure: the kept answer of the first call, sent again by the edge."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One call that is to run once."""

    scope: str
    key: str
    fingerprint: bytes
    now: datetime


def check_key(sent: bytes) -> str:
    """Give the key as text.

    Raises:
        KeyInvalid: it is not a key.
    """
    if not _KEY.match(sent):
        raise KeyInvalid
    return sent.decode("ascii")


async def claim_of(request: "Request", key: str) -> Claim:
    """Describe this call: whose it is, and a fingerprint of all that was asked."""
    actor = request.actor
    if actor is not None:
        scope = f"{actor.kind}:{actor.id}"
    elif session := request.sent_session_token:
        scope = "session:" + hashlib.sha256(session.encode()).hexdigest()
    else:
        scope = f"address:{request.client_address}"
    parts = (request.method, request.scope["path"], request.scope["query_string"])
    return Claim(
        scope=scope,
        key=key,
        fingerprint=fingerprint(*parts, await request.body()),
        now=request.received_at,
    )


def fingerprint(method: str, path: str, query: bytes, body: bytes) -> bytes:
    """Give a digest that differs if anything asked differs."""
    head = f"{method} {path}?".encode() + query + b"\n"
    return hashlib.sha256(head + body).digest()


async def claim(tx: Transaction, claim: Claim) -> None:
    """Take the key for this transaction, waiting for another that has it.

    Raises:
        AlreadyAnswered: it was taken and answered before; carries the answer.
        KeyReused: it was taken for another request.
        StillRunning: waiting for the other took too long.
    """
    parameters = {
        "scope": claim.scope,
        "key": claim.key,
        "fingerprint": claim.fingerprint,
        "now": claim.now,
    }
    try:
        if await tx.execute(CLAIM, parameters) == 1:
            return
    except psycopg.errors.LockNotAvailable as error:
        raise StillRunning from error
    row = await tx.maybe(FIND, parameters)
    if row is None or row.status is None:
        raise StillRunning
    if bytes(row.fingerprint) != claim.fingerprint:
        raise KeyReused
    if row.status == UNKEPT:
        raise AnswerNotKept
    raise AlreadyAnswered(row.status, bytes(row.body))


async def keep_answer(tx: Transaction, claim: Claim, *, status: int, body: bytes) -> None:
    """Keep the answer under the claimed key."""
    await tx.execute(KEEP, {"scope": claim.scope, "key": claim.key, "status": status, "body": body})


async def forget_old(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Delete kept answers older than an instant; give how many went."""
    return await tx.execute(FORGET, {"before": before, "limit": limit})
