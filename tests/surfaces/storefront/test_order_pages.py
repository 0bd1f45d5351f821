"""The checkout and the order's page when a shop has to confirm goods first."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import uuid4

import httpx
import pytest_asyncio

from hansa.modules import fulfilment, orders, payments, search
from hansa.runtime.clock import FixedClock
from hansa.runtime.database import Database
from hansa.runtime.settings import Secret, Settings
from tests.support.acquirer import SECRET, Bank, a_bank
from tests.support.http import Site, application
from tests.support.shop import Shop, a_shop, put_stock
from tests.surfaces.storefront.test_shop_pages import DETAILS, hidden, put_into_basket, token_of

CARD = {**DETAILS, "payment_method": "card"}


@pytest_asyncio.fixture(loop_scope="session")
async def bank() -> AsyncIterator[Bank]:
    async with a_bank() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def shop(committing: Database, now: datetime) -> Shop:
    """A shop whose goods lie in the shop on the corner only."""
    async with committing.transaction() as tx:
        made = await a_shop(tx, now=now, on_hand=0)
        for variant_id in made.variants:
            await put_stock(tx, made.corner, variant_id, 3, now=now)
        await fulfilment.save_policy(tx, policy=fulfilment.Policy(market="ru"), now=now)
    await search.rebuild(committing, now=now)
    return made


@pytest_asyncio.fixture(loop_scope="session")
async def site(
    settings: Settings, committing: Database, clock: FixedClock, shop: Shop, bank: Bank
) -> AsyncIterator[Site]:
    del shop
    own = replace(settings, acquirer_url=bank.url, acquirer_secret=Secret(SECRET))
    async with application(own, committing, clock=clock) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def browser(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    async with site.client(keyed=False) as client:
        yield client


async def preview(browser: httpx.AsyncClient, form: dict[str, str]) -> str:
    checkout = await browser.get("/ru/checkout")
    answer = await browser.post(
        "/ru/checkout/preview", data={**form, "csrf_token": token_of(checkout)}
    )
    assert answer.status_code == 200
    return answer.text


async def place(browser: httpx.AsyncClient, form: dict[str, str]) -> httpx.Response:
    checkout = await browser.get("/ru/checkout")
    return await browser.post(
        "/ru/checkout",
        data={
            **form,
            "csrf_token": token_of(checkout),
            "attempt": hidden(checkout, "attempt"),
            "expected_total": hidden(checkout, "expected_total"),
        },
    )


async def test_the_checkout_says_when_the_money_is_taken(browser, site, shop) -> None:
    await put_into_basket(browser, shop)

    cash = await preview(browser, DETAILS)
    card = await preview(browser, CARD)
    async with site.context.database.transaction() as tx:
        policy = fulfilment.Policy(market="ru", one_stage=fulfilment.OneStage.REFUND)
        await fulfilment.save_policy(tx, policy=policy, now=site.context.clock.now())
    returned = await preview(browser, CARD)

    for text in (cash, card, returned):
        assert "Этот заказ подтверждает магазин" in text
        assert re.search(r"Он ответит до \d\d:\d\d", text)
    assert "Оплата при получении, только за то" in cash
    assert "Оплата после этого, на странице заказа" in card
    assert "сразу вернём деньги" in returned


async def test_what_lies_in_the_warehouse_needs_no_word(browser, site, shop) -> None:
    async with site.context.database.transaction() as tx:
        await put_stock(tx, shop.central, shop.variant, 5, now=site.context.clock.now())
    await put_into_basket(browser, shop)
    assert "подтверждает магазин" not in await preview(browser, CARD)


async def test_a_deferred_order_leads_to_its_page_and_not_to_the_bank(
    browser, site, shop, bank
) -> None:
    await put_into_basket(browser, shop)

    placed = await place(browser, CARD)

    address = placed.headers["location"]
    assert address.startswith("/ru/orders/")
    page = await browser.get(address)
    assert "Пока ничего платить не нужно" in page.text
    assert f'action="{address}/payment"' not in page.text
    assert bank.payments == []
    # Whoever sends the form all the same is led back, and the bank hears nothing.
    sent = await browser.post(f"{address}/payment", data={"csrf_token": token_of(page)})
    assert sent.status_code == 303
    assert sent.headers["location"] == address
    assert bank.payments == []


async def test_after_the_answer_there_is_a_page_to_pay_at(browser, site, shop, bank) -> None:
    await put_into_basket(browser, shop)
    address = (await place(browser, CARD)).headers["location"]
    now = site.context.clock.now()
    async with site.context.database.transaction() as tx:
        (summary,) = await orders.list_orders(tx)
        payment = await payments.allow_payment(
            tx, subject_kind=orders.SUBJECT, subject_id=summary.id, amount=summary.total, now=now
        )
    page = await browser.get(address)
    assert f'action="{address}/payment"' in page.text

    await browser.post(f"{address}/payment", data={"csrf_token": token_of(page)})

    (there,) = bank.payments
    assert there.amount == payment.amount_minor


async def test_the_page_gives_what_changed_and_nothing_if_nothing_has(browser, site, shop) -> None:
    await put_into_basket(browser, shop)
    address = (await place(browser, CARD)).headers["location"]
    page = await browser.get(address)
    found = re.search(r'hx-get="([^"]+)"[^>]*hx-trigger="every 10s"', page.text)
    assert found is not None

    assert (await browser.get(found[1])).status_code == 204
    async with site.context.database.transaction() as tx:
        (summary,) = await orders.list_orders(tx)
        await orders.cancel_order(
            tx,
            order_id=summary.id,
            reason="",
            by=orders.By.SHOPPER,
            now=site.context.clock.now(),
        )
    changed = await browser.get(found[1])
    assert changed.status_code == 200
    assert "Заказ отменён" in changed.text
    assert "every 10s" not in changed.text
    assert "<html" not in changed.text


async def test_nobody_learns_of_an_order_by_a_guessed_link(browser, shop) -> None:
    for token in ("x", "A" * 43, "%20", "%D1%8F"):
        answer = await browser.get(f"/ru/orders/{token}/now")
        assert answer.status_code == 404, token


async def test_a_part_that_was_given_up_is_struck_out(browser, site, shop) -> None:
    await put_into_basket(browser, shop)
    await browser.post(
        f"/ru/basket/lines/{shop.variant}",
        data={"csrf_token": token_of(await browser.get("/ru/basket")), "quantity": "2"},
    )
    address = (await place(browser, DETAILS)).headers["location"]
    async with site.context.database.transaction() as tx:
        (summary,) = await orders.list_orders(tx)
        await orders.give_up(
            tx,
            order_id=summary.id,
            lines=[(shop.variant, Decimal(1))],
            reason="not found in the shop",
            by=orders.By.SYSTEM,
            now=site.context.clock.now(),
        )
    page = await browser.get(address)
    assert "Часть заказа не нашлась" in page.text
    assert "не нашлось: 1" in page.text
    assert "К оплате на 1\u00a0990\u00a0₽ меньше." in page.text


async def test_an_unknown_order_has_no_news(browser, site) -> None:
    secret = site.context.settings.secret_key.reveal()
    token = orders.order_token(uuid4(), secret=secret)
    assert (await browser.get(f"/ru/orders/{token}/now")).status_code == 404
