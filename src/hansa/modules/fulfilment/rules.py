"""Rules of sourcing, and the facts and plans between which they stand. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

ZERO = Decimal(0)


class Criterion(StrEnum):
    """What makes a place, or a set of places, better."""

    OWN_WAREHOUSE = "own_warehouse"
    FEWEST_SPLITS = "fewest_splits"
    SAME_CITY = "same_city"
    DISTANCE = "distance"
    STOCK_DEPTH = "stock_depth"
    LOAD = "load"
    SEQUENCE = "sequence"


class Reason(StrEnum):
    """Why a place serves a line, or does not."""

    CHOSEN = "chosen"
    ALSO_GOOD = "another place ranked before it"
    WRONG_KIND = "the rule takes another kind of warehouse"
    WRONG_GROUP = "it is not in the groups of the rule"
    EXCLUDED = "the rule leaves it out"
    NO_STOCK = "it has none to give"
    TOO_FEW = "it would keep too few"
    BUSY = "it has too many orders in hand"
    CLOSED = "it is closed now"
    PAUSED = "it is not to be asked now"
    ANSWERED_NO = "it has said no already"
    BEING_ASKED = "it is being asked already"
    TOO_MANY_PARTS = "the order would come in too many parts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of sourcing; an empty condition or filter lets everything through.

    Amounts in minor units. `stock_depth_min` is what a place must keep after giving. A rule without
    `allow_split` serves an order from one place or not at all; `max_parts` counts places.
    """

    name: str = ""
    is_active: bool = True
    # When it counts.
    total_from_minor: int | None = None
    total_below_minor: int | None = None
    delivery_kinds: tuple[str, ...] = ()
    cities: tuple[str, ...] = ()
    category_ids: tuple[UUID, ...] = ()
    # Which places it takes.
    kinds: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    only_codes: tuple[str, ...] = ()
    not_codes: tuple[str, ...] = ()
    stock_depth_min: Decimal = ZERO
    open_questions_max: int | None = None
    orders_today_max: int | None = None
    must_be_open: bool = False
    # Which of those it prefers.
    rank: tuple[Criterion, ...] = tuple(Criterion)
    sequence: tuple[str, ...] = ()
    allow_split: bool = True
    max_parts: int = 5
    search_limit: int = 1000


DEFAULT_RULES = (Rule(name="Anywhere"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A warehouse as sourcing sees it. `is_own` is one that need not be asked."""

    id: UUID
    code: str
    kind: str
    position: int = 0
    city: str = ""
    groups: tuple[str, ...] = ()
    latitude: float | None = None
    longitude: float | None = None
    open_questions: int = 0
    orders_today: int = 0
    is_open: bool = True
    is_paused: bool = False

    @property
    def is_own(self) -> bool:
        """Say whether it is a warehouse, where nobody has to look first."""
        return self.kind == "warehouse"


class Want(NamedTuple):
    """Pieces of a variant that are looked for."""

    variant_id: UUID
    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything a decision rests on.

    `shelves` is what may be taken, by place and variant. `refused` and `asked` are pairs of place
    and variant that have said no, or are being asked.
    """

    wants: tuple[Want, ...]
    places: tuple[Place, ...]
    shelves: Mapping[tuple[UUID, UUID], Decimal]
    refused: frozenset[tuple[UUID, UUID]] = frozenset()
    asked: frozenset[tuple[UUID, UUID]] = frozenset()
    total_minor: int = 0
    delivery_kind: str = ""
    city: str = ""
    latitude: float | None = None
    longitude: float | None = None
    category_ids: frozenset[UUID] = frozenset()


class Taken(NamedTuple):
    """Pieces a place is to give."""

    place_id: UUID
    variant_id: UUID
    quantity: Decimal


class Verdict(NamedTuple):
    """What a rule thought of a place for a line, and how many it took or could have taken."""

    rule: str
    place_id: UUID
    variant_id: UUID
    reason: Reason
    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to take where, what nobody has, and why."""

    taken: tuple[Taken, ...]
    short: tuple[Want, ...]
    verdicts: tuple[Verdict, ...]
    compared: int = 0
