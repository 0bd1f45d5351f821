"""The exchange with RetailCRM: how it stands, what was refused, the first load."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import Unavailable
from hansa.modules import accounts, orders, parties, retailcrm
from hansa.runtime.database import Snapshot
from hansa.runtime.html import Page, read_form
from hansa.runtime.html.formats import format_moment, format_number
from hansa.runtime.http import Request
from hansa.runtime.http.problems import filled
from hansa.surfaces.backoffice.order_words import STATES
from hansa.surfaces.backoffice.presenting import asked, done, show, words, zone_of
from hansa.surfaces.backoffice.shell import staff

HOME = "/office/retailcrm"
KINDS = {
    retailcrm.Kind.ORDER: "order",
    retailcrm.Kind.CUSTOMER: "customer",
    retailcrm.Kind.MERGE: "merge of customers",
}
LOAD_STEPS = {
    "matching_customers": "Looking at the customers RetailCRM has",
    "matching_orders": "Looking at the orders RetailCRM has",
    "marking": "Collecting what there is here",
    "sending": "Sending",
    "done": "Everything is sent",
}
_SHOWN_MAX = 50


@get("/office/retailcrm")
async def show_exchange(request: Request) -> Page:
    """Show how the exchange of a connection stands."""
    staff(request, "retailcrm.view")
    values: dict[str, Any] = {}
    async with request.snapshot() as snap:
        connections = await retailcrm.list_connections(snap)
        told = asked(request, "connection")
        chosen = next((one for one in connections if str(one.id) == told), None)
        chosen = chosen or (connections[0] if connections else None)
        if chosen is not None:
            values = await _values(request, snap, chosen)
    return show(request, "retailcrm.html", connections=connections, chosen=chosen, **values)


async def _values(request: Request, snap: Snapshot, chosen: retailcrm.Connection) -> dict[str, Any]:
    standing = await retailcrm.standing_of(snap, connection_id=chosen.id)
    refusals = await retailcrm.list_refusals(snap, connection_id=chosen.id, limit=_SHOWN_MAX)
    refused = await retailcrm.list_refused(snap, connection_id=chosen.id, limit=_SHOWN_MAX)
    language, zone, translate = request.language, zone_of(request), words(request)
    counts = {
        "waiting": standing.waiting,
        "arrivals": standing.arrivals,
        "refused": standing.refused + len(refusals),
        "stock": standing.stock_waiting,
        "unknown": standing.stock_unknown,
    }
    return {
        "counts": {name: format_number(count, language) for name, count in counts.items()},
        "has_refused": bool(counts["refused"]),
        "last_sent": format_moment(chosen.sent_at, language, zone) if chosen.sent_at else None,
        "last_read": format_moment(chosen.pulled_at, language, zone) if chosen.pulled_at else None,
        "error_at": format_moment(chosen.error_at, language, zone) if chosen.error_at else None,
        "paused": (
            format_moment(chosen.paused_until, language, zone)
            if chosen.paused_until and chosen.paused_until > request.received_at
            else None
        ),
        "failure": failure_of(request, chosen),
        "load": _load(request, chosen, waiting=standing.waiting),
        "refusals": [
            {
                "id": one.id,
                "text": _sentence(request, one),
                "href": _href(one.kind, one.internal_id),
                "moment": format_moment(one.last_at, language, zone),
                "times": one.times,
            }
            for one in refusals
        ],
        "refused": [
            {
                "kind": one.kind,
                "subject": one.subject_id,
                "what": f"{translate(KINDS[one.kind])} {await _name(snap, one)}",
                "href": _href(one.kind, one.subject_id),
                "text": one.error,
                "moment": format_moment(one.changed_at, language, zone) if one.changed_at else "",
            }
            for one in refused
        ],
    }


def _load(request: Request, chosen: retailcrm.Connection, *, waiting: int) -> dict[str, Any] | None:
    load = chosen.load
    if not load.state:
        return None
    is_sending = load.state == "sending" and load.total > 0
    count = max(0, load.total - waiting)
    language = request.language
    return {
        "step": words(request)(LOAD_STEPS[load.state]),
        "is_running": load.state != "done",
        "percent": min(100, count * 100 // load.total) if is_sending else None,
        "note": (
            f"{format_number(count, language)} / {format_number(load.total, language)}"
            if is_sending
            else format_number(load.matched, language)
        ),
        "total": format_number(load.total, language),
    }


def failure_of(request: Request, connection: retailcrm.Connection) -> str:
    """Say what is wrong with a connection, or nothing."""
    if connection.error is None:
        return ""
    if not connection.error:
        return words(request)("RetailCRM does not answer. It is asked again by itself.")
    sentence = words(request)("RetailCRM refused: {reason}.")
    return filled(sentence, {"reason": connection.error})


def _sentence(request: Request, refusal: retailcrm.Refusal) -> str:
    translate = words(request)
    states = {str(state): translate(label) for state, (label, _) in STATES.items()}
    facts = {
        name: states.get(text, text) if name in {"state", "target"} else text
        for name, text in refusal.facts.items()
    }
    if "what" in facts:
        facts["what"] = translate(facts["what"])
    return filled(translate(refusal.message), facts)


def _href(kind: str, internal_id: UUID | None) -> str:
    if internal_id is None:
        return ""
    return f"/office/{'orders' if kind == retailcrm.Kind.ORDER else 'customers'}/{internal_id}"


async def _name(snap: Snapshot, row: retailcrm.Outgoing) -> str:
    try:
        if row.kind is retailcrm.Kind.ORDER:
            return (await orders.get_order(snap, order_id=row.subject_id)).number
        return (await parties.get_party(snap, party_id=row.subject_id)).display_name
    except (orders.OrderNotFound, parties.PartyNotFound):
        return str(row.subject_id)


@post("/office/retailcrm/{connection_id:uuid}/exchange")
async def look_now(request: Request, connection_id: FromPath[UUID]) -> Response[None]:
    """Exchange at once."""
    staff(request, "retailcrm.edit")
    async with request.transaction() as tx:
        held = await retailcrm.get_connection(tx, connection_id=connection_id)
        await retailcrm.look_now(tx, connection_id=held.id)
    return done(request, f"{HOME}?connection={connection_id}", "crm_looked")


@post("/office/retailcrm/{connection_id:uuid}/load")
async def load(request: Request, connection_id: FromPath[UUID]) -> Response[None]:
    """Begin the first load."""
    by = staff(request, "retailcrm.edit")
    async with request.transaction() as tx:
        await retailcrm.begin_load(tx, connection_id=connection_id, now=request.received_at)
        await accounts.record(
            tx,
            actor=by,
            action="retailcrm.load",
            subject_kind="retailcrm_connection",
            subject_id=connection_id,
            now=request.received_at,
        )
    return done(request, f"{HOME}?connection={connection_id}", "crm_load")


@post("/office/retailcrm/{connection_id:uuid}/test")
async def check_connection(request: Request, connection_id: FromPath[UUID]) -> Response[None]:
    """Call RetailCRM, and fetch its lists; what it says is shown on the page of its settings."""
    staff(request, "retailcrm.edit")
    page = f"{HOME}/connections/{connection_id}"
    try:
        await retailcrm.refresh_lists(request.context, connection_id=connection_id)
    except (Unavailable, retailcrm.CrmRefused):
        return done(request, page, "crm_failed")
    return done(request, page, "crm_tested")


class RefusalFields(msgspec.Struct):
    """What to do about something that was not taken over."""

    decision: Annotated[str, msgspec.Meta(pattern="^(retry|dismiss)$")] = "retry"


@post("/office/retailcrm/{connection_id:uuid}/refusals/{refusal_id:uuid}")
async def decide(
    request: Request, connection_id: FromPath[UUID], refusal_id: FromPath[UUID]
) -> Response[None]:
    """Look at something of the CRM again, or note that it is dealt with."""
    by = staff(request, "retailcrm.edit")
    form = await read_form(request, RefusalFields)
    is_retry = form.value is None or form.value.decision == "retry"
    decide_now = retailcrm.retry_refusal if is_retry else retailcrm.dismiss_refusal
    now = request.received_at
    async with request.transaction() as tx:
        await decide_now(tx, connection_id=connection_id, refusal_id=refusal_id, now=now)
        await accounts.record(
            tx,
            actor=by,
            action="retailcrm.retry" if is_retry else "retailcrm.dismiss",
            subject_kind="retailcrm_connection",
            subject_id=connection_id,
            after={"refusal": str(refusal_id)},
            now=now,
        )
    notice = "replayed" if is_retry else "crm_done"
    return done(request, f"{HOME}?connection={connection_id}", notice)


class RetryFields(msgspec.Struct):
    """Something of ours that the CRM refused."""

    kind: Annotated[str, msgspec.Meta(pattern="^(order|customer|merge)$")]
    subject: UUID


@post("/office/retailcrm/{connection_id:uuid}/outgoing")
async def send_again(request: Request, connection_id: FromPath[UUID]) -> Response[None]:
    """Send once more what the CRM refused."""
    staff(request, "retailcrm.edit")
    form = await read_form(request, RetryFields)
    if form.value is not None:
        async with request.transaction() as tx:
            await retailcrm.retry_refused(
                tx,
                connection_id=connection_id,
                kind=retailcrm.Kind(form.value.kind),
                subject_id=form.value.subject,
                now=request.received_at,
            )
    return done(request, f"{HOME}?connection={connection_id}", "replayed")
