"""The last piece, which only a shop has: bought by card, confirmed in a chat, on its way in 1C.

Everything is real but the world outside: `hansa serve`, Chromium, and the practice bank, Slack and
1C as programs of their own or behind real HTTP.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from hansa.modules import accounts, erp, fulfilment, orders, search
from hansa.modules.erp import outgoing
from hansa.runtime.database import Database
from tests.browser.conftest import TELEPHONE, scripts_of
from tests.support.http import free_port
from tests.support.installation import Installation, installed
from tests.support.onec_service import PASSWORD as ONEC_PASSWORD
from tests.support.onec_service import USER as ONEC_USER
from tests.support.onec_service import OnecService, onec_service
from tests.support.processes import Program
from tests.support.shop import Shop, a_shop, put_stock

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]

SECRET_KEY = "a key that only tests use, long enough"
SELLER = "seller@example.com"
PASSWORD = "a long enough word 7"
CHANNEL = "C0CORNER"
SECONDS_MAX = 60


@dataclass(frozen=True)
class Chain:
    """A running shop whose goods lie one by one on the corner, and the world around it."""

    installation: Installation
    shop: Shop
    slack: str
    onec: OnecService

    @property
    def address(self) -> str:
        return self.installation.address

    async def order(self, number: str) -> orders.Order:
        async def find(database: Database) -> orders.Order:
            async with database.snapshot(single=True) as snap:
                return await orders.find_order(snap, number=number)

        return await asyncio.to_thread(self.installation.in_database, find)

    async def until_1c_has(self, number: str) -> dict[str, object]:
        """Return what 1C was told last of an order, once it was told that it is confirmed."""
        async with asyncio.timeout(SECONDS_MAX):
            while True:
                known = self.onec.intake.orders.get(number)
                if known is not None and known["state"] == "confirmed":
                    return known
                await asyncio.sleep(0.1)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def chain(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Chain]:
    """Start it all; stop it all."""
    bank, slack = free_port(), free_port()
    secrets = {"bot": "xoxb-of-this-test", "signing": "signing secret of this test"}
    async with AsyncExitStack() as stack:

        async def start(manager):  # starting and stopping wait for processes: in threads
            entered = await asyncio.to_thread(manager.__enter__)
            stack.push_async_callback(asyncio.to_thread, manager.__exit__, None, None, None)
            return entered

        installation = await start(
            installed(
                secret_key=SECRET_KEY,
                acquirer_url=f"http://127.0.0.1:{bank}",
                acquirer_secret="secret of this test's bank",
                slack_url=f"http://127.0.0.1:{slack}",
                slack_bot_token=secrets["bot"],
                slack_signing_secret=secrets["signing"],
                web_workers="1",
            )
        )
        onec = await start(onec_service(tmp_path_factory.mktemp("onec")))
        await start(
            Program.started(
                *("-m", "sandbox.acquirer", "--port", str(bank)),
                environment={"ACQUIRER_SECRET": "secret of this test's bank"},
            )
        )
        await start(
            Program.started(
                *("-m", "sandbox.slack", "--port", str(slack)),
                *("--request-url", f"{installation.address}/api/v1/fulfilment/slack/actions"),
                *("--channel", f"{CHANNEL}=на-углу", "--person", f"U0ANNA=Анна={CHANNEL}"),
                *("--person", "U0GUEST=Прохожий"),
                environment={
                    "SLACK_BOT_TOKEN": secrets["bot"],
                    "SLACK_SIGNING_SECRET": secrets["signing"],
                },
            )
        )
        shop = await asyncio.to_thread(
            installation.prepare, lambda database: _fill(database, onec.address)
        )
        await start(installation.serving())
        yield Chain(installation, shop, f"http://127.0.0.1:{slack}", onec)


async def _fill(database: Database, onec: str) -> Shop:
    now = datetime.now(UTC)
    async with database.transaction() as tx:
        shop = await a_shop(tx, now=now, on_hand=0, capture_at_once=False)
        for variant_id in shop.variants:
            await put_stock(tx, shop.corner, variant_id, 1, now=now)
        asked = fulfilment.Shop(
            warehouse_id=shop.corner,
            channel=fulfilment.ShopChannel.SLACK,
            address=CHANNEL,
            members=("U0ANNA",),
        )
        await fulfilment.save_shop(tx, shop=asked, now=now)
        await accounts.ensure_built_in_roles(
            tx, known_permissions=["fulfilment.answer", "stock.view"], now=now
        )
        await accounts.create_user(
            tx,
            email=SELLER,
            password=PASSWORD,
            kind="staff",
            roles=["shop"],
            name="Анна Ветрова",
            now=now,
        )
        connection = await erp.ensure_connection(tx, market="ru", now=now)
        await outgoing.save_outgoing(
            tx,
            outgoing=outgoing.Outgoing(
                connection_id=connection.id,
                address=onec,
                sign_in=outgoing.SignIn.BASIC,
                user_name=ONEC_USER,
                starts_at=now,
            ),
            key=SECRET_KEY.encode(),
            secret=ONEC_PASSWORD,
        )
    await search.rebuild(database, now=now)
    return shop


async def buy_by_card(page: Page, chain: Chain) -> str:
    """Buy a piece as a guest and pay at the bank; give the order's number."""
    await page.goto(f"{chain.address}/ru/search")
    await page.locator(".product-name a").first.click()
    await page.locator(".item-size input:not([disabled])").first.check(force=True)
    await scripts_of(page)
    await page.get_by_role("button", name="В корзину").click()
    await expect(page.locator("#basket .line")).to_have_count(1)
    await page.goto(f"{chain.address}/ru/checkout")
    await page.get_by_label("Имя и фамилия").fill("Анна Берёзова")
    await page.get_by_label("Телефон").fill("+7 916 555-01-11")
    await page.get_by_label("Город").fill("Москва")
    await page.get_by_label("Улица", exact=True).fill("Лесная")
    await page.get_by_label("Дом", exact=True).fill("5")
    await page.get_by_text("Картой", exact=True).click()
    await page.get_by_text("Согласен с условиями").click()
    await page.get_by_role("button", name="Заказать").locator("visible=true").first.click()
    await page.get_by_role("button", name="Оплатить", exact=True).click()
    await page.wait_for_url(f"{chain.address}/ru/orders/**")
    return await page.locator(".copy code").inner_text()


async def is_confirmed_and_paid(page: Page, chain: Chain, number: str) -> None:
    """See on the order's page, which is open, that the shop has it and the money is taken."""
    await expect(page.locator("main")).to_contain_text("Оплачено", timeout=SECONDS_MAX * 1000)
    order = await chain.order(number)
    assert order.state is orders.OrderState.CONFIRMED
    assert order.payment_state is orders.PaymentStanding.PAID
    told = await chain.until_1c_has(number)
    places = {part["warehouse_id"]: part["state"] for part in told["allocations"]}  # type: ignore[attr-defined]
    assert places == {str(chain.shop.corner): "confirmed"}


async def test_the_last_piece_is_bought_confirmed_in_slack_captured_and_reaches_1c(
    page: Page, chain: Chain, chromium: Browser
) -> None:
    number = await buy_by_card(page, chain)
    assert (await chain.order(number)).state is orders.OrderState.PLACED
    slack = await (await chromium.new_context(locale="ru-RU")).new_page()
    await slack.goto(f"{chain.slack}/channels/{CHANNEL}?as=U0GUEST")
    message = slack.locator("article", has_text=number)
    await message.get_by_role("button", name="Да, есть").click()
    await expect(message.get_by_role("button")).to_have_count(3)  # a stranger's press does nothing

    await slack.goto(f"{chain.slack}/channels/{CHANNEL}?as=U0ANNA")
    await message.get_by_role("button", name="Да, есть").click()

    await expect(message).to_contain_text("есть 1 — Анна", timeout=SECONDS_MAX * 1000)
    await expect(message.get_by_role("button")).to_have_count(0)
    await is_confirmed_and_paid(page, chain, number)
    await slack.context.close()


async def test_a_shop_answers_on_a_telephone(chain: Chain, chromium: Browser) -> None:
    shopper = await (await chromium.new_context(locale="ru-RU")).new_page()
    number = await buy_by_card(shopper, chain)
    phone = await (
        await chromium.new_context(locale="ru-RU", viewport=TELEPHONE, has_touch=True)  # type: ignore[arg-type]
    ).new_page()
    await phone.goto(f"{chain.address}/office/sign-in?next=/office/shop")
    await phone.get_by_label("Электронная почта").fill(SELLER)
    await phone.get_by_label("Пароль").fill(PASSWORD)
    await phone.get_by_role("button", name="Войти").click()
    await phone.wait_for_url("**/office/shop")
    card = phone.locator("article", has_text=number)
    yes = card.get_by_role("button", name="Да, есть")
    await expect(yes).to_be_visible(timeout=SECONDS_MAX * 1000)  # it appears by itself
    box = await yes.bounding_box()
    assert box is not None
    assert box["height"] >= 56
    assert await phone.evaluate("document.documentElement.scrollWidth <= innerWidth")

    # At once: the list is drawn anew every few seconds, and half a press on the old one is none.
    await yes.dispatch_event("click")

    await expect(phone.locator(".ask-thanks")).to_contain_text(f"Отложите для заказа {number}: 1")
    await expect(card).to_have_count(0)
    await is_confirmed_and_paid(shopper, chain, number)
    await phone.context.close()
    await shopper.context.close()
