"""Posting receipts whose buyer has become known, and forgetting those nobody claimed."""

from uuid import UUID

import structlog

from hansa.kernel.errors import HansaError
from hansa.modules.loyalty.members import MemberRef, RefKind
from hansa.modules.loyalty.points import refusals, unclaimed
from hansa.modules.loyalty.points.commands import Purchase
from hansa.modules.loyalty.points.poster import Poster
from hansa.modules.loyalty.points.store import unclaimed as sql
from hansa.modules.loyalty.points.work import ClaimPurchases
from hansa.runtime.context import Context

PAGE = 100
NOBODY = UUID(int=0)

_log = structlog.get_logger(__name__)


async def run_claim_purchases(context: Context, job: ClaimPurchases) -> None:
    """Post the receipts of a member, or of all that are known by now; each is posted once.

    What is refused (the member is blocked, say) waits on, until it is forgotten.
    """
    poster = context.service(Poster)
    after = (NOBODY, "")
    while True:
        async with context.database.snapshot(single=True) as snap:
            rows = await snap.all(
                sql.CLAIMABLE,
                {
                    "member_id": job.member_id,
                    "days_back": unclaimed.DAYS_BACK,
                    "after_partner_id": after[0],
                    "after_receipt": after[1],
                    "limit": PAGE,
                },
            )
        for row in rows:
            after = (row.partner_id, row.receipt)
            command = Purchase(
                owner=row.partner_id,
                key=unclaimed.key_of(row.receipt),
                programme_id=row.programme_id,
                happened_at=row.happened_at,
                member=MemberRef(RefKind.ID, str(row.member_id)),
                receipt=row.receipt,
                lines=unclaimed.lines_of(bytes(row.content)),
            )
            try:
                await poster.submit(command)
            except refusals.ReceiptExists:
                pass  # its partner sent it again, once the buyer was known
            except HansaError as error:
                _log.info("a kept receipt waits on", code=error.code)
                continue
            async with context.database.transaction() as tx:
                await tx.execute(sql.DROP_UNCLAIMED, {"partner_id": after[0], "receipt": after[1]})
        if len(rows) < PAGE:
            break
    if job.member_id is None:
        kept_before = context.clock.now() - unclaimed.KEPT_FOR
        async with context.database.transaction() as tx:
            await tx.execute(sql.FORGET_UNCLAIMED, {"kept_before": kept_before})
