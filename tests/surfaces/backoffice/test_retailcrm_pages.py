"""RetailCRM as staff see it: connecting, what corresponds to what, refusals, the first load."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
import pytest_asyncio

from hansa.modules import retailcrm
from tests.support.buying import all_orders, buy
from tests.support.retailcrm import KEY, CrmAccount, a_crm, deliver, exchange, settle

HOME = "/office/retailcrm"


@pytest_asyncio.fixture(loop_scope="session")
async def crm() -> AsyncIterator[CrmAccount]:
    async with a_crm() as running:
        yield running


async def connect(root, crm, *, key: str = KEY) -> UUID:
    answer = await root.send(
        f"{HOME}/connections/new", {"name": "CRM", "address": crm.url, "secret_key": key}
    )
    return UUID(re.search(r"connections/([0-9a-f-]+)", answer.headers["location"])[1])


def settings(page: str, **changes: object) -> dict[str, object]:
    """Read the form as it stands, as a browser would send it."""
    inner = page[page.index('action="/office/retailcrm/connections/') :]
    typed = re.findall(r'<input[^>]*name="([a-z_]+)"[^>]*value="([^"]*)"', inner)
    left_out = {"csrf_token", "takes_orders", "sends_stock", "is_active"}
    sent: dict[str, object] = {name: value for name, value in typed if name not in left_out}
    for name, options in re.findall(r'<select[^>]*name="([a-z_]+)"[^>]*>(.*?)</select>', inner):
        for value in re.findall(r'<option value="([^"]*)" selected', options):
            sent.setdefault(name, [])
            sent[name] = [*sent[name], value]  # type: ignore[misc]
    return {**sent, **changes}


async def switch_on(root, connection_id, **changes: object):
    page = await root.open(f"{HOME}/connections/{connection_id}")
    data = settings(
        page,
        sites=["ru=shop-ru"],
        payment_type=["cash=cash", "card=bank-card"],
        delivery_type=["courier=courier"],
        requests_per_second="100",
        since="2026-01-01T00:00",
        is_active="1",
        takes_orders="1",
        sends_stock="1",
        **changes,
    )
    return await root.send(f"{HOME}/connections/{connection_id}", data)


async def held(site, connection_id) -> retailcrm.Connection:
    async with site.context.database.snapshot() as snap:
        return await retailcrm.get_connection(snap, connection_id=connection_id)


async def test_without_a_connection_there_is_a_way_to_make_one(root):
    page = await root.open(HOME)
    assert "No RetailCRM is connected" in page
    assert f'href="{HOME}/connections/new"' in page


async def test_connecting_fetches_the_lists_and_keeps_the_key_secret(root, site, crm):
    connection_id = await connect(root, crm)
    page = await root.open(f"{HOME}/connections/{connection_id}?done=crm_tested")
    assert "RetailCRM answers" in page
    assert KEY not in page
    assert "Согласовано с клиентом" in page
    assert "placed=new" in page
    connection = await held(site, connection_id)
    assert KEY.encode() not in connection.sealed_key
    assert not connection.is_active
    audit = await root.open("/office/audit")
    assert KEY not in audit


async def test_a_wrong_key_is_told_on_the_page(root, crm):
    connection_id = await connect(root, crm, key="wrong")
    page = await root.open(f"{HOME}/connections/{connection_id}")
    assert "RetailCRM refused: Wrong" in page


@pytest.mark.parametrize("address", ["ftp://x.example", "shop", "http://shop.example/?a=1"])
async def test_an_address_that_is_none_is_refused(root, crm, address):
    answer = await root.send(
        f"{HOME}/connections/new",
        {"name": "CRM", "address": address, "secret_key": KEY},
        status=422,
    )
    assert "Enter the address of the account" in answer.text


async def test_it_is_not_switched_on_without_a_site(root, crm):
    connection_id = await connect(root, crm)
    answer = await root.send(
        f"{HOME}/connections/{connection_id}",
        {"name": "CRM", "address": crm.url, "is_active": "1"},
        status=422,
    )
    assert "Choose at least one site" in answer.text


async def test_settings_are_kept_as_chosen(root, site, crm, shop):
    connection_id = await connect(root, crm)
    store = [f"{shop.central}=msk-1"]
    await switch_on(root, connection_id, store=store, owner=["order.city=shop"])
    connection = await held(site, connection_id)
    assert connection.is_active
    assert connection.sites == {"ru": "shop-ru"}
    assert connection.options.stores == {str(shop.central): "msk-1"}
    assert connection.options.statuses_out["confirmed"] == "client-confirmed"
    assert connection.options.statuses_in["assembling-complete"] == "packed"
    assert connection.options.owners == {"order.city": "shop"}
    page = await root.open(f"{HOME}/connections/{connection_id}")
    assert f'value="{shop.central}=msk-1" selected' in page


async def test_what_was_refused_is_shown_and_tried_again(root, site, crm, shop):
    connection_id = await connect(root, crm)
    await switch_on(root, connection_id)
    connection = await held(site, connection_id)
    crm.call_in(shop, quantity=99)
    await exchange(site.context, connection)
    page = await root.open(HOME)
    assert "Not everything of order" in page
    [refusal] = re.findall(r'/refusals/([0-9a-f-]+)"', page)[:1]
    await root.send(f"{HOME}/{connection_id}/refusals/{refusal}", {"decision": "retry"})
    await settle(site.context, connection)
    assert "Not everything of order" in await root.open(HOME)
    await root.send(f"{HOME}/{connection_id}/refusals/{refusal}", {"decision": "dismiss"})
    assert "Everything was taken over" in await root.open(HOME)


async def test_the_first_load_sends_what_was_before_and_recognises_what_is_there(
    root, site, crm, shop
):
    before = [
        await buy(site.context, (shop.variants[n % 3], 1), phone=f"8 916 555-00-{n:02}",
                  email=f"{n}@example.org")
        for n in range(12)
    ]  # fmt: skip
    crm.books.create_customer(
        {"firstName": "Анна", "phones": [{"number": "8 916 555-00-00"}]}, "shop-ru",
        crm.manager,
    )  # fmt: skip
    await deliver(site.context)
    connection_id = await connect(root, crm)
    await switch_on(root, connection_id)
    connection = await held(site, connection_id)
    await root.send(f"{HOME}/{connection_id}/load")
    assert "Looking at the customers" in await root.open(HOME)
    await settle(site.context, connection)
    await settle(site.context, connection)
    assert "Everything is sent" in await root.open(HOME)
    assert len(crm.books.customers) == 12
    told = {one["externalId"] for one in crm.books.orders.values()}
    assert told == {str(one.order_id) for one in before}
    assert len(await all_orders(site.context)) == 12
    assert crm.calls("upload")


async def test_who_may_only_look_changes_nothing(sign_in, root, crm):
    connection_id = await connect(root, crm)
    async with sign_in("retailcrm.view", email="look@example.com") as looker:
        page = await looker.open(HOME)
        assert "Exchange now" not in page
        await looker.open(f"{HOME}/connections/{connection_id}")
        await looker.send(f"{HOME}/{connection_id}/exchange", status=403)
        await looker.send(f"{HOME}/{connection_id}/load", status=403)
    async with sign_in("orders.view", email="other@example.com") as other:
        await other.open(HOME, status=403)


async def test_pages_are_in_russian_too(root, crm):
    connection_id = await connect(root, crm)
    root.client.cookies.set("hansa_language", "ru")
    assert "Ждут отправки" in await root.open(HOME)
    page = await root.open(f"{HOME}/connections/{connection_id}")
    assert "Чьё слово решает" in page
