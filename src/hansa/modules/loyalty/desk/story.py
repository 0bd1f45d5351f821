"""Where a number comes from: a posting with all that is known of it."""

from dataclasses import dataclass
from uuid import UUID

import msgspec

from hansa.modules import ledger
from hansa.modules.loyalty import members, points
from hansa.modules.loyalty.desk.faults import NoSuchPosting
from hansa.runtime.database import Snapshot

HOLDS_MAX = 500
REVERSALS_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A posting: the command it answers, what moved between which lots, and why.

    `receipt` is as it is now; `lines` as they were told then. `batch` is what was written with it.
    """

    posting: ledger.KeptPosting
    membership: members.Membership
    transfers: tuple[ledger.Transfer, ...]
    answer: points.Receipt | None
    receipt: points.KeptReceipt | None
    hold: ledger.Hold | None
    reverses: UUID | None
    reversed_by: tuple[UUID, ...]
    batch: ledger.KeptBatch | None

    @property
    def points(self) -> int:
        """What the balance changed by."""
        account = self.membership.account_id
        return sum(
            one.amount * ((one.credit == account) - (one.debit == account))
            for one in self.transfers
        )


async def tell_story(snap: Snapshot, *, membership: members.Membership, posting_id: UUID) -> Story:
    """Give a posting of a member with its story.

    Raises:
        NoSuchPosting: there is none, or it is another member's.
    """
    bucket = membership.bucket
    posting = await ledger.find_posting(snap, bucket=bucket, posting_id=posting_id)
    if posting is None:
        raise NoSuchPosting
    moved = await ledger.transfers_of(snap, postings=[(bucket, posting_id)])
    transfers = tuple(moved[posting_id])
    answer = _answer(posting)
    touched = {number for one in transfers for number in (one.debit, one.credit)}
    is_theirs = membership.account_id in touched
    if not is_theirs and (transfers or answer is None or answer.member_id != membership.member_id):
        raise NoSuchPosting
    receipt = None
    if posting.reference or posting.kind == points.Kind.PURCHASE:
        receipt = await points.find_receipt(
            snap, partner_id=posting.owner, receipt=posting.reference
        )
    return Story(
        posting=posting,
        membership=membership,
        transfers=transfers,
        answer=answer,
        receipt=receipt,
        hold=await _hold(snap, membership, posting),
        reverses=posting.reverses,
        reversed_by=tuple(
            await ledger.reversals_of(
                snap, bucket=bucket, posting_id=posting_id, limit=REVERSALS_MAX
            )
        ),
        batch=await ledger.find_batch(snap, batch_id=posting.batch_id),
    )


def _answer(posting: ledger.KeptPosting) -> points.Receipt | None:
    if posting.refusal is not None:
        return None
    return msgspec.json.decode(posting.answer, type=points.Receipt)


async def _hold(
    snap: Snapshot, membership: members.Membership, posting: ledger.KeptPosting
) -> ledger.Hold | None:
    """Give the hold a posting made, or ended: by its key, else by owner and instant."""
    if posting.kind not in {points.Kind.HOLD, points.Kind.SPEND, points.Kind.VOID}:
        return None
    held = await ledger.list_holds(
        snap, bucket=posting.bucket, account_id=membership.account_id, limit=HOLDS_MAX
    )
    ended = [
        one
        for one in held
        if one.owner == posting.owner
        and (one.key == posting.key or one.ended_at == posting.recorded_at)
    ]
    return ended[0] if len(ended) == 1 else None
