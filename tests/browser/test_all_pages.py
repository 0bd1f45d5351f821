"""Every page that links lead to, in a real browser: nothing is wrong with any of them.

A rule over all pages and not a list of them: a page that is added is walked as soon as one leads to
it. One page of each kind is enough, by what its address and its filters are called.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit
from uuid import UUID

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from hansa.assembly.modules import all_modules, permissions_of
from hansa.modules import accounts, erp, search
from hansa.modules.loyalty import members, settlement
from hansa.modules.loyalty.members.signing_in import code_of
from hansa.runtime.clock import FixedClock
from hansa.runtime.database import Database
from hansa.runtime.settings import Secret, Settings
from tests.support.database import TestServer
from tests.support.faults import faults_of
from tests.support.http import web_server
from tests.support.loyalty import a_member
from tests.support.loyalty_app import SECRET, a_closed_month, lay_together
from tests.support.shop import a_shop

PASSWORD = "a long enough word 7"
STAFF, PARTNER, PHONE = "anna@example.com", "lidia@bakery.example", "+79167000001"
PAGES_MAX = 300
# What is no page, and what ends the walk.
_PASSED = re.compile(r"sign-out|\.(csv|xlsx|pdf|json|xml|zip)$|/file/|/files/|/download")
_NAMES = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}"), "<id>"),
    (re.compile(r"/(p|c|orders)/[^/?]+"), r"/\1/<name>"),
    (re.compile(r"/\d[\d-]*(?=/|$)"), "/<number>"),
)


@dataclass
class Everything:
    """A shop, its office, a coalition with a partner and a member, at an address."""

    address: str


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def everything(
    test_database_server: TestServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Everything]:
    """All of it, and its web server; started once."""
    with test_database_server.temporary("all_pages") as dsn, ExitStack() as stack:
        database = Database(dsn, connections_min=1, connections_max=4)
        await database.open()
        settings = Settings(
            environment="development",
            data_dir=tmp_path_factory.mktemp("all_pages") / "var",
            secret_key=Secret(SECRET.decode()),
            database_url=dsn,
        )
        await _lay(settings, database, datetime.now(UTC))
        address = await asyncio.to_thread(stack.enter_context, web_server(settings, dsn))
        yield Everything(address)
        await asyncio.to_thread(stack.close)
        await database.close()


async def _lay(settings: Settings, database: Database, now: datetime) -> None:
    members.use_secret(SECRET)
    month = (settlement.month_of(now, "Europe/Moscow") - timedelta(days=1)).replace(day=1)
    clock = FixedClock(settlement.bounds_of(month, "Europe/Moscow")[0] + timedelta(days=3))
    async with database.transaction() as tx:
        await a_shop(tx, now=clock.now(), on_hand=5)
        await erp.ensure_connection(tx, market="ru", now=now)
        laid = await lay_together(tx, now=clock.now())
        member = await a_member(tx, laid.programme, now=clock.now(), phone=PHONE)
        await members.issue_card(tx, member_id=member.id, programme=laid.programme, now=now)
        known = [one.code for one in permissions_of(all_modules())]
        await accounts.ensure_built_in_roles(tx, known_permissions=known, now=now)
        for email, kind, fields in (
            (STAFF, "staff", {"roles": [accounts.ADMINISTRATOR]}),
            (PARTNER, "partner", {"partner_id": laid.bakery.id}),
        ):
            await accounts.create_user(
                tx,
                email=email,
                password=PASSWORD,
                kind=kind,
                name="Анна Хлебова",
                language="ru",
                now=now,
                **fields,  # type: ignore[arg-type]
            )
    await search.rebuild(database, now=now)
    await a_closed_month(settings, database, laid, member.id, first=month, clock=clock, now=now)


async def _by_password(page: Page, address: str, email: str) -> None:
    await page.goto(address)
    await page.locator("main [name=email]").fill(email)
    await page.locator("main [name=password]").fill(PASSWORD)
    await page.get_by_role("button", name="Войти").click()
    await expect(page.locator("#side")).to_have_count(1)


async def _by_code(page: Page, address: str) -> None:
    await page.goto(address)
    await page.get_by_label("Телефон", exact=True).fill(PHONE)
    await page.get_by_role("button", name="Получить код").click()
    challenge = await page.locator("[name=challenge]").input_value()
    await page.wait_for_load_state("load")
    await page.get_by_label("Шесть цифр кода").fill(code_of(UUID(challenge)))
    await expect(page.locator("[data-balance]")).to_be_visible()


def _kind_of(path: str, query: str) -> str:
    """Name a page by its address without what differs from thing to thing."""
    for pattern, name in _NAMES:
        path = pattern.sub(name, path)
    return f"{path}?{','.join(sorted({key for key, _ in parse_qsl(query)}))}"


async def _walk(page: Page, address: str, start: str) -> list[tuple[str, str]]:
    """Open what links lead to from a page on, and give what is wrong where."""
    queue, seen, wrong = [start], {start}, []
    kinds = set[str]()
    while queue:
        where = queue.pop(0)
        parts = urlsplit(where)
        kind = _kind_of(parts.path, parts.query)
        if kind in kinds:
            continue
        kinds.add(kind)
        assert len(kinds) <= PAGES_MAX, f"no end of pages: {sorted(kinds)[-20:]}"
        answer = await page.goto(address + where)
        if answer is None or answer.status != 200:
            wrong.append((where, f"answered {answer and answer.status}"))
            continue
        await page.wait_for_load_state("load")
        wrong += [(where, fault) for fault in await faults_of(page)]
        for link in await page.evaluate(
            "[...document.querySelectorAll('a[href]:not([download])')].map((one) => one.href)"
        ):
            found = urlsplit(urljoin(address + where, link))
            there = found.path + (f"?{found.query}" if found.query else "")
            is_ours = link.startswith(address) and f"{found.path}/".startswith(
                f"{start.rstrip('/')}/"
            )
            if is_ours and there not in seen and not _PASSED.search(found.path):
                seen.add(there)
                queue.append(there)
    assert len(kinds) > 3
    return wrong


@pytest.mark.parametrize(
    ("scheme", "width", "height"), [("dark", 320, 640), ("light", 1440, 900)], ids=["small", "wide"]
)
@pytest.mark.parametrize("surface", ["shop", "app", "cabinet", "office"])
async def test_nothing_is_wrong_with_any_page(
    chromium: Browser, everything: Everything, surface: str, scheme: Any, width: int, height: int
) -> None:
    context = await chromium.new_context(
        viewport={"width": width, "height": height},
        locale="ru-RU",
        color_scheme=scheme,
        reduced_motion="reduce",
        service_workers="block",
    )
    page = await context.new_page()
    if surface == "app":
        await _by_code(page, f"{everything.address}/ru/loyalty/sign-in")
    elif surface == "cabinet":
        await _by_password(page, f"{everything.address}/ru/partner", PARTNER)
    elif surface == "office":
        await _by_password(page, f"{everything.address}/office/sign-in", STAFF)
    start = {
        "shop": "/ru/",
        "app": "/ru/loyalty",
        "cabinet": "/ru/partner",
        "office": "/office",
    }[surface]

    wrong = await _walk(page, everything.address, start)

    await context.close()
    assert wrong == []


async def test_a_second_press_sends_nothing(chromium: Browser, everything: Everything) -> None:
    context = await chromium.new_context(locale="ru-RU", service_workers="block")
    page = await context.new_page()
    await _by_password(page, f"{everything.address}/ru/partner", PARTNER)
    await page.goto(f"{everything.address}/ru/partner/keys")

    went = await page.evaluate(
        """() => {
          const form = document.querySelector("main form[method=post]");
          form.noValidate = true;
          let went = 0;
          form.addEventListener("submit", (event) => { went += 1; event.preventDefault(); });
          const button = form.querySelector("button:not([type=button])");
          button.click();
          button.click();
          return went;
        }"""
    )

    assert went == 1
    await context.close()


async def test_what_is_wrong_in_a_form_says_of_which_field_and_leads_there(
    chromium: Browser, everything: Everything
) -> None:
    context = await chromium.new_context(locale="ru-RU", service_workers="block")
    page = await context.new_page()
    await _by_password(page, f"{everything.address}/office/sign-in", STAFF)
    await page.goto(f"{everything.address}/office/users/new")
    await page.locator("main form").first.evaluate("(form) => { form.noValidate = true; }")
    await page.locator("main form .button-primary").click()

    link = page.get_by_role("alert").get_by_role("link").first
    await expect(link).to_have_text(re.compile(r"^Электронная почта: \S"))
    await link.click()

    await expect(page.locator("main [name=email]")).to_be_focused()
    await context.close()
