"""Stock over HTTP."""

from uuid import uuid4

import pytest

from hansa.modules import accounts
from hansa.modules.accounts.manifest import MODULE as ACCOUNTS
from hansa.modules.stock.manifest import MODULE as STOCK
from tests.support.http import application
from tests.support.stock import a_chain, put

RESERVATIONS = "/api/v1/stock/reservations"


@pytest.fixture
async def variant(committing, now):
    variant = uuid4()
    async with committing.transaction() as tx:
        chain = await a_chain(tx, now=now)
        await put(tx, chain.central, variant, 5, as_of=now)
        await put(tx, chain.shop, variant, 1, as_of=now)
    return variant


@pytest.fixture
async def site(settings, committing, clock):
    async with application(settings, committing, clock=clock, modules=[ACCOUNTS, STOCK]) as site:
        yield site


async def key_with(committing, now, *scopes):
    async with committing.transaction() as tx:
        _, secret = await accounts.create_api_key(tx, name="till", scopes=scopes, by=None, now=now)
    return {"Authorization": f"Bearer {secret}"}


def basket(variant, quantity):
    return {"channel": "ru", "lines": [{"variant_id": str(variant), "quantity": str(quantity)}]}


async def test_goods_are_reserved_once_per_key_and_released(site, committing, variant, now):
    headers = await key_with(committing, now, "stock.reserve", "stock.view")
    async with site.client(headers=headers) as client:
        again = {"Idempotency-Key": "attempt-0001"}
        first = await client.post(RESERVATIONS, json=basket(variant, 2), headers=again)
        repeat = await client.post(RESERVATIONS, json=basket(variant, 2), headers=again)
        other = await client.post(RESERVATIONS, json=basket(variant, 3), headers=again)

        assert (first.status_code, repeat.status_code, other.status_code) == (201, 201, 409)
        assert first.json() == repeat.json()
        assert other.json()["code"] == "stock.hold_key_reused"
        seen = await client.get(f"{RESERVATIONS}/{first.json()['id']}")
        assert seen.json() == first.json()
        for _ in range(2):
            gone = await client.delete(f"{RESERVATIONS}/{first.json()['id']}")
            assert gone.status_code == 204
        params = {"channel": "ru", "variant_id": str(variant)}
        found = await client.get("/api/v1/stock/availability", params=params)
        assert found.json()["items"][0]["available"] == "6.000"


async def test_what_is_short_is_told(site, committing, variant, now):
    headers = await key_with(committing, now, "stock.reserve")
    async with site.client(headers=headers) as client:
        refused = await client.post(RESERVATIONS, json=basket(variant, 7))

    assert refused.status_code == 409
    assert refused.json()["code"] == "stock.out_of_stock"
    assert str(variant) in refused.text


async def test_nobody_sees_or_releases_anothers_goods(site, committing, variant, now):
    mine = await key_with(committing, now, "stock.reserve")
    theirs = await key_with(committing, now, "stock.reserve")
    async with site.client() as client:
        held = await client.post(RESERVATIONS, json=basket(variant, 1), headers=mine)
        address = f"{RESERVATIONS}/{held.json()['id']}"

        assert (await client.get(address, headers=theirs)).status_code == 404
        assert (await client.delete(address, headers=theirs)).status_code == 404
        assert (await client.get(address, headers=mine)).status_code == 200


async def test_scope_and_key_are_needed(site, committing, variant, now):
    viewer = await key_with(committing, now, "stock.view")
    async with site.client(keyed=False) as client:
        nobody = await client.post(
            RESERVATIONS, json=basket(variant, 1), headers={"Idempotency-Key": "attempt-0001"}
        )
        lacking = await client.post(
            RESERVATIONS,
            json=basket(variant, 1),
            headers={"Idempotency-Key": "attempt-0001", **viewer},
        )
        keyless = await client.post(RESERVATIONS, json=basket(variant, 1), headers=viewer)

    assert (nobody.status_code, lacking.status_code, keyless.status_code) == (401, 403, 400)


@pytest.mark.parametrize("quantity", ["0", "-1", "1.0001", "NaN", "1e30", "many", None])
async def test_a_quantity_that_is_none_is_refused(site, committing, variant, now, quantity):
    headers = await key_with(committing, now, "stock.reserve")
    body = basket(variant, 1)
    body["lines"][0]["quantity"] = quantity
    async with site.client(headers=headers) as client:
        refused = await client.post(RESERVATIONS, json=body)

    assert refused.status_code == 400


async def test_a_number_is_explained_and_its_journal_read_page_by_page(
    site, committing, variant, now
):
    headers = await key_with(committing, now, "stock.reserve", "stock.view")
    async with site.client(headers=headers) as client:
        for _ in range(2):
            await client.post(RESERVATIONS, json=basket(variant, 1))
        about = f"/api/v1/stock/variants/{variant}"
        story = (await client.get(f"{about}/explanation", params={"channel": "ru"})).json()
        first = (await client.get(f"{about}/movements", params={"limit": 3})).json()
        rest = (await client.get(f"{about}/movements", params={"cursor": first["next"]})).json()

    assert story["available"] == "4.000"
    assert [part["waits_for"] for part in story["reservations"]] == ["order", "order"]
    kinds = [movement["kind"] for page in (first, rest) for movement in page["items"]]
    assert kinds == ["held", "held", "level", "level"]
    assert rest["next"] is None


async def test_staff_keep_some_back(site, committing, variant, now):
    headers = await key_with(committing, now, "stock.edit", "stock.view")
    async with site.client(headers=headers) as client:
        places = (await client.get("/api/v1/stock/warehouses")).json()["items"]
        central = next(place["id"] for place in places if place["code"].startswith("central"))
        address = f"/api/v1/stock/warehouses/{central}/safety/{variant}"

        saved = await client.put(address, json={"quantity": "4"})
        wrong = await client.put(address, json={"quantity": "-1"})

        params = {"channel": "ru", "variant_id": str(variant)}
        found = await client.get("/api/v1/stock/availability", params=params)
    assert (saved.status_code, wrong.status_code) == (204, 400)
    assert found.json()["items"][0]["available"] == "2.000"
