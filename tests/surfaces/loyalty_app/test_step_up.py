"""Spending from a device that is not trusted: a code is sent and typed in, then it is ordered."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest_asyncio

from hansa.modules.loyalty import guard, members
from tests.surfaces.loyalty_app.conftest import House, Tab, hidden


class Telephones:
    """The codes that were sent."""

    def __init__(self) -> None:
        self.codes: list[str] = []

    async def send(self, context: object, message: members.CodeMessage) -> None:
        del context
        self.codes.append(message.code)


class Order:
    """Anna's window on a reward for 120 points; spending above 100 needs a proof."""

    def __init__(self, house: House, tab: Tab) -> None:
        self.house, self.tab, self.telephones = house, tab, Telephones()
        self.path = f"/rewards/{house.laid.rewards['mug']}"
        house.site.context.service(members.Codes).sender = self.telephones

    async def ask(self) -> httpx.Response:
        """Tap the button."""
        page = await self.tab.open(self.path)
        answer = await self.tab.send(f"{self.path}/order", order=hidden(page, "order"))
        self.tab.page = answer
        return answer

    async def confirm(self, page: httpx.Response, code: str) -> httpx.Response:
        """Type a code in."""
        fields = {name: hidden(page, name) for name in ("order", "points", "asked")}
        return await self.tab.send(f"{self.path}/confirm", **fields, code=code)


@pytest_asyncio.fixture(loop_scope="session")
async def order(house: House) -> Order:
    tab = await house.of_anna()
    async with house.database.transaction() as tx:
        await guard.save_rules(
            tx,
            programme_id=house.laid.programme.id,
            rules=guard.Rules(new_device_points=100),
            by=None,
            now=house.clock.now(),
        )
    await house.site.context.service(guard.Watch).refresh()
    return Order(house, tab)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


async def test_the_order_goes_on_once_the_code_is_right(order: Order) -> None:
    asked = await order.ask()
    assert asked.status_code == httpx.codes.OK
    assert "Это вы?" in asked.text

    mistyped = await order.confirm(asked, wrong(order.telephones.codes[0]))
    assert mistyped.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert "Осталось попыток: 4" in mistyped.text
    done = await order.confirm(mistyped, order.telephones.codes[0])

    assert done.status_code == httpx.codes.SEE_OTHER
    shown = await order.tab.open(done.headers["location"].removeprefix("/ru/loyalty"))
    assert "Кружка из глины" in shown.text
    again = await order.ask()  # the device is trusted now
    assert again.status_code == httpx.codes.SEE_OTHER
    assert len(order.telephones.codes) == 1


async def test_a_second_tap_orders_once(order: Order) -> None:
    asked = await order.ask()
    code = order.telephones.codes[0]
    first = await order.confirm(asked, code)
    second = await order.confirm(asked, code)

    assert first.status_code == httpx.codes.SEE_OTHER
    assert second.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert "больше не действует" in second.text
    listed = await order.tab.open("/orders")
    assert listed.text.count("Кружка из глины") == 1


async def test_a_code_that_is_too_old_or_asked_for_too_often_is_told(order: Order) -> None:
    asked = await order.ask()
    order.house.clock.advance(timedelta(minutes=10))
    late = await order.confirm(asked, order.telephones.codes[0])
    assert late.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert "больше не действует" in late.text

    for _ in range(3):
        assert (await order.ask()).status_code == httpx.codes.OK
    refused = await order.ask()

    assert refused.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert "слишком много кодов" in refused.text
