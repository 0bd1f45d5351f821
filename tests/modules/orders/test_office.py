"""What staff do with orders over HTTP: find, export, lead on, cancel, note, refund."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from hansa.modules import accounts, orders
from hansa.modules.orders import OrderFilter
from hansa.runtime.settings import Secret
from tests.conftest import NOON
from tests.support.acquirer import SECRET
from tests.support.buying import buy
from tests.support.http import Site, application
from tests.support.shop import put_stock

SCOPES = (
    "orders.view",
    "orders.edit",
    "orders.cancel",
    "payments.view",
    "payments.receive",
    "payments.refund",
)


@pytest_asyncio.fixture(loop_scope="session")
async def site(settings, committing, shop, bank, clock) -> AsyncIterator[Site]:
    own = replace(settings, acquirer_url=bank.url, acquirer_secret=Secret(SECRET))
    async with application(own, committing, clock=clock) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def staff(site, committing) -> AsyncIterator[httpx.AsyncClient]:
    async with committing.transaction() as tx:
        _, secret = await accounts.create_api_key(
            tx, name="office", scopes=SCOPES, by=None, now=NOON
        )
    async with site.client(headers={"Authorization": f"Bearer {secret}"}) as client:
        yield client


async def numbers(staff, **query):
    answer = await staff.get("/api/v1/orders", params=query)
    assert answer.status_code == 200, answer.text
    return [order["number"] for order in answer.json()["items"]]


async def test_orders_are_found_by_number_name_telephone_and_mail(site, staff, shop):
    first = await buy(site.context, (shop.variant, 1))
    second = await buy(
        site.context,
        (shop.variant, 1),
        recipient_name="Пётр 100%_Петров",
        phone="+7 495 111-22-33",
        email="peter@example.com",
        now=NOON + timedelta(minutes=1),
    )

    assert await numbers(staff) == [second.number, first.number]
    assert await numbers(staff, search=first.number.lower()) == [first.number]
    assert await numbers(staff, search="ИВАНОВА") == [first.number]
    assert await numbers(staff, search="4951112233") == [second.number]
    assert await numbers(staff, search="PETER@") == [second.number]
    assert await numbers(staff, search="0%_п") == [second.number]
    assert await numbers(staff, search="%") == [second.number], "a sign, not a wildcard"
    assert await numbers(staff, state="cancelled") == []
    assert await numbers(staff, payment="due", market="ru") == [second.number, first.number]


async def test_pages_follow_each_other_without_gap_or_repeat(site, staff, shop):
    async with site.context.database.transaction() as tx:
        await put_stock(tx, shop.central, shop.variant, 50, now=NOON)
    placed = [
        await buy(site.context, (shop.variant, 1), now=NOON + timedelta(minutes=n // 2))
        for n in range(7)
    ]

    seen: list[str] = []
    after: str | None = None
    while True:
        query = {"limit": 2, **({"after": after} if after else {})}
        page = (await staff.get("/api/v1/orders", params=query)).json()
        seen += [order["number"] for order in page["items"]]
        after = page["next"]
        if after is None:
            break

    assert sorted(seen) == sorted(one.number for one in placed)
    assert (await staff.get("/api/v1/orders", params={"after": "x"})).status_code == 400


async def test_orders_are_exported_for_spreadsheets(site, staff, shop):
    placed = await buy(site.context, (shop.variant, 2), recipient_name="=HYPERLINK(1);x")

    answer = await staff.get("/api/v1/orders/export")

    text = answer.content.decode("utf-8-sig")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    head, row, end = text.split("\r\n")
    assert head.startswith("number;erp_number;placed_at")
    assert row.startswith(f"{placed.number};;2026-11-21 12:00:00;ru;placed;due;")
    assert '"\'=HYPERLINK(1);x"' in row, "a formula becomes text"
    assert row.endswith(";2;4280.00;RUB;0")
    assert end == ""


async def test_what_was_given_up_is_seen_in_lists_tables_and_the_order(site, staff, shop):
    placed = await buy(site.context, (shop.variant, 2))
    async with site.context.database.transaction() as tx:
        await orders.give_up(
            tx,
            order_id=placed.order_id,
            lines=[(shop.variant, Decimal(1))],
            reason="not found in the shop",
            by=orders.By.SYSTEM,
            now=NOON,
        )

    (summary,) = (await staff.get("/api/v1/orders")).json()["items"]
    assert (summary["item_count"], summary["given_up_count"]) == ("1.000", "1.000")
    whole = (await staff.get(f"/api/v1/orders/{placed.order_id}")).json()
    (line,) = whole["lines"]
    assert (line["quantity"], line["given_up"], line["left"]) == ("2.000", "1.000", "1.000")
    assert line["amount"]["minor"] == line["amount_given_up"]["minor"] == 1990_00
    assert whole["total"]["minor"] == 2290_00
    assert whole["history"][-1]["kind"] == "given_up"
    text = (await staff.get("/api/v1/orders/export")).content.decode("utf-8-sig")
    assert text.split("\r\n")[1].endswith(";1;2290.00;RUB;1")


async def test_staff_lead_an_order_on_note_and_cancel_it(site, staff, shop):
    placed = await buy(site.context, (shop.variant, 1))
    path = f"/api/v1/orders/{placed.order_id}"

    led = await staff.post(f"{path}/transitions", json={"to": "confirmed", "comment": "звонили"})
    assert led.json() == {"state": "confirmed"}
    assert (await staff.post(f"{path}/notes", json={"text": "постоянный"})).status_code == 204
    order = (await staff.get(path)).json()
    assert order["may_become"] == ["packed", "shipped", "delivered", "cancelled"]
    assert [one["comment"] for one in order["history"]] == ["", "звонили", "постоянный"]
    page = (await staff.get(f"/api/v1/order-pages/{placed.token}")).json()
    assert [one["kind"] for one in page["history"]] == ["placed", "state"], "notes are for staff"

    back = await staff.post(f"{path}/transitions", json={"to": "placed"})
    assert back.status_code == 422
    assert back.json()["code"] == "orders.transition_refused"
    for _ in range(2):
        gone = await staff.post(f"{path}/cancellation", json={"reason": "нет"})
        assert gone.status_code == 204
    async with site.context.database.snapshot() as snap:
        audit = await accounts.list_audit(snap, limit=10)
    assert [one.action for one in audit].count("orders.cancel") == 1


async def test_cash_is_noted_and_given_back_once_per_key(site, staff, shop):
    placed = await buy(site.context, (shop.variant, 1))
    path = f"/api/v1/payments/{placed.payment_id}"

    received = await staff.post(f"{path}/receipt", json={})
    assert received.json()["state"] == "captured"
    key = {"Idempotency-Key": "one-refund"}
    for _ in range(2):
        refunded = await staff.post(
            f"{path}/refunds", json={"reason": "брак", "amount_minor": 1000}, headers=key
        )
        assert refunded.status_code == 201, refunded.text
    assert (await staff.get(path)).json()["refunded_minor"] == 1000
    over = await staff.post(f"{path}/refunds", json={"reason": "x", "amount_minor": 10**13})
    assert over.status_code == 422


async def test_streaming_walks_through_every_order(site, shop):
    async with site.context.database.transaction() as tx:
        await put_stock(tx, shop.central, shop.variant, 50, now=NOON)
    for _ in range(3):
        await buy(site.context, (shop.variant, 1))

    async with site.context.database.snapshot() as snap:
        pages = [page async for page in orders.stream_orders(snap, wanted=OrderFilter())]

    assert [len(page) for page in pages] == [3]


async def test_staff_give_up_a_part_once_per_key(site, staff, shop):
    placed = await buy(site.context, (shop.variant, 3))
    address = f"/api/v1/orders/{placed.order_id}/given-up"
    body = {
        "lines": [{"variant_id": str(shop.variant), "quantity": "1"}],
        "reason": "torn",
    }

    first = await staff.post(address, json=body, headers={"Idempotency-Key": "give-up-1"})
    again = await staff.post(address, json=body, headers={"Idempotency-Key": "give-up-1"})

    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert first.json()["money"]["minor"] == 1990_00
    whole = (await staff.get(f"/api/v1/orders/{placed.order_id}")).json()
    assert whole["lines"][0]["given_up"] == "1.000"


@pytest.mark.parametrize(
    ("quantity", "status"),
    [
        ("0", 400),
        ("-1", 400),
        ("0.5", 400),
        ("4", 400),
        ("1e9", 400),
        ("1e999999", 400),
        ("sNaN", 400),
        ("many", 400),
        (None, 400),
    ],
)
async def test_giving_up_nonsense_changes_nothing(site, staff, shop, quantity, status):
    placed = await buy(site.context, (shop.variant, 3))
    body = {"lines": [{"variant_id": str(shop.variant), "quantity": quantity}], "reason": "torn"}
    answer = await staff.post(f"/api/v1/orders/{placed.order_id}/given-up", json=body)
    assert answer.status_code == status
    whole = (await staff.get(f"/api/v1/orders/{placed.order_id}")).json()
    assert whole["lines"][0]["given_up"] == "0.000"


async def test_giving_up_what_is_not_there_is_not_found(site, staff, shop):
    placed = await buy(site.context, (shop.variant, 3))
    body = {"lines": [{"variant_id": str(uuid4()), "quantity": "1"}], "reason": "torn"}
    address = f"/api/v1/orders/{placed.order_id}/given-up"
    assert (await staff.post(address, json=body)).status_code == 404
    body["lines"][0]["variant_id"] = str(shop.variant)
    address = f"/api/v1/orders/{uuid4()}/given-up"
    assert (await staff.post(address, json=body)).status_code == 404
