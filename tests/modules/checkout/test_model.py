"""Totals, taxes and merging, without a database."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from hansa.kernel.money import Money, UnitPrice
from hansa.modules.checkout import LineView, model
from hansa.modules.checkout.model import StoredLine
from tests.conftest import NOON


def a_line(minor: int, rate: Decimal, *, included: bool) -> LineView:
    amount = Money(minor, "RUB")
    return LineView(
        variant_id=UUID(int=1),
        product_id=None,
        slug="",
        sku="",
        name={},
        options={},
        image=None,
        quantity=Decimal(1),
        unit="796",
        unit_price=UnitPrice(amount.to_decimal(), "RUB"),
        base_price=None,
        was=None,
        price_reason=None,
        amount=amount,
        tax=model.tax_of(amount, rate, included=included),
        available=Decimal(1),
        changes=(),
    )


@given(
    st.lists(st.integers(0, 10**9), max_size=20),
    st.integers(0, 10**6),
    st.sampled_from([Decimal(0), Decimal("0.1"), Decimal("0.12"), Decimal("0.2")]),
    st.booleans(),
)
def test_parts_sum_to_the_total_whatever_the_tax(amounts, delivery, rate, included):
    lines = [a_line(minor, rate, included=included) for minor in amounts]

    totals = model.sum_up(
        lines, delivery=Money(delivery, "RUB"), tax_rate=rate, tax_included=included
    )

    on_top = 0 if included else totals.tax.minor
    assert totals.goods.minor == sum(amounts)
    assert totals.total.minor == sum(amounts) + delivery + on_top
    assert 0 <= totals.tax.minor <= totals.total.minor


@given(st.integers(0, 10**12), st.sampled_from([Decimal("0.1"), Decimal("0.2")]))
def test_tax_inside_an_amount_is_that_on_the_rest(minor, rate):
    inside = model.tax_of(Money(minor, "RUB"), rate, included=True)
    rest = Money(minor, "RUB") - inside

    on_top = model.tax_of(rest, rate, included=False)

    assert abs(on_top.minor - inside.minor) <= 1


def test_a_sixth_is_inside_of_a_price_with_twenty_percent():
    assert model.tax_of(Money(1990_00, "RUB"), Decimal("0.2"), included=True).minor == 331_67


lines = st.lists(
    st.builds(
        StoredLine,
        variant_id=st.integers(0, 5).map(lambda number: UUID(int=number)),
        quantity=st.integers(1, 9).map(Decimal),
        shown_price=st.none(),
        added_at=st.integers(0, 9).map(lambda minutes: NOON + timedelta(minutes=minutes)),
    ),
    max_size=6,
    unique_by=lambda line: line.variant_id,
)


@given(lines, lines)
def test_merging_takes_the_greater_quantity_and_merging_again_changes_nothing(own, guest):
    merged = model.merge_lines(own, guest)

    quantities = {line.variant_id: line.quantity for line in merged}
    for line in (*own, *guest):
        assert quantities[line.variant_id] >= line.quantity
    assert set(quantities) == {line.variant_id for line in (*own, *guest)}
    assert model.merge_lines(merged, guest) == merged


def test_a_price_that_is_gone_says_nothing_else():
    changes = model.changes_of(
        quantity=Decimal(2), available=Decimal(0), shown_price=Decimal(5), price=None
    )

    assert [change.kind for change in changes] == ["gone"]


def test_how_many_are_left_is_written_as_people_count():
    [change] = model.changes_of(
        quantity=Decimal("20.000"),
        available=Decimal("10.000"),
        shown_price=None,
        price=UnitPrice(Decimal(5), "RUB"),
    )

    assert change.data == {"left": "10"}
