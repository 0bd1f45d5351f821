"""Postings of points per second over HTTP, beside `pgbench` on the same server in the same run.

`python -m benchmarks.loyalty [--seconds 6] [--clients 256] [--members 100000] [--json FILE]`

Everything on one machine: PostgreSQL (durable: every answer is given after the commit is on disk),
the web role with its tokens, rules, lots, receipts and outbox, and the client that asks. Of the
requests 70 % are receipts with two lines, 10 % accruals, 20 % spending, from twenty partners.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import secrets
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen
from uuid import UUID

import uvloop

from benchmarks.http_load import Make, open_loop, rush
from benchmarks.scratch import scratch_directory
from benchmarks.stock_reservation import web
from hansa.kernel.identifiers import new_id
from hansa.modules import accounts
from hansa.modules.ledger.checks import CHECKS as LEDGER_CHECKS
from hansa.modules.loyalty import guard, members, offers, points, programmes
from hansa.modules.loyalty.points.checks import CHECKS as POINT_CHECKS
from hansa.runtime.clock import SystemClock
from hansa.runtime.database import Database
from hansa.runtime.database.embedded import embedded_postgres
from hansa.runtime.database.installed_postgres import binary
from hansa.runtime.database.migrate import migrate
from hansa.runtime.settings import Settings
from hansa.runtime.sizing import postgres_parameters, this_machine

PARTNERS = 20
SCOPES = ("loyalty.earn", "loyalty.spend", "loyalty.read", "loyalty.bulk", "loyalty.percent")
BULK_ITEMS = 500

# Whole tables at once: what enrolling one by one would give, without names.
MEMBERS = """
    insert into loyalty_member (bucket, id, party_id, state, time_zone, joined_at, changed_at)
    select get_byte(uuid_send(id), 15), id, null, 'active', 'Europe/Moscow', now(), now()
      from unnest(%(ids)s::uuid[]) as id
"""
MEMBERSHIPS = """
    insert into loyalty_membership
           (bucket, member_id, programme_id, account_id, enrolled_at, changed_at)
    select get_byte(uuid_send(id), 15), id, %(programme)s, nextval('loyalty_account_number'),
           now(), now()
      from unnest(%(ids)s::uuid[]) as id
"""
ACCOUNTS = """
    insert into ledger_account (bucket, id, ledger, opened_at)
    select bucket, account_id, 1, now() from loyalty_membership
"""


@dataclass
class World:
    """What is asked about: partners' tokens, and members that exist."""

    tokens: list[str]
    members: list[UUID]
    codes: list[str]


def heads(world: World, address: str, method: str, path: str) -> list[bytes]:
    """Give the head of a request for each partner."""
    host = address.removeprefix("http://")
    kind = "" if method == "GET" else "Content-Type: application/json\r\n"
    first = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{kind}"
    return [f"{first}Authorization: Bearer {token}\r\n".encode() for token in world.tokens]


def postings(world: World, address: str, chance: random.Random, *, partner: int | None) -> Make:
    """Make receipts, accruals and spending, of one partner or of all."""
    purchases = heads(world, address, "POST", "/loyalty/v1/purchases")
    accruals = heads(world, address, "POST", "/loyalty/v1/accruals")
    spendings = heads(world, address, "POST", "/loyalty/v1/spendings")
    run = secrets.token_hex(4)
    count = iter(range(10**9))

    def make(_: int) -> tuple[bytes, bytes]:
        number = next(count)
        who = chance.randrange(PARTNERS) if partner is None else partner
        member = world.members[chance.randrange(len(world.members))]
        draw = chance.random()
        if draw < 0.7:
            body = (
                f'{{"member":{{"id":"{member}"}},"receipt":"{run}-{number}","lines":['
                f'{{"line":1,"amount_minor":129900,"category":"food"}},'
                f'{{"line":2,"amount_minor":45900,"category":"home"}}]}}'
            )
            return purchases[who], body.encode()
        if draw < 0.8:
            return accruals[who], f'{{"member":{{"id":"{member}"}},"points":25}}'.encode()
        return spendings[who], f'{{"member":{{"id":"{member}"}},"points":3}}'.encode()

    return make


def reads(world: World, address: str, chance: random.Random, tail: str) -> Make:
    """Make reads of something of a member, `tail` of its address."""
    host = address.removeprefix("http://")
    ends = [
        f"/{tail} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n".encode()
        for token in world.tokens
    ]

    def make(_: int) -> tuple[bytes, bytes]:
        member = world.members[chance.randrange(len(world.members))]
        end = ends[chance.randrange(PARTNERS)]
        return f"GET /loyalty/v1/members/{member}".encode() + end, b""

    return make


def bulk(world: World, address: str, chance: random.Random) -> Make:
    """Make batches of 500 accruals and receipts."""
    batches = heads(world, address, "POST", "/loyalty/v1/batches")
    run = secrets.token_hex(4)
    count = iter(range(10**9))

    def make(_: int) -> tuple[bytes, bytes]:
        items = []
        for _ in range(BULK_ITEMS):
            number = next(count)
            member = world.members[chance.randrange(len(world.members))]
            command: dict[str, Any] = {
                "type": "accrual",
                "member": {"id": str(member)},
                "points": 10,
            }
            if number % 2:
                command = {
                    "type": "purchase",
                    "member": {"id": str(member)},
                    "receipt": f"{run}-{number}",
                    "lines": [{"line": 1, "amount_minor": 129900, "category": "food"}],
                }
            items.append({"key": f"{run}-{number}", "command": command})
        return batches[chance.randrange(PARTNERS)], json.dumps({"items": items}).encode()

    return make


async def prepare(database: Database, count: int) -> World:
    """Make a programme, partners with clients, members with points to spend."""
    now = datetime.now(UTC)
    programme = programmes.Programme(
        id=new_id(now), number=1, code="coalition", name={"en": "Coalition"}, percent=500
    )
    codes = []
    async with database.transaction() as tx:
        await programmes.save_programme(tx, programme=programme, by=None, now=now)
        for number in range(1, PARTNERS + 1):
            partner = programmes.Partner(
                id=new_id(now), number=number, code=f"p{number}", name={"en": f"Partner {number}"}
            )
            await programmes.save_partner(tx, partner=partner, by=None, now=now)
            agreed = programmes.Participation(programme_id=programme.id, partner_id=partner.id)
            await programmes.save_participation(tx, participation=agreed, by=None, now=now)
            client, secret = await accounts.create_client(
                tx, name=f"till {number}", scopes=SCOPES, partner_id=partner.id, by=None, now=now
            )
            codes.append(f"{client.public_id}:{secret}")
        ids = [new_id(now + timedelta(milliseconds=one % 1000)) for one in range(count)]
        for start in range(0, count, 20_000):
            some = ids[start : start + 20_000]
            await tx.execute(MEMBERS, {"ids": some})
            await tx.execute(MEMBERSHIPS, {"ids": some, "programme": programme.id})
        await tx.execute(ACCOUNTS)
    async with database.connection() as connection:
        await connection.execute("analyze")
    return World(tokens=[], members=ids, codes=codes)


def sign_in(address: str, codes: Sequence[str]) -> list[str]:
    """Get a token for each partner's client, as its program would."""
    tokens = []
    for code in codes:
        client_id, _, secret = code.partition(":")
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
        asked = Request(f"{address}/oauth/token", data=urlencode(form).encode())
        with urlopen(asked, timeout=20) as answer:
            tokens.append(json.load(answer)["access_token"])
    return tokens


def pgbench(dsn: str, *, clients: int, seconds: int) -> int:
    """TPC-B of the same server, prepared statements: transactions per second."""
    program = str(binary("pgbench"))
    make = [program, "-i", "-s", "20", "-q", dsn]
    subprocess.run(make, check=True, capture_output=True)
    run = [program, "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(seconds), dsn]
    done = subprocess.run(run, check=True, capture_output=True, text=True)
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    assert found is not None, done.stdout
    return round(float(found[1]))


async def check(database: Database) -> int:
    """Prove every invariant of points and ledger; give how many were broken."""
    async with database.snapshot() as snap:
        found = [one for each in (*LEDGER_CHECKS, *POINT_CHECKS) for one in await each.run(snap)]
    assert not found, found[:5]
    return len(found)


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Run everything."""
    measured: dict[str, Any] = {}
    chance = random.Random(1)
    with (
        scratch_directory() as directory,
        embedded_postgres(directory, postgres_parameters(this_machine())) as dsn,
    ):
        await asyncio.to_thread(migrate, dsn)
        database = Database(dsn, connections_max=8)
        await database.open()
        world = await prepare(database, options.members)
        workers = options.workers
        more = {"HANSA_RATE_LIMIT_CLIENT_REQUESTS_PER_MINUTE": "0"}
        with web(dsn, directory, workers=workers, more=more) as address:
            world.tokens = await asyncio.to_thread(sign_in, address, world.codes)
            mixed = postings(world, address, chance, partner=None)
            one = postings(world, address, chance, partner=3)
            balances = reads(world, address, chance, "balance")
            percents = reads(world, address, chance, "percents?programme=coalition")
            await fill(database, world)
            await checkpoint(database)
            await rush(address, mixed, clients=64, seconds=1.5)  # to warm up
            kinds: dict[str, tuple[Make, int]] = {
                "postings": (mixed, options.clients),
                "one_partner": (one, options.clients),
                "bulk": (bulk(world, address, chance), 8),
                "balances": (balances, 256),
                "percents": (percents, 256),
            }
            steady = {"open_loop": (balances, mixed), "percents_at_2000": (percents, percents)}
            for name in options.only or MEASURES:
                if name in steady:
                    found = await open_loop(
                        address, *steady[name], per_second=2_000, seconds=options.open_seconds
                    )
                else:
                    make, clients = kinds[name]
                    found = await rush(address, make, clients=clients, seconds=options.seconds)
                if name == "bulk":
                    items = found["answers"] * BULK_ITEMS
                    found["items_per_second"] = round(items / found["seconds"])
                measured[name] = found
                sys.stderr.write(f"{name:24} {found}\n")
        if not options.only:
            measured["pgbench_tps"] = await asyncio.to_thread(
                pgbench, dsn, clients=16, seconds=round(options.seconds)
            )
        measured["broken_invariants"] = await check(database)
        await database.close()
    return measured


MEASURES = (
    "postings",
    "one_partner",
    "bulk",
    "balances",
    "percents",
    "percents_at_2000",
    "open_loop",
)


async def fill(database: Database, world: World) -> None:
    """Give every member points to spend, through the door that all points come in by."""
    secret = Settings().secret_key.reveal() or "x" * 32
    members.use_secret(secret.encode())
    settings = SimpleNamespace(batch_commands_max=500, batch_queue_max=5000)
    services: dict[type[Any], Any] = {}
    context: Any = SimpleNamespace(
        clock=SystemClock(), database=database, settings=settings, service=services.__getitem__
    )
    for kind in (programmes.Directory, offers.Rulebook, guard.Watch, points.Poster):
        services[kind] = kind(context)
        await services[kind].start()
    [programme] = services[programmes.Directory].coalition.programmes.values()
    now = datetime.now(UTC)
    partners = list(services[programmes.Directory].coalition.partners.values())

    async def give(member: UUID, number: int) -> None:
        await services[points.Poster].submit(
            points.Accrue(
                owner=partners[number % PARTNERS].id,
                key=f"fill-{number}",
                programme_id=programme.id,
                happened_at=now,
                member=members.MemberRef(members.RefKind.ID, str(member)),
                points=1_000,
            )
        )

    for start in range(0, len(world.members), 4_000):
        some = world.members[start : start + 4_000]
        await asyncio.gather(*(give(one, start + at) for at, one in enumerate(some)))
    for service in reversed(services.values()):
        await service.close()


async def checkpoint(database: Database) -> None:
    """Let the server use old segments of its log again, as one does that has run for a while.

    A new server fills sixteen megabytes with zeros once a second under this load, and everybody
    waits for it.
    """
    async with database.connection() as connection:
        await connection.execute("checkpoint")


def main() -> None:
    """Measure, print a table, write JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--open-seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=256)
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    measured = uvloop.run(measure(options))
    for name, value in measured.items():
        sys.stdout.write(f"{name:24} {value}\n")
    if options.json:
        options.json.write_text(json.dumps(measured, indent=2))


if __name__ == "__main__":
    main()
