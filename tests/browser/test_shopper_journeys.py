"""What shoppers do, in a real browser, at the size of a telephone and of a desktop."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from hansa.modules import accounts, orders, parties, pricing
from tests.browser.conftest import OpenShop, scripts_of

pytestmark = pytest.mark.browser

PASSWORD = "a long enough word 7"


async def put_into_basket(page: Page, address: str) -> None:
    await page.goto(f"{address}/ru/search")
    # By its name: other tests put goods of their own into the same shop.
    await page.locator(".product-name a").get_by_text("Платье", exact=True).click()
    await page.locator(".item-size input:not([disabled])").first.check()
    await scripts_of(page)
    await page.get_by_role("button", name="В корзину").click()
    await expect(page.locator("#basket")).to_be_visible()
    await expect(page.locator("#basket .line")).to_have_count(1)


async def fill_in(page: Page) -> None:
    await page.get_by_label("Имя и фамилия").fill("Анна Берёзова")
    await page.get_by_label("Телефон").fill("+7 916 555-01-11")
    await page.get_by_label("Электронная почта").fill("anna@example.com")
    await page.get_by_label("Город").fill("Москва")
    await page.get_by_label("Улица", exact=True).fill("Лесная")
    await page.get_by_label("Дом", exact=True).fill("5")
    await page.get_by_text("При получении").click()
    await page.get_by_text("Согласен с условиями").click()


async def place(page: Page) -> None:
    await page.get_by_role("button", name="Заказать").locator("visible=true").first.click()


async def order_of(page: Page, open_shop: OpenShop) -> orders.Order:
    """Give the order whose page is open."""
    number = await page.locator(".copy code").inner_text()
    async with open_shop.database.snapshot() as snap:
        return await orders.find_order(snap, number=number)


async def fits_the_screen(page: Page) -> bool:
    """Say whether nothing sticks out to the side."""
    return bool(
        await page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
    )


async def test_a_guest_finds_buys_and_sees_the_order(page: Page, open_shop: OpenShop) -> None:
    await put_into_basket(page, open_shop.address)
    await page.get_by_role("link", name="Оформить").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Оформление")
    assert await fits_the_screen(page)

    await scripts_of(page)
    await fill_in(page)
    await place(page)

    await expect(page.get_by_role("heading", level=1)).to_have_text("Спасибо, заказ у нас")
    assert "/ru/orders/" in page.url
    assert await fits_the_screen(page)
    order = await order_of(page, open_shop)
    assert [line.variant_id in open_shop.shop.variants for line in order.lines] == [True]


async def test_a_guest_cancels_and_the_goods_are_on_sale_again(
    page: Page, open_shop: OpenShop
) -> None:
    await put_into_basket(page, open_shop.address)
    await page.goto(f"{open_shop.address}/ru/checkout")
    await fill_in(page)
    await place(page)

    await page.get_by_role("button", name="Отменить заказ").click()

    await expect(page.get_by_role("heading", level=1)).to_have_text("Заказ отменён")
    order = await order_of(page, open_shop)
    assert order.state is orders.OrderState.CANCELLED


async def test_a_telephone_that_is_none_is_told_at_its_field(
    page: Page, open_shop: OpenShop
) -> None:
    await put_into_basket(page, open_shop.address)
    await page.goto(f"{open_shop.address}/ru/checkout")
    await fill_in(page)
    await page.get_by_label("Телефон").fill("12")

    async with page.expect_response("**/ru/checkout") as answered:
        await place(page)
    assert (await answered.value).status == 422

    await expect(page.locator("#field-phone-error")).to_be_visible()
    await expect(page.get_by_label("Имя и фамилия")).to_have_value("Анна Берёзова")


async def test_choosing_to_collect_shows_the_shops_and_hides_the_address(
    page: Page, open_shop: OpenShop
) -> None:
    await put_into_basket(page, open_shop.address)
    await page.goto(f"{open_shop.address}/ru/checkout")
    await expect(page.get_by_label("Город")).to_be_visible()

    await page.locator("input[name=delivery_method][value=pickup]").check(force=True)

    await expect(page.get_by_label("Город")).to_be_hidden()
    await expect(page.get_by_text("Мясницкая, 1")).to_be_visible()


async def test_whoever_signs_in_sees_and_pays_their_own_price(
    page: Page, open_shop: OpenShop
) -> None:
    email = await a_partner(open_shop)
    await page.goto(f"{open_shop.address}/ru/sign-in?next=/ru/search")
    await page.get_by_label("Электронная почта").fill(email)
    await page.get_by_label("Пароль").fill(PASSWORD)
    await page.get_by_role("button", name="Войти").click()
    await page.wait_for_url("**/ru/search")

    await put_into_basket(page, open_shop.address)
    await expect(page.locator("#basket")).to_contain_text("ваша цена")
    await page.goto(f"{open_shop.address}/ru/checkout")
    await fill_in(page)
    await place(page)

    await expect(page.get_by_role("heading", level=1)).to_have_text("Спасибо, заказ у нас")
    order = await order_of(page, open_shop)
    assert order.goods.minor == 150_000
    assert order.party_id is not None


async def test_suggestions_appear_while_typing_and_open_by_keyboard(
    page: Page, open_shop: OpenShop
) -> None:
    await page.goto(f"{open_shop.address}/ru/search")
    name = await page.locator(".product-name a").first.inner_text()
    box = page.locator("#search-page")

    await box.press_sequentially(name.split()[0][:4], delay=20)
    await expect(page.locator("#search-page-list [role=option]").first).to_be_visible()
    await box.press("ArrowDown")
    await box.press("Enter")

    await expect(page).not_to_have_url(f"{open_shop.address}/ru/search")


async def a_partner(open_shop: OpenShop) -> str:
    """Make a shopper with own prices; give the e-mail address."""
    now = datetime.now(UTC)
    email = f"partner-{uuid4().hex}@example.com"
    async with open_shop.database.transaction() as tx:
        party_id = await parties.match_or_create(
            tx, party=parties.NewParty(given_name="Пётр"), identifiers=[], now=now
        )
        await accounts.create_user(
            tx,
            email=email,
            password=PASSWORD,
            kind="shopper",
            party_id=party_id,
            name="Пётр Дубов",
            now=now,
        )
        await pricing.set_group(tx, party_id=party_id, group="partners", now=now)
    return email
