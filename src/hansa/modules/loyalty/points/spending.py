"""Decisions about what leaves a member's account: holds, spending, expiry; and plain accruals."""

from uuid import UUID

import msgspec

from hansa.kernel.identifiers import new_id
from hansa.modules import ledger
from hansa.modules.loyalty.points import model, refusals
from hansa.modules.loyalty.points.batch import Answered, Asked, Batch
from hansa.modules.loyalty.points.commands import (
    Accrue,
    Correct,
    ExpireHold,
    ExpireLots,
    HoldPoints,
    Kind,
    PostHold,
    Receipt,
    Spend,
    VoidHold,
)
from hansa.modules.loyalty.points.model import Lot, Shelf
from hansa.modules.loyalty.programmes import ReturnPolicy

_encode = msgspec.json.encode


def accrue(batch: Batch, asked: Asked, command: Accrue) -> Answered:
    """Give points that a partner has counted itself."""
    programme = batch.programme(command.programme_id)
    is_ours = command.owner == model.HOUSE
    terms = None if is_ours else batch.terms(command, what="earn")
    issuer = terms.partner.number if terms else 0
    price = terms.participation.issue_price if terms else 0
    membership, _, _ = batch.member(asked)
    place = (membership.bucket, membership.account_id)
    active_at, expires_at = model.lifetime(terms, programme, command.happened_at)
    lot = batch.new_lot(
        place,
        programme,
        points=command.points,
        issuer=issuer,
        price_micro=int(price * model.PRICE_MICRO),
        earned_at=command.happened_at,
        life=(command.active_at or active_at, command.expires_at or expires_at),
        campaign_id=command.campaign_id,
    )
    answer = batch.post(
        asked,
        Kind.ACCRUAL,
        place=place,
        member_id=membership.member_id,
        programme=programme,
        transfers=[
            ledger.Transfer(model.issued_account(issuer), place[1], command.points, issuer, lot.id)
        ],
        reference=command.reference,
    )
    return Answered(_encode(answer), is_repeat=False)


def check_spendable(batch: Batch, command: HoldPoints | Spend, shelf: Shelf, owed: int) -> None:
    """See whether so many points can be spent.

    Raises:
        DebtFirst: something is owed, and the terms let nothing be spent before it is earned.
        NotEnoughPoints: there are fewer.
    """
    terms = batch.coalition.of(command.programme_id, command.owner)
    if owed and terms is not None and terms.return_policy is ReturnPolicy.BLOCK:
        raise refusals.DebtFirst(owed)
    available = max(0, shelf.spendable - owed)
    if command.points > available:
        raise refusals.NotEnoughPoints(asked=command.points, available=available)


def hold(batch: Batch, asked: Asked, command: HoldPoints) -> Answered:
    """Set points aside in the lots that expire first."""
    programme = batch.programme(command.programme_id)
    batch.terms(command, what="spend")
    membership, account, shelf = batch.member(asked)
    check_spendable(batch, command, shelf, account.owed)
    picked = shelf.pick(command.points, batch.now)
    answer = Receipt(
        posting_id=new_id(batch.now),
        kind=Kind.HOLD,
        member_id=membership.member_id,
        points=0,
        balance=account.posted,
        available=shelf.spendable - account.owed - command.points,
    )
    made = ledger.Hold(
        bucket=account.bucket,
        id=answer.posting_id,
        account_id=account.id,
        ledger=programme.number,
        owner=command.owner,
        key=command.key,
        amount=command.points,
        tags=tuple((lot.id, points) for lot, points in picked),
        expires_at=command.expires_at,
        held_at=batch.now,
        reference=command.reference,
    )
    note = batch.note(asked, Kind.HOLD, bucket=account.bucket, programme=programme, answer=answer)
    note.reference = command.reference
    batch.book.hold(made, note)
    for lot, points in picked:
        lot.held += points
        lot.is_touched = True
    shelf.spendable -= command.points
    batch.holds[command.owner, command.key] = made
    return Answered(note.answer, is_repeat=False)


def end_hold(
    batch: Batch,
    held: ledger.Hold,
    *,
    owner: UUID,
    points: int,
    state: ledger.HoldState,
) -> list[ledger.Transfer]:
    """End a hold and give the transfers of what is spent of it; the rest is free again.

    Raises:
        HoldEnded: it has ended before, or its time is over.
        AboveHeld: more is to be spent than was held.
    """
    if held.state is not ledger.HoldState.OPEN:
        raise refusals.HoldEnded(held.state)
    if state is ledger.HoldState.POSTED and held.expires_at <= batch.now:
        raise refusals.HoldEnded(ledger.HoldState.EXPIRED)
    if points > held.amount:
        raise refusals.AboveHeld(asked=points, held=held.amount)
    partner = batch.coalition.partners.get(owner)
    to = model.spent_account(partner.number if partner else 0)
    batch.book.release(held, taken=points, state=state, now=batch.now)
    batch.book.holds[held.id] = held
    shelf = batch.shelf((held.bucket, held.account_id))
    transfers = []
    for lot_id, amount in held.tags:
        lot = shelf.lots[lot_id]
        before = lot.free if lot.is_spendable(batch.now) else 0
        taken = min(points, amount)
        points -= taken
        lot.held -= amount
        lot.move(-taken)
        shelf.spendable += (lot.free if lot.is_spendable(batch.now) else 0) - before
        if taken:
            transfers.append(ledger.Transfer(held.account_id, to, taken, lot.issuer, lot.id))
    return transfers


def post_hold(batch: Batch, asked: Asked, command: PostHold) -> Answered:
    """Spend what was held, or a part of it."""
    held = _hold_of(batch, command)
    points = held.amount if command.points is None else command.points
    return _finish_hold(batch, asked, command, held, points, Kind.SPEND)


def void_hold(batch: Batch, asked: Asked, command: VoidHold | ExpireHold) -> Answered:
    """Give back what was held."""
    return _finish_hold(batch, asked, command, _hold_of(batch, command), 0, Kind.VOID)


def _hold_of(batch: Batch, command: PostHold | VoidHold | ExpireHold) -> ledger.Hold:
    owner = command.owner
    held = batch.holds.get((owner, command.hold_key))
    if held is None:
        raise refusals.HoldUnknown(command.hold_key)
    return held


def _finish_hold(  # noqa: PLR0917 - what the end of a hold is
    batch: Batch,
    asked: Asked,
    command: PostHold | VoidHold | ExpireHold,
    held: ledger.Hold,
    points: int,
    kind: Kind,
) -> Answered:
    programme = batch.programme_of(held.ledger)
    state = ledger.HoldState.POSTED if points else ledger.HoldState.VOIDED
    if isinstance(command, ExpireHold):
        state = ledger.HoldState.EXPIRED
        if held.state is ledger.HoldState.OPEN and held.expires_at > batch.now:
            raise refusals.HoldEnded(held.state)
    transfers = end_hold(
        batch,
        held,
        owner=command.owner,
        points=points,
        state=state,
    )
    place = (held.bucket, held.account_id)
    membership = asked.membership
    answer = batch.post(
        asked,
        kind,
        place=place,
        member_id=membership.member_id if membership else model.HOUSE,
        programme=programme,
        transfers=transfers,
        reference=held.reference,
    )
    return Answered(_encode(answer), is_repeat=False)


def draw(
    batch: Batch, shelf: Shelf, picked: list[tuple[Lot, int]], *, to: int
) -> list[ledger.Transfer]:
    """Take points out of lots for an account."""
    transfers = []
    for lot, points in picked:
        if lot.is_spendable(batch.now):
            shelf.spendable -= points
        lot.move(-points)
        transfers.append(ledger.Transfer(shelf.account_id, to, points, lot.issuer, lot.id))
    return transfers


def spend(batch: Batch, asked: Asked, command: Spend) -> Answered:
    """Spend points at once."""
    programme = batch.programme(command.programme_id)
    terms = batch.terms(command, what="spend")
    membership, account, shelf = batch.member(asked)
    check_spendable(batch, command, shelf, account.owed)
    picked = shelf.pick(command.points, batch.now)
    transfers = draw(batch, shelf, picked, to=model.spent_account(terms.partner.number))
    receipt = Receipt(
        posting_id=membership.member_id,
        kind=Kind.SPEND,
        member_id=membership.member_id,
        points=0,
        balance=0,
        available=max(0, shelf.spendable - account.owed),
    )
    answer = batch.post(
        asked,
        Kind.SPEND,
        place=(account.bucket, account.id),
        member_id=membership.member_id,
        programme=programme,
        transfers=transfers,
        receipt=receipt,
        reference=command.reference,
    )
    return Answered(_encode(answer), is_repeat=False)


def expire_lots(batch: Batch, asked: Asked, command: ExpireLots) -> Answered:
    """Take the points of an account whose time is over; what is held waits for its hold."""
    programme = batch.programme_of_id(command.programme_id)
    place = (command.bucket, command.account_id)
    shelf = batch.shelf(place)
    due = [
        (lot, lot.free)
        for lot in shelf.in_order()
        if lot.free > 0 and lot.expires_at is not None and lot.expires_at <= batch.now
    ]
    transfers = draw(batch, shelf, due, to=model.EXPIRED_ACCOUNT)
    member_id = asked.membership.member_id if asked.membership else model.HOUSE
    answer = batch.post(
        asked,
        Kind.EXPIRY,
        place=place,
        member_id=member_id,
        programme=programme,
        transfers=transfers,
    )
    return Answered(_encode(answer), is_repeat=False)


def correct(batch: Batch, asked: Asked, command: Correct) -> Answered:
    """Add or take points by hand."""
    programme = batch.programme_of_id(command.programme_id)
    membership, account, shelf = batch.member(asked)
    place = (account.bucket, account.id)
    if command.points > 0:
        lot = batch.new_lot(
            place,
            programme,
            points=command.points,
            issuer=0,
            price_micro=0,
            earned_at=command.happened_at,
            life=(command.happened_at, model.lifetime(None, programme, command.happened_at)[1]),
        )
        moved = ledger.Transfer(model.GOODWILL_ACCOUNT, account.id, command.points, 0, lot.id)
        transfers = [moved]
    else:
        available = max(0, shelf.spendable - account.owed)
        if -command.points > available:
            raise refusals.NotEnoughPoints(asked=-command.points, available=available)
        picked = shelf.pick(-command.points, batch.now)
        transfers = draw(batch, shelf, picked, to=model.GOODWILL_ACCOUNT)
    answer = batch.post(
        asked,
        Kind.CORRECTION,
        place=place,
        member_id=membership.member_id,
        programme=programme,
        transfers=transfers,
        reference=command.reason,
    )
    return Answered(_encode(answer), is_repeat=False)
