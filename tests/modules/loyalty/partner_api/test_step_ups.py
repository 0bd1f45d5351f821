"""From a spending that is refused for want of a proof to one that is accepted, over HTTP."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from hansa.modules.loyalty import guard, members
from tests.support.loyalty import a_member, phone

HOME = "/loyalty/v1"
NEW = {"points": 50, "device": "new-telephone"}


class Telephones:
    """Every code that was sent, by telephone."""

    def __init__(self) -> None:
        self.codes: dict[str, list[str]] = {}

    async def send(self, context: object, message: members.CodeMessage) -> None:
        del context
        self.codes.setdefault(message.phone, []).append(message.code)


class Till:
    """A program of the shop; its members have 1,000 points, and new devices are not trusted."""

    def __init__(self, http: httpx.AsyncClient, telephones: Telephones, clock) -> None:
        self.http, self.telephones, self.clock = http, telephones, clock

    async def call(self, path: str, body: dict[str, Any], key: str = "") -> httpx.Response:
        headers = {"Idempotency-Key": key} if key else {}
        return await self.http.post(HOME + path, json=body, headers=headers)

    async def spend(self, number: int = 1, *, key: str = "", **more: Any) -> httpx.Response:
        body = {"member": {"phone": phone(number)}} | NEW | more
        return await self.call("/spendings", body, key or uuid4().hex)

    async def start(self, number: int = 1, *, device: str = "") -> httpx.Response:
        body = {"member": {"phone": phone(number)}, "device": device}
        return await self.call("/step-ups", body)

    async def answer(self, started: httpx.Response, code: str) -> httpx.Response:
        return await self.call(f"/step-ups/{started.json()['step_up_id']}/answer", {"code": code})

    def code(self, number: int = 1) -> str:
        """Read what came last."""
        return self.telephones.codes[phone(number)][-1]

    async def token(self, number: int = 1, **more: Any) -> str:
        answered = await self.answer(await self.start(number, **more), self.code(number))
        assert answered.status_code == 200, answered.text
        return str(answered.json()["token"])


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


@asynccontextmanager
async def a_till(place, coalition, clock, name: str = "shop"):
    telephones = Telephones()
    place.context.service(members.Codes).sender = telephones
    async with place.client(headers=await coalition.token(place, name), keyed=False) as http:
        yield Till(http, telephones, clock)


@pytest.fixture
async def till(place, coalition, clock, committing, now):
    async with committing.transaction() as tx:
        await a_member(tx, coalition.programme, now=now, phone=phone(2))
        rules = guard.Rules(new_device_points=0)
        await guard.save_rules(
            tx, programme_id=coalition.programme.id, rules=rules, by=None, now=now
        )
    await place.context.service(guard.Watch).refresh()
    async with a_till(place, coalition, clock) as made:
        for number in (1, 2):
            given = await made.call(
                "/accruals", {"member": {"phone": phone(number)}, "points": 1000}, f"gift{number}"
            )
            assert given.status_code == 200, given.text
        yield made


@pytest.mark.parametrize("path", ["/spendings", "/holds"])
async def test_a_refused_spending_is_accepted_with_the_token_and_under_the_same_key(
    till, path
) -> None:
    body = {"member": {"phone": phone(1)}} | NEW
    refused = await till.call(path, body, "one")
    assert code_of(refused) == (422, "loyalty.step_up_needed")
    assert refused.json()["data"]["reasons"] == ["new_device"]

    started = await till.start()
    answered = await till.answer(started, till.code())
    accepted = await till.call(path, body | {"token": answered.json()["token"]}, "one")
    second = await till.call(path, body | {"token": answered.json()["token"]}, "two")

    assert started.status_code == 201
    assert phone(1) not in started.text
    assert accepted.status_code == 200, accepted.text
    assert code_of(second) == (422, "loyalty.step_up_needed")  # it pays for one


async def test_the_device_that_was_named_is_trusted_from_then_on(till) -> None:
    token = await till.token(device=NEW["device"])

    assert (await till.spend(token=token)).status_code == 200
    assert (await till.spend()).status_code == 200
    assert code_of(await till.spend(device="another"))[1] == "loyalty.step_up_needed"


async def test_a_wrong_code_is_counted_and_the_fifth_ends_it(till) -> None:
    started = await till.start()
    right = till.code()

    for left in (4, 3, 2, 1, 0):
        answered = await till.answer(started, wrong(right))
        assert code_of(answered) == (403, "loyalty.step_up_code_wrong")
        assert answered.json()["data"]["tries_left"] == left

    assert code_of(await till.answer(started, right)) == (404, "loyalty.no_such_challenge")


async def test_a_code_is_over_after_ten_minutes_and_so_is_a_token(till) -> None:
    token = await till.token()
    started = await till.start()
    till.clock.advance(timedelta(minutes=10))

    late = await till.answer(started, till.code())

    assert code_of(late) == (404, "loyalty.no_such_challenge")
    assert code_of(await till.spend(token=token)) == (422, "loyalty.step_up_needed")


async def test_a_fourth_code_in_ten_minutes_is_refused_and_none_is_sent(till) -> None:
    for _ in range(3):
        assert (await till.start()).status_code == 201

    fourth = await till.start()

    assert code_of(fourth) == (422, "loyalty.too_many_codes")
    assert len(till.telephones.codes[phone(1)]) == 3
    till.clock.advance(timedelta(minutes=10))
    assert (await till.start()).status_code == 201


async def test_another_members_token_pays_for_nothing(till) -> None:
    token = await till.token(2)

    assert code_of(await till.spend(1, token=token)) == (422, "loyalty.step_up_needed")
    assert (await till.spend(2, token=token)).status_code == 200


async def test_nobody_is_sent_a_code_who_cannot_spend(till) -> None:
    unknown = await till.start(99)

    assert code_of(unknown) == (404, "loyalty.member_unknown")
    assert till.telephones.codes == {}


@pytest.mark.parametrize(
    ("who", "told"),
    [
        ("sandbox", (422, "loyalty.sandbox_sends_nothing")),
        ("reader", (403, "access.permission_missing")),
    ],
)
async def test_some_programs_may_not(till, place, coalition, clock, who, told) -> None:
    started = await till.start()
    async with a_till(place, coalition, clock, who) as other:
        begun = await other.start()
        answered = await other.answer(started, till.code())

    assert code_of(begun) == code_of(answered) == told
    assert other.telephones.codes == {}
