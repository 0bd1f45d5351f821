"""Feeds, their runs, and what became of each record."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Literal
from uuid import UUID

import msgspec

from hansa.kernel.errors import Forbidden, Invalid, NotFound, Rejected

BODY_BYTES_MAX = 1024 * 1024
KEEP_DAYS_MAX = 400
_Short = Annotated[str, msgspec.Meta(max_length=200)]
_Address = Annotated[str, msgspec.Meta(max_length=500)]
_Header = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9-]{0,60}$")]


class FeedKind(StrEnum):
    """How records come: we fetch a file, ask page by page, are told, or ask about what was told."""

    PULL_FILE = "pull_file"
    POLL = "poll"
    WEBHOOK = "webhook"
    CALL_OUT = "call_out"


class RunState(StrEnum):
    """A run goes on until its source ends, or breaks off where nothing can be read any more."""

    RUNNING = "running"
    DONE = "done"
    BROKEN = "broken"


class ItemState(StrEnum):
    """What became of a record. One that waits is tried again by itself."""

    TAKEN = "taken"
    REFUSED = "refused"
    WAITING = "waiting"


class FeedSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a feed's records are, and how they are proven to be the partner's.

    A file lies in `folder` of our storage or at `url`; pages are asked for at `url` + `path` with
    `query`, the place in the list in `cursor_query`; an answer says the next place at `cursor_path`
    and that there is more at `more_path`. `signature` is how the partner signs what it tells us:
    `standard` as Standard Webhooks do, `hmac` over the body, behind the time if there is a
    `timestamp_header`. `answers` says whether a teller waits for what became of it.
    """

    folder: _Short = ""
    url: _Address = ""
    path: _Address = ""
    method: Literal["GET", "POST"] = "GET"
    query: dict[_Short, _Short] = {}
    cursor_query: _Short = "cursor"
    cursor_path: _Short = "next"
    more_path: _Short = ""
    pages_max: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 1_000
    authorization: Literal["none", "bearer", "basic", "header"] = "none"
    authorization_header: _Header = "X-API-Key"
    signature: Literal["standard", "hmac"] = "standard"
    signature_header: _Header = "X-Signature"
    signature_prefix: _Short = ""
    timestamp_header: _Header = ""
    id_header: _Header = ""
    tolerance_seconds: Annotated[int, msgspec.Meta(ge=1, le=3600)] = 300
    body_bytes_max: Annotated[int, msgspec.Meta(ge=1, le=BODY_BYTES_MAX)] = 256 * 1024
    answers: Literal["now", "later"] = "later"
    tell_url: _Address = ""
    keep_days: Annotated[int, msgspec.Meta(ge=1, le=KEEP_DAYS_MAX)] = 30


class Credentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Secrets of a feed; kept sealed. While one is exchanged, the former secret counts too."""

    user: str = ""
    token: str = ""
    secret: str = ""
    former_secret: str = ""
    tell_secret: str = ""

    def __repr__(self) -> str:
        return "Credentials(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A way by which records of a partner come. `mapping_version` 0: none is written yet."""

    id: UUID
    code: str
    name: str
    partner_id: UUID
    programme_id: UUID
    kind: FeedKind
    settings: FeedSettings = field(default_factory=FeedSettings)
    cron: str = ""
    is_active: bool = False
    mapping_version: int = 0
    cursor: str = ""
    sealed: bytes = field(default=b"", repr=False)
    next_at: datetime | None = None
    ran_at: datetime | None = None
    failure: str = ""
    failure_facts: Mapping[str, str] = field(default_factory=dict)
    failed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenMapping:
    """A version of a feed's mapping as it was written."""

    version: int
    written: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Records that came together. The counts add up to what was read.

    `position` is the row up to which everything is recorded: there a broken-off run goes on.
    """

    id: UUID
    feed_id: UUID
    source: str
    state: RunState
    mapping_version: int
    started_at: datetime
    finished_at: datetime | None = None
    position: int = 0
    read: int = 0
    taken: int = 0
    refused: int = 0
    waiting: int = 0
    repeated: int = 0
    skipped: int = 0
    warnings: tuple[str, ...] = ()
    failure: str = ""
    failure_facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What became of a record. `shown` is the record, masked; gone after the feed's days."""

    id: UUID
    feed_id: UUID
    run_id: UUID
    row: int
    key: str
    rule: str
    state: ItemState
    message: str
    facts: Mapping[str, str]
    shown: Mapping[str, object] | None
    points: int
    times: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a feed goes: what is refused and waits, when it ran last, what is behind."""

    feed: Feed
    refused: int
    waiting: int
    calls_waiting: int
    last_run: Run | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearingEntry:
    """Money beside points: above zero it is owed to the partner, below the partner owes it."""

    partner_id: UUID
    programme_id: UUID
    matter: str
    key: str
    amount_minor: int
    currency: str
    points: int
    happened_at: datetime


@dataclass(eq=False)
class NoFeed(NotFound):
    """There is no feed of this name, or it is not in use."""

    code: ClassVar[str] = "intake.no_feed"
    message: ClassVar[str] = "There is no such feed."


@dataclass(eq=False)
class NoItem(NotFound):
    """There is no refused record of this number, or its content is gone."""

    code: ClassVar[str] = "intake.no_item"
    message: ClassVar[str] = "This record cannot be tried again: it is taken by now, or too old."


@dataclass(eq=False)
class FeedInvalid(Invalid):
    """A field of a feed is no such thing; `field` says which."""

    code: ClassVar[str] = "intake.feed_invalid"
    message: ClassVar[str] = "This cannot be saved: {field} is not right."

    field: str


@dataclass(eq=False)
class NotSigned(Forbidden):
    """The signature is missing or wrong, or too old."""

    code: ClassVar[str] = "intake.not_signed"
    message: ClassVar[str] = "The signature is missing, wrong or too old."


@dataclass(eq=False)
class BodyTooLarge(Invalid):
    """The body is larger than the feed takes."""

    code: ClassVar[str] = "intake.body_too_large"
    message: ClassVar[str] = "At most {bytes_max} bytes are taken at once."

    bytes_max: int


@dataclass(eq=False)
class TooManyRecords(Invalid):
    """More records came at once than can be answered at once."""

    code: ClassVar[str] = "intake.too_many_records"
    message: ClassVar[str] = "At most {limit} records are taken at once."

    limit: int


@dataclass(eq=False)
class OrderChanged(Rejected):
    """An order came again with other amounts, and the mapping says to refuse that."""

    code: ClassVar[str] = "intake.order_changed"
    message: ClassVar[str] = (
        "The order “{receipt}” is accounted for with other amounts; it must not be changed."
    )

    receipt: str


@dataclass(eq=False)
class ReturnedTooMuch(Rejected):
    """More comes back of an order than was bought."""

    code: ClassVar[str] = "intake.returned_too_much"
    message: ClassVar[str] = "More of line {line} of “{receipt}” comes back than was bought."

    receipt: str
    line: int


@dataclass(eq=False)
class InTheFuture(Rejected):
    """Something is dated more than a day ahead: the partner's clock is wrong."""

    code: ClassVar[str] = "intake.in_the_future"
    message: ClassVar[str] = "It is dated {at}, which has not come yet. Check the partner's clock."

    at: str
