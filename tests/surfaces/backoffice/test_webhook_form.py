"""Endpoints added, changed and removed by staff; a secret is shown once."""

from __future__ import annotations

import re

import pytest
import pytest_asyncio

from hansa.modules import accounts, webhooks
from tests.surfaces.backoffice.loyalty_world import World, a_world

HOME = "/office/webhooks"
TYPED = {
    "owner": "fuel",
    "url": "https://fuel.example/hooks",
    "event_types": "loyalty.PointsPosted\nloyalty.Percent*",
    "description": "Tills",
    "calls_max": "2",
}


@pytest_asyncio.fixture(loop_scope="session")
async def world(site) -> World:
    return await a_world(site, with_postings=False)


async def endpoints(site) -> list[webhooks.Endpoint]:
    async with site.context.database.snapshot() as snap:
        return await webhooks.list_endpoints(snap)


async def test_an_endpoint_is_added_and_its_secret_is_shown_once(root, site, world) -> None:
    made = await root.send(f"{HOME}/endpoints/new", TYPED, status=200)
    [endpoint] = await endpoints(site)
    secret = re.search(r"whsec_[\w+/=]+", made.text)
    again = await root.open(f"{HOME}/endpoints/{endpoint.id}")
    async with site.context.database.snapshot() as snap:
        told = await accounts.list_audit(snap, subject_id=endpoint.id)

    assert secret
    assert made.headers["cache-control"] == "no-store"
    assert secret[0] not in again
    assert secret[0] not in str([one.after for one in told])
    assert (endpoint.owner_id, endpoint.url, endpoint.calls_max) == (
        world.shop.id,
        TYPED["url"],
        2,
    )
    assert endpoint.event_types == ("loyalty.PointsPosted", "loyalty.Percent*")
    assert "Fuel" in again
    assert {one.actor_id for one in told} == {root.user.id}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"owner": ""}, "owner"),
        ({"owner": "another"}, "owner"),
        ({"url": ""}, "url"),
        ({"url": "ftp://fuel.example"}, "url"),
        ({"url": "https://anna:pass@fuel.example"}, "url"),
        ({"event_types": ""}, "event_types"),
        ({"event_types": "not a type!"}, "event_types"),
        ({"calls_max": "0"}, "calls_max"),
        ({"calls_max": "many"}, "calls_max"),
    ],
)
async def test_what_is_wrong_is_said_at_its_field(root, site, world, wrong, field) -> None:
    answer = await root.send(f"{HOME}/endpoints/new", {**TYPED, **wrong}, status=422)

    assert f'id="field-{field}-error"' in answer.text
    assert not await endpoints(site)


async def test_an_endpoint_is_changed_and_its_owner_stays(root, site, world) -> None:
    await root.send(f"{HOME}/endpoints/new", TYPED, status=200)
    [endpoint] = await endpoints(site)
    here = f"{HOME}/endpoints/{endpoint.id}/settings"
    form = await root.open(here)
    await root.send(here, {**TYPED, "owner": "", "event_types": "loyalty.*", "calls_max": "3"})
    wrong = await root.send(here, {**TYPED, "url": "http://fuel.example"}, status=422)
    [changed] = await endpoints(site)

    assert "loyalty.PointsPosted\nloyalty.Percent*" in form
    assert (changed.event_types, changed.calls_max) == (("loyalty.*",), 3)
    assert changed.owner_id == world.shop.id
    assert 'id="field-url-error"' in wrong.text


async def test_an_endpoint_is_removed(root, site, world) -> None:
    await root.send(f"{HOME}/endpoints/new", TYPED, status=200)
    [endpoint] = await endpoints(site)
    gone = await root.send(f"{HOME}/endpoints/{endpoint.id}/remove")

    assert not await endpoints(site)
    assert "The endpoint is removed" in await root.open(gone.headers["location"])
    await root.open(f"{HOME}/endpoints/{endpoint.id}/settings", status=404)
    await root.send(f"{HOME}/endpoints/{endpoint.id}/remove", status=404)


async def test_a_partner_has_so_many_endpoints_and_no_more(root, site, world) -> None:
    for number in range(webhooks.ENDPOINTS_MAX):
        url = f"https://fuel.example/hooks/{number}"
        await root.send(f"{HOME}/endpoints/new", {**TYPED, "url": url}, status=200)

    await root.send(f"{HOME}/endpoints/new", TYPED, status=409)

    assert len(await endpoints(site)) == webhooks.ENDPOINTS_MAX


async def test_only_who_may_change_webhooks_does(root, sign_in, site, world) -> None:
    await root.send(f"{HOME}/endpoints/new", TYPED, status=200)
    [endpoint] = await endpoints(site)
    here = f"{HOME}/endpoints/{endpoint.id}"
    async with sign_in("webhooks.view", email="looks@example.com") as browser:
        listed = await browser.open(HOME)
        page = await browser.open(here)
        for path in (f"{HOME}/endpoints/new", f"{here}/settings"):
            await browser.open(path, status=403)
            await browser.send(path, TYPED, status=403)
        await browser.send(f"{here}/remove", status=403)
    async with site.client(keyed=False) as client:
        nobody = await client.get(f"{here}/settings", headers={"Accept": "text/html"})

    assert "/endpoints/new" not in listed
    assert "/settings" not in page
    assert nobody.status_code == 303
