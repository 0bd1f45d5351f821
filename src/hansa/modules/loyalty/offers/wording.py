"""Offers and rules in words, for staff and partners: tasks, rewards, schedules, limits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from hansa.kernel.money import Money
from hansa.modules.loyalty.offers.model import (
    DAY_MINUTES,
    GROUP_OF_BASE,
    MULTIPLIER_ONE,
    WHOLE,
    ConditionKind,
    Limits,
    OfferContent,
    OfferState,
    RewardKind,
    Schedule,
    Targeting,
)
from hansa.modules.loyalty.offers.queries import Results
from hansa.runtime.html.formats import format_moment, format_money, format_number

STATE_WORDS: Final[Mapping[OfferState, tuple[str, str]]] = {
    OfferState.DRAFT: ("draft", ""),
    OfferState.IN_REVIEW: ("waits for review", "warn"),
    OfferState.APPROVED: ("approved", "good"),
    OfferState.REFUSED: ("refused", "bad"),
    OfferState.RUNNING: ("running", "good"),
    OfferState.PAUSED: ("paused", "warn"),
    OfferState.ENDED: ("ended", ""),
}
"""What states are called, and the tone they are shown in."""
WEEKDAY_WORDS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
CATEGORY_WORDS: Final = {
    "bank": "banking",
    "beauty": "beauty",
    "books": "books",
    "clothes": "clothes",
    "food": "food",
    "fuel": "fuel",
    "health": "health",
    "home": "home",
    "insurance": "insurance",
    "kids": "children",
    "leisure": "leisure",
    "marketplace": "marketplace",
    "mobile": "mobile",
    "pets": "pets",
    "sport": "sport",
    "transport": "transport",
}
"""What usual categories are called; others are shown by their codes."""
_HUNDREDTHS = Decimal(100)


@dataclass(frozen=True, slots=True)
class Speech:
    """The words of a language; amounts and moments are those of a programme."""

    translate: Callable[[str], str]
    language: str
    currency: str = "RUB"
    zone: str = "UTC"

    def state(self, state: OfferState) -> tuple[str, str]:
        """Give a state in words, and its tone."""
        label, tone = STATE_WORDS[state]
        return self.translate(label), tone

    def number(self, count: Decimal | float | None) -> str:
        """Write a number."""
        return format_number(count, self.language)

    def amount(self, minor: int) -> str:
        """Write an amount."""
        return format_money(Money(minor, self.currency), self.language)

    def moment(self, at: datetime | None) -> str:
        """Write an instant by the programme's clock."""
        return format_moment(at, self.language, self.zone)

    def percent(self, hundredths: int) -> str:
        """Write a percent: `2,5 %`."""
        number = self.number(Decimal(hundredths) / _HUNDREDTHS)
        return f"{number}\u00a0%" if self.language == "ru" else f"{number}%"

    def times(self, hundredths: int) -> str:
        """Write a multiplier."""
        number = self.number(Decimal(hundredths) / MULTIPLIER_ONE)
        return self.translate("{times} times the points").format(times=number)

    def shares(self, results: Results) -> dict[str, str]:
        """Say how many of those before went on: of those who saw it, of those who switched it on.

        A display counts once a day, so whoever looks on many days makes the share smaller. An offer
        that is not to be switched on goes from seen to completed.
        """
        before = results.switched_on or results.shown
        return {
            "switched_share": self._share(
                "{share} of displays", results.switched_on, results.shown
            ),
            "completed_share": self._share("{share} of these", results.completed, before),
        }

    def _share(self, said: str, part: int, whole: int) -> str:
        if not 0 < part <= whole:
            return ""
        return self.translate(said).format(share=self.percent(round(part * WHOLE / whole)))

    def category(self, code: str) -> str:
        """Name a category; of a finer one (`food.milk`) what it is a part of, and its code."""
        whole, dot, part = code.partition(".")
        named = CATEGORY_WORDS.get(whole)
        return code if named is None else self.translate(named) + dot + part

    def reason(self, told: str) -> str:
        """Write why a line earned what it did, with what is always given in words."""
        parts = [part.partition(" ") for part in told.split(", ")]
        return ", ".join(
            (self.translate("base") if code == GROUP_OF_BASE else code) + space + amount
            for code, space, amount in parts
        )

    def task(self, content: OfferContent) -> str:
        """Say what a member is to do."""
        condition = content.condition
        least = self.amount(condition.amount_minor)
        if condition.kind is ConditionKind.ACTION:
            said = self.translate("do “{code}”").format(code=condition.code)
        elif condition.kind is ConditionKind.VISIT:
            said = self.translate("come: “{code}”").format(code=condition.code)
        elif condition.kind is ConditionKind.PURCHASE:
            said = (
                self.translate("buy for {amount} or more").format(amount=least)
                if condition.amount_minor
                else self.translate("buy anything")
            )
        else:
            said = self.translate("buy {count} times for {amount} in {days} days").format(
                count=condition.count, amount=least, days=condition.days
            )
        if condition.categories:
            said += f" ({', '.join(map(self.category, condition.categories))})"
        return said

    def reward(self, content: OfferContent) -> str:
        """Say what it gives."""
        given = content.reward
        if given.kind is RewardKind.PERCENT:
            where = self.category(given.category) or self.translate("everything")
            return self.translate("+{percent} for {where}, {days} days").format(
                percent=self.percent(given.percent), where=where, days=given.days
            )
        if given.kind is RewardKind.POINTS:
            return self.translate("{points} points").format(points=self.number(given.points))
        return self.times(given.multiplier)

    def schedule(self, held: Schedule) -> str:
        """Say when it holds."""
        parts = []
        if held.starts_at is not None or held.ends_at is not None:
            parts.append(
                f"{self.moment(held.starts_at) or '…'} – {self.moment(held.ends_at) or '…'}"
            )
        if held.weekdays:
            days = [self.translate(WEEKDAY_WORDS[day - 1]) for day in sorted(held.weekdays)]
            parts.append(", ".join(days))
        if held.from_minute or held.until_minute != DAY_MINUTES:
            parts.append(f"{_clock(held.from_minute)}–{_clock(held.until_minute)}")
        return " · ".join(parts) or self.translate("always")

    def audience(self, held: Targeting) -> str:
        """Say for whom it is."""
        parts = []
        if held.audience:
            parts.append(self.translate("audience “{name}”").format(name=held.audience))
        if held.segment_until - held.segment_from < WHOLE:
            parts.append(
                self.translate("segments {first} to {last}").format(
                    first=held.segment_from, last=held.segment_until - 1
                )
            )
        if held.share < WHOLE:
            share = self.percent(held.share)
            parts.append(self.translate("{share} of members").format(share=share))
        if held.new_member_days is not None:
            parts.append(
                self.translate("enrolled at most {days} days ago").format(days=held.new_member_days)
            )
        said = ", ".join(parts) or self.translate("everybody")
        if not held.control:
            return said
        share = self.percent(held.control)
        return f"{said}, {self.translate('{share} of these held back').format(share=share)}"

    def limits(self, held: Limits) -> str:
        """Say how often it can be used."""
        parts = [
            self.translate(text).format(count=self.number(count))
            for text, count in (
                ("{count} per member", held.per_member),
                ("{count} in all", held.total),
                ("{count} per day", held.per_day),
            )
            if count is not None
        ]
        return ", ".join(parts) or self.translate("no limit")


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
