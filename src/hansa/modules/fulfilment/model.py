"""Cases, questions to shops and answers as values; their states as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from hansa.kernel.text import Localised

ZERO = Decimal(0)


class CaseState(StrEnum):
    """Where the search for the goods of an order stands."""

    ASKING = "asking"
    OPERATOR = "operator"
    CONFIRMED = "confirmed"
    ENDED = "ended"


class PartState(StrEnum):
    """What became of pieces of a line that were looked for in one warehouse.

    `proposed`: set aside on the shelf, its question waits for the shop to open. `asked`: the shop
    is being asked. `confirmed`: the pieces are there. The others take nothing from the shelf.
    """

    PROPOSED = "proposed"
    ASKED = "asked"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class QuestionState(StrEnum):
    """The life of a question; `waiting` has not been asked yet, since the shop is closed."""

    WAITING = "waiting"
    OPEN = "open"
    ANSWERED = "answered"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


_C, _Q, _P = CaseState, QuestionState, PartState
# What may follow what. A confirmed case opens again when a shop finds out later that it cannot
# deliver; an ended one never does.
CASE_TRANSITIONS: Mapping[CaseState, frozenset[CaseState]] = {
    _C.ASKING: frozenset({_C.OPERATOR, _C.CONFIRMED, _C.ENDED}),
    _C.OPERATOR: frozenset({_C.ASKING, _C.CONFIRMED, _C.ENDED}),
    _C.CONFIRMED: frozenset({_C.ASKING, _C.OPERATOR, _C.ENDED}),
    _C.ENDED: frozenset(),
}
QUESTION_TRANSITIONS: Mapping[QuestionState, frozenset[QuestionState]] = {
    _Q.WAITING: frozenset({_Q.OPEN, _Q.WITHDRAWN}),
    _Q.OPEN: frozenset({_Q.ANSWERED, _Q.EXPIRED, _Q.WITHDRAWN}),
    _Q.ANSWERED: frozenset(),
    _Q.EXPIRED: frozenset(),
    _Q.WITHDRAWN: frozenset(),
}
PART_TRANSITIONS: Mapping[PartState, frozenset[PartState]] = {
    _P.PROPOSED: frozenset({_P.ASKED, _P.WITHDRAWN}),
    _P.ASKED: frozenset({_P.CONFIRMED, _P.REFUSED, _P.EXPIRED, _P.WITHDRAWN}),
    _P.CONFIRMED: frozenset({_P.REFUSED, _P.WITHDRAWN}),
    _P.REFUSED: frozenset(),
    _P.EXPIRED: frozenset(),
    _P.WITHDRAWN: frozenset(),
}
ALLOCATED = frozenset({_P.PROPOSED, _P.ASKED, _P.CONFIRMED})
"""Parts in these states have their pieces set aside on the shelf."""
PENDING = frozenset({_P.PROPOSED, _P.ASKED})


class Told(NamedTuple):
    """A sentence for a person: an English msgid with `{places}`, and what fills them."""

    message: str
    data: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answerer:
    """Who answered: a user of a chat channel, or of the back office (`user_id`)."""

    channel: str
    user: str
    name: str
    user_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineAnswer:
    """What a shop found of a line; the three sum to what was asked for."""

    line: int
    found: Decimal = ZERO
    defective: Decimal = ZERO
    missing: Decimal = ZERO


class OutcomeKind(StrEnum):
    """What became of an answer."""

    TAKEN = "taken"
    REPEATED = "repeated"
    ALREADY_ANSWERED = "already_answered"
    LATE = "late"
    WITHDRAWN = "withdrawn"
    NOT_A_MEMBER = "not_a_member"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionLine:
    """Pieces a shop is asked for; `image` is a storage key.

    `is_open` says whether an answer is still wanted (the others may have been answered, or been
    found in another shop meanwhile); `kept` is how many of those found are needed from this shop.
    """

    number: int
    variant_id: UUID
    sku: str
    name: Localised
    options: Mapping[str, Localised]
    quantity: Decimal
    image: str | None = None
    answer: LineAnswer | None = None
    answered_by: Answerer | None = None
    is_open: bool = True
    kept: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a shop is asked, and what it said."""

    id: UUID
    order_id: UUID
    order_number: str
    market: str
    warehouse_id: UUID
    warehouse_name: Localised
    lines: tuple[QuestionLine, ...]
    state: QuestionState
    asked_at: datetime
    answer_by: datetime
    answered_at: datetime | None = None
    answered_by: Answerer | None = None
    ended_because: str = ""

    @property
    def needs_nothing(self) -> bool:
        """Say whether nothing (more) is wanted of the shop."""
        return self.state is not QuestionState.OPEN and not any(line.kept for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of an answer, the question as it is now, and what to tell who pressed."""

    kind: OutcomeKind
    question: Question
    told: Told


class Allocation(NamedTuple):
    """Pieces of an order and the warehouse they come from, for certain only if `confirmed`."""

    variant_id: UUID
    warehouse_id: UUID
    quantity: Decimal
    state: PartState


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressPart:
    """Where pieces of an order stand; `warehouse` is None while nobody has them for certain."""

    variant_id: UUID
    quantity: Decimal
    state: str
    warehouse: Localised | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What a shopper may know: `asked_shops` are being asked now, until `answer_by` at latest."""

    state: CaseState
    asked_shops: tuple[Localised, ...]
    answer_by: datetime | None
    parts: tuple[ProgressPart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What checkout must know before it takes money.

    `asks_shops`: a shop has to confirm some of the goods, probably until `answer_by`. `one_stage`
    says what to do with a way to pay that cannot hold money: `ask_first` or `refund`.
    """

    asks_shops: bool
    answer_by: datetime | None
    one_stage: str


class Asking(StrEnum):
    """How many shops are asked for the same pieces at a time."""

    IN_TURN = "in_turn"
    ALL_AT_ONCE = "all_at_once"
    K_AT_A_TIME = "k_at_a_time"


class WhenClosed(StrEnum):
    """What becomes of a question to a shop that is closed now."""

    WAIT = "wait"
    NEXT = "next"


class Nobody(StrEnum):
    """What happens to pieces that nobody has."""

    OPERATOR = "operator"
    GIVE_UP = "give_up"


class OneStage(StrEnum):
    """What to do with ways to pay that cannot hold money."""

    ASK_FIRST = "ask_first"
    REFUND = "refund"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How shops of a market are asked; times in minutes.

    `asks_shops` False promises the goods of shops as those of warehouses. `at_a_time` counts only
    for `k_at_a_time`. `hold_margin_minutes` before a payment hold ends the round does.
    """

    market: str
    asks_shops: bool = True
    asking: Asking = Asking.IN_TURN
    at_a_time: int = 2
    answer_minutes: int = 20
    when_closed: WhenClosed = WhenClosed.WAIT
    nobody: Nobody = Nobody.OPERATOR
    one_stage: OneStage = OneStage.ASK_FIRST
    hold_margin_minutes: int = 120

    @property
    def width(self) -> int:
        """How many shops may be asked for the same pieces at once."""
        if self.asking is Asking.IN_TURN:
            return 1
        return 1000 if self.asking is Asking.ALL_AT_ONCE else self.at_a_time


class ShopChannel(StrEnum):
    """Where a shop is asked."""

    OFFICE = "office"
    SLACK = "slack"
    TELEGRAM = "telegram"


class Opening(NamedTuple):
    """Open on a day from a minute to another (minutes since midnight, at most 1440)."""

    from_minute: int
    to_minute: int


Week = Mapping[int, tuple[Opening, ...]]
"""Opening times by day, Monday is 0. An empty week means that the shop is always open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """How a shop is asked.

    `address` is the Slack channel or the Telegram chat. `members` are user ids of that channel who
    may answer; empty means anybody there. `hours` are local times of `time_zone`. `groups` are
    words by which sourcing rules choose.
    """

    warehouse_id: UUID
    channel: ShopChannel = ShopChannel.OFFICE
    address: str = ""
    time_zone: str = "Europe/Moscow"
    language: str = "ru"
    hours: Week = field(default_factory=dict)
    members: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    is_paused_until: datetime | None = None

    def is_paused(self, now: datetime) -> bool:
        """Say whether nothing is to be asked of the shop now."""
        return self.is_paused_until is not None and now < self.is_paused_until


def outcome_of(kind: OutcomeKind, question: Question) -> Told:  # noqa: PLR0911 - one per kind
    """Say what to tell whoever pressed a button."""
    number = {"number": question.order_number}
    if kind is OutcomeKind.NOT_A_MEMBER:
        return Told("You are not among those who answer for this shop.", {})
    if kind is OutcomeKind.LATE:
        return Told("Time was up: somebody else is asked about order {number}.", number)
    if kind is OutcomeKind.WITHDRAWN:
        return Told("Order {number} no longer needs this shop.", number)
    if kind is OutcomeKind.ALREADY_ANSWERED:
        name = question.answered_by.name if question.answered_by else ""
        return Told("{name} has already answered for order {number}.", {**number, "name": name})
    if kind is OutcomeKind.REPEATED:
        return Told("Your answer for order {number} is known already.", number)
    kept = sum((line.kept for line in question.lines), ZERO)
    if kept:
        pieces = f"{kept.normalize():f}"
        message = "Thank you. Put aside for order {number}: {pieces}."
        return Told(message, {**number, "pieces": pieces})
    return Told("Thank you. Nothing has to be put aside for order {number}.", number)
