"""Saving gift sets."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from hansa.modules.promotions import model, store
from hansa.modules.promotions.model import GiftSet, GiftSetInvalid
from hansa.modules.promotions.queries import gift_set_of
from hansa.runtime.database import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedGiftSets:
    """What became of gift sets, by code."""

    created: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()


async def save_gift_sets(
    tx: Transaction, *, gift_sets: Sequence[GiftSet], by: UUID | None, now: datetime
) -> SavedGiftSets:
    """Create gift sets or change them, by their code; the id of a known one stays.

    Raises:
        GiftSetInvalid: a field of one is no such thing.
    """
    for gift in gift_sets:
        fault = model.fault_of(gift)
        if fault is not None:
            raise GiftSetInvalid(fault)
    codes = sorted({gift.code for gift in gift_sets})
    rows = await tx.all(store.FIND_BY_CODES, {"codes": codes})
    known = {row.code: gift_set_of(row) for row in rows}
    created: list[str] = []
    changed: list[str] = []
    unchanged: list[str] = []
    for gift in sorted(gift_sets, key=lambda one: one.code):
        before = known.get(gift.code)
        if before is not None and replace(gift, id=before.id) == before:
            unchanged.append(gift.code)
            continue
        (created if before is None else changed).append(gift.code)
        await tx.execute(store.SAVE_GIFT_SET, _columns(gift, by, now))
        known[gift.code] = replace(gift, id=gift.id if before is None else before.id)
    return SavedGiftSets(created=tuple(created), changed=tuple(changed), unchanged=tuple(unchanged))


def _columns(gift: GiftSet, by: UUID | None, now: datetime) -> dict[str, object]:
    items = [
        {"variant_id": str(item.variant_id), "quantity": str(item.quantity)} for item in gift.items
    ]
    return {
        "id": gift.id,
        "code": gift.code,
        "market": gift.market,
        "name": json.dumps(dict(gift.name), ensure_ascii=False),
        "minimum_minor": gift.minimum.minor,
        "currency": gift.minimum.currency,
        "items": json.dumps(items),
        "starts_at": gift.valid.starts_at,
        "ends_at": gift.valid.ends_at,
        "priority": gift.priority,
        "is_active": gift.is_active,
        "source": gift.source,
        "by": by,
        "now": now,
    }
