"""The guard in a batch: what is about to be spent or earned is judged, then written down.

Points that the programme itself gives are counted, never refused. What spends is judged when it is
decided; a receipt when it is counted, so that the next of the same member knows of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hansa.modules.loyalty import guard
from hansa.modules.loyalty.members import MemberState
from hansa.modules.loyalty.points.batch import Asked, Batch
from hansa.modules.loyalty.points.commands import (
    OUR_KEYS,
    Accrue,
    Command,
    HoldPoints,
    Purchase,
    Spend,
)
from hansa.modules.loyalty.points.model import HOUSE
from hansa.modules.loyalty.points.refusals import FraudSuspected, StepUpNeeded
from hansa.runtime.database import Transaction

_Judged = tuple[guard.Attempt, guard.Verdict]
_ALLOWED = guard.Verdict(guard.Decision.ALLOW)


@dataclass(slots=True)
class Watching:
    """The guard's facts of a batch, and what became of its attempts so far."""

    rules: guard.RuleBook
    facts: guard.Facts = field(default_factory=guard.Facts)
    attempts: dict[int, guard.Attempt] = field(default_factory=dict)
    judged: dict[int, _Judged] = field(default_factory=dict)
    outcomes: list[guard.Outcome] = field(default_factory=list)

    def judge(self, batch: Batch, asked: Asked) -> None:
        """Judge what spends or accrues, just before it is decided.

        Raises:
            StepUpNeeded, FraudSuspected: the rules of the programme say so.
        """
        attempt = self.attempts.get(id(asked))
        if attempt is None or isinstance(asked.command, Purchase):
            return
        if attempt.act is guard.Act.SPEND and asked.place is not None:
            owed = batch.book.account(*asked.place).owed
            available = max(0, batch.shelf(asked.place).spendable - owed)
            attempt = replace(attempt, available=available)
        self._judge(asked, attempt)

    def judge_receipt(self, asked: Asked) -> None:
        """Judge a receipt that has just been counted; the next one sees it.

        Raises:
            FraudSuspected: the rules of the programme say so.
        """
        attempt = self.attempts.get(id(asked))
        if attempt is None or asked.evaluation is None:
            return
        attempt = replace(attempt, points=asked.evaluation.points)
        verdict = self._judge(asked, attempt)
        self.facts.note(self._rules(attempt), attempt, verdict)

    def is_watched(self, asked: Asked) -> bool:
        """Tell whether anything may be held against a command."""
        return id(asked) in self.attempts

    def ended(self, asked: Asked, *, is_posted: bool) -> None:
        """Note what became of a command."""
        judged = self.judged.get(id(asked))
        if judged is None:
            return
        attempt, verdict = judged
        self.outcomes.append(guard.Outcome(attempt, verdict, is_posted=is_posted))
        if is_posted and not isinstance(asked.command, Purchase):
            self.facts.note(self._rules(attempt), attempt, verdict)

    def _judge(self, asked: Asked, attempt: guard.Attempt) -> guard.Verdict:
        verdict = _ALLOWED
        if not _is_ours(asked.command):
            verdict = guard.judge(self._rules(attempt), self.facts, attempt)
        self.judged[id(asked)] = (attempt, verdict)
        if verdict.is_allowed:
            return verdict
        if verdict.decision is guard.Decision.STEP_UP:
            raise StepUpNeeded(tuple(dict.fromkeys(str(one.kind) for one in verdict.reasons)))
        raise FraudSuspected

    def _rules(self, attempt: guard.Attempt) -> guard.Rules:
        return self.rules.get(attempt.programme_id, guard.QUIET)


async def watch(
    tx: Transaction, batch: Batch, asked: Sequence[Asked], rules: guard.RuleBook
) -> Watching:
    """Read what the guard knows of the members and devices of a batch; accounts are locked."""
    watching = Watching(rules)
    for one in asked:
        if one.key in batch.book.known:
            continue
        attempt = _attempt_of(batch, one, rules)
        if attempt is not None:
            watching.attempts[id(one)] = attempt
    if watching.attempts:
        attempts = list(watching.attempts.values())
        watching.facts = await guard.load_facts(
            tx, attempts=attempts, rules=rules, now=batch.now, members_locked=True
        )
    return watching


async def write_down(tx: Transaction, watching: Watching, *, now: datetime) -> None:
    """Write down what was posted, and tell a person of what looks wrong."""
    if watching.outcomes:
        await guard.record(
            tx,
            outcomes=watching.outcomes,
            rules=watching.rules,
            now=now,
            facts=watching.facts,
        )


def _attempt_of(batch: Batch, asked: Asked, rules: guard.RuleBook) -> guard.Attempt | None:
    """Give what a command attempts; None if no rule could have anything against it."""
    command, membership = asked.command, asked.membership
    if membership is None or membership.state is not MemberState.ACTIVE:
        return None
    partner_id = None if command.owner == HOUSE else command.owner
    if isinstance(command, HoldPoints | Spend):
        return guard.Attempt(
            programme_id=command.programme_id,
            member_id=membership.member_id,
            partner_id=partner_id,
            act=guard.Act.SPEND,
            points=command.points,
            at=batch.now,
            device=command.device,
            token=command.token,
        )
    watched = rules.get(command.programme_id)
    if watched is None or watched.is_quiet or not isinstance(command, Accrue | Purchase):
        return None
    return guard.Attempt(
        programme_id=command.programme_id,
        member_id=membership.member_id,
        partner_id=partner_id,
        act=guard.Act.EARN,
        points=command.points if isinstance(command, Accrue) else 0,
        # What a partner sends late in one file was not earned all at once.
        at=min(command.happened_at, batch.now),
        is_pending=_active_at(batch, command) > batch.now,
    )


def _active_at(batch: Batch, command: Accrue | Purchase) -> datetime:
    if isinstance(command, Accrue) and command.active_at is not None:
        return command.active_at
    terms = batch.coalition.of(command.programme_id, command.owner)
    days = terms.pending_days if terms else batch.programme_of_id(command.programme_id).pending_days
    return command.happened_at + timedelta(days=days)


def _is_ours(command: Command) -> bool:
    """Tell whether the programme itself wants it. What a member spends in the app is its will."""
    if command.owner == HOUSE:
        return True
    return command.key.startswith(OUR_KEYS) and not isinstance(command, HoldPoints | Spend)
