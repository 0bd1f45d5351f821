"""A shop's answer: what it does to the case and to the stock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from hansa.contracts.fulfilment import ShopAnswered
from hansa.modules import orders, stock
from hansa.modules.fulfilment import locked, queries, rows
from hansa.modules.fulfilment.locked import Asked, LockedCase, Part
from hansa.modules.fulfilment.model import (
    PENDING,
    ZERO,
    Answerer,
    LineAnswer,
    Outcome,
    OutcomeKind,
    PartState,
    QuestionState,
    outcome_of,
)
from hansa.modules.fulfilment.reasons import NO_ANSWER
from hansa.modules.fulfilment.refusals import AnswerInvalid, QuestionNotFound
from hansa.modules.fulfilment.shops import get_shop
from hansa.modules.fulfilment.store import cases as sql
from hansa.modules.fulfilment.work import UpdateQuestion
from hansa.runtime.database import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """An answer to a line, decided: how many of the pieces found are kept for the order."""

    part: Part
    answer: LineAnswer
    kept: Decimal
    state: PartState


async def take_answer(
    tx: Transaction,
    *,
    question_id: UUID,
    answers: Sequence[LineAnswer],
    by: Answerer,
    now: datetime,
) -> Outcome:
    """Take what a shop says of some or all lines of a question; see `Outcome.kind`.

    The first answer to a line counts. What is found is kept as far as the order still needs it,
    what is defective or missing is taken off the shop's stock, and a job looks for the rest
    elsewhere. Answers that come late, twice or from strangers change nothing; `told` says so.

    Raises:
        QuestionNotFound: there is none.
        AnswerInvalid: an answer does not add up to what was asked for.
    """
    order_id = await tx.scalar(sql.ORDER_OF_QUESTION, {"question_id": question_id})
    case = None if order_id is None else await locked.lock_case(tx, order_id=order_id)
    if case is None:
        raise QuestionNotFound
    asked = case.questions[question_id]
    kind = await _take(tx, case, asked, answers, by, now)
    question = await queries.get_question(tx, question_id=question_id)
    return Outcome(kind=kind, question=question, told=outcome_of(kind, question))


async def _take(  # noqa: PLR0911, PLR0917 - each way an answer can be refused is a guard
    tx: Transaction,
    case: LockedCase,
    asked: Asked,
    answers: Sequence[LineAnswer],
    by: Answerer,
    now: datetime,
) -> OutcomeKind:
    members = (await get_shop(tx, warehouse_id=asked.warehouse_id)).members
    if by.user_id is None and members and by.user not in members:
        return OutcomeKind.NOT_A_MEMBER
    pairs = _matched(case.of_question(asked.id), answers)
    if asked.state is QuestionState.EXPIRED:
        return OutcomeKind.LATE
    if asked.state is QuestionState.WITHDRAWN:
        return OutcomeKind.WITHDRAWN
    fresh = [(part, answer) for part, answer in pairs if part.state in PENDING]
    if not fresh:
        return _known(pairs)
    if asked.state is QuestionState.OPEN and now >= asked.answer_by:
        await locked.end_question(
            tx, case, asked, QuestionState.EXPIRED, because=NO_ANSWER, now=now
        )
        await locked.look_soon(tx, order_id=case.order_id, now=now)
        return OutcomeKind.LATE
    order = await orders.lock_order(tx, order_id=case.order_id)
    await stock.lock_orders(tx, order_ids=[case.order_id], with_counters=True)
    if order.state is orders.OrderState.CANCELLED:
        await locked.look_soon(tx, order_id=case.order_id, now=now)
        return OutcomeKind.WITHDRAWN
    if asked.state is QuestionState.WAITING:
        await open_early(tx, case, asked, now=now)
    taken = _decide(case, wanted_of(order), fresh)
    await _write(tx, case, asked, taken, by, now)
    return OutcomeKind.TAKEN


def wanted_of(order: orders.Order) -> dict[UUID, Decimal]:
    """Give how many pieces of each variant the order wants, less what was given up."""
    wanted: dict[UUID, Decimal] = {}
    for line in order.lines:
        wanted[line.variant_id] = wanted.get(line.variant_id, ZERO) + line.left
    return wanted


def _matched(parts: Sequence[Part], answers: Sequence[LineAnswer]) -> list[tuple[Part, LineAnswer]]:
    lines = {part.number: part for part in parts}
    if not answers or len({one.line for one in answers}) < len(answers):
        raise AnswerInvalid
    pairs = []
    for answer in answers:
        part = lines.get(answer.line)
        counts = (answer.found, answer.defective, answer.missing)
        if part is None or not all(count.is_finite() and count >= 0 for count in counts):
            raise AnswerInvalid
        if sum(counts, ZERO) != part.asked:
            raise AnswerInvalid
        pairs.append((part, answer))
    return pairs


def _known(pairs: Sequence[tuple[Part, LineAnswer]]) -> OutcomeKind:
    if any(part.found is None for part, _ in pairs):
        return OutcomeKind.WITHDRAWN
    is_same = all(
        (part.found, part.defective, part.missing)
        == (answer.found, answer.defective, answer.missing)
        for part, answer in pairs
    )
    return OutcomeKind.REPEATED if is_same else OutcomeKind.ALREADY_ANSWERED


async def open_early(tx: Transaction, case: LockedCase, asked: Asked, *, now: datetime) -> None:
    """Open a question before its shop does: somebody has called there."""
    asked.answer_by, asked.asked_at = max(now, asked.answer_by), now
    await locked.move_question(tx, asked, QuestionState.OPEN, now=now)
    for part in case.of_question(asked.id):
        if part.state is PartState.PROPOSED:
            await locked.move_part(tx, part, PartState.ASKED, quantity=part.quantity, now=now)


def _decide(
    case: LockedCase,
    wanted: dict[UUID, Decimal],
    fresh: Sequence[tuple[Part, LineAnswer]],
) -> list[_Taken]:
    taken = []
    for part, answer in fresh:
        need = max(ZERO, wanted.get(part.variant_id, ZERO) - case.confirmed(part.variant_id))
        kept = min(answer.found, need)
        if kept:
            state = PartState.CONFIRMED
        else:
            state = PartState.WITHDRAWN if answer.found else PartState.REFUSED
        taken.append(_Taken(part=part, answer=answer, kept=kept, state=state))
    return taken


async def _write(  # noqa: PLR0917 - private: the answer with all it belongs to
    tx: Transaction,
    case: LockedCase,
    asked: Asked,
    taken: Sequence[_Taken],
    by: Answerer,
    now: datetime,
) -> None:
    for one in taken:
        changed = await tx.execute(
            sql.ANSWER_PART,
            {
                "id": one.part.id,
                "state": one.state,
                "quantity": one.kept,
                "found": one.answer.found,
                "defective": one.answer.defective,
                "missing": one.answer.missing,
                "by": rows.text_of(msgspec.to_builtins(by)),
                "now": now,
            },
        )
        assert changed == 1, "the case is locked"
    freed = [(one.part, one.part.quantity - one.kept) for one in taken]
    for one in taken:
        one.part.state, one.part.quantity = one.state, one.kept
    left = [part for part in case.of_question(asked.id) if part.state in PENDING]
    state = QuestionState.OPEN if left else QuestionState.ANSWERED
    await locked.move_question(tx, asked, state, now=now, by=by)
    await locked.tell(
        tx,
        case,
        "answered",
        now=now,
        warehouse_id=asked.warehouse_id,
        question_id=asked.id,
        details={"lines": [_told(one) for one in taken]},
        by=by,
    )
    await tx.publish(
        ShopAnswered(
            order_id=case.order_id,
            number=case.order_number,
            market=case.market,
            question_id=asked.id,
            warehouse_id=asked.warehouse_id,
            variant_ids=tuple(one.part.variant_id for one in taken),
            found=tuple(one.answer.found for one in taken),
            defective=tuple(one.answer.defective for one in taken),
            missing=tuple(one.answer.missing for one in taken),
            answered_at=now,
        )
    )
    await tx.enqueue(UpdateQuestion(question_id=asked.id))
    await locked.look_soon(tx, order_id=case.order_id, now=now)
    await _correct(tx, asked, taken, by, now)
    await locked.free(tx, case, freed, now=now)


def _told(one: _Taken) -> dict[str, object]:
    return {
        "sku": one.part.item.get("sku", ""),
        "name": one.part.item.get("name", {}),
        "asked": one.part.asked,
        "found": one.answer.found,
        "defective": one.answer.defective,
        "missing": one.answer.missing,
        "kept": one.kept,
    }


async def _correct(
    tx: Transaction, asked: Asked, taken: Sequence[_Taken], by: Answerer, now: datetime
) -> None:
    for one in sorted(taken, key=lambda each: each.part.variant_id):
        for kind, quantity in (
            (stock.CorrectionKind.DEFECTIVE, one.answer.defective),
            (stock.CorrectionKind.MISSING, one.answer.missing),
        ):
            if quantity <= 0:
                continue
            await stock.correct(
                tx,
                warehouse_id=asked.warehouse_id,
                variant_id=one.part.variant_id,
                kind=kind,
                quantity=quantity,
                reference=f"question:{asked.id}:{one.part.number}:{kind}",
                note=by.name,
                now=now,
                by=by.user_id,
            )
