"""Whatever partners' programs call, in whatever order, comes to what a simple book says.

Hypothesis calls `/loyalty/v1` in the process and `book.Book` beside it: points, balances, refusals
and repeats must agree after each step, and the ledger's and the points' own checks find nothing.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as chosen
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from hansa.modules import accounts
from hansa.modules.accounts.manifest import MODULE as ACCOUNTS
from hansa.modules.ledger.checks import CHECKS as LEDGER_CHECKS
from hansa.modules.ledger.manifest import MODULE as LEDGER
from hansa.modules.loyalty import members
from hansa.modules.loyalty.manifest import MODULE as LOYALTY
from hansa.modules.loyalty.points.checks import CHECKS
from hansa.modules.loyalty.points.jobs import run_expire_holds, run_expire_points
from hansa.modules.loyalty.points.work import ExpireHolds, ExpirePoints
from hansa.runtime.clock import FixedClock
from hansa.runtime.database import Database
from tests.conftest import NOON
from tests.modules.loyalty.points.book import Book, Refused
from tests.support.http import application
from tests.support.loyalty import a_member, a_partner, a_programme

SCOPES = ("loyalty.earn", "loyalty.spend", "loyalty.read")
UNCHANGING = {
    "loyalty.receipt_exists",
    "loyalty.line_unknown",
    "loyalty.above_purchase",
    "loyalty.not_enough_points",
    "loyalty.hold_ended",
    "loyalty.above_hold",
    "loyalty.above_original",
}
POINTS = st.integers(1, 60)
TRIES_MAX = 20


class World:
    """The application in this process, on a loop of its own, with a clock moved by hand."""

    def __init__(self, settings, dsn: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        self.clock = FixedClock(NOON)
        self.known: set[str] = set()
        self.run(self._open(settings, dsn))

    def run(self, work):
        return self.loop.run_until_complete(work)

    async def _open(self, settings, dsn: str) -> None:
        members.use_secret(settings.secret_key.reveal().encode())
        self.database = Database(dsn)
        await self.database.open()
        self.stack.push_async_callback(self.database.close)
        now = self.clock.now()
        async with self.database.transaction() as tx:
            self.programme = await a_programme(
                tx, now=now, percent=1000, percent_max=2000, point_minor=100, lifetime_months=1
            )
            shop = await a_partner(tx, self.programme, now=now)
            self.client, self.secret = await accounts.create_client(
                tx,
                name="shop",
                scopes=SCOPES,
                partner_id=shop.id,
                is_sandbox=False,
                by=None,
                now=now,
            )
        self.site = await self.stack.enter_async_context(
            application(
                replace(settings, rate_limit_client_requests_per_minute=0),
                self.database,
                clock=self.clock,
                modules=[ACCOUNTS, LEDGER, LOYALTY],
            )
        )
        self.http = await self.stack.enter_async_context(self.site.client(keyed=False))
        await self.sign_in()

    async def sign_in(self) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client.public_id,
            "client_secret": self.secret,
        }
        self.http.headers.pop("Authorization", None)
        answer = await self.ask("POST", "/oauth/token", data=form)
        assert answer.status_code == 200, answer.text
        self.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        self.signed_in_at = self.clock.now()

    async def ask(self, method: str, path: str, **said):
        """Call as a patient program does: on a busy machine it may be told to come again."""
        for _ in range(TRIES_MAX):
            answer = await self.http.request(method, path, **said)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
        return answer

    async def new_member(self) -> str:
        if self.clock.now() - self.signed_in_at > timedelta(minutes=5):  # a token lives 15
            await self.sign_in()
        async with self.database.transaction() as tx:
            return str((await a_member(tx, self.programme, now=self.clock.now())).id)

    async def time_passes(self, step: timedelta) -> None:
        self.clock.advance(step)
        await run_expire_holds(self.site.context, ExpireHolds())
        await run_expire_points(self.site.context, ExpirePoints())
        await self.sign_in()

    async def findings(self) -> list[str]:
        async with self.database.snapshot() as snap:
            return [
                f"{one.check} {one.subject}: {one.message}"
                for check in (*CHECKS, *LEDGER_CHECKS)
                for one in await check.run(snap)
            ]

    def close(self) -> None:
        self.run(self.stack.aclose())
        self.loop.close()


class Till(RuleBasedStateMachine):
    """A partner's program at work for one member."""

    world: World
    count = 0

    receipts = Bundle("receipts")
    holds = Bundle("holds")
    postings = Bundle("postings")
    calls = Bundle("calls")

    @initialize()
    def begin(self) -> None:
        self.book = Book()
        self.member = self.world.run(self.world.new_member())

    def call(self, path: str, body: dict, expected, *, key: str | None = None):
        """Call, and compare with what the book says; give the call for a repeat."""
        self.world.clock.advance(timedelta(seconds=1))
        Till.count += 1
        key = key or f"key-{Till.count}"
        answer = self.world.run(self._send(path, key, body))
        code, points = "", 0
        try:
            points = expected(key, self.world.clock.now())
        except Refused as refused:
            code = str(refused)
        if code:
            assert answer.json()["code"] == code, answer.text
        else:
            assert answer.status_code == 200, answer.text
            assert (answer.json()["points"], answer.json()["balance"]) == (
                points,
                self.book.balance(),
            )
        return key, (path, key, body, answer)

    async def _send(self, path: str, key: str, body: dict):
        headers = {"Idempotency-Key": key}
        return await self.world.ask("POST", f"/loyalty/v1/{path}", json=body, headers=headers)

    def of_member(self, **body) -> dict:
        return {"member": {"id": self.member}, **body}

    @rule(target=postings, points=POINTS)
    def accrue(self, points):
        return self.call(
            "accruals",
            self.of_member(points=points),
            lambda key, now: self.book.accrue(key, points, now),
        )

    @rule(target=receipts, amounts=st.lists(st.integers(0, 40_000), min_size=1, max_size=3))
    def buy(self, amounts):
        lines = dict(enumerate(amounts, start=1))
        receipt = f"receipt {Till.count}"
        body = self.of_member(
            receipt=receipt,
            lines=[{"line": line, "amount_minor": amount} for line, amount in lines.items()],
        )
        _, call = self.call("purchases", body, lambda _, now: self.book.buy(receipt, lines, now))
        return receipt, call

    @rule(kept=receipts)
    def buy_again_under_another_key(self, kept):
        _, (path, _, body, _) = kept
        receipt = body["receipt"]
        self.call(path, body, lambda _, now: self.book.buy(receipt, {}, now))

    @rule(target=calls, kept=receipts, line=st.integers(1, 4), amount=st.integers(1, 40_000))
    def bring_back(self, kept, line, amount):
        receipt = kept[0]
        body = {"receipt": receipt, "lines": [{"line": line, "amount_minor": amount}]}
        return self.call(
            "returns", body, lambda _, now: self.book.bring_back(receipt, line, amount, now)
        )

    @rule(target=postings, points=POINTS)
    def spend(self, points):
        key, call = self.call(
            "spendings",
            self.of_member(points=points),
            lambda key, now: self.book.spend(key, points, now),
        )
        return (key, call) if key in self.book.postings else multiple()

    @rule(target=holds, points=POINTS, minutes=st.integers(1, 100))
    def hold(self, points, minutes):
        ends = self.world.clock.now() + timedelta(seconds=1, minutes=minutes)
        key, call = self.call(
            "holds",
            self.of_member(points=points, seconds=minutes * 60),
            lambda key, now: self.book.hold(key, points, ends, now),
        )
        return (key, call) if key in self.book.holds else multiple()

    @rule(target=calls, held=holds, points=POINTS)
    def post(self, held, points):
        body = {"hold_key": held[0], "points": points}
        return self.call("holds/post", body, lambda _, now: self.book.post(held[0], points, now))

    @rule(target=calls, held=holds)
    def void(self, held):
        body = {"hold_key": held[0]}
        return self.call("holds/void", body, lambda _, now: self.book.void(held[0], now))

    @rule(target=calls, posting=postings, points=POINTS)
    def reverse(self, posting, points):
        body = {"posting_key": posting[0], "points": points}
        return self.call(
            "reversals", body, lambda _, now: self.book.reverse(posting[0], points, now)
        )

    @rule(earlier=st.one_of(calls, receipts, holds, postings))
    def repeat(self, earlier):
        path, key, body, answer = earlier[1]
        again = self.world.run(self._send(path, key, body))
        if answer.status_code == 200:
            assert again.content == answer.content
            assert again.headers["Idempotency-Replayed"] == "true"
        elif answer.json()["code"] in UNCHANGING:
            assert again.json()["code"] == answer.json()["code"]

    @rule(earlier=st.one_of(calls, receipts, holds, postings))
    def reuse_the_key_for_something_else(self, earlier):
        _, key, _, answer = earlier[1]
        other = self.world.run(self._send("accruals", key, self.of_member(points=61)))
        if answer.status_code == 200 or answer.json()["code"] in UNCHANGING:
            assert other.json()["code"] == "loyalty.key_reused", other.text

    @rule(step=st.sampled_from([timedelta(minutes=30), timedelta(days=1), timedelta(days=20)]))
    def time_passes(self, step):
        self.world.run(self.world.time_passes(step))
        self.book.expire(self.world.clock.now())

    @invariant()
    def the_balance_is_what_the_book_says(self):
        path = f"/loyalty/v1/members/{self.member}/balance"
        answer = self.world.run(self.world.ask("GET", path))
        found = answer.json()
        now = self.world.clock.now()
        assert (found["posted"], found["owed"], found["available"]) == (
            self.book.balance(),
            self.book.owed(),
            self.book.available(now),
        )

    def teardown(self):
        found = set(self.world.run(self.world.findings())) - self.world.known
        self.world.known |= found  # an example is to be shrunk to what is wrong with itself
        assert found == set()


def run_machine(settings, server, *, examples: int, steps: int) -> None:
    with server.temporary("machine") as dsn:
        Till.world = World(settings, dsn)
        try:
            run_state_machine_as_test(
                Till,
                settings=chosen(
                    max_examples=examples,
                    stateful_step_count=steps,
                    deadline=None,
                    phases=(Phase.generate, Phase.shrink),
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            Till.world.close()


def test_calls_in_any_order_come_to_what_the_book_says(settings, test_database_server) -> None:
    run_machine(settings, test_database_server, examples=15, steps=40)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_thousand_tills_come_to_what_the_book_says(settings, test_database_server) -> None:
    run_machine(settings, test_database_server, examples=1000, steps=60)
