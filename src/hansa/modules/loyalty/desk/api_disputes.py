"""JSON API of cases, for staff."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from hansa.modules.loyalty.desk import disputes
from hansa.modules.loyalty.desk.bodies import (
    CaseView,
    CommentView,
    CorrectionView,
    DisputeBody,
    DisputeView,
    GiveBody,
    SaidBody,
)
from hansa.modules.loyalty.desk.disputes import DisputeFilter
from hansa.modules.loyalty.desk.model import (
    Dispute,
    DisputeKind,
    DisputeState,
    NewDispute,
    Opener,
    Side,
)
from hansa.runtime.database import Transaction
from hansa.runtime.http import Cursor, Limit, ListPage, Request, authorise
from hansa.runtime.http.paging import LIMIT_DEFAULT

TAGS = ["Loyalty desk"]
HOME = "/api/v1/loyalty/disputes"
_CURSOR = "loyalty.disputes"


@get(HOME, tags=TAGS, summary="List cases")
async def list_disputes(  # noqa: PLR0917 - one filter each
    request: Request,
    chosen: Annotated[DisputeState | None, QueryParameter(name="state")] = None,
    kind: Annotated[DisputeKind | None, QueryParameter()] = None,
    member: Annotated[UUID | None, QueryParameter()] = None,
    partner: Annotated[UUID | None, QueryParameter()] = None,
    after: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> ListPage[DisputeView]:
    """Give cases, what is due first."""
    authorise(request, "loyalty.view")
    seen = request.read_cursor(after, of=_CURSOR, types=(datetime, UUID))
    wanted = DisputeFilter(state=chosen, kind=kind, member_id=member, partner_id=partner)
    async with request.snapshot(single=True) as snap:
        found = await disputes.list_disputes(snap, chosen=wanted, after=seen, limit=limit + 1)
    page, cursor = request.page_of(
        found, limit=limit, of=_CURSOR, key=lambda one: [one.due_at, one.id]
    )
    return ListPage(items=[DisputeView.of(one) for one in page], next=cursor)


@get(HOME + "/{dispute_id:uuid}", tags=TAGS, summary="Show a case")
async def show_dispute(request: Request, dispute_id: FromPath[UUID]) -> CaseView:
    """Give a case with all that was said in it."""
    authorise(request, "loyalty.view")
    async with request.snapshot() as snap:
        dispute = await disputes.get_dispute(snap, dispute_id=dispute_id)
        said = await disputes.list_comments(snap, dispute_id=dispute_id, with_internal=True)
    return CaseView(dispute=DisputeView.of(dispute), comments=[CommentView.of(one) for one in said])


@post(HOME, tags=TAGS, summary="Open a case")
async def open_dispute(request: Request, data: JSONBody[DisputeBody]) -> Response[DisputeView]:
    """Open a case for somebody; about the same thing while one is open, that one is given."""
    actor = authorise(request, "loyalty.correct")

    async def add(tx: Transaction) -> DisputeView:
        new = NewDispute(
            programme_id=data.programme_id,
            member_id=data.member_id,
            kind=data.kind,
            said=data.said,
            partner_id=data.partner_id,
            posting_id=data.posting_id,
            receipt=data.receipt,
            points=data.points,
        )
        opener = Opener(side=Side.STAFF, id=actor.id)
        return DisputeView.of(
            await disputes.open_dispute(
                tx, new=new, opener=opener, by=actor, now=request.received_at
            )
        )

    return await request.once(add)


@post(HOME + "/{dispute_id:uuid}/comments", tags=TAGS, summary="Say something in a case")
async def comment(
    request: Request, dispute_id: FromPath[UUID], data: JSONBody[SaidBody]
) -> Response[CommentView]:
    """Say something; what is internal only staff reads."""
    actor = authorise(request, "loyalty.correct")

    async def add(tx: Transaction) -> CommentView:
        return CommentView.of(
            await disputes.comment_dispute(
                tx,
                dispute_id=dispute_id,
                author=Opener(side=Side.STAFF, id=actor.id),
                said=data.said,
                is_internal=data.is_internal,
                now=request.received_at,
            )
        )

    return await request.once(add)


@post(
    HOME + "/{dispute_id:uuid}/ask-partner",
    tags=TAGS,
    summary="Ask the partner",
    status_code=200,
)
async def ask_partner(
    request: Request, dispute_id: FromPath[UUID], data: JSONBody[SaidBody]
) -> Response[DisputeView]:
    """Ask the partner concerned and wait for it, five days at least."""
    actor = authorise(request, "loyalty.correct")
    return await _once(
        request,
        lambda tx: disputes.ask_partner(
            tx, dispute_id=dispute_id, question=data.said, by=actor, now=request.received_at
        ),
    )


@post(HOME + "/{dispute_id:uuid}/refuse", tags=TAGS, summary="Refuse a case", status_code=200)
async def refuse(
    request: Request, dispute_id: FromPath[UUID], data: JSONBody[SaidBody]
) -> Response[DisputeView]:
    """End a case and say why nothing is given."""
    actor = authorise(request, "loyalty.correct")
    return await _once(
        request,
        lambda tx: disputes.refuse_dispute(
            tx, dispute_id=dispute_id, answer=data.said, by=actor, now=request.received_at
        ),
    )


@post(HOME + "/{dispute_id:uuid}/give", tags=TAGS, summary="Settle a case by points")
async def give(
    request: Request, dispute_id: FromPath[UUID], data: JSONBody[GiveBody]
) -> Response[CorrectionView]:
    """Propose the correction that settles a case; it is over once that is posted."""
    actor = authorise(request, "loyalty.correct")

    async def propose(tx: Transaction) -> CorrectionView:
        return CorrectionView.of(
            await disputes.give_points(
                tx,
                dispute_id=dispute_id,
                points=data.points,
                reason=data.reason,
                by=actor,
                now=request.received_at,
            )
        )

    return await request.once(propose)


async def _once(
    request: Request, operation: Callable[[Transaction], Awaitable[Dispute]]
) -> Response[DisputeView]:
    async def run(tx: Transaction) -> DisputeView:
        return DisputeView.of(await operation(tx))

    return await request.once(run)


ROUTES = (list_disputes, show_dispute, open_dispute, comment, ask_partner, refuse, give)
