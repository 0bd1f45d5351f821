"""Partners' API of members: enrol, find, link, cards, codes (`/loyalty/v1`).

A partner's program learns a number and a state, never a name or a telephone. Names of people are in
bodies, not in addresses, which end in logs. A sandbox key is answered as a live one would be, and
nothing of what it did is kept.
"""

from uuid import UUID

from litestar import Response, delete, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from hansa.modules.loyalty import programmes
from hansa.modules.loyalty.members import cards, links, proofs, queries, reading, signing_in
from hansa.modules.loyalty.members.bodies import (
    AddCardBody,
    AnswerCodeBody,
    AskCodeBody,
    CardList,
    CardView,
    ChallengeView,
    EndCardBody,
    EnrolBody,
    LinkBody,
    MemberView,
    ProofView,
    SearchBody,
)
from hansa.modules.loyalty.members.enrolment import enrol
from hansa.modules.loyalty.members.faults import SandboxSendsNothing
from hansa.modules.loyalty.members.model import CardState, Member, MemberRef, RefKind
from hansa.modules.loyalty.members.proving import prove
from hansa.modules.loyalty.programmes.calling import (
    ProgrammeQuery,
    once,
    partner_of,
    quietly,
    terms_of,
)
from hansa.runtime.database import Snapshot, Transaction
from hansa.runtime.http import NO_KEY, Request, authorise

TAGS = ["Loyalty: members"]
HOME = "/loyalty/v1/members"
PERMISSION = "loyalty.members"
CODES_PER_PARTNER_MAX = 2_000
SCAN = "scan"


@post(HOME, tags=TAGS, summary="Enrol a person", status_code=200)
async def enrol_member(request: Request, data: JSONBody[EnrolBody]) -> Response[MemberView]:
    """Take a person in by a telephone, a printed card or your own id of them; again gives the same.

    To somebody who is a member already, an id or a card is added with `proof` alone: look at
    `is_linked`. Names that belong to two members are a conflict, and who they are is not told.
    """
    actor = authorise(request, PERMISSION)
    partner = partner_of(request)
    programme = terms_of(request, data.programme).programme

    async def take_in(tx: Transaction) -> MemberView:
        member = await enrol(
            tx,
            programme=programme,
            partner=partner,
            new=data.person(),
            consent=data.consent.given(),
            by=actor,
            now=request.received_at,
        )
        return await _view(tx, member, programme, partner)

    return await once(request, take_in)


@post(
    HOME + "/search",
    tags=TAGS,
    summary="Find a member",
    status_code=200,
    opt={NO_KEY: "it changes nothing; the name is in the body because addresses end in logs"},
)
async def find_member(request: Request, data: JSONBody[SearchBody]) -> MemberView:
    """Find a member by what they show at a till."""
    authorise(request, PERMISSION)
    partner = partner_of(request)
    programme = terms_of(request, data.programme).programme
    if data.kind == SCAN:
        ref = proofs.scanned(data.value, at=request.received_at)
    else:
        ref = MemberRef(RefKind(data.kind), data.value)
    async with request.snapshot() as snap:
        member = await queries.find_member(snap, ref=ref, partner_id=partner.id)
        return await _view(snap, member, programme, partner)


@get(HOME + "/{member_id:uuid}", tags=TAGS, summary="See a member")
async def get_member(
    request: Request, member_id: FromPath[UUID], programme: FromQuery[ProgrammeQuery]
) -> MemberView:
    """Give a member's state; of a merged one, the member that stands for it."""
    authorise(request, PERMISSION)
    partner = partner_of(request)
    found = terms_of(request, programme).programme
    async with request.snapshot() as snap:
        member = await queries.get_member(snap, member_id=member_id)
        return await _view(snap, member, found, partner)


@post(HOME + "/{member_id:uuid}/links", tags=TAGS, summary="Link your own id", status_code=204)
async def link(request: Request, member_id: FromPath[UUID], data: JSONBody[LinkBody]) -> None:
    """Name a member by your own id from now on, with their consent; purchases before it count."""
    actor = authorise(request, PERMISSION)
    partner = partner_of(request)

    async def add(tx: Transaction) -> None:
        await links.link_partner(
            tx,
            member_id=member_id,
            partner=partner,
            partner_ref=data.partner_ref,
            proof=data.proof.shown(),
            consent=data.consent.given(),
            by=actor,
            now=request.received_at,
        )

    await quietly(request, add)


@delete(HOME + "/{member_id:uuid}/links", tags=TAGS, summary="Unlink a member")
async def unlink(request: Request, member_id: FromPath[UUID]) -> None:
    """End your ids of a member; what was posted stays."""
    actor = authorise(request, PERMISSION)
    partner = partner_of(request)

    async def end(tx: Transaction) -> None:
        await links.unlink_partner(
            tx, member_id=member_id, partner=partner, by=actor, now=request.received_at
        )

    await quietly(request, end)


@get(HOME + "/{member_id:uuid}/cards", tags=TAGS, summary="List a member's cards")
async def list_cards(request: Request, member_id: FromPath[UUID]) -> CardList:
    """Give a member's cards by their last digits."""
    authorise(request, PERMISSION)
    partner_of(request)
    async with request.snapshot() as snap:
        found = await queries.list_cards(snap, member_id=member_id)
    return CardList([CardView.of(one) for one in found])


@post(HOME + "/{member_id:uuid}/cards", tags=TAGS, summary="Add a card")
async def add_card(
    request: Request, member_id: FromPath[UUID], data: JSONBody[AddCardBody]
) -> Response[CardView]:
    """Give a printed card to a member; they may have several."""
    actor = authorise(request, PERMISSION)
    partner_of(request)

    async def add(tx: Transaction) -> CardView:
        card = await cards.add_card(
            tx,
            member_id=member_id,
            number=data.number,
            proof=data.proof.shown(),
            by=actor,
            now=request.received_at,
        )
        return CardView.of(card)

    return await once(request, add)


@post(
    HOME + "/{member_id:uuid}/cards/{card_id:uuid}/end",
    tags=TAGS,
    summary="Take a card out of use",
    status_code=204,
)
async def end_card(
    request: Request,
    member_id: FromPath[UUID],
    card_id: FromPath[UUID],
    data: JSONBody[EndCardBody],
) -> None:
    """Take a lost card out of use; the points stay where they are."""
    actor = authorise(request, PERMISSION)
    partner_of(request)

    async def end(tx: Transaction) -> None:
        member = await reading.lock_standing(tx, member_id)
        await prove(tx, member, data.proof.shown(), now=request.received_at)
        await cards.end_card(
            tx,
            member_id=member.id,
            card_id=card_id,
            end=CardState.LOST if data.reason == "lost" else CardState.ENDED,
            by=actor,
            now=request.received_at,
        )

    await quietly(request, end)


@post(
    "/loyalty/v1/codes",
    tags=TAGS,
    summary="Send a code",
    status_code=202,
    opt={NO_KEY: "each call is another code; how many there may be is limited"},
)
async def ask_code(request: Request, data: JSONBody[AskCodeBody]) -> ChallengeView:
    """Send a code to a telephone, so that the person can confirm what you ask for them."""
    actor = authorise(request, PERMISSION)
    partner = partner_of(request)
    if actor.is_sandbox:
        raise SandboxSendsNothing
    challenge = await signing_in.start_sign_in(
        request.context,
        phone=data.phone,
        address=f"partner:{partner.id}",
        address_max=CODES_PER_PARTNER_MAX,
        language=data.language,
        now=request.received_at,
    )
    return ChallengeView.of(challenge)


@post(
    "/loyalty/v1/codes/{challenge_id:uuid}/answer",
    tags=TAGS,
    summary="Answer with a code",
    status_code=200,
    opt={NO_KEY: "a code is good once, and each attempt is counted"},
)
async def answer_code(
    request: Request, challenge_id: FromPath[UUID], data: JSONBody[AnswerCodeBody]
) -> ProofView:
    """Turn the code that the person was sent into a proof, good for half an hour."""
    authorise(request, PERMISSION)
    partner_of(request)
    signed_in = await signing_in.finish_sign_in(
        request.context, challenge_id=challenge_id, code=data.code, now=request.received_at
    )
    return ProofView(kind=str(signed_in.proof.kind), token=signed_in.proof.token)


async def _view(
    snap: Snapshot, member: Member, programme: programmes.Programme, partner: programmes.Partner
) -> MemberView:
    known = await queries.list_links(snap, member_id=member.id)
    return MemberView.of(
        member, known, programme=(programme.id, programme.code), partner_id=partner.id
    )


ROUTES = (
    enrol_member,
    find_member,
    get_member,
    link,
    unlink,
    list_cards,
    add_card,
    end_card,
    ask_code,
    answer_code,
)
