"""Drops in the back office: the list, and how one goes, second by second."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.text import pick
from hansa.modules import catalog, drops, markets, stock
from hansa.runtime.database import Snapshot
from hansa.runtime.html import Form, Page, read_form
from hansa.runtime.html.formats import format_moment, format_number
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.items import picture_of
from hansa.surfaces.backoffice.presenting import done, show, words
from hansa.surfaces.backoffice.shell import staff

HOME = "/office/drops"
DROPS_SHOWN = 100
PHASES: Mapping[drops.Phase, tuple[str, str]] = {
    drops.Phase.UPCOMING: ("opens soon", "warn"),
    drops.Phase.OPEN: ("open", "good"),
    drops.Phase.CLOSED: ("over", ""),
}
NOT_PUBLISHED = ("not published", "")


class AdmissionFields(msgspec.Struct):
    """What may be changed while people wait."""

    action: Annotated[str, msgspec.Meta(pattern="^(pause|resume|widen)$")] = "widen"
    capacity: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] | None = None


@get(HOME)
async def list_drops(request: Request) -> Page:
    """Show all drops, the last to open first."""
    staff(request, "drops.view")
    async with request.snapshot(single=True) as snap:
        found = await drops.list_drops(snap, limit=DROPS_SHOWN)
    return show(request, "drops.html", drops=[describe(request, drop) for drop in found])


@get(HOME + "/{drop_id:uuid}")
async def show_drop(request: Request, drop_id: FromPath[UUID]) -> Page:
    """Show how a drop goes; the figures renew themselves."""
    staff(request, "drops.view")
    return await _drop_page(request, drop_id, Form(request=request))


@post(HOME + "/{drop_id:uuid}/admission")
async def set_admission(request: Request, drop_id: FromPath[UUID]) -> Response[None] | Page:
    """Pause or resume letting people in, or let more be inside at once."""
    by = staff(request, "drops.edit")
    form = await read_form(request, AdmissionFields)
    if form.value is not None and form.value.action == "widen" and form.value.capacity is None:
        form.add("capacity", "This field is required.")
    typed = form.value
    if typed is None:
        return await _drop_page(request, drop_id, form, status_code=422)
    paused = {"pause": True, "resume": False}.get(typed.action)
    async with request.transaction() as tx:
        await drops.set_admission(
            tx,
            drop_id=drop_id,
            is_paused=paused,
            capacity=typed.capacity if typed.action == "widen" else None,
            by=by,
            now=request.received_at,
        )
    request.context.service(drops.Directory).forget()
    return done(request, f"{HOME}/{drop_id}")


@post(HOME + "/{drop_id:uuid}/closing")
async def close(request: Request, drop_id: FromPath[UUID]) -> Response[None]:
    """Close a drop now."""
    by = staff(request, "drops.edit")
    async with request.transaction() as tx:
        await drops.close_drop(tx, drop_id=drop_id, by=by, now=request.received_at)
    request.context.service(drops.Directory).forget()
    return done(request, f"{HOME}/{drop_id}")


async def _drop_page(
    request: Request, drop_id: UUID, form: Form[Any], *, status_code: int = 200
) -> Page:
    now = request.received_at
    async with request.snapshot() as snap:
        drop = await drops.get_drop(snap, drop_id=drop_id)
        progress = await drops.progress(snap, drop_id=drop_id, now=now)
        goods = await _goods(request, snap, drop, progress.sold)
    phase = drop.phase_at(now)
    return show(
        request,
        "drop.html",
        status_code=status_code,
        drop=describe(request, drop),
        is_open=phase is drops.Phase.OPEN,
        is_over=phase is drops.Phase.CLOSED,
        has_room=drop.has_room,
        is_paused=drop.is_paused,
        capacity=drop.capacity,
        figures=progress,
        sold=_written(request, sum(progress.sold.values(), Decimal(0))),
        left=_written(request, sum((one["pieces"] for one in goods), Decimal(0))),
        goods=goods,
        form=form,
        shop_url=f"/{request.language}/drops/{drop.code}",
    )


async def _goods(
    request: Request, snap: Snapshot, drop: drops.Drop, sold: Mapping[UUID, Decimal]
) -> list[dict[str, Any]]:
    """Give each product with what was sold of it and what is left."""
    ids = [item.product_id for item in drop.items]
    products = await catalog.get_products(snap, product_ids=ids)
    variants = await catalog.get_variants_of_products(snap, product_ids=ids)
    everything = [one.id for listed in variants.values() for one in listed if one.is_active]
    left: dict[UUID, Decimal] = {}
    for market in drop.markets:
        held = await stock.availability(snap, channel=market, variant_ids=everything)
        for variant_id, numbers in held.items():
            # Markets often sell from the same shelves: the larger number is what there is.
            left[variant_id] = max(left.get(variant_id, Decimal(0)), numbers.available)
    rows = []
    for product_id in ids:
        product = products.get(product_id)
        pieces = sum((left.get(one.id, Decimal(0)) for one in variants[product_id]), Decimal(0))
        rows.append(
            {
                "id": product_id,
                "url": f"/office/catalogue/products/{product_id}",
                "name": pick(product.name, request.language) if product else str(product_id),
                "picture": picture_of(product.media) if product else None,
                "limit": drop.limit_of(product_id),
                "sold": _written(request, sold.get(product_id, Decimal(0))),
                "pieces": pieces,
                "left": _written(request, pieces),
            }
        )
    return rows


def describe(request: Request, drop: drops.Drop) -> dict[str, Any]:
    """Put a drop into words; instants are those of its market."""
    label, tone = PHASES[drop.phase_at(request.received_at)]
    if not drop.is_published:
        label, tone = NOT_PUBLISHED
    zone = zone_of(request, drop.markets)
    directory = request.context.service(markets.MarketDirectory)
    names = {one.code: pick(one.name, request.language) for one in directory.all()}
    return {
        "id": drop.id,
        "url": f"{HOME}/{drop.id}",
        "name": pick(drop.name, request.language),
        "code": drop.code,
        "markets": ", ".join(names.get(code, code) for code in drop.markets),
        "opens": _moment(request, drop.opens_at, zone),
        "closes": _moment(request, drop.closes_at, zone),
        "opens_iso": drop.opens_at.isoformat(),
        "is_upcoming": drop.opens_at > request.received_at,
        "zone": zone,
        "count": len(drop.items),
        "state": words(request)(label),
        "tone": tone,
    }


def zone_of(request: Request, codes: tuple[str, ...] | list[str]) -> str:
    """Give the time zone of the first of some markets, else that of the page."""
    directory = request.context.service(markets.MarketDirectory)
    known = {one.code: one.time_zone for one in directory.all()}
    return next(
        (known[code] for code in codes if code in known), directory.get(request.market).time_zone
    )


def _moment(request: Request, instant: datetime | None, zone: str) -> str:
    if instant is None:
        return ""
    seconds = instant.astimezone(ZoneInfo(zone)).strftime(":%S")
    written = format_moment(instant, request.language, zone)
    return written if seconds == ":00" else written + seconds


def _written(request: Request, number: Decimal) -> str:
    return format_number(number, request.language)
