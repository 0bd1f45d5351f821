"""Shops: where each is asked, when it is open, who may answer, and whether it rests now."""

from typing import Annotated, Any
from uuid import UUID
from zoneinfo import available_timezones

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError, NotFound
from hansa.kernel.text import pick
from hansa.modules import fulfilment, stock
from hansa.modules.fulfilment import Shop, ShopChannel
from hansa.runtime.database import Snapshot
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.fulfilment_board import tabs
from hansa.surfaces.backoffice.fulfilment_words import CHANNELS, SHOPS, moment
from hansa.surfaces.backoffice.presenting import (
    LANGUAGES,
    done,
    local_text,
    read_instant,
    show,
    words,
)
from hansa.surfaces.backoffice.shell import staff

_Text = Annotated[str, msgspec.Meta(max_length=2000)]
_Short = Annotated[str, msgspec.Meta(max_length=200)]
_ZONES = sorted(zone for zone in available_timezones() if "/" in zone)


class NoSuchShop(NotFound):
    """No shop of this id is asked."""

    code = "backoffice.no_such_shop"
    message = "There is no such shop."


class ShopFields(msgspec.Struct):
    """How a shop is asked."""

    channel: ShopChannel
    address: _Short = ""
    time_zone: _Short = "Europe/Moscow"
    language: _Short = "ru"
    hours: _Text = ""
    members: _Text = ""
    groups: _Text = ""
    paused_until: _Short = ""


@get("/office/fulfilment/shops")
async def list_shops(request: Request) -> Page:
    """Show every shop with its channel and hours."""
    staff(request, "fulfilment.view")
    async with request.snapshot() as snap:
        shops = await fulfilment.list_shops(snap)
        places = {one.id: one for one in await stock.list_warehouses(snap)}
        counts = await fulfilment.count_questions(snap)
    now = request.received_at
    return show(
        request,
        "fulfilment_shops.html",
        tabs=tabs(request, SHOPS),
        rows=[
            {
                "id": one.warehouse_id,
                "url": f"{SHOPS}/{one.warehouse_id}",
                "name": pick(places[one.warehouse_id].name, request.language),
                "city": places[one.warehouse_id].city,
                "channel": words(request)(CHANNELS[one.channel]),
                "address": one.address,
                "hours": fulfilment.write_week(one.hours).replace("\n", ", "),
                "groups": ", ".join(one.groups),
                "open": counts.get(one.warehouse_id, (0, 0))[0],
                "is_paused": one.is_paused(now),
                "paused": moment(request, one.is_paused_until) if one.is_paused_until else "",
            }
            for one in shops
        ],
    )


@get("/office/fulfilment/shops/{warehouse_id:uuid}")
async def show_shop(request: Request, warehouse_id: FromPath[UUID]) -> Page:
    """Show how a shop is asked."""
    staff(request, "fulfilment.view")
    async with request.snapshot(single=True) as snap:
        held = await _shop(snap, warehouse_id)
    form = first_shown(
        request,
        channel=str(held.channel),
        address=held.address,
        time_zone=held.time_zone,
        language=held.language,
        hours=fulfilment.write_week(held.hours),
        members="\n".join(held.members),
        groups=", ".join(held.groups),
        paused_until=local_text(request, held.is_paused_until)
        if held.is_paused(request.received_at)
        else "",
    )
    return await _page(request, warehouse_id, form)


async def _shop(snap: Snapshot, warehouse_id: UUID) -> Shop:
    for one in await fulfilment.list_shops(snap):
        if one.warehouse_id == warehouse_id:
            return one
    raise NoSuchShop


async def _page(
    request: Request, warehouse_id: UUID, form: Form[Any], *, status_code: int = 200
) -> Page:
    async with request.snapshot(single=True) as snap:
        places = {one.id: one for one in await stock.list_warehouses(snap)}
    translate = words(request)
    return show(
        request,
        "fulfilment_shop.html",
        status_code=status_code,
        warehouse=places[warehouse_id],
        form=form,
        channels=[(str(one), translate(label)) for one, label in CHANNELS.items()],
        zones=[(zone, zone) for zone in _ZONES],
        languages=[(code, {"ru": "Русский", "en": "English"}[code]) for code in LANGUAGES],
        action=f"{SHOPS}/{warehouse_id}",
    )


@post("/office/fulfilment/shops/{warehouse_id:uuid}")
async def save(request: Request, warehouse_id: FromPath[UUID]) -> Response[None] | Page:
    """Change how a shop is asked."""
    actor = staff(request, "fulfilment.rules")
    form = await read_form(request, ShopFields)
    paused = read_instant(request, form, "paused_until")
    async with request.snapshot(single=True) as snap:
        held = await _shop(snap, warehouse_id)
    typed = form.value
    if typed is not None and typed.channel is not ShopChannel.OFFICE and not typed.address:
        form.add("address", "This field is required.")
    if form.value is None:
        return await _page(request, warehouse_id, form, status_code=422)
    typed = form.value
    try:
        wanted = Shop(
            warehouse_id=held.warehouse_id,
            channel=typed.channel,
            address=typed.address,
            time_zone=typed.time_zone,
            language=typed.language if typed.language in LANGUAGES else "ru",
            hours=fulfilment.read_week(typed.hours),
            members=_split(typed.members),
            groups=_split(typed.groups),
            is_paused_until=paused,
        )
        async with request.transaction() as tx:
            await fulfilment.save_shop(tx, shop=wanted, by=actor, now=request.received_at)
    except HansaError as refusal:
        form.add("hours", refusal)
        return await _page(request, warehouse_id, form, status_code=422)
    return done(request, SHOPS)


def _split(text: str) -> tuple[str, ...]:
    parts = (part.strip() for part in text.replace(",", "\n").splitlines())
    return tuple(dict.fromkeys(part for part in parts if part))


ROUTES = (list_shops, show_shop, save)
