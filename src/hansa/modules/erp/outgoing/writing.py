"""How numbers, instants and addresses are written in messages."""

from datetime import UTC, datetime
from decimal import Decimal

from hansa.modules import orders


def decimal_text(number: Decimal | int) -> str:
    """Write a number without an exponent and without needless zeros: 3 and 0.5, not 3.000."""
    text = f"{Decimal(number):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def instant(at: datetime) -> str:
    """Write an instant in UTC (RFC 3339)."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def instant_or_none(at: datetime | None) -> str | None:
    """Write an instant if there is one."""
    return None if at is None else instant(at)


def address_line(delivery: orders.Delivery) -> str:
    """Write where an order goes in one line."""
    place = delivery.address
    if place is None:
        return delivery.warehouse_address
    parts = (place.postcode, place.region, place.city, place.street, place.house, place.flat)
    return ", ".join(part for part in parts if part)
