"""How many messages a person gets, and when none: caps and quiet hours, decided purely."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from hansa.kernel.errors import Invalid

CAP_MAX = 1000


@dataclass(eq=False)
class PolicyInvalid(Invalid):
    """A rule of sending is no such thing; `field` says which."""

    code: ClassVar[str] = "notifications.policy_invalid"
    message: ClassVar[str] = "This cannot be saved: {field} is not right."

    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules for everybody; quiet hours are in the member's own zone, `time_zone` if unknown.

    The cap counts offers and expiry warnings of the last 24 hours and seven days, not what tells of
    the member's own doing. Quiet hours that begin when they end are none.
    """

    quiet_from: time = time(22)
    quiet_until: time = time(9)
    day_max: int = 2
    week_max: int = 5
    time_zone: str = "Europe/Moscow"


def check_policy(policy: Policy) -> None:
    """See that rules can hold.

    Raises:
        PolicyInvalid: a field is no such thing.
    """
    for name in ("day_max", "week_max"):
        if not 0 <= getattr(policy, name) <= CAP_MAX:
            raise PolicyInvalid(name)
    if policy.time_zone not in available_timezones():
        raise PolicyInvalid("time_zone")


def end_of_quiet(policy: Policy, *, zones: Sequence[str], now: datetime) -> datetime | None:
    """Give the instant at which quiet hours end, or None outside of them.

    `zones` are the member's, the best known first. Clocks decide: in the night in which an hour
    comes twice, quiet hours last as long as the wall clock says.
    """
    zone = _zone_of(policy, zones)
    local = now.astimezone(zone)
    if not _is_quiet(policy, local):
        return None
    ends = [
        datetime.combine(
            local.date() + timedelta(days=days), policy.quiet_until, tzinfo=zone
        ).replace(fold=fold)
        for days in (0, 1)
        for fold in (0, 1)
    ]
    instants = (one.astimezone(UTC) for one in ends)
    return min(one for one in instants if one > now and not _is_quiet(policy, one.astimezone(zone)))


def _is_quiet(policy: Policy, local: datetime) -> bool:
    begins, ends, at = policy.quiet_from, policy.quiet_until, local.time()
    return begins <= at < ends if begins <= ends else at >= begins or at < ends


def _zone_of(policy: Policy, zones: Sequence[str]) -> ZoneInfo:
    for name in (*zones, policy.time_zone):
        try:
            if name:
                return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            continue
    return ZoneInfo("UTC")
