"""The members' app in a real browser: two sizes, with and without a network, in a shell."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

from hansa.assembly.application import build_context
from hansa.modules.loyalty import guard, members, offers, points, programmes, sessions
from hansa.modules.loyalty.members.signing_in import code_of
from hansa.runtime.context import Context
from hansa.runtime.database import Database
from hansa.runtime.settings import Secret, Settings
from tests.browser.conftest import TELEPHONE, scripts_of
from tests.support.database import TestServer
from tests.support.faults import faults_of
from tests.support.http import web_server
from tests.support.loyalty import a_member, phone
from tests.support.loyalty_app import SECRET, Together, buy, earn, give_back, lay_together
from tests.support.shop import a_shop

_people = count(6_000_000)


@dataclass
class Running:
    """The app at an address, and a way to let things happen to points."""

    address: str
    context: Context
    laid: Together

    async def member(self, had: int = 500) -> tuple[members.Member, str]:
        """Somebody with points and a card, and their telephone."""
        number, now = phone(next(_people)), datetime.now(UTC)
        async with self.context.database.transaction() as tx:
            made = await a_member(tx, self.laid.programme, now=now, phone=number)
            await members.issue_card(tx, member_id=made.id, programme=self.laid.programme, now=now)
        await earn(self.context, self.laid, made.id, had, key=f"had-{number}", now=now)
        return made, number


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def running(
    test_database_server: TestServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    """The app with a coalition, and its web server; started once."""
    now = datetime.now(UTC)
    with test_database_server.temporary("loyalty_app") as dsn, ExitStack() as stack:
        database = Database(dsn, connections_min=1, connections_max=4)
        await database.open()
        settings = _settings(dsn, tmp_path_factory.mktemp("loyalty"))
        members.use_secret(SECRET)
        async with database.transaction() as tx:
            await a_shop(tx, now=now, on_hand=1)
            laid = await lay_together(tx, now=now - timedelta(days=1))
        context = build_context(settings, database=database)
        services = (
            members.Naming,
            programmes.Directory,
            offers.Rulebook,
            guard.Watch,
            points.Poster,
        )
        await context.open(services)
        # Starting and stopping wait for a process: in a thread, so that the loop goes on.
        server = web_server(settings, dsn)
        address = await asyncio.to_thread(stack.enter_context, server)
        yield Running(address, context, laid)
        await asyncio.to_thread(stack.close)
        for service in reversed(services[1:]):
            await context.service(service).close()
        await database.close()


def _settings(dsn: str, folder: Path) -> Settings:
    return Settings(
        environment="development",
        data_dir=folder / "var",
        secret_key=Secret(SECRET.decode()),
        database_url=dsn,
    )


async def sign_in(page: Page, running: Running, number: str) -> None:
    """Go through the telephone and the code."""
    await page.goto(f"{running.address}/ru/loyalty/sign-in")
    await page.get_by_label("Телефон", exact=True).fill(number)
    await page.get_by_role("button", name="Получить код").click()
    challenge = await page.locator("[name=challenge]").input_value()
    await scripts_of(page)
    # The sixth digit sends the form.
    await page.get_by_label("Шесть цифр кода").fill(code_of(UUID(challenge)))
    await expect(page.locator("[data-balance]")).to_be_visible()


async def balance_of(page: Page) -> int:
    """The number on the first page."""
    return int(re.sub(r"\D", "", await page.locator("[data-balance]").inner_text()))


async def comes_to_have(page: Page, running: Running, number: int) -> None:
    """Open the first page until it shows a balance.

    The worker shows the page it kept when the server takes too long to answer.
    """
    async with asyncio.timeout(60):
        while True:
            await page.goto(f"{running.address}/ru/loyalty")
            if await balance_of(page) == number:
                return


async def test_from_onboarding_to_signing_out(page: Page, running: Running) -> None:
    anna, number = await running.member(500)

    await page.goto(f"{running.address}/ru/loyalty")
    await expect(page.get_by_role("heading", name="Один счёт везде")).to_be_visible()
    assert await faults_of(page) == []
    await page.get_by_role("link", name="Продолжить").click()
    await page.get_by_role("link", name="Пропустить").click()
    await sign_in(page, running, number)
    assert await balance_of(page) == 500
    assert await faults_of(page) == []

    switch = page.get_by_role("switch", name="Кофе к булочке")
    await page.goto(f"{running.address}/ru/loyalty/offers")
    are_on = int(await page.locator("#offers-on").inner_text())
    await switch.click()
    await expect(switch).to_have_attribute("aria-checked", "true")
    await expect(switch).to_be_focused()
    await expect(page.locator("#offers-on")).to_have_text(str(are_on + 1))
    await page.get_by_role("button", name="Вернуть").click()
    await expect(switch).to_have_attribute("aria-checked", "false")
    await switch.click()
    await expect(switch).to_have_attribute("aria-checked", "true")

    await buy(running.context, running.laid, anna.id, 50_000, receipt=number, now=datetime.now(UTC))
    await comes_to_have(page, running, 535)
    await page.get_by_text("почему?").click()
    await expect(page.get_by_text("Всегда здесь")).to_be_visible()
    await expect(page.locator(".reasons").get_by_text("+3 %")).to_be_visible()
    await page.get_by_role("link", name="Хлеб и точка Покупка").first.click()
    await expect(page.get_by_role("heading", name=f"Чек {number}")).to_be_visible()
    assert await faults_of(page) == []

    await page.goto(f"{running.address}/ru/loyalty/rewards")
    assert await faults_of(page) == []
    await page.get_by_role("link", name="Два билета в кино").click()
    await page.get_by_role("button", name="Взять за 200 баллов").click()
    await expect(page.get_by_role("heading", name="Теперь это ваше")).to_be_visible()
    assert await faults_of(page) == []
    await page.get_by_role("button", name="Отменить заказ").click()
    await expect(page.get_by_role("heading", name="Отменено")).to_be_visible()

    await give_back(running.context, running.laid, receipt=number, now=datetime.now(UTC))
    await comes_to_have(page, running, 500)
    await page.goto(f"{running.address}/ru/loyalty/history?kind=spent")
    await expect(page.get_by_text("Возврат").first).to_be_visible()

    await page.goto(f"{running.address}/ru/loyalty/settings")
    assert await faults_of(page) == []
    await page.get_by_role("button", name="Выйти", exact=True).click()
    await expect(page.get_by_role("heading", name="Вы вышли")).to_be_visible()
    await page.goto(f"{running.address}/ru/loyalty/card")
    await expect(page.get_by_role("heading", name="Ваш телефон")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_page_can_be_read_by_light_and_in_the_dark(
    page: Page, running: Running, scheme: Any
) -> None:
    _, number = await running.member(3_000)
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    await sign_in(page, running, number)
    mug = running.laid.rewards["mug"]

    for path in (
        "",
        "/percent",
        "/history",
        "/offers",
        f"/offers/{running.laid.offers['tank']}",
        "/card",
        "/rewards",
        f"/rewards/{mug}",
        f"/rewards/{running.laid.rewards['trees']}",
        "/orders",
        "/settings",
        "/rules",
    ):
        await page.goto(f"{running.address}/ru/loyalty{path}")
        assert (path, await faults_of(page)) == (path, [])


async def test_the_card_is_there_without_a_network_and_gone_after_the_sign_out(
    chromium: Browser, running: Running
) -> None:
    _, number = await running.member(700)
    context = await chromium.new_context(viewport=TELEPHONE, locale="ru-RU")  # type: ignore[arg-type]
    page = await context.new_page()
    await sign_in(page, running, number)
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    await page.goto(f"{running.address}/ru/loyalty/card")
    digits = await page.locator(".pass-number").inner_text()
    await page.goto(f"{running.address}/ru/loyalty")
    await _kept(page, 2)

    await context.set_offline(True)
    await page.goto(f"{running.address}/ru/loyalty/card")
    await expect(page.locator(".pass-number")).to_have_text(digits.replace("\n", ""))
    await expect(page.locator("[data-code] svg")).to_be_visible()
    await expect(page.locator("[data-offline-note]")).to_contain_text("Нет сети. По состоянию на")
    await page.clock.set_fixed_time(datetime.now(UTC) + timedelta(minutes=6))
    await page.reload()
    await expect(page.locator("[data-number-code] svg")).to_be_visible()
    await expect(page.locator("[data-code]")).to_be_hidden()
    await page.goto(f"{running.address}/ru/loyalty")
    assert await balance_of(page) == 700
    await page.goto(f"{running.address}/ru/loyalty/rewards")
    await expect(page.get_by_role("heading", name="Нет сети")).to_be_visible()

    await context.set_offline(False)
    await page.goto(f"{running.address}/ru/loyalty/settings")
    await page.get_by_role("button", name="Выйти", exact=True).click()
    await expect(page.get_by_role("heading", name="Вы вышли")).to_be_visible()
    await _kept(page, 0)
    await context.set_offline(True)
    await page.goto(f"{running.address}/ru/loyalty/card")
    await expect(page.get_by_role("heading", name="Нет сети")).to_be_visible()
    await context.close()


async def test_a_card_nobody_has_looked_at_yet_is_there_without_a_network(
    chromium: Browser, running: Running
) -> None:
    _, number = await running.member(700)
    context = await chromium.new_context(viewport=TELEPHONE, locale="ru-RU")  # type: ignore[arg-type]
    page = await context.new_page()
    await sign_in(page, running, number)
    await _kept(page, 2)

    await context.set_offline(True)
    await page.goto(f"{running.address}/ru/loyalty/card")
    await expect(page.locator(".pass-number")).to_be_visible()
    await page.goto(f"{running.address}/ru/loyalty")
    assert await balance_of(page) == 700
    await context.close()


async def test_a_session_ended_elsewhere_leaves_nothing_behind(
    chromium: Browser, running: Running
) -> None:
    anna, number = await running.member()
    context = await chromium.new_context(viewport=TELEPHONE, locale="ru-RU")  # type: ignore[arg-type]
    page = await context.new_page()
    await sign_in(page, running, number)
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    await page.goto(f"{running.address}/ru/loyalty/card")
    await _kept(page, 1)
    async with running.context.database.transaction() as tx:
        await sessions.end_session(tx, member_id=anna.id, session_id=None, now=datetime.now(UTC))

    # The card that was kept is shown once more if the server takes too long to answer.
    async with asyncio.timeout(60):
        while await page.get_by_role("heading", name="Ваш телефон").count() == 0:
            await page.goto(f"{running.address}/ru/loyalty/card")
    await _kept(page, 0)
    await context.close()


async def _kept(page: Page, number: int) -> None:
    """Wait until the worker has kept so many pages; none is no page at all.

    Asked again from here: what waits inside of a page takes a promise for a yes.
    """
    async with asyncio.timeout(60):
        while True:
            kept = await page.evaluate(
                """async () => {
                  const name = "hansa-pages-/ru/loyalty";
                  if (!await caches.has(name)) return 0;
                  return (await (await caches.open(name)).keys()).length;
                }"""
            )
            if kept >= number if number else kept == 0:
                return


async def test_the_card_renews_its_code_while_it_is_looked_at(
    chromium: Browser, running: Running
) -> None:
    _, number = await running.member()
    context = await chromium.new_context(viewport=TELEPHONE, locale="ru-RU")  # type: ignore[arg-type]
    page = await context.new_page()
    await sign_in(page, running, number)
    await page.goto(f"{running.address}/ru/loyalty/card")
    first = await page.locator("[data-code] path").last.get_attribute("d")

    async with page.expect_response(re.compile("/card/code$")):
        await page.clock.set_fixed_time(datetime.now(UTC) + timedelta(minutes=4, seconds=30))
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    await expect(page.locator("[data-code] path").last).not_to_have_attribute("d", first or "")
    await context.close()


async def test_a_push_shows_a_notification_that_leads_to_its_page(
    chromium: Browser, running: Running
) -> None:
    _, number = await running.member()
    context = await chromium.new_context(viewport=TELEPHONE, locale="ru-RU")  # type: ignore[arg-type]
    await context.grant_permissions(["notifications"], origin=running.address)
    page = await context.new_page()
    await sign_in(page, running, number)
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    devtools = await context.new_cdp_session(page)
    found: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def note(event: dict[str, Any]) -> None:
        for one in event["versions"]:
            if one["status"] == "activated" and not found.done():
                found.set_result(one["registrationId"])

    devtools.on("ServiceWorker.workerVersionUpdated", note)
    await devtools.send("ServiceWorker.enable")
    told = {
        "title": "+35 баллов",
        "body": "Хлеб и точка",
        "link": "/ru/loyalty/history",
        "tag": "t",
    }
    await devtools.send(
        "ServiceWorker.deliverPushMessage",
        {
            "origin": running.address,
            "registrationId": await asyncio.wait_for(found, 60),
            "data": json.dumps(told),
        },
    )

    is_shown = """async () => {
      const worker = await navigator.serviceWorker.ready;
      const shown = await worker.getNotifications();
      const link = "/ru/loyalty/history";
      return shown.some((one) => one.title === "+35 баллов" && one.data.link === link);
    }"""
    async with asyncio.timeout(60):
        while not await page.evaluate(is_shown):
            pass
    await context.close()


# A page that plays the native shell: it has a bar and hands its token over as a web view would.
SHELL_PAGE = """<!doctype html><html lang="ru"><meta charset="utf-8"><title>Shell</title>
<h1>Shell</h1><form method="post" action="/ru/loyalty/shell/session">
<input type="hidden" name="token" value="{token}">
<input type="hidden" name="next" value="/ru/loyalty/offers">
<button>Open</button></form></html>"""


SAY = "(detail) => dispatchEvent(new CustomEvent('hansa-shell', { detail }))"


@dataclass
class Shell:
    """What the shell heard from the page."""

    context: BrowserContext
    page: Page
    heard: list[dict[str, Any]]

    async def hears(self, kind: str) -> dict[str, Any]:
        """Wait for a message of a kind."""
        for _ in range(1200):
            for one in self.heard:
                if one["type"] == kind:
                    return one
            await self.page.wait_for_timeout(50)
        raise AssertionError((kind, self.heard))


async def a_shell(chromium: Browser, running: Running, number: str) -> Shell:
    """Sign in by the API, as a native screen would, and open the web view."""
    async with httpx.AsyncClient(base_url=running.address) as http:
        asked = await http.post("/loyalty/v1/app/sign-ins", json={"phone": number})
        challenge = asked.json()["id"]
        code = code_of(UUID(challenge))
        answer = await http.post(
            f"/loyalty/v1/app/sign-ins/{challenge}/answer", json={"phone": number, "code": code}
        )
        headers = {"Authorization": f"Bearer {answer.json()['key']}"}
        made = await http.post("/loyalty/v1/app/sessions", headers=headers)
    context = await chromium.new_context(viewport=TELEPHONE, locale="ru-RU")  # type: ignore[arg-type]
    heard: list[dict[str, Any]] = []
    await context.expose_binding("shellHears", lambda _, text: heard.append(json.loads(text)))
    await context.add_init_script(
        "window.HansaShell = { postMessage: (text) => window.shellHears(text) };"
    )
    page = await context.new_page()
    shell_page = SHELL_PAGE.format(token=made.json()["token"])
    await page.route(
        "**/shell-of-the-test",
        lambda route: route.fulfill(body=shell_page, content_type="text/html; charset=utf-8"),
    )
    await page.goto(f"{running.address}/shell-of-the-test")
    await page.get_by_role("button", name="Open").click()
    return Shell(context, page, heard)


async def test_a_native_shell_hands_over_and_speaks_with_the_page(
    chromium: Browser, running: Running
) -> None:
    _, number = await running.member(640)
    shell = await a_shell(chromium, running, number)
    page = shell.page

    await expect(page.get_by_role("heading", name="Предложения")).to_be_visible()
    assert await page.locator(".app-bar, .thumb-bar").count() == 0
    told = await shell.hears("page")
    assert (told["tab"], told["path"]) == ("offers", "/ru/loyalty/offers")

    opening = {"type": "open", "link": "/ru/loyalty"}
    await page.evaluate(SAY, opening)
    assert (await shell.hears("balance"))["points"] == 640

    await page.goto(f"{running.address}/ru/loyalty/settings")
    await page.locator("[data-push-button]").click()
    await shell.hears("push-permission")
    granted = {"type": "push-token", "channel": "fcm", "token": f"fcm-{number}"}
    await page.evaluate(SAY, granted)
    await shell.hears("push-registered")

    await page.goto(f"{running.address}/ru/loyalty/card")
    assert (await shell.hears("brightness"))["level"] == "high"
    assert await faults_of(page) == []
    await page.goto(f"{running.address}/ru/loyalty/settings")
    await page.get_by_role("button", name="Выйти", exact=True).click()
    await shell.hears("signed-out")
    await shell.context.close()


async def test_a_shell_cannot_be_told_to_leave_the_app(chromium: Browser, running: Running) -> None:
    _, number = await running.member()
    shell = await a_shell(chromium, running, number)
    await expect(shell.page.get_by_role("heading", name="Предложения")).to_be_visible()
    await shell.hears("page")  # from now on the page listens

    for link in ("https://evil.example/", "//evil.example", "/office", "/ru/loyaltyx"):
        await shell.page.evaluate(
            SAY,
            {"type": "open", "link": link},
        )

    await shell.page.evaluate(SAY, {"type": "toast", "text": "Привет"})
    await expect(shell.page.get_by_text("Привет")).to_be_visible()
    assert shell.page.url.endswith("/ru/loyalty/offers")
    await shell.context.close()
