"""What a batch is answered."""

from uuid import UUID

import msgspec

from hansa.modules.erp.rest.model import Fate, Outcome, Told
from hansa.modules.erp.rest.run import Call, Taken
from hansa.runtime.http import Request
from hansa.runtime.http.problems import filled, translated


class NoteAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something about a part of a row: what was left out, or taken with a remark."""

    code: str
    detail: str
    field: str = ""


class RowAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one row; `row` is its place in the batch, from zero."""

    row: int
    key: str
    outcome: Outcome
    sequence: int | None = None
    code: str = ""
    detail: str = ""
    field: str = ""
    notes: list[NoteAnswer] = []


class BatchAnswer(msgspec.Struct, frozen=True):
    """What became of a batch: counts by outcome, and each row in the order it was sent."""

    batch: UUID
    kind: str
    is_dry_run: bool
    counts: dict[str, int]
    rows: list[RowAnswer]


def answer_of(request: Request, call: Call, taken: Taken) -> BatchAnswer:
    """Put what became of a batch into the language of the request."""
    return BatchAnswer(
        batch=taken.batch_id,
        kind=call.kind.name,
        is_dry_run=call.opening.is_dry_run,
        counts=dict(+taken.counts),
        rows=[_row(request, fate) for fate in taken.fates],
    )


def _row(request: Request, fate: Fate) -> RowAnswer:
    assert fate.outcome is not None, "every row is settled"
    if fate.told is None and not fate.notes:
        return RowAnswer(fate.place, fate.key, fate.outcome, fate.sequence)
    told = fate.told
    return RowAnswer(
        row=fate.place,
        key=fate.key,
        outcome=fate.outcome,
        sequence=fate.sequence,
        code="" if told is None else told.code,
        detail="" if told is None else _said(request, told),
        field="" if told is None else told.field,
        notes=[NoteAnswer(one.code, _said(request, one), one.field) for one in fate.notes],
    )


def _said(request: Request, told: Told) -> str:
    return filled(translated(request, told.message), told.values)
