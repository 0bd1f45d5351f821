"""The desk by program: who may do what, a correction from proposal to posting, terms, cases."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio

from hansa.modules import accounts
from hansa.modules.loyalty import desk
from hansa.modules.loyalty.desk.jobs import run_post_correction
from tests.modules.loyalty.points.conftest import Play
from tests.support.http import Site, application

HOME = "/api/v1/loyalty"


@pytest_asyncio.fixture(loop_scope="session")
async def site(settings, play) -> AsyncIterator[Site]:
    async with application(settings, play.context.database, clock=play.clock) as running:
        yield running


@pytest.fixture
def keyed(play):
    """Give a client with a key of its own that allows what is said."""

    @contextlib.asynccontextmanager
    async def make(site: Site, *scopes: str) -> AsyncIterator[httpx.AsyncClient]:
        async with play.context.database.transaction() as tx:
            _, secret = await accounts.create_api_key(
                tx, name="Key", scopes=scopes, by=None, now=play.clock.now()
            )
        headers = {"Authorization": f"Bearer {secret}"}
        async with site.client(headers=headers, keyed=False) as client:
            yield client

    return make


async def call(
    client: httpx.AsyncClient, method: str, path: str, body: Any = None, *, status: int = 200
) -> Any:
    headers = {} if method == "GET" else {"Idempotency-Key": str(uuid4())}
    answer = await client.request(method, HOME + path, json=body, headers=headers)
    assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text[:600]}"
    return answer.json()


async def test_a_correction_by_two_programs(play: Play, site: Site, keyed):
    body = {
        "programme_id": str(play.programme.id),
        "member_id": str(play.member.id),
        "points": 70,
        "reason": "Given by hand",
    }
    async with keyed(site, "loyalty.view", "loyalty.correct", "loyalty.approve") as first:
        made = await call(first, "POST", "/corrections", body, status=201)
        path = f"/corrections/{made['id']}"
        own = await call(first, "POST", f"{path}/approve", {}, status=403)
    async with keyed(site, "loyalty.view", "loyalty.approve") as second:
        await call(second, "POST", "/corrections", body, status=403)
        await call(second, "POST", f"{path}/approve", {})
        await run_post_correction(play.context, desk.PostCorrection(correction_id=UUID(made["id"])))
        ended = await call(second, "GET", path)
        listed = await call(second, "GET", "/corrections?state=posted")
        member = await call(second, "GET", f"/members/{play.member.id}")
        found = await call(second, "POST", "/members/search", {"search": str(play.member.id)})
        home = f"/members/{play.member.id}/programmes/{play.programme.id}/postings"
        postings = await call(second, "GET", home)
        story = await call(second, "GET", f"{home}/{ended['posting_id']}")

    assert own["code"] == "loyalty.own_correction"
    assert ended["state"] == "posted"
    assert [one["id"] for one in listed["items"]] == [made["id"]]
    assert member["programmes"][0]["posted"] == 70
    assert found["items"] == [member]
    assert postings["items"][0]["posting_id"] == ended["posting_id"] == story["posting_id"]
    assert story["points"] == 70


async def test_a_case_and_terms_by_program(play: Play, site: Site, keyed):
    case = {
        "programme_id": str(play.programme.id),
        "member_id": str(play.member.id),
        "partner_id": str(play.shop.id),
        "kind": "wrong_percent",
        "said": "It should be ten",
    }
    async with keyed(site, "loyalty.view", "loyalty.correct", "loyalty.edit") as client:
        opened = await call(client, "POST", "/disputes", case, status=201)
        path = f"/disputes/{opened['id']}"
        await call(client, "POST", f"{path}/comments", {"said": "Look"}, status=201)
        play.later(seconds=1)
        asked = await call(client, "POST", f"{path}/ask-partner", {"said": "Why?"})
        refused = await call(client, "POST", f"{path}/refuse", {"said": "As agreed"})
        whole = await call(client, "GET", path)
        listed = await call(client, "GET", f"/disputes?state=refused&partner={play.shop.id}")
        terms = f"/coalition/programmes/{play.programme.id}/partners/{play.shop.id}"
        await call(client, "PUT", terms, {"percent": 300})
        await call(client, "PUT", terms, {"percent": 30_000}, status=400)
        coalition = await call(client, "GET", "/coalition")

    assert (asked["state"], refused["state"]) == ("asked_partner", "refused")
    assert [one["said"] for one in whole["comments"]] == ["Look", "Why?"]
    assert [one["id"] for one in listed["items"]] == [opened["id"]]
    assert 300 in [one["terms"]["percent"] for one in coalition["terms"]]


async def test_what_is_not_there_or_taken_is_told(play: Play, site: Site, keyed):
    nobody = f"/coalition/programmes/{uuid4()}/partners/{play.shop.id}"
    second = {"number": play.shop.number, "code": "second", "name": {"en": "Second"}}

    async with keyed(site, "loyalty.view", "loyalty.edit") as client:
        missing = await call(client, "PUT", nobody, {"percent": 300}, status=404)
        taken = await call(client, "PUT", f"/coalition/partners/{uuid4()}", second, status=409)

    assert missing["code"] == "loyalty.no_such_programme"
    assert taken["code"] == "loyalty.code_taken"
