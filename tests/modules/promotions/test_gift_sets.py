"""Gift sets: which one comes with an order, and what may be saved."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from hansa.kernel.money import Money
from hansa.kernel.periods import Period
from hansa.modules import promotions
from hansa.modules.promotions import GiftItem, GiftSet


def a_gift(code, minimum, **other):
    return GiftSet(
        **{
            "id": uuid4(),
            "code": code,
            "market": "ru",
            "name": {"ru": "Подарок", "en": "Gift"},
            "minimum": Money(minimum, "RUB"),
            "items": (GiftItem(variant_id=UUID(int=7)),),
            **other,
        }
    )


async def _save(tx, now, *gifts):
    return await promotions.save_gift_sets(tx, gift_sets=gifts, by=None, now=now)


async def _offer(tx, now, minor):
    return await promotions.offered_gifts(tx, market="ru", goods=Money(minor, "RUB"), now=now)


async def test_the_dearest_threshold_reached_counts_and_the_next_one_is_told(tx, now):
    await _save(tx, now, a_gift("scarf", 5_000_00), a_gift("bag", 15_000_00))

    small, middle = await _offer(tx, now, 4_999_99), await _offer(tx, now, 5_000_00)
    large = await _offer(tx, now, 99_999_00)

    assert (small.gift, small.next_gift.code, small.missing) == (None, "scarf", Money(1, "RUB"))
    assert (middle.gift.code, middle.next_gift.code) == ("scarf", "bag")
    assert middle.missing == Money(10_000_00, "RUB")
    assert (large.gift.code, large.next_gift, large.missing) == ("bag", None, None)


async def test_a_gift_is_offered_from_its_instant_until_its_end_exclusive(tx, now):
    ends = now + timedelta(hours=1)
    await _save(tx, now, a_gift("scarf", 0, valid=Period(now, ends)))

    just = timedelta(microseconds=1)
    offered = [(await _offer(tx, at, 1)).gift for at in (now - just, now, ends - just, ends)]

    assert [gift is not None for gift in offered] == [False, True, True, False]


async def test_switched_off_and_other_markets_are_not_offered(tx, now):
    await _save(tx, now, a_gift("off", 0, is_active=False), a_gift("kz", 0, market="kz"))

    assert (await _offer(tx, now, 1)).gift is None


async def test_of_equal_thresholds_the_priority_counts(tx, now):
    await _save(tx, now, a_gift("a", 100, priority=1), a_gift("b", 100, priority=2))

    assert (await _offer(tx, now, 100)).gift.code == "b"


async def test_saving_again_changes_nothing_and_keeps_the_id(tx, now):
    first = a_gift("scarf", 100)
    saved = await _save(tx, now, first)
    again = await _save(tx, now, replace(first, id=uuid4()))
    dearer = await _save(tx, now, replace(first, id=uuid4(), minimum=Money(200, "RUB")))

    assert (saved.created, again.unchanged, dearer.changed) == (("scarf",),) * 3
    [kept] = await promotions.list_gift_sets(tx)
    assert (kept.id, kept.minimum) == (first.id, Money(200, "RUB"))
    assert await promotions.get_gift_set(tx, gift_set_id=first.id) == kept


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("code", {"code": ""}),
        ("name", {"name": {"ru": ""}}),
        ("minimum", {"minimum": Money(-1, "RUB")}),
        ("items", {"items": ()}),
        ("items", {"items": (GiftItem(variant_id=UUID(int=7)),) * 2}),
        ("quantity", {"items": (GiftItem(variant_id=UUID(int=7), quantity=Decimal("0.5")),)}),
        ("quantity", {"items": (GiftItem(variant_id=UUID(int=7), quantity=Decimal("NaN")),)}),
        ("quantity", {"items": (GiftItem(variant_id=UUID(int=7), quantity=Decimal(-1)),)}),
    ],
)
async def test_a_wrong_gift_set_is_refused_by_name_and_nothing_is_saved(tx, now, field, change):
    with pytest.raises(promotions.GiftSetInvalid) as refused:
        await _save(tx, now, a_gift("good", 0), replace(a_gift("bad", 0), **change))

    assert refused.value.field == field
    assert await promotions.list_gift_sets(tx) == []


async def test_a_period_that_ends_before_it_begins_is_refused(tx, now):
    with pytest.raises(promotions.GiftSetInvalid):
        await _save(tx, now, a_gift("bad", 0, valid=Period(now, now)))


async def test_an_unknown_gift_set_is_not_found(tx):
    with pytest.raises(promotions.GiftSetNotFound):
        await promotions.get_gift_set(tx, gift_set_id=uuid4())
