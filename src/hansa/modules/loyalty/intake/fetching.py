"""Where a feed's records are: files in our storage or at an address, pages, what was told to us."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import quote
from uuid import UUID

import msgspec

from hansa.kernel.errors import HansaError, Rejected, Unavailable
from hansa.modules.loyalty.intake.mapping import MappingInvalid
from hansa.modules.loyalty.intake.model import Credentials, Feed, FeedInvalid, FeedKind, NoFeed
from hansa.modules.loyalty.intake.queries import get_feed
from hansa.modules.loyalty.intake.reading import pieces_of
from hansa.modules.loyalty.intake.running import Desk, note_ran, open_desk
from hansa.modules.loyalty.intake.store import feeds as feeds_sql
from hansa.modules.loyalty.intake.store import runs as runs_sql
from hansa.modules.loyalty.intake.wiring import Intake
from hansa.runtime.context import Context
from hansa.runtime.database import Row
from hansa.runtime.outbound import Answer, Destination
from hansa.runtime.storage import FileMissing

ANSWER_BYTES_MAX = 32 * 1024 * 1024
FILES_MAX = 1_000
_GONE = frozenset({404, 410})
_DONE = "done"


@dataclass(eq=False)
class PartnerRefused(Rejected):
    """The partner's side says no; it will say so until somebody changes something."""

    code: ClassVar[str] = "intake.partner_refused"
    message: ClassVar[str] = "The partner answered {status}."

    status: int


@dataclass(eq=False)
class NoCursor(Rejected):
    """A page says that there is more, but not where."""

    code: ClassVar[str] = "intake.no_cursor"
    message: ClassVar[str] = "The answer does not say where the next page begins ({path})."

    path: str


async def run_feed(context: Context, feed_id: UUID) -> None:
    """Take in all a feed has now: first what was broken off, then what is new.

    Raises:
        Unavailable: points or the database are away; the work goes on where it was.
    """
    async with context.database.snapshot(single=True) as snap:
        try:
            feed = await get_feed(snap, feed_id=feed_id)
        except NoFeed:
            return
    if not feed.is_active:
        return
    try:
        desk = await open_desk(context, feed)
    except (MappingInvalid, FeedInvalid) as failure:
        await note_ran(context, feed, failure)
        return
    failure_of_partner: HansaError | None = None
    try:
        await _go_on(desk)
        if feed.kind is FeedKind.PULL_FILE:
            await _pull(desk)
        elif feed.kind is FeedKind.POLL:
            await _poll(desk)
    except _Away as away:
        failure_of_partner = away.failure
    except Rejected as refusal:
        failure_of_partner = refusal
    await note_ran(context, feed, failure_of_partner)
    if failure_of_partner is not None and isinstance(failure_of_partner, Unavailable):
        raise failure_of_partner


class _Away(Exception):
    """The partner's side does not answer."""

    def __init__(self, failure: Unavailable) -> None:
        super().__init__()
        self.failure = failure


async def _go_on(desk: Desk) -> None:
    """Finish runs that were broken off, the oldest first."""
    sealer = desk.context.service(Intake).sealer
    while True:
        async with desk.context.database.snapshot(single=True) as snap:
            rows = await snap.all(runs_sql.LIST_OPEN, {"feed_id": desk.feed.id})
        for row in rows:
            body = b"" if row.body is None else sealer.unseal(bytes(row.body))
            if desk.feed.kind is FeedKind.CALL_OUT:
                await _ask_about(desk, row, body)
            elif row.file:
                await _read_file(desk, row, row.file)
            else:
                await desk.carry_out(row, pieces_of(body))
        if not rows:
            return


# -- files -----------------------------------------------------------------------------------------


async def _pull(desk: Desk) -> None:
    settings = desk.feed.settings
    if settings.url:
        answer = await _call(desk, settings.method, settings.path, query=settings.query)
        digest = hashlib.sha256(answer.body).hexdigest()
        name = f"loyalty/feeds/{desk.feed.code}/{digest}"
        if await _is_new(desk, digest):
            await desk.context.storage.put(name, answer.body)
            await _take_file(desk, source=digest, name=name)
            await desk.context.storage.delete(name)
        return
    names = [name async for name in desk.context.storage.names(settings.folder)]
    for name in sorted(names)[:FILES_MAX]:
        facts = await desk.context.storage.facts(name)
        mark = facts.etag or f"{facts.size} {facts.modified_at.isoformat()}"
        source = hashlib.sha256(f"{name} {mark}".encode()).hexdigest()
        if await _is_new(desk, source):
            await _take_file(desk, source=source, name=name)


async def _is_new(desk: Desk, source: str) -> bool:
    asked = {"feed_id": desk.feed.id, "source": source}
    async with desk.context.database.snapshot(single=True) as snap:
        return await snap.maybe(runs_sql.GET_RUN_OF_SOURCE, asked) is None


async def _take_file(desk: Desk, *, source: str, name: str) -> None:
    async with desk.context.database.transaction() as tx:
        run = await desk.begin(tx, source=source, file=name)
    await _read_file(desk, run, name)


async def _read_file(desk: Desk, run: Row, name: str) -> None:
    try:
        await desk.carry_out(run, desk.context.storage.stream(name))
    except FileMissing as failure:
        await desk.finish(run.id, failure)


# -- pages -----------------------------------------------------------------------------------------


async def _poll(desk: Desk) -> None:
    """Ask page by page. A page and the place behind it are kept before the next is asked for."""
    settings, cursor = desk.feed.settings, desk.feed.cursor
    for _ in range(settings.pages_max):
        query = {**settings.query, **({settings.cursor_query: cursor} if cursor else {})}
        answer = await _call(desk, settings.method, settings.path, query=query)
        following, has_more = _next_place(desk, answer.body)
        digest = hashlib.sha256(cursor.encode() + b"\n" + answer.body).hexdigest()
        async with desk.context.database.transaction() as tx:
            run = await desk.begin(tx, source=digest, body=answer.body)
        if run.state != _DONE:
            body = desk.context.service(Intake).sealer.unseal(bytes(run.body or b""))
            await desk.carry_out(run, pieces_of(body))
        if following and following != cursor:
            cursor = following
            async with desk.context.database.transaction() as tx:
                await tx.execute(feeds_sql.SET_CURSOR, {"id": desk.feed.id, "cursor": cursor})
        elif has_more:
            raise NoCursor(settings.cursor_path)
        if not has_more:
            return


def _next_place(desk: Desk, body: bytes) -> tuple[str, bool]:
    """Read where the next page begins, and whether there is one."""
    settings = desk.feed.settings
    try:
        held: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError):
        return "", False  # the run itself says that it cannot be read
    cursor = _at(held, settings.cursor_path)
    following = "" if cursor is None or isinstance(cursor, dict | list) else str(cursor)
    if settings.more_path:
        return following, _at(held, settings.more_path) in {True, "true"}
    return following, bool(following)


def _at(held: object, path: str) -> object:
    for part in path.split("."):
        held = held.get(part) if isinstance(held, Mapping) else None
    return held


# -- calls about what was told ---------------------------------------------------------------------


async def _ask_about(desk: Desk, run: Row, body: bytes) -> None:
    """Ask the partner for what an event speaks of; its answer holds the records."""
    try:
        event = msgspec.json.decode(body, type=dict[str, object])
        path = desk.feed.settings.path
        for name, value in event.items():
            path = path.replace("{" + name + "}", quote(str(value), safe=""))
    except (msgspec.DecodeError, UnicodeError):
        await desk.finish(run.id, FeedInvalid("body"))
        return
    try:
        answer = await _call(desk, desk.feed.settings.method, path, key=str(run.id))
    except PartnerRefused as refusal:
        if refusal.status not in _GONE:
            raise
        await desk.finish(run.id, refusal)
        return
    await desk.carry_out(run, pieces_of(answer.body))


async def _call(
    desk: Desk, method: str, path: str, *, query: Mapping[str, str] | None = None, key: str = ""
) -> Answer:
    context, feed = desk.context, desk.feed
    name = f"loyalty-feed-{feed.id}"
    credentials = context.service(Intake).sealer.credentials(feed)
    context.outbound.configure(
        Destination(
            name=name,
            base_url=feed.settings.url,
            headers=authorization(feed, credentials),
            answer_bytes_max=ANSWER_BYTES_MAX,
            connections_max=4,
        )
    )
    try:
        answer = await context.outbound.send(
            name, method, path, query=query, idempotency_key=key or None
        )
    except Unavailable as failure:
        raise _Away(failure) from failure
    if not answer.ok:
        raise PartnerRefused(answer.status)
    return answer


def authorization(feed: Feed, credentials: Credentials) -> dict[str, str]:
    """Give the headers by which the partner knows us."""
    match feed.settings.authorization:
        case "bearer":
            return {"Authorization": f"Bearer {credentials.token}"}
        case "basic":
            pair = f"{credentials.user}:{credentials.token}".encode()
            return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        case "header":
            return {feed.settings.authorization_header: credentials.token}
        case _:
            return {}
