"""Gift sets: what comes with an order whose goods cost enough."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec

from hansa.kernel.errors import HansaError
from hansa.kernel.identifiers import new_id
from hansa.kernel.money import money_from_decimal
from hansa.kernel.periods import Period
from hansa.modules import promotions
from hansa.modules.erp.importing.desk import Reference
from hansa.modules.erp.rest.errors import OtherCurrency, QuantityAbsurd
from hansa.modules.erp.rest.intake import Intake, Message
from hansa.modules.erp.rest.kind import Kind
from hansa.modules.erp.rest.model import KEY_CHARACTERS_MAX, Outcome
from hansa.modules.erp.rest.rows import Row
from hansa.runtime.database import Transaction

AMOUNT_MAX = Decimal(10) ** 12
ITEMS_MAX = 20


class GiftOfSet(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many of an item."""

    item: Annotated[str, msgspec.Meta(min_length=1, max_length=KEY_CHARACTERS_MAX)]
    quantity: Decimal = Decimal(1)


class GiftSetRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A gift set whole; instants without an offset are in the connection's time zone."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
    minimum: Decimal
    items: Annotated[list[GiftOfSet], msgspec.Meta(min_length=1, max_length=ITEMS_MAX)]
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")] | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    priority: Annotated[int, msgspec.Meta(ge=-1000, le=1000)] = 0
    is_active: bool = True


async def apply(tx: Transaction, intake: Intake, messages: Sequence[Message[GiftSetRow]]) -> None:
    """Save gift sets; one with an item that is not known yet waits for it."""
    named = {gift.item for message in messages for gift in message.row.items}
    items = await intake.variants(tx, named)
    for message in messages:
        missing = next((one.item for one in message.row.items if one.item not in items), None)
        if missing is not None:
            intake.wait(message, waits_for=missing)
            continue
        try:
            saved = await promotions.save_gift_sets(
                tx, gift_sets=[_gift_set(intake, message.row, items)], by=None, now=intake.now
            )
        except HansaError as error:
            message.fate.refuse(error, str(getattr(error, "field", "")))
        else:
            message.fate.settle(Outcome.UNCHANGED if saved.unchanged else Outcome.APPLIED)


def _gift_set(
    intake: Intake, row: GiftSetRow, items: Mapping[str, Reference]
) -> promotions.GiftSet:
    connection = intake.connection
    if row.currency is not None and row.currency != connection.currency:
        raise OtherCurrency(row.currency, connection.currency)
    if not row.minimum.is_finite() or not 0 <= row.minimum <= AMOUNT_MAX:
        raise QuantityAbsurd(str(row.minimum)[:40])
    gifts: dict[UUID, Decimal] = {}
    for gift in row.items:
        variant_id = items[gift.item].internal_id
        gifts[variant_id] = gifts.get(variant_id, Decimal(0)) + gift.quantity
    return promotions.GiftSet(
        id=new_id(intake.now),
        code=f"{connection.code}:{row.key}",
        market=connection.market,
        name=intake.desk.named(row.name),
        minimum=money_from_decimal(row.minimum, connection.currency),
        items=tuple(
            promotions.GiftItem(variant_id=variant_id, quantity=quantity)
            for variant_id, quantity in gifts.items()
        ),
        valid=Period(_instant(intake, row.starts_at), _instant(intake, row.ends_at)),
        priority=row.priority,
        is_active=row.is_active,
        source=connection.source,
    )


def _instant(intake: Intake, told: datetime | None) -> datetime | None:
    if told is None or told.tzinfo is not None:
        return told
    return intake.connection.instant(told)


GIFT_SETS = Kind(
    name="gift-sets",
    title="Make or change gift sets",
    owned="gift_sets",
    row=GiftSetRow,
    apply=apply,
    rows_per_transaction=50,
    example={
        "key": "GIFT-7",
        "sequence": 1,
        "as_of": "2026-11-22T09:00:00+03:00",
        "name": "Шарф к заказу от 10 000",
        "minimum": "10000.00",
        "items": [{"item": "e7f1b1d2-7a01-11ee-9c3e-00155d0a0b01#2", "quantity": 1}],
        "ends_at": "2026-12-31T23:59:59+03:00",
    },
)
