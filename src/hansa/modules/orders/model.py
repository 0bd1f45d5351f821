"""Orders as values, and their states as data: who may lead where, and what that does."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, NewType
from uuid import UUID

from hansa.kernel.errors import NotFound, Rejected
from hansa.kernel.money import Money
from hansa.kernel.text import Localised

OrderId = NewType("OrderId", UUID)
NOTHING = Decimal(0)
SUBJECT = "order"
"""What payments call an order."""


class OrderState(StrEnum):
    """Where an order stands. Payment is a matter of its own."""

    PLACED = "placed"
    CONFIRMED = "confirmed"
    PACKED = "packed"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class PaymentStanding(StrEnum):
    """Where the payment of an order stands, as far as the order cares.

    `deferred`: it may not be paid yet, since a shop is asked first.
    """

    DEFERRED = "deferred"
    DUE = "due"
    AWAITING = "awaiting"
    AUTHORISED = "authorised"
    PAID = "paid"
    FAILED = "failed"
    REFUNDED = "refunded"
    VOIDED = "voided"


class By(StrEnum):
    """Who changes an order."""

    SHOPPER = "shopper"
    STAFF = "staff"
    ERP = "erp"
    SYSTEM = "system"


class Effect(StrEnum):
    """What a transition does beside the state."""

    RELEASE_STOCK = "release_stock"
    CANCEL_PAYMENT = "cancel_payment"
    CAPTURE_PAYMENT = "capture_payment"
    MARK_SHIPPED = "mark_shipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One row of the table of states."""

    sources: frozenset[OrderState]
    target: OrderState
    who: frozenset[By]
    effects: tuple[Effect, ...] = ()


_S = OrderState
_OPEN = frozenset({_S.PLACED, _S.CONFIRMED, _S.PACKED})
_HOUSE = frozenset({By.STAFF, By.ERP, By.SYSTEM})

# The whole life of an order. The ERP may skip steps forward (it tells what has happened there), and
# nothing leads back. Once goods are on their way a cancellation is a return, which is another
# thing. Effects on stock come last: they lock rows that others wait for.
TRANSITIONS: tuple[Transition, ...] = (
    Transition(sources=frozenset({_S.PLACED}), target=_S.CONFIRMED, who=_HOUSE),
    Transition(
        sources=frozenset({_S.PLACED, _S.CONFIRMED}),
        target=_S.PACKED,
        who=frozenset({By.STAFF, By.ERP}),
    ),
    Transition(
        sources=_OPEN,
        target=_S.SHIPPED,
        who=frozenset({By.STAFF, By.ERP}),
        effects=(Effect.CAPTURE_PAYMENT, Effect.MARK_SHIPPED),
    ),
    Transition(
        sources=_OPEN,
        target=_S.DELIVERED,
        who=frozenset({By.STAFF, By.ERP}),
        effects=(Effect.CAPTURE_PAYMENT, Effect.MARK_SHIPPED),
    ),
    Transition(
        sources=frozenset({_S.SHIPPED}),
        target=_S.DELIVERED,
        who=frozenset({By.STAFF, By.ERP, By.SYSTEM}),
    ),
    Transition(sources=frozenset({_S.DELIVERED}), target=_S.COMPLETED, who=_HOUSE),
    Transition(
        sources=frozenset({_S.PLACED, _S.CONFIRMED}),
        target=_S.CANCELLED,
        who=frozenset({By.SHOPPER}),
        effects=(Effect.CANCEL_PAYMENT, Effect.RELEASE_STOCK),
    ),
    Transition(
        sources=_OPEN,
        target=_S.CANCELLED,
        who=_HOUSE,
        effects=(Effect.CANCEL_PAYMENT, Effect.RELEASE_STOCK),
    ),
)
RANK: Mapping[OrderState, int] = {state: rank for rank, state in enumerate(OrderState)}
OPEN = _OPEN
ENDED = frozenset({_S.COMPLETED, _S.CANCELLED})


@dataclass(eq=False)
class OrderNotFound(NotFound):
    """No such order, or whoever asks may not know of it."""

    code: ClassVar[str] = "orders.not_found"
    message: ClassVar[str] = "There is no such order."


@dataclass(eq=False)
class TransitionRefused(Rejected):
    """The state of the order does not allow this."""

    code: ClassVar[str] = "orders.transition_refused"
    message: ClassVar[str] = "An order that is {state} cannot become {target}."
    state: str
    target: str


@dataclass(eq=False)
class NotCancellable(Rejected):
    """The order is on its way, has arrived or ended."""

    code: ClassVar[str] = "orders.not_cancellable"
    message: ClassVar[str] = "The order is {state} and can no longer be cancelled."
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """A line as it was sold: names, price and tax are a snapshot. `image` is a storage key.

    `quantity` is what was sold, `given_up` how many of it will not be delivered; `amount` and `tax`
    are of what is `left`, and with `given_up_minor` and `given_up_tax_minor` of what was sold.
    """

    variant_id: UUID
    product_id: UUID
    sku: str
    name: Localised
    options: Mapping[str, Localised]
    quantity: Decimal
    unit: str
    unit_price: Decimal
    base_price: Decimal
    amount: Money
    tax_rate: Decimal
    tax: Money
    price_reason: str | None = None
    image: str | None = None
    given_up: Decimal = NOTHING
    given_up_minor: int = 0
    given_up_tax_minor: int = 0
    is_gift: bool = False

    @property
    def left(self) -> Decimal:
        """How many are still to be delivered, or were."""
        return self.quantity - self.given_up

    @property
    def amount_given_up(self) -> Money:
        """What is not taken for this line, or given back."""
        return Money(self.given_up_minor, self.amount.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a courier brings an order."""

    country: str = ""
    region: str = ""
    city: str = ""
    street: str = ""
    house: str = ""
    flat: str = ""
    postcode: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How an order reaches its recipient: by courier to an address or in a shop."""

    method: str
    kind: str
    name: Localised
    price: Money
    address: Address | None = None
    warehouse_id: UUID | None = None
    warehouse_name: Localised | None = None
    warehouse_address: str = ""
    days_min: int = 0
    days_max: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Who receives an order, as written at checkout; needed for its documents."""

    name: str
    phone: str
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """What checkout hands over. `placing_key` makes placing twice give one order."""

    id: OrderId
    placing_key: str
    market: str
    channel: str
    party_id: UUID | None
    user_id: UUID | None
    lines: tuple[OrderLine, ...]
    goods: Money
    tax: Money
    tax_included: bool
    total: Money
    delivery: Delivery
    recipient: Recipient
    comment: str
    language: str
    payment_method: str
    payment_id: UUID | None
    payment_standing: PaymentStanding
    pay_until: datetime | None
    reservation_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """Something that happened to an order."""

    happened_at: datetime
    kind: str
    from_state: str | None
    to_state: str | None
    by_kind: By
    by_id: UUID | None
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """Goods that left; `lines` are (variant, quantity)."""

    number: str
    shipped_at: datetime
    lines: tuple[tuple[UUID, Decimal], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSummary:
    """An order as lists show it."""

    id: OrderId
    number: str
    market: str
    state: OrderState
    payment_state: PaymentStanding
    total: Money
    party_id: UUID | None
    recipient: Recipient
    delivery_method: str
    payment_method: str
    placed_at: datetime
    changed_at: datetime
    erp_number: str | None
    is_exported: bool
    item_count: Decimal
    given_up_count: Decimal = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order whole."""

    id: OrderId
    number: str
    market: str
    channel: str
    party_id: UUID | None
    user_id: UUID | None
    state: OrderState
    payment_state: PaymentStanding
    lines: tuple[OrderLine, ...]
    goods: Money
    tax: Money
    tax_included: bool
    total: Money
    delivery: Delivery
    recipient: Recipient
    comment: str
    language: str
    payment_method: str
    payment_id: UUID | None
    reservation_id: UUID | None
    erp_number: str | None
    placed_at: datetime
    changed_at: datetime
    pay_until: datetime | None
    shipped_at: datetime | None
    delivered_at: datetime | None
    cancelled_at: datetime | None
    cancel_reason: str | None
    change_number: int
    exported_number: int
    history: tuple[HistoryEntry, ...] = ()
    shipments: tuple[Shipment, ...] = ()

    @property
    def is_cancellable_by_shopper(self) -> bool:
        """Say whether the shopper may still cancel."""
        return find_transition(self.state, _S.CANCELLED, By.SHOPPER) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """An order's end; a repeated cancellation gives the first one."""

    order_id: OrderId
    reason: str
    cancelled_at: datetime
    is_repeat: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """What to list. `search` looks at numbers, the recipient's name, phone and e-mail."""

    market: str | None = None
    states: tuple[OrderState, ...] = ()
    payment_states: tuple[PaymentStanding, ...] = ()
    search: str = ""
    party_id: UUID | None = None
    placed_from: datetime | None = None
    placed_until: datetime | None = None
    only_unexported: bool = False


def find_transition(source: OrderState, target: OrderState, by: By) -> Transition | None:
    """Give the row of the table that leads from one state to another for somebody."""
    for transition in TRANSITIONS:
        if source in transition.sources and target is transition.target and by in transition.who:
            return transition
    return None


def targets(source: OrderState, by: By) -> tuple[OrderState, ...]:
    """Give the states somebody may lead an order to, in the order of its life."""
    found = {t.target for t in TRANSITIONS if source in t.sources and by in t.who}
    return tuple(state for state in OrderState if state in found)


def check_new(new: NewOrder) -> None:
    """Prove that the parts of a new order sum to its whole; a fault here is a bug."""
    goods = sum(line.amount.minor for line in new.lines)
    tax = sum(line.tax.minor for line in new.lines)
    assert new.lines, "an order has lines"
    assert goods == new.goods.minor, "lines sum to the goods"
    assert tax <= new.tax.minor, "the tax covers the lines and the delivery"
    extra = 0 if new.tax_included else new.tax.minor
    assert new.total.minor == goods + new.delivery.price.minor + extra, "parts sum to the total"
