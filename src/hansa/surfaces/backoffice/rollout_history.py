"""How the rules of a feature were before, who changed them, and the way back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from hansa.modules import rollout
from hansa.modules.rollout import Rules, State
from hansa.runtime.database import Snapshot
from hansa.runtime.html import Page
from hansa.runtime.html.formats import format_moment
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.presenting import PAGE_ROWS, address, done, show, words, zone_of
from hansa.surfaces.backoffice.rollout import (
    AUDIENCES_SHOWN,
    HOME,
    STATES,
    feature_of,
    known_codes,
    market_names,
    percent_text,
)
from hansa.surfaces.backoffice.rollout_people import names_of_people
from hansa.surfaces.backoffice.shell import staff

_HISTORY = "office.rollout.history"
FIELDS: Mapping[str, str] = {
    "state": "State",
    "is_killed": "Kill switch",
    "allowed": "Allow list",
    "markets": "Markets",
    "starts_at": "From",
    "ends_at": "Until",
    "audience_ids": "Audiences",
    "parts": "Percentage",
    "market_parts": "Percentage by market",
    "salt": "Salt",
}


@get(HOME + "/features/{code:str}/history")
async def show_history(request: Request, code: FromPath[str]) -> Page:
    """Show how the rules were before, and who changed them."""
    staff(request, "rollout.view")
    feature = feature_of(request, code)
    after = request.read_cursor(request.query_params.get("after"), of=_HISTORY, types=(int,))
    async with request.snapshot() as snap:
        held = await rollout.get_setting(snap, feature=code)
        found = await rollout.list_versions(
            snap, feature=code, before=after[0] if after else None, limit=PAGE_ROWS + 2
        )
        names = await _names(request, snap, found)
    shown, cursor = request.page_of(
        found[: PAGE_ROWS + 1], limit=PAGE_ROWS, of=_HISTORY, key=lambda one: [one.version]
    )
    earlier = [*(one.rules for one in found[1:]), Rules()]
    translate = words(request)
    return show(
        request,
        "rollout_history.html",
        feature={"code": code, "title": translate(feature.title), "url": f"{HOME}/features/{code}"},
        version=held.version,
        rows=[
            {
                "version": one.version,
                "moment": format_moment(one.changed_at, request.language, zone_of(request)),
                "who": one.actor_name or translate("by itself"),
                "restored": one.restored_version,
                "changes": [
                    {
                        "field": translate(FIELDS[name]),
                        "before": _value_text(request, name, before, names),
                        "after": _value_text(request, name, after_value, names),
                    }
                    for name, (before, after_value) in rollout.changes(past, one.rules).items()
                ],
            }
            for one, past in zip(shown, earlier, strict=False)
        ],
        first_url=address(request) if after else None,
        next_url=address(request, after=cursor) if cursor else None,
    )


@post(HOME + "/features/{code:str}/history/{version:int}/restore")
async def restore(request: Request, code: FromPath[str], version: FromPath[int]) -> Response[None]:
    """Put the rules back as they were at a version."""
    by = staff(request, "rollout.edit")
    async with request.transaction() as tx:
        await rollout.restore_version(
            tx,
            feature=code,
            version=version,
            known=known_codes(request),
            by=by,
            now=request.received_at,
        )
    await request.context.service(rollout.Rollout).refresh()
    return done(request, f"{HOME}/features/{code}", "rules_restored")


def _value_text(request: Request, name: str, value: Any, names: Mapping[str, str]) -> str:
    translate = words(request)
    if isinstance(value, bool):
        return translate("on") if value else translate("off")
    if name == "state":
        return translate(STATES[State(value)][0])
    if isinstance(value, int):
        return f"{percent_text(request, value)} %"
    if name in {"starts_at", "ends_at"} and value:
        instant = datetime.fromisoformat(value)
        return format_moment(instant, request.language, zone_of(request))
    if isinstance(value, dict):
        shown = [
            f"{names.get(code, code)} {percent_text(request, one)} %" for code, one in value.items()
        ]
    elif isinstance(value, list | tuple):
        shown = [names.get(one, one) for one in value]
    else:
        shown = [value] if value else []
    return ", ".join(shown) or "—"


async def _names(
    request: Request, snap: Snapshot, versions: Sequence[rollout.Version]
) -> dict[str, str]:
    """Give what the numbers and codes in rules stand for: audiences, people, markets."""
    audiences = await rollout.list_audiences(snap, limit=AUDIENCES_SHOWN)
    allowed = {who for one in versions for who in one.rules.allowed}
    people = await names_of_people(request, snap, sorted(allowed))
    return {
        **{str(one.id): one.name for one in audiences},
        **{str(one["id"]): one["name"] for one in people},
        **dict(market_names(request)),
    }


ROUTES = (show_history, restore)
