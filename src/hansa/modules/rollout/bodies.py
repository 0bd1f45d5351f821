"""Bodies of the JSON API of rollout."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from hansa.modules.rollout.audiences import Added
from hansa.modules.rollout.model import PARTS, Answer, Audience, Rules, Setting, State, Version

Code = Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9-]{0,39}$")]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
MarketCode = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
Person = Annotated[str, msgspec.Meta(min_length=1, max_length=254)]

HUNDREDTHS = Decimal("0.01")


def percent_of(parts: int) -> Decimal:
    """Write parts of 10,000 as a percentage."""
    return (Decimal(parts) * 100 / PARTS).quantize(HUNDREDTHS)


def parts_of(percent: Decimal) -> int:
    """Read a percentage as parts of 10,000; finer than hundredths is cut off, never rounded up."""
    return int(percent * PARTS / 100)


class RulesBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """For whom a feature is on; replaces all that was said before.

    `version` is the one you have read: if it is another now, nothing is changed.
    """

    state: Literal["off", "on", "some"]
    is_killed: bool = False
    allowed: Annotated[list[UUID], msgspec.Meta(max_length=500)] = []
    markets: Annotated[list[MarketCode], msgspec.Meta(max_length=100)] = []
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    audience_ids: Annotated[list[UUID], msgspec.Meta(max_length=20)] = []
    percent: Decimal = Decimal(0)
    market_percents: dict[MarketCode, Decimal] = {}
    salt: Annotated[str, msgspec.Meta(max_length=40)] = ""
    version: int | None = None

    def rules(self) -> Rules:
        """Give them as rules."""
        return Rules(
            state=State(self.state),
            is_killed=self.is_killed,
            allowed=tuple(self.allowed),
            markets=tuple(self.markets),
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            audience_ids=tuple(self.audience_ids),
            parts=parts_of(self.percent),
            market_parts={code: parts_of(one) for code, one in self.market_percents.items()},
            salt=self.salt,
        )


class RulesView(msgspec.Struct, kw_only=True):
    """For whom a feature is on."""

    state: str
    is_killed: bool
    allowed: list[UUID]
    markets: list[str]
    starts_at: datetime | None
    ends_at: datetime | None
    audience_ids: list[UUID]
    percent: Decimal
    market_percents: dict[str, Decimal]
    salt: str

    @classmethod
    def of(cls, rules: Rules) -> "RulesView":
        """Make it of rules."""
        return cls(
            state=str(rules.state),
            is_killed=rules.is_killed,
            allowed=list(rules.allowed),
            markets=list(rules.markets),
            starts_at=rules.starts_at,
            ends_at=rules.ends_at,
            audience_ids=list(rules.audience_ids),
            percent=percent_of(rules.parts),
            market_percents={code: percent_of(one) for code, one in rules.market_parts.items()},
            salt=rules.salt,
        )


class FeatureView(msgspec.Struct, kw_only=True):
    """A feature; version 0 means that nobody has touched it."""

    code: str
    title: str
    about: str
    version: int
    rules: RulesView
    changed_at: datetime | None

    @classmethod
    def of(cls, setting: Setting, *, title: str, about: str) -> "FeatureView":
        """Make it of a feature; texts are in the language of the request."""
        return cls(
            code=setting.code,
            title=title,
            about=about,
            version=setting.version,
            rules=RulesView.of(setting.rules),
            changed_at=setting.changed_at,
        )


class FeatureList(msgspec.Struct):
    """Every feature the code declares."""

    items: list[FeatureView]


class KillBody(msgspec.Struct, forbid_unknown_fields=True):
    """Whether nobody is to have it."""

    is_killed: bool


class VersionView(msgspec.Struct, kw_only=True):
    """Rules as they once were."""

    version: int
    rules: RulesView
    restored_version: int | None
    actor_name: str
    changed_at: datetime

    @classmethod
    def of(cls, version: Version) -> "VersionView":
        """Make it of a version."""
        return cls(
            version=version.version,
            rules=RulesView.of(version.rules),
            restored_version=version.restored_version,
            actor_name=version.actor_name,
            changed_at=version.changed_at,
        )


class AnswerView(msgspec.Struct, kw_only=True):
    """Whether it is on for somebody, and the rule that says so.

    `place_percent` is where the percentage puts them: they have it below `percent`.
    """

    is_on: bool
    reason: str
    subject_id: UUID | None
    audience_id: UUID | None
    place_percent: Decimal | None
    percent: Decimal | None

    @classmethod
    def of(cls, answer: Answer, subject_id: UUID | None) -> "AnswerView":
        """Make it of an answer."""
        return cls(
            is_on=answer.is_on,
            reason=str(answer.reason),
            subject_id=subject_id,
            audience_id=answer.audience_id,
            place_percent=None if answer.part is None else percent_of(answer.part),
            percent=None if answer.parts is None else percent_of(answer.parts),
        )


class AudienceBody(msgspec.Struct, forbid_unknown_fields=True):
    """An audience as it is to be called."""

    code: Code
    name: Name
    note: Annotated[str, msgspec.Meta(max_length=1_000)] = ""


class AudienceView(msgspec.Struct, kw_only=True):
    """An audience and how many are in it."""

    id: UUID
    code: str
    name: str
    note: str
    members: int
    changed_at: datetime

    @classmethod
    def of(cls, audience: Audience) -> "AudienceView":
        """Make it of an audience."""
        return cls(
            id=audience.id,
            code=audience.code,
            name=audience.name,
            note=audience.note,
            members=audience.members,
            changed_at=audience.changed_at,
        )


class PeopleBody(msgspec.Struct, forbid_unknown_fields=True):
    """People by number, e-mail or telephone."""

    people: Annotated[list[Person], msgspec.Meta(min_length=1, max_length=1_000)]


class FaultView(msgspec.Struct):
    """Who could not be found: the place in the list from 1; `not_understood` or `not_known`."""

    line: int
    why: str


class AddedView(msgspec.Struct, kw_only=True):
    """How many are new, how many were there; the first fifty who could not be found."""

    added: int
    present: int
    faults_count: int
    faults: list[FaultView]

    @classmethod
    def of(cls, added: Added) -> "AddedView":
        """Make it of an import."""
        return cls(
            added=added.added,
            present=added.present,
            faults_count=added.faults_count,
            faults=[FaultView(one.line, one.why) for one in added.faults],
        )


class MemberView(msgspec.Struct):
    """Somebody of an audience."""

    subject_id: UUID
    added_at: datetime
