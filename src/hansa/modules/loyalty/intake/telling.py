"""Tells partners what came of their records: signed, in order, again until they have it."""

from datetime import timedelta
from uuid import UUID

import msgspec
import structlog

from hansa.kernel.errors import Unavailable
from hansa.modules.loyalty.intake.fetching import authorization
from hansa.modules.loyalty.intake.model import Feed, NoFeed
from hansa.modules.loyalty.intake.queries import get_feed
from hansa.modules.loyalty.intake.running import open_desk
from hansa.modules.loyalty.intake.signing import standard_headers
from hansa.modules.loyalty.intake.store import calls as sql
from hansa.modules.loyalty.intake.wiring import Intake
from hansa.modules.loyalty.intake.work import TellPartner
from hansa.runtime.context import Context
from hansa.runtime.database import Row
from hansa.runtime.outbound import Answer, Destination

CALLS_MAX = 100
PAUSES = tuple(timedelta(seconds=one) for one in (5, 30, 300, 1800, 7200, 18000, 36000, 72000))
_NO_ANSWER = 0

_log = structlog.get_logger(__name__)


async def tell_partner(context: Context, feed_id: UUID) -> None:
    """Send what waits. One that is not taken holds back those behind it: order is meaning."""
    async with context.database.snapshot(single=True) as snap:
        try:
            feed = await get_feed(snap, feed_id=feed_id)
        except NoFeed:
            return
        asked = {"feed_id": feed.id, "now": context.clock.now(), "limit": CALLS_MAX}
        rows = await snap.all(sql.LIST_WAITING, asked)
    if not feed.is_active:
        return
    for row in rows:
        answer = await _send(context, feed, row)
        if not await _note(context, feed, row, answer):
            return
    if len(rows) == CALLS_MAX:
        async with context.database.transaction() as tx:
            await tx.enqueue(TellPartner(feed_id=feed.id))


async def _send(context: Context, feed: Feed, row: Row) -> Answer | None:
    credentials = context.service(Intake).sealer.credentials(feed)
    name = f"loyalty-tell-{feed.id}"
    context.outbound.configure(
        Destination(
            name=name,
            base_url=feed.settings.tell_url,
            headers=authorization(feed, credentials),
            read_seconds=20,
            attempts=1,
            failures_to_open=1_000,  # pauses are kept in the row, for all processes
        )
    )
    body = msgspec.json.encode(row.body)
    signed = standard_headers(
        credentials.tell_secret,
        number=str(row.id),
        timestamp=int(context.clock.now().timestamp()),
        body=body,
    )
    try:
        return await context.outbound.send(
            name,
            "POST",
            row.path,
            headers={"content-type": "application/json", **signed},
            content=body,
            idempotency_key=str(row.id),
        )
    except Unavailable:
        return None


async def _note(context: Context, feed: Feed, row: Row, answer: Answer | None) -> bool:
    """Note how a call went; True if those behind it may follow."""
    now = context.clock.now()
    is_done = answer is not None and answer.ok
    is_over = not is_done and row.attempts + 1 > len(PAUSES)
    state = "done" if is_done else "failed" if is_over else "waiting"
    pause = PAUSES[min(row.attempts, len(PAUSES) - 1)]
    async with context.database.transaction() as tx:
        await tx.execute(
            sql.NOTE_CALL,
            {
                "id": row.id,
                "state": state,
                "status": _NO_ANSWER if answer is None else answer.status,
                "try_at": now + pause,
                "now": now,
            },
        )
        if state == "waiting":
            await tx.enqueue(TellPartner(feed_id=feed.id), run_at=now + pause)
    if not is_done:
        status = _NO_ANSWER if answer is None else answer.status
        _log.warning("a partner did not take what it was told", feed=feed.code, status=status)
    elif answer is not None and answer.body:
        await _take_answer(context, feed, row, answer.body)
    return is_done or is_over


async def _take_answer(context: Context, feed: Feed, row: Row, body: bytes) -> None:
    """Take in records a partner's answer holds; what is none of them is passed over."""
    try:
        held = msgspec.json.decode(body, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeError):
        return
    if "event" not in held:
        return
    desk = await open_desk(context, feed)
    async with context.database.transaction() as tx:
        await desk.begin(tx, source=f"answer {row.id}", body=body)
