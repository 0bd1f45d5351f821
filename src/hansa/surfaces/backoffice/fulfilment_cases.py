"""The cases of orders: those that need a person first."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import get

from hansa.modules import fulfilment
from hansa.modules.fulfilment import CaseState, CaseSummary
from hansa.runtime.html import Page
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.fulfilment_board import tabs
from hansa.surfaces.backoffice.fulfilment_words import CASE_STATES, CASES, because, moment
from hansa.surfaces.backoffice.presenting import PAGE_ROWS, address, asked, show, words
from hansa.surfaces.backoffice.shell import staff

_CURSOR = "office.cases"


@get("/office/fulfilment/cases")
async def list_cases(request: Request) -> Page:
    """Show cases, what changed last first."""
    staff(request, "fulfilment.view")
    told, search = asked(request, "state"), asked(request, "q")
    states = (CaseState(told),) if told in set(CaseState) else tuple(CaseState)
    after = request.read_cursor(
        request.query_params.get("after"), of=_CURSOR, types=(datetime, UUID)
    )
    async with request.snapshot(single=True) as snap:
        found = await fulfilment.list_cases(
            snap, states=states, search=search, after=after, limit=PAGE_ROWS + 1
        )
    async with request.snapshot(single=True) as snap:
        counts = await fulfilment.count_cases(snap)
    shown, cursor = request.page_of(
        found, limit=PAGE_ROWS, of=_CURSOR, key=lambda one: (one.changed_at, one.order_id)
    )
    translate = words(request)
    here = f"{CASES}?state=operator" if told == "operator" else CASES
    return show(
        request,
        "fulfilment_cases.html",
        tabs=tabs(request, here, operator=counts.get(CaseState.OPERATOR, 0)),
        rows=[_row(request, one) for one in shown],
        is_queue=told == "operator",
        states=[
            ("", translate("Any state")),
            *((str(state), translate(label)) for state, (label, _) in CASE_STATES.items()),
        ],
        state=told,
        search=search,
        is_filtered=bool(search) or told not in {"", "operator"},
        first_url=address(request) if after else None,
        next_url=address(request, after=cursor) if cursor else None,
    )


def _row(request: Request, case: CaseSummary) -> dict[str, Any]:
    label, tone = CASE_STATES[case.state]
    return {
        "id": case.order_id,
        "url": f"{CASES}/{case.order_id}",
        "number": case.order_number,
        "opened": moment(request, case.opened_at),
        "changed": moment(request, case.changed_at),
        "changed_iso": case.changed_at.isoformat(),
        "state": words(request)(label),
        "tone": tone,
        "reason": because(request, case.reason),
        "open": case.open_questions,
        "asked": case.questions,
        "hold": moment(request, case.hold_ends_at) if case.hold_ends_at else "",
    }


ROUTES = (list_cases,)
