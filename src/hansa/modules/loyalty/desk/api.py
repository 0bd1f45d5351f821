"""JSON API of the desk: members with their points and postings, corrections."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from hansa.modules.loyalty import members, points
from hansa.modules.loyalty.desk import api_coalition, api_disputes, corrections, story
from hansa.modules.loyalty.desk.bodies import (
    CorrectionBody,
    CorrectionView,
    DeskMemberView,
    EntryView,
    MemberList,
    NoteBody,
    SearchBody,
    StoryView,
)
from hansa.modules.loyalty.desk.model import Correction, CorrectionState, NewCorrection
from hansa.runtime.database import Snapshot, Transaction
from hansa.runtime.http import NO_KEY, Cursor, Limit, ListPage, Request, authorise
from hansa.runtime.http.paging import LIMIT_DEFAULT

TAGS = ["Loyalty desk"]
HOME = "/api/v1/loyalty"
_ENTRIES = "loyalty.entries"
_CORRECTIONS = "loyalty.corrections"


@post(
    HOME + "/members/search",
    tags=TAGS,
    summary="Find members",
    status_code=200,
    opt={NO_KEY: "it changes nothing; names are in the body because addresses end in logs"},
)
async def search_members(request: Request, data: JSONBody[SearchBody]) -> MemberList:
    """Find members by name, telephone, card, e-mail or number; the first fifty."""
    authorise(request, "loyalty.view")
    async with request.snapshot() as snap:
        found, _ = await members.find_members(snap, search=data.search)
        keys = [
            (one.programme_id, row.member.id) for row in found for one in row.member.memberships
        ]
        balances = await points.read_balances(snap, members=keys, now=request.received_at)
    return MemberList(items=[DeskMemberView.of(one.member, balances) for one in found])


@get(HOME + "/members/{member_id:uuid}", tags=TAGS, summary="Show a member")
async def show_member(request: Request, member_id: FromPath[UUID]) -> DeskMemberView:
    """Give a member's state and points by programme; of a merged one, who stands for it."""
    authorise(request, "loyalty.view")
    async with request.snapshot() as snap:
        member = await members.get_member(snap, member_id=member_id)
        keys = [(one.programme_id, member.id) for one in member.memberships]
        balances = await points.read_balances(snap, members=keys, now=request.received_at)
    return DeskMemberView.of(member, balances)


@get(
    HOME + "/members/{member_id:uuid}/programmes/{programme_id:uuid}/postings",
    tags=TAGS,
    summary="List a member's postings",
)
async def list_postings(
    request: Request,
    member_id: FromPath[UUID],
    programme_id: FromPath[UUID],
    after: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> ListPage[EntryView]:
    """Give postings that changed the balance, newest first."""
    authorise(request, "loyalty.view")
    before = request.read_cursor(after, of=_ENTRIES, types=(int,))
    async with request.snapshot() as snap:
        membership = await _membership(snap, member_id, programme_id)
        found = await points.read_history(
            snap,
            membership=membership,
            before=before[0] if before else None,
            limit=limit + 1,
        )
    page, cursor = request.page_of(found, limit=limit, of=_ENTRIES, key=lambda one: [one.version])
    return ListPage(items=[EntryView.of(one) for one in page], next=cursor)


@get(
    HOME + "/members/{member_id:uuid}/programmes/{programme_id:uuid}/postings/{posting_id:uuid}",
    tags=TAGS,
    summary="Show a posting with its story",
)
async def show_posting(
    request: Request,
    member_id: FromPath[UUID],
    programme_id: FromPath[UUID],
    posting_id: FromPath[UUID],
) -> StoryView:
    """Give what a posting moved between which lots, and why."""
    authorise(request, "loyalty.view")
    async with request.snapshot() as snap:
        membership = await _membership(snap, member_id, programme_id)
        told = await story.tell_story(snap, membership=membership, posting_id=posting_id)
    return StoryView.of(told)


@get(HOME + "/corrections", tags=TAGS, summary="List corrections")
async def list_corrections(
    request: Request,
    chosen: Annotated[CorrectionState | None, QueryParameter(name="state")] = None,
    member: Annotated[UUID | None, QueryParameter()] = None,
    after: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> ListPage[CorrectionView]:
    """Give corrections, newest first."""
    authorise(request, "loyalty.view")
    before = request.read_cursor(after, of=_CORRECTIONS, types=(datetime, UUID))
    async with request.snapshot(single=True) as snap:
        found = await corrections.list_corrections(
            snap, state=chosen, member_id=member, before=before, limit=limit + 1
        )
    page, cursor = request.page_of(
        found, limit=limit, of=_CORRECTIONS, key=lambda one: [one.proposed_at, one.id]
    )
    return ListPage(items=[CorrectionView.of(one) for one in page], next=cursor)


@get(HOME + "/corrections/{correction_id:uuid}", tags=TAGS, summary="Show a correction")
async def show_correction(request: Request, correction_id: FromPath[UUID]) -> CorrectionView:
    """Give a correction and what became of it."""
    authorise(request, "loyalty.view")
    async with request.snapshot(single=True) as snap:
        found = await corrections.get_correction(snap, correction_id=correction_id)
    return CorrectionView.of(found)


@post(HOME + "/corrections", tags=TAGS, summary="Propose a correction")
async def propose(request: Request, data: JSONBody[CorrectionBody]) -> Response[CorrectionView]:
    """Propose points to be added or taken; nothing moves until somebody else approves."""
    actor = authorise(request, "loyalty.correct")

    new = NewCorrection(
        programme_id=data.programme_id,
        member_id=data.member_id,
        points=data.points,
        reason=data.reason,
        attachment=data.attachment,
    )
    return await _once(
        request,
        lambda tx: corrections.propose_correction(tx, new=new, by=actor, now=request.received_at),
    )


@post(
    HOME + "/corrections/{correction_id:uuid}/approve",
    tags=TAGS,
    summary="Approve a correction",
    status_code=200,
)
async def approve(
    request: Request, correction_id: FromPath[UUID], data: JSONBody[NoteBody]
) -> Response[CorrectionView]:
    """Let it be posted; whoever proposed it may not."""
    actor = authorise(request, "loyalty.approve")
    return await _once(
        request,
        lambda tx: corrections.approve_correction(
            tx, correction_id=correction_id, note=data.note, by=actor, now=request.received_at
        ),
    )


@post(
    HOME + "/corrections/{correction_id:uuid}/refuse",
    tags=TAGS,
    summary="Refuse a correction",
    status_code=200,
)
async def refuse(
    request: Request, correction_id: FromPath[UUID], data: JSONBody[NoteBody]
) -> Response[CorrectionView]:
    """Let nothing be posted, and say why; whoever proposed it may not."""
    actor = authorise(request, "loyalty.approve")
    return await _once(
        request,
        lambda tx: corrections.refuse_correction(
            tx, correction_id=correction_id, note=data.note, by=actor, now=request.received_at
        ),
    )


async def _once(
    request: Request, operation: Callable[[Transaction], Awaitable[Correction]]
) -> Response[CorrectionView]:
    async def run(tx: Transaction) -> CorrectionView:
        return CorrectionView.of(await operation(tx))

    return await request.once(run)


async def _membership(snap: Snapshot, member_id: UUID, programme_id: UUID) -> members.Membership:
    """Give a member's part in a programme.

    Raises:
        MemberNotFound: there is none.
    """
    member = await members.get_member(snap, member_id=member_id)
    membership = member.membership(programme_id)
    if membership is None:
        raise members.MemberNotFound
    return membership


ROUTES = (
    search_members,
    show_member,
    list_postings,
    show_posting,
    list_corrections,
    show_correction,
    propose,
    approve,
    refuse,
    *api_disputes.ROUTES,
    *api_coalition.ROUTES,
)
