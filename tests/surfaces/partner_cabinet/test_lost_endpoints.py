"""A system that is told nothing any more: its people see it at home, with what to do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest_asyncio

from hansa.modules import webhooks
from tests.support.webhooks import World as Receiving
from tests.support.webhooks import a_receiver
from tests.surfaces.partner_cabinet.conftest import HOME, Browser

NOTICE = "Your system is told nothing: Till of Anna"


@pytest_asyncio.fixture(loop_scope="session")
async def till(site, world) -> AsyncIterator[Receiving]:
    """The till of the shop, which answers 410 to the first message."""
    async with a_receiver() as receiver:
        receiving = Receiving(site.context, receiver, owner=world.shop.id)
        await receiving.endpoint("anna", description="Till of Anna")
        receiver.misbehave("anna", gone=-1)
        await receiving.send()
        async with receiving.delivering():
            await receiving.until("cancelled")
        yield receiving


async def the_endpoint(till: Receiving) -> webhooks.Endpoint:
    async with till.context.database.snapshot() as snap:
        [endpoint] = await webhooks.list_endpoints(snap, owner=till.owner)
    return endpoint


async def test_its_people_are_told_what_to_do_until_it_is_switched_on(
    till, anna: Browser, boris: Browser
) -> None:
    endpoint = await the_endpoint(till)

    home = await anna.open(HOME)
    assert NOTICE in home
    assert "answered “410 Gone”" in home
    assert "switch it on, then send again what did not arrive" in home
    assert f'href="{HOME}/webhooks/{endpoint.id}"' in home
    assert "told nothing" not in await boris.open(HOME)

    await anna.send(f"{HOME}/webhooks/{endpoint.id}/switch")
    assert NOTICE not in await anna.open(HOME)


async def test_what_is_no_longer_kept_is_told_as_well(till, anna: Browser, clock) -> None:
    clock.advance(timedelta(days=7))
    await anna.enter("anna@example.com")

    home = await anna.open(HOME)

    assert "was not kept for it: read it from the API" in home


async def test_what_somebody_switched_off_is_no_alarm(till, anna: Browser) -> None:
    endpoint = await the_endpoint(till)
    await anna.send(f"{HOME}/webhooks/{endpoint.id}/switch")  # on
    await anna.send(f"{HOME}/webhooks/{endpoint.id}/switch")  # off, by hand

    assert NOTICE not in await anna.open(HOME)
