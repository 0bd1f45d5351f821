"""JSON API of programmes, partners and the terms between them, for staff."""

from dataclasses import asdict, replace
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get, put
from litestar.params import FromPath, JSONBody

from hansa.modules.loyalty import programmes
from hansa.modules.loyalty.programmes import (
    SHARE_WHOLE,
    Billing,
    Participation,
    Partner,
    Programme,
    ReturnPolicy,
    SettleAt,
)
from hansa.runtime.database import Transaction
from hansa.runtime.http import Request, authorise

TAGS = ["Loyalty desk"]
HOME = "/api/v1/loyalty"
Code = Annotated[str, msgspec.Meta(max_length=31)]
Texts = dict[str, str]


class ProgrammeBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A programme; number, code, currency and worth of a point stay as they were first said.

    `percent` and `percent_max` are hundredths of a percent.
    """

    number: int
    code: Code
    name: Texts
    unit: Texts = {}
    currency: str = "RUB"
    point_minor: int = 100
    percent: int = 100
    percent_max: int = 1_500
    lifetime_months: int | None = 12
    pending_days: int = 0
    settle_at: SettleAt = SettleAt.ISSUANCE
    return_policy: ReturnPolicy = ReturnPolicy.DEBT
    time_zone: str = "Europe/Moscow"
    market: str | None = None
    is_open: bool = True


class PartnerBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A partner; number and code stay as they were first said."""

    number: int
    code: Code
    name: Texts
    about: Texts = {}
    category: Annotated[str, msgspec.Meta(max_length=60)] = ""
    picture: str | None = None
    site: Annotated[str, msgspec.Meta(max_length=500)] = ""
    is_active: bool = True
    position: int = 0


class TermsBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a partner has agreed to in a programme; null takes the programme's own terms."""

    earns: bool = True
    spends: bool = True
    billing: Billing = Billing.POSTPAID
    issue_price: Decimal = Decimal(100)
    redeem_price: Decimal = Decimal(100)
    percent: int | None = None
    pending_days: int | None = None
    return_policy: ReturnPolicy | None = None
    share_max: int = SHARE_WHOLE
    alert_points: int | None = None
    is_active: bool = True


class ProgrammeView(msgspec.Struct, kw_only=True):
    """A programme with its number for programs."""

    id: UUID
    programme: ProgrammeBody


class PartnerView(msgspec.Struct, kw_only=True):
    """A partner with its number for programs."""

    id: UUID
    partner: PartnerBody


class TermsView(msgspec.Struct, kw_only=True):
    """The terms of a partner in a programme."""

    programme_id: UUID
    partner_id: UUID
    terms: TermsBody


class CoalitionView(msgspec.Struct, kw_only=True):
    """All programmes, partners and terms; there are few, so all at once."""

    programmes: list[ProgrammeView]
    partners: list[PartnerView]
    terms: list[TermsView]


@get(HOME + "/coalition", tags=TAGS, summary="List programmes, partners and terms")
async def show_coalition(request: Request) -> CoalitionView:
    """Give what is agreed, as of now."""
    authorise(request, "loyalty.view")
    async with request.snapshot() as snap:
        coalition = await programmes.read_coalition(snap, now=request.received_at)
    return CoalitionView(
        programmes=[_programme_view(one) for one in coalition.programmes.values()],
        partners=[_partner_view(one) for one in coalition.partners.values()],
        terms=[_terms_view(one.participation) for one in coalition.terms.values()],
    )


@put(HOME + "/coalition/programmes/{programme_id:uuid}", tags=TAGS, summary="Save a programme")
async def save_programme(
    request: Request, programme_id: FromPath[UUID], data: JSONBody[ProgrammeBody]
) -> Response[ProgrammeView]:
    """Open a programme, or change it for everything that comes after."""
    actor = authorise(request, "loyalty.edit")

    async def save(tx: Transaction) -> ProgrammeView:
        made = Programme(id=programme_id, **msgspec.structs.asdict(data))
        before = await programmes.read_coalition(tx, now=request.received_at)
        if (known := before.programmes.get(programme_id)) is not None:
            made = replace(
                made,
                number=known.number,
                code=known.code,
                currency=known.currency,
                point_minor=known.point_minor,
                settle_at=known.settle_at,
            )
        await programmes.save_programme(tx, programme=made, by=actor, now=request.received_at)
        return _programme_view(made)

    answer = await request.once(save)
    await request.context.service(programmes.Directory).refresh()
    return answer


@put(HOME + "/coalition/partners/{partner_id:uuid}", tags=TAGS, summary="Save a partner")
async def save_partner(
    request: Request, partner_id: FromPath[UUID], data: JSONBody[PartnerBody]
) -> Response[PartnerView]:
    """Take a partner in, or change what is said of it."""
    actor = authorise(request, "loyalty.edit")

    async def save(tx: Transaction) -> PartnerView:
        made = Partner(id=partner_id, **msgspec.structs.asdict(data))
        before = await programmes.read_coalition(tx, now=request.received_at)
        if (known := before.partners.get(partner_id)) is not None:
            made = replace(made, number=known.number, code=known.code)
        await programmes.save_partner(tx, partner=made, by=actor, now=request.received_at)
        return _partner_view(made)

    answer = await request.once(save)
    await request.context.service(programmes.Directory).refresh()
    return answer


@put(
    HOME + "/coalition/programmes/{programme_id:uuid}/partners/{partner_id:uuid}",
    tags=TAGS,
    summary="Save the terms of a partner",
)
async def save_terms(
    request: Request,
    programme_id: FromPath[UUID],
    partner_id: FromPath[UUID],
    data: JSONBody[TermsBody],
) -> Response[TermsView]:
    """Let a partner take part in a programme, or change its terms for what comes after."""
    actor = authorise(request, "loyalty.edit")

    async def save(tx: Transaction) -> TermsView:
        agreed = Participation(
            programme_id=programme_id, partner_id=partner_id, **msgspec.structs.asdict(data)
        )
        await programmes.save_participation(
            tx, participation=agreed, by=actor, now=request.received_at
        )
        return _terms_view(agreed)

    answer = await request.once(save)
    await request.context.service(programmes.Directory).refresh()
    return answer


def _programme_view(programme: Programme) -> ProgrammeView:
    fields = asdict(programme)
    return ProgrammeView(id=fields.pop("id"), programme=ProgrammeBody(**fields))


def _partner_view(partner: Partner) -> PartnerView:
    fields = asdict(partner)
    return PartnerView(id=fields.pop("id"), partner=PartnerBody(**fields))


def _terms_view(participation: Participation) -> TermsView:
    fields = asdict(participation)
    return TermsView(
        programme_id=fields.pop("programme_id"),
        partner_id=fields.pop("partner_id"),
        terms=TermsBody(**fields),
    )


ROUTES = (show_coalition, save_programme, save_partner, save_terms)
