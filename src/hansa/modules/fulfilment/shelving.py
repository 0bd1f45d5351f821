"""What a case has on shelves: only what it still needs, and that for certain."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from hansa.modules import stock
from hansa.modules.fulfilment import allotting, locked
from hansa.modules.fulfilment.locked import Asked, LockedCase, Part
from hansa.modules.fulfilment.model import (
    ALLOCATED,
    PENDING,
    ZERO,
    PartState,
    QuestionState,
)
from hansa.modules.fulfilment.reasons import FOUND_ELSEWHERE
from hansa.modules.fulfilment.rules import Taken
from hansa.modules.fulfilment.work import UpdateQuestion
from hansa.runtime.database import Transaction

Shelf = tuple[UUID, UUID]


async def drop_surplus(
    tx: Transaction, case: LockedCase, wanted: Mapping[UUID, Decimal], *, now: datetime
) -> None:
    """Let go of what is confirmed above what is wanted, and of questions nobody needs any more.

    Of what is confirmed, that goes first which the stock has let go already (goods of the order
    were released), then the latest.
    """
    freed: list[tuple[Part, Decimal]] = []
    bound = await _bound(tx, case)
    confirmed = [part for part in reversed(case.parts) if part.state is PartState.CONFIRMED]
    confirmed.sort(
        key=lambda part: bound.get(_shelf(part), ZERO) >= part.quantity or not part.is_bound
    )
    for part in confirmed:
        surplus = case.confirmed(part.variant_id) - wanted.get(part.variant_id, ZERO)
        if surplus <= 0:
            continue
        left = max(ZERO, part.quantity - surplus)
        freed.append((part, part.quantity - left))
        state = PartState.CONFIRMED if left else PartState.WITHDRAWN
        await locked.move_part(tx, part, state, quantity=left or None, now=now)
        await _show(tx, part)
    for part in case.pending():
        if case.confirmed(part.variant_id) >= wanted.get(part.variant_id, ZERO):
            freed.append((part, part.quantity))
            await locked.move_part(tx, part, PartState.WITHDRAWN, now=now)
            await _show(tx, part)
    await locked.free(tx, case, freed, now=now)
    await close_idle(tx, case, now=now)


async def close_idle(tx: Transaction, case: LockedCase, *, now: datetime) -> None:
    """End the questions none of whose lines is wanted any more."""
    for asked in list(case.questions.values()):
        if asked.state in {QuestionState.OPEN, QuestionState.WAITING}:
            await _close_if_idle(tx, case, asked, now=now)


async def _close_if_idle(tx: Transaction, case: LockedCase, asked: Asked, *, now: datetime) -> None:
    parts = case.of_question(asked.id)
    if any(part.state in PENDING for part in parts):
        return
    if asked.state is QuestionState.OPEN and any(part.found is not None for part in parts):
        await locked.move_question(tx, asked, QuestionState.ANSWERED, now=now)
        return
    await locked.end_question(
        tx, case, asked, QuestionState.WITHDRAWN, because=FOUND_ELSEWHERE, now=now
    )


async def repair(tx: Transaction, case: LockedCase, *, now: datetime) -> None:
    """Set aside again what the stock let go of although it is still needed here.

    A release of goods of the order takes claims from shelves as it finds them. What somebody else
    has taken since then is looked for elsewhere.
    """
    bound = await _bound(tx, case)
    for part in case.parts:
        if part.state not in ALLOCATED or not part.is_bound:
            continue
        has = min(bound.get(_shelf(part), ZERO), part.quantity)
        bound[_shelf(part)] = bound.get(_shelf(part), ZERO) - has
        if has == part.quantity:
            continue
        lost = Taken(part.warehouse_id, part.variant_id, part.quantity - has)
        try:
            await allotting.set_aside(tx, case, [lost], now=now)
        except stock.ShelfShort:
            is_certain = part.state is PartState.CONFIRMED
            state = PartState.REFUSED if is_certain else PartState.WITHDRAWN
            await locked.free(tx, case, [(part, has)], now=now)
            await locked.move_part(tx, part, state, now=now)
            await locked.tell(tx, case, "lost", now=now, warehouse_id=part.warehouse_id)
            await _show(tx, part)
    await close_idle(tx, case, now=now)


async def _bound(tx: Transaction, case: LockedCase) -> dict[Shelf, Decimal]:
    return {
        (one.warehouse_id, one.variant_id): one.quantity
        for one in await stock.list_bindings(tx, order_ids=[case.order_id])
    }


def _shelf(part: Part) -> Shelf:
    return part.warehouse_id, part.variant_id


async def _show(tx: Transaction, part: Part) -> None:
    if part.question_id is not None:
        await tx.enqueue(UpdateQuestion(question_id=part.question_id))
