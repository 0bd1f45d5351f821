"""What staff do with messages 1C refuses, in a real browser: see why, repeat, give one up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from hansa.assembly.application import build_context
from hansa.assembly.modules import all_modules, services_of
from hansa.modules import accounts, erp
from hansa.modules.erp.outgoing import loop
from hansa.modules.erp.outgoing.queue import Cause, put_messages
from hansa.modules.erp.outgoing.subjects import Subject
from hansa.runtime.context import Context
from hansa.runtime.settings import Secret, Settings
from tests.browser.conftest import OpenShop
from tests.support.buying import buy
from tests.support.onec_service import PASSWORD, USER, OnecService, onec_service

pytestmark = pytest.mark.browser

WORD = "a long enough word 7"
KEY = "a key that only tests use, long enough"
outgoing = erp.outgoing


@dataclass(frozen=True)
class Desk:
    """A member of staff's place, and the 1C their orders go to."""

    address: str
    email: str
    context: Context
    onec: OnecService
    connection: erp.Connection
    numbers: tuple[str, ...]

    async def send(self, state: str) -> None:
        """Run the sender until every message is in a state."""
        stop = asyncio.Event()
        running = asyncio.create_task(loop.run(self.context, stop))
        async with asyncio.timeout(60):
            while True:
                async with self.context.database.snapshot(single=True) as snap:
                    found = await outgoing.list_messages(snap, connection_id=self.connection.id)
                if {str(one.state) for one in found} == {state}:
                    break
                await asyncio.sleep(0.05)
        stop.set()
        await running


@pytest_asyncio.fixture(loop_scope="session")
async def desk(open_shop: OpenShop, tmp_path: Path) -> AsyncIterator[Desk]:
    """A shop with two orders that wait for a 1C which refuses them."""
    now = datetime.now(UTC)
    email = f"queue-{uuid4().hex[:8]}@example.com"
    context = build_context(
        Settings(
            environment="development",
            data_dir=tmp_path / "var",
            secret_key=Secret(KEY),
            database_url=open_shop.database.dsn,
        )
    )
    await context.open(services_of(all_modules()))
    with onec_service() as onec:
        placed = [await buy(context, (open_shop.shop.variant, 1), now=now) for _ in range(2)]
        async with context.database.transaction() as tx:
            await accounts.ensure_built_in_roles(tx, known_permissions=[], now=now)
            await accounts.create_user(
                tx,
                email=email,
                password=WORD,
                kind="staff",
                roles=[accounts.ADMINISTRATOR],
                name="Вера Лесная",
                now=now,
            )
            connection = await erp.ensure_connection(
                tx, market="ru", now=now, code=f"q{uuid4().hex[:8]}", name="1С Ольха"
            )
            await outgoing.save_outgoing(
                tx,
                outgoing=outgoing.Outgoing(
                    connection_id=connection.id,
                    address=onec.address,
                    sign_in=outgoing.SignIn.BASIC,
                    user_name=USER,
                    starts_at=now,
                    refusals_max=2,
                    pause_seconds=0.05,
                    pause_seconds_max=0.2,
                ),
                key=KEY.encode(),
                secret=PASSWORD,
            )
            subjects = {
                Subject(kind=outgoing.MessageKind.ORDER, id=one.order_id): Cause.WANTED
                for one in placed
            }
            await put_messages(tx, subjects=subjects, connection_id=connection.id, now=now)
        numbers = tuple(one.number for one in placed)
        yield Desk(open_shop.address, email, context, onec, connection, numbers)
    await context.close()


async def sign_in(page: Page, desk: Desk) -> None:
    await page.goto(f"{desk.address}/office/sign-in")
    await page.get_by_label("Электронная почта").fill(desk.email)
    await page.locator("input[name=password]").fill(WORD)
    await page.locator("main form button[type=submit]").click()
    await page.wait_for_url("**/office")


async def fits(page: Page) -> bool:
    """Whether nothing sticks out of the screen to the side."""
    wide: bool = await page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )
    return wide


async def test_a_refused_order_is_understood_repeated_and_arrives(page: Page, desk: Desk) -> None:
    desk.onec.misbehave(refuse=["*"], refuse_code="no_such_item")
    await desk.send("dead")
    await sign_in(page, desk)

    await page.goto(f"{desk.address}/office/erp-queue?connection={desk.connection.id}")
    await expect(page.get_by_role("heading", name="Очередь в учётную систему")).to_be_visible()
    await expect(page.get_by_text("no_such_item").first).to_be_visible()
    assert await fits(page)
    await page.get_by_role("link", name=f"Заказ {desk.numbers[0]}").first.click()
    await expect(page.get_by_text("ждёт человека").first).to_be_visible()
    await expect(page.get_by_text('"contract": "order.v1"')).to_be_visible()
    assert await fits(page)
    await page.go_back()
    desk.onec.misbehave(refuse=[])
    await page.get_by_role("button", name="Повторить все").click()
    await page.wait_for_url("**view=waiting**")
    await desk.send("acknowledged")

    await page.goto(f"{desk.address}/office/erp-queue?connection={desk.connection.id}&view=arrived")
    await expect(page.get_by_text(desk.numbers[1]).first).to_be_visible()
    await page.goto(f"{desk.address}/office/erp-queue/{desk.connection.id}/settings")
    await expect(page.get_by_label("Адрес")).to_have_value(desk.onec.address)
    assert await fits(page)


async def test_a_message_is_given_up_with_a_reason(page: Page, desk: Desk) -> None:
    desk.onec.misbehave(refuse=["*"])
    await desk.send("dead")
    await sign_in(page, desk)

    await page.goto(
        f"{desk.address}/office/erp-queue?connection={desk.connection.id}&q={desk.numbers[0]}"
    )
    await page.get_by_role("link", name=f"Заказ {desk.numbers[0]}").first.click()
    await page.get_by_label("Причина").fill("внесено вручную")
    await page.get_by_role("button", name="Отбросить сообщение").click()

    await expect(page.get_by_text("внесено вручную")).to_be_visible()
    await expect(page.get_by_text("отброшено", exact=True)).to_be_visible()
