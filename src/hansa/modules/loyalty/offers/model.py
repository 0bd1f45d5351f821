"""Offers (tasks of partners), earning rules and what a member has of them, as values.

Percents are integers of hundredths (250 is 2.5 %), multipliers too (300 is three times), amounts
are in minor units. An offer or rule is judged as it was in force at the instant of a purchase.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

Localised = Mapping[str, str]

WHOLE = 10_000
"""Shares and segments count in hundredths of a percent: all members are 10,000."""
DAY_MINUTES = 24 * 60
MULTIPLIER_ONE = 100
GROUP_OF_BASE = "base"
"""The group in which a rule replaces a partner's base percent instead of adding to it."""
INSTANT = timedelta(microseconds=1)
CONTROL_MAX = 5_000
"""At most half of those an offer is for are held back."""
_CONTROL = b"control"


class Issuer(StrEnum):
    """Who pays for points: the partner itself, the programme, or another partner by name."""

    PARTNER = "partner"
    PROGRAMME = "programme"
    OTHER = "other"


class EffectKind(StrEnum):
    """How a rule counts: a percent, a multiple of the base percent, points for an amount."""

    PERCENT = "percent"
    MULTIPLIER = "multiplier"
    POINTS = "points"


class ConditionKind(StrEnum):
    """What a task asks for: a reported action or visit, a purchase, several purchases."""

    ACTION = "action"
    VISIT = "visit"
    PURCHASE = "purchase"
    PURCHASES = "purchases"


class RewardKind(StrEnum):
    """What a task gives: a higher percent, points, or more points of the partner's purchases."""

    PERCENT = "percent"
    POINTS = "points"
    MULTIPLIER = "multiplier"


class OfferState(StrEnum):
    """Where an offer stands between its first line and its end."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    REFUSED = "refused"
    RUNNING = "running"
    PAUSED = "paused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When something holds: [starts_at, ends_at), and within it days of the week and a time of day.

    Days (1 is Monday; none named: all) and minutes are those of the programme's own clock. From a
    later minute until an earlier one goes over midnight.
    """

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    weekdays: tuple[int, ...] = ()
    from_minute: int = 0
    until_minute: int = DAY_MINUTES

    @property
    def has_hours(self) -> bool:
        """Tell whether the clock on the wall matters."""
        return bool(self.weekdays) or self.from_minute != 0 or self.until_minute != DAY_MINUTES

    def covers(self, at: datetime) -> bool:
        """Tell whether the instant lies between beginning and end."""
        return (self.starts_at is None or self.starts_at <= at) and (
            self.ends_at is None or at < self.ends_at
        )

    def is_open(self, at: datetime, zone: str) -> bool:
        """Tell whether day and time fit."""
        if not self.has_hours:
            return True
        there = at.astimezone(ZoneInfo(zone))
        if self.weekdays and there.isoweekday() not in self.weekdays:
            return False
        minute = there.hour * 60 + there.minute
        if self.from_minute <= self.until_minute:
            return self.from_minute <= minute < self.until_minute
        return minute >= self.from_minute or minute < self.until_minute

    def holds(self, at: datetime, zone: str) -> bool:
        """Tell whether it holds at an instant."""
        return self.covers(at) and self.is_open(at, zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Targeting:
    """For whom something is: an audience, a range of segments, a share of members, new ones only.

    Segments are the same 10,000 for everything, so a control group can be left out of all; the
    share is drawn anew for each offer. `new_member_days`: enrolled at most so many days before.
    `control` of those it is for are held back, so that what it brings can be measured: they do not
    see it and earn nothing by it. Who they are is drawn once; a larger share only adds to them.
    """

    audience: str = ""
    segment_from: int = 0
    segment_until: int = WHOLE
    share: int = WHOLE
    new_member_days: int | None = None
    control: int = 0

    @property
    def is_for_all(self) -> bool:
        """Tell whether nobody is left out."""
        return (
            not self.audience
            and self.segment_until - self.segment_from >= WHOLE
            and self.share >= WHOLE
            and self.new_member_days is None
            and not self.control
        )

    def fits(self, member_id: UUID, at: datetime, *, salt: UUID, audiences: frozenset[str]) -> bool:
        """Tell whether it is for a member at an instant, who is not held back."""
        return self.reaches(member_id, at, salt=salt, audiences=audiences) and not self.holds_back(
            member_id, salt=salt
        )

    def holds_back(self, member_id: UUID, *, salt: UUID) -> bool:
        """Tell whether a member is in the control group."""
        # Another draw than that of the share: who is in the share is in the control as often.
        return self.control > 0 and _drawn(member_id.bytes, _CONTROL + salt.bytes) < self.control

    def reaches(
        self, member_id: UUID, at: datetime, *, salt: UUID, audiences: frozenset[str]
    ) -> bool:
        """Tell whether it is for a member at an instant, be it held back or not."""
        if self.audience and self.audience not in audiences:
            return False
        if not self.segment_from <= segment_of(member_id) < self.segment_until:
            return False
        if self.share < WHOLE and _drawn(member_id.bytes, salt.bytes) >= self.share:
            return False
        days = self.new_member_days
        if days is None:
            return True
        enrolled_at = enrolled_at_of(member_id)
        return enrolled_at is not None and at < enrolled_at + timedelta(days=days)


FOR_ALL = Targeting()
ALWAYS = Schedule()


def segment_of(member_id: UUID) -> int:
    """Give the segment of a member, 0 to 9,999, the same for ever."""
    return _drawn(member_id.bytes, b"segment")


def enrolled_at_of(member_id: UUID) -> datetime | None:
    """Give when a member was enrolled, as its number says (UUIDv7); None for other numbers."""
    if member_id.version != 7:  # noqa: PLR2004 - of RFC 9562
        return None
    return datetime.fromtimestamp((member_id.int >> 80) / 1000, tz=UTC)


@lru_cache(maxsize=65_536)
def _drawn(member: bytes, salt: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(member + salt, digest_size=8).digest()) % WHOLE


@dataclass(frozen=True, slots=True, kw_only=True)
class EarningRule:
    """How purchases earn: one version of a rule, in force [in_force_from, in_force_until).

    It holds at one partner or all (None), for one category with those below it (`food` covers
    `food.milk`) or all (empty). `value` is the percent, the multiplier or the points given for each
    full `per_minor`. Below `minimum_minor` of matching lines on a receipt nothing is given, above
    `maximum_minor` nothing more. Of a group (per kind of effect) the rule of the highest priority
    counts, then the one that gives most; groups add. A percent in the group `base` replaces the
    partner's own. `campaign_id` is the budget that pays.
    """

    id: UUID
    version: int = 1
    code: str
    name: Localised = field(default_factory=dict)
    programme_id: UUID
    partner_id: UUID | None = None
    category: str = ""
    kind: EffectKind
    value: int
    per_minor: int = 0
    minimum_minor: int = 0
    maximum_minor: int | None = None
    schedule: Schedule = ALWAYS
    targeting: Targeting = FOR_ALL
    group: str = GROUP_OF_BASE
    priority: int = 0
    issuer: Issuer = Issuer.PARTNER
    issuer_partner_id: UUID | None = None
    campaign_id: UUID | None = None
    in_force_from: datetime | None = None
    in_force_until: datetime | None = None

    def in_force(self, at: datetime) -> bool:
        """Tell whether this version judges purchases of an instant."""
        return _within(at, self.in_force_from, self.in_force_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What a task asks for.

    `action`, `visit`: the partner reports `code`. `purchase`: at least `amount_minor` in the
    categories (none named: all) on one receipt. `purchases`: `count` receipts and `amount_minor`
    together within `days`.
    """

    kind: ConditionKind
    code: str = ""
    categories: tuple[str, ...] = ()
    amount_minor: int = 0
    count: int = 1
    days: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Reward:
    """What a task gives: `percent` more in `category` for `days`, or `points`, or a `multiplier`.

    Raises of one `group` do not add: the highest counts (empty: the offer is a group of its own). A
    multiplier holds for each receipt that meets the condition.
    """

    kind: RewardKind
    percent: int = 0
    category: str = ""
    days: int = 30
    points: int = 0
    multiplier: int = MULTIPLIER_ONE
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How often an offer can be used; None is without limit.

    A member's own times are counted by when they happened. `total` and `per_day` go to whoever
    comes first: who switches the offer on, or, where nothing is to be switched on, completes it.
    """

    per_member: int | None = None
    total: int | None = None
    per_day: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What an offer says of itself."""

    title: Localised = field(default_factory=dict)
    text: Localised = field(default_factory=dict)
    terms: Localised = field(default_factory=dict)
    picture: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferContent:
    """What a partner writes and staff approve: all of an offer that is versioned.

    `budget_points` is never exceeded; None is without a budget.
    """

    wording: Wording = field(default_factory=Wording)
    condition: Condition
    reward: Reward
    needs_activation: bool = True
    schedule: Schedule = ALWAYS
    targeting: Targeting = FOR_ALL
    limits: Limits = field(default_factory=Limits)
    issuer: Issuer = Issuer.PARTNER
    issuer_partner_id: UUID | None = None
    budget_points: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveOffer:
    """An approved version of an offer, in force [in_force_from, in_force_until)."""

    id: UUID
    version: int = 1
    code: str
    programme_id: UUID
    partner_id: UUID
    content: OfferContent
    in_force_from: datetime | None = None
    in_force_until: datetime | None = None

    @property
    def issuer_id(self) -> UUID | None:
        """Who pays; None is the programme."""
        return payer(self.content.issuer, self.partner_id, self.content.issuer_partner_id)

    @property
    def group(self) -> str:
        """The group in which raises and multipliers do not add."""
        return self.content.reward.group or f"offer-{self.id}"

    def in_force(self, at: datetime) -> bool:
        """Tell whether this version judges what happens at an instant."""
        return _within(at, self.in_force_from, self.in_force_until)

    def accepts(
        self, member_id: UUID, at: datetime, *, zone: str, audiences: frozenset[str] = frozenset()
    ) -> bool:
        """Tell whether what a member does at an instant counts, if the offer is switched on."""
        return (
            self.in_force(at)
            and self.content.schedule.holds(at, zone)
            and self.content.targeting.fits(member_id, at, salt=self.id, audiences=audiences)
        )


def payer(issuer: Issuer, partner_id: UUID, other: UUID | None) -> UUID | None:
    """Give the partner that pays; None is the programme."""
    if issuer is Issuer.PROGRAMME:
        return None
    return other if issuer is Issuer.OTHER else partner_id


def covers(category: str, line_category: str) -> bool:
    """Tell whether a category (empty: all) covers that of a line, itself or one below it."""
    return not category or category == line_category or line_category.startswith(category + ".")


def _within(at: datetime, starts_at: datetime | None, ends_at: datetime | None) -> bool:
    return (starts_at is None or starts_at <= at) and (ends_at is None or at < ends_at)
