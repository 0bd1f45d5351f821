"""The catalogue's and the prices' JSON API for staff, over HTTP."""

from collections.abc import AsyncIterator
from datetime import datetime
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from hansa.modules import accounts
from hansa.runtime.clock import FixedClock
from hansa.runtime.database import Database
from hansa.runtime.settings import Settings
from tests.support.catalogue import SmallShop, a_small_shop
from tests.support.http import application

SCOPES = ("catalog.view", "catalog.edit", "pricing.view", "pricing.edit")


async def key_of(database: Database, scopes: tuple[str, ...], now: datetime) -> str:
    """Make an API key."""
    async with database.transaction() as tx:
        _, secret = await accounts.create_api_key(tx, name="test", scopes=scopes, by=None, now=now)
    return secret


@pytest_asyncio.fixture(loop_scope="session")
async def shop(committing: Database, now: datetime) -> SmallShop:
    """A small shop without products."""
    async with committing.transaction() as tx:
        return await a_small_shop(tx, now=now)


@pytest_asyncio.fixture(loop_scope="session")
async def client(
    committing: Database, settings: Settings, clock: FixedClock, shop: SmallShop
) -> AsyncIterator[httpx.AsyncClient]:
    """A client with a key that may do everything here."""
    headers = {"Authorization": f"Bearer {await key_of(committing, SCOPES, clock.now())}"}
    async with (
        application(settings, committing, clock=clock) as site,
        site.client(headers=headers) as lent,
    ):
        yield lent


async def test_product_is_saved_shown_listed_and_audited(
    client: httpx.AsyncClient, committing: Database
) -> None:
    address = f"/api/v1/catalog/products/{uuid4()}"
    saved = await client.put(address, json={"name": {"ru": "Пальто"}})
    again = await client.put(address, json={"name": {"ru": "Плащ"}, "slug": "palto"})

    assert saved.status_code == 200, saved.text
    assert (saved.json()["slug"], saved.json()["overridden"]) == ("palto", [])
    assert again.json()["overridden"] == ["name"]
    assert (await client.get(address)).json() == again.json()
    listed = (await client.get("/api/v1/catalog/products", params={"search": "плащ"})).json()
    assert [item["slug"] for item in listed["items"]] == ["palto"]
    async with committing.snapshot() as snap:
        entries = await accounts.list_audit(snap, subject_kind="product")
    assert {entry.action for entry in entries} == {
        "catalog.product_changed",
        "catalog.product_created",
    }


async def test_overridden_field_is_given_back_to_imports(client: httpx.AsyncClient) -> None:
    address = f"/api/v1/catalog/products/{uuid4()}"
    await client.put(address, json={"name": {"ru": "Пальто"}})
    await client.put(address, json={"name": {"ru": "Плащ"}})

    reset = await client.post(f"{address}/override-resets", json={"fields": ["name"]})

    assert reset.status_code == 204
    assert (await client.get(address)).json()["overridden"] == []


async def test_only_what_is_archived_can_be_deleted(client: httpx.AsyncClient) -> None:
    product_id = str(uuid4())
    address = f"/api/v1/catalog/products/{product_id}"
    await client.put(address, json={"name": {"ru": "Пальто"}})
    body = {"product_ids": [product_id]}

    refused = await client.post("/api/v1/catalog/deleted-products", json=body)
    archived = await client.post("/api/v1/catalog/archived-products", json=body)
    deleted = await client.post("/api/v1/catalog/deleted-products", json=body)

    assert (refused.status_code, refused.json()["code"]) == (422, "catalog.not_archived")
    assert (archived.status_code, deleted.status_code) == (204, 204)
    assert (await client.get(address)).status_code == 404


async def test_category_attribute_choice_and_variant_are_saved(client: httpx.AsyncClient) -> None:
    product, attribute = uuid4(), uuid4()
    await client.put(f"/api/v1/catalog/products/{product}", json={"name": {"ru": "Пальто"}})
    for path, body in (
        (f"categories/{uuid4()}", {"name": {"ru": "Шубы"}}),
        (f"attributes/{attribute}", {"code": "fit", "name": {"ru": "Крой"}, "kind": "choice"}),
        (f"choices/{uuid4()}", {"attribute_id": str(attribute), "name": {"ru": "узкий"}}),
        (f"variants/{uuid4()}", {"product_id": str(product), "sku": "П-1"}),
    ):
        answer = await client.put(f"/api/v1/catalog/{path}", json=body)
        assert answer.status_code == 200, answer.text

    variants = (await client.get(f"/api/v1/catalog/products/{product}/variants")).json()
    assert [item["sku"] for item in variants["items"]] == ["П-1"]
    for name in ("all-categories", "attributes", "choices"):
        page = (await client.get(f"/api/v1/catalog/{name}", params={"limit": 1})).json()
        assert len(page["items"]) == 1
        assert page["next"]


async def test_prices_are_set_refused_and_remembered(
    client: httpx.AsyncClient, shop: SmallShop
) -> None:
    variant = str(uuid4())
    price = {"price_list_id": str(shop.retail.id), "variant_id": variant}
    body = {"prices": [price | {"amount": "19.90"}, price | {"amount": -1}]}

    answer = (await client.post("/api/v1/pricing/prices", json=body)).json()

    assert (answer["created"], [each["code"] for each in answer["refused"]]) == (
        1, ["pricing.absurd_price"],
    )  # fmt: skip
    listed = (await client.get(f"/api/v1/pricing/lists/{shop.retail.id}/prices")).json()
    (item,) = listed["items"]
    assert (item["variant_id"], float(item["amount"]), item["is_overridden"]) == (
        variant,
        19.9,
        True,
    )
    removed = await client.post("/api/v1/pricing/removed-prices", json={"prices": [price]})
    changes = (await client.get(f"/api/v1/pricing/variants/{variant}/changes")).json()
    assert removed.status_code == 204
    assert [item["amount_after"] is None for item in changes["items"]] == [True, False]


async def test_lists_and_groups_are_saved(client: httpx.AsyncClient) -> None:
    group = await client.put("/api/v1/pricing/groups/vip", json={"name": {"ru": "ВИП"}})
    saved = await client.put(
        f"/api/v1/pricing/lists/{uuid4()}",
        json={
            "code": "vip",
            "name": {"ru": "ВИП"},
            "market": "ru",
            "currency": "RUB",
            "customer_group": "vip",
        },
    )
    member = await client.put(f"/api/v1/pricing/parties/{uuid4()}/group", json={"group": "vip"})
    unknown = await client.put(f"/api/v1/pricing/parties/{uuid4()}/group", json={"group": "x"})

    assert (group.status_code, saved.status_code, member.status_code) == (200, 200, 204), saved.text
    assert unknown.json()["code"] == "pricing.no_such_group"
    lists = (await client.get("/api/v1/pricing/lists", params={"limit": 2})).json()
    assert [item["code"] for item in lists["items"]] == ["partners", "retail"]
    following = (await client.get("/api/v1/pricing/lists", params={"after": lists["next"]})).json()
    assert [item["code"] for item in following["items"]] == ["vip"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": {}},
        {"name": {"ru": 5}},
        {"name": {"ru": "А"}, "unknown": 1},
        {"name": {"ru": "А"}, "slug": "No Good"},
        {"name": {"ru": "А"}, "publish_from": "2026-01-01"},
        {"name": {"ru": "А\u0000"}},
        {"name": {"ru": "А" * 501}},
    ],
)
async def test_wrong_product_is_refused(client: httpx.AsyncClient, body: dict[str, object]) -> None:
    answer = await client.put(f"/api/v1/catalog/products/{uuid4()}", json=body)

    assert answer.status_code == 400, answer.text


async def test_nobody_without_the_permission_changes_anything(
    committing: Database, settings: Settings, clock: FixedClock, shop: SmallShop
) -> None:
    key = await key_of(committing, ("catalog.view", "pricing.view"), clock.now())
    async with (
        application(settings, committing, clock=clock) as site,
        site.client(headers={"Authorization": f"Bearer {key}"}) as reader,
        site.client() as stranger,
    ):
        address = f"/api/v1/catalog/products/{uuid4()}"
        assert (await reader.put(address, json={"name": {"ru": "А"}})).status_code == 403
        assert (await stranger.get("/api/v1/catalog/products")).status_code == 401
        assert (await reader.get("/api/v1/catalog/products")).status_code == 200
