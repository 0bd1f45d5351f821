"""Messages as values, and the decision whether one may be sent now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from hansa.modules import loyalty
from hansa.modules.notifications.model import ChannelName, Device, Kind
from hansa.modules.notifications.policy import Policy, end_of_quiet
from hansa.modules.notifications.texts import BALANCE, Texts, places_of

CONSENT_PURPOSE = loyalty.members.PUSH
"""What `parties.set_consent` keeps for offers and warnings, and for balances in messages."""

ATTEMPTS_MAX = 8
PAUSE = timedelta(seconds=30)
PAUSE_MAX = timedelta(hours=1)
LEASE = timedelta(minutes=2)
"""After this a message that was claimed and not written down is claimed again."""

DAY, WEEK = timedelta(days=1), timedelta(days=7)


class MessageState(StrEnum):
    """Where a message is. `failed` is for people to look at, `dropped` says why in its reason."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


class Reason(StrEnum):
    """Why a message was not sent."""

    EXPIRED = "expired"
    QUIET = "quiet"
    SUPERSEDED = "superseded"
    NO_CONSENT = "no_consent"
    NO_DEVICE = "no_device"
    DECLINED = "declined"
    CAPPED = "capped"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is to be told to a member.

    Of one `collapse_key` only the newest is sent; the same `dedup_key` never makes a second
    message. `values` fill the places of the texts, the name is added at sending. `code` is the
    template or `campaign`; `link` is where a tap leads.
    """

    member_id: UUID
    kind: Kind
    code: str
    texts: Texts
    collapse_key: str
    dedup_key: str
    values: Mapping[str, int] = field(default_factory=dict)
    link: str = ""
    not_before: datetime | None = None
    expires_at: datetime | None = None
    campaign_id: UUID | None = None
    variant: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message that waits for its turn."""

    id: UUID
    member_id: UUID
    kind: Kind
    collapse_key: str
    texts: Texts
    values: Mapping[str, int]
    link: str
    expires_at: datetime | None
    attempts: int
    is_counted: bool
    campaign_id: UUID | None = None

    @property
    def needs_consent(self) -> bool:
        """Offers need it, and whatever tells the balance."""
        return self.kind.is_marketing or BALANCE in places_of(self.texts)


@dataclass(slots=True, kw_only=True)
class Standing:
    """What is known of a member when it is decided; the counts grow within a round."""

    devices: Sequence[Device] = ()
    declined: frozenset[tuple[Kind, ChannelName]] = frozenset()
    has_consent: bool = False
    sent_day: int = 0
    sent_week: int = 0


@dataclass(frozen=True, slots=True)
class Drop:
    """Not to be sent, ever."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Wait:
    """Quiet hours: not before this instant."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Go:
    """To be sent to these devices; `counts` if it was counted against the cap now."""

    devices: tuple[Device, ...]
    counts: bool


Verdict = Drop | Wait | Go


def decide(  # noqa: PLR0911 - one rule after the other
    message: Message,
    standing: Standing,
    *,
    policy: Policy,
    channels: frozenset[ChannelName],
    is_superseded: bool,
    now: datetime,
) -> Verdict:
    """Decide about a message that is due; a message that goes is counted in the standing."""
    if message.expires_at is not None and message.expires_at <= now:
        return Drop(Reason.EXPIRED)
    if is_superseded:
        return Drop(Reason.SUPERSEDED)
    live = [one for one in standing.devices if not one.is_stale(now) and one.channel in channels]
    if not live:
        return Drop(Reason.NO_DEVICE)
    if message.needs_consent and not standing.has_consent:
        return Drop(Reason.NO_CONSENT)
    wanted = tuple(one for one in live if (message.kind, one.channel) not in standing.declined)
    if not wanted:
        return Drop(Reason.DECLINED)
    until = end_of_quiet(policy, zones=[one.time_zone for one in wanted], now=now)
    if until is not None:
        too_late = message.expires_at is not None and message.expires_at <= until
        return Drop(Reason.QUIET) if too_late else Wait(until)
    counts = message.kind.is_marketing and not message.is_counted
    if counts:
        if standing.sent_day >= policy.day_max or standing.sent_week >= policy.week_max:
            return Drop(Reason.CAPPED)
        standing.sent_day += 1
        standing.sent_week += 1
    return Go(wanted, counts)


def pause_after(attempts: int, asked_seconds: float) -> timedelta:
    """Give how long to wait after so many attempts: longer each time, at least as was asked."""
    grown = min(PAUSE * (1 << min(attempts - 1, 10)), PAUSE_MAX)
    return max(grown, min(timedelta(seconds=asked_seconds), DAY))
