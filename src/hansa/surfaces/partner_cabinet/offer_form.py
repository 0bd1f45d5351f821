"""Writing an offer: what it says, what a member does for it, what it gives, when and how often."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.kernel.money import exponent, money_from_decimal
from hansa.kernel.text import pick
from hansa.modules import loyalty
from hansa.modules.loyalty.offers import (
    MULTIPLIER_ONE,
    Condition,
    ConditionKind,
    Limits,
    Offer,
    OfferContent,
    Reward,
    RewardKind,
    Wording,
)
from hansa.modules.loyalty.programmes import PERCENT_ONE, Programme
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.html.forms import WHOLE
from hansa.runtime.http import Request
from hansa.surfaces.partner_cabinet.offers import HOME, describe
from hansa.surfaces.partner_cabinet.shell import (
    LANGUAGES,
    Person,
    at,
    coalition_of,
    done,
    home,
    person,
    show,
    terms_of,
    words,
)

_Line = Annotated[str, msgspec.Meta(max_length=200)]
_Text = Annotated[str, msgspec.Meta(max_length=4_000)]
_Count = Annotated[int, msgspec.Meta(ge=1, le=10**9)]
_PLACES: Final[Mapping[str, str]] = {
    "title": "title_ru",
    "text": "text_ru",
    "terms": "terms_ru",
    "amount_minor": "amount",
    "condition": "reward_kind",
}
"""Where the form shows what the module calls otherwise."""


CONDITIONS: Final = {
    ConditionKind.PURCHASE: "One purchase",
    ConditionKind.PURCHASES: "Several purchases",
    ConditionKind.VISIT: "A visit that your program reports",
    ConditionKind.ACTION: "An action that your program reports",
}
REWARDS: Final = {
    RewardKind.PERCENT: "A higher percent for some days",
    RewardKind.POINTS: "Points at once",
    RewardKind.MULTIPLIER: "Several times the points of the purchase",
}


class OfferFields(msgspec.Struct):
    """An offer as it is typed: percents, times and amounts as people write them."""

    programme: _Line = ""
    code: _Line = ""
    title_ru: _Line = ""
    title_en: _Line = ""
    text_ru: _Text = ""
    text_en: _Text = ""
    terms_ru: _Text = ""
    terms_en: _Text = ""
    condition_kind: ConditionKind = ConditionKind.PURCHASE
    condition_code: _Line = ""
    categories: _Text = ""
    amount: Decimal = Decimal(0)
    count: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 1
    condition_days: Annotated[int, msgspec.Meta(ge=1, le=1_098)] = 30
    reward_kind: RewardKind = RewardKind.PERCENT
    percent: Decimal = Decimal(0)
    category: _Line = ""
    days: Annotated[int, msgspec.Meta(ge=1, le=1_098)] = 30
    points: Annotated[int, msgspec.Meta(ge=0, le=10**9)] = 0
    multiplier: Decimal = Decimal(1)
    activation: Literal["member", "itself"] = "member"
    starts_at: _Line = ""
    ends_at: _Line = ""
    per_member: _Count | None = None
    total: _Count | None = None
    per_day: _Count | None = None
    new_member_days: Annotated[int, msgspec.Meta(ge=1, le=1_098)] | None = None
    budget_points: _Count | None = None


@get(at(HOME + "/new"))
async def show_new(request: Request) -> Page:
    """Show the form of a new offer."""
    return _page(request, person(request), None, first_shown(request))


@post(at(HOME + "/new"))
async def create(request: Request) -> Response[None] | Page:
    """Write a new offer; it is a draft until it is sent."""
    who = person(request)
    form = await read_form(request, OfferFields)
    terms = {one.programme.code: one for one in terms_of(request, who.partner)}
    chosen = terms.get(form.text("programme"))
    if chosen is None:
        form.add("programme", "This field is required.")
        return _page(request, who, None, form, status_code=422)
    content = _content(form, chosen.programme, None)
    if content is None or form.value is None:
        return _page(request, who, None, form, status_code=422)
    try:
        async with request.transaction() as tx:
            offer = await loyalty.offers.write_offer(
                tx,
                programme_id=chosen.programme.id,
                partner_id=who.partner.id,
                code=form.value.code,
                content=content,
                by=who.actor,
                now=request.received_at,
            )
    except loyalty.offers.OfferCodeTaken as refusal:
        form.add("code", refusal)
    except loyalty.offers.OfferInvalid as refusal:
        form.add(_place(refusal), refusal)
    else:
        return done(request, f"{HOME}/{offer.id}", "written")
    return _page(request, who, None, form, status_code=422)


@get(at(HOME + "/{offer_id:uuid}/text"))
async def show_form(request: Request, offer_id: FromPath[UUID]) -> Page:
    """Show what is written of an offer."""
    who = person(request)
    offer = await _offer(request, who, offer_id)
    return _page(request, who, offer, _typed(request, offer))


@post(at(HOME + "/{offer_id:uuid}/text"))
async def change(request: Request, offer_id: FromPath[UUID]) -> Response[None] | Page:
    """Change what is written; what runs runs on until the change is approved."""
    who = person(request)
    offer = await _offer(request, who, offer_id)
    form = await read_form(request, OfferFields)
    programme = coalition_of(request).programmes[offer.programme_id]
    content = _content(form, programme, offer.content)
    if content is None:
        return _page(request, who, offer, form, status_code=422)
    try:
        async with request.transaction() as tx:
            await loyalty.offers.change_offer(
                tx,
                offer_id=offer_id,
                partner_id=who.partner.id,
                content=content,
                by=who.actor,
                now=request.received_at,
            )
    except (loyalty.offers.OfferInvalid, loyalty.offers.OfferStateWrong) as refusal:
        form.add(_place(refusal), refusal)
        return _page(request, who, offer, form, status_code=422)
    return done(request, f"{HOME}/{offer_id}", "written")


async def _offer(request: Request, who: Person, offer_id: UUID) -> Offer:
    async with request.snapshot(single=True) as snap:
        return await loyalty.offers.get_offer(snap, offer_id=offer_id, partner_id=who.partner.id)


def _content(
    form: Form[OfferFields], programme: Programme, before: OfferContent | None
) -> OfferContent | None:
    """Make what was typed an offer; what the form does not show stays as it was."""
    typed = form.value
    starts_at = _instant(form, "starts_at", programme.time_zone)
    ends_at = _instant(form, "ends_at", programme.time_zone)
    if typed is None or form.value is None:
        return None
    amount = money_from_decimal(typed.amount, programme.currency).minor
    condition = _condition(typed, amount)
    held = before or OfferContent(condition=condition, reward=_reward(typed))
    wording = held.wording
    return replace(
        held,
        wording=Wording(
            title=_texts(form, "title", wording.title),
            text=_texts(form, "text", wording.text),
            terms=_texts(form, "terms", wording.terms),
            picture=wording.picture,
        ),
        condition=condition,
        reward=replace(_reward(typed), group=held.reward.group),
        needs_activation=typed.activation == "member",
        schedule=replace(held.schedule, starts_at=starts_at, ends_at=ends_at),
        targeting=replace(held.targeting, new_member_days=typed.new_member_days),
        limits=Limits(per_member=typed.per_member, total=typed.total, per_day=typed.per_day),
        budget_points=typed.budget_points,
    )


def _condition(typed: OfferFields, amount_minor: int) -> Condition:
    """Take what belongs to the kind that was chosen."""
    kind = typed.condition_kind
    if kind in {ConditionKind.ACTION, ConditionKind.VISIT}:
        return Condition(kind=kind, code=typed.condition_code)
    parts = (part.strip() for part in typed.categories.split(","))
    categories = tuple(dict.fromkeys(part for part in parts if part))
    if kind is ConditionKind.PURCHASE:
        return Condition(kind=kind, categories=categories, amount_minor=amount_minor)
    return Condition(
        kind=kind,
        categories=categories,
        amount_minor=amount_minor,
        count=typed.count,
        days=typed.condition_days,
    )


def _reward(typed: OfferFields) -> Reward:
    kind = typed.reward_kind
    if kind is RewardKind.PERCENT:
        percent = int(typed.percent * PERCENT_ONE)
        return Reward(kind=kind, percent=percent, category=typed.category, days=typed.days)
    if kind is RewardKind.POINTS:
        return Reward(kind=kind, points=typed.points)
    return Reward(kind=kind, multiplier=int(typed.multiplier * MULTIPLIER_ONE))


def _texts(form: Form[Any], field: str, before: Mapping[str, str]) -> dict[str, str]:
    texts = {**before, **{code: form.text(f"{field}_{code}") for code in LANGUAGES}}
    return {code: text for code, text in texts.items() if text}


def _instant(form: Form[Any], field: str, zone: str) -> datetime | None:
    typed = form.text(field)
    if not typed:
        return None
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        form.add(field, "This is not a date and time.")
        return None


def _typed(request: Request, offer: Offer) -> Form[Any]:
    content = offer.content
    programme = coalition_of(request).programmes[offer.programme_id]
    zone = ZoneInfo(programme.time_zone)
    schedule, condition, reward = content.schedule, content.condition, content.reward
    wording = {
        f"{part}_{code}": texts.get(code)
        for part, texts in (
            ("title", content.wording.title),
            ("text", content.wording.text),
            ("terms", content.wording.terms),
        )
        for code in LANGUAGES
    }
    instants = {
        field: at_.astimezone(zone).strftime("%Y-%m-%dT%H:%M") if at_ else None
        for field, at_ in (("starts_at", schedule.starts_at), ("ends_at", schedule.ends_at))
    }
    return first_shown(
        request,
        **wording,
        **instants,
        **asdict(content.limits),
        condition_kind=condition.kind.value,
        condition_code=condition.code,
        categories=", ".join(condition.categories),
        amount=_plain(condition.amount_minor, exponent(programme.currency)),
        count=condition.count,
        condition_days=condition.days,
        reward_kind=reward.kind.value,
        percent=_plain(reward.percent),
        category=reward.category,
        days=reward.days,
        points=str(reward.points),
        multiplier=_plain(reward.multiplier),
        activation="member" if content.needs_activation else "itself",
        new_member_days=content.targeting.new_member_days,
        budget_points=content.budget_points,
    )


def _plain(number: int, places: int = 2) -> str:
    return f"{Decimal(number).scaleb(-places).normalize():f}"


def _place(refusal: HansaError) -> str:
    field = str(getattr(refusal, "field", ""))
    place = _PLACES.get(field, field)
    return place if place in OfferFields.__struct_fields__ else WHOLE


def _page(
    request: Request, who: Person, offer: Offer | None, form: Form[Any], *, status_code: int = 200
) -> Page:
    translate = words(request)
    return show(
        request,
        who,
        "offer_form.html",
        status_code=status_code,
        form=form,
        offer=describe(request, offer) if offer else None,
        action=home(request, f"{HOME}/{offer.id}/text" if offer else f"{HOME}/new"),
        programmes=[
            (one.programme.code, pick(one.programme.name, request.language))
            for one in terms_of(request, who.partner)
        ],
        conditions=[(kind.value, translate(label)) for kind, label in CONDITIONS.items()],
        rewards=[(kind.value, translate(label)) for kind, label in REWARDS.items()],
    )


ROUTES = (show_new, create, show_form, change)
