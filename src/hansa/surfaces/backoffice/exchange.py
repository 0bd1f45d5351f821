"""The exchange with 1C: files that came, what waits for a decision, files brought by hand."""

import asyncio
import re
import shutil
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.modules import erp, orders
from hansa.runtime.database import Snapshot
from hansa.runtime.html import Form, Page
from hansa.runtime.html.formats import format_moment, format_number
from hansa.runtime.html.forms import uploads
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

HOME = "/office/exchange"
STATES = {
    erp.FileState.RECEIVING: ("being received", "warn"),
    erp.FileState.WAITING: ("waits", "warn"),
    erp.FileState.IMPORTING: ("being imported", "accent"),
    erp.FileState.DONE: ("imported", "good"),
    erp.FileState.FAILED: ("failed", "bad"),
    erp.FileState.ABANDONED: ("abandoned", ""),
}
COUNTS = ("created", "changed", "unchanged", "archived", "refused")
WHAT = {"products": "products", "variants": "variants", "stock": "quantities"}

SESSION_KINDS = {
    "catalog": "goods from 1C",
    "sale": "orders",
    "folder": "brought by a person",
}
SESSION_STATES = {"open": "is going on", "complete": "is over"}

_CURSOR = "office.exchange"
_SESSIONS_CURSOR = "office.exchange.sessions"
_STEP = 1024
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_UPLOAD_BYTES_MAX = 64 * 1024 * 1024
_UPLOADED_FILES_MAX = 200
_WAITING_SHOWN = 20


@get("/office/exchange")
async def list_files(request: Request) -> Page:
    """Show the files of a connection, and what waits for a person."""
    staff(request, "erp.view")
    return await _page(request, Form(request=request))


async def chosen_connection(
    snap: Snapshot, request: Request
) -> tuple[tuple[erp.Connection, ...], erp.Connection | None]:
    """Give all connections and the one the page is about."""
    connections = await erp.list_connections(snap)
    told = asked(request, "connection")
    chosen = next((one for one in connections if str(one.id) == told), None)
    return connections, chosen or (connections[0] if connections else None)


async def _page(request: Request, form: Form[Any], *, status_code: int = 200) -> Page:
    actor = staff(request, "erp.view")
    language, zone, translate = request.language, zone_of(request), words(request)
    after = request.read_cursor(
        request.query_params.get("after"), of=_CURSOR, types=(datetime, UUID)
    )
    state = asked(request, "state")
    wanted = erp.FileState(state) if state in set(erp.FileState) else None
    session = asked(request, "session")
    session_id = UUID(session) if _ID.fullmatch(session) else None
    values: dict[str, Any] = {"files": [], "removals": [], "waiting": [], "next_url": None}
    async with request.snapshot() as snap:
        connections, chosen = await chosen_connection(snap, request)
        if chosen is not None:
            found = await erp.list_files(
                snap,
                connection_id=chosen.id,
                state=wanted,
                exchange_id=session_id,
                before=after,
                limit=PAGE_ROWS + 1,
            )
            files, cursor = request.page_of(
                found, limit=PAGE_ROWS, of=_CURSOR, key=lambda one: (one.began_at, one.id)
            )
            values["files"] = [file_row(request, one) for one in files]
            values["next_url"] = address(request, after=cursor) if cursor else None
            held = await erp.list_removals(snap, connection_id=chosen.id, only_held=True)
            values["removals"] = [
                {
                    "removal": one,
                    "what": translate(WHAT.get(one.kind, one.kind)),
                    "absent": format_number(one.absent, language),
                    "total": format_number(one.total, language),
                    "made": format_moment(one.made_at, language, zone),
                }
                for one in held
            ]
            if actor.may("orders.view"):
                values["waiting"] = await orders.list_orders(
                    snap,
                    wanted=orders.OrderFilter(market=chosen.market, only_unexported=True),
                    limit=_WAITING_SHOWN,
                )
    return show(
        request,
        "exchange.html",
        status_code=status_code,
        form=form,
        connections=connections,
        chosen=chosen,
        tabs=_tabs(request, wanted),
        here=address(request),
        session=session_id,
        without_session=address(request, session=None),
        is_running=after is None and any(one["is_running"] for one in values["files"]),
        first_url=address(request) if after else None,
        exchange_url=f"{request.context.settings.public_url}/1c_exchange",
        **values,
    )


def _tabs(request: Request, wanted: erp.FileState | None) -> list[dict[str, Any]]:
    translate = words(request)
    views = (
        (None, "All"),
        (erp.FileState.IMPORTING, "Being imported"),
        (erp.FileState.FAILED, "Failed"),
        (erp.FileState.DONE, "Imported"),
    )
    return [
        {
            "label": translate(label),
            "href": address(request, state=str(state) if state else None),
            "current": state is wanted,
        }
        for state, label in views
    ]


def file_row(request: Request, file: erp.ImportedFile) -> dict[str, Any]:
    """Give a file as a row of the list."""
    language = request.language
    label, tone = STATES[file.state]
    return {
        "id": file.id,
        "name": file.name,
        "moment": format_moment(file.began_at, language, zone_of(request)),
        "state": words(request)(label),
        "tone": tone,
        "is_running": file.state in {erp.FileState.WAITING, erp.FileState.IMPORTING},
        "counts": [format_number(file.counts.get(name, 0), language) for name in COUNTS],
        "refused": file.counts.get("refused", 0),
        "size": size_of(request, file.size_bytes),
        "error": file.error,
    }


def size_of(request: Request, size_bytes: int) -> str:
    """Write a size as people read it."""
    unit = "B"
    for larger in ("KiB", "MiB"):
        if size_bytes >= _STEP:
            size_bytes, unit = size_bytes // _STEP, larger
    return f"{format_number(size_bytes, request.language)}\u00a0{words(request)(unit)}"


@get("/office/exchange/sessions")
async def list_sessions(request: Request) -> Page:
    """Show the sessions of a connection: who called, what came of it."""
    staff(request, "erp.view")
    after = request.read_cursor(
        request.query_params.get("after"), of=_SESSIONS_CURSOR, types=(datetime, UUID)
    )
    async with request.snapshot() as snap:
        _, chosen = await chosen_connection(snap, request)
        if chosen is None:
            raise erp.NoConnection
        found = await erp.list_exchanges(
            snap, connection_id=chosen.id, before=after, limit=PAGE_ROWS + 1
        )
    shown, cursor = request.page_of(
        found, limit=PAGE_ROWS, of=_SESSIONS_CURSOR, key=lambda one: (one.started_at, one.id)
    )
    language, zone, translate = request.language, zone_of(request), words(request)
    return show(
        request,
        "exchange_sessions.html",
        chosen=chosen,
        sessions=[
            {
                "row": one,
                "started": format_moment(one.started_at, language, zone),
                "last": format_moment(one.last_at, language, zone),
                "kind": translate(SESSION_KINDS.get(one.kind, one.kind)),
                "state": translate(SESSION_STATES.get(one.state, one.state)),
            }
            for one in shown
        ],
        first_url=address(request) if after else None,
        next_url=address(request, after=cursor) if cursor else None,
    )


@post("/office/exchange/files", request_max_body_size=_UPLOAD_BYTES_MAX)
async def bring_files(request: Request) -> Response[None] | Page:
    """Take files of 1C from a person's machine and have them imported."""
    by = staff(request, "erp.edit")
    sent = (await uploads(request, "files"))[:_UPLOADED_FILES_MAX]
    form: Form[Any] = Form(request=request)
    async with request.snapshot(single=True) as snap:
        _, connection = await chosen_connection(snap, request)
    if connection is None:
        raise erp.NoConnection
    with tempfile.TemporaryDirectory(prefix="hansa-upload-") as folder:
        paths = [
            (file.filename.rpartition("/")[2], await _kept(file, Path(folder) / str(number)))
            for number, file in enumerate(sent)
        ]
        try:
            await erp.receive_files(request.context, connection=connection, files=paths, by=by)
        except HansaError as refusal:
            form.add("files", refusal)
            return await _page(request, form, status_code=422)
    return done(request, f"{HOME}?connection={connection.id}", "uploaded")


async def _kept(file: UploadFile, path: Path) -> Path:
    """Put an uploaded file on the disk."""

    def copy() -> None:
        file.file.seek(0)
        with path.open("wb") as kept:
            shutil.copyfileobj(file.file, kept)

    await asyncio.to_thread(copy)
    return path


@post("/office/exchange/removals/{removal_id:uuid}")
async def decide(request: Request, removal_id: FromPath[UUID]) -> Response[None]:
    """Carry out what a full export left out, or dismiss it."""
    by = staff(request, "erp.edit")
    is_applied = (await request.form()).get("decision") == "apply"
    async with request.transaction() as tx:
        removal = await erp.decide_removal(
            tx, removal_id=removal_id, apply=is_applied, by=by, now=request.received_at
        )
    return done(
        request,
        f"{HOME}?connection={removal.connection_id}",
        "applied" if is_applied else "dismissed",
    )
