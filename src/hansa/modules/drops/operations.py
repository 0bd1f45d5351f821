"""What staff does with drops: prepare, publish, pause, widen, close."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from hansa.modules import accounts, catalog
from hansa.modules.drops import queries
from hansa.modules.drops.model import (
    PRODUCTS_MAX,
    CodeTaken,
    Drop,
    DropInvalid,
    Phase,
    ProductTaken,
)
from hansa.modules.drops.store import releasing
from hansa.runtime.database import Transaction
from hansa.runtime.http import Actor

_AUDITED = (
    "code", "name", "markets", "opens_at", "closes_at", "stays_on_sale", "is_published",
    "person_limit", "item_limit", "capacity", "admissions_per_second", "idle_minutes",
    "gathers_minutes", "is_paused", "items",
)  # fmt: skip


async def save_drop(tx: Transaction, *, drop: Drop, by: Actor | None, now: datetime) -> Drop:
    """Create or change a drop; its products are held back from the shop at once. Audited.

    Raises:
        DropInvalid, CodeTaken: as their names say.
        ProductTaken: a product is in another drop that has not closed.
    """
    await tx.execute(releasing.LOCK_ALL)
    row = await tx.maybe(releasing.GET, {"id": drop.id})
    before = None if row is None else queries.drop_of(row)
    await _check(tx, drop)
    busy = await _in_other_drops(tx, drop, now)
    if busy and drop.phase_at(now) is not Phase.CLOSED:
        other, product_ids = busy
        raise ProductTaken(other.code, product_ids)
    await tx.execute(releasing.SAVE, _columns(drop) | {"now": now})
    ids = [item.product_id for item in drop.items]
    await tx.execute(releasing.REMOVE_ITEMS, {"id": drop.id, "product_ids": ids})
    await tx.execute(
        releasing.SAVE_ITEMS,
        {
            "id": drop.id,
            "product_ids": ids,
            "positions": list(range(len(ids))),
            "limits": [item.item_limit for item in drop.items],
        },
    )
    await tx.execute(releasing.ADD_LINE, {"id": drop.id})
    await _set_windows(tx, before, drop, set(busy[1]) if busy else set(), now)
    if by is not None:
        await _record(tx, before, drop, by, now)
    return drop


async def take_drop(tx: Transaction, *, drop_id: UUID) -> Drop:
    """Give a drop to change it: until the end of the transaction nobody else changes any.

    Raises:
        NoSuchDrop: there is none.
    """
    await tx.execute(releasing.LOCK_ALL)
    return await queries.get_drop(tx, drop_id=drop_id)


async def close_drop(tx: Transaction, *, drop_id: UUID, by: Actor, now: datetime) -> Drop:
    """Close a drop that is open; its goods leave the shop unless they stay on sale.

    Raises:
        NoSuchDrop: there is none.
        DropInvalid: it has not opened, or has closed already.
    """
    drop = await take_drop(tx, drop_id=drop_id)
    if drop.phase_at(now) is not Phase.OPEN:
        raise DropInvalid("closes_at", "only a drop that is open can be closed")
    return await save_drop(tx, drop=replace(drop, closes_at=now), by=by, now=now)


async def set_admission(
    tx: Transaction,
    *,
    drop_id: UUID,
    is_paused: bool | None = None,
    capacity: int | None = None,
    by: Actor,
    now: datetime,
) -> Drop:
    """Pause or resume letting people in, or change how many may be inside; holds within a second.

    Raises:
        NoSuchDrop, DropInvalid: as their names say.
    """
    drop = await take_drop(tx, drop_id=drop_id)
    changed = replace(
        drop,
        is_paused=drop.is_paused if is_paused is None else is_paused,
        capacity=drop.capacity if capacity is None else capacity,
    )
    return await save_drop(tx, drop=changed, by=by, now=now)


async def _check(tx: Transaction, drop: Drop) -> None:
    if not drop.markets:
        raise DropInvalid("markets", "choose a market")
    if not any(text.strip() for text in drop.name.values()):
        raise DropInvalid("name", "a drop needs a name")
    if drop.closes_at is not None and drop.closes_at <= drop.opens_at:
        raise DropInvalid("closes_at", "the end must come after the beginning")
    if len(drop.items) > PRODUCTS_MAX:
        raise DropInvalid("items", "a drop holds at most 500 products")
    if len({item.product_id for item in drop.items}) < len(drop.items):
        raise DropInvalid("items", "a product stands there twice")
    known = await catalog.get_products(tx, product_ids=[item.product_id for item in drop.items])
    if len(known) < len(drop.items):
        raise DropInvalid("items", "some products do not exist")
    if await tx.maybe(releasing.CODE_OWNER, {"id": drop.id, "code": drop.code}):
        raise CodeTaken(drop.code)


async def _in_other_drops(
    tx: Transaction, drop: Drop, now: datetime
) -> tuple[Drop, tuple[UUID, ...]] | None:
    """Give another live drop with some of the products, and which."""
    mine = {item.product_id for item in drop.items}
    for other in await queries.of_products(tx, product_ids=sorted(mine), now=now):
        if other.id != drop.id:
            theirs = {item.product_id for item in other.items}
            return other, tuple(sorted(mine & theirs))
    return None


async def _set_windows(
    tx: Transaction, before: Drop | None, drop: Drop, taken: set[UUID], now: datetime
) -> None:
    """Let the catalogue show the goods in the drop's time only; what left the drop is free."""
    window = catalog.SaleWindow(drop.opens_at, None if drop.stays_on_sale else drop.closes_at)
    windows = {item.product_id: window for item in drop.items}
    for item in () if before is None else before.items:
        windows.setdefault(item.product_id, catalog.SaleWindow(None, None))
    await catalog.set_sale_windows(
        tx, windows={one: window for one, window in windows.items() if one not in taken}, now=now
    )


async def _record(
    tx: Transaction, before: Drop | None, drop: Drop, by: Actor, now: datetime
) -> None:
    names = [
        name for name in _AUDITED if before is None or getattr(before, name) != getattr(drop, name)
    ]
    if not names:
        return
    await accounts.record(
        tx,
        actor=by,
        action="drops.created" if before is None else "drops.changed",
        subject_kind="drop",
        subject_id=drop.id,
        before=None if before is None else {name: _plain(before, name) for name in names},
        after={name: _plain(drop, name) for name in names},
        now=now,
    )


def _plain(drop: Drop, name: str) -> object:
    return msgspec.to_builtins(getattr(drop, name))


def _columns(drop: Drop) -> dict[str, Any]:
    names = (*_AUDITED[:-1], "id", "picture")
    return {name: getattr(drop, name) for name in names} | {
        "name": msgspec.json.encode(drop.name).decode(),
        "description": msgspec.json.encode(drop.description).decode(),
        "markets": list(drop.markets),
    }
