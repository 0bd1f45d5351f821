"""Reading cases and questions."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from hansa.modules.fulfilment import rows
from hansa.modules.fulfilment.model import (
    Allocation,
    CaseState,
    PartState,
    Progress,
    ProgressPart,
    Question,
)
from hansa.modules.fulfilment.refusals import QuestionNotFound
from hansa.modules.fulfilment.shops import names_of_warehouses
from hansa.modules.fulfilment.store import reading as sql
from hansa.runtime.database import Row, Snapshot


async def get_question(snap: Snapshot, *, question_id: UUID) -> Question:
    """Give a question as it is now.

    Raises:
        QuestionNotFound: there is none.
    """
    row = await snap.maybe(sql.GET_QUESTION, {"id": question_id})
    if row is None:
        raise QuestionNotFound
    [question] = await questions_of(snap, [row])
    return question


async def list_open_questions(
    snap: Snapshot,
    *,
    warehouse_id: UUID | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[Question]:
    """Give questions that wait for an answer, the most urgent first.

    `after` is (answer_by, id) of the last one shown.
    """
    found = await snap.all(
        sql.LIST_OPEN_QUESTIONS,
        {
            "warehouse_id": warehouse_id,
            "after_at": after[0] if after else None,
            "after_id": after[1] if after else None,
            "limit": limit,
        },
    )
    return await questions_of(snap, found)


async def questions_of(snap: Snapshot, found: Sequence[Row]) -> list[Question]:
    """Give questions whole: rows with their lines and the names of their shops."""
    if not found:
        return []
    parts: dict[UUID, list[Row]] = defaultdict(list)
    for part in await snap.all(sql.PARTS_OF_QUESTIONS, {"ids": [row.id for row in found]}):
        parts[part.question_id].append(part)
    names = {one.id: one.name for one in (await names_of_warehouses(snap)).values()}
    return [rows.question_of(row, parts[row.id], names) for row in found]


async def allocations_of(
    snap: Snapshot, *, order_ids: Sequence[UUID]
) -> dict[UUID, tuple[Allocation, ...]]:
    """Give for each order which warehouses its pieces come from, as far as is known."""
    found: dict[UUID, tuple[Allocation, ...]] = dict.fromkeys(order_ids, ())
    for row in await snap.all(sql.ALLOCATED_PARTS, {"order_ids": list(order_ids)}):
        found[row.order_id] += (
            Allocation(row.variant_id, row.warehouse_id, row.quantity, PartState(row.state)),
        )
    return found


async def progress_of(snap: Snapshot, *, order_id: UUID) -> Progress | None:
    """Give what a shopper may know of the search for the goods; None before it begins."""
    case = await snap.maybe(sql.CASES_OF, {"order_ids": [order_id]})
    if case is None:
        return None
    names = {one.id: one.name for one in (await names_of_warehouses(snap)).values()}
    parts = await snap.all(sql.ALLOCATED_PARTS, {"order_ids": [order_id]})
    asked = list(dict.fromkeys(part.warehouse_id for part in parts if part.state == "asked"))
    return Progress(
        state=CaseState(case.state),
        asked_shops=tuple(names.get(one, {}) for one in asked),
        answer_by=await snap.scalar(sql.LAST_ANSWER_BY, {"order_id": order_id}),
        parts=tuple(
            ProgressPart(
                variant_id=part.variant_id,
                quantity=part.quantity,
                state=part.state,
                warehouse=names.get(part.warehouse_id)
                if part.state == PartState.CONFIRMED
                else None,
            )
            for part in parts
        ),
    )
