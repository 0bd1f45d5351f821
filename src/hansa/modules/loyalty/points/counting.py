"""Decisions about receipts: what one has earned is counted anew from what is left of it.

What a receipt should have earned is a function of its lines less what came back, of the rules and
of the member's standing when it happened. Each event changes what goes in; the posting is the
difference to what was given so far. So events may come in any order and end in the same state.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from hansa.kernel.errors import HansaError
from hansa.kernel.identifiers import new_id
from hansa.modules import ledger
from hansa.modules.loyalty.offers import (
    Award,
    Basis,
    Evaluation,
    NetLine,
    Standing,
    Use,
    Used,
    evaluate,
)
from hansa.modules.loyalty.offers import Purchase as Bought
from hansa.modules.loyalty.points import model, refusals
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
    KeptLine,
    KeptReceipt,
    KeptSpend,
    KeptUse,
    ReceiptContent,
    WaitingReturn,
)
from hansa.modules.loyalty.points.reversing import give_back, taken_back
from hansa.modules.loyalty.points.spending import end_hold
from hansa.modules.loyalty.programmes import Programme, Terms

_encode = msgspec.json.encode
NOTHING = Standing()


def prepare(batch: Batch, asked: Asked) -> None:
    """Bring the receipt up to what the command says and count what it earns now.

    Done for all commands of a batch before any is posted, so that budgets are asked for once.

    Raises:
        HansaError: the command cannot be; the receipt is as it was.
    """
    command = asked.command
    kept: KeptReceipt | None
    if isinstance(command, Purchase):
        kept = _take_purchase(batch, asked, command)
    elif isinstance(command, Return):
        kept = _take_return(batch, command)
    else:
        assert isinstance(command, Recount)
        kept = batch.receipts.get((command.owner, command.receipt))
        if kept is not None:
            kept.touch()
    if kept is None or kept.member_id is None or kept.happened_at is None:
        return
    terms = batch.coalition.of(kept.programme_id, kept.partner_id)
    assert terms is not None, "an agreement is ended, never removed"
    asked.evaluation = count(batch, kept, terms)


def count(batch: Batch, kept: KeptReceipt, terms: Terms) -> Evaluation:
    """Count what is left of a receipt; the standing moves on by what it uses."""
    assert kept.member_id is not None
    assert kept.happened_at is not None
    content = kept.content
    basis = Basis.of(terms) if content.basis is None else Basis(*content.basis)
    content.basis = (basis.percent, basis.percent_max)
    where = (kept.programme_id, kept.member_id)
    bought = Bought(
        key=kept.receipt,
        member_id=kept.member_id,
        happened_at=kept.happened_at,
        lines=[NetLine(one.line, one.left_minor, one.category) for one in content.lines],
        basis=basis,
    )
    standing = batch.standings.get(where, NOTHING)
    found = evaluate(batch.rules, terms=terms, purchase=bought, standing=standing)
    if found.uses:
        batch.standings[where] = _after(standing, found.uses)
    return found


def _after(standing: Standing, uses: Sequence[Use]) -> Standing:
    """Give the standing that the next receipt of the same batch sees."""
    known = dict(standing.uses)
    for use in uses:
        before = known.get(use.offer_id, ())
        if use.times > 0:
            known[use.offer_id] = (*before, Used(use.offer_id, use.at, use.key))
        elif use.times < 0:
            known[use.offer_id] = tuple(one for one in before if one.key != use.key)
    return replace(standing, uses=known)


def _take_purchase(batch: Batch, asked: Asked, command: Purchase) -> KeptReceipt:
    batch.programme(command.programme_id)
    batch.terms(command, what="earn")
    membership, _, _ = batch.member(asked)
    name = (command.owner, command.receipt)
    kept = batch.receipts.get(name)
    if kept is not None and kept.member_id is not None:
        raise refusals.ReceiptExists(command.receipt)
    if command.hold_key is not None:
        held = batch.holds.get((command.owner, command.hold_key))
        if held is None:
            raise refusals.HoldUnknown(command.hold_key)
        if (held.bucket, held.account_id) != (membership.bucket, membership.account_id):
            raise refusals.OtherMember
        if held.state is not ledger.HoldState.OPEN:
            raise refusals.HoldEnded(held.state)
        if held.expires_at <= batch.now:
            raise refusals.HoldEnded(ledger.HoldState.EXPIRED)
    if kept is None:
        kept = KeptReceipt(
            partner_id=command.owner,
            receipt=command.receipt,
            programme_id=command.programme_id,
            bucket=None,
            member_id=None,
            account_id=None,
            happened_at=None,
            version=1,
            content=ReceiptContent(),
            is_new=True,
        )
        batch.receipts[name] = kept
    kept.touch()
    kept.bucket, kept.member_id = membership.bucket, membership.member_id
    kept.account_id, kept.happened_at = membership.account_id, command.happened_at
    kept.content.lines = [
        KeptLine(one.line, one.amount_minor, one.quantity, one.category, one.item)
        for one in command.lines
    ]
    for waiting in kept.content.waiting:
        try:
            _bring_back(kept, waiting.happened_at, waiting.lines)
        except HansaError:
            waiting.is_refused = True  # told by the receipt's page; its answer was "waiting"
    return kept


def _take_return(batch: Batch, command: Return) -> KeptReceipt:
    name = (command.owner, command.receipt)
    kept = batch.receipts.get(name)
    lines = [(one.line, one.amount_minor, one.quantity) for one in command.lines]
    if kept is None:
        kept = batch.receipts[name] = KeptReceipt(
            partner_id=command.owner,
            receipt=command.receipt,
            programme_id=command.programme_id,
            bucket=None,
            member_id=None,
            account_id=None,
            happened_at=None,
            version=1,
            content=ReceiptContent(),
            is_new=True,
        )
    if kept.member_id is None:
        if batch.coalition.of(command.programme_id, command.owner) is None:
            if kept.is_new:
                del batch.receipts[name]
            raise refusals.NotAgreed("earn")
        kept.content.waiting.append(WaitingReturn(command.happened_at, lines))
    else:
        _bring_back(kept, command.happened_at, lines)
    kept.touch()
    return kept


def _bring_back(
    kept: KeptReceipt, returned_at: datetime, lines: Sequence[tuple[int, int, Decimal]]
) -> None:
    """Note what comes back of a receipt; all or nothing.

    Raises:
        BeforePurchase, LineUnknown, AbovePurchase: as their names say.
    """
    assert kept.happened_at is not None
    if returned_at < kept.happened_at:
        raise refusals.BeforePurchase(kept.happened_at.isoformat())
    by_line = {one.line: one for one in kept.content.lines}
    asked = list(lines) or [
        (one.line, one.left_minor, one.quantity - one.returned_quantity)
        for one in kept.content.lines
        if one.left_minor or one.quantity > one.returned_quantity
    ]
    if not asked:
        first = kept.content.lines[0]
        raise refusals.AbovePurchase(line=first.line, asked=first.amount_minor, left=0)
    for line, amount_minor, quantity in asked:
        bought = by_line.get(line)
        if bought is None:
            raise refusals.LineUnknown(line)
        too_many = bought.returned_quantity + quantity > bought.quantity
        if amount_minor > bought.left_minor or too_many:
            raise refusals.AbovePurchase(line=line, asked=amount_minor, left=bought.left_minor)
    for line, amount_minor, quantity in asked:
        by_line[line].returned_minor += amount_minor
        by_line[line].returned_quantity += quantity


def standings_changed(batch: Batch, asked: Asked) -> set[tuple[UUID, UUID]]:
    """Give the members (with their programmes) whose standing this receipt changes."""
    kept = _receipt_of(batch, asked)
    found = asked.evaluation
    if kept is None or kept.member_id is None or found is None:
        return set()
    if not found.completions and not found.uses and not kept.content.completes:
        return set()
    return {(kept.programme_id, kept.member_id)}


def claims_of(batch: Batch, asked: Asked) -> list[tuple[UUID, int]]:
    """Give what a receipt asks more of budgets than it had; negative is given back."""
    kept = _receipt_of(batch, asked)
    if kept is None or asked.evaluation is None:
        return []
    wanted: dict[UUID, int] = {}
    for award in asked.evaluation.awards:
        if award.campaign_id is not None:
            wanted[award.campaign_id] = wanted.get(award.campaign_id, 0) + award.points
    for had in kept.content.awards:
        if had.campaign_id is not None:
            wanted[had.campaign_id] = wanted.get(had.campaign_id, 0) - had.points
    return [(campaign_id, points) for campaign_id, points in wanted.items() if points]


def _receipt_of(batch: Batch, asked: Asked) -> KeptReceipt | None:
    command = asked.command
    if not isinstance(command, Purchase | Return | Recount):
        return None
    return batch.receipts.get((command.owner, command.receipt))


def settle(batch: Batch, asked: Asked) -> Answered:
    """Post the difference between what a receipt should have earned and what it has."""
    command = asked.command
    assert isinstance(command, Purchase | Return | Recount)
    kept = _receipt_of(batch, asked)
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
    before = {one.offer_id: one for one in kept.content.uses}
    for use in found.uses:
        had = before.pop(use.offer_id, None)
        if had is None:
            batch.uses.append(use)
        else:
            change = use._replace(
                times=use.times - had.times,
                points=use.points - had.points,
                amount_minor=use.amount_minor - had.amount_minor,
            )
            if change.times or change.points or change.amount_minor:
                batch.uses.append(change)
    for gone in before.values():
        batch.uses.append(
            Use(
                kept.member_id,
                kept.programme_id,
                gone.offer_id,
                kept.happened_at or batch.now,
                kept.receipt,
                -gone.times,
                -gone.points,
                -gone.amount_minor,
                gone.limit,
            )
        )
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
    paying = next(
        (
            one
            for (programme_id, _), one in batch.coalition.terms.items()
            if programme_id == programme.id and one.partner.number == payer[0]
        ),
        None,
    )
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
