"""Orders, customers and payments in the words both sides share, and in those of the CRM."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from hansa.kernel.money import Money, money_from_decimal
from hansa.kernel.text import pick
from hansa.modules import orders, parties, payments
from hansa.modules.retailcrm.model import (
    ADDRESS_FIELDS,
    PHONES,
    Connection,
    Fields,
    Options,
)

Json = Mapping[str, Any]

_CRM_ADDRESS = {
    "region": "region",
    "city": "city",
    "street": "street",
    "house": "building",
    "flat": "flat",
    "postcode": "index",
}
NOTHING = Decimal(0)
_NAMES = ("firstName", "lastName", "patronymic")


def external_id(told: object) -> UUID | None:
    """Read our id from the CRM's `externalId`; another system's number is none."""
    try:
        return UUID(str(told))
    except ValueError:
        return None


def lacks_our_id(told: Json, internal_id: UUID) -> bool:
    """Say whether the CRM has to be told our id; another system's number is left alone."""
    held = told.get("externalId")
    return not held or external_id(held) not in {None, internal_id}


def crm_moment(instant: datetime, options: Options) -> str:
    """Write an instant as the CRM does, on its clock."""
    return instant.astimezone(ZoneInfo(options.time_zone)).strftime("%Y-%m-%d %H:%M:%S")


def read_moment(text: object, options: Options) -> datetime | None:
    """Read an instant of the CRM."""
    try:
        local = datetime.strptime(str(text), "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - its zone follows
    except ValueError:
        return None
    return local.replace(tzinfo=ZoneInfo(options.time_zone)).astimezone(UTC)


def normal(kind: parties.IdentifierKind, text: object, region: str) -> str:
    """Write a telephone or e-mail in its one spelling; what is none stays as it is."""
    told = str(text or "").strip()
    try:
        found = parties.normalise(parties.Identifier(kind=kind, value=told), region=region)
    except parties.IdentifierInvalid:
        return told
    return found.value


# -- orders ----------------------------------------------------------------------------------------


def order_fields(order: orders.Order) -> dict[str, str]:
    """Give our side of an order."""
    fields = {
        "status": str(order.state),
        "name": " ".join(order.recipient.name.split()),
        "phone": order.recipient.phone,
        "email": order.recipient.email,
        "items": _items_text(
            (str(line.variant_id), quantity) for line, quantity in _lines_left(order)
        ),
        "delivery_cost": str(order.delivery.price.minor),
    }
    if order.delivery.address is not None:
        address = order.delivery.address
        fields |= {name: getattr(address, name).strip() for name in ADDRESS_FIELDS}
    return fields


def crm_order_fields(
    told: Json,
    *,
    options: Options,
    currency: str,
    region: str,
    lines: Sequence[orders.OrderLine],
) -> dict[str, str]:
    """Give the CRM's side of an order; a status that means nothing to us is left out.

    Goods it knows by their article only are those of the order's `lines`.
    """
    skus = {line.sku: str(line.variant_id) for line in lines if line.sku}
    delivery = told.get("delivery") or {}
    address = delivery.get("address") or {}
    kind = parties.IdentifierKind
    fields = {
        "name": " ".join(" ".join(str(told.get(name) or "") for name in _NAMES).split()),
        "phone": normal(kind.PHONE, told.get("phone"), region),
        "email": normal(kind.EMAIL, told.get("email"), region),
        "items": _items_text(
            (skus.get(offer_of(item), offer_of(item)), number_of(item.get("quantity")) or NOTHING)
            for item in told.get("items") or []
        ),
        "delivery_cost": str(
            money_from_decimal(number_of(delivery.get("cost")) or Decimal(0), currency).minor
        ),
    }
    fields |= {
        name: str(address.get(theirs) or "").strip() for name, theirs in _CRM_ADDRESS.items()
    }
    state = options.statuses_in.get(str(told.get("status") or ""))
    return fields if state is None else {**fields, "status": state}


def order_changes(order: orders.Order, send: Fields, options: Options) -> dict[str, Any]:
    """Write what the CRM has to take over of an order."""
    body: dict[str, Any] = {}
    if "status" in send:
        code = options.statuses_out.get(send["status"])
        if code is not None:
            body["status"] = code
    if "name" in send:
        body |= _name_parts(send["name"])
    body |= {name: send[name] for name in ("phone", "email") if name in send}
    if "items" in send:
        body["items"] = [_item(line, quantity) for line, quantity in _lines_left(order)]
    delivery: dict[str, Any] = {}
    if "delivery_cost" in send:
        delivery["cost"] = float(order.delivery.price.to_decimal())
    address = {_CRM_ADDRESS[name]: send[name] for name in ADDRESS_FIELDS if name in send}
    if address:
        delivery["address"] = address
    return {**body, "delivery": delivery} if delivery else body


def new_order(
    order: orders.Order,
    *,
    connection: Connection,
    customer: int | None,
    attempts: Sequence[payments.Payment],
) -> dict[str, Any]:
    """Write an order the CRM does not have, with its payments."""
    options = connection.options
    body = order_changes(order, order_fields(order), options)
    body |= {
        "externalId": str(order.id),
        "number": order.number,
        "createdAt": crm_moment(order.placed_at, options),
        "customerComment": order.comment,
    }
    if customer is not None:
        body["customer"] = {"id": customer}
    delivery = body.setdefault("delivery", {})
    code = options.delivery_types.get(order.delivery.method)
    if code is not None:
        delivery["code"] = code
    if order.delivery.address is None and order.delivery.warehouse_address:
        delivery["address"] = {"text": order.delivery.warehouse_address}
    store = options.stores.get(str(order.delivery.warehouse_id))
    if store is not None:
        body["shipmentStore"] = store
    written = [payment_body(one, options) for one in attempts]
    return {**body, "payments": [one for one in written if one is not None]}


def _lines_left(order: orders.Order) -> list[tuple[orders.OrderLine, Decimal]]:
    return [(line, line.left) for line in order.lines if line.left > 0]


def _item(line: orders.OrderLine, quantity: Decimal) -> dict[str, Any]:
    options = ", ".join(pick(text, "ru") for text in line.options.values())
    name = pick(line.name, "ru")
    off = line.base_price - line.unit_price
    return {
        "offer": {"externalId": str(line.variant_id), "article": line.sku},
        "productName": f"{name} ({options})" if options else name,
        "quantity": float(quantity),
        "initialPrice": float(line.base_price if off > 0 else line.unit_price),
        "discountManualAmount": float(max(off, Decimal(0))),
    }


def offer_of(item: Json) -> str:
    """Name the goods of an item as we do: our id if the CRM has it, else what it has."""
    offer = item.get("offer") or {}
    for name in ("externalId", "xmlId"):
        if external_id(offer.get(name)) is not None:
            return str(external_id(offer[name]))
    return str(offer.get("article") or offer.get("externalId") or item.get("productName") or "?")


def number_of(told: object) -> Decimal | None:
    """Read a number of the CRM; what is none is None."""
    try:
        number = Decimal(str(told))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _items_text(items: Iterable[tuple[str, Decimal]]) -> str:
    sums: dict[str, Decimal] = {}
    for name, quantity in items:
        sums[name] = sums.get(name, Decimal(0)) + quantity
    return ";".join(f"{name}={quantity.normalize():f}" for name, quantity in sorted(sums.items()))


def _name_parts(name: str) -> dict[str, str]:
    first, _, last = name.partition(" ")
    return {"firstName": first, "lastName": last, "patronymic": ""}


# -- payments --------------------------------------------------------------------------------------


def payment_body(payment: payments.Payment, options: Options) -> dict[str, Any] | None:
    """Write a payment; None if the connection has no words for it."""
    kind = options.payment_types.get(payment.method)
    status = options.payment_statuses.get(payment.state)
    if kind is None or status is None:
        return None
    return {
        "externalId": str(payment.id),
        "type": kind,
        "status": status,
        "amount": float(payment.amount.to_decimal()),
    }


def crm_payments(told: Json) -> list[dict[str, Any]]:
    """Give the payments of an order of the CRM, which sends an empty list for none."""
    listed = told.get("payments") or {}
    return list(listed.values()) if isinstance(listed, dict) else list(listed)


def amount_of(told: Json, currency: str) -> Money | None:
    """Read the amount of a payment."""
    amount = number_of(told.get("amount"))
    return None if amount is None else money_from_decimal(amount, currency)


# -- customers -------------------------------------------------------------------------------------


def customer_fields(party: parties.Party) -> dict[str, str]:
    """Give our side of a customer."""
    first, last, middle = party.given_name, party.family_name, party.middle_name
    if not (first or last or middle):
        first, _, last = " ".join(party.display_name.split()).partition(" ")
    kind = parties.IdentifierKind
    phones = sorted(one.value for one in party.identifiers if one.kind == kind.PHONE)
    return {
        "first_name": first,
        "last_name": last,
        "middle_name": middle,
        "email": party.value_of(kind.EMAIL) or "",
        "birthday": party.birth_on.isoformat() if party.birth_on else "",
        PHONES: " ".join(phones),
    }


def crm_customer_fields(told: Json, *, region: str) -> dict[str, str]:
    """Give the CRM's side of a customer."""
    kind = parties.IdentifierKind
    numbers = {
        normal(kind.PHONE, one.get("number"), region).replace(" ", "")
        for one in told.get("phones") or []
    }
    return {
        "first_name": str(told.get("firstName") or "").strip(),
        "last_name": str(told.get("lastName") or "").strip(),
        "middle_name": str(told.get("patronymic") or "").strip(),
        "email": normal(kind.EMAIL, told.get("email"), region),
        "birthday": str(told.get("birthday") or ""),
        PHONES: " ".join(sorted(number for number in numbers if number)),
    }


def customer_changes(send: Fields) -> dict[str, Any]:
    """Write what the CRM has to take over of a customer."""
    names = {
        "first_name": "firstName",
        "last_name": "lastName",
        "middle_name": "patronymic",
        "email": "email",
        "birthday": "birthday",
    }
    body: dict[str, Any] = {theirs: send[name] for name, theirs in names.items() if name in send}
    if not body.get("birthday", "x"):
        body["birthday"] = None
    if PHONES in send:
        body["phones"] = [{"number": one} for one in send[PHONES].split()]
    return body


def new_customer(party: parties.Party, options: Options) -> dict[str, Any]:
    """Write a customer the CRM does not have."""
    fields = {name: text for name, text in customer_fields(party).items() if text}
    return {
        **customer_changes(fields),
        "externalId": str(party.id),
        "createdAt": crm_moment(party.created_at, options),
    }
