"""Roll-out in the back office: features, for whom they are on, why, and their history."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.kernel.text import pick
from hansa.modules import markets, rollout
from hansa.modules.rollout import PARTS, Reason, Rules, Setting, State
from hansa.runtime.database import Transaction
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.html.formats import format_moment, format_number
from hansa.runtime.http import Request
from hansa.runtime.module import Feature
from hansa.surfaces.backoffice.presenting import (
    done,
    local_text,
    read_instant,
    show,
    words,
    zone_of,
)
from hansa.surfaces.backoffice.rollout_people import FAULTS, names_of_people
from hansa.surfaces.backoffice.shell import staff

HOME = "/office/rollout"
AUDIENCES_SHOWN = 200
_Short = Annotated[str, msgspec.Meta(max_length=100)]

STATES: Mapping[State, tuple[str, str]] = {
    State.OFF: ("off", ""),
    State.ON: ("on for everybody", "good"),
    State.SOME: ("on for some", "accent"),
}
KILLED = ("killed", "bad")
REASONS: Mapping[Reason, str] = {
    Reason.UNKNOWN: "Nobody has switched it on yet.",
    Reason.KILLED: "The kill switch is on: nobody has it.",
    Reason.OFF: "It is off for everybody.",
    Reason.ALLOWED: "This person is on the allow list.",
    Reason.MARKET: "It is not on in this market.",
    Reason.NOT_YET: "It has not begun yet.",
    Reason.OVER: "It is over.",
    Reason.ON: "It is on for everybody.",
    Reason.NOBODY: "It is on for people we know only.",
    Reason.AUDIENCE: "This person is in an audience.",
    Reason.PERCENTAGE: "The percentage reaches this person.",
    Reason.NOT_CHOSEN: "No rule chooses this person: the percentage does not reach them yet.",
}


class RulesFields(msgspec.Struct):
    """What is typed of a feature's rules; percentages by market are read apart."""

    state: State = State.OFF
    percent: _Short = ""
    allowed: list[UUID] = []
    allow: Annotated[str, msgspec.Meta(max_length=20_000)] = ""
    audience_ids: list[UUID] = []
    markets: list[_Short] = []
    starts_at: _Short = ""
    ends_at: _Short = ""
    salt: Annotated[str, msgspec.Meta(max_length=40)] = ""
    version: int = 0


class ExplainFields(msgspec.Struct):
    """Who is asked about; nobody typed: somebody who is not signed in."""

    who: Annotated[str, msgspec.Meta(max_length=254)] = ""
    market: _Short = ""


@get(HOME)
async def list_features(request: Request) -> Page:
    """Show every feature the code declares."""
    staff(request, "rollout.view")
    async with request.snapshot(single=True) as snap:
        settings = await rollout.list_settings(snap)
    rows = []
    for feature in request.visit.wiring.features:
        setting = settings.get(feature.code, Setting(code=feature.code))
        label, tone = _state_of(setting.rules)
        rows.append(
            {
                "url": f"{HOME}/features/{feature.code}",
                "title": words(request)(feature.title),
                "code": feature.code,
                "state": words(request)(label),
                "tone": tone,
                "percent": _spread_text(request, setting.rules),
                "audiences": len(setting.rules.audience_ids),
                "allowed": len(setting.rules.allowed),
                "changed": format_moment(setting.changed_at, request.language, zone_of(request))
                if setting.changed_at
                else "",
            }
        )
    return show(request, "rollout.html", rows=rows)


@get(HOME + "/features/{code:str}")
async def show_feature(request: Request, code: FromPath[str]) -> Page:
    """Show for whom a feature is on."""
    staff(request, "rollout.view")
    return await _page(request, code)


@post(HOME + "/features/{code:str}")
async def save(request: Request, code: FromPath[str]) -> Response[None] | Page:
    """Change for whom a feature is on."""
    by = staff(request, "rollout.edit")
    feature_of(request, code)
    form = await read_form(request, RulesFields)
    parts = _read_percent(form, "percent", form.text("percent"))
    by_market = await _read_market_percents(request, form)
    starts, ends = read_instant(request, form, "starts_at"), read_instant(request, form, "ends_at")
    typed = form.value
    if typed is not None:
        async with request.transaction() as tx:
            held = await rollout.get_setting(tx, feature=code)
            rules = Rules(
                state=typed.state,
                is_killed=held.rules.is_killed,
                allowed=(*typed.allowed, *await _found(tx, form)),
                markets=tuple(typed.markets),
                starts_at=starts,
                ends_at=ends,
                audience_ids=tuple(typed.audience_ids),
                parts=parts,
                market_parts=by_market,
                salt=typed.salt,
            )
            try:
                if not form.errors:
                    await rollout.save_rules(
                        tx,
                        feature=code,
                        rules=rules,
                        version=typed.version,
                        known=known_codes(request),
                        by=by,
                        now=request.received_at,
                    )
            except HansaError as refusal:
                form.add(getattr(refusal, "field", ""), refusal)
    if form.errors:
        return await _page(request, code, form, status_code=422)
    await request.context.service(rollout.Rollout).refresh()
    return done(request, f"{HOME}/features/{code}")


@post(HOME + "/features/{code:str}/kill-switch")
async def set_killed(request: Request, code: FromPath[str]) -> Response[None]:
    """Take a feature from everybody, or give it back."""
    by = staff(request, "rollout.edit")
    is_killed = (await request.form()).get("is_killed") == "1"
    async with request.transaction() as tx:
        await rollout.set_killed(
            tx,
            feature=code,
            is_killed=is_killed,
            known=known_codes(request),
            by=by,
            now=request.received_at,
        )
    await request.context.service(rollout.Rollout).refresh()
    return done(request, f"{HOME}/features/{code}")


@post(HOME + "/features/{code:str}/answer")
async def explain(request: Request, code: FromPath[str]) -> Page:
    """Say whether it is on for a person; by POST, so that who it is stands in no address."""
    staff(request, "rollout.view")
    form = await read_form(request, ExplainFields)
    typed = form.value
    answer = None
    if typed is not None:
        subject = None
        if typed.who:
            async with request.snapshot(single=True) as snap:
                found = await rollout.find_people(snap, rollout.read_text(typed.who))
            subject = found.subject_ids[0] if found.subject_ids else None
            for fault in found.faults:
                form.add("who", FAULTS[fault.why])
        if not form.errors:
            service = request.context.service(rollout.Rollout)
            answer = service.explain(code, subject, market=typed.market or None)
    return await _page(request, code, explaining=form, answer=answer)


async def _page(
    request: Request,
    code: str,
    form: Form[Any] | None = None,
    *,
    explaining: Form[Any] | None = None,
    answer: rollout.Answer | None = None,
    status_code: int = 200,
) -> Page:
    feature = feature_of(request, code)
    async with request.snapshot() as snap:
        setting = await rollout.get_setting(snap, feature=code)
        audiences = await rollout.list_audiences(snap, limit=AUDIENCES_SHOWN)
        people = await names_of_people(request, snap, setting.rules.allowed)
    rules = setting.rules
    label, tone = _state_of(rules)
    translate = words(request)
    return show(
        request,
        "rollout_feature.html",
        status_code=status_code,
        feature={
            "code": code,
            "title": translate(feature.title),
            "about": translate(feature.about) if feature.about else "",
            "url": f"{HOME}/features/{code}",
        },
        setting=setting,
        state=translate(label),
        tone=tone,
        form=form or _shown(request, setting),
        audiences=audiences,
        people=people,
        markets=market_names(request),
        states=[
            {"value": str(one), "title": translate(label)} for one, (label, _) in STATES.items()
        ],
        explaining=explaining or first_shown(request, market=request.market),
        answer=None if answer is None else _answer(request, answer, audiences),
    )


def _shown(request: Request, setting: Setting) -> Form[Any]:
    rules = setting.rules
    form = first_shown(
        request,
        state=str(rules.state),
        percent=percent_text(request, rules.parts),
        allowed=[str(one) for one in rules.allowed],
        audience_ids=[str(one) for one in rules.audience_ids],
        markets=list(rules.markets),
        starts_at=local_text(request, rules.starts_at),
        ends_at=local_text(request, rules.ends_at),
        salt=rules.salt,
        version=str(setting.version),
    )
    for market, parts in rules.market_parts.items():
        form.values[f"percent_in_{market}"] = percent_text(request, parts)
    return form


def _answer(
    request: Request, answer: rollout.Answer, audiences: Sequence[rollout.Audience]
) -> dict[str, Any]:
    named = {one.id: one.name for one in audiences}
    return {
        "is_on": answer.is_on,
        "reason": words(request)(REASONS[answer.reason]),
        "audience": named.get(rollout.AudienceId(answer.audience_id), "")
        if answer.audience_id
        else "",
        "place": None if answer.part is None else percent_text(request, answer.part),
        "percent": None if answer.parts is None else percent_text(request, answer.parts),
    }


async def _found(tx: Transaction, form: Form[Any]) -> tuple[UUID, ...]:
    """Find the people typed into the allow list; who is nobody is told at the field."""
    found = await rollout.find_people(tx, rollout.read_text(form.text("allow")))
    for fault in found.faults:
        form.add("allow", FAULTS[fault.why])
    return found.subject_ids


async def _read_market_percents(request: Request, form: Form[Any]) -> dict[str, int]:
    sent = await request.form()
    read = {}
    for code, _ in market_names(request):
        field = f"percent_in_{code}"
        text = str(sent.get(field, "")).strip()
        form.values[field] = text
        if text:
            read[code] = _read_percent(form, field, text)
    return read


def _read_percent(form: Form[Any], field: str, text: str) -> int:
    try:
        parts = Decimal(text.replace(",", ".") or "0") * PARTS / 100
        if parts == int(parts) and 0 <= parts <= PARTS:
            return int(parts)
    except (ArithmeticError, ValueError):
        pass
    form.add(field, "A percentage is 0 to 100, with two digits after the point at most.")
    return 0


def _state_of(rules: Rules) -> tuple[str, str]:
    return KILLED if rules.is_killed else STATES[rules.state]


def _spread_text(request: Request, rules: Rules) -> str:
    if rules.state is not State.SOME:
        return "—"
    spread = {rules.parts, *rules.market_parts.values()}
    low, high = min(spread), max(spread)
    shown = percent_text(request, low)
    return f"{shown} %" if low == high else f"{shown}–{percent_text(request, high)} %"


def percent_text(request: Request, parts: int) -> str:
    """Write parts of 10,000 as a percentage, without its sign."""
    return format_number(Decimal(parts) * 100 / PARTS, request.language)


def market_names(request: Request) -> list[tuple[str, str]]:
    """Give codes and names of the markets."""
    directory = request.context.service(markets.MarketDirectory)
    return [(one.code, pick(one.name, request.language)) for one in directory.all()]


def known_codes(request: Request) -> list[str]:
    """Give the features the code declares."""
    return [one.code for one in request.visit.wiring.features]


def feature_of(request: Request, code: str) -> Feature:
    """Give a declared feature.

    Raises:
        NoSuchFeature: no module declares it.
    """
    for feature in request.visit.wiring.features:
        if feature.code == code:
            return feature
    raise rollout.NoSuchFeature(code)


ROUTES = (list_features, show_feature, save, set_killed, explain)
