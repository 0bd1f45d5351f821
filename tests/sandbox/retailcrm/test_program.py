"""The practice RetailCRM as a program of its own: the vendor's rules, and memory over a restart."""

from __future__ import annotations

import json

import httpx
import pytest

from sandbox.retailcrm.books import MANAGER
from tests.support.http import free_port
from tests.support.processes import Program, eventually
from tests.support.retailcrm import KEY, a_crm

HEADERS = {"X-API-KEY": KEY}


class Api:
    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def get(self, path, **query):
        return await self.client.get(f"/api/v5/{path}", params=query, headers=HEADERS)

    async def post(self, path, **form):
        sent = {k: v if isinstance(v, str) else json.dumps(v) for k, v in form.items()}
        return await self.client.post(f"/api/v5/{path}", data=sent, headers=HEADERS)


@pytest.fixture
async def crm():
    async with a_crm() as running:
        yield running


@pytest.fixture
async def api(crm):
    async with httpx.AsyncClient(base_url=crm.url, trust_env=False) as client:
        yield Api(client)


async def test_a_key_is_needed_in_the_header_or_the_query(crm):
    async with httpx.AsyncClient(base_url=crm.url, trust_env=False) as client:
        assert (await client.get("/api/v5/orders")).status_code == 403
        assert (await client.get("/api/v5/orders", params={"apiKey": KEY})).status_code == 200
        answer = await client.get("/api/v5/orders", headers=HEADERS)
    assert answer.json() == {
        "success": True,
        "pagination": {"limit": 20, "totalCount": 0, "currentPage": 1, "totalPageCount": 0},
        "orders": [],
    }


async def test_an_external_id_is_taken_once(api):
    order = {"externalId": "a-1", "phone": "+79161112233"}
    first = await api.post("orders/create", order=order, site="shop-ru")
    again = await api.post("orders/create", order=order, site="shop-ru")
    assert first.status_code == 200
    assert again.status_code == 400
    assert "already exists" in again.json()["errorMsg"]
    found = await api.get("orders/a-1", by="externalId")
    assert found.json()["order"]["id"] == first.json()["id"]
    assert (await api.get("orders/none", by="externalId")).status_code == 404


async def test_a_wrong_status_is_refused_field_by_field(api):
    answer = await api.post("orders/create", order={"status": "no"}, site="shop-ru")
    assert answer.status_code == 400
    assert "status" in answer.json()["errors"]


async def test_an_upload_makes_what_it_can(api):
    rows = [{"externalId": "1"}, {"externalId": "1"}, {"externalId": "2"}]
    answer = await api.post("orders/upload", orders=rows, site="shop-ru")
    assert answer.status_code == 460
    told = answer.json()
    assert [one["externalId"] for one in told["uploadedOrders"]] == ["1", "2"]
    assert list(told["errors"]) == ["1"]
    many = [{"externalId": str(n)} for n in range(51)]
    assert (await api.post("customers/upload", customers=many)).status_code == 400


async def test_history_tells_who_did_what_and_is_read_by_number(crm, api):
    made = (await api.post("orders/create", order={"externalId": "1"}, site="shop-ru")).json()
    crm.books.edit_order(crm.books.orders[made["id"]], {"status": "complete"}, MANAGER)
    records = (await api.get("orders/history", limit=100)).json()["history"]
    assert [one["source"] for one in records] == ["api", "user"]
    assert records[0]["created"] is True
    assert records[0]["apiKey"] == {"current": True}
    assert (records[1]["field"], records[1]["oldValue"], records[1]["newValue"]) == (
        "status",
        "new",
        "complete",
    )
    later = await api.get("orders/history", **{"filter[sinceId]": records[0]["id"]})
    assert [one["id"] for one in later.json()["history"]] == [records[1]["id"]]
    both = await api.get("orders/history", **{"filter[sinceId]": 1, "page": 1})
    assert both.status_code == 400
    other = await api.client.get("/api/v5/orders/history", headers={"X-API-KEY": "key-of-another"})
    assert other.json()["history"][0]["apiKey"] == {"current": False}


async def test_limits_of_pages_are_the_vendors(api):
    assert (await api.get("orders", limit=50)).status_code == 200
    assert (await api.get("orders", limit=30)).status_code == 400


async def test_combined_customers_leave_a_trace(api):
    first = (await api.post("customers/create", customer={"externalId": "1"})).json()["id"]
    second = (await api.post("customers/create", customer={"externalId": "2"})).json()["id"]
    answer = await api.post(
        "customers/combine", customers=[{"id": second}], resultCustomer={"id": first}
    )
    assert answer.json() == {"success": True}
    records = (await api.get("customers/history")).json()["history"]
    assert records[-1]["deleted"] is True
    assert records[-1]["combinedTo"]["id"] == first


async def test_stock_is_kept_per_store(api):
    offers = [{"externalId": "v", "stores": [{"code": "msk-1", "available": 3}]}]
    answer = await api.post("store/inventories/upload", offers=offers)
    assert answer.json()["processedOffersCount"] == 1
    told = (await api.get("store/inventories")).json()["offers"]
    assert told[0]["stores"] == [{"store": "msk-1", "quantity": 3.0}]
    wrong = [{"externalId": "v", "stores": [{"code": "none", "available": 3}]}]
    assert (await api.post("store/inventories/upload", offers=wrong)).status_code == 400


@pytest.mark.parametrize("name", ["statuses", "payment-types", "delivery-types", "stores", "sites"])
async def test_reference_lists_are_there(api, name):
    assert (await api.get(f"reference/{name}")).json()["success"] is True


async def test_more_than_ten_a_second_are_refused(crm, api):
    crm.mood.per_second = 10
    answers = [await api.get("orders") for _ in range(12)]
    statuses = [one.status_code for one in answers]
    assert statuses[:10] == [200] * 10
    assert 503 in statuses[10:]


async def test_moods_are_set_from_outside(crm, api):
    await api.client.post("/control", json={"fail": 1, "clock_offset_seconds": 3600})
    assert (await api.get("orders")).status_code == 503
    assert (await api.get("orders")).status_code == 200
    await api.client.post("/control", json={"lose_answers": 1, "lose_path": "create"})
    with pytest.raises(httpx.TransportError):
        await api.post("orders/create", order={"externalId": "1"}, site="shop-ru")
    assert len(crm.books.orders) == 1


async def test_a_manager_works_at_the_page(crm):
    async with httpx.AsyncClient(base_url=crm.url, trust_env=False) as client:
        form = {"name": "Ольга", "phone": "+79161112233", "article": "D-1", "price": "100"}
        assert (await client.post("/orders/new", data=form)).status_code == 303
        [order] = crm.books.orders.values()
        page = (await client.get("/")).text
        assert f'id="order-{order["id"]}"' in page
        await client.post(f"/orders/{order['id']}", data={"status": "client-confirmed"})
        money = {"type": "cash", "status": "paid", "amount": "100"}
        await client.post(f"/orders/{order['id']}/payments", data=money)
        refused = await client.post(f"/orders/{order['id']}", data={"status": "<b>"})
        assert "<b>" not in refused.text
    assert order["status"] == "client-confirmed"
    assert {one["source"] for one in crm.books.order_history} == {"user"}
    assert len(crm.books.payments) == 1


def test_it_remembers_over_a_restart(tmp_path):
    port = free_port()
    arguments = (
        *("-m", "sandbox.retailcrm", "--port", str(port), "--key", KEY),
        *("--state", str(tmp_path / "crm.json")),
    )
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, headers=HEADERS)

    def answers() -> bool:
        try:
            return client.get("/health").status_code == 200
        except httpx.TransportError:
            return False

    with client:
        with Program.started(*arguments):
            eventually(answers)
            sent = {"site": "shop-ru", "order": json.dumps({"externalId": "x"})}
            assert client.post("/api/v5/orders/create", data=sent).json()["success"]
        with Program.started(*arguments):
            eventually(answers)
            assert client.get("/api/v5/orders/x").json()["order"]["externalId"] == "x"
            assert client.get("/api/v5/orders/history").json()["history"][0]["id"] == 1
