"""Rules and offers in force, laid out so that a receipt looks at few of them.

For a partner time falls into stretches in which the same rules hold; each stretch has a plan,
made when first asked for, with the entries of every category.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from uuid import UUID

from hansa.modules.loyalty.offers.model import (
    ConditionKind,
    EarningRule,
    EffectKind,
    LiveOffer,
    RewardKind,
    Schedule,
    Targeting,
    covers,
    payer,
)

CATEGORIES_KEPT = 2_000
"""Partners send what categories they like; a plan remembers so many, then begins anew."""
PLANS_KEPT = 20_000


class Does(IntEnum):
    """What an entry does for a receipt."""

    PERCENT = 0
    MULTIPLIER = 1
    POINTS = 2
    TASK = 3


_OF_EFFECT = {
    EffectKind.PERCENT: Does.PERCENT,
    EffectKind.MULTIPLIER: Does.MULTIPLIER,
    EffectKind.POINTS: Does.POINTS,
}


@dataclass(eq=False, slots=True, kw_only=True)
class Entry:
    """A rule or an offer as a receipt of one partner sees it; equal to itself alone."""

    id: UUID
    does: Does
    label: str
    categories: tuple[str, ...]
    value: int = 0
    per_minor: int = 0
    minimum_minor: int = 0
    maximum_minor: int | None = None
    group: str = ""
    priority: int = 0
    issuer_id: UUID | None = None
    campaign_id: UUID | None = None
    schedule: Schedule | None = None
    targeting: Targeting | None = None
    offer: LiveOffer | None = None
    needs_activation: bool = False
    limit: int | None = None
    is_plain: bool = True
    slot: str = field(init=False)
    """The group within its kind, as one text: an enumeration is slow to look up."""

    def __post_init__(self) -> None:
        self.slot = f"{self.does.value} {self.group}"

    def covers(self, category: str) -> bool:
        """Tell whether lines of a category count."""
        return not self.categories or any(covers(one, category) for one in self.categories)


class Plan:
    """What holds at a partner in one stretch of time."""

    __slots__ = ("_of", "entries")

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = tuple(entries)
        self._of: dict[str, tuple[Entry, ...]] = {}

    def of(self, category: str) -> tuple[Entry, ...]:
        """Give the entries that count for a category."""
        found = self._of.get(category)
        if found is None:
            if len(self._of) >= CATEGORIES_KEPT:
                self._of.clear()
            found = tuple(entry for entry in self.entries if entry.covers(category))
            self._of[category] = found
        return found


class RuleSet:
    """All versions of rules and offers there ever were. `revision` grows with every change.

    `budgets` are the campaigns whose points are to be claimed before they are given,
    `audiences` those that anything is meant for.
    """

    def __init__(
        self,
        rules: Iterable[EarningRule] = (),
        offers: Iterable[LiveOffer] = (),
        *,
        budgets: Iterable[UUID] = (),
        revision: int = 0,
    ) -> None:
        rules, offers = tuple(rules), tuple(offers)
        self.revision = revision
        self.budgets = frozenset(budgets)
        targetings = [one.targeting for one in rules] + [one.content.targeting for one in offers]
        self.audiences = frozenset(one.audience for one in targetings if one.audience)
        self.rules = rules
        self.offers = offers
        self._rules: dict[UUID, list[EarningRule]] = {}
        self._offers: dict[tuple[UUID, UUID], list[LiveOffer]] = {}
        self._latest: dict[UUID, LiveOffer] = {}
        self._versions: dict[UUID, list[LiveOffer]] = {}
        self._stretches: dict[tuple[UUID, UUID], tuple[list[datetime], list[Plan | None]]] = {}
        for rule in self.rules:
            self._rules.setdefault(rule.programme_id, []).append(rule)
        for offer in self.offers:
            key = offer.programme_id, offer.partner_id
            self._offers.setdefault(key, []).append(offer)
            self._versions.setdefault(offer.id, []).append(offer)
            latest = self._latest.get(offer.id)
            if latest is None or offer.version >= latest.version:
                self._latest[offer.id] = offer

    def offer(self, offer_id: UUID) -> LiveOffer | None:
        """Give the newest approved version of an offer."""
        return self._latest.get(offer_id)

    def versions(self, offer_id: UUID) -> tuple[LiveOffer, ...]:
        """Give all versions of an offer."""
        return tuple(self._versions.get(offer_id, ()))

    def offers_at(self, programme_id: UUID, at: datetime) -> list[LiveOffer]:
        """Give the offers of a programme in force at an instant."""
        return [
            offer
            for (programme, _), listed in self._offers.items()
            if programme == programme_id
            for offer in listed
            if offer.in_force(at) and offer.content.schedule.covers(at)
        ]

    def plan(self, programme_id: UUID, partner_id: UUID, at: datetime) -> Plan:
        """Give what holds at a partner at an instant, but for hours and for whom."""
        key = programme_id, partner_id
        stretches = self._stretches.get(key)
        if stretches is None:
            if len(self._stretches) >= PLANS_KEPT:
                self._stretches.clear()
            stretches = self._stretches[key] = self._cut(programme_id, partner_id)
        bounds, plans = stretches
        index = bisect_right(bounds, at)
        plan = plans[index]
        if plan is None:
            plan = plans[index] = Plan(self._entries(programme_id, partner_id, at))
        return plan

    def _cut(
        self, programme_id: UUID, partner_id: UUID
    ) -> tuple[list[datetime], list[Plan | None]]:
        bounds: set[datetime | None] = set()
        for rule in self._of_partner(programme_id, partner_id):
            bounds |= {rule.in_force_from, rule.in_force_until}
            bounds |= {rule.schedule.starts_at, rule.schedule.ends_at}
        for offer in self._offers.get((programme_id, partner_id), ()):
            bounds |= {offer.in_force_from, offer.in_force_until}
            bounds |= {offer.content.schedule.starts_at, offer.content.schedule.ends_at}
        instants = sorted(bound for bound in bounds if bound is not None)
        return instants, [None] * (len(instants) + 1)

    def _of_partner(self, programme_id: UUID, partner_id: UUID) -> list[EarningRule]:
        return [
            rule
            for rule in self._rules.get(programme_id, ())
            if rule.partner_id is None or rule.partner_id == partner_id
        ]

    def _entries(self, programme_id: UUID, partner_id: UUID, at: datetime) -> list[Entry]:
        entries = [
            _of_rule(rule, partner_id)
            for rule in self._of_partner(programme_id, partner_id)
            if rule.in_force(at) and rule.schedule.covers(at)
        ]
        for offer in self._offers.get((programme_id, partner_id), ()):
            if offer.in_force(at) and offer.content.schedule.covers(at):
                entry = _of_offer(offer)
                if entry is not None:
                    entries.append(entry)
        # The best of a group comes first: whoever asks takes the first that applies.
        return sorted(entries, key=_worth)


def _worth(entry: Entry) -> tuple[int, float, str]:
    gives = entry.value / entry.per_minor if entry.per_minor else float(entry.value)
    return -entry.priority, -gives, str(entry.id)


def _of_rule(rule: EarningRule, partner_id: UUID) -> Entry:
    schedule = rule.schedule if rule.schedule.has_hours else None
    targeting = None if rule.targeting.is_for_all else rule.targeting
    return Entry(
        id=rule.id,
        does=_OF_EFFECT[rule.kind],
        label=rule.code,
        categories=(rule.category,) if rule.category else (),
        value=rule.value,
        per_minor=rule.per_minor,
        minimum_minor=rule.minimum_minor,
        maximum_minor=rule.maximum_minor,
        group=rule.group,
        priority=rule.priority,
        issuer_id=payer(rule.issuer, partner_id, rule.issuer_partner_id),
        campaign_id=rule.campaign_id,
        schedule=schedule,
        targeting=targeting,
        is_plain=schedule is None and targeting is None,
    )


def _of_offer(offer: LiveOffer) -> Entry | None:
    """Give what an offer means for a receipt; nothing, if only reported actions count."""
    content = offer.content
    if content.condition.kind not in {ConditionKind.PURCHASE, ConditionKind.PURCHASES}:
        return None
    multiplies = content.reward.kind is RewardKind.MULTIPLIER
    is_single = content.condition.kind is ConditionKind.PURCHASE
    return Entry(
        id=offer.id,
        does=Does.MULTIPLIER if multiplies else Does.TASK,
        label=offer.code,
        categories=content.condition.categories,
        value=content.reward.multiplier,
        minimum_minor=max(content.condition.amount_minor if is_single else 0, 1),
        group=offer.group,
        issuer_id=offer.issuer_id,
        campaign_id=offer.id,
        schedule=content.schedule if content.schedule.has_hours else None,
        targeting=None if content.targeting.is_for_all else content.targeting,
        offer=offer,
        needs_activation=content.needs_activation,
        limit=content.limits.per_member,
        is_plain=False,
    )
