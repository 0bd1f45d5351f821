"""Corrections of points: proposed by one, decided by another."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.modules.loyalty import desk, members
from hansa.modules.loyalty.desk import Correction, CorrectionState
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.http import Request
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

HOME = f"{say.HOME}/corrections"
_CURSOR = "office.loyalty.corrections"


class ProposalFields(msgspec.Struct):
    """What is proposed."""

    points: int
    reason: Annotated[str, msgspec.Meta(max_length=100)]
    attachment: Annotated[str, msgspec.Meta(max_length=4_000)] = ""


class DecisionFields(msgspec.Struct):
    """What is said with a decision."""

    note: Annotated[str, msgspec.Meta(max_length=4_000)] = ""


@get(HOME)
async def list_corrections(request: Request) -> Page:
    """Show corrections, newest first."""
    staff(request, "loyalty.view")
    chosen = asked(request, "state")
    after = request.read_cursor(
        request.query_params.get("after"), of=_CURSOR, types=(datetime, UUID)
    )
    async with request.snapshot() as snap:
        found = await desk.list_corrections(
            snap,
            state=CorrectionState(chosen) if chosen in set(CorrectionState) else None,
            before=after,
            limit=PAGE_ROWS + 1,
        )
        waiting = await desk.count_proposed(snap)
        page, cursor = request.page_of(
            found, limit=PAGE_ROWS, of=_CURSOR, key=lambda one: [one.proposed_at, one.id]
        )
        names = await names_of(snap, [one.proposed_by for one in page])
    return show(
        request,
        "loyalty_corrections.html",
        rows=[_row(request, one, names) for one in page],
        waiting=waiting,
        chosen=chosen,
        states=say.choices(request, words(request)("Any state"), say.CORRECTION_STATES),
        first_url=address(request) if after else None,
        next_url=address(request, after=cursor) if cursor else None,
    )


@get(MEMBERS + "/{member_id:uuid}/programmes/{programme_id:uuid}/correction")
async def show_new(
    request: Request, member_id: FromPath[UUID], programme_id: FromPath[UUID]
) -> Page:
    """Show the form of a new correction."""
    staff(request, "loyalty.correct")
    return await _new_page(request, member_id, programme_id, first_shown(request))


@post(MEMBERS + "/{member_id:uuid}/programmes/{programme_id:uuid}/correction")
async def propose(
    request: Request, member_id: FromPath[UUID], programme_id: FromPath[UUID]
) -> Response[None] | Page:
    """Propose a correction."""
    by = staff(request, "loyalty.correct")
    form = await read_form(request, ProposalFields)
    if (typed := form.value) is not None:
        try:
            async with request.transaction() as tx:
                made = await desk.propose_correction(
                    tx,
                    new=desk.NewCorrection(
                        programme_id=programme_id,
                        member_id=member_id,
                        points=typed.points,
                        reason=typed.reason,
                        attachment=typed.attachment,
                    ),
                    by=by,
                    now=request.received_at,
                )
        except desk.CorrectionInvalid as refusal:
            form.add(refusal.field, refusal)
        else:
            return done(request, f"{HOME}/{made.id}", "loyalty_proposed")
    return await _new_page(request, member_id, programme_id, form, status_code=422)


@get(HOME + "/{correction_id:uuid}")
async def show_correction(request: Request, correction_id: FromPath[UUID]) -> Page:
    """Show a correction, to be decided about."""
    staff(request, "loyalty.view")
    return await _page(request, correction_id, first_shown(request))


@post(HOME + "/{correction_id:uuid}/approve")
async def approve(request: Request, correction_id: FromPath[UUID]) -> Response[None] | Page:
    """Let it be posted."""
    by = staff(request, "loyalty.approve")
    form = await read_form(request, DecisionFields)
    if form.value is not None:
        try:
            async with request.transaction() as tx:
                await desk.approve_correction(
                    tx,
                    correction_id=correction_id,
                    note=form.value.note,
                    by=by,
                    now=request.received_at,
                )
        except (desk.CorrectionDecided, desk.CorrectionInvalid) as refusal:
            form.add("note", refusal)
        else:
            return done(request, f"{HOME}/{correction_id}", "loyalty_approved")
    return await _page(request, correction_id, form, status_code=422)


@post(HOME + "/{correction_id:uuid}/refuse")
async def refuse(request: Request, correction_id: FromPath[UUID]) -> Response[None] | Page:
    """Let nothing be posted."""
    by = staff(request, "loyalty.approve")
    form = await read_form(request, DecisionFields)
    if form.value is not None:
        try:
            async with request.transaction() as tx:
                await desk.refuse_correction(
                    tx,
                    correction_id=correction_id,
                    note=form.value.note,
                    by=by,
                    now=request.received_at,
                )
        except desk.CorrectionInvalid:
            form.add("note", "Say why, in a few words.")
        except HansaError as refusal:
            if isinstance(refusal, desk.OwnCorrection):
                raise
            form.add("note", refusal)
        else:
            return done(request, f"{HOME}/{correction_id}", "loyalty_not_approved")
    return await _page(request, correction_id, form, status_code=422)


async def _new_page(
    request: Request,
    member_id: UUID,
    programme_id: UUID,
    form: Form[Any],
    *,
    status_code: int = 200,
) -> Page:
    async with request.snapshot() as snap:
        member = await members.get_member(snap, member_id=member_id)
    if member.membership(programme_id) is None:
        raise members.MemberNotFound
    return show(
        request,
        "loyalty_correction_new.html",
        status_code=status_code,
        member={"url": f"{MEMBERS}/{member.id}", "short": say.short(member.id)},
        programme=say.programme_name(request, programme_id),
        action=f"{MEMBERS}/{member.id}/programmes/{programme_id}/correction",
        form=form,
    )


async def _page(
    request: Request, correction_id: UUID, form: Form[Any], *, status_code: int = 200
) -> Page:
    async with request.snapshot() as snap:
        one = await desk.get_correction(snap, correction_id=correction_id)
        names = await names_of(snap, [one.proposed_by, one.decided_by])
    actor = request.actor
    is_own = actor is not None and actor.id == one.proposed_by
    home = f"{MEMBERS}/{one.member_id}"
    failure = say.FAILURES.get(one.failure, one.failure)
    return show(
        request,
        "loyalty_correction.html",
        status_code=status_code,
        one=_row(request, one, names)
        | {
            "attachment": one.attachment,
            "note": one.note,
            "decided": say.moment(request, one.decided_at),
            "decided_by": names.get(one.decided_by, "") if one.decided_by else "",
            "ended": say.moment(request, one.ended_at),
            "failure": words(request)(failure) if failure else "",
            "posting_url": f"{home}/programmes/{one.programme_id}/postings/{one.posting_id}"
            if one.posting_id
            else "",
            "dispute_url": f"{say.HOME}/disputes/{one.dispute_id}" if one.dispute_id else "",
        },
        is_own=is_own,
        is_waiting=one.state is CorrectionState.PROPOSED,
        form=form,
    )


def _row(request: Request, one: Correction, names: dict[UUID, str]) -> dict[str, Any]:
    return {
        "id": one.id,
        "url": f"{HOME}/{one.id}",
        "points": say.signed(request, one.points),
        "is_taken": one.points < 0,
        "reason": one.reason,
        "state": say.state_of(request, say.CORRECTION_STATES, one.state),
        "programme": say.programme_name(request, one.programme_id),
        "member": say.short(one.member_id),
        "member_url": f"{MEMBERS}/{one.member_id}",
        "by": names.get(one.proposed_by, ""),
        "proposed": say.moment(request, one.proposed_at),
    }


ROUTES = (list_corrections, show_new, propose, show_correction, approve, refuse)
