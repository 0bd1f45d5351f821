"""Drops as values, and the rules that need nothing but the values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, NewType
from uuid import UUID

from hansa.kernel.errors import Conflict, Invalid, NotFound, Rejected, Unavailable
from hansa.kernel.text import Localised

DropId = NewType("DropId", UUID)

NAME_LENGTH_MAX = 200
PRODUCTS_MAX = 500
POLL_SECONDS_MIN, POLL_SECONDS_MAX = 2, 45
PEOPLE_PER_SECOND_OF_POLL = 40
"""The further somebody is from the door, the rarer they ask: load stays bounded."""


class Phase(StrEnum):
    """Where a drop is at an instant."""

    UPCOMING = "upcoming"
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class DropItem:
    """A product of a drop; its limit goes before the drop's `item_limit`."""

    product_id: UUID
    item_limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """A collection that opens at a second, in some markets.

    Its products are held back everywhere until `opens_at`; from `closes_at` on they leave the
    shop, unless `stays_on_sale`. Limits are in pieces: of one product (all its sizes), and of the
    whole drop, for one person. With a capacity or a rate of admissions there is a waiting room.
    """

    id: DropId
    code: str
    name: Localised
    description: Localised = field(default_factory=dict)
    picture: str | None = None
    markets: tuple[str, ...] = ()
    opens_at: datetime
    closes_at: datetime | None = None
    stays_on_sale: bool = False
    is_published: bool = False
    items: tuple[DropItem, ...] = ()
    person_limit: int | None = None
    item_limit: int | None = None
    capacity: int | None = None
    admissions_per_second: float | None = None
    idle_minutes: int = 10
    gathers_minutes: int = 30
    is_paused: bool = False

    @property
    def has_room(self) -> bool:
        """Say whether people have to be let in."""
        return self.capacity is not None or self.admissions_per_second is not None or self.is_paused

    @property
    def gathers_at(self) -> datetime:
        """Instant from which whoever comes takes part in the draw."""
        return self.opens_at - timedelta(minutes=self.gathers_minutes)

    def phase_at(self, now: datetime) -> Phase:
        """Say where the drop is at the instant."""
        if now < self.opens_at:
            return Phase.UPCOMING
        if self.closes_at is not None and self.closes_at <= now:
            return Phase.CLOSED
        return Phase.OPEN

    def limit_of(self, product_id: UUID) -> int | None:
        """Give how many of a product one person may buy."""
        for item in self.items:
            if item.product_id == product_id and item.item_limit is not None:
                return item.item_limit
        return self.item_limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who buys, by everything they are known by; each of it is counted by itself.

    `phone` is normalised; `session` is what `visitor_of` gives.
    """

    party_id: UUID | None = None
    phone: str = ""
    session: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """So many pieces of a product."""

    product_id: UUID
    quantity: Decimal


class TicketState(StrEnum):
    """Life of a place in the line.

    Whoever is away when their turn comes keeps the place; what has ended otherwise may begin
    again, at the end of the line.
    """

    WAITING = "waiting"
    INSIDE = "inside"
    AWAY = "away"
    LEFT = "left"
    LAPSED = "lapsed"
    ORDERED = "ordered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a visitor stands: inside, or with so many people before them.

    `ahead` is None before the draw; `wait_seconds` is None while nobody can tell.
    """

    is_inside: bool
    ahead: int | None = None
    wait_seconds: int | None = None
    is_paused: bool = False
    token: str = ""

    @property
    def number(self) -> int | None:
        """The place, counted from one."""
        return None if self.ahead is None else self.ahead + 1

    @property
    def poll_seconds(self) -> int:
        """Give after how many seconds it is worth to ask again."""
        if self.ahead is None:
            return POLL_SECONDS_MIN * 5
        far = POLL_SECONDS_MIN + self.ahead // PEOPLE_PER_SECOND_OF_POLL
        if self.wait_seconds is not None:
            far = min(max(far, self.wait_seconds // 4), max(POLL_SECONDS_MIN, self.wait_seconds))
        return max(POLL_SECONDS_MIN, min(POLL_SECONDS_MAX, far))


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody in the line whose turn may have come."""

    id: int
    place: int
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Who is let in, whose turn passed because they went away, and up to which place."""

    let_in: tuple[int, ...]
    gone: tuple[int, ...]
    front: int


def choose(
    candidates: Sequence[Candidate], *, seats: int, front: int, absent_before: datetime
) -> Admission:
    """Let in by place, passing over those who have not been seen for long."""
    let_in: list[int] = []
    gone: list[int] = []
    for candidate in candidates:
        if len(let_in) >= seats:
            break
        (gone if candidate.seen_at < absent_before else let_in).append(candidate.id)
        front = max(front, candidate.place)
    return Admission(let_in=tuple(let_in), gone=tuple(gone), front=front)


def excess(
    taken: Mapping[UUID, Decimal], wanted: Sequence[Wanted], drop: Drop
) -> "LimitReached | None":
    """Say which limit so many more would break; `taken` is by product, the drop's id for all."""
    for one in wanted:
        limit = drop.limit_of(one.product_id)
        has = taken.get(one.product_id, Decimal(0))
        if limit is not None and has + one.quantity > limit:
            return LimitReached(drop.code, one.product_id, limit, int(has))
    has = taken.get(drop.id, Decimal(0))
    total = sum((one.quantity for one in wanted), Decimal(0))
    if drop.person_limit is not None and has + total > drop.person_limit:
        return LimitReached(drop.code, None, drop.person_limit, int(has))
    return None


@dataclass(eq=False)
class NoSuchDrop(NotFound):
    """No drop has this code or id, or it is not shown."""

    code: ClassVar[str] = "drops.no_such_drop"
    message: ClassVar[str] = "There is no such collection."
    drop: str


@dataclass(eq=False)
class CodeTaken(Conflict):
    """Another drop has the code."""

    code: ClassVar[str] = "drops.code_taken"
    message: ClassVar[str] = "Another drop has this code."
    drop: str


@dataclass(eq=False)
class ProductTaken(Conflict):
    """A product is in another drop that has not closed."""

    code: ClassVar[str] = "drops.product_taken"
    message: ClassVar[str] = "Some products are in another drop that has not closed: {other}."
    other: str
    product_ids: tuple[UUID, ...]


@dataclass(eq=False)
class DropInvalid(Invalid):
    """A drop lacks something or contradicts itself; `field` says where."""

    code: ClassVar[str] = "drops.invalid"
    message: ClassVar[str] = "This does not fit: {reason}."
    field: str
    reason: str


@dataclass(eq=False)
class NotOpenYet(Rejected):
    """The goods are on sale from an instant on that has not come."""

    code: ClassVar[str] = "drops.not_open_yet"
    message: ClassVar[str] = "The sale of this collection has not begun yet."
    drop: str
    opens_at: datetime


@dataclass(eq=False)
class LimitReached(Rejected):
    """One person may not have so many; `product_id` is None where the whole drop is limited."""

    code: ClassVar[str] = "drops.limit_reached"
    message: ClassVar[str] = "At most {limit} per person; you have {taken} already."
    drop: str
    product_id: UUID | None
    limit: int
    taken: int


@dataclass(eq=False)
class InLine(Unavailable):
    """Others are inside; the visitor has a place in the line, or gets one by coming in person."""

    code: ClassVar[str] = "drops.in_line"
    message: ClassVar[str] = "There are many of you just now. Please wait for your turn."
    drop: str
    place: int | None
    ahead: int | None
    wait_seconds: int | None
    retry_seconds: int
    token: str = ""


REFUSALS = (NotOpenYet, LimitReached, InLine)
"""What a drop may have against an order."""
