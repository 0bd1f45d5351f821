"""What shops say of pieces that the ERP counts: they are missing, or not fit for sale."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from hansa.contracts.stock import StockCorrected
from hansa.kernel.identifiers import new_id
from hansa.modules.stock.model import QUANTITY_MAX, ZERO, Level
from hansa.modules.stock.operations.changes import CounterChanges, load_feeds
from hansa.modules.stock.shelf import (
    Correction,
    CorrectionEnd,
    CorrectionInvalid,
    CorrectionKind,
    CorrectionNotFound,
    CorrectionReferenceTaken,
)
from hansa.modules.stock.store import levels as level_sql
from hansa.modules.stock.store import reservations as reservation_sql
from hansa.modules.stock.store import shelves as sql
from hansa.runtime.database import Row, Transaction

REFERENCE_CHARACTERS_MAX = 200
NOTE_CHARACTERS_MAX = 1_000


async def correct(  # noqa: PLR0913 - what a shop says of a shelf
    tx: Transaction,
    *,
    warehouse_id: UUID,
    variant_id: UUID,
    kind: CorrectionKind,
    quantity: Decimal,
    reference: str,
    now: datetime,
    note: str = "",
    by: UUID | None = None,
) -> Correction:
    """Sell so many less from a shelf than the ERP counts, until the ERP has learned of it.

    It ends when the ERP's number, formed after it, has fallen by at least its quantity below the
    number it was made against; when a message of the ERP names it as contained; or by
    `end_correction`. The same reference again gives the first correction and changes nothing.

    Raises:
        CorrectionInvalid: no quantity, no reference, or no such warehouse.
        CorrectionReferenceTaken: the reference stands for another correction.
    """
    if (
        not 0 < len(reference) <= REFERENCE_CHARACTERS_MAX
        or not quantity.is_finite()
        or not 0 < quantity <= QUANTITY_MAX
        or not await tx.all(level_sql.KNOWN_WAREHOUSES, {"ids": [warehouse_id]})
    ):
        raise CorrectionInvalid
    await tx.execute(level_sql.LOCK_WRITING_OF_LEVELS)
    known = await tx.maybe(sql.CORRECTION, {"id": None, "reference": reference})
    if known is not None:
        first = (known.warehouse_id, known.variant_id, known.kind, known.quantity)
        if first != (warehouse_id, variant_id, kind, quantity):
            raise CorrectionReferenceTaken(reference)
        return correction_of(known)
    shelf = {"variant_id": variant_id, "warehouse_id": warehouse_id}
    await tx.execute(reservation_sql.LOCK_LEVELS, {"variants": [variant_id]})
    on_hand = await tx.scalar(sql.SHELF_FOR_CORRECTION, shelf)
    made = Correction(
        id=new_id(now),
        reference=reference,
        kind=kind,
        quantity=quantity,
        note=note[:NOTE_CHARACTERS_MAX],
        on_hand_against=on_hand,
        made_at=now,
        made_by=by,
        warehouse_id=warehouse_id,
        variant_id=variant_id,
    )
    told = f"{kind.value}: {made.note}" if made.note else kind.value
    row = {"id": made.id, "reference": reference, "kind": kind.value, "quantity": quantity}
    row |= {"note": made.note, "on_hand_against": on_hand, "told": told, "now": now, "by": by}
    await tx.execute(sql.ADD_CORRECTION, shelf | row)
    await _withhold(tx, [(variant_id, warehouse_id, quantity)])
    await _publish(tx, [made])
    return made


async def end_correction(
    tx: Transaction, *, correction_id: UUID, now: datetime, by: UUID | None = None
) -> Correction:
    """Sell the pieces again: a person says that they are there. Again changes nothing.

    Raises:
        CorrectionNotFound: there is no such correction.
    """
    await tx.execute(level_sql.LOCK_WRITING_OF_LEVELS)
    asked = {"id": correction_id, "reference": None}
    known = await tx.maybe(sql.CORRECTION, asked)
    if known is None:
        raise CorrectionNotFound(correction_id)
    if known.ended_at is None:
        await tx.execute(reservation_sql.LOCK_LEVELS, {"variants": [known.variant_id]})
        changes = CounterChanges()
        ends = {correction_id: CorrectionEnd.PERSON}
        await _end(tx, ends, changes=changes, now=now, by=by)
        await changes.write(tx, feeds=await load_feeds(tx))
    return correction_of(await tx.one(sql.CORRECTION, asked))


async def end_corrections_by_levels(
    tx: Transaction,
    levels: Sequence[Level],
    *,
    changes: CounterChanges,
    source: str,
    now: datetime,
) -> int:
    """End the corrections these numbers, just written, account for; give how many.

    The levels of the variants must be locked, and the writing of levels too.
    """
    variants = list({level.variant_id for level in levels})
    rows = await tx.all(sql.OPEN_CORRECTIONS, {"variants": variants})
    if not rows:
        return 0
    named: dict[tuple[UUID, UUID], set[UUID]] = defaultdict(set)
    reported: set[tuple[UUID, UUID]] = set()
    for level in levels:
        reported.add((level.variant_id, level.warehouse_id))
        if level.contains:
            named[level.variant_id, level.warehouse_id] |= level.contains
    shelves: dict[tuple[UUID, UUID], list[Row]] = defaultdict(list)
    for row in rows:
        if (row.variant_id, row.warehouse_id) in reported:
            shelves[row.variant_id, row.warehouse_id].append(row)
    ends: dict[UUID, CorrectionEnd] = {}
    bases: dict[UUID, Decimal] = {}
    for key, corrections in shelves.items():
        _decide(corrections, named[key], ends, bases)
    if bases:
        await tx.execute(sql.LOWER_BASES, {"ids": list(bases), "bases": list(bases.values())})
    if ends:
        await _end(tx, ends, changes=changes, source=source, now=now)
    return len(ends)


def _decide(
    corrections: Sequence[Row],
    named: set[UUID],
    ends: dict[UUID, CorrectionEnd],
    bases: dict[UUID, Decimal],
) -> None:
    """End what is named, then, the oldest first, what the fall of the number covers.

    A fall that one of them ended by is used up: the others must see another.
    """
    used = ZERO
    for one in corrections:
        base = one.on_hand_against - used
        if one.id in named:
            ends[one.id] = CorrectionEnd.NAMED
        elif one.as_of > one.made_at and one.on_hand <= base - one.quantity:
            ends[one.id] = CorrectionEnd.NUMBER
        else:
            continue
        used += one.quantity
    if used:
        for one in corrections:
            if one.id not in ends:
                bases[one.id] = one.on_hand_against - used


async def _end(
    tx: Transaction,
    ends: Mapping[UUID, CorrectionEnd],
    *,
    changes: CounterChanges,
    now: datetime,
    source: str | None = None,
    by: UUID | None = None,
) -> None:
    told = {"ids": list(ends), "whys": [why.value for why in ends.values()]}
    ended = await tx.all(sql.END_CORRECTIONS, told | {"source": source, "now": now, "by": by})
    freed = [(row.variant_id, row.warehouse_id, -row.quantity) for row in ended]
    await _change_withheld(tx, freed, changes)
    await _publish(tx, ended)


async def _publish(tx: Transaction, corrections: Iterable[Row | Correction]) -> None:
    await tx.publish(
        *(
            StockCorrected(
                correction_id=one.id, variant_id=one.variant_id, warehouse_id=one.warehouse_id
            )
            for one in corrections
        )
    )


async def _withhold(tx: Transaction, shelves: Sequence[tuple[UUID, UUID, Decimal]]) -> None:
    changes = CounterChanges()
    await _change_withheld(tx, shelves, changes)
    await changes.write(tx, feeds=await load_feeds(tx))


async def _change_withheld(
    tx: Transaction, shelves: Sequence[tuple[UUID, UUID, Decimal]], changes: CounterChanges
) -> None:
    rows = await tx.all(
        sql.WITHHOLD,
        {
            "variants": [variant_id for variant_id, _, _ in shelves],
            "warehouses": [warehouse_id for _, warehouse_id, _ in shelves],
            "quantities": [quantity for _, _, quantity in shelves],
        },
    )
    for row in rows:
        if row.change:
            changes.sell(row.variant_id, row.channel, row.change)


def correction_of(row: Row) -> Correction:
    """Read a correction."""
    return Correction(
        **row._asdict()
        | {
            "kind": CorrectionKind(row.kind),
            "ended_why": CorrectionEnd(row.ended_why) if row.ended_why else None,
        }
    )
