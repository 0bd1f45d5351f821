"""Earning rules of loyalty: the list with a box to try a receipt, and one rule."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.kernel.identifiers import new_id
from hansa.kernel.text import pick
from hansa.modules.loyalty import offers
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.html.formats import format_moment
from hansa.runtime.http import Actor, Request
from hansa.surfaces.backoffice.loyalty_trial import HUNDREDTHS, try_receipt
from hansa.surfaces.backoffice.loyalty_words import (
    coalition_of,
    effect,
    partner_name,
    payer,
    programme_name,
    speech_of,
)
from hansa.surfaces.backoffice.presenting import (
    PAGE_ROWS,
    address,
    by_language,
    done,
    local_text,
    localised,
    read_instant,
    show,
    words,
)
from hansa.surfaces.backoffice.shell import staff

HOME = "/office/loyalty/rules"
_CURSOR = "office.loyalty.rules"
VERSIONS_SHOWN = 30
HOUR_MINUTES = 60
DAY_MINUTES = 24 * HOUR_MINUTES
_Short = Annotated[str, msgspec.Meta(max_length=200)]
NUMBER_MAX = Decimal(10) ** 9
_PLACES = {
    "loyalty.offer_code_taken": "code",
    "code": "code",
    "value": "value",
    "per_minor": "per",
    "minimum_minor": "minimum",
    "maximum_minor": "maximum",
    "ends_at": "ends_at",
    "from_minute": "from_time",
    "until_minute": "until_time",
    "issuer_partner_id": "issuer_partner",
    "share": "share",
}


class RuleFields(msgspec.Struct):
    """What is typed of a rule. Percents and multipliers as people write them: 2.5, 3."""

    code: Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9-]{0,39}$")] = ""
    name_ru: _Short = ""
    name_en: _Short = ""
    programme: _Short = ""
    partner: _Short = ""
    category: Annotated[str, msgspec.Meta(max_length=100)] = ""
    kind: Annotated[str, msgspec.Meta(pattern="^(percent|multiplier|points)$")] = "percent"
    value: Decimal = Decimal(0)
    per: Decimal | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    starts_at: _Short = ""
    ends_at: _Short = ""
    weekdays: list[_Short] = []
    from_time: _Short = ""
    until_time: _Short = ""
    group: Annotated[str, msgspec.Meta(max_length=40)] = ""
    priority: Annotated[int, msgspec.Meta(ge=-1000, le=1000)] = 0
    issuer: Annotated[str, msgspec.Meta(pattern="^(partner|programme|other)$")] = "partner"
    issuer_partner: _Short = ""
    share: Decimal = Decimal(100)


@get(HOME)
async def list_rules(request: Request) -> Page:
    """Show the rules in force, and what a receipt that is typed in would earn."""
    staff(request, "loyalty.view")
    after = request.read_cursor(request.query_params.get("after"), of=_CURSOR, types=(str, UUID))
    async with request.snapshot() as snap:
        found = await offers.list_rules(snap, after=after, limit=PAGE_ROWS + 1)
        shown, cursor = request.page_of(
            found, limit=PAGE_ROWS, of=_CURSOR, key=lambda one: (one.code, one.id)
        )
        trial = await try_receipt(request, snap)
    return show(
        request,
        "loyalty_rules.html",
        rows=[_row(request, one) for one in shown],
        trial=trial,
        partners=_partners(request),
        programmes=_programmes(request),
        first_url=address(request) if after else None,
        next_url=address(request, after=cursor) if cursor else None,
    )


@get(HOME + "/new")
async def show_new(request: Request) -> Page:
    """Show the form of a new rule."""
    staff(request, "loyalty.edit")
    form = first_shown(request, kind="percent", issuer="partner", group="base", share="100")
    return _page(request, None, form, [])


@post(HOME + "/new")
async def create(request: Request) -> Response[None] | Page:
    """Make a rule, in force from now on."""
    by = staff(request, "loyalty.edit")
    return await _save(request, None, by)


@get(HOME + "/{rule_id:uuid}")
async def show_rule(request: Request, rule_id: FromPath[UUID]) -> Page:
    """Show a rule with its versions."""
    staff(request, "loyalty.view")
    async with request.snapshot(single=True) as snap:
        versions = await offers.list_rule_versions(snap, rule_id=rule_id, limit=VERSIONS_SHOWN)
    return _page(request, versions[0], _form(request, versions[0]), versions)


@post(HOME + "/{rule_id:uuid}")
async def save(request: Request, rule_id: FromPath[UUID]) -> Response[None] | Page:
    """Change a rule from now on; what was bought before keeps the version of its time."""
    by = staff(request, "loyalty.edit")
    async with request.snapshot(single=True) as snap:
        held = await offers.list_rule_versions(snap, rule_id=rule_id, limit=1)
    return await _save(request, held[0], by)


@post(HOME + "/{rule_id:uuid}/end")
async def end(request: Request, rule_id: FromPath[UUID]) -> Response[None]:
    """Take a rule out of force from now on."""
    by = staff(request, "loyalty.edit")
    async with request.transaction() as tx:
        await offers.end_rule(tx, rule_id=rule_id, by=by, now=request.received_at)
    await request.context.service(offers.Rulebook).refresh()
    return done(request, HOME)


async def _save(
    request: Request, held: offers.EarningRule | None, by: Actor
) -> Response[None] | Page:
    form = await read_form(request, RuleFields)
    starts, ends = read_instant(request, form, "starts_at"), read_instant(request, form, "ends_at")
    if form.value is not None and not form.errors:
        rule = _rule(request, form.value, held, form, starts, ends)
        if rule is not None:
            try:
                async with request.transaction() as tx:
                    await offers.save_rule(tx, rule=rule, by=by, now=request.received_at)
            except HansaError as refusal:
                field = getattr(refusal, "field", refusal.code)
                form.add(_PLACES.get(field, ""), refusal)
            else:
                await request.context.service(offers.Rulebook).refresh()
                return done(request, HOME, "saved" if held else "created")
    return _page(request, held, form, [], status_code=422)


def _rule(  # noqa: PLR0917 - what was typed, and what it was before
    request: Request,
    typed: RuleFields,
    held: offers.EarningRule | None,
    form: Form[Any],
    starts_at: datetime | None,
    ends_at: datetime | None,
) -> offers.EarningRule | None:
    coalition = coalition_of(request)
    programme = (
        coalition.programmes.get(held.programme_id)
        if held
        else coalition.programme(typed.programme)
    )
    if programme is None:
        form.add("programme", "This field is required.")
        return None
    partner = coalition.partner(typed.partner) if typed.partner else None
    pays = coalition.partner(typed.issuer_partner) if typed.issuer == "other" else None
    from_minute, until_minute = (
        _minutes(typed.from_time, 0),
        _minutes(typed.until_time, DAY_MINUTES),
    )
    for field, minute in (("from_time", from_minute), ("until_time", until_minute)):
        if minute is None:
            form.add(field, "Write a time such as 18:30.")
    _check_numbers(typed, form)
    if from_minute is None or until_minute is None or form.errors:
        return None
    kind = offers.EffectKind(typed.kind)
    rule = held or offers.EarningRule(
        id=new_id(request.received_at),
        code=typed.code,
        programme_id=programme.id,
        kind=kind,
        value=0,
    )
    is_points = kind is offers.EffectKind.POINTS
    return replace(
        rule,
        name=localised(held.name if held else {}, form, "name"),
        partner_id=partner.id if partner else None,
        category=typed.category.strip(),
        kind=kind,
        value=int(typed.value if is_points else typed.value * HUNDREDTHS),
        per_minor=int((typed.per or 0) * HUNDREDTHS),
        minimum_minor=int((typed.minimum or 0) * HUNDREDTHS),
        maximum_minor=None if typed.maximum is None else int(typed.maximum * HUNDREDTHS),
        schedule=offers.Schedule(
            starts_at=starts_at,
            ends_at=ends_at,
            weekdays=tuple(sorted({int(day) for day in typed.weekdays if day.isdecimal()})),
            from_minute=from_minute,
            until_minute=until_minute,
        ),
        targeting=replace(rule.targeting, share=int(typed.share * HUNDREDTHS)),
        group=typed.group.strip() or rule.code,
        priority=typed.priority,
        issuer=offers.Issuer(typed.issuer),
        issuer_partner_id=pays.id if pays else None,
    )


def _check_numbers(typed: RuleFields, form: Form[Any]) -> None:
    for field in ("value", "per", "minimum", "maximum", "share"):
        number = getattr(typed, field)
        if number is not None and not (number.is_finite() and 0 <= number <= NUMBER_MAX):
            form.add(field, "Write a number that is not below zero.")


def _form(request: Request, rule: offers.EarningRule) -> Form[Any]:
    coalition = coalition_of(request)
    partner = coalition.partners.get(rule.partner_id) if rule.partner_id else None
    pays = coalition.partners.get(rule.issuer_partner_id) if rule.issuer_partner_id else None
    held = rule.schedule
    is_points = rule.kind is offers.EffectKind.POINTS
    return first_shown(
        request,
        **by_language("name", rule.name),
        code=rule.code,
        partner=partner.code if partner else "",
        category=rule.category,
        kind=rule.kind.value,
        value=str(rule.value) if is_points else _hundredths(rule.value),
        per=_hundredths(rule.per_minor) if is_points else "",
        minimum=_hundredths(rule.minimum_minor) if rule.minimum_minor else "",
        maximum="" if rule.maximum_minor is None else _hundredths(rule.maximum_minor),
        starts_at=local_text(request, held.starts_at),
        ends_at=local_text(request, held.ends_at),
        weekdays=[str(day) for day in held.weekdays],
        from_time=_time(held.from_minute) if held.from_minute else "",
        until_time=_time(held.until_minute) if held.until_minute != DAY_MINUTES else "",
        group=rule.group,
        priority=str(rule.priority),
        issuer=rule.issuer.value,
        issuer_partner=pays.code if pays else "",
        share=_hundredths(rule.targeting.share),
    )


def _page(
    request: Request,
    held: offers.EarningRule | None,
    form: Form[Any],
    versions: list[offers.EarningRule],
    *,
    status_code: int = 200,
) -> Page:
    translate = words(request)
    programme = coalition_of(request).programmes.get(held.programme_id) if held else None
    zone = programme.time_zone if programme else "UTC"
    return show(
        request,
        "loyalty_rule.html",
        status_code=status_code,
        held=held,
        heading=pick(held.name, request.language) or held.code if held else "",
        programme=programme_name(request, held.programme_id) if held else "",
        form=form,
        programmes=_programmes(request),
        partners=[("", translate("all partners")), *_partners(request)],
        payers=[("", "—"), *_partners(request)],
        weekdays=[
            (str(day), translate(name)) for day, name in enumerate(offers.WEEKDAY_WORDS, start=1)
        ],
        versions=[
            {
                "version": one.version,
                "effect": effect(request, one),
                "from": format_moment(one.in_force_from, request.language, zone),
                "until": format_moment(one.in_force_until, request.language, zone),
            }
            for one in versions
        ],
        is_in_force=held is not None and held.in_force_until is None,
    )


def _row(request: Request, rule: offers.EarningRule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "url": f"{HOME}/{rule.id}",
        "name": pick(rule.name, request.language) or rule.code,
        "code": rule.code,
        "effect": effect(request, rule),
        "partner": partner_name(request, rule.partner_id),
        "category": speech_of(request).category(rule.category) or "—",
        "when": speech_of(request, rule.programme_id).schedule(rule.schedule),
        "payer": payer(request, rule.issuer, rule.issuer_partner_id),
        "group": rule.group,
    }


def _partners(request: Request) -> list[tuple[str, str]]:
    found = coalition_of(request).partners.values()
    return [(one.code, pick(one.name, request.language)) for one in found]


def _programmes(request: Request) -> list[tuple[str, str]]:
    found = coalition_of(request).programmes.values()
    return [(one.code, pick(one.name, request.language)) for one in found]


def _hundredths(number: int) -> str:
    return f"{(Decimal(number) / HUNDREDTHS).normalize():f}"


def _time(minute: int) -> str:
    return f"{minute // HOUR_MINUTES:02}:{minute % HOUR_MINUTES:02}"


def _minutes(text: str, empty: int) -> int | None:
    """Read `18:30`; nothing typed is the beginning or the end of the day."""
    if not text.strip():
        return empty
    hours, colon, minutes = text.strip().partition(":")
    if not colon or not hours.isdecimal() or not minutes.isdecimal():
        return None
    found = int(hours) * HOUR_MINUTES + int(minutes)
    return found if found <= DAY_MINUTES and int(minutes) < HOUR_MINUTES else None


ROUTES = (list_rules, show_new, create, show_rule, save, end)
