"""Limits per person: claimed inside the order's transaction, exact however many orders race."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from hansa.contracts.orders import OrderCancelled, OrderReduced
from hansa.modules import catalog
from hansa.modules.drops import queries
from hansa.modules.drops.model import (
    Drop,
    InLine,
    NotOpenYet,
    Person,
    Phase,
    Place,
    TicketState,
    Wanted,
    excess,
)
from hansa.modules.drops.store import limits, waiting
from hansa.runtime.database import Snapshot, Transaction

_KEY_CHARACTERS = 32


async def check_open(snap: Snapshot, *, product_ids: Sequence[UUID], now: datetime) -> None:
    """Refuse goods of a drop that has not opened, in whichever market.

    Raises:
        NotOpenYet: carries the instant at which they can be bought.
    """
    for drop in await queries.of_products(snap, product_ids=product_ids, now=now):
        if drop.phase_at(now) is Phase.UPCOMING:
            raise NotOpenYet(drop.code, drop.opens_at)


async def check_limits(
    snap: Snapshot, *, market: str, lines: Sequence[Wanted], person: Person, now: datetime
) -> None:
    """Refuse early what `claim` would refuse, before goods are set aside. Claims nothing.

    Raises: as `claim`.
    """
    for drop, wanted in await _concerned(snap, market, lines, now):
        await _check_admitted(snap, drop, person)
        keys = _keys(drop, person)
        rows = await snap.all(limits.TAKEN, {"drop_ids": [drop.id], "persons": keys})
        for key in keys:
            refusal = excess(
                {row.item: row.taken for row in rows if row.person == key}, wanted, drop
            )
            if refusal is not None:
                raise refusal


async def claim(
    tx: Transaction,
    *,
    order_id: UUID,
    market: str,
    lines: Sequence[Wanted],
    person: Person,
    now: datetime,
) -> None:
    """Count an order against the limits, and give the visitor's seat to the next.

    Part of the order's transaction: rolled back with it. Orders without goods of a drop cost one
    statement.

    Raises:
        NotOpenYet: the drop has not opened.
        InLine: there is a waiting room and this visitor was never let in.
        LimitReached: the person would have more than allowed.
    """
    concerned = await _concerned(tx, market, lines, now)
    if not concerned:
        return
    for drop, _ in concerned:
        await _check_admitted(tx, drop, person)
    if person.session is not None:
        await tx.execute(
            waiting.END_BY_ORDER,
            {"ids": [drop.id for drop, _ in concerned], "session": person.session, "now": now},
        )
    for drop, wanted in concerned:
        await _take(tx, drop, wanted, person, order_id=order_id, now=now)


async def _take(
    tx: Transaction,
    drop: Drop,
    wanted: Sequence[Wanted],
    person: Person,
    *,
    order_id: UUID,
    now: datetime,
) -> None:
    keys = _keys(drop, person)
    total = sum((one.quantity for one in wanted), Decimal(0))
    items = [*((one.product_id, one.quantity) for one in wanted), (drop.id, total)]
    rows = await tx.all(
        limits.TAKE,
        {
            "drop_ids": [drop.id] * len(keys) * len(items),
            "persons": [key for key in keys for _ in items],
            "items": [item for _ in keys for item, _ in items],
            "quantities": [quantity for _ in keys for _, quantity in items],
        },
    )
    added = dict(items)
    for key in keys:
        had = {row.item: row.taken - added[row.item] for row in rows if row.person == key}
        refusal = excess(had, wanted, drop)
        if refusal is not None:
            raise refusal
    await tx.execute(
        limits.CLAIM,
        {
            "order_id": order_id,
            "drop_ids": [drop.id] * len(wanted),
            "product_ids": [one.product_id for one in wanted],
            "quantities": [one.quantity for one in wanted],
            "persons": keys,
            "now": now,
        },
    )


async def release(tx: Transaction, *, order_ids: Sequence[UUID], now: datetime) -> None:
    """Give back what orders took of the limits. Again with the same changes nothing."""
    rows = await tx.all(limits.LOCK_CLAIMS, {"order_ids": list(order_ids)})
    gone: dict[tuple[UUID, str, UUID], Decimal] = {}
    for row in rows:
        for person in row.persons:
            for item in (row.product_id, row.drop_id):
                key = (row.drop_id, person, item)
                gone[key] = gone.get(key, Decimal(0)) + row.quantity
    await _lower(tx, gone)
    await tx.execute(limits.RELEASE_CLAIMS, {"order_ids": list(order_ids), "now": now})


async def on_cancelled(tx: Transaction, events: Sequence[OrderCancelled], now: datetime) -> None:
    """Give the limits of cancelled orders back."""
    await release(tx, order_ids=sorted(event.order_id for event in events), now=now)


async def give_back(
    tx: Transaction, *, order_id: UUID, pieces: Sequence[Wanted], now: datetime
) -> None:
    """Give back a part of what an order took; at most what it still has."""
    left: dict[UUID, Decimal] = {}
    for one in pieces:
        left[one.product_id] = left.get(one.product_id, Decimal(0)) + one.quantity
    gone: dict[tuple[UUID, str, UUID], Decimal] = {}
    for row in await tx.all(limits.LOCK_CLAIMS, {"order_ids": [order_id]}):
        quantity = min(left.get(row.product_id, Decimal(0)), row.quantity)
        if quantity <= 0:
            continue
        left[row.product_id] -= quantity
        claim_of = {"order_id": order_id, "drop_id": row.drop_id, "product_id": row.product_id}
        if quantity == row.quantity:
            await tx.execute(limits.RELEASE_CLAIM, claim_of | {"now": now})
        else:
            await tx.execute(limits.REDUCE_CLAIM, claim_of | {"quantity": quantity})
        for person in row.persons:
            for item in (row.product_id, row.drop_id):
                key = (row.drop_id, person, item)
                gone[key] = gone.get(key, Decimal(0)) + quantity
    await _lower(tx, gone)


async def on_reduced(tx: Transaction, events: Sequence[OrderReduced], now: datetime) -> None:
    """Give the limits back for pieces the shop will not deliver."""
    variant_ids = sorted({one for event in events for one in event.variant_ids})
    owners = await catalog.get_product_ids_of_variants(tx, variant_ids=variant_ids)
    for event in sorted(events, key=lambda one: one.order_id):
        pieces = [
            Wanted(owners[variant_id], quantity)
            for variant_id, quantity in zip(event.variant_ids, event.quantities, strict=True)
            if variant_id in owners
        ]
        await give_back(tx, order_id=event.order_id, pieces=pieces, now=now)


async def _lower(tx: Transaction, gone: dict[tuple[UUID, str, UUID], Decimal]) -> None:
    if not gone:
        return
    columns = {
        "drop_ids": [drop_id for drop_id, _, _ in gone],
        "persons": [person for _, person, _ in gone],
        "items": [item for _, _, item in gone],
    }
    await tx.all(limits.LOCK_TAKEN, columns)
    await tx.execute(limits.GIVE_BACK, columns | {"quantities": list(gone.values())})


async def _concerned(
    snap: Snapshot, market: str, lines: Sequence[Wanted], now: datetime
) -> list[tuple[Drop, list[Wanted]]]:
    """Give the open drops of the market that have something of this, and what.

    Raises:
        NotOpenYet: one has not opened.
    """
    pieces: dict[UUID, Decimal] = {}
    for one in lines:
        pieces[one.product_id] = pieces.get(one.product_id, Decimal(0)) + one.quantity
    found = []
    for drop in await queries.of_products(snap, product_ids=sorted(pieces), now=now):
        if drop.phase_at(now) is Phase.UPCOMING:
            raise NotOpenYet(drop.code, drop.opens_at)
        if market in drop.markets:
            wanted = [
                Wanted(item.product_id, pieces[item.product_id])
                for item in drop.items
                if item.product_id in pieces
            ]
            found.append((drop, wanted))
    return found


async def _check_admitted(snap: Snapshot, drop: Drop, person: Person) -> None:
    """Whoever was ever let in may finish; who buys without a visit (staff, tests) need not wait."""
    if not drop.has_room or person.session is None:
        return
    rows = await snap.all(waiting.ADMITTED, {"ids": [drop.id], "session": person.session})
    if rows and rows[0].admitted_at is not None:
        return
    place = None
    if rows and rows[0].state == TicketState.WAITING and rows[0].place is not None:
        place = Place(is_inside=False, ahead=max(0, rows[0].place - rows[0].front - 1))
    raise in_line(drop, place or Place(is_inside=False))


def in_line(drop: Drop, place: Place, *, token: str = "") -> InLine:
    """Say where somebody stands, as a refusal."""
    return InLine(
        drop.code, place.number, place.ahead, place.wait_seconds, place.poll_seconds, token
    )


def _keys(drop: Drop, person: Person) -> list[str]:
    """Give everything a person is counted by; telephone and session as digests of this drop."""
    keys = []
    if person.party_id is not None:
        keys.append(f"party:{person.party_id}")
    if person.phone:
        keys.append(f"phone:{_digest(drop, person.phone)}")
    if person.session:
        keys.append(f"session:{_digest(drop, person.session)}")
    return keys


def _digest(drop: Drop, text: str) -> str:
    return hashlib.sha256(f"{drop.id}:{text}".encode()).hexdigest()[:_KEY_CHARACTERS]
