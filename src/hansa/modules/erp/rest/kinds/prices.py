"""Prices of items by price type."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec

from hansa.kernel.errors import HansaError
from hansa.modules import pricing
from hansa.modules.erp.rest.errors import (
    OtherCurrency,
    PriceKept,
    QuantityAbsurd,
    UnknownPriceType,
)
from hansa.modules.erp.rest.intake import Intake, Message
from hansa.modules.erp.rest.kind import Kind
from hansa.modules.erp.rest.model import KEY_CHARACTERS_MAX, Outcome
from hansa.modules.erp.rest.rows import Row
from hansa.runtime.database import Transaction

ONE = Decimal(1)
EXPONENT_MAX = 11


class PriceOfType(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One price; an amount of zero takes it away."""

    type: Annotated[
        str, msgspec.Meta(max_length=KEY_CHARACTERS_MAX, description="Outside id of the type")
    ]
    amount: Decimal
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")] | None = None
    min_quantity: Decimal = ONE
    compare_at: Decimal | None = None


class PriceRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The prices of an item; those not named stay."""

    prices: Annotated[list[PriceOfType], msgspec.Meta(max_length=500)]


def parts(row: PriceRow) -> frozenset[str]:
    """Name the prices of a row: each is ordered by itself."""
    return frozenset(part_of(price) for price in row.prices)


def part_of(price: PriceOfType) -> str:
    """Name a price by its type and the quantity it begins at."""
    return f"{price.type}@{_written(price.min_quantity)}"


def _written(number: Decimal) -> str:
    if not _is_ordinary(number):
        return str(number)[:40]
    return f"{number.normalize():f}"


def _is_ordinary(number: Decimal) -> bool:
    return number.is_finite() and abs(number.adjusted()) <= EXPONENT_MAX


async def apply(tx: Transaction, intake: Intake, messages: Sequence[Message[PriceRow]]) -> None:
    """Set prices; rows of unknown items wait for them."""
    items = await intake.ids(tx, "variant", (message.row.key for message in messages))
    known_types = await intake.desk.all_of(tx, "price_type")
    lists = {one.id: one for one in await pricing.list_price_lists(tx)}
    types = {
        name: lists[each.internal_id]
        for name, each in known_types.items()
        if each.internal_id in lists
    }
    wanted: list[pricing.Price] = []
    known: dict[UUID, list[Message[PriceRow]]] = {}
    for message in messages:
        item = items.get(message.row.key)
        if item is None:
            intake.wait(message, waits_for=message.row.key)
        elif found := _prices(message, item, types):
            wanted += found
            known.setdefault(item, []).append(message)
        else:
            _settle_without(message)
    gone = [
        pricing.PriceKey(price.price_list_id, price.variant_id, price.min_quantity)
        for price in wanted
        if price.amount == 0
    ]
    removed = await pricing.remove_prices(tx, keys=gone, now=intake.now) if gone else ()
    result = await pricing.set_prices(
        tx, prices=[price for price in wanted if price.amount], now=intake.now
    )
    _settle(known, result, removed={key.variant_id for key in removed}, gone=gone)


def _settle(
    known: Mapping[UUID, Sequence[Message[PriceRow]]],
    result: pricing.SaveResult,
    *,
    removed: set[UUID],
    gone: Sequence[pricing.PriceKey],
) -> None:
    for price in result.kept:
        for message in known[price.variant_id]:
            message.fate.note(PriceKept(), "prices")
    for refusal in result.refused:
        for message in known[refusal.price.variant_id]:
            message.fate.leave_out(refusal.error, "prices")
    changed = removed | {price.variant_id for price in (*result.created, *result.changed)}
    same = {price.variant_id for price in (*result.unchanged, *result.kept)}
    same |= {key.variant_id for key in gone}
    for variant_id, messages in known.items():
        for message in messages:
            if variant_id in changed:
                message.fate.settle(Outcome.APPLIED)
            elif variant_id in same:
                message.fate.settle(Outcome.UNCHANGED)
            else:
                _settle_without(message)


def _settle_without(message: Message[PriceRow]) -> None:
    fate = message.fate
    if fate.notes:
        fate.outcome, fate.told = Outcome.REFUSED, fate.notes.pop(0)
    else:
        fate.settle(Outcome.UNCHANGED)


def _prices(
    message: Message[PriceRow], variant_id: UUID, types: Mapping[str, pricing.PriceList]
) -> list[pricing.Price]:
    found: dict[str, pricing.Price] = {}
    refused = set()
    for place, price in enumerate(message.row.prices):
        part = part_of(price)
        if part not in message.takes:
            continue
        try:
            found[part] = _price(price, variant_id, types)
        except HansaError as error:
            message.fate.leave_out(error, f"prices[{place}]")
            refused.add(part)
    message.takes = frozenset(found)
    return list(found.values())


def _price(
    price: PriceOfType, variant_id: UUID, types: Mapping[str, pricing.PriceList]
) -> pricing.Price:
    price_list = types.get(price.type)
    if price_list is None:
        raise UnknownPriceType(price.type)
    if price.currency is not None and price.currency != price_list.currency:
        raise OtherCurrency(price.currency, price_list.currency)
    for number in (price.amount, price.min_quantity, price.compare_at):
        if number is not None and (not _is_ordinary(number) or number < 0):
            raise QuantityAbsurd(str(number)[:40])
    return pricing.Price(
        price_list_id=price_list.id,
        variant_id=variant_id,
        amount=price.amount,
        min_quantity=price.min_quantity if price.min_quantity > 0 else ONE,
        compare_at=price.compare_at,
    )


PRICES = Kind(
    name="prices",
    title="Set prices",
    owned="prices",
    row=PriceRow,
    parts=parts,
    apply=apply,
    example={
        "key": "e7f1b1d2-7a01-11ee-9c3e-00155d0a0b01#2",
        "sequence": 4,
        "as_of": "2026-11-22T10:00:00+03:00",
        "prices": [{"type": "retail", "amount": "1990.00", "currency": "RUB"}],
    },
)
