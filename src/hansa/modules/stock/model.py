"""Warehouses, levels, reservations, and the decisions about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, NamedTuple
from uuid import UUID

from hansa.kernel.errors import NotFound
from hansa.kernel.text import Localised

ZERO = Decimal(0)
NO_IDS: frozenset[UUID] = frozenset()
QUANTITY_MAX = Decimal("99999999999.999")


class WarehouseKind(StrEnum):
    """A warehouse stores; a shop also receives people."""

    WAREHOUSE = "warehouse"
    SHOP = "shop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Warehouse:
    """A place goods lie in, and the channels that sell from it.

    An inactive one sells nothing. `hours` and `address` are as people write them.
    """

    id: UUID
    code: str
    name: Localised
    kind: WarehouseKind = WarehouseKind.WAREHOUSE
    address: str = ""
    city: str = ""
    phone: str = ""
    hours: str = ""
    latitude: float | None = None
    longitude: float | None = None
    is_active: bool = True
    channels: tuple[str, ...] = ()
    position: int = 0


class State(StrEnum):
    """The life of a reservation: held -> ordered -> sent -> contained | released.

    `held`: a lease that expires. `ordered`: an order stands behind it. `sent`: the ERP has the
    order. `contained`: the ERP's numbers include the movement, so it is no longer counted.
    `released`: cancelled or expired. `refused` is what is kept of a hold that was not given.
    """

    REFUSED = "refused"
    HELD = "held"
    ORDERED = "ordered"
    SENT = "sent"
    CONTAINED = "contained"
    RELEASED = "released"


class Containment(StrEnum):
    """When the ERP's number is taken to include the movement of an order: set per connection.

    `on_shipment`: when the order came back with its shipment mark and the number was formed after
    it, or when the message lists the order. `on_watermark`: when the message names the last order
    the number accounts for, and this one came before it. `erp_nets_orders`: when the number was
    formed after the ERP took the order. `on_any_fresh_stock`: when it was formed after the order
    was placed; this one oversells. `containing.contains` is the one place that decides.
    """

    ON_SHIPMENT = "on_shipment"
    ON_WATERMARK = "on_watermark"
    ERP_NETS_ORDERS = "erp_nets_orders"
    ON_ANY_FRESH_STOCK = "on_any_fresh_stock"


class ReleaseReason(StrEnum):
    """Why goods were given back."""

    CANCELLED = "cancelled"
    EXPIRED = "expired"
    ABANDONED = "abandoned"
    CORRECTED = "corrected"


class Line(NamedTuple):
    """So many of a variant."""

    variant_id: UUID
    quantity: Decimal


class ShortLine(NamedTuple):
    """What could not be had: so many were wanted, so many could have been."""

    variant_id: UUID
    wanted: Decimal
    available: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A wish for goods, all or nothing, until `expires_at` unless an order confirms it.

    `key` names the attempt: the same key gets the same answer again. With `warehouse_id` the goods
    must lie in that warehouse (a shop where they will be picked up), else anywhere the channel
    sells from. Lines of one variant are added up.
    """

    key: str
    channel: str
    lines: tuple[Line | tuple[UUID, Decimal], ...]
    expires_at: datetime
    owner: str
    warehouse_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """Goods set aside."""

    id: UUID
    key: str
    channel: str
    state: State
    lines: tuple[Line, ...]
    owner: str
    expires_at: datetime
    warehouse_id: UUID | None = None
    order_id: UUID | None = None


@dataclass(eq=False)
class ReservationNotFound(NotFound):
    """No such reservation."""

    code: ClassVar[str] = "stock.reservation_not_found"
    message: ClassVar[str] = "There is no such reservation."

    reservation_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationLine:
    """A line with what became of it; `open` is what still counts against the stock."""

    variant_id: UUID
    quantity: Decimal
    contained: Decimal
    released: Decimal

    @property
    def open(self) -> Decimal:
        """What is neither contained nor released."""
        return self.quantity - self.contained - self.released


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What the ERP said it has of a variant in a warehouse, in a message formed at `as_of`.

    `contains`: ids of orders (and of corrections) whose movement this number includes for certain.
    `watermark`: position in the ERP's queue of the last order the number accounts for.
    """

    warehouse_id: UUID
    variant_id: UUID
    on_hand: Decimal
    as_of: datetime
    contains: frozenset[UUID] = NO_IDS
    watermark: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLevel:
    """A level that was not taken, and why."""

    level: Level
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelResult:
    """What became of a batch of levels.

    `changed` numbers differ from before. `stale` were older than what is known and changed
    nothing. `contained` is how many parts of orders ended, `found` how many corrections.
    `negative` were taken as reported and count as zero. Of `written_variants` a number at least was
    newer than the one known, of `changed_variants` one differs too.
    """

    changed: int = 0
    unchanged: int = 0
    stale: int = 0
    contained: int = 0
    found: int = 0
    negative: tuple[Level, ...] = ()
    refused: tuple[RefusedLevel, ...] = ()
    written_variants: frozenset[UUID] = NO_IDS
    changed_variants: frozenset[UUID] = NO_IDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """What a channel may sell of a variant; never below zero."""

    available: Decimal
    sellable: Decimal
    reserved: Decimal


NOTHING = Availability(available=ZERO, sellable=ZERO, reserved=ZERO)


def available(sellable: Decimal, reserved: Decimal) -> Decimal:
    """Give what may still be sold: sellable minus reserved, never below zero."""
    return max(ZERO, sellable - reserved)


def counted(on_hand: Decimal, safety: Decimal, withheld: Decimal = ZERO) -> Decimal:
    """Give what a warehouse adds to its channels.

    A negative number of the ERP counts as zero, and a warehouse never takes from the others: the
    safety stock of an empty shop does not lessen what a full one may sell.
    """
    return max(ZERO, on_hand - safety - withheld)


def merge_lines(lines: Sequence[Line | tuple[UUID, Decimal]]) -> tuple[Line, ...]:
    """Add up the lines of one variant and sort by variant."""
    totals: dict[UUID, Decimal] = {}
    for variant_id, quantity in lines:
        totals[variant_id] = totals.get(variant_id, ZERO) + quantity
    if len(totals) == 1:
        return (Line(*totals.popitem()),)
    return tuple(Line(variant_id, totals[variant_id]) for variant_id in sorted(totals))


class Stand:
    """A locked number while a batch is decided: what there is, is reserved, and is added."""

    __slots__ = ("added", "reserved", "sellable")

    def __init__(self, sellable: Decimal, reserved: Decimal) -> None:
        self.sellable = sellable
        self.reserved = reserved
        self.added = ZERO

    @property
    def available(self) -> Decimal:
        """What is left."""
        return max(ZERO, self.sellable - self.reserved - self.added)


class Wish(NamedTuple):
    """A hold reduced to what decides: merged lines, and where from."""

    channel: str
    warehouse_id: UUID | None
    lines: tuple[Line, ...]


Counters = Mapping[tuple[str, UUID], Stand]
Shelves = Mapping[tuple[UUID, UUID], Stand]


def decide_holds(
    wishes: Sequence[Wish],
    *,
    counters: Counters,
    shelves: Shelves,
    feeds: Mapping[str, Sequence[str]],
) -> list[tuple[ShortLine, ...]]:
    """Decide wishes in their order; give for each what it lacks, nothing if it is granted.

    `counters` are the locked numbers by channel and variant, `shelves` those by warehouse and
    variant for wishes bound to a warehouse; `feeds` names the channels in which a reservation of a
    channel counts. What is granted is added to them. A basket is granted whole or not at all.
    """
    answers: list[tuple[ShortLine, ...]] = []
    for wish in wishes:
        short = _lacks(wish, counters, shelves)
        answers.append(short)
        if short:
            continue
        for variant_id, quantity in wish.lines:
            for channel in feeds[wish.channel]:
                stand = counters.get((channel, variant_id))
                if stand is not None:
                    stand.added += quantity
            if wish.warehouse_id is not None:
                shelves[wish.warehouse_id, variant_id].added += quantity
    return answers


def _lacks(wish: Wish, counters: Counters, shelves: Shelves) -> tuple[ShortLine, ...]:
    short: tuple[ShortLine, ...] = ()
    for variant_id, quantity in wish.lines:
        stand = counters.get((wish.channel, variant_id))
        left = stand.available if stand is not None else ZERO
        if wish.warehouse_id is not None:
            shelf = shelves.get((wish.warehouse_id, variant_id))
            left = min(left, shelf.available if shelf is not None else ZERO)
        if left < quantity:
            short = (*short, ShortLine(variant_id, quantity, left))
    return short
