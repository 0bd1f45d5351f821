"""Connections, sessions, files and what became of their contents; the decisions about them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import ClassVar, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from hansa.kernel.errors import Conflict, Invalid, NotFound, Rejected
from hansa.modules.erp.commerceml import Document, requisite_key
from hansa.modules.orders import ErpState

COOKIE: Final = "hansa_exchange"
SESSION_IDLE: Final = timedelta(hours=12)
STUCK_AFTER: Final = timedelta(minutes=15)
REMOVALS_FROM: Final = 10
"""Fewer absent things than this are always believed."""

_PORTION: Final = re.compile(r"\d+_\d+")


OWNABLE: Final = (
    "name",
    "description",
    "brand",
    "groups",
    "attributes",
    "pictures",
    "sku",
    "barcode",
    "unit",
    "options",
    "is_deleted",
    "prices",
    "stock",
    "order_statuses",
    "shipments",
    "customers",
    "gift_sets",
    "receipts",
    "marketplace_marks",
)
"""What a connection may own."""


class Kind(StrEnum):
    """What a session or a file is about; `folder` is a load from this machine."""

    CATALOG = "catalog"
    SALE = "sale"
    FOLDER = "folder"


class FileState(StrEnum):
    """The life of a file: received in chunks, waiting, importing, then done or failed.

    `abandoned`: a new exchange began before it was asked to be imported.
    """

    RECEIVING = "receiving"
    WAITING = "waiting"
    IMPORTING = "importing"
    DONE = "done"
    FAILED = "failed"
    ABANDONED = "abandoned"


class Action(StrEnum):
    """What was done to a thing. Unchanged ones are only counted."""

    CREATED = "created"
    CHANGED = "changed"
    ARCHIVED = "archived"
    REFUSED = "refused"
    DEFERRED = "deferred"
    HELD = "held"
    NOTED = "noted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A 1C and how its exchange works.

    `time_zone` is that of 1C's clock. `base_price_type` is the outside id of the prices everybody
    pays; without one the first type with a retail name is taken. `default_warehouse_id` gets stock
    that is not divided by warehouse. Of a full export that leaves out more than
    `removal_limit_percent` of the goods a person decides. `orders_since` leaves older orders out.
    """

    id: UUID
    code: str
    name: str
    market: str
    channel: str
    currency: str
    language: str = "ru"
    time_zone: str = "Europe/Moscow"
    stock_policy: str = "on_shipment"
    schema_version: str = "2.08"
    encoding: str = "windows-1251"
    use_zip: bool = True
    file_limit_bytes: int = 10 * 1024 * 1024
    default_warehouse_id: UUID | None = None
    base_price_type: str | None = None
    publishes_products: bool = True
    activates_warehouses: bool = True
    products_from_offers: bool = False
    removal_limit_percent: int = 50
    orders_per_answer: int = 200
    orders_since: datetime | None = None
    is_active: bool = True
    created_at: datetime | None = None
    owned_fields: tuple[str, ...] = ()

    def owns(self, field: str) -> bool:
        """Say whether what this connection tells of a field counts."""
        return not self.owned_fields or field in self.owned_fields

    @property
    def source(self) -> str:
        """What stock calls numbers of this connection."""
        return f"erp:{self.code}"

    def instant(self, local: datetime) -> datetime:
        """Turn 1C's local time into an instant."""
        return local.replace(tzinfo=ZoneInfo(self.time_zone)).astimezone(UTC)

    def local(self, instant: datetime) -> datetime:
        """Turn an instant into 1C's local time."""
        return instant.astimezone(ZoneInfo(self.time_zone)).replace(tzinfo=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One session of the protocol."""

    id: UUID
    connection_id: UUID
    kind: Kind
    version: str
    address: str
    state: str
    started_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedFile:
    """A file and how far its import is. `position` is the last record that was dealt with.

    `is_full` None means that it was not read yet. `counts` are by action, with `unchanged`,
    `levels` (numbers of stock that changed) and `prices`.
    """

    id: UUID
    connection_id: UUID
    exchange_id: UUID
    repeats_id: UUID | None
    archive_id: UUID | None
    name: str
    kind: Kind
    state: FileState
    size_bytes: int
    began_at: datetime
    touched_at: datetime
    finished_at: datetime | None
    position: int
    reading: str | None
    formed_at: datetime | None
    is_full: bool | None
    counts: Mapping[str, int]
    facts: Mapping[str, object]
    error_code: str | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """What was done to one thing, or why nothing was."""

    kind: str
    action: Action
    external_id: str = ""
    internal_id: UUID | None = None
    title: str = ""
    code: str = ""
    reason: str = ""
    ordinal: int = 0
    line: int = 0
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What a full exchange did not name."""

    id: UUID
    connection_id: UUID
    exchange_id: UUID
    kind: str
    scope: str
    warehouse_ids: tuple[UUID, ...]
    as_of: datetime
    total: int
    absent: int
    state: str
    made_at: datetime
    decided_by: UUID | None = None
    decided_at: datetime | None = None


@dataclass(eq=False)
class NoSession(Rejected):
    """The call belongs to no open exchange."""

    code: ClassVar[str] = "erp.no_session"
    message: ClassVar[str] = (
        "There is no open exchange with this cookie. Begin with mode=checkauth."
    )


@dataclass(eq=False)
class NoConnection(NotFound):
    """No exchange is set up under this address."""

    code: ClassVar[str] = "erp.no_connection"
    message: ClassVar[str] = "No exchange is set up here. Add a connection in the back office."


@dataclass(eq=False)
class NoSuchFile(NotFound):
    """The file to import was not sent in this exchange."""

    code: ClassVar[str] = "erp.no_such_file"
    message: ClassVar[str] = "The file “{name}” was not received in this exchange."
    name: str


@dataclass(eq=False)
class EmptyChunk(Invalid):
    """A file was sent without content."""

    code: ClassVar[str] = "erp.empty_chunk"
    message: ClassVar[str] = "The file came without content."


@dataclass(eq=False)
class ChunkTooLarge(Invalid):
    """One request carried more than `init` allowed."""

    code: ClassVar[str] = "erp.chunk_too_large"
    message: ClassVar[str] = "One part of a file may have {limit_bytes} bytes at most."
    limit_bytes: int


@dataclass(eq=False)
class ChunkCutOff(Invalid):
    """Less arrived than the request announced; nothing of it was kept."""

    code: ClassVar[str] = "erp.chunk_cut_off"
    message: ClassVar[str] = "{received} of {announced} bytes arrived. Send the part again."
    received: int
    announced: int


@dataclass(eq=False)
class NotSupported(Invalid):
    """A kind of exchange or a step that this site does not know."""

    code: ClassVar[str] = "erp.not_supported"
    message: ClassVar[str] = "type={kind} mode={mode} is not supported here."
    kind: str
    mode: str


@dataclass(eq=False)
class StillImporting(Conflict):
    """The file is being imported and cannot be repeated yet."""

    code: ClassVar[str] = "erp.still_importing"
    message: ClassVar[str] = "The file is still being imported."


@dataclass(eq=False)
class AlreadyDecided(Conflict):
    """The removal was applied or dismissed before."""

    code: ClassVar[str] = "erp.already_decided"
    message: ClassVar[str] = "This was decided before."


def is_portion(name: str) -> bool:
    """Say whether a file may be one of several that make a whole (`import0_1.xml`)."""
    return _PORTION.search(name.rpartition("/")[2].partition("___")[0]) is not None


def is_too_much(*, absent: int, total: int, limit_percent: int) -> bool:
    """Say whether a person must decide about what a full export leaves out."""
    return absent >= REMOVALS_FROM and absent * 100 > total * limit_percent


def looks_retail(name: str) -> bool:
    """Say whether a price type is for everybody, by its name."""
    folded = name.casefold()
    return any(word in folded for word in ("розн", "retail", "base", "базов", "сайт", "интернет"))


_STATES: Final = {
    "подтвержден": ErpState.CONFIRMED,
    "подтверждён": ErpState.CONFIRMED,
    "принят": ErpState.CONFIRMED,
    "вработе": ErpState.CONFIRMED,
    "confirmed": ErpState.CONFIRMED,
    "собран": ErpState.PACKED,
    "укомплектован": ErpState.PACKED,
    "packed": ErpState.PACKED,
    "отгружен": ErpState.SHIPPED,
    "отправлен": ErpState.SHIPPED,
    "shipped": ErpState.SHIPPED,
    "доставлен": ErpState.DELIVERED,
    "выполнен": ErpState.DELIVERED,
    "delivered": ErpState.DELIVERED,
    "отменен": ErpState.CANCELLED,
    "отменён": ErpState.CANCELLED,
    "аннулирован": ErpState.CANCELLED,
    "cancelled": ErpState.CANCELLED,
}


def state_of(document: Document) -> ErpState | None:
    """Read where 1C sees an order: its marks first, then the word it uses for the status."""
    if document.flag("Отменен") or document.deleted or document.flag("ПометкаУдаления"):
        return ErpState.CANCELLED
    word = requisite_key(document.requisite("СтатусЗаказа") or "")
    told = _STATES.get(word.rpartition("]")[2])
    shipped = document.flag("Отгружен") or document.requisite("Дата отгрузки по 1С")
    if told is ErpState.DELIVERED:
        return told
    if shipped:
        return ErpState.SHIPPED
    if told is not None:
        return told
    return ErpState.CONFIRMED if document.flag("Проведен") else None


def shipped_at(
    told: datetime | None, *, has_time: bool, formed_at: datetime | None, received_at: datetime
) -> datetime:
    """Find the instant of a shipment in 1C's local time, on doubt a later one.

    A date alone means that day's end, though not later than the document was written: a stock
    number formed earlier that day must not be taken to contain the movement. For the same reason a
    second means its end: 1C's clock is no finer, and a number may be formed just before.
    """
    written = formed_at or received_at
    if told is None:
        found = written
    elif has_time:
        found = told
    else:
        found = min(_end_of(told.date()), max(written, told))
    return found.replace(microsecond=999_999)


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time(23, 59, 59))
