"""Addresses: unique for each kind of thing, never given to another, old ones lead to new ones."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple
from uuid import UUID

from hansa.modules.catalog import store
from hansa.modules.catalog.model import slug_with_mark
from hansa.runtime.database import Snapshot, Transaction

Kind = Literal["category", "product"]


class Wanted(NamedTuple):
    """An address something wants. One that was made of a name may get a mark to be unique."""

    target_id: UUID
    slug: str
    is_made: bool


class Resolution(NamedTuple):
    """What an address leads to, and whether it is the present one."""

    target_id: UUID
    is_current: bool


async def claim(tx: Transaction, *, kind: Kind, wanted: Sequence[Wanted]) -> dict[UUID, str]:
    """Give addresses to those who want them; who asked for a taken one gets none."""
    claimed: dict[UUID, str] = {}
    first: dict[str, Wanted] = {}
    marked = [want for want in wanted if first.setdefault(want.slug, want) is not want]
    if first:
        rows = await tx.all(
            store.CLAIM_SLUGS,
            {
                "kind": kind,
                "slugs": list(first),
                "target_ids": [want.target_id for want in first.values()],
            },
        )
        claimed = {row.target_id: row.slug for row in rows}
        marked += [want for want in first.values() if want.target_id not in claimed]
    marked = [want for want in marked if want.is_made]
    if marked:
        rows = await tx.all(
            store.CLAIM_SLUGS,
            {
                "kind": kind,
                "slugs": [slug_with_mark(want.slug, want.target_id) for want in marked],
                "target_ids": [want.target_id for want in marked],
            },
        )
        claimed |= {row.target_id: row.slug for row in rows}
    return claimed


async def retire(tx: Transaction, *, kind: Kind, present: Mapping[UUID, str]) -> None:
    """Turn every other address of these things into one that leads to the present one."""
    if present:
        await tx.execute(
            store.RETIRE_SLUGS,
            {"kind": kind, "slugs": list(present.values()), "target_ids": list(present)},
        )


async def resolve(snap: Snapshot, *, kind: Kind, slug: str) -> Resolution | None:
    """Find what an address leads to, also an old one."""
    row = await snap.maybe(store.RESOLVE_SLUG, {"kind": kind, "slug": slug})
    return None if row is None else Resolution(row.target_id, row.is_current)
