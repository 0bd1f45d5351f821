"""Whatever happens over two months, statements are what an independent count of it says."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from hansa.modules import ledger
from hansa.modules.loyalty import points, settlement
from hansa.modules.loyalty.programmes import Billing, SettleAt
from hansa.modules.loyalty.settlement.clearing import MoneySide, money_account, money_ledger
from tests.modules.loyalty.settlement.conftest import Play

PREPAID = 1  # the place of the partner that buys blocks

STEP = some.one_of(
    some.tuples(some.just("accrue"), some.integers(0, 2), some.integers(1, 500)),
    some.tuples(some.just("spend"), some.integers(0, 2), some.integers(1, 300)),
    some.tuples(some.just("return"), some.integers(0, 50), some.integers(1, 300)),
    some.tuples(some.just("take back"), some.integers(0, 50), some.integers(1, 300)),
    some.tuples(some.just("price"), some.integers(0, 2), some.integers(1, 20_000)),
    some.tuples(some.just("block"), some.just(PREPAID), some.integers(1, 800)),
)
HISTORY = some.lists(STEP, max_size=14)


@dataclass
class Given:
    """Points given at once, and how many of them are left."""

    place: int
    key: str
    left: int
    price: Decimal


@dataclass
class Spent:
    """Points spent at once, and of whose they were, the last ones first to come back."""

    place: int
    key: str
    of: list[list[Any]]


@dataclass
class Month:
    """What an independent count says of a month."""

    issued: dict[tuple[int, Decimal], int] = field(default_factory=lambda: defaultdict(int))
    spent: dict[tuple[int, int, Decimal, Decimal], int] = field(
        default_factory=lambda: defaultdict(int)
    )
    bought: int = 0


@dataclass
class Count:
    """Plays a history and counts it by itself: a list of lots, drawn from the oldest."""

    play: Play
    lots: list[Given] = field(default_factory=list)
    spendings: list[Spent] = field(default_factory=list)
    prices: list[tuple[Decimal, Decimal]] = field(
        default_factory=lambda: [(Decimal(100), Decimal(100))] * 3
    )
    month: Month = field(default_factory=Month)
    has_blocks: bool = False

    async def do(self, step: tuple[str, int, int]) -> None:
        what, place, number = step
        self.play.clock.advance(timedelta(minutes=7))
        if what == "accrue":
            key = await self.play.accrue(place, number)
            self.lots.append(Given(place, key, number, self.prices[place][0]))
            self.month.issued[place, self.prices[place][0]] += number
        elif what == "spend" and sum(one.left for one in self.lots) >= number:
            await self.spend(place, number)
        elif what == "return" and self.spendings:
            await self.give_back(self.spendings[place % len(self.spendings)], number)
        elif what == "take back" and self.lots:
            lot = self.lots[place % len(self.lots)]
            taken = min(number, lot.left)
            if taken:
                await self.play.reverse(lot.place, lot.key, taken)
                lot.left -= taken
                self.month.issued[lot.place, lot.price] -= taken
        elif what == "price":
            issue = Decimal(number) / 100
            self.prices[place] = (issue, issue * Decimal("0.9"))
            await self.play.agree(place, issue_price=issue, redeem_price=issue * Decimal("0.9"))
        elif what == "block" and self.has_blocks:
            await self.play.buy_block(place, number, number)
            self.month.bought += number

    async def spend(self, place: int, number: int) -> None:
        key = await self.play.spend(place, number)
        of = []
        for lot in self.lots:
            part = min(number, lot.left)
            if part:
                lot.left -= part
                number -= part
                of.append([lot, part])
                self.month.spent[lot.place, place, lot.price, self.prices[place][1]] += part
        self.spendings.append(Spent(place, key, of))

    async def give_back(self, spent: Spent, number: int) -> None:
        number = min(number, sum(part for _, part in spent.of))
        if not number:
            return
        await self.play.reverse(spent.place, spent.key, number)
        for entry in reversed(spent.of):
            lot, part = entry[0], min(number, entry[1])
            entry[1] -= part
            number -= part
            lot.left += part
            price = self.prices[spent.place][1]
            self.month.spent[lot.place, spent.place, lot.price, price] -= part

    def due(self, place: int, *, settle_at: SettleAt, covered: int | None) -> int:
        """Give what a partner owes for the month, each sum rounded once."""
        issued = {price: n for (of, price), n in self.month.issued.items() if of == place}
        charged: list[Decimal] = []
        if covered is not None:
            charged = [(sum(issued.values()) - covered) * self.prices[place][0]]
        elif settle_at is SettleAt.ISSUANCE:
            charged = [n * price for price, n in issued.items()]
        else:
            by_taker: dict[tuple[int, Decimal], int] = defaultdict(int)
            for (of, at, price, _), n in self.month.spent.items():
                if of == place:
                    by_taker[at, price] += n
            charged = [n * price for (_, price), n in by_taker.items()]
        taken: dict[tuple[int, Decimal], int] = defaultdict(int)
        for (of, at, _, price), n in self.month.spent.items():
            if at == place:
                taken[of, price] -= n
        return sum(map(rounded, charged)) + sum(rounded(n * p) for (_, p), n in taken.items())


def rounded(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))


class Blocks:
    """How far blocks have been drawn, counted from all that was ever issued."""

    def __init__(self) -> None:
        self.issued = self.bought = self.covered = 0

    def cover(self, issued: int, bought: int) -> int:
        self.issued += issued
        self.bought += bought
        before, self.covered = self.covered, min(max(0, self.issued), self.bought)
        return self.covered - before


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    histories=some.tuples(HISTORY, HISTORY),
    settle_at=some.sampled_from(SettleAt),
    is_prepaid=some.booleans(),
)
async def test_statements_are_an_independent_fold_of_the_history(
    stage, histories, settle_at, is_prepaid
) -> None:
    months = stage.next_months()
    play = await stage.play(settle_at=settle_at)
    count = Count(play, has_blocks=is_prepaid)
    blocks = Blocks()
    if is_prepaid:
        await play.agree(PREPAID, billing=Billing.PREPAID)
        await play.buy_block(PREPAID, 100, 100)
        count.month.bought += 100
    closings: list[list[settlement.Statement]] = []
    for first, history in zip(months, histories, strict=True):
        for step in history:
            await count.do(step)
        made = await play.close(first)
        closings.append(made)
        for place, statement in enumerate(made):
            moved = statement.content.points
            month = count.month
            issued = sum(n for (of, _), n in month.issued.items() if of == place)
            spent = sum(n for (of, *_), n in month.spent.items() if of == place)
            left = sum(one.left for one in count.lots if one.place == place)
            taken = sum(n for (_, at, *_), n in month.spent.items() if at == place)
            assert moved.issued - moved.taken_back == issued
            assert (moved.spent, moved.closing) == (spent, left)
            assert statement.content.redeemed_points == taken
            prepaid = is_prepaid and place == PREPAID
            covered = blocks.cover(issued, month.bought) if prepaid else None
            assert statement.due_minor == count.due(place, settle_at=settle_at, covered=covered)
        count.month = Month()
    for before, after in zip(*closings, strict=True):
        assert before.content.points.closing == after.content.points.opening
    async with play.context.database.snapshot() as snap:
        accounts = [
            money_account(play.programme.number, number, side)
            for number in (0, *[one.number for one in play.partners])
            for side in MoneySide
        ]
        books = await ledger.read_rolled(snap, ledger=money_ledger("RUB"), accounts=accounts)
        out = await points.read_balances(
            snap, members=[(play.programme.id, play.member.id)], now=play.clock.now()
        )
    assert sum(books.values()) == 0
    assert sum(one.content.points.closing for one in closings[1]) == sum(
        one.posted for one in out.values()
    )
    assert await play.findings() == []
