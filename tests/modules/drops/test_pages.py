"""What people see: teaser, goods, waiting room; pages that are kept and never mix up prices."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import httpx

from hansa.kernel.identifiers import new_id
from hansa.modules import accounts, pricing, search, stock
from hansa.modules.accounts.secrets_kept import digest
from hansa.modules.drops.rooms import Rooms
from hansa.surfaces.storefront.kept import PAGES_MAX, Pages
from tests.modules.drops.conftest import MOMENT, DropShop

PAGE = {"Accept": "text/html"}
HOUR = timedelta(hours=1)


async def see(client: httpx.AsyncClient, path: str) -> httpx.Response:
    return await client.get(path, headers=PAGE)


async def age(shop: DropShop, seconds: float = 0.6) -> None:
    """Let kept pages be so old."""
    for kept in shop.context.service(Pages)._kept.values():
        kept.read_at -= seconds


async def sell_all_but(shop: DropShop, left: int) -> None:
    async with shop.context.database.transaction() as tx:
        await stock.set_levels(
            tx,
            source="1c",
            levels=[
                stock.Level(
                    warehouse_id=shop.shop.central,
                    variant_id=variant_id,
                    on_hand=Decimal(left),
                    as_of=shop.now + timedelta(seconds=1),
                )
                for variant_id in shop.shop.variants
            ],
            now=shop.now,
        )


async def sign_in_partner(shop: DropShop, client: httpx.AsyncClient) -> None:
    """Sign a shopper in who pays 1,000 rather than 1,990."""
    now = shop.now
    party_id, token = new_id(now), f"secret-of-{new_id(now)}"
    async with shop.context.database.transaction() as tx:
        user = await accounts.create_user(
            tx, email="p@example.org", password=None, kind="shopper", party_id=party_id, now=now
        )
        await pricing.save_groups(
            tx, groups=[pricing.CustomerGroup(code="partners", name={"en": "Partners"})], now=now
        )
        price_list = pricing.PriceList(
            id=new_id(now), code="partners", name={"en": "Partners", "ru": "Партнёры"},
            market="ru", currency="RUB", customer_group="partners",
        )  # fmt: skip
        await pricing.save_price_lists(tx, price_lists=[price_list], now=now)
        await pricing.set_prices(
            tx,
            prices=[
                pricing.Price(price_list_id=price_list.id, variant_id=one, amount=Decimal(1000))
                for one in shop.shop.variants
            ],
            now=now,
        )
        await pricing.set_group(tx, party_id=party_id, group="partners", now=now)
        await search.project_products(tx, product_ids=[shop.product_id], now=now)
        await tx.execute(
            """
            insert into account_session (id, token_hash, user_id, created_at, seen_at, expires_at)
            values (%(id)s, %(hash)s, %(user)s, %(now)s, %(now)s, %(until)s)
            """,
            {
                "id": new_id(now),
                "hash": digest(token),
                "user": user.id,
                "now": now,
                "until": now + timedelta(days=1),
            },
        )
    profiles = shop.context.service(pricing.Profiles)
    profiles._read_at = float("-inf")
    client.cookies.set("hansa_session", token)


async def test_the_teaser_counts_by_the_servers_clock_until_the_second(
    drop_shop: DropShop,
) -> None:
    await drop_shop.release(opens_at=drop_shop.now + HOUR)
    async with drop_shop.site.client() as client:
        before = await see(client, "/ru/drops/winter")
        assert 'data-countdown="3600000"' in before.text
        assert "01:00:00" in before.text
        assert "21 нояб. 2026, 16:00" in before.text  # the time of the market
        assert drop_shop.slug not in before.text
        assert (await see(client, f"/ru/p/{drop_shop.slug}")).status_code == 404

        drop_shop.clock.advance(HOUR - MOMENT)
        assert "data-countdown" in (await see(client, "/ru/drops/winter")).text
        drop_shop.clock.advance(MOMENT)

        opened = await see(client, "/ru/drops/winter")
        assert "data-countdown" not in opened.text
        assert f"/ru/p/{drop_shop.slug}" in opened.text
        assert (await see(client, f"/ru/p/{drop_shop.slug}")).status_code == 200


async def test_an_unpublished_drop_has_no_page(drop_shop: DropShop) -> None:
    await drop_shop.release(is_published=False)
    async with drop_shop.site.client() as client:
        assert (await see(client, "/ru/drops/winter")).status_code == 404
        assert "winter" not in (await see(client, "/ru/drops")).text


async def test_pages_of_a_drop_are_kept_and_tell_the_stock_of_now(drop_shop: DropShop) -> None:
    await drop_shop.release(opens_at=drop_shop.now)
    pages = drop_shop.context.service(Pages)
    paths = ("/ru/drops/winter", f"/ru/p/{drop_shop.slug}")
    async with drop_shop.site.client() as client:
        for path in paths:
            first = await see(client, path)
            again = await see(client, path)
            assert first.status_code == again.status_code == 200
        assert (pages.reads, pages.draws) == (2, 2)

        await age(drop_shop)
        for path in paths:
            await see(client, path)
        assert (pages.reads, pages.draws) == (4, 2)

        await sell_all_but(drop_shop, 1)
        await age(drop_shop)
        assert "осталось 3" in (await see(client, paths[0])).text
        assert "осталось 1" in (await see(client, paths[1])).text
        await sell_all_but(drop_shop, 0)
        await age(drop_shop)
        for path in paths:
            assert "нет в наличии" in (await see(client, path)).text.lower()


async def test_a_price_of_ones_own_is_never_shown_to_another(drop_shop: DropShop) -> None:
    await drop_shop.release(opens_at=drop_shop.now)
    paths = ("/ru/drops/winter", f"/ru/p/{drop_shop.slug}")
    async with drop_shop.site.client() as partner, drop_shop.site.client() as guest:
        await sign_in_partner(drop_shop, partner)
        for path in paths:
            for _ in range(2):
                mine = (await see(partner, path)).text
                theirs = (await see(guest, path)).text
                assert "1\u00a0000\u00a0₽" in mine, path
                assert "1\u00a0000\u00a0₽" not in theirs
                assert "1\u00a0990\u00a0₽" in theirs
                assert "Партнёры" not in theirs


async def test_a_kept_page_carries_the_readers_own_token(drop_shop: DropShop) -> None:
    await drop_shop.release(opens_at=drop_shop.now)
    async with drop_shop.site.client() as one, drop_shop.site.client() as other:
        path = f"/ru/p/{drop_shop.slug}"
        first, second = await see(one, path), await see(other, path)
        assert token_of(first) != token_of(second)

        added = await other.post(
            "/ru/basket/lines",
            data={"variant_id": str(drop_shop.shop.variant), "csrf_token": token_of(second)},
        )

        assert added.status_code == 303, added.text


def token_of(page: httpx.Response) -> str:
    return page.text.partition('name="csrf_token" value="')[2].partition('"')[0]


async def test_kept_pages_are_bounded(drop_shop: DropShop) -> None:
    await drop_shop.release(opens_at=drop_shop.now)
    pages = drop_shop.context.service(Pages)
    async with drop_shop.site.client() as client:
        for number in range(30):
            await see(client, f"/ru/p/{drop_shop.slug}?colour=c{number}")
    assert len(pages._kept) == 30 <= PAGES_MAX
    assert pages.size == sum(kept.size for kept in pages._kept.values())


async def test_when_it_is_full_people_get_a_place_and_are_led_in(drop_shop: DropShop) -> None:
    drop = await drop_shop.release(opens_at=drop_shop.now, capacity=1)
    await drop_shop.context.service(Rooms).enter(drop, session="first", token="", now=drop_shop.now)
    async with drop_shop.site.client() as client:
        stranger = await see(client, "/ru/drops/winter")
        assert stranger.status_code == 503
        assert int(stranger.headers["Retry-After"]) >= 1
        assert "hansa_session" in client.cookies

        waiting = await see(client, "/ru/drops/winter")
        assert waiting.status_code == 503
        assert "никого, вы следующие" in waiting.text
        assert waiting.headers["Cache-Control"] == "no-store"
        assert (await see(client, f"/ru/p/{drop_shop.slug}")).status_code == 503
        assert (await see(client, "/ru/")).status_code == 200  # the rest of the shop is open
        part = await see(client, "/ru/drops/winter/place")
        assert part.status_code == 200
        assert "HX-Refresh" not in part.headers

        rooms = drop_shop.context.service(Rooms)
        await rooms.leave(drop, session="first", now=drop_shop.now)
        await drop_shop.look_round()

        part = await see(client, "/ru/drops/winter/place")
        assert part.headers["HX-Refresh"] == "true"
        assert (await see(client, "/ru/drops/winter")).status_code == 200
        assert (await see(client, f"/ru/p/{drop_shop.slug}")).status_code == 200


async def test_no_statement_but_the_sessions_is_run_for_a_kept_page(drop_shop: DropShop) -> None:
    await drop_shop.release(opens_at=drop_shop.now)
    async with drop_shop.site.client() as client:
        path = f"/ru/p/{drop_shop.slug}"
        await see(client, path)
        reads = drop_shop.context.service(Pages).reads

        for _ in range(20):
            assert (await see(client, path)).status_code == 200

        assert drop_shop.context.service(Pages).reads <= reads + 1
