"""Whose the accounts of a batch are once they are locked, and who stands for those merged."""

from collections.abc import Mapping, Sequence

from hansa.modules import ledger
from hansa.modules.loyalty import members
from hansa.modules.loyalty.members import MemberRef, Membership, MemberState, RefKind
from hansa.modules.loyalty.points.batch import Asked, Batch, Overtaken
from hansa.modules.loyalty.points.commands import Purchase
from hansa.runtime.database import Transaction


async def see_members(
    tx: Transaction, batch: Batch, asked: Sequence[Asked], standing: Mapping[int, Membership]
) -> None:
    """See whose the accounts are, as read now that they are locked; events tell of members.

    A member may have left or been blocked since the first look: the state of now decides. Whoever
    was merged is named by another account.

    Raises:
        Overtaken: a member was merged since.
    """
    for one in asked:
        membership = standing.get(one.place[1]) if one.place is not None else None
        if membership is None:
            continue
        if one.membership is not None and membership.state is MemberState.MERGED:
            raise Overtaken
        one.membership = membership
    merged = [one for one in standing.values() if one.state is MemberState.MERGED]
    if merged:
        await _follow(tx, batch, merged)
        _pay_by_absorbed(batch, asked, standing)


async def _follow(tx: Transaction, batch: Batch, merged: Sequence[Membership]) -> None:
    """Find who stands for merged members, and what those have."""
    refs = [(one.programme_id, None, MemberRef(RefKind.ID, str(one.member_id))) for one in merged]
    known = await members.resolve(tx, programme_id_refs=refs)
    batch.standing_for = {
        (one.programme_id, one.member_id): known[ref]
        for one, ref in zip(merged, refs, strict=True)
        if ref in known
    }
    places = [(one.bucket, one.account_id) for one in batch.standing_for.values()]
    balances = await ledger.read_balances(tx, places=places)
    batch.posted_of = {place: one.posted for place, one in balances.items()}


def _pay_by_absorbed(
    batch: Batch, asked: Sequence[Asked], standing: Mapping[int, Membership]
) -> None:
    """Post a purchase to the account of its hold, if its member was merged since it was made.

    The points follow the others from there, as those of every receipt of that account do.
    """
    for one in asked:
        command, membership = one.command, one.membership
        if not isinstance(command, Purchase) or command.hold_key is None or membership is None:
            continue
        held = batch.holds.get((command.owner, command.hold_key))
        owner = standing.get(held.account_id) if held is not None else None
        if held is None or owner is None:
            continue
        kept = batch.standing_for.get((owner.programme_id, owner.member_id))
        if kept is not None and kept.account_id == membership.account_id:
            one.absorbed, one.place = owner, (held.bucket, held.account_id)
