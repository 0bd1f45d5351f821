"""Opening a membership: its number and its account of points, in one transaction."""

from datetime import datetime
from uuid import UUID

from hansa.modules import ledger
from hansa.modules.loyalty import programmes
from hansa.modules.loyalty.members.model import bucket_of
from hansa.modules.loyalty.members.store import membership as store
from hansa.runtime.database import Transaction


async def open_membership(
    tx: Transaction,
    *,
    member_id: UUID,
    programme: programmes.Programme,
    partner_id: UUID | None,
    now: datetime,
) -> None:
    """Let a member take part in a programme; whoever left it gets the account back they had."""
    columns = {
        "bucket": bucket_of(member_id),
        "member_id": member_id,
        "programme_id": programme.id,
        "partner_id": partner_id,
        "now": now,
    }
    opened = await tx.maybe(store.ADD_MEMBERSHIP, columns)
    if opened is None:
        await tx.execute(store.RETURN_TO, columns)
        return
    account = ledger.NewAccount(
        bucket=bucket_of(member_id), id=opened.account_id, ledger=programme.number, floor=0
    )
    await ledger.open_accounts(tx, accounts=[account], now=now)
