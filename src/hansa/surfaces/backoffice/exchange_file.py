"""A file of the exchange: how far it is, what it did, what was refused and why."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from hansa.modules import accounts, erp
from hansa.runtime.database import Snapshot
from hansa.runtime.html import Page
from hansa.runtime.html.formats import format_moment, format_number
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.exchange import COUNTS, HOME, STATES, size_of
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

ACTIONS = {
    erp.Action.CREATED: ("created", "good"),
    erp.Action.CHANGED: ("changed", "accent"),
    erp.Action.ARCHIVED: ("taken away", ""),
    erp.Action.REFUSED: ("refused", "bad"),
    erp.Action.DEFERRED: ("waits for another file", "warn"),
    erp.Action.HELD: ("waits for a person", "warn"),
    erp.Action.NOTED: ("noted", ""),
}
KINDS = {
    "product": "product",
    "offer": "variant",
    "price": "price",
    "price_type": "price list",
    "stock": "stock",
    "group": "category",
    "property": "attribute",
    "warehouse": "warehouse",
    "document": "order",
    "picture": "picture",
    "exchange": "exchange",
}
_VIEWS = {
    "": "Everything",
    "refused": "Refused",
    "created": "Created",
    "changed": "Changed",
    "archived": "Taken away",
}
_CURSOR = "office.exchange.log"
_PLACES = {
    "product": ("catalog.view", "/office/catalogue/products/{id}"),
    "offer": ("stock.view", "/office/stock/items/{id}"),
    "price": ("pricing.view", "/office/prices/items/{id}"),
    "document": ("orders.view", "/office/orders/{id}"),
}


@get("/office/exchange/files/{file_id:uuid}")
async def show_file(request: Request, file_id: FromPath[UUID]) -> Page:
    """Show a file with its log; while it is imported the page asks again and again."""
    staff(request, "erp.view")
    async with request.snapshot() as snap:
        file = await erp.get_file(snap, file_id=file_id)
        values = await _log(snap, request, file)
        tally = await erp.tally(snap, file_id=file_id)
    is_running = file.state in {erp.FileState.WAITING, erp.FileState.IMPORTING}
    template = "exchange_file.html#progress" if request.is_htmx and is_running else None
    language, translate = request.language, words(request)
    answer = show(
        request,
        template or "exchange_file.html",
        file=file,
        state=translate(STATES[file.state][0]),
        tone=STATES[file.state][1],
        is_running=is_running,
        position=format_number(file.position, request.language),
        figures=[
            (translate(name.capitalize()), format_number(file.counts.get(name, 0), language))
            for name in (*COUNTS, "prices", "levels")
            if file.counts.get(name) or name in COUNTS
        ],
        facts_shown=_facts(request, file),
        tally=[
            {
                "action": translate(ACTIONS[one.action][0]),
                "tone": ACTIONS[one.action][1],
                "kind": translate(KINDS.get(one.kind, one.kind)),
                "reason": translate(one.reason),
                "count": format_number(one.count, language),
                "url": address(request, action=str(one.action), kind=one.kind),
            }
            for one in tally
        ],
        **values,
    )
    if request.is_htmx and not is_running:
        # The import ended while somebody watched: the whole page has more to say now.
        answer.headers["HX-Refresh"] = "true"
    return answer


async def _log(snap: Snapshot, request: Request, file: erp.ImportedFile) -> dict[str, Any]:
    after = request.read_cursor(request.query_params.get("after"), of=_CURSOR, types=(int,))
    told = asked(request, "action")
    action = erp.Action(told) if told in set(erp.Action) else None
    kind, external_id = asked(request, "kind"), asked(request, "q")
    found = await erp.list_log(
        snap,
        connection_id=file.connection_id,
        file_id=file.id,
        action=action,
        kind=kind or None,
        external_id=external_id or None,
        before=after[0] if after else None,
        limit=PAGE_ROWS + 1,
    )
    rows, cursor = request.page_of(
        found, limit=PAGE_ROWS, of=_CURSOR, key=lambda one: (one.number,)
    )
    translate = words(request)
    return {
        "log": [_log_row(request, one) for one in rows],
        "actions": [
            {
                "label": translate(label),
                "href": address(request, action=name or None, kind=None),
                "current": name == told and not kind,
            }
            for name, label in _VIEWS.items()
        ],
        "action": told,
        "kind": kind,
        "kind_label": translate(KINDS.get(kind, kind)) if kind else "",
        "search": external_id,
        "first_url": address(request) if after else None,
        "next_url": address(request, after=cursor) if cursor else None,
    }


def _log_row(request: Request, row: erp.LogRow) -> dict[str, Any]:
    translate = words(request)
    permission, place = _PLACES.get(row.kind, ("", ""))
    actor = request.actor
    opens = bool(place and row.internal_id and actor and actor.may(permission))
    return {
        "row": row,
        "action": translate(ACTIONS[row.action][0]),
        "tone": ACTIONS[row.action][1],
        "kind": translate(KINDS.get(row.kind, row.kind)),
        "reason": translate(row.reason),
        "url": place.format(id=row.internal_id) if opens else None,
        "details": ", ".join(f"{name}: {value}" for name, value in row.details.items()),
    }


def _facts(request: Request, file: erp.ImportedFile) -> list[tuple[str, str]]:
    language, zone, translate = request.language, zone_of(request), words(request)
    whole = {True: "everything there is", False: "only changes", None: "not read yet"}
    told = [
        ("Came", format_moment(file.began_at, language, zone)),
        ("Finished", format_moment(file.finished_at, language, zone)),
        ("Formed by 1C", format_moment(file.formed_at, language, zone)),
        ("Holds", translate(whole[file.is_full])),
        ("Size", size_of(request, file.size_bytes)),
        ("Records read", format_number(file.position, language)),
    ]
    return [(translate(label), value) for label, value in told if value]


@post("/office/exchange/files/{file_id:uuid}/repeat")
async def repeat(request: Request, file_id: FromPath[UUID]) -> Response[None]:
    """Import a file once more from its beginning, as a new file."""
    by = staff(request, "erp.edit")
    async with request.transaction() as tx:
        copy = await erp.repeat_file(tx, file_id=file_id, now=request.received_at)
        await accounts.record(
            tx,
            actor=by,
            action="erp.file_repeated",
            subject_kind="erp_file",
            subject_id=file_id,
            after={"as": str(copy)},
            now=request.received_at,
        )
    return done(request, f"{HOME}/files/{copy}", "repeated")
