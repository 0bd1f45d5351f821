"""Endpoints and messages as values, and the decisions about them: what fits, when again, when not.

The schedule of attempts and what an answer means are those of Standard Webhooks 1.0.0.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Final
from urllib.parse import urlsplit
from uuid import UUID

from hansa.kernel.errors import Conflict, Invalid, NotFound, Rejected

SCHEDULE: Final = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""The wait before each attempt, the first included."""

FAILING_MAX: Final = timedelta(days=5)
"""An endpoint to which nothing was delivered for so long, though tried, is disabled."""

COLLECTED_FOR: Final = timedelta(days=7)
"""So long after an endpoint was disabled, what it would have got is kept for a replay."""

OVERLAP: Final = timedelta(hours=24)
OVERLAP_MAX: Final = timedelta(days=30)

ENDPOINTS_MAX: Final = 20
PATTERNS_MAX: Final = 50
SECRETS_MAX: Final = 5
REPLAYED_MAX: Final = 100_000
BODY_BYTES_MAX: Final = 256 * 1024
URL_CHARACTERS_MAX: Final = 2000
DESCRIPTION_CHARACTERS_MAX: Final = 500
CALLS_MAX: Final = 16
CALLS_USUAL: Final = 4
KEY_CHARACTERS_MAX: Final = 200

PING: Final = "webhooks.ping"

_JITTER = 0.1
_FAILURES_TO_JUDGE = 3
_TYPE = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_PATTERN = re.compile(r"\*|[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*(\.?\*)?")
_TYPE_CHARACTERS_MAX = 120
_THIS_MACHINE = frozenset({"127.0.0.1", "localhost"})


class EndpointState(StrEnum):
    """Whether messages go to an endpoint."""

    ACTIVE = "active"
    DISABLED = "disabled"


class Reason(StrEnum):
    """Why an endpoint is disabled: a person did it, it answered 410, nothing arrived for days."""

    BY_HAND = "by_hand"
    GONE = "gone"
    FAILING = "failing"


class SecretKind(StrEnum):
    """How messages are signed: `v1` (a shared secret) or `v1a` (a private key of ours)."""

    HMAC = "hmac"
    ED25519 = "ed25519"


class MessageState(StrEnum):
    """The life of a message. `cancelled`: its endpoint was disabled or removed before it arrived.

    Whatever ended can be replayed.
    """

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where messages of an owner go.

    `event_types` are names, or beginnings of names that end in `*`. `failing_since` is the first
    failure after which nothing arrived; `calls_max` calls are under way at most.
    """

    id: UUID
    owner_id: UUID
    url: str
    description: str
    event_types: tuple[str, ...]
    calls_max: int
    state: EndpointState
    reason: Reason | None
    failing_since: datetime | None
    delivered_at: datetime | None
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretFacts:
    """What may be known of a secret after it was shown; `public_key` is that of an ed25519 pair."""

    id: UUID
    endpoint_id: UUID
    kind: SecretKind
    public_key: str
    created_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSecret:
    """A secret at the only moment it is shown: `whsec_...`, or `whpk_...`, the public half."""

    id: UUID
    kind: SecretKind
    shown: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """Something to tell the endpoints of an owner, written as a CloudEvent.

    `data` is whatever JSON can say. With a `key`, the same thing told twice is sent once.
    """

    owner: UUID
    type: str
    subject: str
    data: object = field(repr=False)
    occurred_at: datetime
    source: str
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to one endpoint. `body` is what is sent, from its writing to its end.

    `failures` counts those since it was written or last replayed; `code` says how the last attempt
    failed, or why it was cancelled.
    """

    id: UUID
    endpoint_id: UUID
    owner_id: UUID
    key: str | None
    type: str
    subject: str
    body: bytes = field(repr=False)
    state: MessageState
    failures: int
    created_at: datetime
    next_at: datetime | None
    is_under_way: bool
    ended_at: datetime | None
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One call. Without a `status` nothing was answered, and `code` says why.

    `answer` is the beginning of what was answered, with what looks like a secret hidden.
    """

    began_at: datetime
    milliseconds: int | None
    status: int | None
    code: str
    answer: str = field(repr=False)


@dataclass(eq=False)
class NoSuchEndpoint(NotFound):
    """There is no such endpoint, or it is another's."""

    code: ClassVar[str] = "webhooks.no_such_endpoint"
    message: ClassVar[str] = "There is no such endpoint."


@dataclass(eq=False)
class NoSuchMessage(NotFound):
    """There is no such message, or it is another's."""

    code: ClassVar[str] = "webhooks.no_such_message"
    message: ClassVar[str] = "There is no such message; those that ended long ago are not kept."


@dataclass(eq=False)
class EndpointInvalid(Invalid):
    """Something told of an endpoint is no such thing."""

    code: ClassVar[str] = "webhooks.endpoint_invalid"
    message: ClassVar[str] = "This does not fit: {reason}."
    field: str
    reason: str


@dataclass(eq=False)
class MessageInvalid(Invalid):
    """What is to be sent cannot be written as a CloudEvent; a fault of whoever sends it."""

    code: ClassVar[str] = "webhooks.message_invalid"
    message: ClassVar[str] = "This cannot be sent: {reason}."
    reason: str


@dataclass(eq=False)
class TooManyEndpoints(Rejected):
    """An owner has as many endpoints as it may have."""

    code: ClassVar[str] = "webhooks.too_many_endpoints"
    message: ClassVar[str] = "There are {limit} endpoints already, which is the most there may be."
    limit: int


@dataclass(eq=False)
class EndpointOff(Conflict):
    """The endpoint is disabled; nothing can be sent to it."""

    code: ClassVar[str] = "webhooks.endpoint_off"
    message: ClassVar[str] = "The endpoint is disabled. Enable it first."


@dataclass(eq=False)
class TooMuchToReplay(Rejected):
    """More messages would be sent again than one replay may hold."""

    code: ClassVar[str] = "webhooks.too_much_to_replay"
    message: ClassVar[str] = (
        "{messages} messages would be sent again, at most {limit} may be. Choose a later beginning."
    )
    messages: int
    limit: int


def check_url(url: str, *, is_production: bool) -> None:
    """Prove that messages may be sent to an address, as far as its text tells.

    Where its name leads is looked up at each call, and private networks are refused there.

    Raises:
        EndpointInvalid: they may not.
    """
    if len(url) > URL_CHARACTERS_MAX:
        raise EndpointInvalid("url", "the address is too long")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise EndpointInvalid("url", "this is not an address") from error
    if not host or any(character.isspace() for character in url):
        raise EndpointInvalid("url", "this is not an address")
    if parts.username is not None or parts.password is not None:
        raise EndpointInvalid("url", "the address must not hold a user name")
    if parts.fragment:
        raise EndpointInvalid("url", "the address must not have a part after #")
    if parts.scheme != "https" and not (is_local(url) and not is_production):
        raise EndpointInvalid("url", "the address must begin with https://")


def is_local(url: str) -> bool:
    """Tell whether an address is one of this machine, by which programmers try things out."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname in _THIS_MACHINE


def check_patterns(event_types: Sequence[str]) -> tuple[str, ...]:
    """Give the event types an endpoint wants, each once.

    Raises:
        EndpointInvalid: there are none, too many, or one that no type can fit.
    """
    kept = tuple(dict.fromkeys(one.strip() for one in event_types))
    if not kept or len(kept) > PATTERNS_MAX:
        raise EndpointInvalid("event_types", f"name between 1 and {PATTERNS_MAX} event types")
    for one in kept:
        if len(one) > _TYPE_CHARACTERS_MAX or not _PATTERN.fullmatch(one):
            raise EndpointInvalid("event_types", f"“{one[:_TYPE_CHARACTERS_MAX]}” is no event type")
    return kept


def check_rest(*, description: str, calls_max: int) -> None:
    """Prove that the rest of what is told of an endpoint is within its bounds.

    Raises:
        EndpointInvalid: it is not.
    """
    if len(description) > DESCRIPTION_CHARACTERS_MAX:
        raise EndpointInvalid("description", "the description is too long")
    if not 1 <= calls_max <= CALLS_MAX:
        raise EndpointInvalid("calls_max", f"between 1 and {CALLS_MAX} calls at once")


def check_overlap(overlap: timedelta) -> None:
    """Prove that a secret that is being replaced may sign for so long.

    Raises:
        EndpointInvalid: it may not.
    """
    if not timedelta(0) <= overlap <= OVERLAP_MAX:
        raise EndpointInvalid("overlap", f"between 0 and {OVERLAP_MAX.days} days")


def check_message(new: NewMessage) -> None:
    """Prove that something can be sent.

    Raises:
        MessageInvalid: it cannot.
    """
    if len(new.type) > _TYPE_CHARACTERS_MAX or not _TYPE.fullmatch(new.type):
        raise MessageInvalid(f"“{new.type[:_TYPE_CHARACTERS_MAX]}” is no event type")
    if not new.source:
        raise MessageInvalid("it has no source")
    if new.key is not None and not 1 <= len(new.key) <= KEY_CHARACTERS_MAX:
        raise MessageInvalid(f"its key has none or more than {KEY_CHARACTERS_MAX} characters")
    if new.occurred_at.tzinfo is None:
        raise MessageInvalid("its time has no zone")


def wants(event_types: Sequence[str], event_type: str) -> bool:
    """Tell whether an endpoint with these patterns gets events of a type."""
    return any(
        event_type.startswith(one[:-1]) if one.endswith("*") else event_type == one
        for one in event_types
    )


def next_attempt_at(
    *, failures: int, now: datetime, retry_after_seconds: float = 0.0, spread: float = 0.0
) -> datetime | None:
    """Say when a message is tried again after so many failures, or None if it never is.

    `spread`, between 0 and 1, is chance: it moves attempts apart that failed at one moment. What an
    endpoint asks for by `Retry-After` only ever makes the wait longer.
    """
    if failures >= len(SCHEDULE):
        return None
    wait = SCHEDULE[failures] * (1 + _JITTER * spread)
    return now + max(wait, timedelta(seconds=retry_after_seconds))


def is_lost(*, failing_since: datetime | None, failures: int, now: datetime) -> bool:
    """Tell whether an endpoint failed for so long that it is to be disabled.

    One failure long after another proves nothing of the time between: it takes a message that was
    tried several times.
    """
    if failing_since is None or failures < _FAILURES_TO_JUDGE:
        return False
    return now - failing_since >= FAILING_MAX
