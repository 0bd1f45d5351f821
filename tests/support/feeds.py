"""Feeds of partners for tests: a coalition, and a door to points that is watched.

coalition = await a_coalition(context, now=now)
feed = await a_feed(context, coalition, mapping)
done = await run(context, feed)                  # as its job does
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
import msgspec

from hansa.kernel.errors import Unavailable
from hansa.modules.loyalty import intake, points, programmes
from hansa.modules.loyalty.intake.checks import CHECKS
from hansa.modules.loyalty.intake.fetching import run_feed
from hansa.modules.loyalty.points.commands import Command, Receipt
from hansa.runtime.clock import FixedClock
from hansa.runtime.context import Context
from sandbox.acquirer.wire import Answer, Call, Handler, serve_connection
from tests.support.http import Site

__all__ = ["Coalition", "WatchedDoor", "a_coalition", "a_feed", "findings", "run"]


@dataclass
class WatchedDoor:
    """The door to points, which counts, keeps what went through, and can be shut by a test."""

    poster: points.Poster
    done: dict[str, Command] = field(default_factory=dict)
    calls: int = 0
    away_after: int | None = None

    async def submit(self, command: Command) -> Receipt:
        if self.away_after is not None and self.calls >= self.away_after:
            raise Unavailable
        self.calls += 1
        receipt = await self.poster.submit(command)
        self.done.setdefault(command.key, command)
        return receipt

    @property
    def commands(self) -> list[Command]:
        return list(self.done.values())


@dataclass(frozen=True)
class Coalition:
    """A programme and a partner."""

    programme: programmes.Programme
    partner: programmes.Partner


async def a_coalition(context: Context, *, now: datetime, code: str = "fashion") -> Coalition:
    """Open a programme with one partner in it."""
    programme = programmes.Programme(
        id=uuid4(), number=1, code="together", name={"ru": "Вместе", "en": "Together"}
    )
    partner = programmes.Partner(id=uuid4(), number=1, code=code, name={"ru": "Мода", "en": "Mode"})
    terms = programmes.Participation(programme_id=programme.id, partner_id=partner.id)
    async with context.database.transaction() as tx:
        await programmes.save_programme(tx, programme=programme, by=None, now=now)
        await programmes.save_partner(tx, partner=partner, by=None, now=now)
        await programmes.save_participation(tx, participation=terms, by=None, now=now)
    await context.service(programmes.Directory).refresh()
    return Coalition(programme, partner)


async def a_feed(
    context: Context,
    coalition: Coalition,
    mapping: dict[str, Any] | str,
    *,
    kind: str = "pull_file",
    code: str = "orders",
    credentials: intake.Credentials | None = None,
    **settings: Any,
) -> intake.Feed:
    """Make a feed in use, with a mapping."""
    now = context.clock.now()
    if kind == "pull_file":
        settings = {"folder": f"feeds/{code}", **settings}
    feed = intake.Feed(
        id=uuid4(),
        code=code,
        name=code.title(),
        partner_id=coalition.partner.id,
        programme_id=coalition.programme.id,
        kind=intake.FeedKind(kind),
        settings=intake.FeedSettings(**settings),
        is_active=True,
    )
    async with context.database.transaction() as tx:
        await intake.save_feed(tx, context, feed=feed, credentials=credentials, by=None, now=now)
        await write_mapping(tx, context, feed, mapping)
    return await reread(context, feed)


async def write_mapping(
    tx: Any, context: Context, feed: intake.Feed, mapping: dict[str, Any] | str
) -> None:
    written = mapping if isinstance(mapping, str) else msgspec.json.encode(mapping).decode()
    await intake.save_mapping(
        tx, context, feed=feed, written=written, by=None, now=context.clock.now()
    )


async def reread(context: Context, feed: intake.Feed) -> intake.Feed:
    async with context.database.snapshot(single=True) as snap:
        return await intake.get_feed(snap, feed_id=feed.id)


async def run(context: Context, feed: intake.Feed) -> intake.Run:
    """Run a feed as its job does, a second later; give its latest run."""
    assert isinstance(context.clock, FixedClock)
    context.clock.advance(timedelta(seconds=1))
    await run_feed(context, feed.id)
    async with context.database.snapshot(single=True) as snap:
        runs = await intake.list_runs(snap, feed_id=feed.id)
    assert runs, "it found nothing"
    return runs[0]


async def refused(context: Context, feed: intake.Feed) -> list[str]:
    """Give what was refused, as `row: sentence`, by rows."""
    async with context.database.snapshot(single=True) as snap:
        items = await intake.list_refused(snap, feed_id=feed.id)
    told = sorted(items, key=lambda one: one.row)
    return [f"{one.row}: {one.message.format(**one.facts)}" for one in told]


async def findings(context: Context) -> list[str]:
    """Run every check of feeds."""
    async with context.database.snapshot() as snap:
        return [
            f"{found.subject}: {found.message}"
            for check in CHECKS
            for found in await check.run(snap)
        ]


@contextlib.asynccontextmanager
async def served(site: Site) -> AsyncIterator[str]:
    """Let programs reach the application of a test over real HTTP; give its address."""
    transport = httpx.ASGITransport(app=site.app)  # type: ignore[arg-type]

    async def pass_on(call: Call) -> Answer:
        async with httpx.AsyncClient(transport=transport, base_url="http://hansa.test") as client:
            query = f"?{call.query}" if call.query else ""
            told = {name: one for name, one in call.headers.items() if name != "host"}
            answer = await client.request(
                call.method, call.path + query, headers=told, content=call.body
            )
        return Answer(answer.status_code, answer.content, answer.headers.get("content-type", ""))

    async with listening(pass_on) as address:
        yield address


@contextlib.asynccontextmanager
async def listening(answer: Handler) -> AsyncIterator[str]:
    """Run a handler behind HTTP on a free port; give its address."""
    server = await asyncio.start_server(partial(serve_connection, answer), "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
