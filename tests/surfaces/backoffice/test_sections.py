"""Every section of the back office: whom it lets in, and that it shows something."""

from __future__ import annotations

import pytest

from tests.support.buying import buy

SECTIONS = {
    "/office/orders": "orders.view",
    "/office/orders.csv": "orders.view",
    "/office/customers": "parties.view",
    "/office/customers.csv": "parties.view",
    "/office/customers/new": "parties.edit",
    "/office/customers/conflicts": "parties.view",
    "/office/users": "accounts.view",
    "/office/users/new": "accounts.edit",
    "/office/roles": "accounts.view",
    "/office/roles/new": "accounts.edit",
    "/office/roles/administrator": "accounts.view",
    "/office/api-keys": "accounts.view",
    "/office/oauth-clients": "accounts.manage_clients",
    "/office/audit": "accounts.audit",
    "/office/audit.csv": "accounts.audit",
    "/office/campaigns": "notifications.view",
    "/office/segments": "notifications.view",
    "/office/messages": "notifications.view",
    "/office/loyalty": "loyalty.view",
    "/office/loyalty/settlement": "loyalty.view",
    "/office/work": "runtime.view",
    "/office/work/jobs": "runtime.view",
}


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_every_section_shows_itself(root, site, shop, language: str) -> None:
    await buy(site.context, (shop.variant, 1))
    root.client.cookies.set("hansa_language", language)

    for path in [*SECTIONS, "/office", "/office/me", "/office/search?q=D-0"]:
        assert await root.open(path)


async def test_a_section_asks_for_its_permission(sign_in) -> None:
    async with sign_in() as nobody:
        for path, permission in SECTIONS.items():
            assert permission in await nobody.open(path, status=403), path

    for number, permission in enumerate(sorted(set(SECTIONS.values()))):
        async with sign_in(permission, email=f"one{number}@example.com") as somebody:
            for path, needed in SECTIONS.items():
                if needed == permission and "administrator" not in path:
                    await somebody.open(path)


async def test_a_stranger_is_sent_to_the_sign_in(site) -> None:
    async with site.client(keyed=False) as client:
        answer = await client.get("/office/orders?state=placed", headers={"Accept": "text/html"})

    assert answer.status_code == 303
    assert answer.headers["location"] == "/office/sign-in?next=/office/orders%3Fstate%3Dplaced"


async def test_the_side_bar_shows_what_one_may_see(sign_in) -> None:
    async with sign_in("orders.view") as browser:
        page = await browser.open("/office")

    assert 'href="/office/orders"' in page
    assert 'href="/office/customers"' not in page
    assert 'href="/office/users"' not in page


async def test_the_search_finds_orders_customers_and_goods(root, site, shop) -> None:
    first = await buy(site.context, (shop.variant, 1))
    await buy(site.context, (shop.variant, 1))

    leads = await root.client.get(f"/office/search?q={first.number}")
    page = await root.open("/office/search?q=иванова")
    goods = await root.open("/office/search?q=D-0")

    assert leads.headers["location"] == f"/office/orders/{first.order_id}"
    assert first.number in page
    assert "Dress" in goods or "Платье" in goods


async def test_the_search_hides_what_one_may_not_see(sign_in, site, shop) -> None:
    placed = await buy(site.context, (shop.variant, 1))
    async with sign_in("catalog.view") as browser:
        page = await browser.open(f"/office/search?q={placed.number}")

    assert str(placed.order_id) not in page
