"""A part that writes to a database of its own, joined by a real broker of Kafka and replication."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psutil
import psycopg
import pytest

from hansa.assembly.commands.installation import read_settings
from hansa.assembly.following import APART
from hansa.assembly.following import PARTS as FOLLOWING
from hansa.assembly.modules import all_modules
from hansa.assembly.parts import PARTS, modules_of
from hansa.modules import accounts, webhooks
from hansa.modules.accounts.secrets_kept import digest
from hansa.modules.loyalty import members
from hansa.runtime.database import Database
from hansa.runtime.database.embedded import embedded_postgres
from hansa.runtime.database.following import follow
from hansa.runtime.database.moving import MoveFailed, moving
from hansa.runtime.module import Module
from hansa.runtime.settings import SettingsInvalid
from tests.support.cells import SECRET, hansa, served
from tests.support.http import free_port
from tests.support.installation import Installation, installed
from tests.support.kafka import a_broker
from tests.support.loyalty import a_member, a_partner, a_programme, phone
from tests.support.processes import Program, eventually, is_running
from tests.support.shop import a_shop

pytestmark = pytest.mark.usefixtures("whole_machine")

HOME = "/loyalty/v1"
SCOPES = ("loyalty.earn", "loyalty.read", "loyalty.webhooks")
EVENTS = "loyalty.events"
WAIT_SECONDS = 300.0
# What the outbox holds that Kafka has not acknowledged.
NOT_FORWARDED = """
    select count(*)
      from outbox_event as event
      left join outbox_cursor as cursor
        on cursor.subscription = 'kafka.forward'
       and cursor.partition = event.partition
     where event.position is null
        or event.position > coalesce(cursor.position, 0)
"""


def names_in(modules: list[Module]) -> set[str]:
    """Give the names of everything modules do and answer."""
    return {
        *(one.name for module in modules for one in module.subscriptions),
        *(one.name for module in modules for one in module.loops),
        *(one.job.type for module in modules for one in module.jobs),
        *(f"every {one.job.type}" for module in modules for one in module.periodic),
        *(
            f"{method} {path}"
            for module in modules
            for route in module.routes
            for method in getattr(route, "http_methods", ())
            for path in route.paths  # type: ignore[union-attr] # handlers have paths
        ),
    }


@pytest.mark.parametrize("part", sorted(APART))
def test_what_a_part_apart_does_nobody_else_does_and_nothing_is_left_out(part: str) -> None:
    every = names_in(all_modules())
    there, here = names_in(modules_of("", apart=[part])), names_in(modules_of(part, apart=[part]))

    assert here | there == every
    shared = {"POST /oauth/token", "OPTIONS /oauth/token"}
    assert {one for one in here & there if ".well-known" not in one} <= shared
    assert set(PARTS[part].loops) <= here
    moved = FOLLOWING[part].moved
    assert moved is not None
    assert set(moved.subscriptions) == {
        one.name for module in modules_of(part) for one in module.subscriptions
    }
    assert set(moved.loops) == set(PARTS[part].loops)
    assert not set(moved.tables) & set(FOLLOWING[part].every)


def test_only_parts_that_can_be_apart_are_named_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANSA_PARTS_APART", EVENTS)
    with pytest.raises(SettingsInvalid, match="HANSA_KAFKA_SERVERS"):
        read_settings()
    monkeypatch.setenv("HANSA_KAFKA_SERVERS", "127.0.0.1:9092")
    assert read_settings().parts_apart == (EVENTS,)
    monkeypatch.setenv("HANSA_PARTS_APART", "loyalty.transactions")
    with pytest.raises(SettingsInvalid, match=r"expected some of loyalty\.events"):
        read_settings()


@dataclass
class World:
    """Two databases, what runs on them, and who is told."""

    main: Installation
    own: Installation
    receiver: str
    folder: Path
    member: str = ""
    client: tuple[str, str] = ("", "")
    secret: str = ""
    points: int = field(default_factory=free_port)
    events: int = field(default_factory=free_port)
    headers: dict[str, str] = field(default_factory=dict)
    # One for all: to make one reads every certificate there is.
    http: httpx.Client = field(
        default_factory=lambda: httpx.Client(trust_env=False, verify=False, timeout=60)
    )

    async def fill(self, database: Database) -> None:
        """Write who takes part, an endpoint, and who is signed in."""
        now = datetime.now(UTC)
        members.use_secret(SECRET.encode())
        async with database.transaction() as tx:
            await a_shop(tx, now=now)
            programme = await a_programme(tx, now=now, percent=1000)
            shop = await a_partner(tx, programme, now=now, code="shop")
            member = await a_member(tx, programme, now=now, phone=phone(7))
            client, secret = await accounts.create_client(
                tx, name="till", scopes=SCOPES, partner_id=shop.id, by=None, now=now
            )
            _, shown = await webhooks.add_endpoint(
                tx,
                owner=shop.id,
                url=f"{self.receiver}/in/shop",
                event_types=["loyalty.*"],
                key=SECRET.encode(),
                is_production=False,
                by=None,
                now=now,
            )
            await accounts.ensure_built_in_roles(tx, known_permissions=[], now=now)
            root = await accounts.create_user(
                tx,
                email="root@example.com",
                password=None,
                kind="staff",
                roles=[accounts.ADMINISTRATOR],
                now=now,
            )
            anna = await accounts.create_user(
                tx,
                email="anna@example.com",
                password=None,
                kind="partner",
                partner_id=shop.id,
                now=now,
            )
            for user in (root, anna):
                await tx.execute(
                    "insert into account_session"
                    " (id, token_hash, user_id, created_at, seen_at, expires_at)"
                    " values (%(id)s, %(token)s, %(id)s, %(now)s, %(now)s, %(end)s)",
                    {
                        "id": user.id,
                        "token": digest(user.email),
                        "now": now,
                        "end": now + timedelta(days=1),
                    },
                )
        assert secret is not None
        self.member, self.client, self.secret = (
            str(member.id),
            (client.public_id, secret),
            shown.shown,
        )

    def ask(self, port: int, method: str, path: str, **more: Any) -> Any:
        """Ask as a partner's program does, until there is an answer; it must be a good one."""
        headers = {**self.headers, "Idempotency-Key": more.pop("key", str(uuid4()))}
        url = f"http://127.0.0.1:{port}{path}"
        answers: list[httpx.Response] = []

        def is_answered() -> bool:
            with contextlib.suppress(httpx.TransportError):
                answers.append(self.http.request(method, url, headers=headers, **more))
                return answers[-1].status_code != httpx.codes.SERVICE_UNAVAILABLE
            return False

        eventually(is_answered, within_seconds=WAIT_SECONDS, what=f"{url} stays busy")
        assert answers[-1].status_code == httpx.codes.OK, answers[-1].text
        return answers[-1].json()

    def sign_in(self) -> None:
        form = {"grant_type": "client_credentials"}
        url = f"http://127.0.0.1:{self.points}/oauth/token"
        answer = self.http.post(url, data=form, auth=self.client)
        assert answer.status_code == httpx.codes.OK, answer.text
        self.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def give(self, *keys: str) -> None:
        """Give a point for each key."""
        for key in keys:
            body = {"member": {"id": self.member}, "points": 1}
            self.ask(self.points, "POST", f"{HOME}/accruals", json=body, key=key)

    def control(self, **moods: object) -> None:
        """Let the receiver know a secret, or misbehave."""
        url = f"{self.receiver}/control/shop"
        self.http.post(url, json=moods).raise_for_status()

    def received(self) -> dict[str, Any]:
        """Give what the receiver got, each delivery with what is wrong with its signature."""
        found: dict[str, Any] = self.http.get(f"{self.receiver}/received/shop").json()
        return found

    def told(self) -> list[str]:
        """Give the postings the partner was told of, one for each message."""
        said = {one["id"]: one["event"]["data"] for one in self.received()["deliveries"]}
        return [str(data["posting_id"]) for data in said.values() if "posting_id" in data]

    def page(self, path: str, who: str) -> httpx.Response:
        """Open a page of the part as somebody who is signed in."""
        cookies = f"hansa_session={who}; hansa_language=en"
        headers = {"Accept": "text/html", "Cookie": cookies}
        return self.http.get(f"http://127.0.0.1:{self.events}{path}", headers=headers)

    def relay(self, program: Program) -> int:
        """Give the process that has the subscriptions and the loop of the part."""
        found: list[int] = []

        def is_there() -> bool:
            found.clear()
            for child in psutil.Process(program.process.pid).children():
                with contextlib.suppress(psutil.Error):
                    if child.cmdline()[-1] == "relay" and is_running(child.pid):
                        found.append(child.pid)
            return len(found) == 1

        eventually(is_there, within_seconds=WAIT_SECONDS, what="no relay runs")
        return found[0]


@contextlib.contextmanager
def a_world() -> Iterator[World]:
    """Run a broker, a receiver and two databases; nothing of Hansa yet."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hansa-apart-")))
        settings = {
            "kafka_servers": stack.enter_context(a_broker(folder)),
            "secret_key": SECRET,
            "parts_apart": EVENTS,
            "web_workers": "1",
            "rate_limit_client_requests_per_minute": "0",
        }
        main = stack.enter_context(installed(**settings, database_is_followed="true"))
        own = stack.enter_context(installed(**settings))
        stack.enter_context(embedded_postgres(main.data_dir, {"wal_level": "logical"}))
        stack.enter_context(embedded_postgres(own.data_dir))
        command = ("-m", "sandbox.webhooks", "--port", "0", "--tolerance-seconds", "0")
        receiver = stack.enter_context(Program.started(*command))
        address = receiver.read_until("Webhooks: ").partition(": ")[2].rstrip("/")
        world = World(main=main, own=own, receiver=address, folder=folder)
        stack.enter_context(world.http)
        yield world


def execute(shop: Installation, statement: str, *values: object) -> list[Any]:
    """Execute a statement, and give its rows if it has any."""
    with psycopg.connect(shop.dsn, autocommit=True) as connection:
        cursor = connection.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


@pytest.mark.kafka
@pytest.mark.timeout(1200)
def test_webhooks_are_written_and_sent_on_a_database_of_their_own() -> None:
    with a_world() as world:
        world.main.in_database(world.fill)
        world.control(secret=world.secret)
        what_partners_set_up_moves_over(world)
        log = world.folder / "main.log"
        with served(world.main.environment, "loyalty.transactions", world.points, log):
            world.sign_in()
            log = world.folder / "events.log"
            with served(world.own.environment, EVENTS, world.events, log) as part:
                each_posting_is_told_once_whoever_is_killed(world, part)
                what_comes_early_waits_for_what_it_tells_of(world)
                its_pages_are_the_parts(world)
                what_it_publishes_reaches_kafka(world)
            for shop in (world.main, world.own):
                report = shop.check()
                assert report["ok"], [one for one in report["checks"] if one["findings"]]


def what_partners_set_up_moves_over(world: World) -> None:
    """Endpoints leave the main database for the part's; while it runs there, nothing happens."""
    followed = FOLLOWING[EVENTS]
    assert followed.moved is not None
    name = "hansa loop webhooks.delivery"
    with (
        psycopg.connect(world.main.dsn, application_name=name),
        pytest.raises(MoveFailed, match="still runs"),
    ):
        follow(world.own.dsn, leader=world.main.dsn, what=followed, within_seconds=60)
    with (
        psycopg.connect(world.main.dsn, autocommit=True) as there,
        psycopg.connect(world.own.dsn, autocommit=True) as here,
        pytest.raises(ZeroDivisionError),
        moving(here, there, followed.moved),
    ):
        raise ZeroDivisionError
    assert execute(world.main, "select count(*) from webhook_secret") == [(1,)]

    hansa(world.own.environment, "cells", "join", "--home", world.main.dsn, "--part", EVENTS)

    assert execute(world.main, "select count(*) from webhook_endpoint") == [(0,)]
    assert execute(world.own, "select count(*) from webhook_secret") == [(1,)]
    hansa(world.own.environment, "cells", "join", "--home", world.main.dsn, "--part", EVENTS)
    assert execute(world.own, "select count(*) from webhook_endpoint") == [(1,)]


def each_posting_is_told_once_whoever_is_killed(world: World, part: Program) -> None:
    """A receipt is told with a good signature; `kill -9` amid calls repeats no message's number."""
    body = {
        "member": {"id": world.member},
        "receipt": "1",
        "lines": [{"line": 1, "amount_minor": 100_00}],
    }
    world.ask(world.points, "POST", f"{HOME}/purchases", json=body)
    eventually(lambda: len(world.told()) == 1, within_seconds=WAIT_SECONDS, what="nothing is told")
    [first] = world.received()["deliveries"]
    assert (first["fault"], first["event"]["data"]["points"]) == ("", 10)

    calls = world.received()["calls"]
    world.control(slow_seconds=1)
    world.give("k-0", "k-1", "k-2")
    eventually(lambda: world.received()["calls"] > calls, within_seconds=WAIT_SECONDS)
    victim = world.relay(part)
    os.kill(victim, signal.SIGKILL)
    eventually(lambda: not is_running(victim), within_seconds=WAIT_SECONDS)
    world.control(slow_seconds=0)
    world.give("k-0", *(f"k-{number}" for number in range(3, 10)))

    eventually(
        lambda: len(set(world.told())) == 11, within_seconds=WAIT_SECONDS, what="not all is told"
    )
    assert len(world.told()) == 11
    assert not [one for one in world.received()["deliveries"] if one["fault"]]
    assert execute(world.own, "select count(*) from webhook_message") == [(11,)]
    assert execute(world.main, "select count(*) from webhook_message") == [(0,)]
    assert execute(world.main, "select 1 from outbox_inbox where subscription ~ 'webhooks'") == []


def what_comes_early_waits_for_what_it_tells_of(world: World) -> None:
    """While replication stands still Kafka is ahead: events wait until their rows are there."""
    [(name,)] = execute(world.own, "select subname from pg_subscription")
    execute(world.own, f"alter subscription {name} disable")
    execute(world.main, "update loyalty_programme set code = 'renamed'")
    world.give("early")
    eventually(
        lambda: execute(world.main, NOT_FORWARDED) == [(0,)],
        within_seconds=WAIT_SECONDS,
        what="Kafka was not told",
    )
    execute(world.own, f"alter subscription {name} enable")
    eventually(lambda: len(world.told()) == 12, within_seconds=WAIT_SECONDS, what="it still waits")
    last = world.received()["deliveries"][-1]
    assert last["event"]["data"]["programme"] == "renamed"


def its_pages_are_the_parts(world: World) -> None:
    """Partners' programs, people of the partner and staff see and change webhooks at the part."""
    [endpoint] = world.ask(world.events, "GET", f"{HOME}/webhooks")["items"]
    assert world.page("/office/webhooks", "nobody").status_code != httpx.codes.OK
    for path, who in (
        ("/office/webhooks", "root@example.com"),
        (f"/office/webhooks/endpoints/{endpoint['id']}", "root@example.com"),
        ("/en/partner/webhooks", "anna@example.com"),
    ):
        page = world.page(path, who)
        assert page.status_code == httpx.codes.OK, page.text[:2000]
        assert endpoint["id"] in page.text, path
    added = {"url": "https://partner.invalid/other", "event_types": ["loyalty.*"]}
    headers = {**world.headers, "Idempotency-Key": "another"}
    url = f"http://127.0.0.1:{world.events}{HOME}/webhooks"
    made = world.http.post(url, json=added, headers=headers)
    assert made.status_code == httpx.codes.CREATED, made.text
    assert execute(world.own, "select endpoints from webhook_owner") == [(2,)]


def what_it_publishes_reaches_kafka(world: World) -> None:
    """An endpoint that is gone is disabled by the part, which tells so by its own outbox."""
    world.control(gone=-1)
    world.give("gone")
    disabled = "select 1 from outbox_event where type = 'webhooks.EndpointDisabled'"
    eventually(lambda: execute(world.own, disabled) == [(1,)], within_seconds=WAIT_SECONDS)
    eventually(
        lambda: execute(world.own, NOT_FORWARDED) == [(0,)],
        within_seconds=WAIT_SECONDS,
        what="Kafka was not told",
    )
    assert execute(world.main, disabled) == []
