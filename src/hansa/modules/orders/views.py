"""Orders as the JSON API shows them."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from hansa.kernel.money import Money
from hansa.modules.orders import model
from hansa.modules.orders.model import By, Order, OrderLine, OrderSummary


class MoneyView(msgspec.Struct, frozen=True):
    """An amount: minor units for programs, major units as text for people."""

    minor: int
    currency: str
    amount: str

    @classmethod
    def of(cls, money: Money) -> "MoneyView":
        """Show an amount."""
        return cls(money.minor, money.currency, str(money.to_decimal()))


class SummaryView(msgspec.Struct, frozen=True):
    """An order in a list."""

    id: UUID
    number: str
    market: str
    state: str
    payment_state: str
    total: MoneyView
    recipient_name: str
    recipient_phone: str
    delivery_method: str
    payment_method: str
    placed_at: datetime
    changed_at: datetime
    erp_number: str | None
    is_exported: bool
    item_count: Decimal
    given_up_count: Decimal

    @classmethod
    def of(cls, order: OrderSummary) -> "SummaryView":
        """Show an order in a list."""
        return cls(
            id=order.id,
            number=order.number,
            market=order.market,
            state=order.state,
            payment_state=order.payment_state,
            total=MoneyView.of(order.total),
            recipient_name=order.recipient.name,
            recipient_phone=order.recipient.phone,
            delivery_method=order.delivery_method,
            payment_method=order.payment_method,
            placed_at=order.placed_at,
            changed_at=order.changed_at,
            erp_number=order.erp_number,
            is_exported=order.is_exported,
            item_count=order.item_count,
            given_up_count=order.given_up_count,
        )


class LineView(msgspec.Struct, frozen=True):
    """A line of an order; `amount` and `tax` are of what is `left` after `given_up`."""

    variant_id: UUID
    sku: str
    name: dict[str, str]
    options: dict[str, dict[str, str]]
    quantity: Decimal
    unit_price: Decimal
    amount: MoneyView
    tax: MoneyView
    tax_rate: Decimal
    given_up: Decimal
    left: Decimal
    amount_given_up: MoneyView
    is_gift: bool

    @classmethod
    def of(cls, line: OrderLine) -> "LineView":
        """Show a line."""
        return cls(
            variant_id=line.variant_id,
            sku=line.sku,
            name=dict(line.name),
            options={code: dict(value) for code, value in line.options.items()},
            quantity=line.quantity,
            unit_price=line.unit_price,
            amount=MoneyView.of(line.amount),
            tax=MoneyView.of(line.tax),
            tax_rate=line.tax_rate,
            given_up=line.given_up,
            left=line.left,
            amount_given_up=MoneyView.of(line.amount_given_up),
            is_gift=line.is_gift,
        )


class DeliveryView(msgspec.Struct, frozen=True):
    """How an order reaches its recipient."""

    method: str
    kind: str
    name: dict[str, str]
    price: MoneyView
    address: dict[str, str] | None
    warehouse_id: UUID | None
    warehouse_name: dict[str, str] | None
    warehouse_address: str


class RecipientView(msgspec.Struct, frozen=True):
    """Who receives an order."""

    name: str
    phone: str
    email: str


class HistoryView(msgspec.Struct, frozen=True):
    """Something that happened to an order."""

    happened_at: datetime
    kind: str
    from_state: str | None
    to_state: str | None
    by: str
    comment: str


class ShipmentView(msgspec.Struct, frozen=True):
    """Goods that left."""

    number: str
    shipped_at: datetime


class OrderView(msgspec.Struct, frozen=True):
    """An order whole. `may_become` are the states whoever asks may lead it to."""

    id: UUID
    number: str
    market: str
    state: str
    payment_state: str
    placed_at: datetime
    changed_at: datetime
    lines: list[LineView]
    goods: MoneyView
    tax: MoneyView
    total: MoneyView
    delivery: DeliveryView
    recipient: RecipientView
    comment: str
    payment_method: str
    payment_id: UUID | None
    erp_number: str | None
    shipped_at: datetime | None
    cancelled_at: datetime | None
    cancel_reason: str | None
    may_become: list[str]
    history: list[HistoryView]
    shipments: list[ShipmentView]

    @classmethod
    def of(cls, order: Order, *, by: By) -> "OrderView":
        """Show an order to somebody; notes of staff are for staff."""
        return cls(
            id=order.id,
            number=order.number,
            market=order.market,
            state=order.state,
            payment_state=order.payment_state,
            placed_at=order.placed_at,
            changed_at=order.changed_at,
            lines=[LineView.of(line) for line in order.lines],
            goods=MoneyView.of(order.goods),
            tax=MoneyView.of(order.tax),
            total=MoneyView.of(order.total),
            delivery=_delivery(order),
            recipient=RecipientView(
                order.recipient.name, order.recipient.phone, order.recipient.email
            ),
            comment=order.comment,
            payment_method=order.payment_method,
            payment_id=order.payment_id,
            erp_number=order.erp_number,
            shipped_at=order.shipped_at,
            cancelled_at=order.cancelled_at,
            cancel_reason=order.cancel_reason,
            may_become=[str(state) for state in model.targets(order.state, by)],
            history=_history(order, by),
            shipments=[ShipmentView(one.number, one.shipped_at) for one in order.shipments],
        )


def _delivery(order: Order) -> DeliveryView:
    delivery = order.delivery
    address = delivery.address
    return DeliveryView(
        method=delivery.method,
        kind=delivery.kind,
        name=dict(delivery.name),
        price=MoneyView.of(delivery.price),
        address=None if address is None else msgspec.to_builtins(address),
        warehouse_id=delivery.warehouse_id,
        warehouse_name=None if delivery.warehouse_name is None else dict(delivery.warehouse_name),
        warehouse_address=delivery.warehouse_address,
    )


def _history(order: Order, by: By) -> list[HistoryView]:
    return [
        HistoryView(
            happened_at=one.happened_at,
            kind=one.kind,
            from_state=one.from_state,
            to_state=one.to_state,
            by=one.by_kind,
            comment=one.comment,
        )
        for one in order.history
        if by is By.STAFF or one.kind in {"placed", "state", "payment", "shipment", "given_up"}
    ]
