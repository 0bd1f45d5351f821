"""The guard within a batch of postings: load what is known, and write down what happened.

    facts = await guard.load_facts(tx, attempts=attempts, rules=rules, now=now)
    for attempt in attempts:
        verdict = guard.judge(rules.get(attempt.programme_id, guard.QUIET), facts, attempt)
        if verdict.is_allowed and ...:                 # it is posted
            facts.note(rules..., attempt, verdict)     # those that follow see it
    await guard.record(tx, outcomes=..., rules=rules, now=now, facts=facts)

A programme without rules costs one statement for a batch that spends, none for one that earns.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from hansa.contracts.loyalty import FraudAlert
from hansa.kernel.identifiers import new_id
from hansa.modules.loyalty.guard.judging import (
    Counted,
    CountKey,
    Facts,
    Tally,
    device_digest,
    first_slot,
    slot_of,
    token_digest,
)
from hansa.modules.loyalty.guard.model import (
    ALERTING,
    QUIET,
    Act,
    Attempt,
    Device,
    Rules,
    Verdict,
)
from hansa.modules.loyalty.guard.store import counting
from hansa.modules.loyalty.members import bucket_of
from hansa.runtime.database import Transaction

RuleBook = Mapping[UUID, Rules]


@dataclass(frozen=True, slots=True)
class Outcome:
    """An attempt and what became of it; `is_posted` is False too when something else refused it."""

    attempt: Attempt
    verdict: Verdict
    is_posted: bool


async def load_facts(
    tx: Transaction,
    *,
    attempts: Sequence[Attempt],
    rules: RuleBook,
    now: datetime,
    members_locked: bool = False,
) -> Facts:
    """Give what is known of a batch of attempts, by six statements at most.

    Until the end of the transaction nobody else counts for the same devices and partners, nor for
    the same members, which `members_locked` says the caller has seen to (by their accounts).
    """
    facts = Facts()
    counted = [
        facts.counted_of(held, one)
        for one in attempts
        if not (held := rules.get(one.programme_id, QUIET)).is_quiet
    ]
    await _lock(tx, counted, members_locked=members_locked)
    await _load_counts(tx, facts, counted)
    spends = [one for one in attempts if one.act is Act.SPEND]
    if spends:
        await _load_members(tx, facts, spends)
        await _load_devices(tx, facts, _on_devices(counted))
        tokens = sorted({token_digest(one.token) for one in spends if one.token})
        if tokens:
            rows = await tx.all(counting.LOCK_TOKENS, {"tokens": tokens, "now": now})
            facts.tokens = {row.token: (row.programme_id, row.member_id) for row in rows}
    return facts


async def record(
    tx: Transaction,
    *,
    outcomes: Sequence[Outcome],
    rules: RuleBook,
    now: datetime,
    facts: Facts | None = None,
) -> None:
    """Write down what was posted, and what a person should look at; six statements at most.

    With the `facts` of the batch it need not be found out again where each attempt is counted.
    Publishes: FraudAlert, once for each alert that is opened.
    """
    known = facts or Facts()
    posted = [
        known.counted_of(held, one.attempt)
        for one in outcomes
        if one.is_posted and not (held := rules.get(one.attempt.programme_id, QUIET)).is_quiet
    ]
    await _save_counts(tx, posted)
    moving = {
        (one.attempt.programme_id, one.attempt.member_id): one.attempt.at
        for one in posted
        if one.rules.dormant_days is not None
    }
    if moving:
        await tx.execute(
            counting.SAVE_MOVES,
            _members(list(moving)) | {"moved_at": list(moving.values())},
        )
    await _save_devices(tx, posted)
    tokens = sorted(
        {
            token_digest(one.attempt.token)
            for one in outcomes
            if one.is_posted and one.verdict.used_token
        }
    )
    if tokens:
        await tx.execute(counting.USE_TOKENS, {"tokens": tokens, "now": now})
    await open_alerts(tx, sightings=_sightings(outcomes), now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Something a person should look at."""

    programme_id: UUID
    member_id: UUID
    partner_id: UUID | None
    kind: str
    facts: Mapping[str, object]
    number: int = 1


async def open_alerts(tx: Transaction, *, sightings: Sequence[Sighting], now: datetime) -> None:
    """Open alerts, or count in those that are open. Publishes FraudAlert for the new ones."""
    if not sightings:
        return
    rows = await tx.all(
        counting.OPEN_ALERTS,
        {
            "ids": [new_id(now) for _ in sightings],
            "programme_ids": [one.programme_id for one in sightings],
            "member_ids": [one.member_id for one in sightings],
            "partner_ids": [one.partner_id for one in sightings],
            "kinds": [one.kind for one in sightings],
            "facts": [msgspec.json.encode(one.facts).decode() for one in sightings],
            "numbers": [one.number for one in sightings],
            "now": now,
        },
    )
    await tx.publish(
        *(
            FraudAlert(
                alert_id=row.id,
                member_id=row.member_id,
                programme_id=row.programme_id,
                partner_id=row.partner_id,
                kind=row.kind,
                opened_at=row.opened_at,
            )
            for row in rows
            if row.is_new
        )
    )


async def _lock(tx: Transaction, counted: Sequence[Counted], *, members_locked: bool) -> None:
    wanted: set[bytes] = set()
    for one in counted:
        keys = one.shared() if members_locked else tuple(one.windows())
        wanted.update(key.key for key in keys)
    if wanted:
        numbers = sorted(int.from_bytes(one[:8], "big", signed=True) for one in wanted)
        await tx.all(counting.LOCK_KEYS, {"keys": numbers})


async def _load_counts(tx: Transaction, facts: Facts, counted: Sequence[Counted]) -> None:
    first: dict[CountKey, int] = {}
    for one in counted:
        for key, window in one.windows().items():
            slot = first_slot(one.attempt.at, window)
            first[key] = min(first.get(key, slot), slot)
    if not first:
        return
    rows = await tx.all(
        counting.LOAD_COUNTS, _counters(list(first)) | {"first_slots": list(first.values())}
    )
    for row in rows:
        key = CountKey(row.bucket, bytes(row.key), row.slot_seconds)
        tally = facts.tallies.setdefault(key, Tally())
        tally.slots[row.slot] = (row.number, row.points)


async def _load_members(tx: Transaction, facts: Facts, spends: Sequence[Attempt]) -> None:
    asked = sorted({(one.programme_id, one.member_id) for one in spends})
    for row in await tx.all(counting.LOAD_MEMBERS, _members(asked)):
        if row.moved_at is not None:
            facts.moved_at[row.programme_id, row.member_id] = row.moved_at
        if row.blocked_by is not None:
            facts.blocked.add((row.programme_id, row.member_id))


async def _load_devices(
    tx: Transaction, facts: Facts, asked: Mapping[tuple[UUID, UUID], datetime]
) -> None:
    if not asked:
        return
    for row in await tx.all(counting.LOAD_DEVICES, _devices(asked)):
        facts.devices[row.member_id, row.device] = Device(row.first_seen_at, row.trusted_at)


async def _save_counts(tx: Transaction, posted: Sequence[Counted]) -> None:
    added: dict[tuple[CountKey, int], tuple[int, int]] = {}
    gone_at: dict[tuple[CountKey, int], datetime] = {}
    for one in posted:
        for key in one.goes_into():
            at = (key, slot_of(one.attempt.at, key.slot_seconds))
            number, points = added.get(at, (0, 0))
            added[at] = (number + 1, points + one.attempt.points)
            gone_at[at] = one.attempt.at + timedelta(seconds=key.window_seconds)
    if not added:
        return
    keys = [key for key, _ in added]
    await tx.execute(
        counting.SAVE_COUNTS,
        _counters(keys)
        | {
            "slots": [slot for _, slot in added],
            "numbers": [number for number, _ in added.values()],
            "points": [points for _, points in added.values()],
            "gone_at": [gone_at[at] for at in added],
        },
    )


async def _save_devices(tx: Transaction, posted: Sequence[Counted]) -> None:
    seen = _on_devices(posted)
    if seen:
        await tx.execute(counting.SAVE_DEVICES, _devices(seen) | {"seen_at": list(seen.values())})


def _on_devices(counted: Sequence[Counted]) -> dict[tuple[UUID, UUID], datetime]:
    """Give the devices on which points are spent under a rule that asks for them."""
    return {
        (one.attempt.member_id, device_digest(one.attempt.device)): one.attempt.at
        for one in counted
        if one.attempt.act is Act.SPEND
        and one.attempt.device
        and one.rules.new_device_points is not None
    }


def _sightings(outcomes: Sequence[Outcome]) -> list[Sighting]:
    found: dict[tuple[UUID, UUID, str], Sighting] = {}
    for outcome in outcomes:
        attempt = outcome.attempt
        for reason in outcome.verdict.reasons:
            if reason.kind not in ALERTING:
                continue
            at = (attempt.programme_id, attempt.member_id, str(reason.kind))
            found[at] = Sighting(
                programme_id=attempt.programme_id,
                member_id=attempt.member_id,
                partner_id=attempt.partner_id,
                kind=str(reason.kind),
                facts={
                    "act": str(attempt.act),
                    "points": attempt.points,
                    "limit": reason.limit,
                    "found": reason.found,
                    "decision": str(outcome.verdict.decision),
                    "at": attempt.at.isoformat(),
                },
                number=found[at].number + 1 if at in found else 1,
            )
    return list(found.values())


def _counters(keys: Sequence[CountKey]) -> dict[str, Any]:
    return {
        "buckets": [one.bucket for one in keys],
        "keys": [one.key for one in keys],
        "slot_seconds": [one.slot_seconds for one in keys],
    }


def _members(asked: Sequence[tuple[UUID, UUID]]) -> dict[str, Any]:
    return {
        "buckets": [bucket_of(member_id) for _, member_id in asked],
        "programme_ids": [programme_id for programme_id, _ in asked],
        "member_ids": [member_id for _, member_id in asked],
    }


def _devices(asked: Mapping[tuple[UUID, UUID], datetime]) -> dict[str, Any]:
    return {
        "buckets": [bucket_of(member_id) for member_id, _ in asked],
        "member_ids": [member_id for member_id, _ in asked],
        "devices": [device for _, device in asked],
    }
