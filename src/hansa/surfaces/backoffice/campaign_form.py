"""Writing a campaign: to whom, what, when; with a telephone that shows it and a count of people."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.kernel.identifiers import new_id
from hansa.modules import notifications
from hansa.modules.notifications import Campaign, CampaignState, Kind, Text, Variant
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.html.formats import format_number
from hansa.runtime.html.forms import WHOLE
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.campaigns import EDIT, HOME, VIEW, preview
from hansa.surfaces.backoffice.presenting import (
    LANGUAGES,
    asked,
    done,
    local_text,
    read_instant,
    show,
    words,
    zone_of,
)
from hansa.surfaces.backoffice.segments import count_of
from hansa.surfaces.backoffice.shell import staff

VARIANTS = ("a", "b")
_SEGMENTS_MAX = 500
_Line = Annotated[str, msgspec.Meta(max_length=400)]


class CampaignFields(msgspec.Struct):
    """What is typed of a campaign; the second text is optional."""

    name: _Line = ""
    segment_id: UUID | None = None
    kind: Kind = Kind.OFFERS
    title_a_ru: _Line = ""
    body_a_ru: _Line = ""
    title_a_en: _Line = ""
    body_a_en: _Line = ""
    title_b_ru: _Line = ""
    body_b_ru: _Line = ""
    title_b_en: _Line = ""
    body_b_en: _Line = ""
    link: _Line = ""
    control_percent: Annotated[int, msgspec.Meta(ge=0, le=90)] = 10
    starts_at: _Line = ""
    ends_at: _Line = ""
    measured_days: Annotated[int, msgspec.Meta(ge=1, le=90)] = 14


@get(HOME + "/new")
async def show_new(request: Request) -> Page:
    """Show the form of a new campaign."""
    staff(request, EDIT)
    form = first_shown(
        request, kind="offers", control_percent="10", measured_days="14",
        segment_id=asked(request, "segment"),
    )  # fmt: skip
    return await _page(request, None, form)


@post(HOME + "/new")
async def create(request: Request) -> Response[None] | Page:
    """Write a campaign."""
    staff(request, EDIT)
    return await _save(request, None)


@get(HOME + "/{campaign_id:uuid}/settings")
async def show_settings(request: Request, campaign_id: FromPath[UUID]) -> Page:
    """Show what a campaign says and to whom."""
    staff(request, VIEW)
    async with request.snapshot() as snap:
        held = await notifications.get_campaign(snap, campaign_id=campaign_id)
    typed: dict[str, Any] = {
        f"{part}_{variant.code}_{language}": getattr(text, part)
        for variant in held.variants
        for language, text in variant.texts.items()
        for part in ("title", "body")
    }
    form = first_shown(
        request,
        **typed,
        name=held.name,
        segment_id=str(held.segment_id),
        kind=held.kind.value,
        link=held.link,
        control_percent=str(held.control_share // 100),
        measured_days=str(held.measured_days),
        starts_at=local_text(request, held.starts_at),
        ends_at=local_text(request, held.ends_at),
    )
    return await _page(request, held, form)


@post(HOME + "/{campaign_id:uuid}/settings")
async def save_settings(request: Request, campaign_id: FromPath[UUID]) -> Response[None] | Page:
    """Change a campaign that has not started; it is a draft again."""
    staff(request, EDIT)
    async with request.snapshot() as snap:
        held = await notifications.get_campaign(snap, campaign_id=campaign_id)
    return await _save(request, held)


@get(HOME + "/preview")
async def show_preview(request: Request) -> Page:
    """Show on a telephone what is being typed, and how many people it is for."""
    staff(request, EDIT)
    values = {name: request.query_params.get(name, "") for name in CampaignFields.__struct_fields__}
    form = first_shown(request, **values)
    return show(request, "campaign_preview.html", **await _preview(request, form))


async def _preview(request: Request, form: Form[Any]) -> dict[str, Any]:
    phones = [
        {"code": code, **preview(texts, language)}
        for code in VARIANTS
        for language in LANGUAGES
        if (texts := {language: _text(form, code, language)}) and texts[language].body
    ]
    people = ""
    try:
        segment_id = UUID(form.text("segment_id"))
    except ValueError:
        return {"phones": phones, "people": people}
    async with request.snapshot() as snap:
        try:
            segment = await notifications.get_segment(snap, segment_id=segment_id)
        except notifications.NoSuchCampaign:
            return {"phones": phones, "people": people}
        people = await count_of(snap, request, segment)
    return {"phones": phones, "people": people}


async def _save(request: Request, held: Campaign | None) -> Response[None] | Page:
    by = staff(request, EDIT)
    form = await read_form(request, CampaignFields)
    starts, ends = read_instant(request, form, "starts_at"), read_instant(request, form, "ends_at")
    typed = form.value
    if typed is not None and typed.segment_id is None:
        form.add("segment_id", "This field is required.")
    if form.value is not None and typed is not None and typed.segment_id is not None:
        try:
            async with request.transaction() as tx:
                segment = await notifications.get_segment(tx, segment_id=typed.segment_id)
                campaign = Campaign(
                    id=held.id if held else new_id(request.received_at),
                    name=typed.name,
                    kind=typed.kind,
                    programme_id=segment.programme_id,
                    segment_id=typed.segment_id,
                    variants=_variants(form),
                    control_share=typed.control_percent * 100,
                    link=typed.link,
                    starts_at=starts,
                    ends_at=ends,
                    measured_days=typed.measured_days,
                )
                await notifications.save_campaign(
                    tx, campaign=campaign, by=by, now=request.received_at
                )
        except HansaError as refusal:
            form.add(_place(refusal), refusal)
        else:
            return done(request, f"{HOME}/{campaign.id}", "saved" if held else "created")
    return await _page(request, held, form, status_code=422)


def _text(form: Form[Any], code: str, language: str) -> Text:
    return Text(
        title=form.text(f"title_{code}_{language}"), body=form.text(f"body_{code}_{language}")
    )


def _variants(form: Form[Any]) -> tuple[Variant, ...]:
    """Read the texts: of the first one at least a language, of the second all or nothing."""
    made = []
    for code in VARIANTS:
        texts = {
            language: text
            for language in LANGUAGES
            if (text := _text(form, code, language)).title or text.body
        }
        if texts or code == VARIANTS[0]:
            made.append(Variant(code=code, texts=texts))
    return tuple(made)


def _place(refusal: HansaError) -> str:
    field = str(getattr(refusal, "field", ""))
    places = {"title": "title_a_ru", "body": "body_a_ru", "control_share": "control_percent"}
    place = places.get(field, field)
    return place if place in CampaignFields.__struct_fields__ else WHOLE


async def _page(
    request: Request, held: Campaign | None, form: Form[Any], *, status_code: int = 200
) -> Page:
    async with request.snapshot() as snap:
        segments = await notifications.list_segments(snap, limit=_SEGMENTS_MAX)
    say = words(request)
    return show(
        request,
        "campaign_form.html",
        status_code=status_code,
        held=held,
        is_locked=held is not None
        and held.state not in {CampaignState.DRAFT, CampaignState.APPROVED},
        form=form,
        segments=[("", say("Choose"))] + [(str(one.id), one.name) for one in segments],
        kinds=[("offers", say("Offers")), ("expiry", say("Warnings of expiry"))],
        variants=VARIANTS,
        zone=zone_of(request),
        example=format_number(1250, request.language),
        **await _preview(request, form),
    )
