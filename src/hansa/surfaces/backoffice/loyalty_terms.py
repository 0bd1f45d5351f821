"""What a partner has agreed to in a programme: a form, with what each field means."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.text import pick
from hansa.modules.loyalty import programmes
from hansa.modules.loyalty.programmes import (
    PERCENT_ONE,
    Billing,
    Participation,
    Partner,
    Programme,
    ReturnPolicy,
)
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.loyalty_coalition import PARTNERS, POLICIES, NoSuchThing
from hansa.surfaces.backoffice.presenting import done, show, words
from hansa.surfaces.backoffice.shell import staff

PATH = PARTNERS + "/{partner_id:uuid}/programmes/{programme_id:uuid}"
BILLINGS = {
    Billing.POSTPAID: "After, by a statement of the period",
    Billing.PREPAID: "Before, by blocks of points",
}


class TermsFields(msgspec.Struct):
    """What is agreed; percents and prices as people write them."""

    billing: Billing = Billing.POSTPAID
    issue_price: Decimal = Decimal(0)
    redeem_price: Decimal = Decimal(0)
    share_max: float = 100
    percent: float | None = None
    pending_days: int | None = None
    return_policy: ReturnPolicy | None = None
    alert_points: int | None = None
    earns: bool = False
    spends: bool = False
    is_active: bool = False


@get(PATH)
async def show_terms(
    request: Request, partner_id: FromPath[UUID], programme_id: FromPath[UUID]
) -> Page:
    """Show what a partner has agreed to."""
    staff(request, "loyalty.view")
    partner, programme, agreed = await _read(request, partner_id, programme_id)
    return _page(request, partner, programme, _form(request, agreed))


@post(PATH)
async def save_terms(
    request: Request, partner_id: FromPath[UUID], programme_id: FromPath[UUID]
) -> Response[None] | Page:
    """Change the terms for everything that comes after."""
    by = staff(request, "loyalty.edit")
    partner, programme, _ = await _read(request, partner_id, programme_id)
    form = await read_form(request, TermsFields)
    typed = form.value
    if typed is not None:
        made = Participation(
            programme_id=programme_id,
            partner_id=partner_id,
            earns=typed.earns,
            spends=typed.spends,
            billing=typed.billing,
            issue_price=typed.issue_price * 100,
            redeem_price=typed.redeem_price * 100,
            percent=None if typed.percent is None else round(typed.percent * PERCENT_ONE),
            pending_days=typed.pending_days,
            return_policy=typed.return_policy,
            share_max=round(typed.share_max * PERCENT_ONE),
            alert_points=typed.alert_points,
            is_active=typed.is_active,
        )
        try:
            async with request.transaction() as tx:
                await programmes.save_participation(
                    tx, participation=made, by=by, now=request.received_at
                )
        except programmes.TermsInvalid as refusal:
            form.add(refusal.field, refusal)
        else:
            await request.context.service(programmes.Directory).refresh()
            return done(request, f"{PARTNERS}/{partner_id}")
    return _page(request, partner, programme, form, status_code=422)


async def _read(
    request: Request, partner_id: UUID, programme_id: UUID
) -> tuple[Partner, Programme, Participation]:
    async with request.snapshot() as snap:
        coalition = await programmes.read_coalition(snap, now=request.received_at)
    partner = coalition.partners.get(partner_id)
    programme = coalition.programmes.get(programme_id)
    if partner is None or programme is None:
        raise NoSuchThing
    terms = coalition.of(programme_id, partner_id)
    fresh = Participation(
        programme_id=programme_id,
        partner_id=partner_id,
        issue_price=Decimal(programme.point_minor),
        redeem_price=Decimal(programme.point_minor),
    )
    return partner, programme, terms.participation if terms else fresh


def _form(request: Request, agreed: Participation) -> Form[Any]:
    return first_shown(
        request,
        billing=str(agreed.billing),
        issue_price=f"{(agreed.issue_price / 100).normalize():f}",
        redeem_price=f"{(agreed.redeem_price / 100).normalize():f}",
        share_max=f"{agreed.share_max / PERCENT_ONE:g}",
        percent=None if agreed.percent is None else f"{agreed.percent / PERCENT_ONE:g}",
        pending_days=None if agreed.pending_days is None else str(agreed.pending_days),
        return_policy=str(agreed.return_policy) if agreed.return_policy else None,
        alert_points=agreed.alert_points,
        earns="1" if agreed.earns else None,
        spends="1" if agreed.spends else None,
        is_active="1" if agreed.is_active else None,
    )


def _page(
    request: Request,
    partner: Partner,
    programme: Programme,
    form: Form[Any],
    *,
    status_code: int = 200,
) -> Page:
    translate = words(request)
    return show(
        request,
        "loyalty_terms.html",
        status_code=status_code,
        partner={
            "name": pick(partner.name, request.language),
            "url": f"{PARTNERS}/{partner.id}",
        },
        programme=pick(programme.name, request.language),
        currency=programme.currency,
        action=f"{PARTNERS}/{partner.id}/programmes/{programme.id}",
        billings=[(str(one), translate(label)) for one, label in BILLINGS.items()],
        policies=[
            ("", translate("As the programme says")),
            *((str(one), translate(label)) for one, label in POLICIES.items()),
        ],
        form=form,
    )


ROUTES = (show_terms, save_terms)
