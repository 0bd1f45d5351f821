"""Bodies of the partners' API of offers and percents."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from hansa.modules.loyalty.members import MemberRef, RefKind
from hansa.modules.loyalty.offers.actions import Taken
from hansa.modules.loyalty.offers.model import (
    DAY_MINUTES,
    MULTIPLIER_ONE,
    WHOLE,
    Condition,
    ConditionKind,
    Issuer,
    Limits,
    OfferContent,
    Reward,
    RewardKind,
    Schedule,
    Targeting,
    Wording,
)
from hansa.modules.loyalty.offers.moderation import Offer
from hansa.modules.loyalty.offers.percents import CATEGORIES_MAX, Percents
from hansa.modules.loyalty.offers.previewing import Preview
from hansa.modules.loyalty.offers.purchases import NetLine
from hansa.modules.loyalty.offers.queries import Results

ACTIONS_MAX = 500
LINES_MAX = 500
AMOUNT_MAX = 10**13
ProgrammeCode = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9-]{1,30}$")]
Code = Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9-]{0,39}$")]
Category = Annotated[str, msgspec.Meta(max_length=100)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=254)]
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Amount = Annotated[int, msgspec.Meta(ge=0, le=AMOUNT_MAX)]
Share = Annotated[int, msgspec.Meta(ge=0, le=WHOLE)]
Count = Annotated[int, msgspec.Meta(ge=1, le=10**9)]
Days = Annotated[int, msgspec.Meta(ge=1, le=1_098)]
Minute = Annotated[int, msgspec.Meta(ge=0, le=DAY_MINUTES)]
_Language = Annotated[str, msgspec.Meta(pattern="^[a-z]{2}$")]
_Said = Annotated[str, msgspec.Meta(max_length=4_000)]
Texts = Annotated[dict[_Language, _Said], msgspec.Meta(max_length=10)]
Weekday = Annotated[int, msgspec.Meta(ge=1, le=7)]
When = Annotated[datetime, msgspec.Meta(tz=True)]


class RefBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """By what a member is named: our number, a telephone, a card, your own id."""

    kind: Literal["id", "phone", "card", "partner"]
    value: Text

    def ref(self) -> MemberRef:
        """Give it as a value."""
        return MemberRef(RefKind(self.kind), self.value)


class PercentsBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Whose percents are asked for, and in which categories."""

    programme: ProgrammeCode
    member: RefBody
    categories: Annotated[list[Category], msgspec.Meta(max_length=CATEGORIES_MAX)] = []


class ReasonView(msgspec.Struct, kw_only=True):
    """A part of a percent: the base, a raise by an offer, or the limit it was cut at."""

    kind: str
    percent: int
    offer_id: UUID | None
    offer: str
    until: datetime | None


class PercentView(msgspec.Struct, kw_only=True):
    """A percent in hundredths (250 is 2.5 %); `until` is when it may fall."""

    category: str
    percent: int
    until: datetime | None
    reasons: list[ReasonView]


class PercentsView(msgspec.Struct, kw_only=True):
    """A member's percents at the partner that asks."""

    member_id: UUID
    percents: list[PercentView]
    as_of: datetime

    @classmethod
    def of(cls, found: Percents) -> "PercentsView":
        """Make it of percents."""
        return cls(
            member_id=found.member_id,
            percents=[
                PercentView(
                    category=one.category,
                    percent=one.percent,
                    until=one.until,
                    reasons=[
                        ReasonView(
                            kind=reason.kind.value,
                            percent=reason.percent,
                            offer_id=reason.offer_id,
                            offer=reason.code,
                            until=reason.until,
                        )
                        for reason in one.reasons
                    ],
                )
                for one in found.percents
            ],
            as_of=found.as_of,
        )


class ActionBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a member did; `key` is yours and names it for ever."""

    key: Key
    member: RefBody
    code: Code
    happened_at: When
    amount_minor: Amount = 0


class ActionsBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Up to 500 actions; each is answered by itself."""

    programme: ProgrammeCode
    actions: Annotated[list[ActionBody], msgspec.Meta(min_length=1, max_length=ACTIONS_MAX)]


class ActionView(msgspec.Struct, kw_only=True):
    """How an action was taken: the offers it counts for, or why it was refused."""

    key: str
    offer_ids: list[UUID] = []
    is_repeat: bool = False
    error: str | None = None
    detail: str | None = None

    @classmethod
    def of(cls, key: str, taken: Taken) -> "ActionView":
        """Make it of what was taken."""
        return cls(key=key, offer_ids=list(taken.offer_ids), is_repeat=taken.is_repeat)


class ActionsView(msgspec.Struct):
    """The answers, in the order of the actions."""

    items: list[ActionView]


class ConditionBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a member is to do: `code` of an action or visit, or purchases."""

    kind: Literal["action", "visit", "purchase", "purchases"]
    code: Annotated[str, msgspec.Meta(max_length=40)] = ""
    categories: Annotated[list[Category], msgspec.Meta(max_length=100)] = []
    amount_minor: Amount = 0
    count: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 1
    days: Days = 30


class RewardBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What it gives: percents and multipliers in hundredths (200 is 2 %, or twice)."""

    kind: Literal["percent", "points", "multiplier"]
    percent: Share = 0
    category: Category = ""
    days: Days = 30
    points: Annotated[int, msgspec.Meta(ge=0, le=10**9)] = 0
    multiplier: Annotated[int, msgspec.Meta(ge=MULTIPLIER_ONE, le=10_000)] = MULTIPLIER_ONE


class ScheduleBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """When it holds; days (1 is Monday) and minutes by the programme's clock."""

    starts_at: When | None = None
    ends_at: When | None = None
    weekdays: Annotated[list[Weekday], msgspec.Meta(max_length=7)] = []
    from_minute: Minute = 0
    until_minute: Minute = DAY_MINUTES


class LimitsBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How often it can be used."""

    per_member: Count | None = None
    total: Count | None = None
    per_day: Count | None = None


class OfferBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An offer as its partner writes it. Whom it is for beyond `new_member_days`, staff decide."""

    title: Texts
    text: Texts = {}
    terms: Texts = {}
    picture: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    condition: ConditionBody
    reward: RewardBody
    needs_activation: bool = True
    schedule: ScheduleBody = msgspec.field(default_factory=ScheduleBody)
    limits: LimitsBody = msgspec.field(default_factory=LimitsBody)
    new_member_days: Days | None = None
    budget_points: Count | None = None

    def content(self, before: OfferContent | None = None) -> OfferContent:
        """Give it as a value; what staff have set before stays."""
        kept = before.targeting if before else Targeting()
        fields = msgspec.structs.asdict
        return OfferContent(
            wording=Wording(
                title=self.title, text=self.text, terms=self.terms, picture=self.picture
            ),
            condition=Condition(
                **(
                    fields(self.condition)
                    | {
                        "kind": ConditionKind(self.condition.kind),
                        "categories": tuple(self.condition.categories),
                    }
                )
            ),
            reward=Reward(**(fields(self.reward) | {"kind": RewardKind(self.reward.kind)})),
            needs_activation=self.needs_activation,
            schedule=Schedule(
                **(fields(self.schedule) | {"weekdays": tuple(self.schedule.weekdays)})
            ),
            targeting=Targeting(
                audience=kept.audience,
                segment_from=kept.segment_from,
                segment_until=kept.segment_until,
                share=kept.share,
                control=kept.control,
                new_member_days=self.new_member_days,
            ),
            limits=Limits(**fields(self.limits)),
            issuer=before.issuer if before else Issuer.PARTNER,
            issuer_partner_id=before.issuer_partner_id if before else None,
            budget_points=self.budget_points,
        )


class NewOfferBody(OfferBody, kw_only=True, forbid_unknown_fields=True):
    """A new offer; `code` is how reasons call it, and stays."""

    programme: ProgrammeCode
    code: Code


class ResultsView(msgspec.Struct, kw_only=True):
    """How an offer goes: since it began, or on a day."""

    shown: int
    switched_on: int
    completed: int
    uses: int
    points: int
    amount_minor: int

    @classmethod
    def of(cls, found: Results) -> "ResultsView":
        """Make it of results."""
        return cls(**found._asdict())


class OfferView(msgspec.Struct, kw_only=True):
    """An offer as it stands. `is_live`: an approved version is in force, maybe an older one."""

    id: UUID
    programme_id: UUID
    code: str
    state: str
    refusal: str
    is_live: bool
    revision: int
    content: OfferContent
    created_at: datetime
    changed_at: datetime

    @classmethod
    def of(cls, offer: Offer) -> "OfferView":
        """Make it of an offer."""
        return cls(
            id=offer.id,
            programme_id=offer.programme_id,
            code=offer.code,
            state=offer.state.value,
            refusal=offer.refusal,
            is_live=offer.is_live,
            revision=offer.revision,
            content=offer.content,
            created_at=offer.created_at,
            changed_at=offer.changed_at,
        )


class LineBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A line of a receipt."""

    amount_minor: Amount
    category: Category = ""


class PreviewBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A receipt to try; without a member: somebody of whom nothing is known."""

    programme: ProgrammeCode
    lines: Annotated[list[LineBody], msgspec.Meta(min_length=1, max_length=LINES_MAX)]
    member: RefBody | None = None
    happened_at: When | None = None

    def net_lines(self) -> list[NetLine]:
        """Give the lines as values."""
        return [
            NetLine(number, one.amount_minor, one.category)
            for number, one in enumerate(self.lines, start=1)
        ]


class PreviewLineView(msgspec.Struct, kw_only=True):
    """What a line would earn, and why."""

    line: int
    points: int
    percent: int
    reason: str


class AwardView(msgspec.Struct, kw_only=True):
    """Points of one payer (none: the programme) for one reason."""

    points: int
    issuer_partner_id: UUID | None
    campaign_id: UUID | None
    reason: str


class PreviewView(msgspec.Struct, kw_only=True):
    """What a receipt would earn, by line and by payer, and the tasks it would do."""

    points: int
    lines: list[PreviewLineView]
    awards: list[AwardView]
    completes: list[UUID]

    @classmethod
    def of(cls, found: Preview) -> "PreviewView":
        """Make it of a preview."""
        evaluation = found.evaluation
        return cls(
            points=evaluation.points,
            lines=[
                PreviewLineView(
                    line=one.line, points=one.points, percent=one.percent, reason=one.reason
                )
                for one in evaluation.lines
            ],
            awards=[AwardView(**one._asdict()) for one in evaluation.awards],
            completes=[one.offer_id for one in evaluation.completions],
        )
