"""One call of an ERP's HTTP service: messages there, an answer for each back.

`POST {address}/v{version}/messages` with `{"messages": [{id, number, kind, subject, contract,
created_at, payload}]}`, answered by `{"answers": [{id, outcome, code, detail, received_at}]}`.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from hansa.kernel.errors import Unavailable
from hansa.modules.erp.model import Connection
from hansa.modules.erp.outgoing.model import (
    CONTRACT_UNSUPPORTED,
    Answer,
    Message,
    Outcome,
    Outgoing,
    SignIn,
)
from hansa.modules.erp.outgoing.setup import secret_of
from hansa.modules.erp.outgoing.writing import instant
from hansa.runtime import outbound
from hansa.runtime.context import Context

_NEVER_OPENS = 1_000_000
_GONE = 410
_ABOUT_THE_CALL = frozenset({400, 409, 413, 415, 422})
_EXCERPT_BYTES = 300


class AnswerBody(msgspec.Struct):
    """What the ERP says of one message."""

    id: UUID
    outcome: Outcome
    code: str = ""
    detail: str = ""
    received_at: datetime | None = None
    retry_after_seconds: float | None = None


class AnswersBody(msgspec.Struct):
    """What the ERP answers to a call."""

    answers: list[AnswerBody]


@dataclass
class ErpDown(Exception):
    """The ERP cannot be spoken to at all; no message is to blame."""

    code: str
    reason: str
    retry_after_seconds: float = 0.0


@dataclass
class CallFailed(Exception):
    """The call came to nothing, perhaps because of what was in it; it may have been taken."""

    code: str
    reason: str
    retry_after_seconds: float = 0.0


@dataclass
class CallRefused(Exception):
    """The ERP refused the call as a whole for what was in it, and took nothing."""

    code: str
    reason: str


def destination_of(
    connection: Connection, outgoing: Outgoing, *, key: bytes
) -> outbound.Destination:
    """Describe where calls of a connection go.

    One attempt a call and a circuit that never opens: retries and the breaker are the sender's, who
    knows what is in a call and keeps both where people see them.
    """
    headers = {}
    if outgoing.sign_in is SignIn.BASIC:
        pair = f"{outgoing.user_name}:{secret_of(outgoing, key=key)}"
        headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    elif outgoing.sign_in is SignIn.BEARER:
        headers["authorization"] = f"Bearer {secret_of(outgoing, key=key)}"
    return outbound.Destination(
        name=f"erp {connection.code}",
        base_url=outgoing.address,
        headers=headers,
        read_seconds=float(outgoing.answer_seconds),
        total_seconds=float(outgoing.answer_seconds) + 5,
        attempts=1,
        failures_to_open=_NEVER_OPENS,
        connections_max=outgoing.concurrency + 1,
        propagate_trace=True,
    )


def body_of(messages: Sequence[Message]) -> bytes:
    """Write a call: the frozen payloads as they are, each in its envelope."""
    return msgspec.json.encode(
        {
            "messages": [
                {
                    "id": one.id,
                    "number": one.number,
                    "kind": one.kind,
                    "subject": one.subject_id,
                    "contract": f"{one.kind}.v{one.version}",
                    "created_at": instant(one.created_at),
                    "payload": msgspec.Raw(one.payload),
                }
                for one in messages
            ]
        }
    )


async def call(
    context: Context, connection: Connection, messages: Sequence[Message]
) -> list[Answer]:
    """Send messages of one version; give what the ERP says of each, as far as it does.

    Raises:
        ErpDown: it cannot be reached, or does not let us in.
        CallFailed: it failed over the call, or did not answer in time.
        CallRefused: it refused the call as a whole.
    """
    version = messages[0].version
    try:
        answer = await context.outbound.send(
            f"erp {connection.code}",
            "POST",
            f"v{version}/messages",
            headers={"content-type": "application/json"},
            content=body_of(messages),
        )
    except outbound.NoAnswer as error:
        if error.maybe_done:
            raise CallFailed("no_answer", str(error.reason)) from error
        raise ErpDown("no_connection", str(error.reason)) from error
    except outbound.DestinationFailed as error:
        reason = f"HTTP {error.status}: {_excerpt(error.body)}"
        raise CallFailed(f"http_{error.status}", reason, error.retry_after_seconds) from error
    except outbound.TooManyRequests as error:
        raise ErpDown("too_many_requests", "HTTP 429", error.retry_after_seconds) from error
    except Unavailable as error:
        raise CallFailed(error.code, str(error)) from error
    return _read(answer, messages)


def _read(answer: outbound.Answer, messages: Sequence[Message]) -> list[Answer]:
    reason = f"HTTP {answer.status}: {_excerpt(answer.body)}"
    if answer.status == _GONE:
        return [
            Answer(id=one.id, outcome=Outcome.REFUSED, code=CONTRACT_UNSUPPORTED, detail=reason)
            for one in messages
        ]
    if answer.status in _ABOUT_THE_CALL:
        raise CallRefused(f"http_{answer.status}", reason)
    if not answer.ok:
        raise ErpDown(f"http_{answer.status}", reason)
    try:
        told = answer.json(AnswersBody).answers
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CallFailed("answer_unreadable", f"{error}: {_excerpt(answer.body)}") from error
    answers = [
        Answer(
            id=one.id,
            outcome=one.outcome,
            code=one.code,
            detail=one.detail,
            received_at=one.received_at if _has_zone(one.received_at) else None,
            retry_after_seconds=one.retry_after_seconds,
        )
        for one in told
    ]
    answered = {one.id for one in answers}
    silent = [
        Answer(id=one.id, outcome=Outcome.RETRY, code="not_answered")
        for one in messages
        if one.id not in answered
    ]
    return [*answers, *silent]


def _has_zone(at: datetime | None) -> bool:
    return at is not None and at.tzinfo is not None


def _excerpt(body: bytes) -> str:
    return body[:_EXCERPT_BYTES].decode("utf-8", "replace").strip()
