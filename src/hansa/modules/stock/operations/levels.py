"""What the ERP says it has, safety stock, and warehouses."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from hansa.kernel.errors import Invalid
from hansa.modules.stock.model import (
    QUANTITY_MAX,
    ZERO,
    Containment,
    Level,
    LevelResult,
    RefusedLevel,
)
from hansa.modules.stock.operations.changes import CounterChanges, load_feeds
from hansa.modules.stock.operations.containment import (
    News,
    contain_moved,
    find_candidates,
    listing_of,
)
from hansa.modules.stock.operations.corrections import end_corrections_by_levels
from hansa.modules.stock.store import containing as containing_sql
from hansa.modules.stock.store import levels as sql
from hansa.runtime.database import Row, Transaction
from hansa.runtime.http import Actor

FUTURE_MAX = timedelta(days=1)
WATERMARK_MAX = 2**63 - 1


class SafetyInvalid(Invalid):
    """Safety stock is a quantity, zero or more, in a warehouse that exists."""

    code = "stock.safety_invalid"
    message = "The safety stock must be zero or more, in a warehouse that exists."


async def set_levels(
    tx: Transaction,
    *,
    source: str,
    levels: Sequence[Level],
    now: datetime,
    policy: Containment = Containment.ON_SHIPMENT,
) -> LevelResult:
    """Take numbers of the ERP `source`, a few or some ten thousand; each counts by itself.

    A number replaces the stored one of its warehouse and variant unless its message was formed
    earlier (`as_of`), so duplicates and messages out of order change nothing. Of equally old ones
    the last to arrive counts. A negative number is kept as reported, counts as zero and is given
    back in the result. A number is never a reason to lift a reservation, unless by the `policy` of
    its source (`containing.contains`) it includes the order's movement: the goods stay reserved
    through receipts, counts and full exports until then, so they are neither sold again nor
    subtracted twice. What a message lists as contained ends too, at its warehouse and variant.

    One writer of levels works at a time: keep the transaction short (chunks of 5,000 to 20,000).
    Refused, each with a reason: unknown warehouse, a number that is no quantity, a message from
    the future (more than a day ahead; it would block every later one).
    """
    good, refused = await _sift(tx, levels, now)
    if not good:
        return LevelResult(refused=refused)
    await tx.execute(sql.LOCK_WRITING_OF_LEVELS)
    merge = _Merge(source=source, kind="level", now=now, policy=policy)
    result = await _apply(tx, good, merge)
    return replace(
        result,
        negative=tuple(level for level in good if level.on_hand < 0),
        refused=refused,
    )


async def zero_missing(
    tx: Transaction,
    *,
    source: str,
    warehouse_ids: Sequence[UUID],
    as_of: datetime,
    now: datetime,
    limit: int = 10_000,
    policy: Containment = Containment.ON_SHIPMENT,
) -> int:
    """Set to zero what a full export formed at `as_of` did not name in these warehouses.

    Call it after all levels of the export were set with that `as_of`, again and again, each in a
    transaction of its own, until it gives less than `limit`: it does so many at a time. Gives how
    many numbers it changed. Levels of other sources stay.
    """
    await tx.execute(sql.LOCK_WRITING_OF_LEVELS)
    missing = {
        "warehouses": list(warehouse_ids),
        "source": source,
        "as_of": as_of,
        "limit": limit,
    }
    levels = [
        Level(
            warehouse_id=row.warehouse_id,
            variant_id=row.variant_id,
            on_hand=ZERO,
            as_of=as_of,
        )
        for row in await tx.all(sql.FIND_MISSING, missing)
    ]
    if not levels:
        return 0
    merge = _Merge(source=source, kind="missing", now=now, policy=policy)
    return (await _apply(tx, levels, merge)).changed


async def set_safety(
    tx: Transaction,
    *,
    safety: Sequence[tuple[UUID, UUID, Decimal]],
    by: Actor | None,
    now: datetime,
) -> None:
    """Keep back so many of a variant in a warehouse: (warehouse, variant, quantity).

    Raises:
        SafetyInvalid: a quantity is none, or the warehouse does not exist.
    """
    known = await tx.all(sql.KNOWN_WAREHOUSES, {"ids": list({place for place, _, _ in safety})})
    places = {row.id for row in known}
    for place, _, quantity in safety:
        if place not in places or not quantity.is_finite() or not ZERO <= quantity <= QUANTITY_MAX:
            raise SafetyInvalid
    await tx.execute(sql.LOCK_WRITING_OF_LEVELS)
    rows = await tx.all(
        sql.SET_SAFETY,
        {
            "warehouses": [warehouse_id for warehouse_id, _, _ in safety],
            "variants": [variant_id for _, variant_id, _ in safety],
            "numbers": [quantity for _, _, quantity in safety],
            "by": by and by.id,
            "now": now,
        },
    )
    await _changes_of(rows).write(tx, feeds=await load_feeds(tx))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Merge:
    """Whose numbers they are, and how the journal calls them."""

    source: str
    kind: str
    now: datetime
    policy: Containment


async def _apply(tx: Transaction, levels: Sequence[Level], merge: _Merge) -> LevelResult:
    variants = [level.variant_id for level in levels]
    policy = {"source": merge.source, "policy": merge.policy.value, "now": merge.now}
    await tx.execute(sql.NOTE_POLICY, policy)
    listing = listing_of(levels)
    candidates = await find_candidates(tx, list(set(variants)), listing)
    params = {
        "variants": variants,
        "warehouses": [level.warehouse_id for level in levels],
        "instants": [level.as_of for level in levels],
        "watermarks": [level.watermark for level in levels],
    }
    if candidates.ids:
        places = {"variants": variants, "warehouses": params["warehouses"]}
        await tx.execute(
            containing_sql.LOCK_LEVELS_TO_WRITE, places | {"all_of": list(candidates.variants)}
        )
    told = {"source": merge.source, "kind": merge.kind, "now": merge.now}
    numbers = {"numbers": [level.on_hand for level in levels]}
    rows = await tx.all(sql.MERGE_LEVELS, params | numbers | told)
    counts = {row.channel: int(row.change) for row in rows if row.variant_id is None}
    written = {row.variant_id: row.change for row in rows if row.channel is None}
    changes = _changes_of(rows)
    stale = 0
    if counts["written"] < counts["incoming"]:
        stale = await tx.scalar(sql.COUNT_STALE, params)
    news = News(merge.source, merge.now, changes, await load_feeds(tx))
    found = await end_corrections_by_levels(
        tx, levels, changes=changes, source=merge.source, now=merge.now
    )
    contained = await contain_moved(tx, candidates, news, listing=listing)
    await changes.write(tx, feeds=news.feeds)
    return LevelResult(
        changed=counts["changed"],
        unchanged=counts["incoming"] - counts["changed"] - stale,
        stale=stale,
        contained=contained,
        found=found,
        written_variants=frozenset(written),
        changed_variants=frozenset(one for one, changed in written.items() if changed),
    )


async def _sift(
    tx: Transaction, levels: Sequence[Level], now: datetime
) -> tuple[list[Level], tuple[RefusedLevel, ...]]:
    warehouses = {level.warehouse_id for level in levels}
    rows = await tx.all(sql.KNOWN_WAREHOUSES, {"ids": list(warehouses)})
    known = {row.id for row in rows}
    latest = now + FUTURE_MAX
    good: list[Level] = []
    refused: list[RefusedLevel] = []
    for level in levels:
        if level.warehouse_id not in known:
            refused.append(RefusedLevel(level=level, reason="unknown_warehouse"))
        elif not level.on_hand.is_finite() or abs(level.on_hand) > QUANTITY_MAX:
            refused.append(RefusedLevel(level=level, reason="absurd_quantity"))
        elif level.watermark is not None and not 0 <= level.watermark <= WATERMARK_MAX:
            refused.append(RefusedLevel(level=level, reason="absurd_watermark"))
        elif level.as_of > latest:
            refused.append(RefusedLevel(level=level, reason="from_the_future"))
        else:
            good.append(level)
    return good, tuple(refused)


def _changes_of(rows: Iterable[Row]) -> CounterChanges:
    changes = CounterChanges()
    for row in rows:
        if row.variant_id is not None and row.channel is not None and row.change:
            changes.sell(row.variant_id, row.channel, row.change)
    return changes
