"""Attempts to spend and earn, and a batch as `points` runs it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from hansa.modules.loyalty import guard
from hansa.runtime.database import Transaction
from tests.conftest import NOON

__all__ = ["ANNA", "BORIS", "PROGRAMME", "SHOP", "earn", "run", "spend"]

PROGRAMME, SHOP = UUID(int=7), UUID(int=8)
ANNA, BORIS = UUID(int=0xA1), UUID(int=0xB2)


def spend(points: int = 100, **changes: Any) -> guard.Attempt:
    """Spend points at a shop, at noon."""
    fields: dict[str, Any] = {
        "programme_id": PROGRAMME,
        "member_id": ANNA,
        "partner_id": SHOP,
        "act": guard.Act.SPEND,
        "points": points,
        "at": NOON,
        **changes,
    }
    return guard.Attempt(**fields)


def earn(points: int = 100, **changes: Any) -> guard.Attempt:
    """Earn points at a shop, at noon."""
    return spend(points, act=guard.Act.EARN, **changes)


async def run(
    tx: Transaction, rules: guard.Rules, attempts: Sequence[guard.Attempt], **options: Any
) -> list[guard.Verdict]:
    """Run a batch: load, judge each, count the allowed, record."""
    book = {PROGRAMME: rules}
    now = max(one.at for one in attempts)
    facts = await guard.load_facts(tx, attempts=attempts, rules=book, now=now, **options)
    outcomes = []
    for attempt in attempts:
        verdict = guard.judge(rules, facts, attempt)
        if verdict.is_allowed:
            facts.note(rules, attempt, verdict)
        outcomes.append(guard.Outcome(attempt, verdict, is_posted=verdict.is_allowed))
    await guard.record(tx, outcomes=outcomes, rules=book, now=now, facts=facts)
    return [one.verdict for one in outcomes]
