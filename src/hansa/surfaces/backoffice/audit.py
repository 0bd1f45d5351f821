"""The audit log: who changed what, and how it looked before and after."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get

from hansa.modules import accounts
from hansa.modules.accounts import AuditEntry
from hansa.runtime.database import Snapshot
from hansa.runtime.html import Page
from hansa.runtime.html.formats import format_moment
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.presenting import (
    EXPORT_ROWS_MAX,
    PAGE_ROWS,
    address,
    asked,
    csv_file,
    show,
    words,
    zone_of,
)
from hansa.surfaces.backoffice.shell import staff

HOME = "/office/audit"
_CURSOR = "office.audit"
_EXPORT_STEP = 1_000
_NOTHING: tuple[object, ...] = (None, "", [], {})
# Kinds of things that have a page; {id} is the thing's.
SUBJECTS: Mapping[str, tuple[str, str]] = {
    "order": ("order", "/office/orders/{id}"),
    "party": ("customer", "/office/customers/{id}"),
    "user": ("user", "/office/users/{id}"),
    "role": ("role", "/office/roles/{id}"),
    "api_key": ("API key", "/office/api-keys"),
    "oauth_client": ("OAuth 2 client", "/office/oauth-clients/{id}"),
    "payment": ("payment", ""),
    "product": ("product", "/office/catalogue/products/{id}"),
    "category": ("category", "/office/catalogue/categories/{id}"),
    "variant": ("variant", "/office/stock/items/{id}"),
    "price": ("price", ""),
    "price_list": ("price list", ""),
    "warehouse": ("warehouse", ""),
    "market": ("market", ""),
    "loyalty_alert": ("fraud alert", "/office/loyalty/alerts/{id}"),
    "rollout_feature": ("feature", "/office/rollout/features/{id}"),
    "rollout_audience": ("audience", "/office/rollout/audiences/{id}"),
    "gift_set": ("gift set", "/office/gifts/{id}"),
    "event": ("event", "/office/work"),
    "job": ("job", "/office/work"),
}
ACTORS = {"staff": "staff", "key": "program", "shopper": "shopper", "system": "by itself"}


@get("/office/audit")
async def list_entries(request: Request) -> Page:
    """Show a page of the log."""
    staff(request, "accounts.audit")
    after = request.read_cursor(
        request.query_params.get("after"), of=_CURSOR, types=(datetime, UUID)
    )
    async with request.snapshot() as snap:
        found = await _entries(request, snap, after=after, limit=PAGE_ROWS + 1)
        people = await accounts.list_users(snap, limit=200)
    shown, cursor = request.page_of(
        found, limit=PAGE_ROWS, of=_CURSOR, key=lambda one: (one.at, one.id)
    )
    translate = words(request)
    return show(
        request,
        "audit.html",
        rows=[_row(request, one) for one in shown],
        kinds=[
            ("", translate("Any thing")),
            *((kind, translate(label)) for kind, (label, _) in SUBJECTS.items()),
        ],
        people=[
            ("", translate("Anybody")),
            *((str(one.id), one.name or one.email) for one in people),
        ],
        chosen={
            name: asked(request, name) for name in ("subject_kind", "subject_id", "actor", "action")
        },
        first_url=address(request) if after else None,
        next_url=address(request, after=cursor) if cursor else None,
        csv_url=address(request).replace(HOME, f"{HOME}.csv", 1),
    )


@get("/office/audit.csv")
async def download_entries(request: Request) -> Response[bytes]:
    """Give the log as a file, with the filters that are on."""
    staff(request, "accounts.audit")
    translate = words(request)
    rows: list[tuple[object, ...]] = []
    after: tuple[datetime, UUID] | None = None
    async with request.snapshot() as snap:
        while len(rows) < EXPORT_ROWS_MAX:
            found = await _entries(request, snap, after=after, limit=_EXPORT_STEP)
            rows += [
                (
                    one.at.isoformat(timespec="seconds"),
                    one.actor_name or translate(ACTORS.get(one.actor_kind, one.actor_kind)),
                    one.action,
                    one.subject_kind,
                    one.subject_id,
                    _json(one.before),
                    _json(one.after),
                )
                for one in found
            ]
            if len(found) < _EXPORT_STEP:
                break
            after = (found[-1].at, found[-1].id)
    labels = ("Moment", "Who", "Action", "Thing", "Its number", "Before", "After")
    return csv_file("audit", [translate(label) for label in labels], rows)


async def _entries(
    request: Request, snap: Snapshot, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[AuditEntry]:
    try:
        actor_id = UUID(asked(request, "actor"))
    except ValueError:
        actor_id = None
    return await accounts.list_audit(
        snap,
        subject_kind=asked(request, "subject_kind") or None,
        subject_id=asked(request, "subject_id") or None,
        actor_id=actor_id,
        action=asked(request, "action") or None,
        after=after,
        limit=limit,
    )


def _row(request: Request, entry: AuditEntry) -> dict[str, Any]:
    translate = words(request)
    label, page = SUBJECTS.get(entry.subject_kind, (entry.subject_kind, ""))
    before, after = entry.before or {}, entry.after or {}
    return {
        "moment": format_moment(entry.at, request.language, zone_of(request)),
        "who": entry.actor_name or translate(ACTORS.get(entry.actor_kind, entry.actor_kind)),
        "kind": translate(ACTORS.get(entry.actor_kind, entry.actor_kind)),
        "who_url": address(request, actor=str(entry.actor_id)) if entry.actor_id else "",
        "action": entry.action,
        "action_url": address(request, action=entry.action),
        "thing": translate(label),
        "thing_id": entry.subject_id,
        "thing_url": page.format(id=entry.subject_id) if entry.subject_id != "*" else "",
        "changes": [
            {
                "field": field,
                "before": _text(before.get(field), translate) if entry.before is not None else None,
                "after": _text(after.get(field), translate) if entry.after is not None else None,
            }
            for field in sorted({*before, *after})
            if before.get(field) not in _NOTHING or after.get(field) not in _NOTHING
        ],
    }


def _text(value: object, translate: Callable[[str], str]) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return translate("yes") if value else translate("no")
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return _json(value)


def _json(value: object) -> str:
    return "" if value is None else msgspec.json.encode(value).decode()
