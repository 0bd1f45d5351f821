"""Stories of members for `test_permutations`: what happened, and what it must come to.

The model knows nothing of orders of arrival: it reads a story by when things happened.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hansa.modules.loyalty.offers import (
    Condition,
    ConditionKind,
    Limits,
    OfferContent,
    Reward,
    RewardKind,
)

BASE = 1000
ROOM = 1000
"""Of a receipt ten per cent come back; raises add ten more at most."""
HOURS = 100
DAY_HOURS = 24
VISIT, ORDER, LARGE, OFTEN, DOUBLE, FIRST_DOUBLE = (
    "visit",
    "order",
    "large",
    "often",
    "double",
    "first-double",
)
OFFERS = {
    # A visit raises the percent for two days, if the member has switched it on.
    VISIT: OfferContent(
        condition=Condition(kind=ConditionKind.VISIT, code="visit"),
        reward=Reward(kind=RewardKind.PERCENT, percent=800, days=2),
    ),
    # The first two orders of a worth give points.
    ORDER: OfferContent(
        condition=Condition(kind=ConditionKind.ACTION, code="order", amount_minor=1_000),
        reward=Reward(kind=RewardKind.POINTS, points=30),
        needs_activation=False,
        limits=Limits(per_member=2),
    ),
    # A large receipt raises the percent for a day, if it is switched on.
    LARGE: OfferContent(
        condition=Condition(kind=ConditionKind.PURCHASE, amount_minor=60_000),
        reward=Reward(kind=RewardKind.PERCENT, percent=500, days=1),
    ),
    # Each second receipt within two days gives points.
    OFTEN: OfferContent(
        condition=Condition(kind=ConditionKind.PURCHASES, count=2, days=2),
        reward=Reward(kind=RewardKind.POINTS, points=40),
        needs_activation=False,
    ),
    # A receipt counts double while it is switched on; the first of a worth counts double anyway.
    DOUBLE: OfferContent(
        condition=Condition(kind=ConditionKind.PURCHASE, amount_minor=10_000),
        reward=Reward(kind=RewardKind.MULTIPLIER, multiplier=200),
    ),
    FIRST_DOUBLE: OfferContent(
        condition=Condition(kind=ConditionKind.PURCHASE, amount_minor=20_000),
        reward=Reward(kind=RewardKind.MULTIPLIER, multiplier=200),
        needs_activation=False,
        limits=Limits(per_member=1),
    ),
}
SWITCHED = (VISIT, LARGE, DOUBLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that happened to a member, hours after the beginning."""

    key: str = ""
    hours: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought(Happening):
    receipt: str
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CameBack(Happening):
    """A part of a line; without a line all that is left of the receipt."""

    receipt: str
    line: int | None = None
    amount: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Given(Happening):
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Acted(Happening):
    code: str
    amount: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Switched(Happening):
    offer: str
    is_on: bool


class Raised(NamedTuple):
    """A percent added right after an hour, up to and with another."""

    offer: str
    percent: int
    after: int
    until: int


class End(NamedTuple):
    """What a story comes to."""

    points: int
    raises: tuple[Raised, ...]


def story(chance: random.Random, case: str) -> list[Happening]:
    """Make up receipts, part and whole returns, actions, switches and points given, by key."""
    found: list[Happening] = []
    for number in range(chance.randint(2, 3)):
        found += _receipt(chance, f"{case}-{number}")
    if chance.random() < 0.5:
        found.append(Given(points=chance.randint(1, 50), hours=5))
    for _ in range(chance.randint(0, 3)):
        hours = chance.randrange(HOURS)
        if chance.random() < 0.5:
            found.append(Acted(code="visit", hours=hours))
        else:
            found.append(Acted(code="order", amount=chance.choice([900, 1_100]), hours=hours))
    for offer in SWITCHED:
        for hours in chance.sample(range(HOURS), chance.choice([0, 0, 1, 2])):
            found.append(Switched(offer=offer, is_on=chance.random() < 0.7, hours=hours))
    return [_named(one, f"{case}-{number}") for number, one in enumerate(found)]


def _receipt(chance: random.Random, receipt: str) -> Iterator[Happening]:
    lines = tuple(chance.randrange(0, 50_000) for _ in range(chance.randint(1, 3)))
    hours = chance.randrange(HOURS)
    yield Bought(receipt=receipt, lines=lines, hours=hours)
    left = list(lines)
    for _ in range(chance.randint(0, 2)):
        line = chance.randrange(len(lines))
        amount = chance.randint(0, left[line])
        if amount:
            left[line] -= amount
            yield CameBack(receipt=receipt, line=line + 1, amount=amount, hours=hours + 1)
    if chance.random() < 0.2:
        yield CameBack(receipt=receipt, hours=hours + 2)


def _named(one: Happening, key: str) -> Happening:
    fields = {name: getattr(one, name) for name in one.__dataclass_fields__}
    return type(one)(**(fields | {"key": key}))


# -- what it must come to --------------------------------------------------------------------------


class _Deed(NamedTuple):
    at: int
    key: str


def expected(happened: Sequence[Happening]) -> End:
    """Tell it by when things happened."""
    receipts = _receipts(happened)
    actions = [one for one in happened if isinstance(one, Acted)]
    visits = sorted(_Deed(one.hours, one.key) for one in actions if one.code == "visit")
    orders = [one for one in actions if one.code == "order" and one.amount >= 1_000]
    raises = [
        *(
            Raised(VISIT, 800, one.at, one.at + 2 * DAY_HOURS)
            for one in visits
            if _is_on(happened, VISIT, one.at)
        ),
        *(
            Raised(LARGE, 500, at, at + DAY_HOURS)
            for at, _, left in receipts
            if left >= 60_000 and _is_on(happened, LARGE, at)
        ),
    ]
    doubled = next((receipt for _, receipt, left in receipts if left >= 20_000), None)
    points = sum(one.points for one in happened if isinstance(one, Given))
    points += 30 * min(len(orders), 2) + 40 * _pairs([at for at, _, left in receipts if left])
    for at, receipt, left in receipts:
        points += left * BASE // 1_000_000
        points += sum(left * percent // 1_000_000 for percent in _added(raises, at))
        is_on = left >= 10_000 and _is_on(happened, DOUBLE, at)
        points += (is_on + (receipt == doubled)) * (left * BASE // 1_000_000)
    return End(points, tuple(sorted(raises)))


def _receipts(happened: Sequence[Happening]) -> list[tuple[int, str, int]]:
    """Give hour, number and what is left of the receipts, in order of time."""
    left = {one.receipt: sum(one.lines) for one in happened if isinstance(one, Bought)}
    back = [one for one in happened if isinstance(one, CameBack)]
    for one in back:
        left[one.receipt] -= one.amount
    whole = {one.receipt for one in back if one.line is None}
    return sorted(
        (one.hours, one.receipt, 0 if one.receipt in whole else left[one.receipt])
        for one in happened
        if isinstance(one, Bought)
    )


def _is_on(happened: Sequence[Happening], offer: str, at: int) -> bool:
    turned = sorted(
        (one.hours, one.is_on)
        for one in happened
        if isinstance(one, Switched) and one.offer == offer and one.hours <= at
    )
    return bool(turned) and turned[-1][1]


def _pairs(hours: Sequence[int]) -> int:
    """Count receipts that come less than two days after one that is in no pair yet."""
    found = 0
    first: int | None = None
    for at in hours:
        if first is not None and at - first < 2 * DAY_HOURS:
            found, first = found + 1, None
        else:
            first = at
    return found


def _added(raises: Sequence[Raised], at: int) -> list[int]:
    """Give the percents that count at an hour: one of each offer, the greatest first."""
    holding = {one.offer: one.percent for one in raises if one.after < at <= one.until}
    added = []
    room = ROOM
    for percent in sorted(holding.values(), reverse=True):
        added.append(min(percent, room))
        room -= added[-1]
    return [percent for percent in added if percent]
