"""Ending reservations whose movement the ERP's numbers include."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from hansa.modules.stock.containing import Ended, OpenLine, Reported, Shipped, Told, decide
from hansa.modules.stock.model import ZERO, Containment, Level
from hansa.modules.stock.operations.bindings import Taken, take_bindings
from hansa.modules.stock.operations.changes import CounterChanges, Feeds
from hansa.modules.stock.shelf import take_down
from hansa.modules.stock.store import containing as containing_sql
from hansa.modules.stock.store import levels as level_sql
from hansa.modules.stock.store import reservations as sql
from hansa.modules.stock.store import shelves as shelf_sql
from hansa.runtime.database import Transaction

# By variant and order: the warehouses whose message lists the order, and when it was formed.
Listing = Mapping[tuple[UUID, UUID], Mapping[UUID, datetime]]
NOTHING_LISTED: Listing = {}


class Part(NamedTuple):
    """A part of a line that ends; `taken`: from which shelves, as far as that is known."""

    reservation_id: UUID
    variant_id: UUID
    channel: str
    warehouse_id: UUID | None
    quantity: Decimal
    taken: tuple[tuple[UUID, Decimal], ...] = ()
    note: str | None = None
    as_of: datetime | None = None


class Ending(NamedTuple):
    """How parts end, for the journal."""

    kind: str
    now: datetime
    source: str | None = None
    note: str | None = None
    by: UUID | None = None


def listing_of(levels: Sequence[Level]) -> Listing:
    """Gather which orders the messages say their numbers contain."""
    listing: dict[tuple[UUID, UUID], dict[UUID, datetime]] = defaultdict(dict)
    for level in levels:
        for order_id in level.contains:
            places = listing[level.variant_id, order_id]
            earlier = places.get(level.warehouse_id, level.as_of)
            places[level.warehouse_id] = min(earlier, level.as_of)
    return listing


async def orders_are_netted(tx: Transaction) -> bool:
    """Say whether any ERP's numbers may include orders before their goods leave."""
    rows = await tx.all(level_sql.POLICIES)
    return any(row.policy != Containment.ON_SHIPMENT for row in rows)


class Candidates(NamedTuple):
    """Reservations that new numbers might contain, and the variants of theirs concerned."""

    ids: Sequence[UUID]
    variants: Sequence[UUID]


async def find_candidates(
    tx: Transaction, variant_ids: Sequence[UUID], listing: Listing
) -> Candidates:
    """Look for what numbers of these variants might contain."""
    asked = {
        "variants": list(variant_ids),
        "order_ids": list({order_id for _, order_id in listing}),
    }
    found = await tx.all(containing_sql.CANDIDATES, asked)
    if await orders_are_netted(tx):
        asked = {"variants": asked["variants"]}
        found += await tx.all(containing_sql.NETTING_CANDIDATES, asked)
    ids, variants = {row.id for row in found}, {row.variant_id for row in found}
    return Candidates(sorted(ids), sorted(variants))


async def lock_levels_of(tx: Transaction, variant_ids: Iterable[UUID]) -> None:
    """Lock every level of the variants."""
    await tx.execute(sql.LOCK_LEVELS, {"variants": list(set(variant_ids))})


class News(NamedTuple):
    """Whose word it is, and what it changes."""

    source: str
    now: datetime
    changes: CounterChanges
    feeds: Feeds


async def contain_moved(
    tx: Transaction,
    candidates: Candidates,
    news: News,
    *,
    listing: Listing = NOTHING_LISTED,
) -> int:
    """End what the numbers contain of these reservations; give how many parts that was.

    The levels of the variants must be locked, and the writing of levels too: with them stands what
    is reported, bound, shipped and told. What is open may still shrink by a release, so it is read
    again under the locks of the reservations that matter. Raises a fence in each warehouse the
    goods may have left (see `containing.contains`).
    """
    variants = candidates.variants
    if not candidates.ids:
        return 0
    numbers = await _reported(tx, variants)
    wished = await _decided(tx, candidates.ids, variants, numbers, listing)
    ids = sorted({ended.line.reservation_id for ended in wished})
    if not ids:
        return 0
    await tx.execute(sql.LOCK_RESERVATIONS, {"ids": ids})
    done = await _decided(tx, ids, variants, numbers, listing)
    await _raise_fences(tx, done)
    await _settle_shipments(tx, done, news.now)
    ending = Ending("contained", news.now, source=news.source)
    parts = [_part(ended) for ended in done if ended.quantity]
    await end_parts(tx, parts, ending, changes=news.changes, feeds=news.feeds)
    return sum(len(ended.parts) for ended in done)


async def contain_lines(
    tx: Transaction,
    reservation_id: UUID,
    wanted: Mapping[UUID, Decimal] | None,
    ending: Ending,
    *,
    changes: CounterChanges,
    feeds: Feeds,
) -> list[Part]:
    """End lines of a locked reservation, or at most so many of each, because it is certain.

    What waited for a number of these lines is part of what ended, the oldest shipments first.
    """
    variants = [row.variant_id for row in await tx.all(sql.LINES_OF, {"ids": [reservation_id]})]
    done = []
    for line in await _open_lines(tx, [reservation_id], variants):
        ended = Ended(line)
        quantity = line.open if wanted is None else wanted.get(line.variant_id, ZERO)
        ended.settle(None, ended.end(None, quantity, Containment.ON_SHIPMENT))
        if ended.parts:
            done.append(ended)
    await _settle_shipments(tx, done, ending.now)
    parts = [_part(ended)._replace(note=ending.note) for ended in done]
    await end_parts(tx, parts, ending, changes=changes, feeds=feeds)
    return parts


Numbers = Mapping[UUID, Sequence[tuple[frozenset[str], Reported]]]


async def _reported(tx: Transaction, variants: Sequence[UUID]) -> Numbers:
    numbers: dict[UUID, list[tuple[frozenset[str], Reported]]] = defaultdict(list)
    for row in await tx.all(containing_sql.REPORTED, {"variants": list(variants)}):
        number = Reported(
            warehouse_id=row.warehouse_id,
            on_hand=row.on_hand,
            as_of=row.as_of,
            is_in_channel=False,
            source=row.source,
            policy=Containment(row.policy),
            watermark=row.watermark,
        )
        numbers[row.variant_id].append((frozenset(row.channels), number))
    return numbers


async def _decided(
    tx: Transaction,
    ids: Sequence[UUID],
    variants: Sequence[UUID],
    numbers: Numbers,
    listing: Listing,
) -> list[Ended]:
    found = []
    for line in await _open_lines(tx, ids, variants):
        reported = [
            number._replace(is_in_channel=line.channel in channels)
            for channels, number in numbers.get(line.variant_id, ())
        ]
        known = {number.warehouse_id: number.as_of for number in reported}
        lists: dict[UUID, datetime] = {}
        if line.order_id is not None:
            # A number refused as stale says something only if the one known is no older.
            lists = {
                place: as_of
                for place, as_of in listing.get((line.variant_id, line.order_id), {}).items()
                if place in known and known[place] >= as_of
            }
        ended = decide(line, reported=reported, listing=lists)
        if ended.parts or ended.shipped:
            found.append(ended)
    return found


async def _open_lines(
    tx: Transaction, ids: Sequence[UUID], variants: Sequence[UUID]
) -> list[OpenLine]:
    asked = {"ids": list(ids)}
    narrowed = asked | {"variants": list(variants)}
    rows = await tx.all(containing_sql.OPEN_LINES, narrowed)
    if not rows:
        return []
    told: dict[UUID, list[Told]] = defaultdict(list)
    for sent in await tx.all(containing_sql.SENT, asked):
        told[sent.reservation_id].append(Told(*sent[1:]))
    bound: dict[tuple[UUID, UUID], list[tuple[UUID, Decimal]]] = defaultdict(list)
    for one in await tx.all(shelf_sql.BINDINGS_OF, asked):
        bound[one.reservation_id, one.variant_id].append((one.warehouse_id, one.quantity))
    shipped: dict[tuple[UUID, UUID], list[Shipped]] = defaultdict(list)
    listed: dict[tuple[UUID, UUID], set[UUID]] = defaultdict(set)
    for one in await tx.all(containing_sql.SHIPMENTS, narrowed):
        key = (one.reservation_id, one.variant_id)
        if one.is_listed:
            listed[key].add(one.warehouse_id)
        else:
            left = Shipped(one.reference, one.warehouse_id, one.quantity, one.shipped_at)
            shipped[key].append(left)
    return [
        OpenLine(
            **row._asdict(),
            told=tuple(told[row.reservation_id]),
            bound=tuple(bound[row.reservation_id, row.variant_id]),
            shipped=tuple(shipped[row.reservation_id, row.variant_id]),
            listed=frozenset(listed[row.reservation_id, row.variant_id]),
        )
        for row in rows
    ]


async def _raise_fences(tx: Transaction, done: Sequence[Ended]) -> None:
    fences = [(ended.line, fence) for ended in done for fence in ended.fences]
    if fences:
        await tx.execute(
            containing_sql.RAISE_FENCES,
            {
                "variants": [line.variant_id for line, _ in fences],
                "channels": [line.channel for line, _ in fences],
                "warehouses": [fence.warehouse_id for _, fence in fences],
                "instants": [fence.as_of for _, fence in fences],
                "watermarks": [fence.watermark for _, fence in fences],
                "sources": [fence.source for _, fence in fences],
            },
        )


async def _settle_shipments(tx: Transaction, done: Sequence[Ended], now: datetime) -> None:
    settled = [(ended.line, *one) for ended in done for one in ended.shipped.items()]
    if settled:
        await tx.execute(
            containing_sql.CONTAIN_SHIPMENTS,
            {
                "ids": [line.reservation_id for line, _, _ in settled],
                "variants": [line.variant_id for line, _, _ in settled],
                "references": [reference for _, reference, _ in settled],
                "quantities": [quantity for _, _, quantity in settled],
                "now": now,
            },
        )
    listed = [(ended.line, *one) for ended in done for one in ended.listed]
    if listed:
        await tx.execute(
            containing_sql.NOTE_LISTED,
            {
                "ids": [line.reservation_id for line, _, _ in listed],
                "variants": [line.variant_id for line, _, _ in listed],
                "channels": [line.channel for line, _, _ in listed],
                "warehouses": [warehouse_id for _, warehouse_id, _ in listed],
                "quantities": [quantity for _, _, quantity in listed],
                "now": now,
            },
        )


def _part(ended: Ended) -> Part:
    line = ended.line
    fences = [fence.as_of for fence in ended.fences]
    return Part(
        line.reservation_id,
        line.variant_id,
        line.channel,
        line.warehouse_id,
        ended.quantity,
        tuple((place, quantity) for place, quantity in ended.parts if place is not None),
        ", ".join(dict.fromkeys(policy.value for policy in ended.policies)),
        max(fences, default=None),
    )


async def end_parts(
    tx: Transaction,
    parts: Sequence[Part],
    ending: Ending,
    *,
    changes: CounterChanges,
    feeds: Feeds,
) -> None:
    """End parts of locked reservations as contained or released, one part for each line.

    With them go the bindings (shelves locked as well), the journal and the counters.
    """
    if not parts:
        return
    is_contained = ending.kind == "contained"
    await tx.execute(
        sql.END_PARTS,
        {
            "ids": [part.reservation_id for part in parts],
            "variants": [part.variant_id for part in parts],
            "contained": [part.quantity if is_contained else ZERO for part in parts],
            "released": [ZERO if is_contained else part.quantity for part in parts],
            "places": [part.taken[0][0] if len(part.taken) == 1 else None for part in parts],
            "notes": [part.note or ending.note for part in parts],
            "instants": [part.as_of for part in parts],
            "kind": ending.kind,
            "now": ending.now,
            "source": ending.source,
            "by": ending.by,
        },
    )
    await tx.execute(
        sql.CLOSE_FINISHED,
        {"ids": list({part.reservation_id for part in parts}), "now": ending.now},
    )
    if ending.kind != "expired":
        await _take_bindings_down(tx, parts, ending)
    on_shelves = [part for part in parts if part.warehouse_id is not None]
    if on_shelves:
        await tx.execute(
            sql.RELEASE_SHELVES,
            {
                "variants": [part.variant_id for part in on_shelves],
                "warehouses": [part.warehouse_id for part in on_shelves],
                "quantities": [part.quantity for part in on_shelves],
            },
        )
    for part in parts:
        changes.reserve(part.variant_id, part.channel, -part.quantity, feeds=feeds)


async def _take_bindings_down(tx: Transaction, parts: Sequence[Part], ending: Ending) -> None:
    ids = list({part.reservation_id for part in parts})
    bound: dict[tuple[UUID, UUID], list[tuple[UUID, Decimal]]] = defaultdict(list)
    for one in await tx.all(shelf_sql.BINDINGS_OF, {"ids": ids}):
        bound[one.reservation_id, one.variant_id].append((one.warehouse_id, one.quantity))
    if not bound:
        return
    open_ = {
        (row.reservation_id, row.variant_id): row.quantity - row.contained - row.released
        for row in await tx.all(sql.LINES_OF, {"ids": ids})
    }
    taken = []
    for part in parts:
        key = (part.reservation_id, part.variant_id)
        fewer = take_down(bound[key], taken=_summed(part.taken), open_=open_[key])
        taken += [Taken(*key, warehouse_id, quantity) for warehouse_id, quantity in fewer.items()]
    await take_bindings(tx, taken, now=ending.now, note=ending.kind, by=ending.by)
    if taken and ending.kind == "released":
        await tx.execute(shelf_sql.ALLOCATION_CHANGED, {"ids": ids})


def _summed(taken: Iterable[tuple[UUID, Decimal]]) -> dict[UUID, Decimal]:
    sums: dict[UUID, Decimal] = defaultdict(lambda: ZERO)
    for warehouse_id, quantity in taken:
        sums[warehouse_id] += quantity
    return sums
