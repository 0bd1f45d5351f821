"""Buying over HTTP: a guest with a program, a guest with a browser, and what is refused."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import httpx
import msgspec
import pytest
import pytest_asyncio

from hansa.modules import stock
from hansa.runtime.settings import Secret
from tests.conftest import NOON
from tests.support.acquirer import SECRET
from tests.support.http import Site, application
from tests.support.shop import set_price

FORM = {
    "recipient_name": "Анна Иванова",
    "phone": "8 916 123-45-67",
    "email": "anna@example.org",
    "delivery_method": "courier",
    "address": {"city": "Москва", "street": "Мясницкая", "house": "1"},
    "payment_method": "cash",
    "accepts_terms": True,
}


@pytest_asyncio.fixture(loop_scope="session")
async def site(settings, committing, shop, bank, clock) -> AsyncIterator[Site]:
    own = replace(settings, acquirer_url=bank.url, acquirer_secret=Secret(SECRET))
    async with application(own, committing, clock=clock) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def client(site) -> AsyncIterator[httpx.AsyncClient]:
    async with site.client() as lent:
        yield lent


async def fill(client, variant, quantity=1):
    """Put something in as a program does: the token of the first answer is sent from then on."""
    answer = await client.post(
        "/api/v1/basket/lines", json={"variant_id": str(variant), "quantity": quantity}
    )
    assert answer.status_code == 201, answer.text
    if answer.json()["token"]:
        client.headers["X-Basket-Token"] = answer.json()["token"]
    return answer.json()


async def test_a_program_buys_for_a_guest(client, shop):
    await fill(client, shop.variant, 2)
    basket = (await client.get("/api/v1/basket")).json()
    assert basket["totals"]["goods"] == {"minor": 398000, "currency": "RUB", "amount": "3980.00"}
    assert basket["is_placeable"]
    assert basket["payment_methods"] == ["cash", "card"]
    saved = await client.put("/api/v1/basket/details", json=FORM)
    assert saved.status_code == 204, saved.text
    shown = (await client.get("/api/v1/basket")).json()["totals"]["total"]["minor"]

    placed = await client.post("/api/v1/orders", json={"expected_total_minor": shown})

    assert placed.status_code == 201, placed.text
    body = placed.json()
    assert body["total"]["minor"] == 428000
    assert body["redirect_url"] is None
    page = await client.get(f"/api/v1/order-pages/{body['token']}")
    assert page.json()["number"] == body["number"]
    assert page.json()["may_become"] == ["cancelled"]
    assert (await client.get("/api/v1/basket")).json()["lines"] == []


async def test_the_same_key_gives_the_same_order(client, shop):
    await fill(client, shop.variant)
    key = {"Idempotency-Key": uuid4().hex}

    first = await client.post("/api/v1/orders", json={"details": FORM}, headers=key)
    again = await client.post("/api/v1/orders", json={"details": FORM}, headers=key)

    assert first.json() == again.json()


async def test_adding_is_done_once_per_key_and_setting_needs_none(client, site, shop):
    await fill(client, shop.variant)
    key = {"Idempotency-Key": uuid4().hex}
    line = {"variant_id": str(shop.variant), "quantity": 1}
    for _ in range(2):
        await client.post("/api/v1/basket/lines", json=line, headers=key)
    assert (await client.get("/api/v1/basket")).json()["lines"][0]["quantity"] == "2.000"

    path = f"/api/v1/basket/lines/{shop.variant}"
    async with site.client(keyed=False, headers=dict(client.headers)) as unkeyed:
        assert (await unkeyed.put(path, json={"quantity": 3})).status_code == 200
        assert (await unkeyed.get("/api/v1/basket")).json()["lines"][0]["quantity"] == "3.000"
        assert (await unkeyed.delete(path)).status_code == 204
        assert (await unkeyed.get("/api/v1/basket")).json()["lines"] == []
        refused = await unkeyed.post("/api/v1/orders", json={})
        assert refused.status_code == 400
        assert refused.json()["code"] == "idempotency.missing"


async def test_out_of_stock_says_what_is_left(client, shop):
    await fill(client, shop.variant, 7)

    refused = await client.post("/api/v1/orders", json={"details": FORM})

    assert refused.status_code == 409
    assert refused.json()["code"] == "stock.out_of_stock"
    [short] = refused.json()["data"]["short"]
    assert short[0] == str(shop.variant)
    assert [float(number) for number in short[1:]] == [7, 5]
    assert len((await client.get("/api/v1/basket")).json()["lines"]) == 1


async def test_another_total_is_refused_with_the_new_one(client, site, shop):
    await fill(client, shop.variant)
    async with site.context.database.transaction() as tx:
        await set_price(tx, shop, shop.variant, "2500", now=NOON)

    refused = await client.post(
        "/api/v1/orders", json={"details": FORM, "expected_total_minor": 229000}
    )

    assert refused.status_code == 409
    assert refused.json()["data"]["total_minor"] == 280000


async def test_a_form_is_refused_field_by_field(client, shop):
    await fill(client, shop.variant)

    refused = await client.post(
        "/api/v1/orders", json={"details": {**FORM, "phone": "12", "accepts_terms": False}}
    )

    assert refused.status_code == 400
    problems = refused.json()["data"]["problems"]
    assert [problem["field"] for problem in problems] == ["phone", "accepts_terms"]


@pytest.mark.parametrize(
    "line",
    [
        {"variant_id": "x"},
        {"variant_id": str(uuid4()), "quantity": "NaN"},
        {"variant_id": str(uuid4()), "quantity": "1e999999"},
        {"variant_id": str(uuid4()), "quantity": -1},
        {"variant_id": str(uuid4()), "quantity": 1.5, "more": 1},
        {},
    ],
)
async def test_a_line_that_makes_no_sense_is_refused_clearly(client, line):
    answer = await client.post("/api/v1/basket/lines", json=line)

    assert answer.status_code in {400, 404}
    assert answer.headers["content-type"].startswith("application/problem+json")


async def test_nobody_sees_another_guests_basket(client, site, shop):
    await fill(client, shop.variant)

    async with site.client() as other:
        assert (await other.get("/api/v1/basket")).json()["lines"] == []
        assert (await other.post("/api/v1/orders", json={"details": FORM})).status_code == 422


async def test_orders_of_others_are_for_staff_only(client, shop):
    await fill(client, shop.variant)
    placed = (await client.post("/api/v1/orders", json={"details": FORM})).json()
    order = f"/api/v1/orders/{placed['order_id']}"

    for path in (
        "/api/v1/orders",
        "/api/v1/orders/export",
        order,
        "/api/v1/me/orders",
        "/api/v1/payments",
        f"/api/v1/payments/{placed['payment_id']}",
    ):
        assert (await client.get(path)).status_code == 401, path
    for path in (
        f"{order}/cancellation",
        f"{order}/transitions",
        f"{order}/notes",
        f"/api/v1/payments/{placed['payment_id']}/refunds",
        f"/api/v1/payments/{placed['payment_id']}/receipt",
        f"/api/v1/payments/{placed['payment_id']}/look",
    ):
        body = {"reason": "x"} if "refunds" in path or "cancel" in path else {}
        if "transitions" in path:
            body = {"to": "confirmed"}
        if "notes" in path:
            body = {"text": "x"}
        assert (await client.post(path, json=body)).status_code == 401, path
    assert (await client.get("/api/v1/order-pages/nonsense")).status_code == 404


async def test_five_hundred_programs_at_once_buy_the_last_five(site, shop):
    async with site.client() as client:
        tokens = []
        for _ in range(500):
            client.headers.pop("X-Basket-Token", None)
            tokens.append((await fill(client, shop.variant))["token"])
        client.headers.pop("X-Basket-Token", None)

        async def buy(token):
            return await client.post(
                "/api/v1/orders", json={"details": FORM}, headers={"X-Basket-Token": token}
            )

        answers = await asyncio.gather(*(buy(token) for token in tokens))

    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(201), statuses.count(409)) == (5, 495)
    async with site.context.database.snapshot(single=True) as snap:
        found = await stock.availability(snap, channel="ru", variant_ids=[shop.variant])
    assert found[shop.variant].available == 0


async def test_a_notice_of_the_acquirer_is_believed_only_signed_and_then_read_there(
    client, site, shop, bank
):
    await fill(client, shop.variant)
    card = {**FORM, "payment_method": "card"}
    placed = (await client.post("/api/v1/orders", json={"details": card})).json()
    assert placed["redirect_url"].startswith(bank.url)
    reference = bank.payments[-1].id
    body = msgspec.json.encode({"id": "n1", "payment": reference, "state": "captured"})
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    path = "/api/v1/payments/notices/simulated"

    async with site.client(keyed=False) as acquirer:
        unsigned = await acquirer.post(path, content=body)
        assert unsigned.status_code == 403
        for _ in range(2):
            taken = await acquirer.post(
                path, content=body, headers={"X-Acquirer-Signature": signature}
            )
            assert taken.status_code == 200, taken.text

    page = (await client.get(f"/api/v1/order-pages/{placed['token']}")).json()
    assert page["payment_state"] == "awaiting", "the notice alone proves nothing"
    async with site.context.database.snapshot() as snap:
        waiting = await snap.scalar(
            "select count(*) from jobs.procrastinate_jobs where task_name = 'payments.settle'"
        )
    assert waiting == 1
