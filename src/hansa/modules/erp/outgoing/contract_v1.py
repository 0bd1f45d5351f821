"""Contract version 1 of the messages: one flat object a subject, amounts as decimal text."""

from typing import Literal
from uuid import UUID

import msgspec

from hansa.kernel.money import Money
from hansa.kernel.text import pick
from hansa.modules import orders, parties, payments
from hansa.modules.erp.model import Connection
from hansa.modules.erp.outgoing.subjects import (
    CorrectionFacts,
    CustomerFacts,
    Names,
    OrderFacts,
)
from hansa.modules.erp.outgoing.writing import address_line, decimal_text, instant


class LineV1(msgspec.Struct, frozen=True):
    """Goods of an order; a gift is a line of no price. Amounts as decimal text."""

    variant_id: UUID
    erp_id: str
    sku: str
    name: str
    quantity: str
    given_up: str
    price: str
    amount: str
    tax_percent: str
    tax: str
    is_gift: bool


class AllocationV1(msgspec.Struct, frozen=True):
    """So many pieces that a warehouse is to give."""

    variant_id: UUID
    erp_id: str
    warehouse_id: UUID
    erp_warehouse_id: str
    quantity: str
    state: str


class PaymentV1(msgspec.Struct, frozen=True):
    """One attempt to pay for the order."""

    id: UUID
    method: str
    state: str
    amount: str
    captured: str
    refunded: str
    currency: str


class OrderV1(msgspec.Struct, frozen=True):
    """An order whole, as it stands: its lines, gifts, payments and status."""

    contract: Literal["order.v1"]
    id: UUID
    number: str
    change_number: int
    market: str
    state: str
    payment_state: str
    placed_at: str
    changed_at: str
    currency: str
    goods: str
    delivery_price: str
    total: str
    delivery_method: str
    delivery_name: str
    pickup_warehouse_id: str
    address: str
    recipient: str
    phone: str
    email: str
    customer_id: UUID | None
    payment_method: str
    comment: str
    cancel_reason: str
    lines: tuple[LineV1, ...]
    allocations: tuple[AllocationV1, ...]
    payments: tuple[PaymentV1, ...]


class CustomerV1(msgspec.Struct, frozen=True):
    """A customer; `replaced_by` is set when another one stands for it from now on."""

    contract: Literal["customer.v1"]
    id: UUID
    replaced_by: UUID | None
    kind: str
    name: str
    phone: str
    email: str
    inn: str
    card: str
    language: str


class CorrectionV1(msgspec.Struct, frozen=True):
    """What a shop found of goods the ERP counts there: missing, or not fit for sale."""

    contract: Literal["correction.v1"]
    id: UUID
    reference: str
    warehouse_id: UUID
    erp_warehouse_id: str
    variant_id: UUID
    erp_id: str
    kind: str
    quantity: str
    note: str
    is_over: bool
    made_at: str


def order(facts: OrderFacts, names: Names, connection: Connection) -> OrderV1:
    """Write an order."""
    found, language = facts.order, connection.language
    delivery = found.delivery
    pickup = delivery.warehouse_id
    return OrderV1(
        contract="order.v1",
        id=found.id,
        number=found.number,
        change_number=found.change_number,
        market=found.market,
        state=found.state,
        payment_state=found.payment_state,
        placed_at=instant(found.placed_at),
        changed_at=instant(found.changed_at),
        currency=found.total.currency,
        goods=decimal_text(found.goods.to_decimal()),
        delivery_price=decimal_text(delivery.price.to_decimal()),
        total=decimal_text(found.total.to_decimal()),
        delivery_method=delivery.method,
        delivery_name=pick(delivery.name, language),
        pickup_warehouse_id="" if pickup is None else names.warehouses.get(pickup, str(pickup)),
        address=address_line(delivery),
        recipient=found.recipient.name,
        phone=found.recipient.phone,
        email=found.recipient.email,
        customer_id=found.party_id,
        payment_method=found.payment_method,
        comment=found.comment,
        cancel_reason=found.cancel_reason or "",
        lines=tuple(_line(line, names, language) for line in found.lines),
        allocations=tuple(
            AllocationV1(
                variant_id=part.variant_id,
                erp_id=names.variants.get(part.variant_id, ""),
                warehouse_id=part.warehouse_id,
                erp_warehouse_id=names.warehouses.get(part.warehouse_id, ""),
                quantity=part.quantity,
                state=part.state,
            )
            for part in facts.allocations
        ),
        payments=tuple(_payment(one) for one in facts.attempts_to_pay),
    )


def _line(line: orders.OrderLine, names: Names, language: str) -> LineV1:
    return LineV1(
        variant_id=line.variant_id,
        erp_id=names.variants.get(line.variant_id, ""),
        sku=line.sku,
        name=pick(line.name, language),
        quantity=decimal_text(line.quantity),
        given_up=decimal_text(line.given_up),
        price=decimal_text(line.unit_price),
        amount=decimal_text(line.amount.to_decimal()),
        tax_percent=decimal_text(line.tax_rate * 100),
        tax=decimal_text(line.tax.to_decimal()),
        is_gift=line.is_gift,
    )


def _payment(one: payments.Payment) -> PaymentV1:
    return PaymentV1(
        id=one.id,
        method=one.method,
        state=one.state,
        amount=decimal_text(one.amount.to_decimal()),
        captured=decimal_text(Money(one.captured_minor, one.currency).to_decimal()),
        refunded=decimal_text(Money(one.refunded_minor, one.currency).to_decimal()),
        currency=one.currency,
    )


def customer(facts: CustomerFacts) -> CustomerV1:
    """Write a customer."""
    party = facts.party
    kinds = parties.IdentifierKind

    def value(kind: parties.IdentifierKind) -> str:
        return "" if party is None else party.value_of(kind) or ""

    return CustomerV1(
        contract="customer.v1",
        id=facts.id,
        replaced_by=facts.stands_for,
        kind="" if party is None else party.kind,
        name="" if party is None else party.display_name,
        phone=value(kinds.PHONE),
        email=value(kinds.EMAIL),
        inn=value(kinds.INN),
        card=value(kinds.CARD),
        language="" if party is None else party.language,
    )


def correction(facts: CorrectionFacts, names: Names) -> CorrectionV1:
    """Write what a shop found."""
    return CorrectionV1(
        contract="correction.v1",
        id=facts.id,
        reference=facts.reference,
        warehouse_id=facts.warehouse_id,
        erp_warehouse_id=names.warehouses.get(facts.warehouse_id, ""),
        variant_id=facts.variant_id,
        erp_id=names.variants.get(facts.variant_id, ""),
        kind=facts.kind,
        quantity=facts.quantity,
        note=facts.note,
        is_over=facts.is_over,
        made_at=facts.made_at,
    )
