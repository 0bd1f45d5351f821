"""Rules against fraud, attempts, verdicts and alerts, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from hansa.modules.loyalty.guard.faults import RulesInvalid

AlertId = NewType("AlertId", UUID)
ChallengeId = NewType("ChallengeId", UUID)

SLOTS = 60
"""A window is counted in sixty slots, of which it may reach into sixty-one."""
WINDOW_SECONDS_MAX = 400 * 24 * 3600
LIMITS_MAX = 20
DEVICE_CHARACTERS_MAX = 200


class Act(StrEnum):
    """Points go out, or come in."""

    SPEND = "spend"
    EARN = "earn"


class Scope(StrEnum):
    """Whose points a limit counts together."""

    MEMBER = "member"
    MEMBER_AT_PARTNER = "member_at_partner"
    DEVICE = "device"
    PARTNER = "partner"


class Decision(StrEnum):
    """Go on, prove first that it is you, or no."""

    ALLOW = "allow"
    STEP_UP = "step_up"
    REFUSE = "refuse"


class Kind(StrEnum):
    """Which rule has something against an attempt; also what an alert is about."""

    BLOCKED = "blocked"
    VELOCITY = "velocity"
    EARN_VELOCITY = "earn_velocity"
    COOLING = "cooling"
    NEW_DEVICE = "new_device"
    DORMANT = "dormant"
    STEP_UP_FAILED = "step_up_failed"


class AlertState(StrEnum):
    """How far a person is with an alert."""

    NEW = "new"
    LOOKED_AT = "looked_at"
    DISMISSED = "dismissed"
    BLOCKED = "blocked"


ALERTING = frozenset({Kind.VELOCITY, Kind.EARN_VELOCITY, Kind.DORMANT, Kind.STEP_UP_FAILED})
"""Of these a person is told; the others are everyday and end with a code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most so many acts, or so many points, in any window of this length.

    `decision` is what happens to whoever would have more; `allow` only tells a person of it.
    """

    act: Act = Act.SPEND
    scope: Scope = Scope.MEMBER
    window_seconds: int
    number_max: int | None = None
    points_max: int | None = None
    decision: Decision = Decision.REFUSE

    @property
    def slot_seconds(self) -> int:
        """Length of the slots this limit counts in."""
        return slot_seconds_of(self.window_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a programme watches for. None and no limits: nothing, and nothing is counted.

    Points earned within `cooling_seconds` are spent after a step-up only. Spending more than
    `new_device_points` from a device that is not trusted needs one; a device is trusted after a
    step-up, or `trust_days` after it was first seen. So does spending after `dormant_days` without
    any movement, and a person is told of it.
    """

    limits: tuple[Limit, ...] = ()
    cooling_seconds: int | None = None
    new_device_points: int | None = None
    trust_days: int | None = None
    dormant_days: int | None = None

    @property
    def is_quiet(self) -> bool:
        """Tell whether nothing is watched."""
        return self == QUIET

    def counts(self, act: Act) -> tuple[Limit, ...]:
        """Give the limits an act is counted for."""
        return tuple(one for one in self.limits if one.act is act)


QUIET = Rules()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Somebody wants to spend points, or is to earn some; at most a few facts the caller has.

    `available` is what could be spent now (for the cooling of fresh points), `last_moved_at` when
    the account moved last, if the caller knows. Points that are earned but cannot be spent yet are
    `is_pending`: the cooling of fresh points does not count them. `device` is the device's id as
    the partner sends it; `token` what `finish_step_up` gave.
    """

    programme_id: UUID
    member_id: UUID
    partner_id: UUID | None
    act: Act
    points: int
    at: datetime
    device: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    available: int | None = None
    last_moved_at: datetime | None = None
    is_pending: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """What a rule has against an attempt; `limit` is the rule's number, `found` the fact."""

    kind: Kind
    decision: Decision
    limit: int = 0
    found: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to happen, and why: every rule that had something against it.

    `used_token`: a step-up was needed and proven.
    """

    decision: Decision
    reasons: tuple[Reason, ...] = ()
    used_token: bool = False

    @property
    def is_allowed(self) -> bool:
        """Tell whether it may go on."""
        return self.decision is Decision.ALLOW


@dataclass(frozen=True, slots=True)
class Device:
    """What is known of a member's device."""

    first_seen_at: datetime
    trusted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Something a person should look at; `number` is how often it was seen while open."""

    id: AlertId
    programme_id: UUID
    member_id: UUID
    partner_id: UUID | None
    kind: Kind
    state: AlertState
    facts: Mapping[str, str | int]
    number: int
    opened_at: datetime
    last_at: datetime
    handled_at: datetime | None
    handled_by: UUID | None
    note: str


def check_rules(rules: Rules) -> None:
    """Check the rules of a programme.

    Raises:
        RulesInvalid: a field is no such thing.
    """
    days = range(1, WINDOW_SECONDS_MAX // 86_400 + 1)
    checks = {
        "limits": len(rules.limits) <= LIMITS_MAX and all(map(_is_limit, rules.limits)),
        "cooling_seconds": rules.cooling_seconds is None
        or 0 < rules.cooling_seconds <= WINDOW_SECONDS_MAX,
        "new_device_points": rules.new_device_points is None or rules.new_device_points >= 0,
        "trust_days": rules.trust_days is None or rules.trust_days in days,
        "dormant_days": rules.dormant_days is None or rules.dormant_days in days,
    }
    for name, is_right in checks.items():
        if not is_right:
            raise RulesInvalid(name)


def _is_limit(limit: Limit) -> bool:
    maxima = [one for one in (limit.number_max, limit.points_max) if one is not None]
    return (
        0 < limit.window_seconds <= WINDOW_SECONDS_MAX
        and bool(maxima)
        and all(one >= 0 for one in maxima)
        # Whoever earns is at a till, where nobody can be asked for a code.
        and not (limit.act is Act.EARN and limit.decision is Decision.STEP_UP)
    )


def slot_seconds_of(window_seconds: int) -> int:
    """Give the length of the slots a window is counted in: a sixtieth of it, rounded up."""
    return max(1, -(-window_seconds // SLOTS))
