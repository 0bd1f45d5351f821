"""Rows an ERP sent to /erp/v1: batch by batch, with what was refused and why."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from hansa.modules import erp
from hansa.runtime.html import Page
from hansa.runtime.html.formats import format_moment, format_number
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.exchange import chosen_connection, size_of
from hansa.surfaces.backoffice.exchange_file import ACTIONS
from hansa.surfaces.backoffice.presenting import (
    PAGE_ROWS,
    address,
    asked,
    show,
    words,
    zone_of,
)
from hansa.surfaces.backoffice.shell import staff

HOME = "/office/exchange/rows"
KINDS = {
    "items": "items",
    "prices": "prices",
    "stock": "stock",
    "order-statuses": "order statuses",
    "shipments": "shipments",
    "customers": "customers",
    "gift-sets": "gift sets",
    "receipts": "receipts",
    "marketplace-marks": "marks for marketplaces",
}
OUTCOMES = (
    ("applied", "Applied"),
    ("unchanged", "Unchanged"),
    ("stale", "Stale"),
    ("duplicate", "Came before"),
    ("deferred", "Waits"),
    ("refused", "Refused"),
)
_REFUSED = "refused"
_CURSOR = "office.exchange.rows"
_LOG_CURSOR = "office.exchange.rows.log"


@get(HOME)
async def list_batches(request: Request) -> Page:
    """Show the batches of a connection, the newest first; those with refused rows if asked."""
    staff(request, "erp.view")
    after = request.read_cursor(
        request.query_params.get("after"), of=_CURSOR, types=(datetime, UUID)
    )
    only_refused = asked(request, "view") == _REFUSED
    kind = asked(request, "kind")
    async with request.snapshot() as snap:
        connections, chosen = await chosen_connection(snap, request)
        if chosen is None:
            raise erp.NoConnection
        found = await erp.list_batches(
            snap,
            connection_id=chosen.id,
            kind=kind or None,
            only_refused=only_refused,
            before=after,
            limit=PAGE_ROWS + 1,
        )
        waiting = await erp.count_waiting(snap, connection_id=chosen.id)
    batches, cursor = request.page_of(
        found, limit=PAGE_ROWS, of=_CURSOR, key=lambda one: (one.received_at, one.id)
    )
    translate = words(request)
    return show(
        request,
        "exchange_rows.html",
        connections=connections,
        chosen=chosen,
        batches=[batch_row(request, one) for one in batches],
        outcomes=[translate(label) for _, label in OUTCOMES],
        views=[
            {
                "label": translate(label),
                "href": address(request, view=view or None, after=None),
                "current": only_refused == bool(view),
            }
            for view, label in (("", "All"), (_REFUSED, "With refused rows"))
        ],
        kind=kind,
        kind_label=translate(KINDS.get(kind, kind)),
        without_kind=address(request, kind=None, after=None),
        waiting=[
            (translate(KINDS.get(name, name)), format_number(count, request.language))
            for name, count in waiting.items()
        ],
        address=f"{request.context.settings.public_url}/erp/v1/",
        first_url=address(request, after=None) if after else None,
        next_url=address(request, after=cursor) if cursor else None,
    )


def batch_row(request: Request, batch: erp.Batch) -> dict[str, Any]:
    """Give a batch as a row of the list."""
    language = request.language
    translate = words(request)
    return {
        "id": batch.id,
        "kind": translate(KINDS.get(batch.kind, batch.kind)),
        "kind_url": address(request, kind=batch.kind, after=None),
        "moment": format_moment(batch.received_at, language, zone_of(request)),
        "size": size_of(request, batch.size_bytes),
        "rows": format_number(batch.counts.get("rows", 0), language),
        "counts": [format_number(batch.counts.get(name, 0), language) for name, _ in OUTCOMES],
        "refused": batch.counts.get(_REFUSED, 0),
        "is_dry_run": batch.is_dry_run,
        "is_running": batch.state == "running",
    }


@get("/office/exchange/rows/{batch_id:uuid}")
async def show_batch(request: Request, batch_id: FromPath[UUID]) -> Page:
    """Show a batch: counts, and why rows were refused, wait, or were taken in part."""
    staff(request, "erp.view")
    after = request.read_cursor(request.query_params.get("after"), of=_LOG_CURSOR, types=(int,))
    search = asked(request, "q")
    async with request.snapshot() as snap:
        batch = await erp.get_batch(snap, batch_id=batch_id)
        tally = await erp.tally(snap, file_id=batch_id)
        found = await erp.list_log(
            snap,
            connection_id=batch.connection_id,
            file_id=batch_id,
            external_id=search or None,
            before=after[0] if after else None,
            limit=PAGE_ROWS + 1,
        )
    rows, cursor = request.page_of(
        found, limit=PAGE_ROWS, of=_LOG_CURSOR, key=lambda one: (one.number,)
    )
    language, zone, translate = request.language, zone_of(request), words(request)
    finished = format_moment(batch.finished_at, language, zone) if batch.finished_at else ""
    facts = [
        ("Came", format_moment(batch.received_at, language, zone)),
        ("Finished", finished),
        ("Size", size_of(request, batch.size_bytes)),
        ("From where", batch.address),
        ("Number", str(batch.id)),
    ]
    return show(
        request,
        "exchange_batch.html",
        batch=batch,
        row=batch_row(request, batch),
        figures=[
            (translate(label), format_number(batch.counts.get(name, 0), language))
            for name, label in OUTCOMES
        ],
        facts_shown=[(translate(label), value) for label, value in facts if value],
        tally=[
            {
                "action": translate(ACTIONS[one.action][0]),
                "tone": ACTIONS[one.action][1],
                "reason": one.reason,
                "code": one.code,
                "count": format_number(one.count, language),
            }
            for one in tally
        ],
        log=[
            {
                "line": one,
                "action": translate(ACTIONS[one.action][0]),
                "tone": ACTIONS[one.action][1],
                "field": one.details.get("field", ""),
            }
            for one in rows
        ],
        search=search,
        first_url=address(request, after=None) if after else None,
        next_url=address(request, after=cursor) if cursor else None,
    )


ROUTES: tuple[HTTPRouteHandler, ...] = (list_batches, show_batch)
