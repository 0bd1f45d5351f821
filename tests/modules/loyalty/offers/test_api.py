"""What a partner's program does about offers, actions and percents, and what it may not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest_asyncio

from hansa.modules import accounts
from hansa.modules.loyalty import members, offers, programmes
from hansa.runtime.clock import FixedClock
from hansa.runtime.context import Context
from hansa.runtime.database import Database
from tests.support.http import application
from tests.support.loyalty import a_member, a_partner, a_programme, phone

HOME = "/loyalty/v1"
SCOPES = ("loyalty.percent", "loyalty.actions", "loyalty.offers")
ANNA = phone(1)
COFFEE = {
    "programme": "apelsin",
    "code": "coffee-week",
    "title": {"en": "Coffee week", "ru": "Кофейная неделя"},
    "condition": {"kind": "visit", "code": "cafe"},
    "reward": {"kind": "percent", "percent": 250, "category": "food", "days": 10},
    "needs_activation": False,
}


@dataclass
class Desk:
    """Programs of two partners on one application."""

    context: Context
    database: Database
    clock: FixedClock
    programme: programmes.Programme
    bakery: programmes.Partner
    member: members.Member
    http: httpx.AsyncClient
    headers: dict[str, dict[str, str]]

    async def call(
        self, method: str, path: str, who: str = "bakery", *, key: str = "", **body: Any
    ) -> httpx.Response:
        sent: dict[str, Any] = {"params": body} if method == "GET" else {"json": body}
        headers = self.headers[who] | ({"Idempotency-Key": key} if key else {})
        return await self.http.request(method, HOME + path, headers=headers, **sent)

    async def visit(self, key: str, *, who: str = "bakery", **changes: Any) -> httpx.Response:
        action = {
            "key": key,
            "member": {"kind": "phone", "value": ANNA},
            "code": "cafe",
            "happened_at": self.clock.now().isoformat(),
        }
        return await self.call(
            "POST", "/actions", who, programme="apelsin", actions=[action | changes]
        )

    async def approve(self, offer_id: str) -> None:
        """Let staff approve what was submitted, and let the process know."""
        async with self.database.transaction() as tx:
            found = await offers.get_offer(tx, offer_id=UUID(offer_id))
            await offers.approve_offer(
                tx, offer_id=found.id, revision=found.revision, by=None, now=self.clock.now()
            )
        await self.context.service(offers.Rulebook).refresh()

    async def run_offer(self, **changes: Any) -> str:
        """Write, submit and approve an offer."""
        written = await self.call("POST", "/offers", **(COFFEE | changes))
        assert written.status_code == 201, written.text
        offer_id = str(written.json()["id"])
        submitted = await self.call("POST", f"/offers/{offer_id}/submission")
        assert submitted.status_code == 200, submitted.text
        await self.approve(offer_id)
        return offer_id


@pytest_asyncio.fixture
async def desk(settings, committing, clock, now) -> AsyncIterator[Desk]:
    async with committing.transaction() as tx:
        programme = await a_programme(tx, now=now)
        await a_programme(tx, now=now, code="network", number=2)
        bakery = await a_partner(tx, programme, now=now)
        florist = await a_partner(tx, programme, now=now, code="florist", number=2)
        member = await a_member(tx, programme, now=now, phone=ANNA)
        secrets = {}
        for name, partner, is_sandbox, scopes in (
            ("bakery", bakery.id, False, SCOPES),
            ("florist", florist.id, False, SCOPES),
            ("sandbox", bakery.id, True, SCOPES),
            ("nobody", None, False, SCOPES),
            ("reader", bakery.id, False, ("loyalty.percent",)),
        ):
            client, secret = await accounts.create_client(
                tx,
                name=name,
                scopes=list(scopes),
                partner_id=partner,
                is_sandbox=is_sandbox,
                by=None,
                now=now,
            )
            secrets[name] = (client.public_id, secret)
    async with application(settings, committing, clock=clock) as site, site.client() as http:
        headers: dict[str, dict[str, str]] = {"guest": {}}
        for name, (public_id, secret) in secrets.items():
            form = {
                "grant_type": "client_credentials",
                "client_id": public_id,
                "client_secret": secret,
            }
            given = (await http.post("/oauth/token", data=form)).json()
            headers[name] = {"Authorization": f"Bearer {given['access_token']}"}
        yield Desk(site.context, committing, clock, programme, bakery, member, http, headers)


async def test_a_task_done_raises_the_percent_that_the_partner_reads(desk: Desk) -> None:
    offer_id = await desk.run_offer()
    path = f"/members/{desk.member.id}/percents"
    before = await desk.call("GET", path, programme="apelsin")

    reported = await desk.visit("visit-1")
    desk.clock.advance(timedelta(minutes=1))
    after = await desk.call("GET", path, programme="apelsin")
    named = await desk.call(
        "POST",
        "/members/percents",
        programme="apelsin",
        member={"kind": "phone", "value": ANNA},
        categories=["food.bread", "toys"],
    )

    assert [one["percent"] for one in before.json()["percents"]] == [100]
    assert reported.json()["items"] == [
        {
            "key": "visit-1",
            "offer_ids": [offer_id],
            "is_repeat": False,
            "error": None,
            "detail": None,
        }
    ]
    assert [(one["category"], one["percent"]) for one in after.json()["percents"]] == [
        ("", 100),
        ("food", 350),
    ]
    reasons = after.json()["percents"][1]["reasons"]
    assert [(one["kind"], one["percent"], one["offer"]) for one in reasons] == [
        ("base", 100, ""),
        ("raise", 250, "coffee-week"),
    ]
    assert named.json()["member_id"] == str(desk.member.id)
    assert [one["percent"] for one in named.json()["percents"]] == [350, 100]


async def test_percents_asked_for_at_once_are_read_together(desk: Desk) -> None:
    path = f"/members/{desk.member.id}/percents"

    answers = await asyncio.gather(
        *(desk.call("GET", path, programme="apelsin") for _ in range(50))
    )

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1


async def test_each_reported_action_is_answered_by_itself(desk: Desk) -> None:
    await desk.run_offer()
    await desk.visit("old")
    action = {
        "member": {"kind": "phone", "value": ANNA},
        "code": "cafe",
        "happened_at": desk.clock.now().isoformat(),
    }

    answered = await desk.call(
        "POST",
        "/actions",
        programme="apelsin",
        actions=[
            action | {"key": "a"},
            action | {"key": "b", "member": {"kind": "phone", "value": phone(404)}},
            action | {"key": "old"},
            action | {"key": "old", "code": "other"},
        ],
    )

    items = answered.json()["items"]
    assert [(one["key"], one["error"], one["is_repeat"]) for one in items] == [
        ("a", None, False),
        ("b", "loyalty.member_not_found", False),
        ("old", None, True),
        ("old", "loyalty.action_differs", False),
    ]


async def test_a_repeated_call_gets_the_same_bytes_and_too_many_actions_are_refused(
    desk: Desk,
) -> None:
    await desk.run_offer()
    action = {
        "key": "a",
        "member": {"kind": "phone", "value": ANNA},
        "code": "cafe",
        "happened_at": desk.clock.now().isoformat(),
    }
    body = {"programme": "apelsin", "actions": [action]}

    first = await desk.call("POST", "/actions", key="k1", **body)
    again = await desk.call("POST", "/actions", key="k1", **body)
    many = await desk.call("POST", "/actions", programme="apelsin", actions=[action] * 501)

    assert first.content == again.content
    assert many.status_code == 400


async def test_a_sandbox_key_is_answered_and_nothing_is_kept(desk: Desk) -> None:
    await desk.run_offer()

    tried = await desk.visit("a", who="sandbox")
    live = await desk.visit("a")

    assert tried.json() == live.json()
    assert not live.json()["items"][0]["is_repeat"]


async def test_a_partner_writes_changes_and_ends_its_own_offers_only(desk: Desk) -> None:
    offer_id = await desk.run_offer()
    path = f"/offers/{offer_id}"
    body = {name: value for name, value in COFFEE.items() if name not in {"programme", "code"}}

    taken = await desk.call("POST", "/offers", **COFFEE)
    unseen = await desk.call("GET", path, "florist")
    untouched = await desk.call("POST", f"{path}/end", "florist")
    changed = await desk.call("PUT", path, **body | {"budget_points": 500})
    listed = await desk.call("GET", "/offers", state="draft")
    wrong = await desk.call("PUT", path, **body | {"reward": {"kind": "percent", "percent": 0}})
    results = await desk.call("GET", f"{path}/results")
    ended = await desk.call("POST", f"{path}/end")

    assert (taken.status_code, taken.json()["code"]) == (409, "loyalty.offer_code_taken")
    assert (unseen.status_code, untouched.status_code) == (404, 404)
    assert (changed.json()["state"], changed.json()["is_live"]) == ("draft", True)
    assert [one["id"] for one in listed.json()["items"]] == [offer_id]
    assert (wrong.status_code, wrong.json()["code"]) == (400, "loyalty.offer_invalid")
    assert "percent" in wrong.json()["detail"]
    assert results.json()["completed"] == 0
    assert ended.json()["state"] == "ended"


async def test_a_preview_says_what_a_receipt_would_earn_and_why(desk: Desk) -> None:
    await desk.run_offer()
    await desk.visit("a")
    desk.clock.advance(timedelta(minutes=1))

    found = await desk.call(
        "POST",
        "/previews",
        programme="apelsin",
        member={"kind": "phone", "value": ANNA},
        lines=[
            {"amount_minor": 100_000, "category": "food"},
            {"amount_minor": 100_000, "category": "toys"},
        ],
    )

    assert found.json()["points"] == 45
    assert [(one["points"], one["reason"]) for one in found.json()["lines"]] == [
        (35, "base 1 %, coffee-week +2.5 %"),
        (10, "base 1 %"),
    ]


async def test_whoever_lacks_the_scope_or_the_partner_is_refused(desk: Desk) -> None:
    path = f"/members/{desk.member.id}/percents"

    found = [
        (await desk.call("GET", path, "guest", programme="apelsin")).status_code,
        (await desk.call("GET", path, "nobody", programme="apelsin")).status_code,
        (await desk.call("GET", path, "reader", programme="apelsin")).status_code,
        (await desk.call("GET", path, "reader", programme="network")).status_code,
        (await desk.visit("a", who="reader")).status_code,
        (await desk.call("POST", "/offers", "reader", **COFFEE)).status_code,
    ]

    assert found == [401, 403, 200, 404, 403, 403]
