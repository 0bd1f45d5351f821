"""How a programme settles with its partners: a form, with what each field means."""

from decimal import Decimal

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.text import pick
from hansa.modules.loyalty import settlement
from hansa.modules.loyalty.programmes import Programme
from hansa.modules.loyalty.settlement import SettlementRule, WhenExhausted
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.loyalty_settlement import HOME, SETTLE, VIEW, programme_of
from hansa.surfaces.backoffice.presenting import done, show, words
from hansa.surfaces.backoffice.shell import staff

PATH = HOME + "/programmes/{code:str}/rule"
EXHAUSTED = {
    WhenExhausted.RUN_ON: "It goes on, and what is over is charged after the month",
    WhenExhausted.STOP: "It gives no more points until it has bought more",
}


class RuleFields(msgspec.Struct):
    """How a programme settles, as it is typed."""

    when_exhausted: WhenExhausted = WhenExhausted.RUN_ON
    due_days: int = 10
    vat_percent: Decimal | None = None


@get(PATH)
async def show_rule(request: Request, code: FromPath[str]) -> Page:
    """Show how a programme settles."""
    staff(request, VIEW)
    programme = programme_of(request, code)
    async with request.snapshot(single=True) as snap:
        rule = await settlement.read_rule(snap, programme_id=programme.id)
    vat = rule.vat_percent
    form = first_shown(
        request,
        when_exhausted=rule.when_exhausted.value,
        due_days=str(rule.due_days),
        vat_percent=None if vat is None else f"{vat.normalize():f}",
    )
    return _page(request, programme, form)


@post(PATH)
async def save_rule(request: Request, code: FromPath[str]) -> Response[None] | Page:
    """Change the rule; it holds for months closed from now on."""
    by = staff(request, SETTLE)
    programme = programme_of(request, code)
    form = await read_form(request, RuleFields)
    if form.value is not None:
        rule = SettlementRule(
            programme_id=programme.id,
            when_exhausted=form.value.when_exhausted,
            due_days=form.value.due_days,
            vat_percent=form.value.vat_percent,
        )
        try:
            async with request.transaction() as tx:
                await settlement.save_rule(tx, rule=rule, by=by, now=request.received_at)
        except settlement.BlockInvalid as refusal:
            form.add(refusal.field, refusal)
        else:
            return done(request, f"{HOME}/programmes/{code}/rule")
    return _page(request, programme, form, status_code=422)


def _page(
    request: Request, programme: Programme, form: Form[RuleFields], *, status_code: int = 200
) -> Page:
    translate = words(request)
    return show(
        request,
        "loyalty_settlement_rule.html",
        status_code=status_code,
        programme=programme,
        name=pick(programme.name, request.language),
        here=f"{HOME}/programmes/{programme.code}/rule",
        exhausted=[(kind.value, translate(label)) for kind, label in EXHAUSTED.items()],
        form=form,
    )


ROUTES = (show_rule, save_rule)
