"""A batch of commands, from what was asked to what is written: the one door to points.

The steps, each of one round trip unless something rare is asked for: find whom the commands are
about; lock their accounts in order and read the keys answered before, holds, receipts and lots;
read standings and what the guard knows; decide in memory, first come first served; write all of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from hansa.kernel.errors import HansaError
from hansa.kernel.identifiers import new_id
from hansa.modules import ledger
from hansa.modules.loyalty import guard, offers
from hansa.modules.loyalty.points import (
    awarding,
    counting,
    moving,
    refusals,
    reversing,
    spending,
    unclaimed,
)
from hansa.modules.loyalty.points.batch import (
    Answered,
    Asked,
    Batch,
    Later,
    Overtaken,
    repeat_of,
)
from hansa.modules.loyalty.points.commands import (
    Accrue,
    Command,
    Correct,
    ExpireHold,
    ExpireLots,
    Forfeit,
    HoldPoints,
    Kind,
    MoveIn,
    MoveOut,
    PostHold,
    Purchase,
    Recount,
    Return,
    Reverse,
    Spend,
    VoidHold,
)
from hansa.modules.loyalty.points.loading import load, load_standings
from hansa.modules.loyalty.points.locating import find
from hansa.modules.loyalty.points.saving import follow_merges, save
from hansa.modules.loyalty.points.watching import Watching, watch, write_down
from hansa.modules.loyalty.programmes import Coalition
from hansa.runtime.database import Transaction

Answer = Answered | Exception
_Decide = Callable[[Batch, Asked, Any], Answered]

_DECISIONS: dict[type[Command], _Decide] = {
    Accrue: spending.accrue,
    HoldPoints: spending.hold,
    PostHold: spending.post_hold,
    VoidHold: spending.void_hold,
    ExpireHold: spending.void_hold,
    Spend: spending.spend,
    ExpireLots: spending.expire_lots,
    Correct: spending.correct,
    Reverse: reversing.reverse,
    Forfeit: moving.forfeit,
    MoveOut: moving.move_out,
    MoveIn: moving.move_in,
}
_COUNTED = (Purchase, Return, Recount)
_KINDS: dict[type[Command], Kind] = {
    Accrue: Kind.ACCRUAL,
    HoldPoints: Kind.HOLD,
    PostHold: Kind.SPEND,
    VoidHold: Kind.VOID,
    ExpireHold: Kind.VOID,
    Spend: Kind.SPEND,
    ExpireLots: Kind.EXPIRY,
    Correct: Kind.CORRECTION,
    Reverse: Kind.REVERSAL,
    Purchase: Kind.PURCHASE,
    Return: Kind.RETURN,
    Recount: Kind.RECOUNT,
    Forfeit: Kind.FORFEIT,
    MoveOut: Kind.MERGE,
    MoveIn: Kind.MERGE,
}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a batch is decided by besides the database: agreements, rules, the slot of budgets.

    `audiences` tells from memory in which audiences a member is; None if nothing asks for one.
    """

    coalition: Coalition
    rules: offers.RuleSet
    slot: int
    watched: guard.RuleBook
    audiences: offers.AudiencesOf | None = None
    is_dry: bool = False


async def apply(
    tx: Transaction, asked: Sequence[Asked], *, around: Surroundings, now: datetime
) -> list[Answer]:
    """Answer commands in their order, in one transaction.

    Raises:
        Overtaken, ledger.KeyTaken: another process was first; try the batch again.
    """
    for one in asked:
        one.begin()
    taken, later = _apart(asked)
    found = await find(tx, taken)
    batch, busy = await load(
        tx, taken, found, around.coalition, around.rules, now, is_patient=around.is_dry
    )
    if busy:
        taken = [one for one in taken if one not in busy]
        later.extend(busy)
    if not taken:
        return [Later() for _ in asked]
    _, watching = await tx.together(
        load_standings(tx, batch, taken, around.audiences),
        watch(tx, batch, taken, around.watched),
    )
    await _count_all(tx, batch, watching, taken, around)
    answers: dict[int, Answer] = {id(one): Later() for one in later}
    for one in taken:
        answers[id(one)] = _answer(batch, watching, one)
    if not around.is_dry:
        await save(tx, batch, slot=around.slot)
        await write_down(tx, watching, now=now)
        await follow_merges(tx, batch, taken)
    return [answers[id(one)] for one in asked]


def _apart(asked: Sequence[Asked]) -> tuple[list[Asked], list[Asked]]:
    """Put off what is about a receipt, hold or posting that another command before it makes.

    What a batch reads it reads before anything is decided, so such a pair cannot share one. A
    repeat of a key stays with its first: it gets the same answer.
    """
    taken: list[Asked] = []
    later: list[Asked] = []
    names: set[tuple[object, ...]] = set()
    keys: set[tuple[object, ...]] = set()
    put_off: set[tuple[object, ...]] = set()
    for one in asked:
        key = one.key
        if key in keys:
            taken.append(one)
            continue
        named = _names(one.command)
        if key in put_off or not names.isdisjoint(named) or not keys.isdisjoint(named):
            later.append(one)
            put_off.add(key)
            continue
        names.update(named)
        keys.add(key)
        taken.append(one)
    return taken, later


def _names(command: Command) -> list[tuple[object, ...]]:
    """Give what a command changes beside its member's account, and what it hangs on."""
    owner = command.owner
    if isinstance(command, _COUNTED):
        receipt = (owner, command.receipt, "receipt")
        if isinstance(command, Purchase) and command.hold_key:
            return [receipt, (owner, command.hold_key)]
        return [receipt]
    if isinstance(command, PostHold | VoidHold | ExpireHold):
        return [(owner, command.hold_key)]
    if isinstance(command, Reverse):
        return [(owner, command.posting_key)]
    return []


async def _count_all(
    tx: Transaction,
    batch: Batch,
    watching: Watching,
    asked: Sequence[Asked],
    around: Surroundings,
) -> None:
    """Count the receipts of a batch, and ask budgets once for all of them."""
    claims: list[tuple[Asked, offers.BudgetClaim]] = []
    standing: set[tuple[UUID, UUID]] = set()
    seen: set[tuple[object, str]] = set(batch.book.known)
    for one in asked:
        if not isinstance(one.command, _COUNTED) or one.key in seen or unclaimed.is_unclaimed(one):
            continue
        try:
            _count(batch, watching, one)
        except HansaError as error:
            one.refusal = error
            if refusals.is_kept(error):
                seen.add(one.key)
            continue
        seen.add(one.key)
        standing |= counting.standings_changed(batch, one)
        for campaign_id, points in counting.claims_of(batch, one):
            if points > 0:
                claims.append((one, offers.BudgetClaim(campaign_id, points)))
            else:
                batch.returned_budgets.append(offers.BudgetClaim(campaign_id, -points))
    if standing:  # before the budgets, as everybody does
        await offers.lock_standings(tx, standing)
    if claims:
        granted = await offers.claim_budgets(
            tx, slot=around.slot, claims=[claim for _, claim in claims], now=batch.now
        )
        for (one, claim), points in zip(claims, granted, strict=True):
            one.granted[claim.campaign_id] = points


def _count(batch: Batch, watching: Watching, asked: Asked) -> None:
    """Count a receipt and let the guard judge it; what is refused leaves no trace.

    Raises:
        HansaError: it cannot be.
    """
    undo = counting.remember(batch, asked) if watching.is_watched(asked) else None
    counting.prepare(batch, asked)
    try:
        watching.judge_receipt(asked)
    except HansaError:
        assert undo is not None, "what is not watched is not refused"
        undo()
        raise


def _answer(batch: Batch, watching: Watching, asked: Asked) -> Answer:
    known = batch.book.known.get(asked.key)
    if known is not None:
        return repeat_of(asked, known)
    command = asked.command
    try:
        if asked.refusal is not None:
            raise asked.refusal
        watching.judge(batch, asked)
        if unclaimed.is_unclaimed(asked):
            answer = unclaimed.keep(batch, asked)
        elif isinstance(command, _COUNTED):
            answer = awarding.settle(batch, asked)
        else:
            answer = _DECISIONS[type(command)](batch, asked, command)
    except HansaError as error:
        watching.ended(asked, is_posted=False)
        if refusals.is_kept(error):
            _keep_refusal(batch, asked, error)
        return error
    watching.ended(asked, is_posted=True)
    return answer


def _keep_refusal(batch: Batch, asked: Asked, error: HansaError) -> None:
    """Let the key have this outcome for ever."""
    command = asked.command
    programme = batch.programme_of_id(command.programme_id)
    bucket = asked.place[0] if asked.place else 0
    batch.book.note(
        ledger.Posting(
            bucket=bucket,
            id=new_id(batch.now),
            owner=command.owner,
            key=command.key,
            fingerprint=asked.fingerprint,
            ledger=programme.number,
            kind=_KINDS[type(command)].value,
            effective_at=command.happened_at,
            refusal=error.code,
            answer=refusals.written(error),
        )
    )


__all__ = ["Answer", "Overtaken", "Surroundings", "apply"]
