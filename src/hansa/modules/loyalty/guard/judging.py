"""What is known of a batch of attempts, and the one place that judges them. Pure."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from hansa.modules.loyalty.guard.model import (
    SLOTS,
    Act,
    Attempt,
    Decision,
    Device,
    Kind,
    Limit,
    Reason,
    Rules,
    Scope,
    Verdict,
    slot_seconds_of,
)
from hansa.modules.loyalty.members import BUCKETS, bucket_of


class CountKey(NamedTuple):
    """What is counted together: whose, what, in slots of which length.

    What is a member's lies in the member's bucket. Devices and partners have one of their own: on
    several databases each counts what it sees itself.
    """

    bucket: int
    key: bytes
    slot_seconds: int

    @property
    def window_seconds(self) -> int:
        """Give how long a slot may matter: the longest window counted in such slots, and itself."""
        return self.slot_seconds * (SLOTS + 1)


@dataclass(slots=True)
class Tally:
    """What was counted by slot, as pairs of number and points."""

    slots: dict[int, tuple[int, int]] = field(default_factory=dict)

    def add(self, slot: int, points: int) -> None:
        """Count one more."""
        number, had = self.slots.get(slot, (0, 0))
        self.slots[slot] = (number + 1, had + points)

    def since(self, slot: int) -> tuple[int, int]:
        """Give number and points from a slot on."""
        found = [counted for one, counted in self.slots.items() if one >= slot]
        return sum(one for one, _ in found), sum(points for _, points in found)


@dataclass(frozen=True, slots=True)
class Counted:
    """Where an attempt is counted: by which limits, and for the cooling of fresh points."""

    attempt: Attempt
    rules: Rules
    limits: tuple[tuple[CountKey, Limit], ...]
    cooling: CountKey | None

    @classmethod
    def of(cls, rules: Rules, attempt: Attempt) -> "Counted":
        """Find it out: some digests, so once for each attempt of a batch."""
        found = ((_key_of(limit, attempt), limit) for limit in rules.counts(attempt.act))
        limits = tuple((key, limit) for key, limit in found if key is not None)
        seconds = rules.cooling_seconds
        return cls(
            attempt, rules, limits, None if seconds is None else _cooling_key(seconds, attempt)
        )

    def goes_into(self) -> tuple[CountKey, ...]:
        """Give the counters the attempt goes into, each once."""
        keys = dict.fromkeys(key for key, _ in self.limits)
        cools = self.attempt.act is Act.EARN and not self.attempt.is_pending
        if cools and self.cooling is not None:
            keys[self.cooling] = None
        return tuple(keys)

    def windows(self) -> dict[CountKey, int]:
        """Give the counters the attempt is judged by, each with the longest window asked for."""
        windows: dict[CountKey, int] = {}
        for key, limit in self.limits:
            windows[key] = max(windows.get(key, 0), limit.window_seconds)
        seconds = self.rules.cooling_seconds
        if self.attempt.act is Act.SPEND and self.cooling is not None and seconds is not None:
            windows[self.cooling] = seconds
        return windows

    def shared(self) -> tuple[CountKey, ...]:
        """Give the counters that other members' attempts go into as well."""
        return tuple(key for key, limit in self.limits if is_shared(limit))


@dataclass(slots=True)
class Facts:
    """What is known of a batch of attempts; grows as its attempts are allowed, see `note`."""

    tallies: dict[CountKey, Tally] = field(default_factory=dict)
    moved_at: dict[tuple[UUID, UUID], datetime] = field(default_factory=dict)
    blocked: set[tuple[UUID, UUID]] = field(default_factory=set)
    devices: dict[tuple[UUID, UUID], Device] = field(default_factory=dict)
    tokens: dict[bytes, tuple[UUID, UUID]] = field(default_factory=dict)
    counted: dict[int, Counted] = field(default_factory=dict)

    def counted_of(self, rules: Rules, attempt: Attempt) -> Counted:
        """Give where an attempt is counted, found out once."""
        held = self.counted.get(id(attempt))
        if held is None or held.attempt is not attempt or held.rules is not rules:
            held = Counted.of(rules, attempt)
            self.counted[id(attempt)] = held
        return held

    def note(self, rules: Rules, attempt: Attempt, verdict: Verdict) -> None:
        """Let the attempts that follow in the batch know of one that was allowed."""
        for key in self.counted_of(rules, attempt).goes_into():
            tally = self.tallies.setdefault(key, Tally())
            tally.add(slot_of(attempt.at, key.slot_seconds), attempt.points)
        if verdict.used_token:
            self.tokens.pop(token_digest(attempt.token), None)
        if rules.dormant_days is not None:
            whose = (attempt.programme_id, attempt.member_id)
            self.moved_at[whose] = max(self.moved_at.get(whose, attempt.at), attempt.at)


_ALLOWED = Verdict(Decision.ALLOW)


def judge(rules: Rules, facts: Facts, attempt: Attempt) -> Verdict:
    """Say whether an attempt may go on. Refusals come before step-ups.

    A valid token answers every step-up; it answers no refusal.
    """
    reasons = _limits(rules, facts, attempt) if rules.limits else []
    if attempt.act is Act.SPEND:
        if (attempt.programme_id, attempt.member_id) in facts.blocked:
            reasons.insert(0, Reason(Kind.BLOCKED, Decision.REFUSE))
        found = (
            _cooling(rules, facts, attempt),
            _new_device(rules, facts, attempt),
            _dormant(rules, facts, attempt),
        )
        reasons += [one for one in found if one is not None]
    if not reasons:
        return _ALLOWED
    decisions = {one.decision for one in reasons}
    if not decisions - {Decision.ALLOW}:
        return Verdict(Decision.ALLOW, tuple(reasons))
    if Decision.REFUSE in decisions:
        return Verdict(Decision.REFUSE, tuple(reasons))
    if _is_proven(facts, attempt):
        return Verdict(Decision.ALLOW, tuple(reasons), used_token=True)
    return Verdict(Decision.STEP_UP, tuple(reasons))


def _limits(rules: Rules, facts: Facts, attempt: Attempt) -> list[Reason]:
    reasons = []
    for key, limit in facts.counted_of(rules, attempt).limits:
        tally = facts.tallies.get(key)
        first = first_slot(attempt.at, limit.window_seconds)
        number, points = (0, 0) if tally is None else tally.since(first)
        kind = Kind.VELOCITY if limit.act is Act.SPEND else Kind.EARN_VELOCITY
        if limit.number_max is not None and number + 1 > limit.number_max:
            reasons.append(Reason(kind, limit.decision, limit.number_max, number + 1))
        elif limit.points_max is not None and points + attempt.points > limit.points_max:
            found = points + attempt.points
            reasons.append(Reason(kind, limit.decision, limit.points_max, found))
    return reasons


def _cooling(rules: Rules, facts: Facts, attempt: Attempt) -> Reason | None:
    if rules.cooling_seconds is None or attempt.available is None:
        return None
    key = facts.counted_of(rules, attempt).cooling
    tally = None if key is None else facts.tallies.get(key)
    if tally is None:
        return None
    _, fresh = tally.since(first_slot(attempt.at, rules.cooling_seconds))
    ripe = max(0, attempt.available - fresh)
    if attempt.points <= ripe:
        return None
    return Reason(Kind.COOLING, Decision.STEP_UP, ripe, attempt.points)


def _new_device(rules: Rules, facts: Facts, attempt: Attempt) -> Reason | None:
    limit = rules.new_device_points
    if limit is None or not attempt.device or attempt.points <= limit:
        return None
    device = facts.devices.get((attempt.member_id, device_digest(attempt.device)))
    if device is not None:
        grown_up = rules.trust_days is not None and (
            device.first_seen_at + timedelta(days=rules.trust_days) <= attempt.at
        )
        if grown_up or device.trusted_at is not None:
            return None
    return Reason(Kind.NEW_DEVICE, Decision.STEP_UP, limit, attempt.points)


def _dormant(rules: Rules, facts: Facts, attempt: Attempt) -> Reason | None:
    if rules.dormant_days is None:
        return None
    known = facts.moved_at.get((attempt.programme_id, attempt.member_id))
    told = attempt.last_moved_at
    moved_at = max((one for one in (known, told) if one is not None), default=None)
    if moved_at is None or attempt.at - moved_at < timedelta(days=rules.dormant_days):
        return None
    return Reason(Kind.DORMANT, Decision.STEP_UP, rules.dormant_days, (attempt.at - moved_at).days)


def _is_proven(facts: Facts, attempt: Attempt) -> bool:
    if not attempt.token:
        return False
    whose = facts.tokens.get(token_digest(attempt.token))
    return whose == (attempt.programme_id, attempt.member_id)


def is_shared(limit: Limit) -> bool:
    """Tell whether a limit counts what several members do."""
    return limit.scope in {Scope.DEVICE, Scope.PARTNER}


def _key_of(limit: Limit, attempt: Attempt) -> CountKey | None:
    """Give the counter of a limit, or None: the attempt has no such thing (no device)."""
    member, partner = attempt.member_id.bytes, attempt.partner_id
    if limit.scope is Scope.MEMBER:
        parts = member
    elif limit.scope is Scope.DEVICE:
        if not attempt.device:
            return None
        parts = _digest("device.", attempt.device.encode())
    elif partner is None:
        return None
    else:
        parts = partner.bytes if limit.scope is Scope.PARTNER else member + partner.bytes
    key = _digest(f"{limit.scope}.{limit.act}.", attempt.programme_id.bytes + parts)
    bucket = key[15] % BUCKETS if is_shared(limit) else bucket_of(attempt.member_id)
    return CountKey(bucket, key, limit.slot_seconds)


def _cooling_key(cooling_seconds: int, attempt: Attempt) -> CountKey:
    key = _digest("cooling.", attempt.programme_id.bytes + attempt.member_id.bytes)
    return CountKey(bucket_of(attempt.member_id), key, slot_seconds_of(cooling_seconds))


def _digest(what: str, parts: bytes) -> bytes:
    return hashlib.blake2b(what.encode() + parts, digest_size=16).digest()


def device_digest(device: str) -> UUID:
    """Give what is kept of a device's id."""
    return UUID(bytes=_digest("device.", device.encode()))


def token_digest(token: str) -> bytes:
    """Give what is kept of a step-up's token."""
    return hashlib.sha256(b"step-up." + token.encode()).digest()


def slot_of(at: datetime, slot_seconds: int) -> int:
    """Give the number of the slot an instant is in."""
    return int(at.timestamp()) // slot_seconds


def first_slot(at: datetime, window_seconds: int) -> int:
    """Give the first slot that reaches into the window which ends at an instant.

    The whole of that slot counts: rather a little too much than ever too little.
    """
    return (int(at.timestamp()) - window_seconds) // slot_seconds_of(window_seconds)
