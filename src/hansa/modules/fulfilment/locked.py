"""A case with its row locked: what is read of it at once, and the small steps that change it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from hansa.modules import stock
from hansa.modules.fulfilment import rows
from hansa.modules.fulfilment.model import (
    PART_TRANSITIONS,
    PENDING,
    QUESTION_TRANSITIONS,
    ZERO,
    Answerer,
    CaseState,
    PartState,
    QuestionState,
)
from hansa.modules.fulfilment.store import cases as sql
from hansa.modules.fulfilment.work import LookAtCase, UpdateQuestion
from hansa.runtime.database import Transaction


@dataclass(slots=True, kw_only=True)
class Part:
    """Pieces of a line in one warehouse; see `model.PartState`."""

    id: UUID
    variant_id: UUID
    warehouse_id: UUID
    state: PartState
    asked: Decimal
    quantity: Decimal
    lane: int
    is_bound: bool
    question_id: UUID | None
    number: int
    item: Mapping[str, Any]
    made_at: datetime
    found: Decimal | None
    defective: Decimal | None
    missing: Decimal | None


@dataclass(slots=True, kw_only=True)
class Asked:
    """A question of the case."""

    id: UUID
    warehouse_id: UUID
    state: QuestionState
    is_by_hand: bool
    asked_at: datetime
    answer_by: datetime
    because: str


@dataclass(slots=True, kw_only=True)
class LockedCase:
    """A case whose row this transaction holds."""

    order_id: UUID
    order_number: str
    market: str
    channel: str
    shop_id: UUID | None
    state: CaseState
    reason: str
    look_at: datetime | None
    hold_ends_at: datetime | None
    forgiven_at: datetime | None
    parts: list[Part]
    questions: dict[UUID, Asked]

    def confirmed(self, variant_id: UUID) -> Decimal:
        """Give how many pieces are there for certain."""
        return sum(
            (
                part.quantity
                for part in self.parts
                if part.variant_id == variant_id and part.state is PartState.CONFIRMED
            ),
            ZERO,
        )

    def refused(self) -> frozenset[tuple[UUID, UUID]]:
        """Give the shelves that were asked in vain, since the last time all was forgiven."""
        return frozenset(
            (part.warehouse_id, part.variant_id)
            for part in self.parts
            if part.state in {PartState.REFUSED, PartState.EXPIRED}
            or (part.state is PartState.CONFIRMED and part.quantity < part.asked)
            if self.forgiven_at is None or part.made_at > self.forgiven_at
        )

    def pending(self, variant_id: UUID | None = None) -> list[Part]:
        """Give the parts shops are being asked for, or will be."""
        return [
            part
            for part in self.parts
            if part.state in PENDING and variant_id in {None, part.variant_id}
        ]

    def of_question(self, question_id: UUID) -> list[Part]:
        """Give the lines of a question."""
        return [part for part in self.parts if part.question_id == question_id]


async def lock_case(tx: Transaction, *, order_id: UUID) -> LockedCase | None:
    """Lock the case of an order and read it whole."""
    row = await tx.maybe(sql.LOCK_CASE, {"order_id": order_id})
    if row is None:
        return None
    parts = [
        Part(
            id=part.id,
            variant_id=part.variant_id,
            warehouse_id=part.warehouse_id,
            state=PartState(part.state),
            asked=part.asked,
            quantity=part.quantity,
            lane=part.lane,
            is_bound=part.is_bound,
            question_id=part.question_id,
            number=part.number,
            item=part.item,
            made_at=part.made_at,
            found=part.found,
            defective=part.defective,
            missing=part.missing,
        )
        for part in await tx.all(sql.PARTS_OF, {"order_id": order_id})
    ]
    questions = {
        one.id: Asked(
            id=one.id,
            warehouse_id=one.warehouse_id,
            state=QuestionState(one.state),
            is_by_hand=one.is_by_hand,
            asked_at=one.asked_at,
            answer_by=one.answer_by,
            because=one.ended_because,
        )
        for one in await tx.all(sql.QUESTIONS_OF, {"order_id": order_id})
    }
    return LockedCase(
        order_id=row.order_id,
        order_number=row.order_number,
        market=row.market,
        channel=row.channel,
        shop_id=row.shop_id,
        state=CaseState(row.state),
        reason=row.reason,
        look_at=row.look_at,
        hold_ends_at=row.hold_ends_at,
        forgiven_at=row.forgiven_at,
        parts=parts,
        questions=questions,
    )


async def tell(  # noqa: PLR0913 - what happened, where, to what and by whom
    tx: Transaction,
    case: LockedCase,
    kind: str,
    *,
    now: datetime,
    warehouse_id: UUID | None = None,
    question_id: UUID | None = None,
    details: Mapping[str, Any] | None = None,
    by: Answerer | None = None,
) -> None:
    """Add a sentence to the story of a case."""
    await tx.execute(
        sql.ADD_EVENT,
        {
            "order_id": case.order_id,
            "now": now,
            "kind": kind,
            "warehouse_id": warehouse_id,
            "question_id": question_id,
            "details": rows.text_of(details or {}),
            "by": None if by is None else rows.text_of(msgspec.to_builtins(by)),
        },
    )


async def move_part(
    tx: Transaction, part: Part, state: PartState, *, quantity: Decimal | None = None, now: datetime
) -> None:
    """Lead a part to another state; without `quantity` none of its pieces stay."""
    assert state in PART_TRANSITIONS[part.state] or state is part.state, (part.state, state)
    kept = ZERO if quantity is None else quantity
    changed = await tx.execute(
        sql.SAVE_PART,
        {
            "id": part.id,
            "state": state,
            "quantity": kept,
            "state_was": part.state,
            "now": now,
        },
    )
    assert changed == 1, "the case is locked"
    part.state, part.quantity = state, kept


async def move_question(
    tx: Transaction,
    asked: Asked,
    state: QuestionState,
    *,
    now: datetime,
    because: str = "",
    by: Answerer | None = None,
) -> bool:
    """Lead a question to another state; False if somebody was faster. The message is brought up."""
    assert state in QUESTION_TRANSITIONS[asked.state] or state is asked.state, (asked.state, state)
    changed = await tx.execute(
        sql.SAVE_QUESTION,
        {
            "id": asked.id,
            "state": state,
            "state_was": asked.state,
            "asked_at": asked.asked_at,
            "answer_by": asked.answer_by,
            "by": None if by is None else rows.text_of(msgspec.to_builtins(by)),
            "because": because or asked.because,
            "now": now,
        },
    )
    if not changed:
        return False
    asked.state, asked.because = state, because or asked.because
    await tx.enqueue(UpdateQuestion(question_id=asked.id))
    return True


async def free(
    tx: Transaction, case: LockedCase, pieces: Iterable[tuple[Part, Decimal]], *, now: datetime
) -> None:
    """Put pieces of parts back on their shelves, as far as they were set aside by this case."""
    parts = [
        stock.Binding(part.variant_id, part.warehouse_id, quantity)
        for part, quantity in pieces
        if part.is_bound and quantity > 0
    ]
    if parts:
        await stock.unbind(tx, order_id=case.order_id, parts=merged(parts), now=now)


def merged(parts: Sequence["stock.Binding"]) -> list["stock.Binding"]:
    """Add up bindings of one shelf, in the order in which shelves are locked."""
    sums: dict[tuple[UUID, UUID], Decimal] = {}
    for part in parts:
        key = (part.variant_id, part.warehouse_id)
        sums[key] = sums.get(key, ZERO) + part.quantity
    return [stock.Binding(*key, quantity) for key, quantity in sorted(sums.items())]


async def end_question(
    tx: Transaction,
    case: LockedCase,
    asked: Asked,
    state: QuestionState,
    *,
    because: str,
    now: datetime,
) -> None:
    """End a question nobody has answered (in full): its open lines are given back."""
    part_state = PartState.EXPIRED if state is QuestionState.EXPIRED else PartState.WITHDRAWN
    open_parts = [part for part in case.of_question(asked.id) if part.state in PENDING]
    freed = [(part, part.quantity) for part in open_parts]
    for part in open_parts:
        await move_part(tx, part, part_state, now=now)
    await move_question(tx, asked, state, now=now, because=because)
    await tell(
        tx,
        case,
        str(state),
        now=now,
        warehouse_id=asked.warehouse_id,
        question_id=asked.id,
        details={"because": because},
    )
    await free(tx, case, freed, now=now)


async def save_case(
    tx: Transaction, case: LockedCase, *, now: datetime, **changes: Any
) -> LockedCase:
    """Write the case's row."""
    saved = replace(case, **changes)
    await tx.execute(
        sql.SAVE_CASE,
        {
            "order_id": saved.order_id,
            "state": saved.state,
            "reason": saved.reason,
            "look_at": saved.look_at,
            "hold_ends_at": saved.hold_ends_at,
            "forgiven_at": saved.forgiven_at,
            "now": now,
        },
    )
    return saved


async def look_soon(tx: Transaction, *, order_id: UUID, now: datetime) -> None:
    """Have a case looked at as soon as this transaction is committed."""
    await tx.execute(sql.LOOK_SOON, {"order_id": order_id, "now": now})
    await tx.enqueue(LookAtCase(order_id=order_id))
