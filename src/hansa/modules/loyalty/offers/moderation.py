"""The life of an offer: a partner writes it, staff approve it, it runs, and it ends. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from hansa.kernel.errors import Conflict, Invalid, NotFound, Rejected
from hansa.modules.loyalty.offers.model import (
    CONTROL_MAX,
    DAY_MINUTES,
    GROUP_OF_BASE,
    MULTIPLIER_ONE,
    WHOLE,
    ConditionKind,
    EarningRule,
    EffectKind,
    Issuer,
    OfferContent,
    OfferState,
    RewardKind,
    Schedule,
    Targeting,
)

CODE_CHARACTERS_MAX = 40
TEXT_CHARACTERS_MAX = 4_000
CATEGORIES_MAX = 100
CATEGORY_CHARACTERS_MAX = 100
DAYS_MAX = 3 * 366
COUNT_MAX = 1_000
POINTS_MAX = 10**9
AMOUNT_MAX = 10**13
MULTIPLIER_MAX = 100 * MULTIPLIER_ONE
REASON_CHARACTERS_MAX = 1_000
_CODE_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


class Act(StrEnum):
    """What can be done with an offer."""

    WRITE = "write"
    SUBMIT = "submit"
    APPROVE = "approve"
    REFUSE = "refuse"
    PAUSE = "pause"
    RESUME = "resume"
    END = "end"
    AIM = "aim"


_S = OfferState
_NEVER_ENDED = frozenset(state for state in OfferState if state is not OfferState.ENDED)
FROM: dict[Act, frozenset[OfferState]] = {
    Act.WRITE: _NEVER_ENDED,
    Act.SUBMIT: frozenset({_S.DRAFT, _S.REFUSED}),
    Act.APPROVE: frozenset({_S.IN_REVIEW}),
    Act.REFUSE: frozenset({_S.IN_REVIEW}),
    Act.PAUSE: frozenset({_S.APPROVED, _S.RUNNING, _S.DRAFT, _S.IN_REVIEW, _S.REFUSED}),
    Act.RESUME: frozenset({_S.PAUSED}),
    Act.END: _NEVER_ENDED,
    Act.AIM: frozenset({_S.DRAFT, _S.IN_REVIEW, _S.REFUSED}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An offer as it stands: `content` is what was written last.

    `is_live`: an approved version is in force, maybe an older one. `revision` grows with each
    change and is what a reviewer has seen.
    """

    id: UUID
    programme_id: UUID
    partner_id: UUID
    code: str
    state: OfferState
    content: OfferContent
    refusal: str = ""
    is_live: bool = False
    revision: int = 1
    written_by: UUID | None = None
    submitted_at: datetime | None = None
    decided_by: UUID | None = None
    decided_at: datetime | None = None
    created_at: datetime
    changed_at: datetime

    def allows(self, act: Act) -> bool:
        """Tell whether something can be done with it now.

        Only what is in force can be paused; whom it is for is settled before anything is.
        """
        if (act is Act.PAUSE and not self.is_live) or (act is Act.AIM and self.is_live):
            return False
        return self.state in FROM[act]


@dataclass(eq=False)
class NoSuchOffer(NotFound):
    """There is no offer of this number, or it is another partner's."""

    code: ClassVar[str] = "loyalty.no_such_offer"
    message: ClassVar[str] = "There is no such offer."

    offer_id: UUID


@dataclass(eq=False)
class NoSuchRule(NotFound):
    """There is no earning rule of this number."""

    code: ClassVar[str] = "loyalty.no_such_rule"
    message: ClassVar[str] = "There is no such earning rule."

    rule_id: UUID


@dataclass(eq=False)
class OfferInvalid(Invalid):
    """A field of an offer or a rule is no such thing; `field` says which."""

    code: ClassVar[str] = "loyalty.offer_invalid"
    message: ClassVar[str] = "The offer or rule cannot be saved: “{field}” is not right."

    field: str


@dataclass(eq=False)
class OfferAudienceUnknown(OfferInvalid):
    """An offer or rule names an audience that does not exist: it would be for nobody."""

    code: ClassVar[str] = "loyalty.offer_audience_unknown"
    message: ClassVar[str] = "There is no audience “{audience}”."

    audience: str


@dataclass(eq=False)
class OfferStateWrong(Rejected):
    """This cannot be done with an offer in its state."""

    code: ClassVar[str] = "loyalty.offer_state"
    message: ClassVar[str] = "This is not possible with an offer in the state “{state}”."

    state: str


@dataclass(eq=False)
class OfferChangedMeanwhile(Rejected):
    """The offer was changed since it was read: what is approved must have been seen."""

    code: ClassVar[str] = "loyalty.offer_changed"
    message: ClassVar[str] = "The offer was changed meanwhile. Look at it again."


@dataclass(eq=False)
class OfferCodeTaken(Conflict):
    """Another offer of the partner, or rule of the programme, has this code."""

    code: ClassVar[str] = "loyalty.offer_code_taken"
    message: ClassVar[str] = "“{taken}” is taken already: choose another code."

    taken: str


def require(offer: Offer, act: Act) -> None:
    """Check that something can be done.

    Raises:
        OfferStateWrong: it cannot.
    """
    if not offer.allows(act):
        raise OfferStateWrong(offer.state.value)


def state_of_approved(content: OfferContent, now: datetime) -> OfferState:
    """Give the state of an offer just approved or resumed."""
    starts_at = content.schedule.starts_at
    return OfferState.APPROVED if starts_at is not None and starts_at > now else OfferState.RUNNING


def check_code(code: str) -> None:
    """Check the short name by which reasons call an offer or rule.

    Raises:
        OfferInvalid: it is not 1 to 40 small letters, digits and dashes.
    """
    _need("code", 0 < len(code) <= CODE_CHARACTERS_MAX and set(code) <= _CODE_LETTERS)


def check_content(content: OfferContent) -> None:
    """Check what a partner wrote.

    Raises:
        OfferInvalid: a field is no such thing.
    """
    wording = content.wording
    _need("title", any(text.strip() for text in wording.title.values()))
    for field, texts in (
        ("title", wording.title),
        ("text", wording.text),
        ("terms", wording.terms),
    ):
        _need(field, all(len(text) <= TEXT_CHARACTERS_MAX for text in texts.values()))
    _check_condition(content)
    _check_reward(content)
    check_schedule(content.schedule)
    check_targeting(content.targeting)
    limits = content.limits
    for field, limit in (
        ("per_member", limits.per_member),
        ("total", limits.total),
        ("per_day", limits.per_day),
    ):
        _need(field, limit is None or 0 < limit <= POINTS_MAX)
    budget = content.budget_points
    _need("budget_points", budget is None or 0 < budget <= POINTS_MAX)
    _check_issuer(content.issuer, content.issuer_partner_id)


def check_rule(rule: EarningRule) -> None:
    """Check an earning rule.

    Raises:
        OfferInvalid: a field is no such thing.
    """
    check_code(rule.code)
    _need("category", len(rule.category) <= CATEGORY_CHARACTERS_MAX)
    if rule.kind is EffectKind.PERCENT:
        _need("value", 0 <= rule.value <= WHOLE)
    elif rule.kind is EffectKind.MULTIPLIER:
        _need("value", MULTIPLIER_ONE < rule.value <= MULTIPLIER_MAX)
    else:
        _need("value", 0 < rule.value <= POINTS_MAX)
        _need("per_minor", 0 < rule.per_minor <= AMOUNT_MAX)
    _need("minimum_minor", 0 <= rule.minimum_minor <= AMOUNT_MAX)
    maximum = rule.maximum_minor
    _need("maximum_minor", maximum is None or rule.minimum_minor <= maximum <= AMOUNT_MAX)
    # The base is one percent for all of a line: it cannot end in the middle of a receipt.
    is_base = rule.kind is EffectKind.PERCENT and rule.group == GROUP_OF_BASE
    _need("maximum_minor", maximum is None or not is_base)
    _need("group", len(rule.group) <= CODE_CHARACTERS_MAX)
    check_schedule(rule.schedule)
    check_targeting(rule.targeting)
    _check_issuer(rule.issuer, rule.issuer_partner_id)


def check_schedule(schedule: Schedule) -> None:
    """Check beginning and end, days and times.

    Raises:
        OfferInvalid: they are not in order.
    """
    starts_at, ends_at = schedule.starts_at, schedule.ends_at
    _need("starts_at", starts_at is None or starts_at.tzinfo is not None)
    _need("ends_at", ends_at is None or ends_at.tzinfo is not None)
    _need("ends_at", starts_at is None or ends_at is None or starts_at < ends_at)
    _need("weekdays", set(schedule.weekdays) <= set(range(1, 8)))
    _need("from_minute", 0 <= schedule.from_minute < DAY_MINUTES)
    _need("until_minute", 0 < schedule.until_minute <= DAY_MINUTES)
    _need("until_minute", schedule.from_minute != schedule.until_minute)


def check_targeting(targeting: Targeting) -> None:
    """Check for whom something is.

    Raises:
        OfferInvalid: a range or share is no such thing.
    """
    _need("segment_from", 0 <= targeting.segment_from < targeting.segment_until <= WHOLE)
    _need("share", 0 < targeting.share <= WHOLE)
    _need("control", 0 <= targeting.control <= CONTROL_MAX)
    days = targeting.new_member_days
    _need("new_member_days", days is None or 0 < days <= DAYS_MAX)
    _need("audience", len(targeting.audience) <= CODE_CHARACTERS_MAX)


def _check_condition(content: OfferContent) -> None:
    condition = content.condition
    reported = condition.kind in {ConditionKind.ACTION, ConditionKind.VISIT}
    _need("condition_code", not reported or 0 < len(condition.code) <= CODE_CHARACTERS_MAX)
    _need("amount_minor", 0 <= condition.amount_minor <= AMOUNT_MAX)
    _need("count", 0 < condition.count <= COUNT_MAX)
    _need("condition_days", 0 < condition.days <= DAYS_MAX)
    _need("categories", len(condition.categories) <= CATEGORIES_MAX)
    for category in condition.categories:
        _need("categories", 0 < len(category) <= CATEGORY_CHARACTERS_MAX)


def _check_reward(content: OfferContent) -> None:
    reward = content.reward
    if reward.kind is RewardKind.PERCENT:
        _need("percent", 0 < reward.percent <= WHOLE)
        _need("days", 0 < reward.days <= DAYS_MAX)
    elif reward.kind is RewardKind.POINTS:
        _need("points", 0 < reward.points <= POINTS_MAX)
    else:
        _need("multiplier", MULTIPLIER_ONE < reward.multiplier <= MULTIPLIER_MAX)
        # Whether it counts is decided receipt by receipt.
        _need("condition", content.condition.kind is ConditionKind.PURCHASE)
    _need("category", len(reward.category) <= CATEGORY_CHARACTERS_MAX)


def _check_issuer(issuer: Issuer, partner_id: UUID | None) -> None:
    _need("issuer_partner_id", (issuer is Issuer.OTHER) == (partner_id is not None))


def _need(field: str, is_right: bool) -> None:  # noqa: FBT001 - reads as a sentence
    if not is_right:
        raise OfferInvalid(field)
