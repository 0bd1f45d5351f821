"""Contract version 2: money with its currency, gifts apart, the parts of a line by warehouse.

What differs from version 1, so that an ERP cannot take one for the other: amounts are objects,
`lines` hold what is paid for and `gifts` what is given, a line carries its `parts` by warehouse,
status and customer are objects, a customer lists every identifier.
"""

from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec

from hansa.kernel.money import Money
from hansa.kernel.text import pick
from hansa.modules import orders, payments
from hansa.modules.erp.model import Connection
from hansa.modules.erp.outgoing.subjects import (
    Allocated,
    CorrectionFacts,
    CustomerFacts,
    Names,
    OrderFacts,
)
from hansa.modules.erp.outgoing.writing import decimal_text, instant, instant_or_none


class MoneyV2(msgspec.Struct, frozen=True):
    """An amount; decimal text in major units."""

    amount: str
    currency: str


class ThingV2(msgspec.Struct, frozen=True):
    """What is sold: our id, the ERP's if we know it, the article."""

    id: UUID
    erp_id: str | None
    sku: str
    name: str


class PlaceV2(msgspec.Struct, frozen=True):
    """A warehouse: our id and the ERP's if we know it."""

    id: UUID
    erp_id: str | None


class PartV2(msgspec.Struct, frozen=True):
    """So many pieces of a line from one warehouse."""

    warehouse: PlaceV2
    quantity: str
    state: str


class LineV2(msgspec.Struct, frozen=True):
    """Goods that are paid for."""

    line: int
    item: ThingV2
    quantity: str
    given_up: str
    price: MoneyV2
    amount: MoneyV2
    tax_percent: str
    tax: MoneyV2
    parts: tuple[PartV2, ...]


class GiftV2(msgspec.Struct, frozen=True):
    """Goods that are given."""

    line: int
    item: ThingV2
    quantity: str
    given_up: str
    parts: tuple[PartV2, ...]


class StatusV2(msgspec.Struct, frozen=True):
    """Where the order and its payment stand."""

    order: str
    payment: str
    shipped_at: str | None
    delivered_at: str | None
    cancelled_at: str | None
    cancel_reason: str


class DeliveryV2(msgspec.Struct, frozen=True):
    """How and where the goods go."""

    method: str
    kind: str
    price: MoneyV2
    pickup: PlaceV2 | None
    postcode: str
    region: str
    city: str
    street: str
    house: str
    flat: str


class RecipientV2(msgspec.Struct, frozen=True):
    """Who receives the goods."""

    name: str
    phone: str
    email: str


class PaymentV2(msgspec.Struct, frozen=True):
    """One attempt to pay."""

    id: UUID
    method: str
    state: str
    amount: MoneyV2
    captured: MoneyV2
    refunded: MoneyV2


class OrderV2(msgspec.Struct, frozen=True):
    """An order whole, as it stands."""

    contract: Literal["order.v2"]
    id: UUID
    number: str
    change_number: int
    market: str
    placed_at: str
    changed_at: str
    status: StatusV2
    goods: MoneyV2
    total: MoneyV2
    delivery: DeliveryV2
    recipient: RecipientV2
    customer_id: UUID | None
    payment_method: str
    comment: str
    lines: tuple[LineV2, ...]
    gifts: tuple[GiftV2, ...]
    payments: tuple[PaymentV2, ...]


class IdentifierV2(msgspec.Struct, frozen=True):
    """What names a customer; `system` only with kind `outside`."""

    kind: str
    value: str
    system: str


class CustomerV2(msgspec.Struct, frozen=True):
    """A customer; `replaced_by` is set when another one stands for it from now on."""

    contract: Literal["customer.v2"]
    id: UUID
    replaced_by: UUID | None
    kind: str
    given_name: str
    family_name: str
    middle_name: str
    legal_name: str
    display_name: str
    birth_on: str | None
    language: str
    identifiers: tuple[IdentifierV2, ...]


class CorrectionV2(msgspec.Struct, frozen=True):
    """What a shop found of goods the ERP counts there."""

    contract: Literal["correction.v2"]
    id: UUID
    reference: str
    warehouse: PlaceV2
    item_id: UUID
    item_erp_id: str | None
    kind: str
    quantity: str
    note: str
    is_over: bool
    made_at: str


def order(facts: OrderFacts, names: Names, connection: Connection) -> OrderV2:
    """Write an order."""
    found = facts.order
    numbered = list(enumerate(found.lines, start=1))
    parts = _parts(found.lines, facts.allocations, names)
    language = connection.language
    return OrderV2(
        contract="order.v2",
        id=found.id,
        number=found.number,
        change_number=found.change_number,
        market=found.market,
        placed_at=instant(found.placed_at),
        changed_at=instant(found.changed_at),
        status=StatusV2(
            order=found.state,
            payment=found.payment_state,
            shipped_at=instant_or_none(found.shipped_at),
            delivered_at=instant_or_none(found.delivered_at),
            cancelled_at=instant_or_none(found.cancelled_at),
            cancel_reason=found.cancel_reason or "",
        ),
        goods=_money(found.goods),
        total=_money(found.total),
        delivery=_delivery(found.delivery, names),
        recipient=RecipientV2(
            name=found.recipient.name, phone=found.recipient.phone, email=found.recipient.email
        ),
        customer_id=found.party_id,
        payment_method=found.payment_method,
        comment=found.comment,
        lines=tuple(
            _line(number, line, names, language, parts[number])
            for number, line in numbered
            if not line.is_gift
        ),
        gifts=tuple(
            GiftV2(
                line=number,
                item=_thing(line, names, language),
                quantity=decimal_text(line.quantity),
                given_up=decimal_text(line.given_up),
                parts=parts[number],
            )
            for number, line in numbered
            if line.is_gift
        ),
        payments=tuple(_payment(one) for one in facts.attempts_to_pay),
    )


def _parts(
    lines: tuple[orders.OrderLine, ...], allocations: tuple[Allocated, ...], names: Names
) -> dict[int, tuple[PartV2, ...]]:
    """Divide what is allocated of a variant over its lines, in their order."""
    left = [(one, Decimal(one.quantity)) for one in allocations]
    divided: dict[int, tuple[PartV2, ...]] = {}
    for number, line in enumerate(lines, start=1):
        wanted, parts = line.left, []
        for place, (one, free) in enumerate(left):
            taken = min(wanted, free) if one.variant_id == line.variant_id else Decimal(0)
            if taken > 0:
                wanted -= taken
                left[place] = (one, free - taken)
                parts.append(
                    PartV2(
                        warehouse=_place(one.warehouse_id, names),
                        quantity=decimal_text(taken),
                        state=one.state,
                    )
                )
        divided[number] = tuple(parts)
    return divided


def _line(
    number: int,
    line: orders.OrderLine,
    names: Names,
    language: str,
    parts: tuple[PartV2, ...],
) -> LineV2:
    currency = line.amount.currency
    return LineV2(
        line=number,
        item=_thing(line, names, language),
        quantity=decimal_text(line.quantity),
        given_up=decimal_text(line.given_up),
        price=MoneyV2(amount=decimal_text(line.unit_price), currency=currency),
        amount=_money(line.amount),
        tax_percent=decimal_text(line.tax_rate * 100),
        tax=_money(line.tax),
        parts=parts,
    )


def _thing(line: orders.OrderLine, names: Names, language: str) -> ThingV2:
    return ThingV2(
        id=line.variant_id,
        erp_id=names.variants.get(line.variant_id),
        sku=line.sku,
        name=pick(line.name, language),
    )


def _place(warehouse_id: UUID, names: Names) -> PlaceV2:
    return PlaceV2(id=warehouse_id, erp_id=names.warehouses.get(warehouse_id))


def _delivery(delivery: orders.Delivery, names: Names) -> DeliveryV2:
    address = delivery.address or orders.Address()
    pickup = delivery.warehouse_id
    return DeliveryV2(
        method=delivery.method,
        kind=delivery.kind,
        price=_money(delivery.price),
        pickup=None if pickup is None else _place(pickup, names),
        postcode=address.postcode,
        region=address.region,
        city=address.city,
        street=address.street,
        house=address.house,
        flat=address.flat,
    )


def _payment(one: payments.Payment) -> PaymentV2:
    return PaymentV2(
        id=one.id,
        method=one.method,
        state=one.state,
        amount=_money(one.amount),
        captured=_money(Money(one.captured_minor, one.currency)),
        refunded=_money(Money(one.refunded_minor, one.currency)),
    )


def _money(money: Money) -> MoneyV2:
    return MoneyV2(amount=decimal_text(money.to_decimal()), currency=money.currency)


def customer(facts: CustomerFacts) -> CustomerV2:
    """Write a customer."""
    party = facts.party
    if party is None:
        return CustomerV2(
            contract="customer.v2", id=facts.id, replaced_by=facts.stands_for, kind="",
            given_name="", family_name="", middle_name="", legal_name="", display_name="",
            birth_on=None, language="", identifiers=(),
        )  # fmt: skip
    return CustomerV2(
        contract="customer.v2",
        id=facts.id,
        replaced_by=None,
        kind=party.kind,
        given_name=party.given_name,
        family_name=party.family_name,
        middle_name=party.middle_name,
        legal_name=party.legal_name,
        display_name=party.display_name,
        birth_on=None if party.birth_on is None else party.birth_on.isoformat(),
        language=party.language,
        identifiers=tuple(
            IdentifierV2(kind=one.kind, value=one.value, system=one.system)
            for one in party.identifiers
        ),
    )


def correction(facts: CorrectionFacts, names: Names) -> CorrectionV2:
    """Write what a shop found."""
    return CorrectionV2(
        contract="correction.v2",
        id=facts.id,
        reference=facts.reference,
        warehouse=_place(facts.warehouse_id, names),
        item_id=facts.variant_id,
        item_erp_id=names.variants.get(facts.variant_id),
        kind=facts.kind,
        quantity=facts.quantity,
        note=facts.note,
        is_over=facts.is_over,
        made_at=facts.made_at,
    )
