"""`/loyalty/v1` as partners' programs use it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from hansa.modules import accounts
from hansa.modules.accounts.manifest import MODULE as ACCOUNTS
from hansa.modules.ledger.manifest import MODULE as LEDGER
from hansa.modules.loyalty import members
from hansa.modules.loyalty.manifest import MODULE as LOYALTY
from tests.support.http import application
from tests.support.loyalty import a_member, a_partner, a_programme, phone

HOME = "/loyalty/v1"
SCOPES = ("loyalty.earn", "loyalty.spend", "loyalty.read", "loyalty.bulk")


class World:
    """A programme with two partners and a member, and the tokens of their programs."""

    def __init__(self, programme, shop, bank, member) -> None:
        self.programme, self.shop, self.bank, self.member = programme, shop, bank, member
        self.secrets: dict[str, str] = {}

    def named(self) -> dict[str, str]:
        return {"id": str(self.member.id)}


@pytest.fixture
async def world(committing, settings, now):
    members.use_secret(settings.secret_key.reveal().encode())
    async with committing.transaction() as tx:
        programme = await a_programme(tx, now=now, percent=1000, percent_max=2000)
        shop = await a_partner(tx, programme, now=now, code="shop", number=1)
        bank = await a_partner(tx, programme, now=now, code="bank", number=2)
        member = await a_member(tx, programme, now=now, phone=phone(77))
        made = World(programme, shop, bank, member)
        for name, partner, scopes, is_sandbox in (
            ("shop", shop, SCOPES, False),
            ("bank", bank, SCOPES, False),
            ("reader", shop, ("loyalty.read",), False),
            ("sandbox", shop, SCOPES, True),
            ("nobody", None, SCOPES, False),
        ):
            client, secret = await accounts.create_client(
                tx,
                name=name,
                scopes=scopes,
                partner_id=partner.id if partner else None,
                is_sandbox=is_sandbox,
                by=None,
                now=now,
            )
            made.secrets[name] = f"{client.public_id} {secret}"
    return made


@pytest.fixture
async def site(settings, committing, clock, world):
    modules = [ACCOUNTS, LEDGER, LOYALTY]
    async with application(settings, committing, clock=clock, modules=modules) as site:
        yield site


async def signed_in(site, world, name: str = "shop"):
    client_id, secret = world.secrets[name].split()
    async with site.client(keyed=False) as client:
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": secret,
        }
        answer = await client.post("/oauth/token", data=form)
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def receipt(world, number: str, *amounts: int, **fields):
    lines = [{"line": at, "amount_minor": one} for at, one in enumerate(amounts, start=1)]
    return {"member": world.named(), "receipt": number, "lines": lines} | fields


async def test_a_receipt_earns_is_returned_and_the_balance_says_so(site, world) -> None:
    async with site.client(headers=await signed_in(site, world)) as client:
        bought = await client.post(f"{HOME}/purchases", json=receipt(world, "r1", 100_00, 50_00))
        back = await client.post(
            f"{HOME}/returns",
            json={"receipt": "r1", "lines": [{"line": 2, "amount_minor": 50_00}]},
        )
        balance = await client.get(f"{HOME}/members/{world.member.id}/balance")
        history = await client.get(f"{HOME}/members/{world.member.id}/postings")
        kept = await client.get(f"{HOME}/receipts/r1")

    assert bought.status_code == 200, bought.text
    assert [(one["line"], one["points"]) for one in bought.json()["lines"]] == [(1, 10), (2, 5)]
    assert back.json()["points"] == -5
    assert balance.json()["available"] == 10
    assert [one["points"] for one in history.json()["items"]] == [-5, 15]
    assert (kept.json()["earned"], kept.json()["lines"][1]["returned_minor"]) == (10, 50_00)


async def test_a_return_that_came_early_says_with_its_receipt_what_became_of_it(
    site, world, now
) -> None:
    bought_at, before = now.isoformat(), (now - timedelta(days=1)).isoformat()
    async with site.client(headers=await signed_in(site, world)) as client:
        for body in (
            {"lines": [{"line": 1, "amount_minor": 10_00}], "happened_at": before},
            {"lines": [{"line": 1, "amount_minor": 40_00}], "happened_at": bought_at},
            {"lines": [{"line": 1, "amount_minor": 99_00}], "happened_at": bought_at},
        ):
            early = await client.post(f"{HOME}/returns", json={"receipt": "r1"} | body)
            assert early.json()["is_waiting"], early.text
        waiting = (await client.get(f"{HOME}/receipts/r1")).json()
        body = receipt(world, "r1", 100_00, happened_at=bought_at)
        bought = await client.post(f"{HOME}/purchases", json=body)
        kept = (await client.get(f"{HOME}/receipts/r1")).json()

    assert bought.json()["points"] == 6
    assert [one["is_refused"] for one in waiting["early_returns"]] == [False] * 3
    told = [one["problem"] and one["problem"]["code"] for one in kept["early_returns"]]
    assert told == ["loyalty.before_purchase", None, "loyalty.above_purchase"]
    assert [one["is_refused"] for one in kept["early_returns"]] == [True, False, True]
    assert kept["early_returns"][2]["problem"]["data"] == {"line": 1, "asked": 99_00, "left": 60_00}


async def test_a_repeat_gets_the_same_bytes_and_other_content_is_refused(site, world) -> None:
    key = {"Idempotency-Key": "k1"}
    async with site.client(headers=await signed_in(site, world)) as client:
        body = {"member": world.named(), "points": 5}
        first = await client.post(f"{HOME}/accruals", json=body, headers=key)
        again = await client.post(f"{HOME}/accruals", json=body, headers=key)
        other = await client.post(f"{HOME}/accruals", json=body | {"points": 6}, headers=key)
        elsewhere = await client.post(f"{HOME}/spendings", json=body, headers=key)

    assert first.content == again.content
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "loyalty.key_reused")
    assert elsewhere.status_code == 422


async def test_a_hold_is_posted_in_part(site, world) -> None:
    async with site.client(headers=await signed_in(site, world)) as client:
        await client.post(f"{HOME}/accruals", json={"member": world.named(), "points": 50})
        held = await client.post(
            f"{HOME}/holds",
            json={"member": {"phone": phone(77)}, "points": 30, "seconds": 600},
            headers={"Idempotency-Key": "h1"},
        )
        too_much = await client.post(f"{HOME}/holds/post", json={"hold_key": "h1", "points": 31})
        done = await client.post(f"{HOME}/holds/post", json={"hold_key": "h1", "points": 20})
        twice = await client.post(f"{HOME}/holds/void", json={"hold_key": "h1"})

    assert held.json()["available"] == 20
    assert too_much.status_code == 422
    assert (done.json()["points"], done.json()["balance"]) == (-20, 30)
    assert (twice.status_code, twice.json()["code"]) == (409, "loyalty.hold_ended")


async def test_what_cannot_be_is_told(site, world) -> None:
    async with site.client(headers=await signed_in(site, world)) as client:
        for path, body, status, code in (
            ("accruals", {"member": {}, "points": 5}, 400, "loyalty.command_invalid"),
            ("accruals", {"member": {"id": str(uuid4())}, "points": 5}, 404, None),
            ("accruals", {"member": world.named(), "points": 0}, 400, "request.invalid"),
            ("accruals", {"member": world.named(), "points": 1.5}, 400, "request.invalid"),
            ("accruals", {"member": world.named(), "points": 10**13}, 400, "request.invalid"),
            ("spendings", {"member": world.named(), "points": 5}, 422, None),
            ("purchases", receipt(world, "x", -1), 400, "request.invalid"),
            (
                "purchases",
                receipt(world, "x", 1, happened_at="2036-01-01T00:00:00Z"),
                400,
                "loyalty.outside_time",
            ),
            ("holds/post", {"hold_key": "none"}, 404, "loyalty.hold_unknown"),
            ("reversals", {"posting_key": "none"}, 404, "loyalty.posting_unknown"),
            ("accruals", {"member": {"phone": "12"}, "points": 5}, 400, None),
            ("accruals", {"member": world.named(), "points": 5, "more": 1}, 400, None),
        ):
            answer = await client.post(f"{HOME}/{path}", json=body)
            assert answer.status_code == status, (path, body, answer.text)
            assert code is None or answer.json()["code"] == code, answer.text
        reserved = await client.post(
            f"{HOME}/accruals",
            json={"member": world.named(), "points": 5},
            headers={"Idempotency-Key": "hansa:expiry"},
        )
        assert reserved.status_code == 400


async def test_a_key_is_needed(site, world) -> None:
    async with site.client(keyed=False, headers=await signed_in(site, world)) as client:
        answer = await client.post(f"{HOME}/accruals", json={"member": world.named(), "points": 5})
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency.missing")


async def test_scopes_and_partners_are_kept_apart(site, world) -> None:
    body = {"member": world.named(), "points": 5}
    async with site.client(headers=await signed_in(site, world, "reader")) as client:
        refused = await client.post(f"{HOME}/accruals", json=body)
    async with site.client(headers=await signed_in(site, world, "nobody")) as client:
        homeless = await client.post(f"{HOME}/accruals", json=body)
    async with site.client(headers=await signed_in(site, world)) as client:
        await client.post(f"{HOME}/accruals", json=body, headers={"Idempotency-Key": "mine"})
        again = await client.post(f"{HOME}/accruals", json=body, headers={"Idempotency-Key": "two"})
        ours = await client.post(f"{HOME}/reversals", json={"posting_key": "two"})
    async with site.client(headers=await signed_in(site, world, "bank")) as client:
        theirs = await client.post(f"{HOME}/reversals", json={"posting_key": "mine"})
        seen = await client.get(f"{HOME}/members/{world.member.id}/postings")
    async with site.client() as client:
        stranger = await client.post(f"{HOME}/accruals", json=body)

    assert (refused.status_code, refused.json()["code"]) == (403, "access.permission_missing")
    assert (homeless.status_code, homeless.json()["code"]) == (403, "loyalty.not_a_partner")
    assert theirs.status_code == 404
    assert ours.json()["member_id"] == again.json()["member_id"] == str(world.member.id)
    assert [(one["points"], one.get("key", "")) for one in seen.json()["items"]] == [
        (-5, ""),
        (5, ""),
        (5, ""),
    ]
    assert stranger.status_code == 401


async def test_a_try_and_a_sandbox_key_do_nothing(site, world) -> None:
    body = {"member": world.named(), "points": 5}
    async with site.client(headers=await signed_in(site, world)) as client:
        tried = await client.post(f"{HOME}/accruals?dry_run=true", json=body)
    async with site.client(headers=await signed_in(site, world, "sandbox")) as client:
        played = await client.post(f"{HOME}/accruals", json=body)
        balance = await client.get(f"{HOME}/members/{world.member.id}/balance")

    assert tried.json()["balance"] == played.json()["balance"] == 5
    assert balance.json()["posted"] == 0


async def test_each_of_a_batch_is_answered_by_itself(site, world) -> None:
    def item(key: str, **command):
        return {"key": key, "command": command}

    accrual = {"type": "accrual", "member": world.named()}
    items = [
        item("a", **accrual, points=20),
        item("b", type="spending", member=world.named(), points=500),
        item("c", type="accrual", member={"id": str(uuid4())}, points=1),
        item("a", **accrual, points=20),
        item("a", **accrual, points=21),
        item("d", type="purchase", **receipt(world, "r9", 100_00)),
        item("e", type="return", receipt="r9"),
    ]
    async with site.client(headers=await signed_in(site, world)) as client:
        answer = await client.post(f"{HOME}/batches", json={"items": items})
        too_many = await client.post(f"{HOME}/batches", json={"items": [items[0]] * 501})
        balance = await client.get(f"{HOME}/members/{world.member.id}/balance")

    given = answer.json()["items"]
    assert [one["status"] for one in given] == [200, 422, 404, 200, 422, 200, 200]
    assert given[0]["answer"]["balance"] == 20
    assert given[1]["problem"]["data"] == {"asked": 500, "available": 20}
    assert given[3]["is_repeat"] is True
    assert given[6]["answer"]["points"] == -10
    assert balance.json()["posted"] == 20
    assert too_many.status_code == 400


async def test_fifty_at_once_on_one_member_and_partner(site, world, committing) -> None:
    body = {"member": world.named(), "points": 1}
    async with site.client(headers=await signed_in(site, world)) as client:
        await client.post(f"{HOME}/accruals", json=body | {"points": 100})
        answers = await asyncio.gather(
            *(
                client.post(
                    f"{HOME}/{'accruals' if number % 2 else 'spendings'}",
                    json=body | {"points": 1 if number % 2 else 9},
                    headers={"Idempotency-Key": f"n{number % 60}"},
                )
                for number in range(90)
            )
        )
        balance = await client.get(f"{HOME}/members/{world.member.id}/balance")

    done = {
        answer.request.headers["Idempotency-Key"]: answer.json()["points"]
        for answer in answers
        if answer.status_code == 200
    }
    assert {answer.status_code for answer in answers} <= {200, 422}
    assert balance.json()["posted"] == 100 + sum(done.values())
    assert balance.json()["posted"] >= 0
