"""An order's page tells what is going on, and tells it anew without being loaded again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from hansa.modules import fulfilment, orders, payments
from hansa.modules.orders import By, PaymentStanding
from tests.browser.conftest import OpenShop
from tests.browser.test_shopper_journeys import fits_the_screen
from tests.support.fulfilment import an_order, answer, look, open_questions, report
from tests.support.shop import put_stock

pytestmark = pytest.mark.browser

SECRET = "a key that only tests use, long enough"
GIVES_UP = fulfilment.Policy(market="ru", nobody=fulfilment.Nobody.GIVE_UP)


async def an_asked_order(
    open_shop: OpenShop,
    *wanted: int,
    standing: PaymentStanding,
    policy: fulfilment.Policy = GIVES_UP,
) -> orders.Order:
    """Order so many of new items that lie in the corner shop only, and have it asked."""
    now = datetime.now(UTC)
    lines = {uuid4(): count for count in wanted}
    async with open_shop.database.transaction() as tx:
        for variant_id in lines:
            await put_stock(tx, open_shop.shop.corner, variant_id, 5, now=now)
        await fulfilment.save_policy(tx, policy=policy, now=now)
        order = await an_order(tx, lines, now=now, standing=standing)
        await look(tx, order, now=now)
    return order


async def let_the_shop_find(open_shop: OpenShop, order: orders.Order, found: int) -> None:
    """Answer the only question: so many of its first line, the others are missing."""
    now = datetime.now(UTC)
    async with open_shop.database.transaction() as tx:
        (question,) = await open_questions(tx, order)
        for line in question.lines:
            count = found if line.number == 1 else int(line.quantity)
            await answer(
                tx,
                question,
                found=count,
                missing=int(line.quantity) - count,
                line=line.number,
                now=now,
            )
        await look(tx, order, now=now)


def page_of(open_shop: OpenShop, order: orders.Order, language: str = "ru") -> str:
    token = orders.order_token(order.id, secret=SECRET)
    return f"{open_shop.address}/{language}/orders/{token}"


async def test_a_deferred_order_waits_for_the_shop_and_is_paid_for_what_was_found(
    page: Page, open_shop: OpenShop
) -> None:
    order = await an_asked_order(open_shop, 3, standing=PaymentStanding.DEFERRED)
    await page.goto(page_of(open_shop, order))
    title = page.get_by_role("heading", level=1)
    await expect(title).to_have_text("Магазин проверяет ваш заказ")
    await expect(page.locator(".lead")).to_contain_text("Ответ ждём до")
    await expect(page.get_by_text("Пока ничего платить не нужно")).to_be_visible()
    await expect(page.get_by_role("button", name="Оплатить")).to_have_count(0)
    assert await fits_the_screen(page)

    await let_the_shop_find(open_shop, order, 2)

    await expect(title).to_have_text("Магазин подтвердил заказ")
    await expect(page.get_by_text("Часть заказа не нашлась")).to_be_visible()
    await expect(page.get_by_role("button", name="Оплатить 2\u00a0000\u00a0₽")).to_be_visible()
    await expect(page.locator(".line .text-warn")).to_have_text("не нашлось: 1")
    assert await fits_the_screen(page)


async def test_money_that_was_taken_comes_back_for_what_is_missing(
    page: Page, open_shop: OpenShop
) -> None:
    order = await an_asked_order(open_shop, 1, 1, standing=PaymentStanding.PAID)
    await page.goto(page_of(open_shop, order, "en"))
    await expect(page.get_by_text("For anything the shop does not find")).to_be_visible()

    await let_the_shop_find(open_shop, order, 0)

    await page.reload()
    await expect(page.get_by_text("We are giving 1,000")).to_be_visible()
    await expect(page.locator(".timeline")).to_contain_text("A part could not be found")
    assert await fits_the_screen(page)


async def test_held_money_is_said_to_be_held(page: Page, open_shop: OpenShop) -> None:
    order = await an_asked_order(open_shop, 1, 1, standing=PaymentStanding.AUTHORISED)
    await page.goto(page_of(open_shop, order))
    await expect(page.get_by_text("Спишем только за то, что подтвердит магазин")).to_be_visible()

    await let_the_shop_find(open_shop, order, 0)

    await page.reload()
    await expect(page.get_by_text("не спишется: банк разблокирует")).to_be_visible()


async def test_a_hold_that_ended_asks_to_pay_again(page: Page, open_shop: OpenShop) -> None:
    order = await an_asked_order(open_shop, 1, standing=PaymentStanding.AUTHORISED)
    now = datetime.now(UTC)
    async with open_shop.database.transaction() as tx:
        assert order.payment_id is not None
        payment = await payments.get_payment(tx, payment_id=order.payment_id)
        await report(
            tx,
            payment.id,
            payments.PaymentState.FAILED,
            payment.amount,
            now=now,
            hold_expires_at=now - timedelta(minutes=1),
        )
    await page.goto(page_of(open_shop, order))
    await expect(page.get_by_role("button", name="Оплатить")).to_be_visible()


async def test_a_person_looks_when_no_shop_has_it(page: Page, open_shop: OpenShop) -> None:
    order = await an_asked_order(
        open_shop,
        1,
        standing=PaymentStanding.DUE,
        policy=fulfilment.Policy(market="ru", nobody=fulfilment.Nobody.OPERATOR),
    )
    await page.goto(page_of(open_shop, order))
    await expect(page.get_by_text("Оплата при получении, только за то")).to_be_visible()

    await let_the_shop_find(open_shop, order, 0)

    await page.reload()
    title = page.get_by_role("heading", level=1)
    await expect(title).to_have_text("Ищем ваш заказ вручную")


async def test_a_page_that_is_at_rest_does_not_ask_again(page: Page, open_shop: OpenShop) -> None:
    order = await an_asked_order(open_shop, 1, standing=PaymentStanding.DUE)
    async with open_shop.database.transaction() as tx:
        await orders.cancel_order(
            tx, order_id=order.id, reason="", by=By.SHOPPER, now=datetime.now(UTC)
        )
    await page.goto(page_of(open_shop, order))
    await expect(page.locator(".lead")).to_have_text("Деньги не списывались.")
    assert await page.locator("#order-now").get_attribute("hx-get") is None
