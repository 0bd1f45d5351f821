"""Stock: what the ERP has of an item in its warehouses, in whole numbers, not changes."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec

from hansa.kernel.errors import HansaError
from hansa.modules import catalog, stock
from hansa.modules.erp.rest.errors import (
    InstantMissing,
    NegativeQuantity,
    OlderThanKnown,
    QuantityAbsurd,
    QuantityFractional,
    QuantityTooFine,
    UnknownOrder,
)
from hansa.modules.erp.rest.intake import Intake, Message
from hansa.modules.erp.rest.kind import Kind
from hansa.modules.erp.rest.kinds.orders import find_order
from hansa.modules.erp.rest.model import KEY_CHARACTERS_MAX, SEQUENCE_MAX, Outcome
from hansa.modules.erp.rest.rows import Row
from hansa.runtime.database import Transaction

ZERO, ONE = Decimal(0), Decimal(1)
QUANTITY_MAX = Decimal("99999999999.999")
FINEST_EXPONENT = -3
PIECE_UNITS = frozenset({"796", "778", "839", "715", "704", "642"})
"""OKEI codes of what comes whole: piece, package, set, pair, kit, unit."""


class StockRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What there is of an item, by warehouse."""

    stock: Annotated[
        dict[Annotated[str, msgspec.Meta(max_length=KEY_CHARACTERS_MAX)], Decimal],
        msgspec.Meta(
            max_length=1_000,
            description="Quantity by warehouse; an empty name is that of undivided stock",
        ),
    ]
    contains: Annotated[
        list[Annotated[str, msgspec.Meta(max_length=100)]],
        msgspec.Meta(
            max_length=200,
            description="Orders (numbers or ids) and corrections (ids) these numbers include",
        ),
    ] = msgspec.field(default_factory=list)
    watermark: (
        Annotated[
            int,
            msgspec.Meta(
                ge=0,
                le=SEQUENCE_MAX,
                description="Number of the last message with an order these numbers account for",
            ),
        ]
        | None
    ) = None


def parts(row: StockRow) -> frozenset[str]:
    """Name the warehouses of a row: each is ordered by itself."""
    return frozenset(row.stock)


async def apply(tx: Transaction, intake: Intake, messages: Sequence[Message[StockRow]]) -> None:
    """Set the quantities; rows of unknown items wait for them."""
    variants = await intake.ids(tx, "variant", (message.row.key for message in messages))
    known = []
    for message in messages:
        if message.row.as_of is None:
            message.fate.refuse(InstantMissing(), "as_of")
        elif message.row.key not in variants:
            intake.wait(message, waits_for=message.row.key)
        else:
            known.append(message)
    units = await _units(tx, known, variants)
    numbers = await _orders(tx, known)
    levels: list[stock.Level] = []
    for message in known:
        found = await _levels(tx, intake, message, variants[message.row.key], units, numbers)
        levels += found
        if not found:
            _settle_without(message)
    if levels:
        result = await stock.set_levels(
            tx,
            source=intake.connection.source,
            levels=levels,
            now=intake.now,
            policy=stock.Containment(intake.connection.stock_policy),
        )
        for message in known:
            if message.fate.outcome is None:
                _settle(message, variants[message.row.key], result)


def _settle(message: Message[StockRow], variant_id: UUID, result: stock.LevelResult) -> None:
    if variant_id in result.changed_variants:
        message.fate.settle(Outcome.APPLIED)
    elif result.stale and variant_id not in result.written_variants:
        message.fate.settle(Outcome.STALE, OlderThanKnown(), "as_of")
    else:
        message.fate.settle(Outcome.UNCHANGED)


def _settle_without(message: Message[StockRow]) -> None:
    fate = message.fate
    if fate.notes:
        fate.outcome, fate.told = Outcome.REFUSED, fate.notes.pop(0)
    else:
        fate.settle(Outcome.UNCHANGED)


async def _levels(  # noqa: PLR0917 - what was read for all rows at once
    tx: Transaction,
    intake: Intake,
    message: Message[StockRow],
    variant_id: UUID,
    units: Mapping[UUID, str],
    numbers: Mapping[str, UUID],
) -> list[stock.Level]:
    row, fate = message.row, message.fate
    contains: frozenset[UUID] = frozenset()
    if row.contains:
        contains = frozenset(numbers[one] for one in row.contains if one in numbers)
        for one in row.contains:
            if one not in numbers:
                fate.note(UnknownOrder(one), "contains")
    levels: list[stock.Level] = []
    taken = set()
    places = await intake.places(tx)
    for warehouse, quantity in row.stock.items():
        if warehouse not in message.takes:
            continue
        place = places.get(warehouse)
        if place is None or not _is_plain(quantity):
            at = f"stock.{warehouse}"
            try:
                place = await intake.place(tx, warehouse)
                _check(quantity, units.get(variant_id))
            except HansaError as error:
                fate.leave_out(error, at)
                continue
            if quantity < 0:
                fate.note(NegativeQuantity(f"{quantity:f}"), at)
        taken.add(warehouse)
        levels.append(
            stock.Level(
                warehouse_id=place,
                variant_id=variant_id,
                on_hand=quantity,
                as_of=message.as_of,
                contains=contains,
                watermark=row.watermark,
            )
        )
    message.takes = frozenset(taken)
    return levels


def _is_plain(quantity: Decimal) -> bool:
    """Say whether it is an ordinary whole number, as nearly all are: nothing is to be told."""
    return quantity.is_finite() and ZERO <= quantity <= QUANTITY_MAX and not quantity % ONE


def _check(quantity: Decimal, unit: str | None) -> None:
    """Refuse what is no quantity of the item; `unit` is told for fractions only.

    Raises:
        QuantityAbsurd, QuantityTooFine, QuantityFractional: as their names say.
    """
    if not quantity.is_finite() or abs(quantity) > QUANTITY_MAX:
        raise QuantityAbsurd(str(quantity)[:40])
    if not _is_fraction(quantity):
        return
    exponent = quantity.normalize().as_tuple().exponent
    if isinstance(exponent, int) and exponent < FINEST_EXPONENT:
        raise QuantityTooFine(str(quantity)[:40])
    if unit in PIECE_UNITS:
        raise QuantityFractional(f"{quantity:f}")


def _is_fraction(quantity: Decimal) -> bool:
    return quantity.is_finite() and abs(quantity) <= QUANTITY_MAX and bool(quantity % ONE)


async def _units(
    tx: Transaction, messages: Sequence[Message[StockRow]], variants: Mapping[str, UUID]
) -> dict[UUID, str]:
    """Give the units of the items that have a fraction somewhere."""
    wanted = [
        variants[message.row.key]
        for message in messages
        if not all(map(_is_plain, message.row.stock.values()))
    ]
    if not wanted:
        return {}
    found = await catalog.get_variants(tx, variant_ids=wanted)
    return {one: variant.unit for one, variant in found.items()}


async def _orders(tx: Transaction, messages: Sequence[Message[StockRow]]) -> dict[str, UUID]:
    """Give the orders that rows say are contained, by what they are called."""
    found: dict[str, UUID] = {}
    for name in {one for message in messages for one in message.row.contains}:
        order_id = await _contained(tx, name)
        if order_id is not None:
            found[name] = order_id
    return found


async def _contained(tx: Transaction, name: str) -> UUID | None:
    """Give the id of an order by its number or id, or of a shop's correction by its id."""
    order = await find_order(tx, name)
    if order is not None:
        return order.id
    try:
        return (await stock.get_correction(tx, correction_id=UUID(name))).id
    except (ValueError, stock.CorrectionNotFound):
        return None


STOCK = Kind(
    name="stock",
    title="Set stock",
    owned="stock",
    row=StockRow,
    parts=parts,
    apply=apply,
    example={
        "key": "e7f1b1d2-7a01-11ee-9c3e-00155d0a0b01#2",
        "sequence": 17,
        "as_of": "2026-11-22T10:00:00+03:00",
        "stock": {"central": 12, "tverskaya": 0},
        "contains": ["A-100017"],
    },
)
