"""Where partners tell us something: their own words, signed, understood by the feed's mapping."""

import hashlib
from collections.abc import Sequence

import msgspec
from litestar import Response, post
from litestar.params import FromPath

from hansa.modules.loyalty.intake import queries
from hansa.modules.loyalty.intake.mapping import BalanceAsked
from hansa.modules.loyalty.intake.model import (
    BODY_BYTES_MAX,
    BodyTooLarge,
    Feed,
    FeedKind,
    NoFeed,
    NotSigned,
    TooManyRecords,
)
from hansa.modules.loyalty.intake.reading import Found, SourceBroken, pieces_of, read_records
from hansa.modules.loyalty.intake.recording import Place
from hansa.modules.loyalty.intake.running import Desk, open_desk
from hansa.modules.loyalty.intake.signing import prove
from hansa.modules.loyalty.intake.wiring import Intake
from hansa.modules.loyalty.intake.work import RunFeed
from hansa.modules.loyalty.intake.working import Result
from hansa.runtime.http import NO_CSRF, NO_KEY, PUBLIC, Request
from hansa.runtime.http.problems import translated

EVENTS_PATH = "/loyalty/v1/feeds/{feed_code:str}/events"
ANSWERED_RECORDS_MAX = 500
_TOLD = frozenset({FeedKind.WEBHOOK, FeedKind.CALL_OUT})
_DONE = "done"


class RecordAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a record; `state` is taken, refused, waiting or skipped."""

    row: int
    state: str
    key: str = ""
    code: str = ""
    reason: str = ""
    points: int = 0
    balance: int | None = None
    available: int | None = None
    uncovered: int = 0
    earns_at: str = ""


class EventsAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of what was told; `run` is its number, under which staff finds it."""

    run: str = ""
    results: list[RecordAnswer] = []


@post(
    EVENTS_PATH,
    tags=["Loyalty feeds"],
    summary="Events of a partner",
    status_code=200,
    request_max_body_size=BODY_BYTES_MAX,
    opt={
        PUBLIC: "signed by the partner",
        NO_CSRF: "comes from a program",
        NO_KEY: "an event that comes again is known by its number or its content",
    },
)
async def take_events(request: Request, feed_code: FromPath[str]) -> Response[EventsAnswer]:
    """Take what a partner tells: prove it, keep it, and answer now or later.

    The body is in the partner's own format. A feed that answers later says 202 once the body is
    kept; one that answers now says of each record what became of it.
    """
    context = request.context
    body = await request.body()
    async with request.snapshot(single=True) as snap:
        feed = await queries.get_feed_by_code(snap, code=feed_code)
    if not feed.is_active or feed.kind not in _TOLD:
        raise NoFeed
    if len(body) > feed.settings.body_bytes_max:
        raise BodyTooLarge(feed.settings.body_bytes_max)
    proven = prove(
        feed.settings,
        context.service(Intake).sealer.credentials(feed),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        now=request.received_at.timestamp(),
    )
    if proven is None:
        raise NotSigned
    source = f"event {proven.id[:200] or hashlib.sha256(body).hexdigest()}"
    desk = await open_desk(context, feed)
    if feed.settings.answers == "now":
        return await _answer_now(request, desk, source, body)
    async with request.transaction() as tx:
        run = await desk.begin(tx, source=source, body=body)
        if run.state != _DONE:
            await tx.enqueue(RunFeed(feed_id=feed.id))
    return Response(EventsAnswer(run=str(run.id)), status_code=202)


async def _answer_now(
    request: Request, desk: Desk, source: str, body: bytes
) -> Response[EventsAnswer]:
    found = await _read(desk, body)
    if _is_question(desk, found):
        results = await desk.take(found, None, is_asked=True)
        return Response(EventsAnswer(results=[_answer(request, one) for one in results]))
    async with request.transaction() as tx:
        run = await desk.begin(tx, source=source, body=body)
    place = None
    if run.state != _DONE and run.position == 0:
        place = Place(run.id, 0, set())
    results = await desk.take(found, place, is_asked=True, run_id=run.id)
    if run.state != _DONE:
        await desk.finish(run.id, None)
    return Response(
        EventsAnswer(run=str(run.id), results=[_answer(request, one) for one in results])
    )


async def _read(desk: Desk, body: bytes) -> list[Found]:
    """Read a body whole.

    Raises:
        SourceBroken: it cannot be read to its end; nothing of it is taken.
        TooManyRecords: it holds more than can be answered at once.
    """
    found: list[Found] = []
    async for one in read_records(pieces_of(body), desk.engine.document.source):
        found.append(one)
        if len(found) > ANSWERED_RECORDS_MAX:
            raise TooManyRecords(ANSWERED_RECORDS_MAX)
    if not found:
        raise SourceBroken(0, "there is no record in it")
    return found


def _is_question(desk: Desk, found: Sequence[Found]) -> bool:
    """Tell whether nothing but balances is asked for, which leaves no trace."""
    for one in found:
        understood = desk.worker.read(one).understood
        planned = () if understood is None else understood.planned
        if not planned or not all(isinstance(step, BalanceAsked) for step in planned):
            return False
    return True


def _answer(request: Request, result: Result) -> RecordAnswer:
    outcome, refusal = result.outcome(), result.refusal
    balance, available = outcome["balance"], outcome["available"]
    is_known = bool(result.receipts) or bool(result.balance)
    return RecordAnswer(
        row=result.found.row,
        state="skipped" if result.is_skipped else str(result.state or "repeated"),
        key=result.key,
        code="" if refusal is None else refusal.code,
        reason=""
        if refusal is None
        else translated(request, refusal.message).format(**refusal.data()),
        points=result.points,
        balance=balance if is_known and isinstance(balance, int) else None,
        available=available if is_known and isinstance(available, int) else None,
        uncovered=result.uncovered,
        earns_at="" if result.due_at is None else result.due_at.isoformat(),
    )


def events_path(feed: Feed) -> str:
    """Give the address a feed's partner tells things at."""
    return EVENTS_PATH.replace("{feed_code:str}", feed.code)


ROUTES = (take_events,)
