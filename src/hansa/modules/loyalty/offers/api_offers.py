"""Partners' API of their own offers: write, submit, pause, end, see how they go."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter

from hansa.modules.loyalty.offers import operations, queries
from hansa.modules.loyalty.offers.bodies import NewOfferBody, OfferBody, OfferView, ResultsView
from hansa.modules.loyalty.offers.model import OfferState
from hansa.modules.loyalty.offers.moderation import Act
from hansa.modules.loyalty.programmes.calling import once, partner_of, terms_of
from hansa.runtime.database import Transaction
from hansa.runtime.http import Cursor, Limit, ListPage, Request, authorise
from hansa.runtime.http.paging import LIMIT_DEFAULT

TAGS = ["Loyalty: offers"]
HOME = "/loyalty/v1/offers"
SCOPE = "loyalty.offers"
RESULT_DAYS = 366
_OF = "loyalty.offers"
InState = Annotated[
    OfferState | None, QueryParameter(name="state", description="Only those in this state.")
]


@get(HOME, tags=TAGS, summary="List your offers")
async def list_offers(
    request: Request, in_state: InState = None, after: Cursor = None, limit: Limit = LIMIT_DEFAULT
) -> ListPage[OfferView]:
    """Give your offers, the newest first."""
    authorise(request, SCOPE)
    partner = partner_of(request)
    cursor = request.read_cursor(after, of=_OF, types=(datetime, UUID))
    async with request.snapshot(single=True) as snap:
        found = await queries.list_offers(
            snap,
            partner_id=partner.id,
            states=[] if in_state is None else [in_state],
            before=cursor,
            limit=limit + 1,
        )
    shown, following = request.page_of(
        found, limit=limit, of=_OF, key=lambda one: [one.created_at, one.id]
    )
    return ListPage([OfferView.of(one) for one in shown], following)


@post(HOME, tags=TAGS, summary="Write an offer")
async def write_offer(request: Request, data: JSONBody[NewOfferBody]) -> Response[OfferView]:
    """Write a new offer: a draft that members do not see until it is submitted and approved."""
    actor = authorise(request, SCOPE)
    terms = terms_of(request, data.programme)

    async def write(tx: Transaction) -> OfferView:
        offer = await operations.write_offer(
            tx,
            programme_id=terms.programme.id,
            partner_id=terms.partner.id,
            code=data.code,
            content=data.content(),
            by=actor,
            now=request.received_at,
        )
        return OfferView.of(offer)

    return await once(request, write)


@get(HOME + "/{offer_id:uuid}", tags=TAGS, summary="See an offer")
async def get_offer(request: Request, offer_id: FromPath[UUID]) -> OfferView:
    """Give one of your offers."""
    authorise(request, SCOPE)
    partner = partner_of(request)
    async with request.snapshot(single=True) as snap:
        return OfferView.of(await queries.get_offer(snap, offer_id=offer_id, partner_id=partner.id))


@put(HOME + "/{offer_id:uuid}", tags=TAGS, summary="Change an offer")
async def change_offer(
    request: Request, offer_id: FromPath[UUID], data: JSONBody[OfferBody]
) -> Response[OfferView]:
    """Change what is written. What was approved runs on as it was until this is approved, too."""
    actor = authorise(request, SCOPE)
    partner = partner_of(request)

    async def change(tx: Transaction) -> OfferView:
        before = await queries.get_offer(tx, offer_id=offer_id, partner_id=partner.id)
        offer = await operations.change_offer(
            tx,
            offer_id=offer_id,
            partner_id=partner.id,
            content=data.content(before.content),
            by=actor,
            now=request.received_at,
        )
        return OfferView.of(offer)

    return await once(request, change)


@post(HOME + "/{offer_id:uuid}/submission", tags=TAGS, summary="Submit an offer", status_code=200)
async def submit_offer(request: Request, offer_id: FromPath[UUID]) -> Response[OfferView]:
    """Ask for approval."""
    return await _move(request, offer_id, Act.SUBMIT)


@post(HOME + "/{offer_id:uuid}/pause", tags=TAGS, summary="Pause an offer", status_code=200)
async def pause_offer(request: Request, offer_id: FromPath[UUID]) -> Response[OfferView]:
    """Take it out of force for a while; what members have earned stays."""
    return await _move(request, offer_id, Act.PAUSE)


@post(HOME + "/{offer_id:uuid}/end", tags=TAGS, summary="End an offer", status_code=200)
async def end_offer(request: Request, offer_id: FromPath[UUID]) -> Response[OfferView]:
    """End it for good; what members have earned stays."""
    return await _move(request, offer_id, Act.END)


@post(HOME + "/{offer_id:uuid}/resumption", tags=TAGS, summary="Resume an offer", status_code=200)
async def resume_offer(request: Request, offer_id: FromPath[UUID]) -> Response[OfferView]:
    """Put a paused offer back into force as it was approved last."""
    return await _move(request, offer_id, Act.RESUME)


@get(HOME + "/{offer_id:uuid}/results", tags=TAGS, summary="See how an offer goes")
async def get_results(request: Request, offer_id: FromPath[UUID]) -> ResultsView:
    """Give how often it was shown, switched on, completed and used, and the points it gave."""
    authorise(request, SCOPE)
    partner = partner_of(request)
    since = request.received_at.date() - timedelta(days=RESULT_DAYS)
    async with request.snapshot() as snap:
        await queries.get_offer(snap, offer_id=offer_id, partner_id=partner.id)
        found = await queries.read_results(snap, offer_ids=[offer_id], since=since)
    return ResultsView.of(found.get(offer_id, queries.Results()))


async def _move(request: Request, offer_id: UUID, act: Act) -> Response[OfferView]:
    actor = authorise(request, SCOPE)
    partner = partner_of(request)

    async def move(tx: Transaction) -> OfferView:
        offer = await operations.move_offer(
            tx,
            offer_id=offer_id,
            act=act,
            partner_id=partner.id,
            by=actor,
            now=request.received_at,
        )
        return OfferView.of(offer)

    return await once(request, move)


OFFER_ROUTES = (
    list_offers,
    write_offer,
    get_offer,
    change_offer,
    submit_offer,
    pause_offer,
    end_offer,
    resume_offer,
    get_results,
)
