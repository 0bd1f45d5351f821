"""Rules of a feature, and the one place that decides for whom it is on."""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import ClassVar, NewType
from uuid import UUID

from hansa.kernel.errors import Conflict, Invalid, NotFound, Rejected

AudienceId = NewType("AudienceId", UUID)

PARTS = 10_000
"""A percentage counts in hundredths: 250 parts are 2.5 %."""
ALLOWED_MAX = 500
AUDIENCES_MAX = 200
AUDIENCES_OF_FEATURE_MAX = 20
AUDIENCE_MEMBERS_MAX = 1_000_000
ALL_MEMBERS_MAX = 2_000_000
"""Processes keep audiences in memory, 16 bytes a member: 32 MB at most."""
MARKETS_MAX = 100
SALT_CHARACTERS_MAX = 40
NAME_CHARACTERS_MAX = 100
NOTE_CHARACTERS_MAX = 1_000
CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class State(StrEnum):
    """Off for everybody, on for everybody, or for those the rules choose."""

    OFF = "off"
    ON = "on"
    SOME = "some"


class Reason(StrEnum):
    """Why a feature is on or off for somebody: the rule that decided."""

    UNKNOWN = "unknown"
    KILLED = "killed"
    OFF = "off"
    ALLOWED = "allowed"
    MARKET = "market"
    NOT_YET = "not_yet"
    OVER = "over"
    ON = "on"
    NOBODY = "nobody"
    AUDIENCE = "audience"
    PERCENTAGE = "percentage"
    NOT_CHOSEN = "not_chosen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """For whom a feature is on. Asked from top to bottom: the first that fits decides.

    A killed feature is off for everybody, whatever else is said, and keeps its rules. Whoever is
    `allowed` has it in every market and at any time: they try it out. Others have it in `markets`
    only (none named: in all), in the period `[starts_at, ends_at)`, if they are in one of the
    audiences or among the first `parts` of 10,000; `market_parts` says another number for a market.
    """

    state: State = State.OFF
    is_killed: bool = False
    allowed: tuple[UUID, ...] = ()
    markets: tuple[str, ...] = ()
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    audience_ids: tuple[UUID, ...] = ()
    parts: int = 0
    market_parts: Mapping[str, int] = field(default_factory=dict)
    salt: str = ""

    def parts_in(self, market: str | None) -> int:
        """Give how many of 10,000 have it in a market."""
        return self.parts if market is None else self.market_parts.get(market, self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A feature with its rules. Version 0: nobody has touched it, it is off."""

    code: str
    version: int = 0
    rules: Rules = field(default_factory=Rules)
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """Rules as they once were, and who made them so."""

    version: int
    rules: Rules
    restored_version: int | None
    actor_id: UUID | None
    actor_name: str
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Some people under a name."""

    id: AudienceId
    code: str
    name: str
    note: str = ""
    revision: int = 1
    members: int = 0
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Whether a feature is on for somebody, and why.

    `part` is where the percentage puts them, 0 to 9,999; they have it if that is below `parts`.
    """

    is_on: bool
    reason: Reason
    audience_id: UUID | None = None
    part: int | None = None
    parts: int | None = None


@dataclass(eq=False)
class NoSuchFeature(NotFound):
    """No module declares this feature."""

    code: ClassVar[str] = "rollout.no_such_feature"
    message: ClassVar[str] = "There is no feature “{feature}”."

    feature: str


@dataclass(eq=False)
class NoSuchVersion(NotFound):
    """The feature never had this version."""

    code: ClassVar[str] = "rollout.no_such_version"
    message: ClassVar[str] = "There is no version {version} of this feature."

    version: int


@dataclass(eq=False)
class RulesInvalid(Invalid):
    """A field of the rules is no such thing."""

    code: ClassVar[str] = "rollout.rules_invalid"
    message: ClassVar[str] = "This cannot be saved: {field} is not right."

    field: str


@dataclass(eq=False)
class FeatureChanged(Conflict):
    """Somebody else was faster."""

    code: ClassVar[str] = "rollout.feature_changed"
    message: ClassVar[str] = "Somebody changed this feature meanwhile. Look at it again."

    version: int


@dataclass(eq=False)
class NoSuchAudience(NotFound):
    """There is no such audience, perhaps no longer."""

    code: ClassVar[str] = "rollout.no_such_audience"
    message: ClassVar[str] = "There is no such audience."

    audience: str


@dataclass(eq=False)
class AudienceInvalid(Invalid):
    """A field of an audience is no such thing."""

    code: ClassVar[str] = "rollout.audience_invalid"
    message: ClassVar[str] = "This cannot be saved: {field} is not right."

    field: str


@dataclass(eq=False)
class AudienceTaken(Conflict):
    """Another audience has this code."""

    code: ClassVar[str] = "rollout.audience_taken"
    message: ClassVar[str] = "There is an audience “{audience}” already."

    audience: str


@dataclass(eq=False)
class AudienceInUse(Rejected):
    """A feature asks for this audience."""

    code: ClassVar[str] = "rollout.audience_in_use"
    message: ClassVar[str] = "This audience is in use: {features}. Take it out there first."

    features: str


@dataclass(eq=False)
class TooManyPeople(Rejected):
    """Audiences are kept in memory, so there is an end to them."""

    code: ClassVar[str] = "rollout.too_many_people"
    message: ClassVar[str] = "These are too many: at most {limit} are kept."

    limit: int


def part_of(feature: str, salt: str, subject: UUID) -> int:
    """Give where the percentage puts somebody, 0 to 9,999: the same for ever.

    For each feature it is another, so that it is not always the same people who try things out.
    """
    digest = hashlib.blake2b(subject.bytes, digest_size=8, key=_key(feature, salt)).digest()
    return int.from_bytes(digest, "big") % PARTS


@lru_cache(maxsize=1024)
def _key(feature: str, salt: str) -> bytes:
    return hashlib.blake2b(f"{feature}\n{salt}".encode(), digest_size=32).digest()


def decide(
    feature: str,
    rules: Rules,
    *,
    subject: UUID | None,
    market: str | None,
    now: datetime,
    is_in: Callable[[UUID, UUID], bool],
) -> Answer:
    """Say whether a feature is on for somebody (None: nobody we know) in a market.

    `is_in(audience_id, subject)` tells who is in an audience.
    """
    closed = _closed(rules, subject=subject, market=market, now=now)
    if closed is not None:
        return Answer(is_on=closed is Reason.ALLOWED, reason=closed)
    if rules.state is State.ON:
        return Answer(is_on=True, reason=Reason.ON)
    if subject is None:
        return Answer(is_on=False, reason=Reason.NOBODY)
    for audience_id in rules.audience_ids:
        if is_in(audience_id, subject):
            return Answer(is_on=True, reason=Reason.AUDIENCE, audience_id=audience_id)
    part, parts = part_of(feature, rules.salt, subject), rules.parts_in(market)
    is_on = part < parts
    reason = Reason.PERCENTAGE if is_on else Reason.NOT_CHOSEN
    return Answer(is_on=is_on, reason=reason, part=part, parts=parts)


def _closed(  # noqa: PLR0911 - one return per rule, in their order
    rules: Rules, *, subject: UUID | None, market: str | None, now: datetime
) -> Reason | None:
    """Give the rule that decides for everybody or by name; None if others are to be asked."""
    if rules.is_killed:
        return Reason.KILLED
    if rules.state is State.OFF:
        return Reason.OFF
    if subject is not None and subject in rules.allowed:
        return Reason.ALLOWED
    if rules.markets and market not in rules.markets:
        return Reason.MARKET
    if rules.starts_at is not None and now < rules.starts_at:
        return Reason.NOT_YET
    if rules.ends_at is not None and now >= rules.ends_at:
        return Reason.OVER
    return None


def check_rules(rules: Rules) -> None:
    """Check the rules of a feature.

    Raises:
        RulesInvalid: a field is no such thing.
        TooManyPeople: the allow list is for a few; the rest are an audience.
    """
    if len(rules.allowed) > ALLOWED_MAX:
        raise TooManyPeople(ALLOWED_MAX)
    whole = range(PARTS + 1)
    checks = {
        "parts": rules.parts in whole,
        "market_parts": len(rules.market_parts) <= MARKETS_MAX
        and all(one in whole for one in rules.market_parts.values()),
        "markets": len(rules.markets) <= MARKETS_MAX,
        "salt": len(rules.salt) <= SALT_CHARACTERS_MAX,
        "audience_ids": len(rules.audience_ids) <= AUDIENCES_OF_FEATURE_MAX,
        "ends_at": rules.starts_at is None
        or rules.ends_at is None
        or rules.starts_at < rules.ends_at,
    }
    for name, is_right in checks.items():
        if not is_right:
            raise RulesInvalid(name)


def check_audience(audience: Audience) -> None:
    """Check the fields of an audience.

    Raises:
        AudienceInvalid: one is no such thing.
    """
    checks = {
        "code": CODE.fullmatch(audience.code) is not None,
        "name": 0 < len(audience.name.strip()) <= NAME_CHARACTERS_MAX,
        "note": len(audience.note) <= NOTE_CHARACTERS_MAX,
    }
    for name, is_right in checks.items():
        if not is_right:
            raise AudienceInvalid(name)
