"""The mark "sell on marketplace X" of a variant."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from hansa.contracts.catalog import MarketplaceMarksChanged
from hansa.kernel.errors import Invalid
from hansa.modules.catalog import store_marks as sql
from hansa.runtime.database import Snapshot, Transaction

VARIANTS_PER_EVENT = 500
_MARKETPLACE = re.compile(r"[a-z][a-z0-9_-]{1,31}")


@dataclass(eq=False)
class MarketplaceInvalid(Invalid):
    """This cannot be the name of a marketplace."""

    code: ClassVar[str] = "catalog.marketplace_invalid"
    message: ClassVar[str] = (
        "A marketplace is named by 2 to 32 small Latin letters, digits, hyphens or underscores."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketplaceMark:
    """Whether a variant is to be sold at a marketplace. `source` names who said so."""

    variant_id: UUID
    marketplace: str
    is_on: bool
    source: str = ""
    changed_at: datetime | None = None


async def set_marketplace_marks(
    tx: Transaction, *, marks: Sequence[MarketplaceMark], source: str, now: datetime
) -> int:
    """Set or lift marks; give how many changed. Unknown variants are left out.

    Of several marks of one variant and marketplace the last counts.

    Raises:
        MarketplaceInvalid: one has a name that no marketplace can have; nothing is set then.
    """
    if any(_MARKETPLACE.fullmatch(mark.marketplace) is None for mark in marks):
        raise MarketplaceInvalid
    last = {(mark.variant_id, mark.marketplace): mark.is_on for mark in marks}
    rows = await tx.all(
        sql.SET_MARKS,
        {
            "variants": [variant_id for variant_id, _ in last],
            "marketplaces": [marketplace for _, marketplace in last],
            "marks": list(last.values()),
            "source": source,
            "now": now,
        },
    )
    changed: dict[str, list[UUID]] = defaultdict(list)
    for row in rows:
        changed[row.marketplace].append(row.variant_id)
    await tx.publish(
        *(
            MarketplaceMarksChanged(
                marketplace=marketplace,
                variant_ids=tuple(ids[start : start + VARIANTS_PER_EVENT]),
            )
            for marketplace, ids in sorted(changed.items())
            for start in range(0, len(ids), VARIANTS_PER_EVENT)
        )
    )
    return len(rows)


async def list_marketplace_marks(
    snap: Snapshot, *, variant_ids: Sequence[UUID]
) -> dict[UUID, tuple[MarketplaceMark, ...]]:
    """Give the marks of variants, those lifted too."""
    found: dict[UUID, tuple[MarketplaceMark, ...]] = dict.fromkeys(variant_ids, ())
    for row in await snap.all(sql.MARKS_OF, {"variants": list(variant_ids)}):
        found[row.variant_id] = (*found[row.variant_id], MarketplaceMark(**row._asdict()))
    return found


async def list_marked_variants(
    snap: Snapshot, *, marketplace: str, after: UUID | None = None, limit: int = 500
) -> list[UUID]:
    """Give the variants to be sold at a marketplace, by id; `after` is the last one seen."""
    asked = {"marketplace": marketplace, "after": after, "limit": limit}
    return [row.variant_id for row in await snap.all(sql.MARKED_FOR, asked)]
