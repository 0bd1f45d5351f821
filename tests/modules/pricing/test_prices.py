"""Which price counts, and how prices are kept."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from hansa.contracts.pricing import PricesChanged
from hansa.kernel.identifiers import new_id
from hansa.kernel.money import UnitPrice
from hansa.kernel.periods import Period
from hansa.modules import pricing
from hansa.runtime.database import Transaction
from hansa.runtime.http import Actor

ONE = Decimal(1)


@pytest.fixture
async def base(tx: Transaction, now: datetime) -> pricing.PriceList:
    """Everybody's list of the market."""
    await pricing.save_groups(
        tx, groups=[pricing.CustomerGroup(code="partners", name={"en": "Partners"})], now=now
    )
    listed = pricing.PriceList(
        id=new_id(now), code="retail", name={"en": "Retail"}, market="ru", currency="RUB"
    )
    await pricing.save_price_lists(tx, price_lists=[listed], now=now)
    return listed


@pytest.fixture
async def partners(tx: Transaction, now: datetime, base: pricing.PriceList) -> pricing.PriceList:
    """The partners' list of the market."""
    listed = replace(
        base, id=new_id(now), code="partners", name={"en": "Partners"}, customer_group="partners"
    )
    await pricing.save_price_lists(tx, price_lists=[listed], now=now)
    return listed


async def price_of(
    tx: Transaction,
    now: datetime,
    variant: UUID,
    *,
    party: UUID | None = None,
    quantity: Decimal = ONE,
) -> pricing.QuotedPrice:
    """What a party pays in the market."""
    profile = await pricing.profile_of(tx, market="ru", party_id=party)
    quotes = await pricing.quote(tx, profile=profile, lines=[(variant, quantity)], now=now)
    pieces = await pricing.piece_prices(tx, profiles=[profile], variant_ids=[variant], now=now)
    if quantity == ONE:
        was = quotes[variant].was
        assert pieces[profile.id][variant] == (
            quotes[variant].unit.for_quantity(ONE).minor,
            None if was is None else was.for_quantity(ONE).minor,
            quotes[variant].reason.price_list_id,
        )
    return quotes[variant]


def a_price(
    listed: pricing.PriceList, variant: UUID, amount: str, **fields: object
) -> pricing.Price:
    return replace(
        pricing.Price(price_list_id=listed.id, variant_id=variant, amount=Decimal(amount)), **fields
    )


async def test_group_has_its_own_price_and_strangers_do_not(
    tx: Transaction, now: datetime, base: pricing.PriceList, partners: pricing.PriceList
) -> None:
    variant, partner = new_id(now), new_id(now)
    await pricing.set_group(tx, party_id=partner, group="partners", now=now)
    await pricing.set_prices(
        tx, prices=[a_price(base, variant, "100"), a_price(partners, variant, "80")], now=now
    )

    own = await price_of(tx, now, variant, party=partner)
    strange = await price_of(tx, now, variant)

    assert own.unit == UnitPrice(Decimal(80), "RUB")
    assert own.was == own.base == UnitPrice(Decimal(100), "RUB")
    assert own.reason.customer_group == "partners"
    assert strange.unit.amount == 100
    assert strange.reason.customer_group is None


async def test_group_pays_what_everybody_pays_where_its_list_is_silent(
    tx: Transaction, now: datetime, base: pricing.PriceList, partners: pricing.PriceList
) -> None:
    variant, partner = new_id(now), new_id(now)
    await pricing.set_group(tx, party_id=partner, group="partners", now=now)
    await pricing.set_prices(tx, prices=[a_price(base, variant, "100")], now=now)

    assert (await price_of(tx, now, variant, party=partner)).unit.amount == 100


async def test_group_list_wins_even_when_dearer(
    tx: Transaction, now: datetime, base: pricing.PriceList, partners: pricing.PriceList
) -> None:
    variant, partner = new_id(now), new_id(now)
    await pricing.set_group(tx, party_id=partner, group="partners", now=now)
    await pricing.set_prices(
        tx, prices=[a_price(base, variant, "100"), a_price(partners, variant, "120")], now=now
    )

    assert (await price_of(tx, now, variant, party=partner)).unit.amount == 120


async def test_priority_then_lowest(
    tx: Transaction, now: datetime, base: pricing.PriceList
) -> None:
    sale = replace(base, id=new_id(now), code="sale", priority=5)
    second_sale = replace(base, id=new_id(now), code="sale-2", priority=5)
    await pricing.save_price_lists(tx, price_lists=[sale, second_sale], now=now)
    variant = new_id(now)
    await pricing.set_prices(
        tx,
        prices=[
            a_price(base, variant, "50"),
            a_price(sale, variant, "90"),
            a_price(second_sale, variant, "85.5"),
        ],
        now=now,
    )

    assert (await price_of(tx, now, variant)).unit.amount == Decimal("85.5")


async def test_quantity_breaks(tx: Transaction, now: datetime, base: pricing.PriceList) -> None:
    variant = new_id(now)
    await pricing.set_prices(
        tx,
        prices=[
            a_price(base, variant, "100"),
            a_price(base, variant, "90", min_quantity=Decimal(10)),
            a_price(base, variant, "70.123456", min_quantity=Decimal(100)),
        ],
        now=now,
    )

    async def at(quantity: str) -> Decimal:
        return (await price_of(tx, now, variant, quantity=Decimal(quantity))).unit.amount

    assert [await at(q) for q in ("1", "9.999", "10", "100.5")] == [
        100, 100, 90, Decimal("70.123456"),
    ]  # fmt: skip
    assert [each.min_quantity for each in (await price_of(tx, now, variant)).breaks] == [1, 10, 100]


async def test_price_that_begins_at_ten_is_no_price_for_one(
    tx: Transaction, now: datetime, base: pricing.PriceList
) -> None:
    variant = new_id(now)
    await pricing.set_prices(
        tx, prices=[a_price(base, variant, "90", min_quantity=Decimal(10))], now=now
    )
    profile = await pricing.profile_of(tx, market="ru", party_id=None)

    assert await pricing.quote(tx, profile=profile, lines=[(variant, ONE)], now=now) == {}
    pieces = await pricing.piece_prices(tx, profiles=[profile], variant_ids=[variant], now=now)
    assert pieces[profile.id] == {}


async def test_list_counts_only_within_its_period(
    tx: Transaction, now: datetime, base: pricing.PriceList
) -> None:
    sale = replace(
        base, id=new_id(now), code="sale", priority=5,
        valid=Period(now + timedelta(hours=1), now + timedelta(hours=2)),
    )  # fmt: skip
    await pricing.save_price_lists(tx, price_lists=[sale], now=now)
    variant = new_id(now)
    await pricing.set_prices(
        tx, prices=[a_price(base, variant, "100"), a_price(sale, variant, "60")], now=now
    )

    amounts = [
        (await price_of(tx, now + timedelta(hours=hour), variant)).unit.amount for hour in range(3)
    ]

    assert amounts == [100, 60, 100]


async def published(tx: Transaction) -> int:
    return int(
        await tx.scalar(
            "select count(*) from outbox_event where type = %(t)s", {"t": PricesChanged.type}
        )
    )


async def test_list_that_begins_is_published_once(
    tx: Transaction, now: datetime, base: pricing.PriceList
) -> None:
    later = now + timedelta(hours=1)
    sale = replace(base, id=new_id(now), code="sale", valid=Period(later, None))
    await pricing.save_price_lists(tx, price_lists=[sale], now=now)
    await pricing.set_prices(tx, prices=[a_price(sale, new_id(now), "60")], now=now)
    before = await published(tx)

    await pricing.flip_lists(tx, now=now)
    assert await published(tx) == before
    await pricing.flip_lists(tx, now=later)
    assert await published(tx) == before + 1
    await pricing.flip_lists(tx, now=later)
    assert await published(tx) == before + 1


async def test_same_prices_again_write_nothing(
    tx: Transaction, now: datetime, base: pricing.PriceList
) -> None:
    prices = [a_price(base, new_id(now), "10") for _ in range(3)]
    first = await pricing.set_prices(tx, prices=prices, now=now)
    events = await published(tx)

    again = await pricing.set_prices(tx, prices=prices, now=now)

    assert first.created == again.unchanged == tuple(prices)
    assert await published(tx) == events
    changes = await pricing.list_price_changes(tx, variant_ids=[prices[0].variant_id])
    assert len(changes) == 1


@pytest.mark.parametrize("amount", ["0", "-1", "1e12", "NaN", "Infinity"])
async def test_absurd_price_is_refused_alone(
    tx: Transaction, now: datetime, base: pricing.PriceList, amount: str
) -> None:
    good, bad = a_price(base, new_id(now), "10"), a_price(base, new_id(now), amount)

    result = await pricing.set_prices(tx, prices=[bad, good], now=now)

    assert result.created == (good,)
    assert isinstance(result.refused[0].error, pricing.AbsurdPrice)


async def test_price_set_by_a_person_survives_imports_until_reset(
    tx: Transaction, now: datetime, base: pricing.PriceList
) -> None:
    variant, person = new_id(now), Actor(id=new_id(now), kind="staff", name="Анна")
    imported = a_price(base, variant, "10")
    await pricing.set_prices(tx, prices=[imported], now=now)
    await pricing.set_prices(tx, prices=[a_price(base, variant, "12")], now=now, by=person)

    kept = await pricing.set_prices(tx, prices=[imported], now=now)

    assert kept.kept == (imported,)
    assert (await price_of(tx, now, variant)).unit.amount == 12
    key = pricing.PriceKey(base.id, variant)
    assert await pricing.remove_prices(tx, keys=[key], now=now) == ()
    changes = await pricing.list_price_changes(tx, variant_ids=[variant])
    assert [(c.amount_before, c.amount_after, c.changed_by) for c in changes] == [
        (10, 12, person.id),
        (None, 10, None),
    ]


async def test_removed_price_leaves_the_item_without_one(
    tx: Transaction, now: datetime, base: pricing.PriceList
) -> None:
    variant = new_id(now)
    await pricing.set_prices(tx, prices=[a_price(base, variant, "10")], now=now)

    await pricing.remove_prices(tx, keys=[pricing.PriceKey(base.id, variant)], now=now)

    profile = await pricing.profile_of(tx, market="ru", party_id=None)
    assert await pricing.quote(tx, profile=profile, lines=[(variant, ONE)], now=now) == {}


async def test_market_has_one_currency(
    tx: Transaction, now: datetime, base: pricing.PriceList
) -> None:
    with pytest.raises(pricing.OtherCurrency):
        await pricing.save_price_lists(
            tx, price_lists=[replace(base, id=new_id(now), code="usd", currency="USD")], now=now
        )


async def test_market_without_lists_has_a_profile_without_prices(
    tx: Transaction, now: datetime
) -> None:
    profile = await pricing.profile_of(tx, market="nowhere", party_id=None)

    assert (profile.id, profile.lists) == (0, ())
