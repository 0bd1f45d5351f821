"""Cases about points: a list by when they are due, and settling one."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.kernel.text import pick
from hansa.modules.loyalty import desk, members
from hansa.modules.loyalty.desk import Dispute, DisputeFilter, DisputeKind, DisputeState
from hansa.runtime.database import Transaction
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.http import Actor, Request
from hansa.surfaces.backoffice import loyalty_desk_words as say
from hansa.surfaces.backoffice.loyalty_members import HOME as MEMBERS
from hansa.surfaces.backoffice.presenting import (
    PAGE_ROWS,
    address,
    asked,
    done,
    names_of,
    show,
    words,
)
from hansa.surfaces.backoffice.shell import staff

HOME = f"{say.HOME}/disputes"
OPEN = "waiting"
LATE = "late"
_CURSOR = "office.loyalty.disputes"
_Text = Annotated[str, msgspec.Meta(max_length=4_000)]


class CaseFields(msgspec.Struct):
    """A case that staff opens for somebody."""

    member: UUID
    programme: UUID
    kind: DisputeKind
    said: _Text
    partner: UUID | None = None
    posting: UUID | None = None
    receipt: Annotated[str, msgspec.Meta(max_length=200)] = ""


class SaidFields(msgspec.Struct):
    """What is said, and what is to be done with it."""

    act: str
    said: _Text
    points: int | None = None


@get(HOME)
async def list_disputes(request: Request) -> Page:
    """Show cases, what is due first."""
    staff(request, "loyalty.view")
    chosen = {name: asked(request, name) for name in ("state", "kind", "partner", "member")}
    after = request.read_cursor(
        request.query_params.get("after"), of=_CURSOR, types=(datetime, UUID)
    )
    async with request.snapshot() as snap:
        found = await desk.list_disputes(
            snap, chosen=_filter(request, chosen), after=after, limit=PAGE_ROWS + 1
        )
        counted = await desk.count_open(snap, now=request.received_at)
    page, cursor = request.page_of(
        found, limit=PAGE_ROWS, of=_CURSOR, key=lambda one: [one.due_at, one.id]
    )
    translate = words(request)
    states = say.choices(request, translate("All cases"), say.DISPUTE_STATES)
    return show(
        request,
        "loyalty_disputes.html",
        rows=[_row(request, one) for one in page],
        waiting=counted.waiting,
        overdue=counted.overdue,
        chosen=chosen,
        states=[
            ("", translate("To be answered")),
            (LATE, translate("Overdue ones")),
            ("all", states[0][1]),
            *states[1:],
        ],
        kinds=say.choices(request, translate("Any kind"), say.DISPUTE_KINDS),
        partners=_partners(request, translate("All partners")),
        first_url=address(request) if after else None,
        next_url=address(request, after=cursor) if cursor else None,
    )


@get(HOME + "/new")
async def show_new(request: Request) -> Page:
    """Show the form of a new case."""
    staff(request, "loyalty.correct")
    form = first_shown(
        request,
        member=asked(request, "member"),
        programme=asked(request, "programme"),
        posting=asked(request, "posting"),
    )
    return _new_page(request, form)


@post(HOME + "/new")
async def create(request: Request) -> Response[None] | Page:
    """Open a case for somebody who wrote or called."""
    by = staff(request, "loyalty.correct")
    form = await read_form(request, CaseFields)
    if (typed := form.value) is not None:
        try:
            async with request.transaction() as tx:
                case = await desk.open_dispute(
                    tx,
                    new=desk.NewDispute(
                        programme_id=typed.programme,
                        member_id=typed.member,
                        kind=typed.kind,
                        said=typed.said,
                        partner_id=typed.partner,
                        posting_id=typed.posting,
                        receipt=typed.receipt,
                    ),
                    opener=desk.Opener(side=desk.Side.STAFF, id=by.id),
                    by=by,
                    now=request.received_at,
                )
        except members.MemberNotFound as refusal:
            form.add("member", refusal)
        except desk.DisputeInvalid as refusal:
            form.add(refusal.field, refusal)
        else:
            return done(request, f"{HOME}/{case.id}", "created")
    return _new_page(request, form, status_code=422)


@get(HOME + "/{dispute_id:uuid}")
async def show_dispute(request: Request, dispute_id: FromPath[UUID]) -> Page:
    """Show a case with all that was said in it."""
    staff(request, "loyalty.view")
    return await _page(request, dispute_id, first_shown(request))


@post(HOME + "/{dispute_id:uuid}")
async def act(request: Request, dispute_id: FromPath[UUID]) -> Response[None] | Page:
    """Say something in a case: a comment, a question to the partner, points, or a no."""
    by = staff(request, "loyalty.correct")
    form = await read_form(request, SaidFields)
    if (typed := form.value) is not None:
        try:
            async with request.transaction() as tx:
                to = await _do(tx, dispute_id, typed, by=by, now=request.received_at)
        except desk.CorrectionInvalid as refusal:
            form.add("points" if refusal.field == "points" else "said", refusal)
        except HansaError as refusal:
            form.add("said", refusal)
        else:
            return done(request, to)
    return await _page(request, dispute_id, form, status_code=422)


async def _do(
    tx: Transaction, dispute_id: UUID, typed: SaidFields, *, by: Actor, now: datetime
) -> str:
    """Do what was chosen; give the page to go on with."""
    if typed.act == "give":
        made = await desk.give_points(
            tx, dispute_id=dispute_id, points=typed.points or 0, reason=typed.said, by=by, now=now
        )
        return f"{say.HOME}/corrections/{made.id}"
    if typed.act == "ask":
        await desk.ask_partner(tx, dispute_id=dispute_id, question=typed.said, by=by, now=now)
    elif typed.act == "refuse":
        await desk.refuse_dispute(tx, dispute_id=dispute_id, answer=typed.said, by=by, now=now)
    else:
        await desk.comment_dispute(
            tx,
            dispute_id=dispute_id,
            author=desk.Opener(side=desk.Side.STAFF, id=by.id),
            said=typed.said,
            is_internal=typed.act == "note",
            now=now,
        )
    return f"{HOME}/{dispute_id}"


def _filter(request: Request, chosen: dict[str, str]) -> DisputeFilter:
    state, kind = chosen["state"], chosen["kind"]
    is_late = state == LATE
    member_id = say.as_uuid(chosen["member"])
    return DisputeFilter(
        state=DisputeState(state) if state in set(DisputeState) else None,
        open_only=is_late or (not state and member_id is None),
        kind=DisputeKind(kind) if kind in set(DisputeKind) else None,
        member_id=member_id,
        partner_id=say.as_uuid(chosen["partner"]),
        due_before=request.received_at if is_late else None,
    )


def _partners(request: Request, first: str) -> list[tuple[str, str]]:
    known = say.coalition_of(request).partners.values()
    return [("", first), *((str(one.id), pick(one.name, request.language)) for one in known)]


def _new_page(request: Request, form: Form[Any], *, status_code: int = 200) -> Page:
    translate = words(request)
    programmes = say.coalition_of(request).programmes.values()
    return show(
        request,
        "loyalty_dispute_new.html",
        status_code=status_code,
        kinds=say.choices(request, "", say.DISPUTE_KINDS)[1:],
        partners=_partners(request, translate("No partner")),
        programmes=[(str(one.id), pick(one.name, request.language)) for one in programmes],
        form=form,
    )


async def _page(
    request: Request, dispute_id: UUID, form: Form[Any], *, status_code: int = 200
) -> Page:
    async with request.snapshot() as snap:
        case = await desk.get_dispute(snap, dispute_id=dispute_id)
        said = await desk.list_comments(snap, dispute_id=dispute_id, with_internal=True)
        names = await names_of(
            snap, [one.author_id for one in said if one.author is desk.Side.STAFF]
        )
    translate = words(request)
    home = f"{MEMBERS}/{case.member_id}"
    return show(
        request,
        "loyalty_dispute.html",
        status_code=status_code,
        case=_row(request, case)
        | {
            "said": case.said,
            "by": translate(say.SIDES[case.opened_by]),
            "opened": say.moment(request, case.opened_at),
            "receipt": case.receipt,
            "claimed": say.number(request, case.points) if case.points else "",
            "answer": case.answer,
            "ended": say.moment(request, case.ended_at),
            "posting_url": f"{home}/programmes/{case.programme_id}/postings/{case.posting_id}"
            if case.posting_id
            else "",
            "correction_url": f"{say.HOME}/corrections/{case.correction_id}"
            if case.correction_id
            else "",
            "is_open": case.is_open,
            "has_partner": case.partner_id is not None,
        },
        comments=[
            {
                "who": names.get(one.author_id, "") if one.author_id else "",
                "side": translate(say.SIDES[one.author]),
                "said": one.said,
                "is_internal": one.is_internal,
                "at": say.moment(request, one.at),
            }
            for one in said
        ],
        form=form,
    )


def _row(request: Request, case: Dispute) -> dict[str, Any]:
    return {
        "id": case.id,
        "url": f"{HOME}/{case.id}",
        "kind": words(request)(say.DISPUTE_KINDS[case.kind]),
        "state": say.state_of(request, say.DISPUTE_STATES, case.state),
        "programme": say.programme_name(request, case.programme_id),
        "partner": say.partner_name(request, case.partner_id) if case.partner_id else "—",
        "member": say.short(case.member_id),
        "member_url": f"{MEMBERS}/{case.member_id}",
        "due": say.moment(request, case.due_at),
        "due_iso": case.due_at.isoformat(),
        "is_late": case.is_overdue(request.received_at),
    }


ROUTES = (list_disputes, show_new, create, show_dispute, act)
