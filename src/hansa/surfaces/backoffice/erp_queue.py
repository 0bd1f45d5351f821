"""Messages on their way to an ERP: how the queue stands, what was refused, trying it again."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.modules import erp
from hansa.runtime.database import Snapshot
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.html.formats import format_moment, format_number
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.presenting import (
    PAGE_ROWS,
    address,
    asked,
    done,
    show,
    words,
    zone_of,
)
from hansa.surfaces.backoffice.shell import staff

outgoing = erp.outgoing

HOME = "/office/erp-queue"
STATES = {
    outgoing.MessageState.WAITING: ("waits", "accent"),
    outgoing.MessageState.SENT: ("with the broker", "accent"),
    outgoing.MessageState.ACKNOWLEDGED: ("arrived", "good"),
    outgoing.MessageState.REFUSED: ("refused, tried again by itself", "warn"),
    outgoing.MessageState.DEAD: ("left to a person", "bad"),
    outgoing.MessageState.REPLACED: ("written anew", ""),
    outgoing.MessageState.DISCARDED: ("discarded", ""),
}
KINDS = {
    outgoing.MessageKind.ORDER: "Order",
    outgoing.MessageKind.CUSTOMER: "Customer",
    outgoing.MessageKind.CORRECTION: "Correction of a shop",
}
VIEWS: dict[str, tuple[str, tuple[outgoing.MessageState, ...] | None]] = {
    "dead": ("Left to a person", (outgoing.MessageState.DEAD,)),
    "waiting": (
        "On their way",
        (
            outgoing.MessageState.WAITING,
            outgoing.MessageState.REFUSED,
            outgoing.MessageState.SENT,
        ),
    ),
    "arrived": ("Arrived", (outgoing.MessageState.ACKNOWLEDGED,)),
    "all": ("All", None),
}
_CURSOR = "office.erp_queue"
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


class ReasonFields(msgspec.Struct):
    """Why a message is given up."""

    reason: Annotated[str, msgspec.Meta(min_length=3, max_length=500)]


class ReplayFields(msgspec.Struct):
    """Messages of which reason; none is all of them."""

    connection: UUID
    code: str = ""


@get("/office/erp-queue")
async def show_queue(request: Request) -> Page:
    """Show how the queue of a connection stands, and its messages."""
    staff(request, "erp.view")
    number, code = asked(request, "q"), asked(request, "reason")
    view = asked(request, "view")
    after = request.read_cursor(request.query_params.get("after"), of=_CURSOR, types=(int,))
    values: dict[str, Any] = {"messages": [], "next_url": None, "reasons": [], "tally": None}
    async with request.snapshot() as snap:
        connections = await erp.list_connections(snap)
        settings = {one.connection_id: one for one in await outgoing.list_outgoings(snap)}
        chosen = _chosen(connections, settings, asked(request, "connection"))
        if chosen is not None and chosen.id in settings:
            now = request.received_at
            tally = await outgoing.tally(snap, connection_id=chosen.id, now=now)
            view = view if view in VIEWS else "all" if number else _usual(tally)
            found = await outgoing.list_messages(
                snap,
                connection_id=chosen.id,
                states=None if number else VIEWS[view][1],
                error_code=code or None,
                subject_number=number or None,
                before=None if after is None else after[0],
                limit=PAGE_ROWS + 1,
            )
            shown, cursor = request.page_of(
                found, limit=PAGE_ROWS, of=_CURSOR, key=lambda one: (one.number,)
            )
            health = await outgoing.health_of(snap, connection_id=chosen.id)
            values = {
                "messages": [_row(request, one) for one in shown],
                "next_url": address(request, after=cursor) if cursor else None,
                "reasons": await _reasons(request, snap, chosen.id),
                "tally": _tally(request, tally),
                "health": _health(request, health),
                "versions": settings[chosen.id].versions(now),
            }
    return show(
        request,
        "erp_queue.html",
        connections=[one for one in connections if one.id in settings] or connections,
        chosen=chosen,
        is_set_up=chosen is not None and chosen.id in settings,
        is_active=chosen is not None and chosen.id in settings and settings[chosen.id].is_active,
        tabs=_tabs(request, view),
        number=number,
        code=code,
        without_code=address(request, reason=None),
        first_url=address(request) if after else None,
        live_url=address(request),
        **values,
    )


@get("/office/erp-queue/messages/{message_id:uuid}")
async def show_message(request: Request, message_id: FromPath[UUID]) -> Page:
    """Show a message: what it holds, what became of it, what it holds back."""
    staff(request, "erp.view")
    return await _message_page(request, message_id, first_shown(request))


@post("/office/erp-queue/replay")
async def replay_all(request: Request) -> Response[None]:
    """Have all dead messages of a reason sent again."""
    by = staff(request, "erp.queue")
    form = await read_form(request, ReplayFields)
    if form.value is None:
        return done(request, HOME, "")
    async with request.transaction() as tx:
        await outgoing.replay(
            tx,
            connection_id=form.value.connection,
            error_code=form.value.code or None,
            by=by,
            now=request.received_at,
        )
    return done(request, f"{HOME}?connection={form.value.connection}&view=waiting", "replayed")


@post("/office/erp-queue/messages/{message_id:uuid}/replay")
async def replay_one(request: Request, message_id: FromPath[UUID]) -> Response[None]:
    """Have a message sent again, as it is."""
    by = staff(request, "erp.queue")
    async with request.transaction() as tx:
        message = await outgoing.get_message(tx, message_id=message_id)
        await outgoing.replay(
            tx,
            connection_id=message.connection_id,
            message_id=message_id,
            by=by,
            now=request.received_at,
        )
    return done(request, f"{HOME}/messages/{message_id}", "replayed")


@post("/office/erp-queue/messages/{message_id:uuid}/discard")
async def discard(request: Request, message_id: FromPath[UUID]) -> Response[None] | Page:
    """Give a message up with a reason; what is behind it goes on."""
    by = staff(request, "erp.queue")
    form = await read_form(request, ReasonFields)
    if form.value is None:
        return await _message_page(request, message_id, form, status_code=422)
    try:
        async with request.transaction() as tx:
            await outgoing.discard(
                tx,
                message_id=message_id,
                reason=form.value.reason,
                by=by,
                now=request.received_at,
            )
    except outgoing.MessageEnded as refusal:
        form.add("reason", refusal)
        return await _message_page(request, message_id, form, status_code=409)
    return done(request, f"{HOME}/messages/{message_id}", "message_discarded")


def _chosen(
    connections: tuple[erp.Connection, ...], settings: dict[UUID, outgoing.Outgoing], told: str
) -> erp.Connection | None:
    for one in connections:
        if str(one.id) == told:
            return one
    with_queue = [one for one in connections if one.id in settings]
    return next(iter((*with_queue, *connections)), None)


def _usual(tally: outgoing.QueueTally) -> str:
    if tally.dead:
        return "dead"
    return "waiting" if tally.waiting or tally.sent else "all"


async def _message_page(
    request: Request, message_id: UUID, form: Form[Any], *, status_code: int = 200
) -> Page:
    actor = staff(request, "erp.view")
    translate, language, zone = words(request), request.language, zone_of(request)
    async with request.snapshot() as snap:
        message = await outgoing.get_message(snap, message_id=message_id)
        behind = await outgoing.count_behind(snap, message=message)
        connection = next(
            one for one in await erp.list_connections(snap) if one.id == message.connection_id
        )
    is_open = message.state in {
        outgoing.MessageState.WAITING,
        outgoing.MessageState.REFUSED,
        outgoing.MessageState.SENT,
        outgoing.MessageState.DEAD,
    }
    label, tone = STATES[message.state]
    told = (
        (translate("Message number"), str(message.number)),
        (translate("Identifier"), str(message.id)),
        (translate("Contract"), f"{message.kind}.v{message.version}"),
        (translate("Connection"), connection.name),
        (translate("Written"), format_moment(message.created_at, language, zone)),
        (translate("Last attempt"), format_moment(message.sent_at, language, zone)),
        (translate("Attempts"), str(message.attempts)),
        (translate("Refusals"), str(message.refusals)),
        (
            translate("Next attempt"),
            format_moment(message.next_at, language, zone) if is_open else "",
        ),
        (translate("Taken by the ERP, by its clock"),
         format_moment(message.received_at, language, zone)),
    )  # fmt: skip
    return show(
        request,
        "erp_message.html",
        status_code=status_code,
        message=message,
        form=form,
        title=_title(request, message),
        subject_url=_subject_url(message),
        state=translate(label),
        tone=tone,
        behind=behind,
        is_open=is_open,
        may_replay=message.state in {outgoing.MessageState.DEAD, outgoing.MessageState.REFUSED},
        facts_shown=[(name, value) for name, value in told if value],
        payload=outgoing.readable(message.payload, with_personal_data=actor.may("parties.view")),
        hides=not actor.may("parties.view"),
    )


def _title(request: Request, message: outgoing.Message) -> str:
    kind = words(request)(KINDS[message.kind])
    return f"{kind} {message.subject_number}".strip()


def _subject_url(message: outgoing.Message) -> str | None:
    if message.kind is outgoing.MessageKind.ORDER:
        return f"/office/orders/{message.subject_id}"
    if message.kind is outgoing.MessageKind.CUSTOMER:
        return f"/office/customers/{message.subject_id}"
    return None


def _row(request: Request, message: outgoing.Message) -> dict[str, Any]:
    language, zone, translate = request.language, zone_of(request), words(request)
    label, tone = STATES[message.state]
    return {
        "id": str(message.id),
        "number": message.number,
        "title": _title(request, message),
        "contract": f"v{message.version}",
        "state": translate(label),
        "tone": tone,
        "written": format_moment(message.created_at, language, zone),
        "attempts": message.attempts,
        "reason": message.error_code,
        "error": message.error,
    }


async def _reasons(request: Request, snap: Snapshot, connection_id: UUID) -> list[dict[str, Any]]:
    language, zone = request.language, zone_of(request)
    return [
        {
            "code": one.error_code,
            "messages": one.messages,
            "oldest": format_moment(one.oldest, language, zone),
            "error": one.error,
            "url": address(request, view="dead", reason=one.error_code),
        }
        for one in await outgoing.dead_by_reason(snap, connection_id=connection_id)
    ]


def _tally(request: Request, tally: outgoing.QueueTally) -> dict[str, Any]:
    language = request.language
    age = None if tally.oldest is None else request.received_at - tally.oldest
    return {
        "waiting": format_number(tally.waiting + tally.sent, language),
        "dead": tally.dead,
        "age": "" if age is None else _age(request, age),
        "is_late": age is not None and age > timedelta(minutes=1),
        "rate": format_number(round(tally.per_minute, 1), language),
    }


def _age(request: Request, age: timedelta) -> str:
    """Write how long ago, in the largest unit that fits."""
    seconds, translate = max(0, int(age.total_seconds())), words(request)
    for unit, size in (("d", _DAY), ("h", _HOUR), ("min", _MINUTE)):
        if seconds >= size:
            return f"{seconds // size}\u00a0{translate(unit)}"
    return f"{seconds}\u00a0{translate('s')}"


def _health(request: Request, health: outgoing.Health) -> dict[str, Any]:
    language, zone = request.language, zone_of(request)
    return {
        "is_closed": health.breaker is outgoing.Breaker.CLOSED,
        "since": format_moment(health.failing_since, language, zone),
        "failure": health.failure,
        "failure_at": format_moment(health.failure_at, language, zone),
        "answer_at": format_moment(health.answer_at, language, zone),
    }


def _tabs(request: Request, current: str) -> list[dict[str, Any]]:
    translate = words(request)
    return [
        {
            "label": translate(label),
            "href": address(request, view=name, reason=None, q=None),
            "current": name == current,
        }
        for name, (label, _) in VIEWS.items()
    ]


ROUTES = (show_queue, show_message, replay_all, replay_one, discard)
