"""What staff does to a member: block, let again, make one of two, and two of one."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.modules.loyalty import members, points
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.http import Request
from hansa.surfaces.backoffice import loyalty_desk_words as say
from hansa.surfaces.backoffice.loyalty_member import member_page
from hansa.surfaces.backoffice.loyalty_members import HOME, SEARCH_CHARACTERS_MIN, rows_of
from hansa.surfaces.backoffice.presenting import asked, done, show
from hansa.surfaces.backoffice.shell import staff

_CANDIDATES = 10


class ReasonFields(msgspec.Struct):
    """Why somebody is blocked, or let again."""

    reason: Annotated[str, msgspec.Meta(max_length=1_000)]


class MergeFields(msgspec.Struct):
    """Whom to take into the member."""

    absorb: UUID


@post(HOME + "/{member_id:uuid}/block")
async def block(request: Request, member_id: FromPath[UUID]) -> Response[None] | Page:
    """Let a member neither earn nor spend, in any programme."""
    by = staff(request, "loyalty.correct")
    form = await read_form(request, ReasonFields)
    if form.value is None:
        return await member_page(request, member_id, form=form, status_code=422)
    async with request.transaction() as tx:
        await members.block_member(
            tx,
            member_id=member_id,
            reason=form.value.reason,
            by=by,
            now=request.received_at,
        )
    return done(request, f"{HOME}/{member_id}", "loyalty_blocked")


@post(HOME + "/{member_id:uuid}/unblock")
async def unblock(request: Request, member_id: FromPath[UUID]) -> Response[None] | Page:
    """Let a member earn and spend again."""
    by = staff(request, "loyalty.correct")
    form = await read_form(request, ReasonFields)
    if form.value is None:
        return await member_page(request, member_id, form=form, status_code=422)
    async with request.transaction() as tx:
        await members.unblock_member(
            tx,
            member_id=member_id,
            reason=form.value.reason,
            by=by,
            now=request.received_at,
        )
    return done(request, f"{HOME}/{member_id}", "loyalty_unblocked")


@get(HOME + "/{member_id:uuid}/merge")
async def show_merge(request: Request, member_id: FromPath[UUID]) -> Page:
    """Find the other member, and see what would become of both."""
    staff(request, "loyalty.correct")
    return await _merge_page(request, member_id, first_shown(request))


@post(HOME + "/{member_id:uuid}/merge")
async def merge(request: Request, member_id: FromPath[UUID]) -> Response[None] | Page:
    """Let one member stand for both."""
    by = staff(request, "loyalty.correct")
    form = await read_form(request, MergeFields)
    if form.value is not None:
        try:
            async with request.transaction() as tx:
                made = await members.merge_members(
                    tx,
                    keep=member_id,
                    absorb=form.value.absorb,
                    coalition=say.coalition_of(request),
                    by=by,
                    now=request.received_at,
                )
        except HansaError as refusal:
            form.add("absorb", refusal)
        else:
            return done(request, f"{HOME}/{member_id}", "loyalty_merged", of=made.id)
    return await _merge_page(request, member_id, form, status_code=422)


@post(say.HOME + "/merges/{merge_id:uuid}/undo")
async def undo_merge(request: Request, merge_id: FromPath[UUID]) -> Response[None]:
    """Make two of one again."""
    by = staff(request, "loyalty.correct")
    async with request.transaction() as tx:
        parted = await members.undo_merge(tx, merge_id=merge_id, by=by, now=request.received_at)
    return done(request, f"{HOME}/{parted.keep_id}", "loyalty_parted")


async def _merge_page(
    request: Request, member_id: UUID, form: Form[Any], *, status_code: int = 200
) -> Page:
    search = asked(request, "q")
    other_id = say.as_uuid(asked(request, "with"))
    async with request.snapshot() as snap:
        member = await members.get_member(snap, member_id=member_id)
        candidates: list[dict[str, Any]] = []
        if len(search) >= SEARCH_CHARACTERS_MIN:
            found, _ = await members.find_members(snap, search=search, limit=_CANDIDATES)
            others = tuple(one for one in found if one.member.id != member.id)
            candidates = await rows_of(request, snap, others)
        preview: list[dict[str, str]] = []
        if other_id is not None:
            other = await members.get_member(snap, member_id=other_id)
            keys = [
                (one.programme_id, one.member_id)
                for one in (*member.memberships, *other.memberships)
            ]
            has = await points.read_balances(snap, members=keys, now=request.received_at)
            programmes = dict.fromkeys(programme for programme, _ in keys)
            for programme in programmes:
                sums = [
                    balance.posted if (balance := has.get((programme, one))) else 0
                    for one in (member.id, other.id)
                ]
                preview.append(
                    {
                        "programme": say.programme_name(request, programme),
                        "kept": say.number(request, sums[0]),
                        "absorbed": say.number(request, sums[1]),
                        "together": say.number(request, sum(sums)),
                    }
                )
    return show(
        request,
        "loyalty_merge.html",
        status_code=status_code,
        member={"id": member.id, "url": f"{HOME}/{member.id}", "short": say.short(member.id)},
        other={"id": other_id, "short": say.short(other_id)} if other_id else None,
        preview=preview,
        candidates=candidates,
        search=search,
        form=form,
    )


ROUTES = (block, unblock, show_merge, merge, undo_merge)
