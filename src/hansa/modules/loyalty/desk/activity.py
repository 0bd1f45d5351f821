"""What members did in a time: receipts, points earned and spent. For comparing groups of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hansa.modules import ledger
from hansa.modules.loyalty.desk.store import segments as store
from hansa.modules.loyalty.members import bucket_of
from hansa.runtime.database import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Sums over members: `active` had a receipt; points as they were posted, reversals included."""

    members: int = 0
    active: int = 0
    receipts: int = 0
    earned: int = 0
    spent: int = 0

    def plus(self, other: "Activity") -> "Activity":
        """Give the sums of both."""
        return Activity(
            members=self.members + other.members,
            active=self.active + other.active,
            receipts=self.receipts + other.receipts,
            earned=self.earned + other.earned,
            spent=self.spent + other.spent,
        )


async def activity_of(
    snap: Snapshot,
    *,
    programme_id: UUID,
    member_ids: Sequence[UUID],
    since: datetime,
    until: datetime,
) -> Activity:
    """Give what members of a programme did in [since, until); some thousands at a time."""
    rows = await snap.all(
        store.ACCOUNTS_AND_RECEIPTS,
        {
            "buckets": [bucket_of(one) for one in member_ids],
            "member_ids": list(member_ids),
            "programme_id": programme_id,
            "since": since,
            "until": until,
        },
    )
    turnover = await ledger.read_turnover(
        snap, places=[(row.bucket, row.account_id) for row in rows], since=since, until=until
    )
    return Activity(
        members=len(rows),
        active=sum(1 for row in rows if row.receipts),
        receipts=sum(row.receipts for row in rows),
        earned=turnover.earned,
        spent=turnover.spent,
    )
