"""Baskets tell today's prices and what is there, and keep what was put in."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

import pytest

from hansa.kernel.money import Money
from hansa.modules import checkout, markets
from hansa.runtime.database import Snapshot
from tests.conftest import NOON
from tests.support.buying import a_guest, fill, profile_of, view
from tests.support.shop import put_stock, set_price


async def test_a_basket_is_summed_with_delivery_and_the_tax_inside(context, shop):
    guest = a_guest()
    await fill(context, guest, (shop.variants[0], 2), (shop.variants[1], 1))
    async with context.database.transaction() as tx:
        await checkout.save_details(
            tx,
            owner=guest,
            market="ru",
            details=checkout.Details(delivery_method="courier"),
            now=NOON,
        )

    seen = await view(context, guest)

    assert sorted(line.quantity for line in seen.lines) == [1, 2]
    assert seen.totals.goods == Money(5970_00, "RUB")
    assert seen.totals.delivery == Money(300_00, "RUB")
    assert seen.totals.total == Money(6270_00, "RUB")
    assert seen.totals.tax == Money(1045_00, "RUB"), "a sixth: 20 % are inside"
    assert seen.is_placeable
    assert seen.item_count == 3


async def test_delivery_is_free_from_the_amount_on_and_the_rest_is_told(context, shop):
    guest = a_guest()
    await fill(context, guest, (shop.variant, 5))
    courier = (await view(context, guest)).delivery[0]
    assert courier.missing_to_free == Money(50_00, "RUB")

    await fill(context, guest, (shop.variants[1], 1))

    courier = (await view(context, guest)).delivery[0]
    assert courier.price == Money(0, "RUB")
    assert courier.missing_to_free is None


async def test_adding_adds_up_and_setting_sets(context, shop):
    guest = a_guest()
    await fill(context, guest, (shop.variant, 1))
    await fill(context, guest, (shop.variant, 1))
    assert (await view(context, guest)).lines[0].quantity == 2

    async with context.database.transaction() as tx:
        profile = await profile_of(context, guest)
        await checkout.set_quantity(
            tx,
            owner=guest,
            market="ru",
            variant_id=shop.variant,
            quantity=Decimal(4),
            profile=profile,
            now=NOON,
        )
    assert (await view(context, guest)).lines[0].quantity == 4

    async with context.database.transaction() as tx:
        await checkout.set_quantity(
            tx,
            owner=guest,
            market="ru",
            variant_id=shop.variant,
            quantity=Decimal(0),
            profile=profile,
            now=NOON,
        )
    assert (await view(context, guest)).is_empty


@pytest.mark.parametrize("quantity", ["0", "-1", "1.5", "10000", "1e30"])
async def test_an_absurd_quantity_is_refused(context, shop, quantity):
    guest = a_guest()
    async with context.database.transaction() as tx:
        with pytest.raises(checkout.QuantityInvalid):
            await checkout.add_line(
                tx,
                owner=guest,
                market="ru",
                variant_id=shop.variant,
                quantity=Decimal(quantity),
                profile=await profile_of(context, guest),
                now=NOON,
            )


async def test_what_is_not_sold_cannot_be_put_in(context):
    guest = a_guest()
    async with context.database.transaction() as tx:
        with pytest.raises(checkout.NotSold):
            await checkout.add_line(
                tx,
                owner=guest,
                market="ru",
                variant_id=uuid4(),
                quantity=Decimal(1),
                profile=await profile_of(context, guest),
                now=NOON,
            )


async def test_changes_since_an_item_was_put_in_are_told(context, shop):
    guest = a_guest()
    dear, scarce, gone = shop.variants
    await fill(context, guest, (dear, 1), (scarce, 4), (gone, 1))

    async with context.database.transaction() as tx:
        await set_price(tx, shop, dear, "2100", now=NOON)
        await put_stock(tx, shop.central, scarce, 2, now=NOON.replace(hour=13))
        await put_stock(tx, shop.central, gone, 0, now=NOON.replace(hour=13))
    seen = await view(context, guest)

    kinds = {line.variant_id: [change.kind for change in line.changes] for line in seen.lines}
    assert kinds == {dear: ["price_up"], scarce: ["only_left"], gone: ["sold_out"]}
    assert not seen.is_placeable
    line = next(line for line in seen.lines if line.variant_id == scarce)
    assert line.changes[0].data == {"left": "2"}

    async with context.database.transaction() as tx:
        await checkout.confirm_prices(tx, view=seen)
    confirmed = {line.variant_id: line.changes for line in (await view(context, guest)).lines}
    assert confirmed[dear] == ()


async def test_signing_in_merges_the_baskets_by_the_greater_quantity(context, shop):
    guest, party = a_guest(), uuid4()
    own = checkout.Owner(party_id=party)
    first, second, third = shop.variants
    await fill(context, own, (first, 1), (second, 3))
    await fill(context, guest, (first, 2), (second, 1), (third, 1))

    for _ in range(2):
        async with context.database.transaction() as tx:
            await checkout.merge_baskets(tx, guest=guest, party_id=party, market="ru", now=NOON)

    merged = {line.variant_id: line.quantity for line in (await view(context, own)).lines}
    assert merged == {first: 2, second: 3, third: 1}
    assert (await view(context, guest)).is_empty


async def test_a_guests_basket_becomes_the_own_one_if_there_is_none(context, shop):
    guest, party = a_guest(), uuid4()
    await fill(context, guest, (shop.variant, 2))

    async with context.database.transaction() as tx:
        await checkout.merge_baskets(tx, guest=guest, party_id=party, market="ru", now=NOON)

    assert (await view(context, checkout.Owner(party_id=party))).item_count == 2
    async with context.database.snapshot(single=True) as snap:
        assert await checkout.count_pieces(snap, owner=guest, market="ru") == 0


async def test_viewing_takes_the_same_statements_for_one_line_and_for_three(context, shop):
    counts = []
    for variants in (shop.variants[:1], shop.variants):
        guest = a_guest()
        await fill(context, guest, *((variant, 1) for variant in variants))
        async with context.database.snapshot() as snap:
            counting = Counting(snap.connection)
            await checkout.view_basket(
                counting,
                owner=guest,
                market=context.service(markets.MarketDirectory).get("ru"),
                profile=await profile_of(context, guest),
                offers=await context.service(checkout.Offers).of("ru"),
                now=NOON,
            )
        counts.append(counting.count)

    assert counts[0] == counts[1] == 5


class Counting(Snapshot):
    """A snapshot that counts its statements."""

    __slots__ = ("count",)

    def __init__(self, connection):
        super().__init__(connection)
        self.count = 0

    async def all(self, sql, params=None):
        self.count += 1
        return await super().all(sql, params)

    async def maybe(self, sql, params=None):
        self.count += 1
        return await super().maybe(sql, params)

    async def scalar(self, sql, params=None):
        self.count += 1
        return await super().scalar(sql, params)
