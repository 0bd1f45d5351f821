"""The books of one bucket, for those who keep what tags mean and want to compare."""

from dataclasses import dataclass
from uuid import UUID

from hansa.modules.ledger.store import reading as sql
from hansa.runtime.database import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class TagSum:
    """What transfers with a tag did to an account with a floor."""

    account_id: int
    ledger: int
    issuer: int
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketBooks:
    """All of a bucket: accounts as (posted, held, owed), sums and open holds by tag."""

    accounts: dict[int, tuple[int, int, int]]
    tags: dict[UUID, TagSum]
    held: dict[UUID, int]


async def read_bucket(snap: Snapshot, *, bucket: int) -> BucketBooks:
    """Give the books of a bucket. Reads all of it: for proofs, not for pages."""
    params = {"bucket": bucket}
    return BucketBooks(
        accounts={
            row.id: (row.posted, row.held, row.owed)
            for row in await snap.all(sql.ACCOUNTS_OF_BUCKET, params)
        },
        tags={
            row.tag: TagSum(
                account_id=row.account_id,
                ledger=row.ledger,
                issuer=row.issuer,
                amount=row.amount,
            )
            for row in await snap.all(sql.TAGS_OF_BUCKET, params)
        },
        held={row.tag: row.amount for row in await snap.all(sql.HELD_OF_BUCKET, params)},
    )
