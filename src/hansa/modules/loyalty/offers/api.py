"""Partners' API of percents, actions and previews (`/loyalty/v1`).

Names of people are in bodies, not in addresses, which end in logs.
"""

from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from hansa.kernel.errors import HansaError
from hansa.modules.loyalty.members import MemberNotFound, MemberState, resolve
from hansa.modules.loyalty.offers.actions import Action, Taken, take_actions
from hansa.modules.loyalty.offers.api_offers import OFFER_ROUTES
from hansa.modules.loyalty.offers.audiences import audiences_of
from hansa.modules.loyalty.offers.bodies import (
    ActionsBody,
    ActionsView,
    ActionView,
    PercentsBody,
    PercentsView,
    PreviewBody,
    PreviewView,
)
from hansa.modules.loyalty.offers.percents import CATEGORIES_MAX, PercentReader, by_number
from hansa.modules.loyalty.offers.previewing import preview
from hansa.modules.loyalty.offers.rulebook import Rulebook
from hansa.modules.loyalty.programmes.calling import ProgrammeQuery, coalition_of, once, terms_of
from hansa.runtime.database import Transaction
from hansa.runtime.http import NO_KEY, Request, authorise

TAGS = ["Loyalty: percents and tasks"]
HOME = "/loyalty/v1"
Categories = Annotated[
    list[Annotated[str, QueryParameter(max_length=100)]] | None,
    QueryParameter(max_items=CATEGORIES_MAX, description="Only these categories."),
]


@get(HOME + "/members/{member_id:uuid}/percents", tags=TAGS, summary="Read a member's percents")
async def get_percents(
    request: Request,
    member_id: FromPath[UUID],
    programme: FromQuery[ProgrammeQuery],
    category: Categories = None,
) -> PercentsView:
    """Give a member's own percents at your tills now, with their reasons, in hundredths.

    Without categories: in general, and in each category in which it is raised. Read it when you
    show a price, or keep it and listen to `loyalty.PercentChanged`.
    """
    authorise(request, "loyalty.percent")
    found = await request.context.service(PercentReader).read(
        terms=terms_of(request, programme),
        ref=by_number(member_id),
        categories=category or (),
        at=request.received_at,
    )
    if found is None:
        raise MemberNotFound
    return PercentsView.of(found)


@post(
    HOME + "/members/percents",
    tags=TAGS,
    summary="Read percents by telephone, card or your own id",
    status_code=200,
    opt={NO_KEY: "it changes nothing; the name is in the body because addresses end in logs"},
)
async def find_percents(request: Request, data: JSONBody[PercentsBody]) -> PercentsView:
    """Give the percents of whoever is named so."""
    authorise(request, "loyalty.percent")
    found = await request.context.service(PercentReader).read(
        terms=terms_of(request, data.programme),
        ref=data.member.ref(),
        categories=data.categories,
        at=request.received_at,
    )
    if found is None:
        raise MemberNotFound
    return PercentsView.of(found)


@post(HOME + "/actions", tags=TAGS, summary="Report what members did", status_code=200)
async def report_actions(request: Request, data: JSONBody[ActionsBody]) -> Response[ActionsView]:
    """Report target actions and visits, up to 500; each is answered by itself.

    They may come late and twice: a key is taken once, and counts by what was in force and switched
    on when it happened.
    """
    authorise(request, "loyalty.actions")
    terms = terms_of(request, data.programme)

    async def take(tx: Transaction) -> ActionsView:
        asked = [(terms.programme.id, terms.partner.id, one.member.ref()) for one in data.actions]
        members = await resolve(tx, programme_id_refs=asked)
        actions = [
            Action(
                terms.partner.id,
                one.key,
                terms.programme.id,
                membership.member_id,
                one.code,
                one.happened_at,
                one.amount_minor,
            )
            for one, key in zip(data.actions, asked, strict=True)
            if (membership := members.get(key)) and membership.state is MemberState.ACTIVE
        ]
        answers, _ = await take_actions(
            tx,
            coalition=coalition_of(request),
            actions=actions,
            audiences=audiences_of(request.context),
            now=request.received_at,
        )
        given = iter(answers)
        items = []
        for one, key in zip(data.actions, asked, strict=True):
            membership = members.get(key)
            if membership is None or membership.state is not MemberState.ACTIVE:
                items.append(_refused(one.key, MemberNotFound()))
                continue
            taken = next(given)
            items.append(
                ActionView.of(one.key, taken)
                if isinstance(taken, Taken)
                else _refused(one.key, taken)
            )
        return ActionsView(items)

    return await once(request, take)


@post(
    HOME + "/previews",
    tags=TAGS,
    summary="What would this receipt earn?",
    status_code=200,
    opt={NO_KEY: "it changes nothing"},
)
async def preview_receipt(request: Request, data: JSONBody[PreviewBody]) -> PreviewView:
    """Say what a receipt would earn, by line and by payer, and why. Nothing is kept."""
    authorise(request, "loyalty.percent")
    terms = terms_of(request, data.programme)
    async with request.snapshot() as snap:
        member_id = None
        if data.member is not None:
            key = terms.programme.id, terms.partner.id, data.member.ref()
            membership = (await resolve(snap, programme_id_refs=[key])).get(key)
            if membership is None or membership.state is not MemberState.ACTIVE:
                raise MemberNotFound
            member_id = membership.member_id
        found = await preview(
            snap,
            rules=request.context.service(Rulebook).rules,
            terms=terms,
            lines=data.net_lines(),
            member_id=member_id,
            audiences=audiences_of(request.context),
            at=data.happened_at or request.received_at,
        )
    return PreviewView.of(found)


def _refused(key: str, why: HansaError) -> ActionView:
    return ActionView(key=key, error=why.code, detail=str(why))


ROUTES = (get_percents, find_percents, report_actions, preview_receipt, *OFFER_ROUTES)
