"""Whatever is told of an order, in any order and however often: the same end, and no step twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hansa.modules.loyalty.intake import ordering
from hansa.modules.loyalty.intake.mapping import OrderReturn, OrderState
from hansa.modules.loyalty.intake.model import OrderChanged, ReturnedTooMuch
from hansa.modules.loyalty.members import MemberRef, RefKind
from hansa.modules.loyalty.points.commands import Purchase, PurchaseLine, Return, ReturnLine

T0 = datetime(2026, 11, 1, tzinfo=UTC)
PARTNER, PROGRAMME = UUID(int=1), UUID(int=2)
ANN = MemberRef(RefKind.CARD, "1")


def state(version: int, *amounts: int, days: int | None = None, **fields: Any) -> OrderState:
    lines = tuple(
        PurchaseLine(line=number, amount_minor=amount)
        for number, amount in enumerate(amounts, start=1)
        if amount
    )
    values: dict[str, Any] = {
        "receipt": "R",
        "at": T0,
        "version": f"{version:05}",
        "member": ANN,
        "lines": lines,
        "due_at": None if days is None else T0 + timedelta(days=days),
        "may_revise": True,
        **fields,
    }
    return OrderState(**values)


def cancelled(version: int) -> OrderState:
    return state(version, member=None)


def back(key: str, *lines: tuple[int, int]) -> OrderReturn:
    told = tuple(ReturnLine(line=line, amount_minor=amount) for line, amount in lines)
    return OrderReturn(key=key, receipt="R", at=T0 + timedelta(days=1), lines=told)


class Books:
    """What went through the door: amounts by line that count, each key once."""

    def __init__(self) -> None:
        self.left: dict[str, dict[int, int]] = {}
        self.keys: set[str] = set()

    def take(self, step: Purchase | Return) -> None:
        assert step.key not in self.keys, "no key twice"
        self.keys.add(step.key)
        if isinstance(step, Purchase):
            assert step.receipt not in self.left
            self.left[step.receipt] = {one.line: one.amount_minor for one in step.lines}
            return
        for one in step.lines:
            left = self.left[step.receipt]
            left[one.line] -= one.amount_minor
            assert left[one.line] >= 0, "never more than was bought"

    def total(self) -> dict[int, int]:
        sums: dict[int, int] = {}
        for lines in self.left.values():
            for line, amount in lines.items():
                sums[line] = sums.get(line, 0) + amount
        return {line: amount for line, amount in sums.items() if amount}


def tell(order: ordering.Order | None, told: OrderState | OrderReturn) -> ordering.Order | None:
    is_state = isinstance(told, OrderState)
    changed = ordering.told_state(order, told) if is_state else ordering.told_return(order, told)  # type: ignore[arg-type]
    return order if changed is None else changed


def settle(order: ordering.Order | None, books: Books, now: datetime) -> ordering.Order | None:
    while order is not None:
        step = ordering.next_step(order, partner_id=PARTNER, programme_id=PROGRAMME, now=now)
        if step is None:
            return order
        assert ordering.read_step(ordering.write_step(step)) == step
        books.take(step)
        order = ordering.done(order, step)
    return order


STATES = st.lists(
    st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=1, max_size=4
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    STATES,
    st.sampled_from([(), (cancelled(99),)]),
    st.randoms(use_true_random=False),
    st.data(),
)
def test_any_order_of_arrival_ends_in_what_the_last_version_keeps(
    amounts: list[tuple[int, int]],
    ending: tuple[OrderState, ...],
    chance: Any,
    data: st.DataObject,
) -> None:
    told: list[OrderState | OrderReturn] = [
        state(version, *pair, days=14) for version, pair in enumerate(amounts)
    ]
    least = [min(pair[line] for pair in amounts) for line in (0, 1)]
    parts = [data.draw(st.integers(0, amount)) for amount in least]
    told += [back(f"b{line}", (line + 1, part)) for line, part in enumerate(parts) if part]
    told += ending
    expected = {} if ending else {
        line + 1: amounts[-1][line] - parts[line]
        for line in (0, 1)
        if amounts[-1][line] > parts[line]
    }  # fmt: skip
    arriving = told + data.draw(st.lists(st.sampled_from(told), max_size=3))
    chance.shuffle(arriving)

    books, order = Books(), None
    for one in arriving:
        now = T0 + timedelta(days=data.draw(st.sampled_from([0, 30])))
        order = settle(tell(order, one), books, now)
    order = settle(order, books, T0 + timedelta(days=30))

    assert books.total() == expected


def test_nothing_is_posted_before_the_return_window_is_over() -> None:
    books = Books()
    order = settle(tell(None, state(1, 100, 50, days=14)), books, T0 + timedelta(days=13))
    order = settle(tell(order, back("b", (1, 30))), books, T0 + timedelta(days=13, hours=23))
    assert books.keys == set()

    settle(order, books, T0 + timedelta(days=14))

    assert books.total() == {1: 70, 2: 50}
    assert len(books.keys) == 1


def test_an_amount_that_grew_is_bought_anew_before_the_former_is_given_back() -> None:
    books = Books()
    order = settle(tell(None, state(1, 100)), books, T0)

    order = settle(tell(order, state(2, 130)), books, T0)
    order = settle(tell(order, state(3, 90)), books, T0)

    assert books.left == {"R": {1: 0}, "R~1": {1: 90}}
    assert order is not None
    assert ordering.is_settled(order)


def test_a_correction_is_refused_where_the_mapping_says_so() -> None:
    first = state(1, 100, may_revise=False)
    order = settle(tell(None, first), Books(), T0)

    with pytest.raises(OrderChanged):
        tell(order, state(2, 90, may_revise=False))
    assert ordering.told_state(order, state(0, 90, may_revise=False)) is None  # an older version
    assert order is not None
    assert ordering.is_settled(order)


def test_more_than_was_bought_does_not_come_back() -> None:
    order = tell(None, state(1, 100))

    with pytest.raises(ReturnedTooMuch):
        tell(order, back("b", (1, 101)))
    with pytest.raises(ReturnedTooMuch):
        tell(order, back("b", (7, 1)))


def test_a_return_waits_for_its_order() -> None:
    books = Books()
    order = settle(tell(None, back("b", (1, 40))), books, T0)
    assert books.keys == set()

    settle(tell(order, state(1, 100)), books, T0)

    assert books.total() == {1: 60}


def test_all_of_an_order_comes_back_without_lines() -> None:
    books = Books()
    order = settle(tell(None, state(1, 100, 50)), books, T0)

    settle(tell(order, back("b")), books, T0)

    assert books.total() == {}


def test_what_costs_nothing_is_no_line() -> None:
    one = PurchaseLine(line=1, amount_minor=100, quantity=Decimal(0))
    step = ordering.next_step(
        tell(None, state(1, lines=(one,))) or pytest.fail("news"),
        partner_id=PARTNER,
        programme_id=PROGRAMME,
        now=T0,
    )
    assert isinstance(step, Purchase)
    assert step.lines[0].quantity == 1
