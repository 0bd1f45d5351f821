"""Taking back what was given, and giving back what was spent: lot by lot."""

from uuid import UUID

import msgspec

from hansa.modules import ledger
from hansa.modules.loyalty.points import model, refusals
from hansa.modules.loyalty.points.batch import Answered, Asked, Batch, Original
from hansa.modules.loyalty.points.commands import Kind, Reverse
from hansa.modules.loyalty.points.model import Lot, Shelf
from hansa.modules.loyalty.programmes import Programme, ReturnPolicy

REVERSIBLE = frozenset({Kind.ACCRUAL.value, Kind.SPEND.value, Kind.CORRECTION.value})


def take_back(batch: Batch, shelf: Shelf, lot: Lot, points: int, *, policy: ReturnPolicy) -> int:
    """Take points out of the lot they were given into; give how many were taken.

    What is not there any more is owed: the lot goes below zero, and the next points pay it. With
    `write_off` only what is there is taken, and the partner bears the rest.
    """
    taken = points if policy is not ReturnPolicy.WRITE_OFF else min(points, max(0, lot.free))
    before = lot.free if lot.is_spendable(batch.now) else 0
    lot.move(-taken)
    shelf.spendable += (lot.free if lot.is_spendable(batch.now) else 0) - before
    return taken


def give_back(batch: Batch, shelf: Shelf, lot: Lot, points: int) -> None:
    """Give points back into the lot they were spent from.

    A lot whose time is over meanwhile lives on for some days, so that nobody loses by a return.
    """
    before = lot.free if lot.is_spendable(batch.now) else 0
    if lot.expires_at is not None and lot.expires_at <= batch.now:
        lot.expires_at = batch.now + model.RESTORED_LIVE
    lot.move(points)
    shelf.spendable += (lot.free if lot.is_spendable(batch.now) else 0) - before


def reverse(batch: Batch, asked: Asked, command: Reverse) -> Answered:
    """Take back a posting, or a part of it: what was spent last comes back first."""
    original = batch.originals.get((command.owner, command.posting_key))
    if original is None:
        raise refusals.PostingUnknown(command.posting_key)
    if original.kind not in REVERSIBLE:
        raise refusals.NotReversible(original.kind)
    programme = batch.programme_of_id(command.programme_id)
    left = _left_of(original)
    all_left = sum(points for _, points in left)
    points = all_left if command.points is None else command.points
    if points > all_left or points <= 0:
        raise refusals.AboveOriginal(asked=points, left=all_left)
    place = (original.bucket, original.account_id)
    transfers: list[ledger.Transfer] = []
    for moved, rest in reversed(left):
        part = min(points, rest)
        if part > 0:
            points -= part
            transfers += _mirrored(batch, place, programme, command, moved, part)
    # A later reversal in the same batch sees this one.
    original.reversed.extend(transfers)
    answer = batch.post(
        asked,
        Kind.REVERSAL,
        place=place,
        member_id=asked.membership.member_id if asked.membership else model.HOUSE,
        programme=programme,
        transfers=transfers,
        reverses=original.posting_id,
    )
    return Answered(msgspec.json.encode(answer), is_repeat=False)


def _left_of(original: Original) -> list[tuple[ledger.Transfer, int]]:
    """Give the transfers of the original with what is left of each; compensations do not count."""
    gone: dict[UUID | None, int] = {}
    for one in original.reversed:
        if model.COMPENSATION_ACCOUNT not in (one.debit, one.credit):
            gone[one.tag] = gone.get(one.tag, 0) + one.amount
    left = []
    for moved in original.transfers:
        if model.COMPENSATION_ACCOUNT in (moved.debit, moved.credit):
            continue
        taken = min(moved.amount, gone.get(moved.tag, 0))
        gone[moved.tag] = gone.get(moved.tag, 0) - taken
        left.append((moved, moved.amount - taken))
    return left


def _mirrored(  # noqa: PLR0917 - what a part of a posting is
    batch: Batch,
    place: ledger.Place,
    programme: Programme,
    command: Reverse,
    moved: ledger.Transfer,
    points: int,
) -> list[ledger.Transfer]:
    shelf = batch.shelf(place)
    assert moved.tag is not None
    lot = shelf.lots[moved.tag]
    if moved.debit == place[1]:  # it was spent: give it back
        give_back(batch, shelf, lot, points)
        return [ledger.Transfer(moved.credit, moved.debit, points, moved.issuer, lot.id)]
    terms = batch.coalition.of(programme.id, command.owner)
    policy = terms.return_policy if terms else programme.return_policy
    return taken_back(batch, shelf, lot, points, policy=policy, to=moved.debit)


def taken_back(
    batch: Batch, shelf: Shelf, lot: Lot, points: int, *, policy: ReturnPolicy, to: int
) -> list[ledger.Transfer]:
    """Take points back for the account that gave them; what is written off stays its cost."""
    taken = take_back(batch, shelf, lot, points, policy=policy)
    moved = []
    if taken:
        moved.append(ledger.Transfer(shelf.account_id, to, taken, lot.issuer, lot.id))
    if points > taken:
        off = model.written_off_account(lot.issuer)
        moved.append(ledger.Transfer(off, to, points - taken, lot.issuer, lot.id))
    return moved
