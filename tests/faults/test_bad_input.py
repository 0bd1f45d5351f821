"""Bad input to any unsafe call of the JSON API: a clear refusal, and no row differs afterwards.

What the web layer does with bodies in general is in `tests/runtime/http/test_bad_input.py`; here is
what the calls that sell and steer make of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from hansa.modules import accounts
from hansa.runtime.clock import SystemClock
from hansa.runtime.database import Database
from hansa.runtime.settings import Secret, Settings
from tests.faults.endpoints import ENDPOINTS, FORM, Bad, Endpoint, World, bad_requests, changed
from tests.support.http import Site, application
from tests.support.shop import Shop, a_shop

CODE = re.compile(r"^[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*$")
OTHERWISE: dict[str, tuple[str, Any]] = {
    "add to the basket": ("quantity", 7),
    "save a product": ("brand", "Another"),
    "set prices": ("prices.0.amount", "7"),
}
TABLES = """
    select format('%I.%I', schemaname, tablename) as name
      from pg_tables
     where schemaname in ('public', 'jobs')
     order by 1
"""


@dataclass(frozen=True)
class Place:
    """A shop that is called, and a key that may do everything."""

    site: Site
    shop: Shop
    key: str

    async def digest(self) -> dict[str, tuple[int, int]]:
        """Count and sum up the rows of every table."""
        async with self.site.context.database.snapshot() as snap:
            names = [row.name for row in await snap.all(TABLES)]
            summed = " union all ".join(
                f"select '{name}' as name, count(*) as number, coalesce(sum(hashtextextended("
                # When a key was last used is noted whatever came of it.
                f"(to_jsonb(kept) - 'used_at')::text, 0)), 0) as digest from {name} as kept"
                for name in names
            )
            rows = await snap.all(summed)  # type: ignore[arg-type]
        return {row.name: (row.number, row.digest) for row in rows}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def place(test_database_server, tmp_path_factory) -> AsyncIterator[Place]:
    with test_database_server.temporary("bad-input") as dsn:
        settings = Settings(
            environment="development",
            data_dir=tmp_path_factory.mktemp("bad-input"),
            secret_key=Secret("a key that only tests use, long enough"),
            database_url=dsn,
            rate_limit_requests_per_minute=0,
            rate_limit_sign_ins_per_minute=0,
        )
        database = Database(dsn)
        await database.open()
        now = SystemClock().now()
        async with database.transaction() as tx:
            shop = await a_shop(tx, now=now, on_hand=1_000)
            _, key = await accounts.create_api_key(tx, name="staff", scopes=["*"], by=None, now=now)
        async with application(settings, database) as site:
            made = Place(site, shop, key)
            async with site.client() as client:
                account = {"email": "anna@example.org", "password": "right and long enough"}
                await _ok(client.post("/api/v1/sign-up", json=account))
            yield made
        await database.close()


async def _ok(call: Any) -> Any:
    answer = await call
    assert answer.is_success, f"{answer.request.url}: {answer.status_code} {answer.text}"
    return answer.json() if answer.content else None


async def _basket(client: httpx.AsyncClient, shop: Shop) -> dict[str, str]:
    """Fill a new basket with one piece; give the header that opens it."""
    line = {"variant_id": str(shop.variant), "quantity": 1}
    kept = await _ok(client.post("/api/v1/basket/lines", json=line))
    return {"X-Basket-Token": kept["token"]}


async def _prepare(
    place: Place, endpoint: Endpoint, client: httpx.AsyncClient
) -> tuple[World, dict[str, str]]:
    """Make what the call is about; give it with the headers of whoever calls."""
    staff = {"Authorization": f"Bearer {place.key}"}
    async with place.site.client() as guest:
        basket = await _basket(guest, place.shop)
        order = await _ok(guest.post("/api/v1/orders", json={"details": FORM}, headers=basket))
    async with place.site.context.database.snapshot(single=True) as snap:
        product = await snap.scalar("select id from catalog_product")
    headers = staff if endpoint.is_staff else await _basket(client, place.shop)
    return World(place.shop, product, order["order_id"]), headers


def _encode(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


async def _send(
    client: httpx.AsyncClient,
    endpoint: Endpoint,
    world: World,
    content: bytes,
    headers: dict[str, str],
) -> httpx.Response:
    sent = {"Content-Type": "application/json", "Idempotency-Key": uuid4().hex, **headers}
    return await client.request(
        endpoint.method, endpoint.path(world), content=content, headers=sent
    )


def _fault(answer: httpx.Response, bad: Bad) -> str:
    """Say what is wrong with a refusal; nothing if all is well."""
    expected = range(400, 500) if bad.status is None else (bad.status,)
    if answer.status_code not in expected:
        return f"status {answer.status_code} {answer.text[:200]}"
    if answer.headers.get("content-type") != "application/problem+json":
        return f"content type {answer.headers.get('content-type')}"
    problem = answer.json()
    if not CODE.match(problem["code"]):
        return f"code {problem['code']!r} is none"
    if problem["code"] not in bad.codes:
        return f"code {problem['code']}, expected {bad.codes}"
    if not problem["title"] or not problem["detail"]:
        return f"says nothing: {problem}"
    return ""


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.name)
async def test_bad_input_is_refused_and_changes_nothing(place: Place, endpoint: Endpoint) -> None:
    async with place.site.client(keyed=False) as client:
        async with place.site.client() as keyed:
            world, headers = await _prepare(place, endpoint, keyed)
        before = await place.digest()
        faults = []
        for bad in bad_requests(endpoint, world, _encode):
            answer = await _send(client, endpoint, world, bad.content, {**headers, **bad.headers})
            fault = _fault(answer, bad)
            after = await place.digest()
            if after != before:
                fault += f" changed {[name for name in after if after[name] != before[name]]}"
                before = after
            if fault:
                faults.append(f"{bad.what}: {fault}")
        assert not faults, "\n".join(faults)

        # The body that was spoilt is a good one, and the comparison sees what it does.
        answer = await _send(client, endpoint, world, _encode(endpoint.body(world)), headers)
        assert answer.is_success, answer.text
        assert await place.digest() != before


@pytest.mark.parametrize(
    "endpoint", [one for one in ENDPOINTS if one.has_key], ids=lambda one: one.name
)
async def test_a_key_is_asked_for_and_counts_for_one_request(
    place: Place, endpoint: Endpoint
) -> None:
    async with place.site.client(keyed=False) as client:
        async with place.site.client() as keyed:
            world, headers = await _prepare(place, endpoint, keyed)
        content = _encode(endpoint.body(world))
        before = await place.digest()
        sent = {"Content-Type": "application/json", **headers}
        path = endpoint.path(world)
        codes = []
        for key in (None, "", "k" * 201, "two words", "ключ"):
            more = {} if key is None else {b"Idempotency-Key": key.encode()}
            raw = [*((k.encode(), v.encode()) for k, v in sent.items()), *more.items()]
            answer = await client.request(endpoint.method, path, content=content, headers=raw)
            codes.append((answer.status_code, answer.json()["code"]))
        assert codes == [(400, "idempotency.missing"), *[(400, "idempotency.invalid")] * 4]
        assert await place.digest() == before


@pytest.mark.parametrize(
    "endpoint",
    [one for one in ENDPOINTS if one.name in OTHERWISE],
    ids=lambda one: one.name,
)
async def test_the_key_of_another_request_is_refused(place: Place, endpoint: Endpoint) -> None:
    async with place.site.client(keyed=False) as client:
        async with place.site.client() as keyed:
            world, headers = await _prepare(place, endpoint, keyed)
        headers["Idempotency-Key"] = uuid4().hex
        good = endpoint.body(world)
        await _ok(_send(client, endpoint, world, _encode(good), headers))
        before = await place.digest()

        other = changed(good, *OTHERWISE[endpoint.name])
        answer = await _send(client, endpoint, world, _encode(other), headers)

        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency.mismatch")
        assert await place.digest() == before


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/catalog/products/{}",
        "/api/v1/catalog/variants/{}",
        "/api/v1/pricing/lists/{}",
        "/api/v1/basket/lines/{}",
    ],
)
@pytest.mark.parametrize("name", ["1", "%00", "a%1bb", "%ff", "..%2f..%2fetc", "x" * 3000])
async def test_ids_that_are_none_lead_nowhere(place: Place, path: str, name: str) -> None:
    before = await place.digest()
    async with place.site.client(headers={"Authorization": f"Bearer {place.key}"}) as client:
        answer = await client.put(path.format(name), json={"quantity": 1})

    assert answer.status_code in {400, 404}
    assert answer.headers["content-type"] == "application/problem+json"
    assert CODE.match(answer.json()["code"])
    assert await place.digest() == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": "-1"},
        {"amount": "0"},
        {"amount": "99999999999999999999"},
        {"amount": "1e30"},
        {"amount": "0.0000001"},
        {"amount": "5", "compare_at": "1e-7"},
        {"amount": "5", "min_quantity": "0"},
        {"amount": "5", "min_quantity": "0.0001"},
        {"amount": "5", "min_quantity": "1e20"},
    ],
    ids=str,
)
async def test_a_price_that_cannot_be_is_refused_by_itself(
    place: Place, wrong: dict[str, str]
) -> None:
    price = {"price_list_id": str(place.shop.price_list), "variant_id": str(place.shop.variant)}
    before = await place.digest()
    async with place.site.client(headers={"Authorization": f"Bearer {place.key}"}) as client:
        body = {"prices": [{**price, **wrong}]}
        told = await _ok(client.post("/api/v1/pricing/prices", json=body))

    assert [CODE.match(one["code"]) is not None for one in told["refused"]] == [True]
    assert (told["created"], told["changed"]) == (0, 0)
    after = await place.digest()
    assert {name for name in after if after[name] != before[name]} == {"public.idempotency_key"}
