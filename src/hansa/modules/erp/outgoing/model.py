"""Messages to an ERP as values, and the decisions about them: what next, when, how often."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Final
from uuid import UUID

from hansa.kernel.errors import Conflict, Invalid, NotFound

CONTRACT_UNSUPPORTED: Final = "contract_unsupported"
"""What an ERP answers to a message of a contract version that it does not take (any more)."""

VERSIONS: Final = (1, 2)


class MessageKind(StrEnum):
    """What a message is about: always the whole of it, as it stands.

    An order's statuses, payments and gifts travel within the order.
    """

    CUSTOMER = "customer"
    ORDER = "order"
    CORRECTION = "correction"


class MessageState(StrEnum):
    """The life of a message. `refused` is tried again, `dead` waits for a person.

    `sent`: a broker has it, the ERP has not said so yet. `replaced`: a newer message says it all.
    """

    WAITING = "waiting"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    DEAD = "dead"
    REPLACED = "replaced"
    DISCARDED = "discarded"


class Transport(StrEnum):
    """How messages travel."""

    HTTP = "http"
    KAFKA = "kafka"


class SignIn(StrEnum):
    """How we sign in at the ERP's HTTP service."""

    NONE = "none"
    BASIC = "basic"
    BEARER = "bearer"


class Breaker(StrEnum):
    """Whether messages flow: `open` is leaving the ERP alone, `probing` is one try."""

    CLOSED = "closed"
    OPEN = "open"
    PROBING = "probing"


class Outcome(StrEnum):
    """What an ERP says of a message."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    RETRY = "retry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A contract version and the period in which a connection takes it, `[starts_at, ends_at)`."""

    version: int
    starts_at: datetime
    ends_at: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Say whether messages are made in this version."""
        return self.starts_at <= now and (self.ends_at is None or now < self.ends_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """How messages leave for one connection.

    Only what changed after `starts_at` leaves by itself. Several messages travel in one call, of
    different subjects; `concurrency` calls are under way at once. After `refusals_max` refusals a
    message waits for a person.
    """

    connection_id: UUID
    transport: Transport = Transport.HTTP
    address: str = ""
    sign_in: SignIn = SignIn.NONE
    user_name: str = ""
    secret: bytes | None = field(default=None, repr=False)
    kinds: tuple[MessageKind, ...] = tuple(MessageKind)
    starts_at: datetime
    batch_size: int = 50
    concurrency: int = 4
    answer_seconds: int = 30
    refusals_max: int = 8
    pause_seconds: float = 1.0
    pause_seconds_max: float = 300.0
    is_active: bool = True
    contracts: tuple[Contract, ...] = ()

    def versions(self, now: datetime) -> tuple[int, ...]:
        """Give the contract versions messages are made in at an instant."""
        return tuple(sorted(one.version for one in self.contracts if one.holds(now)))

    def pause(self, tries: int) -> timedelta:
        """Give the wait after that many tries: doubled each time, bounded, jittered."""
        grown = min(self.pause_seconds * 2.0 ** min(max(tries, 1) - 1, 30), self.pause_seconds_max)
        return timedelta(seconds=grown * random.uniform(0.7, 1.3))  # noqa: S311 - spreads load


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What the sender last saw of an ERP."""

    breaker: Breaker = Breaker.CLOSED
    failing_since: datetime | None = None
    failure: str = ""
    failure_at: datetime | None = None
    answer_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message; `payload` is frozen from its first attempt on, so its id means one thing."""

    id: UUID
    connection_id: UUID
    number: int
    kind: MessageKind
    subject_id: UUID
    subject_number: str
    version: int
    lane: str
    change_number: int
    payload: bytes = field(repr=False)
    state: MessageState
    attempts: int
    refusals: int
    failures: int
    failed_at: datetime | None
    created_at: datetime
    next_at: datetime
    sent_at: datetime | None = None
    ended_at: datetime | None = None
    received_at: datetime | None = None
    error_code: str = ""
    error: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the ERP says of one message."""

    id: UUID
    outcome: Outcome
    code: str = ""
    detail: str = ""
    received_at: datetime | None = None
    retry_after_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What becomes of a message after an answer."""

    state: MessageState
    next_at: datetime
    refusals: int


@dataclass(eq=False)
class NoSuchMessage(NotFound):
    """There is no message under this id."""

    code: ClassVar[str] = "erp.no_such_message"
    message: ClassVar[str] = "There is no such message."


@dataclass(eq=False)
class MessageEnded(Conflict):
    """The message needs nothing any more."""

    code: ClassVar[str] = "erp.message_ended"
    message: ClassVar[str] = "This message is {state}; nothing is left to do with it."
    state: str


@dataclass(eq=False)
class OutgoingInvalid(Invalid):
    """A setting of the queue is no such thing."""

    code: ClassVar[str] = "erp.outgoing_invalid"
    message: ClassVar[str] = "The setting “{field}” is not right: {reason}."
    field: str
    reason: str


@dataclass(eq=False)
class NoOutgoing(NotFound):
    """Nothing leaves by this connection."""

    code: ClassVar[str] = "erp.no_outgoing"
    message: ClassVar[str] = "No queue is set up for this connection."


def lane_of(kind: MessageKind, subject_id: UUID, version: int) -> str:
    """Name what must stay in order: a subject, in one contract version."""
    return f"{kind}:{subject_id}:v{version}"


def after(message: Message, answer: Answer, outgoing: Outgoing, now: datetime) -> Step:
    """Decide what follows an answer.

    A refusal is tried again, for what is refused now may pass when somebody has put things right
    there; not for ever. "Try later" is no refusal and is never given up.
    """
    if answer.outcome is Outcome.ACCEPTED:
        return Step(state=MessageState.ACKNOWLEDGED, next_at=now, refusals=message.refusals)
    if answer.outcome is Outcome.RETRY:
        pause = outgoing.pause(message.attempts)
        if answer.retry_after_seconds is not None:
            pause = max(pause, timedelta(seconds=min(answer.retry_after_seconds, 3600.0)))
        state = MessageState.REFUSED if message.refusals else MessageState.WAITING
        return Step(state=state, next_at=now + pause, refusals=message.refusals)
    refusals = message.refusals + 1
    is_last = refusals + message.failures >= outgoing.refusals_max
    return Step(
        state=MessageState.DEAD if is_last else MessageState.REFUSED,
        next_at=now + outgoing.pause(refusals),
        refusals=refusals,
    )


def batches(messages: Iterable[Message], *, size: int) -> list[list[Message]]:
    """Divide messages into calls: of one contract version each, suspects alone.

    A suspect is a message whose own call failed: should it bring the ERP down, then only itself.
    """
    calls: list[list[Message]] = []
    filling: dict[int, list[Message]] = {}
    for message in messages:
        if message.failures:
            calls.append([message])
            continue
        call = filling.get(message.version)
        if call is None or len(call) >= size:
            call = filling[message.version] = []
            calls.append(call)
        call.append(message)
    return calls


def check_contracts(contracts: Sequence[Contract]) -> None:
    """Prove that periods and versions make sense.

    Raises:
        OutgoingInvalid: they do not.
    """
    if not contracts:
        raise OutgoingInvalid("contracts", "at least one version is needed")
    for one in contracts:
        if one.version not in VERSIONS:
            raise OutgoingInvalid("contracts", f"there is no version {one.version}")
        if one.ends_at is not None and one.ends_at <= one.starts_at:
            raise OutgoingInvalid("contracts", f"version {one.version} ends before it begins")
    if len({one.version for one in contracts}) != len(contracts):
        raise OutgoingInvalid("contracts", "a version is named twice")


def switched(contracts: Sequence[Contract], *, to: int, at: datetime) -> tuple[Contract, ...]:
    """Give the contracts with `to` alone from an instant on; nothing before it changes."""
    kept = [
        one if one.ends_at is not None and one.ends_at <= at else _ending(one, at)
        for one in contracts
        if one.version != to and one.starts_at < at
    ]
    known: Mapping[int, Contract] = {one.version: one for one in contracts}
    started = known[to].starts_at if to in known and known[to].starts_at < at else at
    return (*kept, Contract(version=to, starts_at=started))


def _ending(one: Contract, at: datetime) -> Contract:
    return Contract(version=one.version, starts_at=one.starts_at, ends_at=at)
