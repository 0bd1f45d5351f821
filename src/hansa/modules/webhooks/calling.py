"""One call of an endpoint, and what it says of the message."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from hansa.kernel.errors import HansaError
from hansa.modules import accounts
from hansa.modules.webhooks import model, signing, writing
from hansa.runtime import outbound
from hansa.runtime.context import Context
from hansa.runtime.masking import mask_text

ANSWER_CHARACTERS_MAX = 1024
DESTINATION = "webhooks"

_ANSWER_BYTES_MAX = 8 * 1024
_NEVER_OPENS = 1_000_000
_GONE, _TOO_MANY, _UNAVAILABLE = 410, 429, 503


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A message that was taken up, where it goes and what signs it, the newest secret first."""

    id: UUID
    endpoint_id: UUID
    url: str
    sealed: Sequence[bytes] = field(repr=False)
    body: bytes = field(repr=False)
    failures: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of a call. `code` is empty if the message arrived."""

    claimed: Claimed
    began_at: datetime
    milliseconds: int
    status: int | None = None
    code: str = ""
    answer: str = field(default="", repr=False)
    retry_after_seconds: float = 0.0

    @property
    def has_arrived(self) -> bool:
        """True for 2xx."""
        return self.code == ""

    @property
    def is_gone(self) -> bool:
        """True if the endpoint wants no messages ever."""
        return self.status == _GONE


@dataclass(frozen=True, slots=True)
class _Said:
    status: int | None
    code: str
    answer: str = ""
    retry_after_seconds: float = 0.0


def destination(context: Context, *, base_url: str | None = None) -> outbound.Destination:
    """Describe endpoints to the outbound client.

    One attempt a call and a circuit that never opens: the schedule of attempts is kept in rows.
    Without a base address the client looks each one up and refuses private networks.
    """
    seconds = context.settings.webhooks_answer_seconds
    return outbound.Destination(
        name=DESTINATION if base_url is None else f"{DESTINATION} {base_url}",
        base_url=base_url,
        headers={"content-type": writing.CONTENT_TYPE},
        connect_seconds=min(seconds, context.settings.outbound_connect_timeout_seconds),
        read_seconds=seconds,
        total_seconds=seconds,
        attempts=1,
        failures_to_open=_NEVER_OPENS,
        connections_max=model.CALLS_MAX,
        answer_bytes_max=_ANSWER_BYTES_MAX,
        cuts_answers=True,
        log_target=False,
    )


async def call(context: Context, claimed: Claimed) -> Told:
    """Send a message once; whatever comes of it is told, nothing is raised for it."""
    clock = asyncio.get_running_loop().time
    at, began = context.clock.now(), clock()
    said = await _call(context, claimed, at)
    return Told(
        claimed=claimed,
        began_at=at,
        milliseconds=round((clock() - began) * 1000),
        status=said.status,
        code=said.code,
        answer=said.answer,
        retry_after_seconds=said.retry_after_seconds,
    )


async def _call(context: Context, claimed: Claimed, at: datetime) -> _Said:
    try:
        name, target = _where(context, claimed.url)
        headers = _headers(context, claimed, at)
        answer = await context.outbound.send(
            name, "POST", target, headers=headers, content=claimed.body
        )
    except ValueError as error:
        return _Said(None, "secret_unreadable", str(error))
    except HansaError as failure:
        return _said_by(failure)
    code = "" if answer.ok else f"http_{answer.status}"
    return _Said(answer.status, code, _excerpt(answer.body))


def _said_by(failure: HansaError) -> _Said:
    """Say how a call failed."""
    match failure:
        case outbound.DestinationFailed(status=status):
            wait = failure.retry_after_seconds if status == _UNAVAILABLE else 0.0
            return _Said(status, f"http_{status}", _excerpt(failure.body), wait)
        case outbound.TooManyRequests():
            return _Said(_TOO_MANY, f"http_{_TOO_MANY}", "", failure.retry_after_seconds)
        case outbound.NoAnswer():
            code = "no_answer" if failure.maybe_done else "no_connection"
            return _Said(None, code, failure.reason)
        case outbound.AddressRefused() | model.EndpointInvalid():
            return _Said(None, "address_refused", failure.reason)
        case _:
            return _Said(None, failure.code, str(failure))


def _where(context: Context, url: str) -> tuple[str, str]:
    """Give the destination and the target of a call; an address of this machine is its own."""
    is_production = context.settings.environment == "production"
    model.check_url(url, is_production=is_production)
    if is_production or not model.is_local(url):
        return DESTINATION, url
    parts = urlsplit(url)
    own = destination(context, base_url=f"{parts.scheme}://{parts.netloc}")
    context.outbound.configure(own)
    return own.name, urlunsplit(("", "", parts.path or "/", parts.query, ""))


def _headers(context: Context, claimed: Claimed, at: datetime) -> dict[str, str]:
    key = context.settings.secret_key.reveal().encode()
    kept = [accounts.unseal(key, one).decode() for one in claimed.sealed]
    return signing.headers_of(kept, message_id=str(claimed.id), at=at, body=claimed.body)


def _excerpt(body: bytes) -> str:
    # Masked before it is cut: half a secret is not recognised as one. PostgreSQL takes no NUL.
    text = mask_text(body[:_ANSWER_BYTES_MAX].decode("utf-8", "replace")).replace("\x00", "\ufffd")
    return text[:ANSWER_CHARACTERS_MAX]
