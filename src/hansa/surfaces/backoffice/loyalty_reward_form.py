"""Writing a reward: what it is called, what it costs, when it can be had, its picture."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.kernel.identifiers import new_id
from hansa.kernel.text import pick
from hansa.modules import catalog
from hansa.modules.loyalty import rewards
from hansa.modules.loyalty.rewards import Reward, RewardKind
from hansa.runtime.html import Form, Page, first_shown, read_form, uploads
from hansa.runtime.html.forms import WHOLE
from hansa.runtime.http import Request
from hansa.surfaces.backoffice import loyalty_desk_words as say
from hansa.surfaces.backoffice.loyalty_coalition import Long, Short
from hansa.surfaces.backoffice.loyalty_rewards import EDIT, HOME, KINDS, describe, programmes_of
from hansa.surfaces.backoffice.presenting import (
    by_language,
    done,
    local_text,
    localised,
    read_instant,
    show,
    words,
    zone_of,
)
from hansa.surfaces.backoffice.shell import staff

UPLOAD_BYTES_MAX: Final = 20 * 1024 * 1024
AMOUNTS_MAX: Final = 12
_PLACES: Final = {"name": "name_ru"}


class RewardFields(msgspec.Struct):
    """A reward as it is typed; a donation's amounts with commas between them."""

    programme: Short = ""
    partner: Short = ""
    code: Annotated[str, msgspec.Meta(max_length=60)] = ""
    kind: RewardKind = RewardKind.GOODS
    name_ru: Short = ""
    name_en: Short = ""
    about_ru: Long = ""
    about_en: Long = ""
    terms_ru: Long = ""
    terms_en: Long = ""
    points: Annotated[int, msgspec.Meta(ge=0, le=10**9)] = 0
    amounts: Short = ""
    stock: Annotated[int, msgspec.Meta(ge=0, le=10**9)] | None = None
    per_member: Annotated[int, msgspec.Meta(ge=1, le=10**6)] | None = None
    starts_at: Short = ""
    ends_at: Short = ""
    position: Annotated[int, msgspec.Meta(ge=0, le=10**6)] = 0


@get(HOME + "/new")
async def show_new(request: Request) -> Page:
    """Show the form of a new reward."""
    staff(request, EDIT)
    return _page(request, None, first_shown(request, position="0"))


@post(HOME + "/new", request_max_body_size=UPLOAD_BYTES_MAX)
async def create(request: Request) -> Response[None] | Page:
    """Put a reward into the catalogue; it can be taken at once."""
    staff(request, EDIT)
    return await _save(request, None)


@get(HOME + "/{reward_id:uuid}/text")
async def show_form(request: Request, reward_id: FromPath[UUID]) -> Page:
    """Show the form of a reward."""
    staff(request, EDIT)
    held = await _reward(request, reward_id)
    form = first_shown(
        request,
        **by_language("name", held.name),
        **by_language("about", held.about),
        **by_language("terms", held.terms),
        kind=held.kind.value,
        points=str(held.points),
        amounts=", ".join(str(one) for one in held.amounts),
        per_member=held.per_member,
        starts_at=local_text(request, held.starts_at),
        ends_at=local_text(request, held.ends_at),
        position=str(held.position),
    )
    return _page(request, held, form)


@post(HOME + "/{reward_id:uuid}/text", request_max_body_size=UPLOAD_BYTES_MAX)
async def change(request: Request, reward_id: FromPath[UUID]) -> Response[None] | Page:
    """Change what a reward is for everybody who takes it from now on."""
    staff(request, EDIT)
    return await _save(request, await _reward(request, reward_id))


async def _reward(request: Request, reward_id: UUID) -> Reward:
    async with request.snapshot(single=True) as snap:
        return await rewards.get_reward(snap, reward_id=reward_id)


async def _save(request: Request, held: Reward | None) -> Response[None] | Page:
    by = staff(request, EDIT)
    form = await read_form(request, RewardFields)
    made = _made(request, form, held)
    picture = await _picture(request, form) if made is not None else None
    if made is not None and form.value is not None:
        wanted = replace(made, picture=picture or made.picture)
        try:
            async with request.transaction() as tx:
                if held is not None:
                    # Somebody may take one this very moment: what is left is read under the lock.
                    now_held = await rewards.lock_reward(tx, reward_id=held.id)
                    wanted = replace(wanted, stock=now_held.stock, is_active=now_held.is_active)
                await rewards.save_reward(tx, reward=wanted, by=by, now=request.received_at)
        except rewards.RewardInvalid as refusal:
            form.add(_place(refusal), refusal)
        except rewards.RewardCodeTaken as refusal:
            form.add("code", refusal)
        else:
            return done(request, f"{HOME}/{wanted.id}", "saved" if held else "created")
    return _page(request, held, form, status_code=422)


def _made(request: Request, form: Form[RewardFields], held: Reward | None) -> Reward | None:
    starts, ends = read_instant(request, form, "starts_at"), read_instant(request, form, "ends_at")
    reward = held or _new(request, form)
    typed = form.value
    if typed is None or reward is None:
        return None
    is_donation = reward.kind is RewardKind.DONATION
    amounts = _amounts(form) if is_donation else ()
    if amounts is None:
        return None
    return _filled(reward, form, typed, amounts=amounts, starts_at=starts, ends_at=ends)


def _filled(
    reward: Reward,
    form: Form[RewardFields],
    typed: RewardFields,
    *,
    amounts: tuple[int, ...],
    starts_at: datetime | None,
    ends_at: datetime | None,
) -> Reward:
    return replace(
        reward,
        name=localised(reward.name, form, "name"),
        about=localised(reward.about, form, "about"),
        terms=localised(reward.terms, form, "terms"),
        points=0 if reward.kind is RewardKind.DONATION else typed.points,
        amounts=amounts,
        per_member=typed.per_member,
        starts_at=starts_at,
        ends_at=ends_at,
        position=typed.position,
    )


def _new(request: Request, form: Form[RewardFields]) -> Reward | None:
    """Begin a reward with what never changes of it."""
    typed, coalition = form.value, say.coalition_of(request)
    programme = coalition.programme(form.text("programme"))
    partner = coalition.partner(form.text("partner"))
    if programme is None:
        form.add("programme", "This field is required.")
    if partner is None:
        form.add("partner", "This field is required.")
    if typed is None or programme is None or partner is None:
        return None
    return Reward(
        id=new_id(request.received_at),
        programme_id=programme.id,
        partner_id=partner.id,
        code=typed.code,
        kind=typed.kind,
        name={},
        stock=typed.stock,
    )


def _amounts(form: Form[Any]) -> tuple[int, ...] | None:
    parts = [one.strip() for one in form.text("amounts").split(",") if one.strip()]
    if not parts or len(parts) > AMOUNTS_MAX or not all(one.isdecimal() for one in parts):
        form.add("amounts", "Write whole numbers with commas between them.")
        return None
    return tuple(sorted({int(one) for one in parts}))


async def _picture(request: Request, form: Form[Any]) -> str | None:
    """Keep the picture that was sent, if one was."""
    for file in await uploads(request, "picture"):
        try:
            media = await catalog.store_picture(request.context.storage, await file.read(), alt={})
        except catalog.PictureUnreadable as refusal:
            form.add("picture", refusal)
            return None
        return media.key
    return None


def _place(refusal: HansaError) -> str:
    field = str(getattr(refusal, "field", ""))
    place = _PLACES.get(field, field)
    return place if place in RewardFields.__struct_fields__ else WHOLE


def _page(
    request: Request, held: Reward | None, form: Form[Any], *, status_code: int = 200
) -> Page:
    language, translate = request.language, words(request)
    partners = say.coalition_of(request).partners.values()
    return show(
        request,
        "loyalty_reward_form.html",
        status_code=status_code,
        held=describe(request, held) if held else None,
        action=f"{HOME}/{held.id}/text" if held else f"{HOME}/new",
        form=form,
        programmes=[(one.code, pick(one.name, language)) for one in programmes_of(request)],
        partners=[("", translate("Choose"))]
        + [(one.code, pick(one.name, language)) for one in partners if one.is_active],
        kinds=[(kind.value, translate(label)) for kind, label in KINDS.items()],
        zone=zone_of(request),
    )


ROUTES = (show_new, create, show_form, change)
