"""The difference of two groups and the interval that holds it, against figures made elsewhere."""

from __future__ import annotations

import pytest

from hansa.modules.loyalty.desk.uplift import (
    Group,
    compare_means,
    compare_shares,
    t_quantile,
)


def a_group(members: int, *, buyers: int = 0, mean: float = 0, variance: float = 0) -> Group:
    return Group(
        members=members,
        buyers=buyers,
        turnover_minor=round(members * mean),
        squares=(members - 1) * variance + members * mean**2,
    )


def test_shares_differ_by_the_textbook_interval_and_test() -> None:
    found = compare_shares(a_group(200, buyers=60), a_group(200, buyers=40))

    assert found is not None
    assert found.difference == pytest.approx(0.1)
    assert (found.low, found.high) == pytest.approx((0.01570, 0.18430), abs=1e-5)
    assert found.p_value == pytest.approx(0.02092, abs=1e-5)
    assert found.is_certain


def test_means_differ_by_the_interval_of_welch() -> None:
    treated = a_group(50, mean=120, variance=400)
    control = a_group(40, mean=100, variance=900)

    found = compare_means(treated, control)

    assert found is not None
    assert treated.variance == pytest.approx(400)
    assert found.difference == pytest.approx(20)
    # 65.11 degrees of freedom, t = 1.99705, error 5.52268
    assert (found.low, found.high) == pytest.approx((8.9710, 31.0290), abs=1e-3)


@pytest.mark.parametrize(
    ("freedom", "expected"),
    [(10, 2.228139), (20, 2.085963), (29, 2.045230), (60, 2.000298), (1000, 1.962339)],
)
def test_the_quantile_of_t_is_that_of_the_tables(freedom: float, expected: float) -> None:
    assert t_quantile(0.975, freedom) == pytest.approx(expected, abs=2e-4)


def test_groups_that_do_the_same_do_not_differ() -> None:
    same = a_group(100, buyers=30, mean=50, variance=25)
    shares, means = compare_shares(same, same), compare_means(same, same)

    assert shares is not None
    assert means is not None
    assert not shares.is_certain
    assert not means.is_certain
    assert shares.p_value == pytest.approx(1)


def test_nothing_is_said_of_a_group_too_small() -> None:
    large, small = a_group(1_000, buyers=10), a_group(29, buyers=29, mean=100)

    assert compare_shares(large, small) is None
    assert compare_means(small, large) is None


def test_groups_without_any_purchase_are_compared_all_the_same() -> None:
    idle = a_group(40)
    found = compare_means(idle, idle)

    assert found is not None
    assert (found.difference, found.p_value) == (0, 1)
    assert not found.is_certain
