"""The checkout form: ways of delivery, what a shopper fills in, and what it must hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from hansa.kernel.errors import Invalid
from hansa.kernel.money import Money
from hansa.kernel.text import Localised


class DeliveryKind(StrEnum):
    """To an address, or to be fetched in a shop."""

    COURIER = "courier"
    PICKUP = "pickup"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryMethod:
    """A way of delivery of a market: a flat price, perhaps free from an amount of goods on."""

    market: str
    code: str
    kind: DeliveryKind
    name: Localised
    hint: Localised = field(default_factory=dict)
    price_minor: int = 0
    free_from_minor: int | None = None
    days_min: int = 0
    days_max: int = 0
    position: int = 0
    is_active: bool = True

    def price_for(self, goods: Money) -> Money:
        """Give what delivery of goods of this worth costs."""
        if self.free_from_minor is not None and goods.minor >= self.free_from_minor:
            return Money(0, goods.currency)
        return Money(self.price_minor, goods.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a courier is to go."""

    country: str = ""
    region: str = ""
    city: str = ""
    street: str = ""
    house: str = ""
    flat: str = ""
    postcode: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What a checkout form holds; as a draft any part may be empty (see `check_details`)."""

    recipient_name: str = ""
    phone: str = ""
    email: str = ""
    delivery_method: str = ""
    address: Address = Address()
    warehouse_id: UUID | None = None
    payment_method: str = ""
    comment: str = ""
    accepts_terms: bool = False
    wants_news: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldProblem:
    """What is wrong with a field of a form; `message` is an English msgid."""

    field: str
    code: str
    message: str


@dataclass(eq=False)
class DetailsInvalid(Invalid):
    """The form lacks something or holds something wrong; `problems` says where and what."""

    code: ClassVar[str] = "checkout.details_invalid"
    message: ClassVar[str] = "Some details are missing or wrong; see each below."
    problems: tuple[FieldProblem, ...]


REQUIRED = "This field is required."
LONGEST: Mapping[str, int] = {
    "recipient_name": 200,
    "phone": 40,
    "email": 254,
    "comment": 2000,
    "address.region": 200,
    "address.city": 200,
    "address.street": 200,
    "address.house": 40,
    "address.flat": 40,
    "address.postcode": 20,
}


def check_details(
    details: Details,
    *,
    method: DeliveryMethod | None,
    has_valid_phone: bool,
    has_valid_email: bool,
    has_payment: bool,
) -> tuple[FieldProblem, ...]:
    """Say what a form lacks or holds wrong; nothing if an order can be placed with it."""
    return (
        *_check_recipient(details, phone=has_valid_phone, email=has_valid_email),
        *_check_delivery(details, method),
        *_check_choices(details, has_payment=has_payment),
        *_check_lengths(details),
    )


def _missing(name: str, message: str = REQUIRED) -> FieldProblem:
    return FieldProblem(field=name, code="missing", message=message)


def _check_recipient(details: Details, *, phone: bool, email: bool) -> list[FieldProblem]:
    problems = []
    if not details.recipient_name.strip():
        problems.append(_missing("recipient_name"))
    if not details.phone.strip():
        problems.append(_missing("phone"))
    elif not phone:
        message = "This is not a telephone number of this country."
        problems.append(FieldProblem(field="phone", code="invalid", message=message))
    if details.email.strip() and not email:
        message = "This is not an e-mail address."
        problems.append(FieldProblem(field="email", code="invalid", message=message))
    return problems


def _check_delivery(details: Details, method: DeliveryMethod | None) -> list[FieldProblem]:
    if method is None:
        return [_missing("delivery_method", "Choose a way of delivery.")]
    if method.kind is DeliveryKind.PICKUP:
        return [] if details.warehouse_id else [_missing("warehouse_id", "Choose a shop.")]
    needed = ("city", "street", "house")
    return [
        _missing(f"address.{name}") for name in needed if not getattr(details.address, name).strip()
    ]


def _check_choices(details: Details, *, has_payment: bool) -> list[FieldProblem]:
    problems = []
    if not details.payment_method:
        problems.append(_missing("payment_method", "Choose a way to pay."))
    elif not has_payment:
        message = "This way to pay is not offered. Choose another one."
        problems.append(FieldProblem(field="payment_method", code="invalid", message=message))
    if not details.accepts_terms:
        problems.append(_missing("accepts_terms", "Please accept the terms."))
    return problems


def _check_lengths(details: Details) -> list[FieldProblem]:
    problems = []
    for name, longest in LONGEST.items():
        where, _, inner = name.rpartition(".")
        if len(getattr(details.address if where else details, inner)) > longest:
            message = "This text is too long."
            problems.append(FieldProblem(field=name, code="too_long", message=message))
    return problems
