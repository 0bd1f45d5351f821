"""Opening hours: when a question begins and when its time is up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa.modules.fulfilment import Opening, Shop, ShopInvalid
from hansa.modules.fulfilment.opening import (
    add_open_minutes,
    check_shop,
    is_open,
    next_opening,
    read_week,
    write_week,
)

# Monday 23 November 2026; Moscow is three hours ahead of UTC.
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


def a_shop(hours: str, zone: str = "Europe/Moscow") -> Shop:
    return Shop(warehouse_id=uuid4(), time_zone=zone, hours=read_week(hours))


def at(hour: int, minute: int = 0, *, day: int = 0) -> datetime:
    """Give an instant by Moscow's clock."""
    return MONDAY + timedelta(days=day, hours=hour - 3, minutes=minute)


def test_a_shop_without_hours_is_always_open() -> None:
    shop = Shop(warehouse_id=uuid4())

    assert is_open(shop, at(4))
    assert add_open_minutes(shop, at(4), 20) == at(4, 20)


def test_a_question_at_night_begins_when_the_shop_opens() -> None:
    shop = a_shop("1-5 10:00-21:00")

    assert next_opening(shop, at(4)) == at(10)
    assert next_opening(shop, at(12)) == at(12)
    assert next_opening(shop, at(21, day=4)) == at(10, day=7)


def test_only_opening_time_counts() -> None:
    shop = a_shop("1-5 10:00-21:00")

    assert add_open_minutes(shop, at(20, 50), 20) == at(10, 10, day=1)
    assert add_open_minutes(shop, at(20, 50, day=4), 20) == at(10, 10, day=7)
    assert add_open_minutes(shop, at(4), 20) == at(10, 20)


def test_a_break_at_noon_does_not_count() -> None:
    shop = a_shop("1-7 10:00-13:00; 1-7 14:00-19:00")

    assert not is_open(shop, at(13, 30))
    assert add_open_minutes(shop, at(12, 50), 20) == at(14, 10)


def test_hours_are_those_of_the_shops_own_time_zone() -> None:
    shop = a_shop("1-7 10:00-20:00", "Asia/Yekaterinburg")

    assert is_open(shop, at(8, 30))
    assert not is_open(shop, at(19))


def test_the_day_on_which_clocks_change_has_its_own_length() -> None:
    shop = a_shop("1-7 00:00-24:00", "Europe/Berlin")
    before = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)  # midnight; the day has 25 hours

    assert add_open_minutes(shop, before, 25 * 60) == before + timedelta(hours=25)


def test_a_shop_that_never_opens_is_not_waited_for() -> None:
    shop = Shop(warehouse_id=uuid4(), hours={0: ()})

    assert is_open(shop, at(4))


@pytest.mark.parametrize("text", ["1-5", "0-3 10:00-11:00", "1-8 10:00-11:00", "mo 10:00-11:00"])
def test_what_is_no_week_is_refused(text) -> None:
    with pytest.raises(ShopInvalid):
        read_week(text)


@pytest.mark.parametrize(
    "openings", [[(600, 600)], [(700, 600)], [(600, 700), (650, 800)], [(600, 1441)]]
)
def test_times_that_run_backwards_or_overlap_are_refused(openings) -> None:
    shop = Shop(warehouse_id=uuid4(), hours={0: tuple(Opening(*one) for one in openings)})

    with pytest.raises(ShopInvalid):
        check_shop(shop)


def test_a_time_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ShopInvalid):
        check_shop(Shop(warehouse_id=uuid4(), time_zone="Moon/Sea"))


@given(
    st.dictionaries(
        st.integers(0, 6),
        st.tuples(st.integers(0, 700), st.integers(701, 1440)).map(lambda one: (Opening(*one),)),
    )
)
def test_a_week_is_read_as_it_was_written(week) -> None:
    assert read_week(write_week(week)) == week


@given(
    st.integers(0, 7 * 24 * 60),
    st.integers(1, 300),
    st.integers(1, 300),
)
def test_time_adds_up(start, first, second) -> None:
    shop = a_shop("1-6 09:00-12:30\n1-5 13:00-20:00")
    begins = MONDAY + timedelta(minutes=start)

    halfway = add_open_minutes(shop, begins, first)

    assert add_open_minutes(shop, halfway, second) == add_open_minutes(shop, begins, first + second)
