"""What a partner's program can do about members, and what it never learns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from hansa.modules import accounts
from hansa.modules.loyalty import members, programmes
from hansa.runtime.clock import FixedClock
from hansa.runtime.context import Context
from hansa.runtime.database import Database
from tests.support.http import application
from tests.support.loyalty import a_member, a_partner, a_programme, phone

HOME = "/loyalty/v1/members"
CONSENT = {"document": "rules", "version": "3"}
ANNA = phone(1)


@dataclass
class Tills:
    """Programs of two partners on one application."""

    context: Context
    database: Database
    clock: FixedClock
    programme: programmes.Programme
    bakery: programmes.Partner
    http: httpx.AsyncClient
    headers: dict[str, dict[str, str]]

    async def call(self, method: str, path: str, who: str = "bakery", **body: Any):
        sent = {"json": body} if method == "POST" else {"params": body}
        return await self.http.request(method, path, headers=self.headers[who], **sent)

    async def enrol(self, who: str = "bakery", **names: Any):
        body = {"programme": "apelsin", "consent": CONSENT, **names}
        return await self.call("POST", HOME, who, **body)

    async def search(self, kind: str, value: str, who: str = "bakery"):
        body = {"programme": "apelsin", "kind": kind, "value": value}
        return await self.call("POST", f"{HOME}/search", who, **body)

    async def proof_of(self, number: str) -> dict[str, str]:
        asked = await self.call("POST", "/loyalty/v1/codes", phone=number)
        assert asked.status_code == 202, asked.text
        challenge = asked.json()["challenge_id"]
        await members.send_code(self.context, members.SendCode(challenge_id=challenge))
        async with self.database.snapshot(single=True) as snap:
            [shown] = await members.list_shown_codes(snap, limit=1)
        proven = await self.call("POST", f"/loyalty/v1/codes/{challenge}/answer", code=shown.code)
        assert proven.status_code == 200, proven.text
        return dict(proven.json())


@pytest_asyncio.fixture
async def tills(settings, committing, clock, now):
    async with committing.transaction() as tx:
        programme = await a_programme(tx, now=now)
        other = await a_programme(tx, now=now, code="network", number=2)
        bakery = await a_partner(tx, programme, now=now)
        florist = await a_partner(tx, programme, other, now=now, code="florist", number=2)
        secrets = {}
        for name, partner, is_sandbox in (
            ("bakery", bakery.id, False),
            ("florist", florist.id, False),
            ("sandbox", bakery.id, True),
            ("nobody", None, False),
            ("stranger", uuid4(), False),
        ):
            client, secret = await accounts.create_client(
                tx,
                name=name,
                scopes=["loyalty.members"],
                partner_id=partner,
                is_sandbox=is_sandbox,
                by=None,
                now=now,
            )
            secrets[name] = (client.public_id, secret)
    async with application(settings, committing, clock=clock) as site, site.client() as http:
        headers = {"guest": {}}
        for name, (public_id, secret) in secrets.items():
            form = {
                "grant_type": "client_credentials",
                "client_id": public_id,
                "client_secret": secret,
            }
            given = (await http.post("/oauth/token", data=form)).json()
            headers[name] = {"Authorization": f"Bearer {given['access_token']}"}
        yield Tills(site.context, committing, clock, programme, bakery, http, headers)


async def test_a_person_is_enrolled_found_and_seen_without_a_name(tills):
    enrolled = await tills.enrol(phone=ANNA, partner_ref="c-1", name="Анна")

    assert enrolled.status_code == 200, enrolled.text
    body = enrolled.json()
    assert set(body) == {"member_id", "programme", "state", "is_linked", "enrolled"}
    assert (body["programme"], body["state"], body["is_linked"]) == ("apelsin", "active", True)
    for kind, value in (("phone", "8 916 000 00 01"), ("partner", "c-1")):
        assert (await tills.search(kind, value)).json() == body
    seen = await tills.call("GET", f"{HOME}/{body['member_id']}", programme="apelsin")
    assert seen.json() == body
    by_other = await tills.search("phone", ANNA, "florist")
    assert by_other.json() == body | {"is_linked": False}
    assert (await tills.search("partner", "c-1", "florist")).status_code == 404


async def test_the_same_call_gives_the_same_answer_and_one_member(tills):
    key = {"Idempotency-Key": "till-1", **tills.headers["bakery"]}
    body = {"programme": "apelsin", "consent": CONSENT, "phone": ANNA}

    first, again = [await tills.http.post(HOME, json=body, headers=key) for _ in range(2)]
    other = await tills.http.post(HOME, json={**body, "phone": phone(2)}, headers=key)

    assert first.content == again.content
    assert other.status_code == 422
    async with tills.database.snapshot(single=True) as snap:
        assert await snap.scalar("select count(*) from loyalty_member") == 1


async def test_two_members_by_two_names_are_a_conflict(tills):
    one = (await tills.enrol(phone=ANNA)).json()["member_id"]
    two = (await tills.enrol(partner_ref="c-2")).json()["member_id"]

    refused = await tills.enrol(phone=ANNA, partner_ref="c-2")

    assert refused.status_code == 409
    assert refused.json()["code"] == "loyalty.names_two_members"
    assert one not in refused.text
    assert two not in refused.text


async def test_a_member_is_linked_with_the_code_they_were_sent_and_unlinked(tills):
    member = (await tills.enrol("florist", phone=ANNA)).json()["member_id"]
    unlinked = (await tills.enrol(phone=ANNA, partner_ref="c-1")).json()
    assert (unlinked["member_id"], unlinked["is_linked"]) == (member, False)
    proof = await tills.proof_of(ANNA)
    links = f"{HOME}/{member}/links"

    linked = await tills.call("POST", links, partner_ref="c-1", consent=CONSENT, proof=proof)
    assert linked.status_code == 204, linked.text
    assert (await tills.search("partner", "c-1")).json()["is_linked"]

    assert (await tills.call("DELETE", links)).status_code == 204
    assert (await tills.search("partner", "c-1")).status_code == 404


async def test_a_till_scans_the_app_for_five_minutes_and_the_card_for_ever(tills, now):
    async with tills.database.transaction() as tx:
        anna = await a_member(tx, tills.programme, now=now, phone=ANNA)
        card = await members.issue_card(tx, member_id=anna.id, programme=tills.programme, now=now)
    token = members.make_card_token(member_id=anna.id, now=now)

    for value in (token, card.number):
        found = await tills.search("scan", value)
        assert found.json()["member_id"] == str(anna.id)
    refused = await tills.search("scan", "HL1." + "A" * 54)

    assert refused.json()["code"] == "loyalty.proof_invalid"


async def test_cards_are_added_and_lost_with_a_proof(tills, now):
    async with tills.database.transaction() as tx:
        anna = await a_member(tx, tills.programme, now=now, phone=ANNA)
        [number] = await members.print_cards(tx, programme=tills.programme, count=1, now=now)
    cards = f"{HOME}/{anna.id}/cards"
    proof = {"kind": "card", "token": members.make_card_token(member_id=anna.id, now=now)}
    forged = {"kind": "card", "token": members.make_card_token(member_id=uuid4(), now=now)}

    added = await tills.call("POST", cards, number=number, proof=proof)
    assert added.status_code == 201, added.text
    assert added.json()["last_digits"] == number[-4:]
    end = f"{cards}/{added.json()['id']}/end"
    assert (await tills.call("POST", end, reason="lost", proof=forged)).status_code >= 400
    assert (await tills.search("card", number)).status_code == 200
    assert (await tills.call("POST", end, reason="lost", proof=proof)).status_code == 204

    [left] = (await tills.call("GET", cards)).json()["items"]
    assert (left["state"], number in str(left)) == ("lost", False)
    assert (await tills.search("card", number)).status_code == 404


async def test_a_sandbox_key_is_answered_and_changes_nothing(tills):
    answered = await tills.enrol("sandbox", phone=ANNA, partner_ref="c-1")

    assert answered.status_code == 200
    assert answered.json()["is_linked"]
    assert (await tills.search("phone", ANNA)).status_code == 404
    refused = await tills.call("POST", "/loyalty/v1/codes", "sandbox", phone=ANNA)
    assert refused.json()["code"] == "loyalty.sandbox_sends_nothing"
    async with tills.database.snapshot() as snap:
        assert await snap.scalar("select count(*) from loyalty_member") == 0
        assert (
            await snap.scalar("select count(*) from outbox_event where type like 'loyalty.M%'") == 0
        )


@pytest.mark.parametrize(
    ("who", "status", "code"),
    [
        ("guest", 401, "access.sign_in_needed"),
        ("nobody", 403, "loyalty.not_a_partner"),
        ("stranger", 403, "loyalty.not_a_partner"),
    ],
)
async def test_only_programs_of_partners_come_in(tills, who, status, code):
    for refused in (
        await tills.enrol(who, phone=ANNA),
        await tills.search("phone", ANNA, who),
        await tills.call("GET", f"{HOME}/{uuid4()}/cards", who),
        await tills.call("DELETE", f"{HOME}/{uuid4()}/links", who),
        await tills.call("POST", "/loyalty/v1/codes", who, phone=ANNA),
    ):
        assert (refused.status_code, refused.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "loyalty.nothing_named"),
        ({"phone": "12"}, "parties.identifier_invalid"),
        ({"phone": ANNA, "programme": "network"}, "loyalty.programme_not_found"),
        ({"phone": ANNA, "programme": "nothing"}, "loyalty.programme_not_found"),
        ({"phone": ANNA, "consent": {"document": "rules"}}, "request.invalid"),
        ({"phone": ANNA, "surprise": 1}, "request.invalid"),
        ({"phone": 7}, "request.invalid"),
        ({"phone": ANNA, "proof": {"kind": "vouched", "token": "x"}}, "request.invalid"),
        ({"phone": ANNA, "proof": {"kind": "code", "token": "x"}}, "loyalty.proof_invalid"),
        ({"card": "9001234567890123"}, "loyalty.card_unknown"),
    ],
)
async def test_what_cannot_be_is_told_and_nobody_is_made(tills, changes, code):
    refused = await tills.enrol(**changes)

    assert 400 <= refused.status_code < 500
    assert refused.json()["code"] == code
    async with tills.database.snapshot(single=True) as snap:
        assert await snap.scalar("select count(*) from loyalty_member") == 0


async def test_a_call_without_a_key_is_refused(tills):
    body = {"programme": "apelsin", "consent": CONSENT, "phone": ANNA}
    transport = tills.http._transport
    async with httpx.AsyncClient(transport=transport, base_url="http://hansa.test") as bare:
        refused = await bare.post(HOME, json=body, headers=tills.headers["bakery"])

    assert refused.status_code == 400
    assert refused.json()["code"] == "idempotency.missing"
