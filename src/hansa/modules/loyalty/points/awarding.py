"""Posting what a receipt has come to: the difference to what it has earned and paid so far."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

import msgspec

from hansa.kernel.identifiers import new_id
from hansa.modules import ledger
from hansa.modules.loyalty.offers import Award, Evaluation, Use, uses_between
from hansa.modules.loyalty.points import counting, model, refusals
from hansa.modules.loyalty.points.batch import Answered, Asked, Batch
from hansa.modules.loyalty.points.commands import (
    EarnedLine,
    Kind,
    Purchase,
    Receipt,
    Recount,
    Return,
)
from hansa.modules.loyalty.points.model import (
    KeptAward,
    KeptEarning,
    KeptReceipt,
    KeptSpend,
    KeptUse,
    ReceiptContent,
)
from hansa.modules.loyalty.points.reversing import give_back, taken_back
from hansa.modules.loyalty.points.spending import end_hold
from hansa.modules.loyalty.programmes import Programme, Terms

_encode = msgspec.json.encode


def settle(batch: Batch, asked: Asked) -> Answered:
    """Post the difference between what a receipt should have earned and what it has."""
    command = asked.command
    assert isinstance(command, Purchase | Return | Recount)
    kept = counting.receipt_of(batch, asked)
    if kept is None:
        raise refusals.PostingUnknown(command.receipt)
    programme = batch.programme_of_id(kept.programme_id)
    if kept.member_id is None:
        return _wait(batch, asked, programme)
    assert kept.bucket is not None
    assert kept.account_id is not None
    place = (kept.bucket, kept.account_id)
    transfers: list[ledger.Transfer] = []
    if isinstance(command, Purchase) and command.hold_key is not None:
        transfers += _pay(batch, kept, command)
    transfers += _restore(batch, kept, place)
    if asked.evaluation is not None:
        transfers += _award(batch, kept, place, programme, asked)
        _note_effects(batch, kept, asked.evaluation)
    kind = {Purchase: Kind.PURCHASE, Return: Kind.RETURN, Recount: Kind.RECOUNT}[type(command)]
    receipt = Receipt(
        posting_id=kept.member_id,
        kind=kind,
        member_id=kept.member_id,
        points=0,
        balance=0,
        lines=tuple(
            EarnedLine(
                line=one.line,
                points=one.points,
                percent=one.percent,
                reason=one.reason,
                campaign_id=one.campaign_id,
            )
            for one in kept.content.earnings
        ),
    )
    answer = batch.post(
        asked,
        kind,
        place=place,
        member_id=kept.member_id,
        programme=programme,
        transfers=transfers,
        receipt=receipt,
        reference=kept.receipt,
    )
    return Answered(_encode(answer), is_repeat=False)


def _note_effects(batch: Batch, kept: KeptReceipt, found: Evaluation) -> None:
    """Note which offers the receipt uses and completes: the differences to what it did before."""
    assert kept.member_id is not None
    assert kept.happened_at is not None
    before = [
        Use(
            kept.member_id,
            kept.programme_id,
            one.offer_id,
            kept.happened_at,
            kept.receipt,
            one.times,
            one.points,
            one.amount_minor,
            one.limit,
        )
        for one in kept.content.uses
    ]
    batch.uses.extend(uses_between(before, found.uses))
    kept.content.uses = [
        KeptUse(one.offer_id, one.times, one.points, one.amount_minor, one.limit)
        for one in found.uses
    ]
    if kept.content.completes:
        batch.recounted.add((kept.programme_id, kept.member_id, kept.receipt))
    batch.completions.extend(found.completions)
    kept.content.completes = bool(found.completions)


def _wait(batch: Batch, asked: Asked, programme: Programme) -> Answered:
    """Answer a return that came before its purchase."""
    answer = Receipt(
        posting_id=new_id(batch.now),
        kind=Kind.RETURN,
        member_id=None,
        points=0,
        balance=0,
        is_waiting=True,
    )
    note = batch.note(asked, Kind.RETURN, bucket=0, programme=programme, answer=answer)
    batch.book.note(note)
    return Answered(note.answer, is_repeat=False)


def _pay(batch: Batch, kept: KeptReceipt, command: Purchase) -> list[ledger.Transfer]:
    assert command.hold_key is not None
    held = batch.holds[command.owner, command.hold_key]
    moved = end_hold(
        batch,
        held,
        owner=command.owner,
        points=held.amount,
        state=ledger.HoldState.POSTED,
    )
    kept.content.spends = [
        KeptSpend(one.tag, one.issuer, one.amount) for one in moved if one.tag is not None
    ]
    return moved


def _restore(batch: Batch, kept: KeptReceipt, place: ledger.Place) -> list[ledger.Transfer]:
    """Give back the share of spent points that came back as goods; what was spent last first."""
    content = kept.content
    spent = sum([one.points for one in content.spends])
    if not spent or not _has_come_back(content):
        return []
    due = model.restored_share(
        spent, total_minor=content.total_minor, returned_minor=content.returned_minor
    )
    due -= sum([one.restored for one in content.spends])
    partner = batch.coalition.partners[kept.partner_id]
    shelf = batch.shelf(place)
    transfers = []
    for one in reversed(content.spends):
        part = min(due, one.points - one.restored)
        if part <= 0:
            continue
        due -= part
        one.restored += part
        give_back(batch, shelf, shelf.lots[one.lot_id], part)
        account = model.spent_account(partner.number)
        transfers.append(ledger.Transfer(account, place[1], part, one.issuer, one.lot_id))
    return transfers


def _has_come_back(content: ReceiptContent) -> bool:
    return any(one.returned_minor or one.returned_quantity for one in content.lines)


def _award(
    batch: Batch, kept: KeptReceipt, place: ledger.Place, programme: Programme, asked: Asked
) -> list[ledger.Transfer]:
    """Move the difference between the awards a receipt has and those it should have."""
    assert asked.evaluation is not None
    assert kept.happened_at is not None
    content = kept.content
    wanted = _by_payer(batch, granted_awards(content, asked))
    had = {(one.issuer, one.campaign_id): one for one in content.awards}
    terms = batch.coalition.of(kept.programme_id, kept.partner_id)
    assert terms is not None
    shelf = batch.shelf(place)
    transfers: list[ledger.Transfer] = []
    for payer in {*wanted, *had}:
        award = had.get(payer)
        change = wanted.get(payer, 0) - (award.points if award else 0)
        if change == 0:
            continue
        giving = model.issued_account(payer[0])
        if change < 0:
            assert award is not None
            lot = shelf.lots[award.lot_id]
            transfers += taken_back(
                batch, shelf, lot, -change, policy=terms.return_policy, to=giving
            )
            award.points += change
            continue
        if award is not None:
            give_back(batch, shelf, shelf.lots[award.lot_id], change)
            award.points += change
        else:
            award = _new_award(batch, kept, place, programme, terms, payer, change)
            content.awards.append(award)
        transfers.append(ledger.Transfer(giving, place[1], change, payer[0], award.lot_id))
    content.earnings = [KeptEarning(*one) for one in asked.evaluation.lines]
    return transfers


def _new_award(  # noqa: PLR0917 - what a lot is made of
    batch: Batch,
    kept: KeptReceipt,
    place: ledger.Place,
    programme: Programme,
    terms: Terms,
    payer: tuple[int, UUID | None],
    points: int,
) -> KeptAward:
    assert kept.happened_at is not None
    paying = batch.coalition.of_number(programme.id, payer[0])
    price = paying.participation.issue_price if paying else Decimal(0)
    lot = batch.new_lot(
        place,
        programme,
        points=points,
        issuer=payer[0],
        price_micro=int(price * model.PRICE_MICRO),
        earned_at=kept.happened_at,
        life=model.lifetime(terms, programme, kept.happened_at),
        campaign_id=payer[1],
    )
    return KeptAward(payer[0], payer[1], points, lot.id)


def granted_awards(content: ReceiptContent, asked: Asked) -> list[Award]:
    """Give the awards as far as the budgets that pay for them go."""
    assert asked.evaluation is not None
    awards = list(asked.evaluation.awards)
    if not asked.granted:
        return awards
    had: dict[UUID, int] = {}
    for one in content.awards:
        if one.campaign_id is not None:
            had[one.campaign_id] = had.get(one.campaign_id, 0) + one.points
    allowed = {
        campaign_id: had.get(campaign_id, 0) + points
        for campaign_id, points in asked.granted.items()
    }
    granted = []
    for award in awards:
        if award.campaign_id not in allowed:
            granted.append(award)
            continue
        points = min(award.points, allowed[award.campaign_id])
        allowed[award.campaign_id] -= points
        granted.append(award._replace(points=points))
    return granted


def _by_payer(batch: Batch, awards: Sequence[Award]) -> dict[tuple[int, UUID | None], int]:
    sums: dict[tuple[int, UUID | None], int] = {}
    for award in awards:
        partner = (
            None
            if award.issuer_partner_id is None
            else batch.coalition.partners.get(award.issuer_partner_id)
        )
        payer = (partner.number if partner else 0, award.campaign_id)
        if award.points:
            sums[payer] = sums.get(payer, 0) + award.points
    return sums
