"""Questions and cases over HTTP."""

from __future__ import annotations

from uuid import uuid4

import pytest
import pytest_asyncio

from hansa.modules import accounts, fulfilment
from hansa.modules.fulfilment import CaseState
from tests.support.fulfilment import a_chain, an_order, look
from tests.support.http import application

HOME = "/api/v1/fulfilment"


@pytest_asyncio.fixture(loop_scope="session")
async def asked(committing, now):
    async with committing.transaction() as tx:
        chain = await a_chain(tx, now=now, stocks={0: 2, 1: 1})
        order = await an_order(tx, {chain.item: 2}, now=now)
        await look(tx, order, now=now)
        return order


@pytest_asyncio.fixture(loop_scope="session")
async def site(settings, committing, asked, clock):
    async with application(settings, committing, clock=clock) as running:
        yield running


async def client_of(site, committing, now, *scopes):
    async with committing.transaction() as tx:
        _, secret = await accounts.create_api_key(
            tx, name=f"key {uuid4()}", scopes=scopes, by=None, now=now
        )
    return site.client(headers={"Authorization": f"Bearer {secret}"})


async def test_a_question_is_listed_shown_and_answered(site, committing, asked, now):
    scopes = ("fulfilment.view", "fulfilment.answer")
    async with await client_of(site, committing, now, *scopes) as client:
        [listed] = (await client.get(f"{HOME}/questions")).json()["items"]
        address = f"{HOME}/questions/{listed['id']}"
        assert (await client.get(address)).json() == listed
        elsewhere = await client.get(f"{HOME}/questions", params={"warehouse_id": str(uuid4())})
        assert elsewhere.json()["items"] == []

        body = {"lines": [{"line": 1, "found": "1", "missing": "1"}], "name": "Анна"}
        taken = (await client.post(f"{address}/answers", json=body)).json()
        again = (await client.post(f"{address}/answers", json=body)).json()
        wrong = await client.post(f"{address}/answers", json={"lines": [{"line": 1}]})
        story = (await client.get(f"{HOME}/cases/{asked.id}")).json()
        cases = (await client.get(f"{HOME}/cases", params={"state": "asking"})).json()

    assert (taken["kind"], again["kind"]) == ("taken", "repeated")
    assert taken["question"]["answered_by"] == "Анна"
    assert taken["question"]["lines"][0]["kept"] == "1.000"
    assert wrong.status_code == 400
    assert wrong.json()["code"] == "fulfilment.answer_invalid"
    assert [part["state"] for part in story["parts"]] == ["confirmed"]
    assert {one["reason"] for one in story["verdicts"]} >= {"chosen"}
    assert [one["order_id"] for one in cases["items"]] == [str(asked.id)]
    async with committing.transaction() as tx:
        assert await look(tx, asked, now=now) is CaseState.ASKING
        assert len(await fulfilment.list_open_questions(tx)) == 1


@pytest.mark.parametrize("bad", ["NaN", "Infinity", "-1", "1e30"])
async def test_quantities_that_are_none_are_refused(site, committing, asked, now, bad):
    async with await client_of(
        site, committing, now, "fulfilment.view", "fulfilment.answer"
    ) as client:
        [listed] = (await client.get(f"{HOME}/questions")).json()["items"]
        answer = await client.post(
            f"{HOME}/questions/{listed['id']}/answers", json={"lines": [{"line": 1, "found": bad}]}
        )

    assert answer.status_code in {400, 422}


async def test_scopes_are_needed(site, committing, asked, now):
    async with await client_of(site, committing, now, "fulfilment.view") as client:
        [listed] = (await client.get(f"{HOME}/questions")).json()["items"]
        body = {"lines": [{"line": 1, "found": "2"}]}
        refused = await client.post(f"{HOME}/questions/{listed['id']}/answers", json=body)
        unknown = await client.get(f"{HOME}/questions/{uuid4()}")
        nobody = await client.get(f"{HOME}/cases/{uuid4()}")
    async with await client_of(site, committing, now, "orders.view") as client:
        hidden = await client.get(f"{HOME}/cases")

    assert refused.status_code == hidden.status_code == 403
    assert unknown.status_code == nobody.status_code == 404
