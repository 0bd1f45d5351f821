"""Who was one with whom: members that were made one by a merge, and for how long."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from hansa.modules.loyalty.members.store import merges as store
from hansa.runtime.database import Snapshot


class Kin(NamedTuple):
    """Another member that is, or was, the same person's, [since, until)."""

    member_id: UUID
    since: datetime
    until: datetime | None


async def list_kin(
    snap: Snapshot, *, members: Sequence[tuple[UUID, UUID]]
) -> dict[tuple[UUID, UUID], list[Kin]]:
    """Give with whom members (programme and number) were merged in their programmes.

    In either direction, through others, and also what was undone since. Whoever never was merged is
    left out.
    """
    rows = await snap.all(
        store.KIN,
        {
            "programme_ids": [programme_id for programme_id, _ in members],
            "member_ids": [member_id for _, member_id in members],
        },
    )
    found: dict[tuple[UUID, UUID], list[Kin]] = {}
    for row in rows:
        kin = Kin(row.kin_id, row.since, row.until)
        found.setdefault((row.programme_id, row.member_id), []).append(kin)
    return found
