"""Decisions about receipts: what one has earned is counted anew from what is left of it.

What a receipt should have earned is a function of its lines less what came back, of the rules and
of the member's standing when it happened. Each event changes what goes in; the posting is the
difference to what was given so far. So events may come in any order and end in the same state.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from hansa.kernel.errors import HansaError
from hansa.modules import ledger
from hansa.modules.loyalty.offers import (
    Basis,
    Evaluation,
    NetLine,
    Standing,
    Use,
    Used,
    evaluate,
)
from hansa.modules.loyalty.offers import Purchase as Bought
from hansa.modules.loyalty.points import refusals
from hansa.modules.loyalty.points.batch import Asked, Batch
from hansa.modules.loyalty.points.commands import (
    Purchase,
    Recount,
    Return,
)
from hansa.modules.loyalty.points.model import (
    KeptLine,
    KeptReceipt,
    ReceiptContent,
    WaitingReturn,
)
from hansa.modules.loyalty.programmes import Terms

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


def remember(batch: Batch, asked: Asked) -> Callable[[], None]:
    """Give what brings a receipt and its member's standing back to what they are now."""
    name = (asked.command.owner, getattr(asked.command, "receipt", ""))
    kept = deepcopy(batch.receipts.get(name))
    standings = dict(batch.standings)

    def undo() -> None:
        batch.standings = standings
        asked.evaluation = None
        if kept is None:
            batch.receipts.pop(name, None)
        else:
            batch.receipts[name] = kept

    return undo


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
    seen = replace(standing, audiences=frozenset(content.audiences))
    found = evaluate(batch.rules, terms=terms, purchase=bought, standing=seen)
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
    home = asked.absorbed or membership
    if command.hold_key is not None:
        held = batch.holds.get((command.owner, command.hold_key))
        if held is None:
            raise refusals.HoldUnknown(command.hold_key)
        if (held.bucket, held.account_id) != (home.bucket, home.account_id):
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
    kept.bucket, kept.member_id = home.bucket, home.member_id
    kept.account_id, kept.happened_at = home.account_id, command.happened_at
    kept.content.lines = [
        KeptLine(one.line, one.amount_minor, one.quantity, one.category, one.item)
        for one in command.lines
    ]
    where = (kept.programme_id, home.member_id)
    kept.content.audiences = sorted(batch.standings.get(where, NOTHING).audiences)
    for waiting in kept.content.waiting:
        try:
            _bring_back(kept, waiting.happened_at, waiting.lines)
        except HansaError as refusal:
            waiting.is_refused = True
            waiting.refusal, waiting.told = refusal.code, refusals.written(refusal)
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
    kept = receipt_of(batch, asked)
    found = asked.evaluation
    if kept is None or kept.member_id is None or found is None:
        return set()
    if not found.completions and not found.uses and not kept.content.completes:
        return set()
    return {(kept.programme_id, kept.member_id)}


def claims_of(batch: Batch, asked: Asked) -> list[tuple[UUID, int]]:
    """Give what a receipt asks more of budgets than it had; negative is given back."""
    kept = receipt_of(batch, asked)
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


def receipt_of(batch: Batch, asked: Asked) -> KeptReceipt | None:
    """Give the receipt a command is about, if it is here."""
    command = asked.command
    if not isinstance(command, Purchase | Return | Recount):
        return None
    return batch.receipts.get((command.owner, command.receipt))
