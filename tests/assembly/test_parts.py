"""Services of loyalty alone: processes of their own, joined by a real broker of Kafka."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psutil
import pytest

from hansa.assembly.commands.serve import programs_of
from hansa.assembly.modules import all_modules
from hansa.assembly.parts import PARTS, modules_of, part_of, services_started, subscriptions_beside
from hansa.modules import accounts, webhooks
from hansa.modules.loyalty import members
from hansa.runtime.database import Database
from tests.support.http import free_port
from tests.support.installation import Installation, installed
from tests.support.kafka import a_broker
from tests.support.loyalty import a_member, a_partner, a_programme, phone
from tests.support.processes import Program, eventually, is_running

pytestmark = pytest.mark.usefixtures("whole_machine")

HOME = "/loyalty/v1"
SCOPES = ("loyalty.earn", "loyalty.spend", "loyalty.read", "loyalty.webhooks")
SECRET = "a key that only tests use, long enough"
READY_SECONDS = 200.0


def test_every_route_of_loyalty_belongs_to_exactly_one_part() -> None:
    named = {"loyalty", "webhooks", "notifications"}
    routes = [one for module in all_modules() if module.name in named for one in module.routes]
    parts = {(min(one.paths), *one.http_methods): part_of(one) for one in routes}

    assert len(parts) > 50
    assert {at: found for at, found in parts.items() if len(found) != 1} == {}


def test_every_subscription_of_loyalty_runs_in_exactly_one_part() -> None:
    named = {"loyalty", "notifications"}
    every = [
        one.name for module in all_modules() if module.name in named for one in module.subscriptions
    ]
    in_parts = [
        one.name for part in PARTS for module in modules_of(part) for one in module.subscriptions
    ]

    assert sorted(in_parts) == sorted(every)
    for part in PARTS:
        mine = [one.name for module in modules_of(part) for one in module.subscriptions]
        assert not set(mine) & set(subscriptions_beside(part))


@pytest.mark.parametrize("part", PARTS)
def test_a_part_starts_what_its_table_names_and_nothing_twice(part: str) -> None:
    started = [one.__name__ for one in services_started(part)]

    assert len(started) == len(set(started))
    assert PARTS[part].services <= set(started)


def test_roles_that_answer_get_ports_one_after_another(settings) -> None:
    roles = ["web", "worker", "loyalty.balances", "loyalty.events"]
    made = programs_of(settings, roles, shared={})

    assert [(one.name, one.environment["HANSA_PART"]) for one in made] == [
        ("web", ""),
        ("worker", ""),
        ("loyalty.balances", "loyalty.balances"),
        ("loyalty.events", "loyalty.events"),
        ("loyalty.events relay", "loyalty.events"),
    ]
    ports = [int(one.environment["HANSA_HTTP_PORT"]) - settings.http_port for one in made]
    assert ports == [0, 1, 1, 2, 2]


@dataclass
class Coalition:
    """What was written before anything ran, and where its parts answer."""

    member: str = ""
    client: tuple[str, str] = ("", "")
    headers: dict[str, str] = field(default_factory=dict)


async def fill(database: Database) -> Coalition:
    """Write a programme, a partner with a program and an endpoint, and a member."""
    now = datetime.now(UTC)
    members.use_secret(SECRET.encode())
    async with database.transaction() as tx:
        programme = await a_programme(tx, now=now, percent=1000)
        shop = await a_partner(tx, programme, now=now, code="shop")
        member = await a_member(tx, programme, now=now, phone=phone(7))
        client, secret = await accounts.create_client(
            tx, name="till", scopes=SCOPES, partner_id=shop.id, by=None, now=now
        )
        await webhooks.add_endpoint(
            tx,
            owner=shop.id,
            url="https://partner.invalid/hooks",
            event_types=["loyalty.*"],
            key=SECRET.encode(),
            is_production=False,
            by=None,
            now=now,
        )
    assert secret is not None
    return Coalition(member=str(member.id), client=(client.public_id, secret))


@contextlib.contextmanager
def serving(shop: Installation, roles: str, port: int, log: Path) -> Iterator[Program]:
    """Run `hansa serve` with these roles from a port on; when it fails, its log is told."""
    command = ("-m", "hansa", "serve", "--roles", roles, "--port", str(port), "--workers", "1")
    with log.open("w") as output:
        try:
            with Program.started(*command, environment=shop.environment, output=output) as program:
                for at in range(port, port + roles.count(",") + 1):
                    eventually(
                        lambda at=at: is_ready(at),
                        within_seconds=READY_SECONDS,
                        what=f"nothing answers at {at}",
                    )
                yield program
                assert program.terminate() == 0
        except BaseException as failure:
            failure.add_note(log.read_text()[-6_000:])
            raise


def is_ready(port: int) -> bool:
    with contextlib.suppress(httpx.TransportError):
        answer = httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=5, trust_env=False)
        return answer.status_code == httpx.codes.OK
    return False


def ask(port: int, method: str, path: str, made: Coalition, **more: Any) -> httpx.Response:
    """Ask as a partner's program does: without an answer, or told to wait, with the same key."""
    headers = {**made.headers, "Idempotency-Key": more.pop("key", str(uuid4()))}
    url = f"http://127.0.0.1:{port}{path}"
    answers: list[httpx.Response] = []

    def is_answered() -> bool:
        with contextlib.suppress(httpx.TimeoutException):
            answers.append(
                httpx.request(method, url, headers=headers, timeout=30, trust_env=False, **more)
            )
            return answers[-1].status_code != httpx.codes.SERVICE_UNAVAILABLE
        return False

    eventually(is_answered, within_seconds=READY_SECONDS, what=f"{url} stays busy")
    return answers[-1]


def balance(port: int, made: Coalition) -> int:
    answer = ask(port, "GET", f"{HOME}/members/{made.member}/balance", made)
    assert answer.status_code == 200, answer.text
    return int(answer.json()["posted"])


def told(port: int, made: Coalition) -> int:
    """Count what partners were told of postings, as the part of events knows it."""
    params = {"type": "loyalty.points.posted", "limit": 200}
    answer = ask(port, "GET", f"{HOME}/webhooks/messages", made, params=params)
    assert answer.status_code == 200, answer.text
    return len(answer.json()["items"])


def answering(program: Program, port: int) -> list[int]:
    """Give the web processes of a `serve` that listen at a port."""
    found = []
    for child in psutil.Process(program.process.pid).children():
        with contextlib.suppress(psutil.Error):
            if child.environ().get("HANSA_HTTP_PORT") == str(port) and child.cmdline()[-1] == "web":
                found.append(child.pid)
    return found


@pytest.mark.kafka
@pytest.mark.timeout(1200)
def test_parts_run_alone_joined_by_kafka_and_the_most_loaded_twice() -> None:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hansa-parts-")))
        broker = stack.enter_context(a_broker(folder))
        shop = stack.enter_context(installed(kafka_servers=broker, secret_key=SECRET))
        made = shop.prepare(fill)
        first, second = free_port(), free_port()
        points, balances, events = first, first + 1, first + 2
        roles = "loyalty.transactions,loyalty.balances,loyalty.events"
        one = stack.enter_context(serving(shop, roles, first, folder / "one.log"))
        form = {"grant_type": "client_credentials"}
        token = httpx.post(
            f"http://127.0.0.1:{points}/oauth/token", data=form, auth=made.client, trust_env=False
        )
        made.headers["Authorization"] = f"Bearer {token.json()['access_token']}"

        body = {
            "member": {"id": made.member},
            "receipt": "1",
            "lines": [{"line": 1, "amount_minor": 100_00}],
        }
        bought = ask(points, "POST", f"{HOME}/purchases", made, json=body, key="receipt-1")
        assert bought.status_code == 200, bought.text
        assert balance(balances, made) == 10
        assert ask(balances, "POST", f"{HOME}/purchases", made, json=body).status_code == 404
        assert ask(points, "GET", f"{HOME}/receipts/1", made).status_code == 404
        eventually(lambda: told(events, made) == 1, within_seconds=120, what="no event arrived")

        [victim] = answering(one, points)
        os.kill(victim, signal.SIGKILL)
        eventually(lambda: not is_running(victim))
        eventually(lambda: is_ready(points), within_seconds=READY_SECONDS)
        again = ask(points, "POST", f"{HOME}/purchases", made, json=body, key="receipt-1")
        assert again.content == bought.content
        assert balance(balances, made) == 10

        stack.enter_context(serving(shop, "loyalty.transactions", second, folder / "two.log"))
        give = {"member": {"id": made.member}, "points": 3}

        def post(number: int) -> int:
            port = (points, second)[number % 2]
            path = f"{HOME}/accruals"
            return ask(port, "POST", path, made, json=give, key=f"gift-{number // 2}").status_code

        with ThreadPoolExecutor(16) as pool:
            # Each key goes to both of them: it counts once, whoever was first.
            assert set(pool.map(post, range(120))) == {200}
        assert balance(balances, made) == 10 + 60 * 3
        eventually(lambda: told(events, made) == 61, within_seconds=120, what="events are missing")
        assert shop.check("ledger", "loyalty")["ok"]
