"""Cases whole, for people: what was decided and why, who was asked, what happened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from hansa.modules.fulfilment import rows
from hansa.modules.fulfilment.model import Answerer, CaseState, PartState, Question
from hansa.modules.fulfilment.queries import questions_of
from hansa.modules.fulfilment.refusals import CaseNotFound
from hansa.modules.fulfilment.rules import Reason
from hansa.modules.fulfilment.store import notices as notice_sql
from hansa.modules.fulfilment.store import reading as sql
from hansa.runtime.database import Row, Snapshot

_EVENTS_MAX = 500
_DECISIONS_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSummary:
    """The search for the goods of an order, as lists show it."""

    order_id: UUID
    order_number: str
    market: str
    state: CaseState
    reason: str
    opened_at: datetime
    changed_at: datetime
    look_at: datetime | None
    hold_ends_at: datetime | None
    shop_id: UUID | None = None
    open_questions: int = 0
    questions: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePart:
    """Pieces looked for in a warehouse; `quantity` of the `asked` stand for the order now."""

    id: UUID
    variant_id: UUID
    warehouse_id: UUID
    state: PartState
    asked: Decimal
    quantity: Decimal
    question_id: UUID | None
    item: Mapping[str, Any]
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvent:
    """Something that happened; `kind` and `details` are told in words by whoever shows it."""

    at: datetime
    kind: str
    warehouse_id: UUID | None
    question_id: UUID | None
    details: Mapping[str, Any]
    by: Answerer | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a rule thought of a warehouse for an item."""

    rule: str
    warehouse_id: UUID
    variant_id: UUID
    reason: Reason
    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Why goods come from here and not from there."""

    decided_at: datetime
    cause: str
    taken: tuple[tuple[UUID, UUID, Decimal], ...]
    short: tuple[tuple[UUID, Decimal], ...]
    judged: tuple[Judged, ...]
    compared: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseStory:
    """A case whole; decisions newest first, events oldest first."""

    case: CaseSummary
    parts: tuple[CasePart, ...]
    questions: tuple[Question, ...]
    events: tuple[CaseEvent, ...]
    decisions: tuple[Decision, ...]


async def list_cases(
    snap: Snapshot,
    *,
    states: Sequence[CaseState] = tuple(CaseState),
    search: str = "",
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[CaseSummary]:
    """Give cases, what changed last first; `after` is (changed_at, order_id) of the last shown."""
    found = await snap.all(
        sql.LIST_CASES,
        {
            "states": [str(one) for one in states],
            "search": search,
            "after_at": after[0] if after else None,
            "after_id": after[1] if after else None,
            "limit": limit,
        },
    )
    return [_summary(row) for row in found]


async def count_cases(snap: Snapshot) -> dict[CaseState, int]:
    """Give how many cases stand in each state, those that ended left out."""
    return {CaseState(row.state): row.count for row in await snap.all(sql.COUNT_CASES)}


async def count_questions(snap: Snapshot) -> dict[UUID, tuple[int, int]]:
    """Give for each shop how many questions are open there, and how many wait for it to open."""
    return {
        row.warehouse_id: (row.open, row.waiting) for row in await snap.all(sql.COUNT_QUESTIONS)
    }


async def list_waiting_questions(
    snap: Snapshot, *, warehouse_id: UUID | None = None, limit: int = 50
) -> list[Question]:
    """Give questions that wait for their shop to open, the next to open first."""
    asked = {"warehouse_id": warehouse_id, "limit": limit}
    return await questions_of(snap, await snap.all(sql.LIST_WAITING_QUESTIONS, asked))


async def list_notices(snap: Snapshot, *, question_ids: Sequence[UUID]) -> dict[UUID, Row]:
    """Give of each question's message: channel, state, attempts, error, sent_at."""
    found = await snap.all(notice_sql.NOTICES_OF, {"ids": list(question_ids)})
    return {row.question_id: row for row in found}


async def get_case(snap: Snapshot, *, order_id: UUID) -> CaseStory:
    """Give the case of an order whole.

    Raises:
        CaseNotFound: nobody has looked for its goods yet.
    """
    row = await snap.maybe(sql.CASES_OF, {"order_ids": [order_id]})
    if row is None:
        raise CaseNotFound
    asked = {"order_id": order_id}
    parts = await snap.all(sql.PARTS_OF_ORDER, asked)
    events = await snap.all(sql.EVENTS_OF, {**asked, "limit": _EVENTS_MAX})
    decisions = await snap.all(sql.DECISIONS_OF, {**asked, "limit": _DECISIONS_MAX})
    return CaseStory(
        case=_summary(row),
        parts=tuple(
            CasePart(**{**part._asdict(), "state": PartState(part.state)}) for part in parts
        ),
        questions=tuple(await questions_of(snap, await snap.all(sql.QUESTIONS_OF_ORDER, asked))),
        events=tuple(
            CaseEvent(
                at=one.at,
                kind=one.kind,
                warehouse_id=one.warehouse_id,
                question_id=one.question_id,
                details=one.details,
                by=rows.answerer_of(one.by),
            )
            for one in events
        ),
        decisions=tuple(_decision(one) for one in decisions),
    )


def _summary(row: Row) -> CaseSummary:
    return CaseSummary(
        order_id=row.order_id,
        order_number=row.order_number,
        market=row.market,
        state=CaseState(row.state),
        reason=row.reason,
        opened_at=row.opened_at,
        changed_at=row.changed_at,
        look_at=row.look_at,
        hold_ends_at=row.hold_ends_at,
        shop_id=row.shop_id,
        open_questions=getattr(row, "open_questions", 0),
        questions=getattr(row, "questions", 0),
    )


def _decision(row: Row) -> Decision:
    body = row.body
    return Decision(
        decided_at=row.decided_at,
        cause=row.cause,
        taken=tuple(
            (UUID(place), UUID(variant), Decimal(count)) for place, variant, count in body["taken"]
        ),
        short=tuple((UUID(variant), Decimal(count)) for variant, count in body["short"]),
        judged=tuple(
            Judged(
                rule=rule,
                warehouse_id=UUID(place),
                variant_id=UUID(variant),
                reason=Reason[reason],
                quantity=Decimal(count),
            )
            for rule, place, variant, reason, count in body["verdicts"]
        ),
        compared=body.get("compared", 0),
    )
