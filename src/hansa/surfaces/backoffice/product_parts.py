"""A product's pictures and variants."""

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.kernel.identifiers import new_id
from hansa.kernel.text import pick
from hansa.modules import catalog
from hansa.runtime.database import Snapshot
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.html.forms import uploads
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.catalogue import HOME
from hansa.surfaces.backoffice.items import options_of
from hansa.surfaces.backoffice.presenting import done, show
from hansa.surfaces.backoffice.product import product_page
from hansa.surfaces.backoffice.shell import staff

PICTURES_MAX = 40
_UPLOAD_BYTES_MAX = 100 * 1024 * 1024

_Code = Annotated[str, msgspec.Meta(max_length=100)]


class VariantFields(msgspec.Struct):
    """What a person may change of a variant; `options` by the code of the attribute."""

    sku: _Code = ""
    barcode: _Code = ""
    colour: _Code = ""
    size: _Code = ""
    position: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    is_active: bool = False


@post(
    "/office/catalogue/products/{product_id:uuid}/pictures",
    request_max_body_size=_UPLOAD_BYTES_MAX,
)
async def add_pictures(request: Request, product_id: FromPath[UUID]) -> Response[None] | Page:
    """Keep pictures and put them behind those the product has."""
    by = staff(request, "catalog.edit")
    sent = await uploads(request, "pictures")
    async with request.snapshot(single=True) as snap:
        product = await catalog.get_product(snap, product_id=product_id)
    form: Form[Any] = Form(request=request)
    if not sent:
        form.add("pictures", "Choose a picture first.")
    added: list[catalog.Media] = []
    for file in sent[:PICTURES_MAX]:
        try:
            added.append(
                await catalog.store_picture(
                    request.context.storage, await file.read(), alt=product.name
                )
            )
        except catalog.PictureUnreadable as refusal:
            form.add("pictures", refusal)
    if form.errors:
        return await product_page(request, product_id, _shown(form, product), status_code=422)
    async with request.transaction() as tx:
        product = await catalog.get_product(tx, product_id=product_id)
        known = {one.key for one in product.media}
        fresh = [one for one in added if one.key not in known]
        media = (*product.media, *fresh)[:PICTURES_MAX]
        await catalog.edit_product(
            tx, product=replace(product, media=media), by=by, now=request.received_at
        )
    return done(request, f"{HOME}/products/{product_id}")


@post("/office/catalogue/products/{product_id:uuid}/pictures/arrange")
async def arrange_pictures(request: Request, product_id: FromPath[UUID]) -> Response[None]:
    """Move a picture forward or back, or take it away; the file stays."""
    by = staff(request, "catalog.edit")
    sent = await request.form()
    key, move = str(sent.get("key", "")), str(sent.get("move", ""))
    async with request.transaction() as tx:
        product = await catalog.get_product(tx, product_id=product_id)
        media = list(product.media)
        place = next((index for index, one in enumerate(media) if one.key == key), None)
        if place is not None:
            one = media.pop(place)
            if move != "remove":
                media.insert(max(0, place + (-1 if move == "earlier" else 1)), one)
            await catalog.edit_product(
                tx, product=replace(product, media=tuple(media)), by=by, now=request.received_at
            )
    return done(request, f"{HOME}/products/{product_id}")


@get("/office/catalogue/products/{product_id:uuid}/variants/new")
async def show_new_variant(request: Request, product_id: FromPath[UUID]) -> Page:
    """Show the form of a new variant."""
    staff(request, "catalog.edit")
    return await _variant_page(request, product_id, None, first_shown(request, is_active="1"))


@post("/office/catalogue/products/{product_id:uuid}/variants/new")
async def create_variant(request: Request, product_id: FromPath[UUID]) -> Response[None] | Page:
    """Add a variant."""
    staff(request, "catalog.edit")
    return await _save(request, product_id, None)


@get("/office/catalogue/products/{product_id:uuid}/variants/{variant_id:uuid}")
async def show_variant(
    request: Request, product_id: FromPath[UUID], variant_id: FromPath[UUID]
) -> Page:
    """Show a variant."""
    staff(request, "catalog.edit")
    async with request.snapshot() as snap:
        variant = await _variant(snap, product_id, variant_id)
    options = {code: pick(text, request.language) for code, text in variant.options.items()}
    form = first_shown(
        request,
        sku=variant.sku,
        barcode=variant.barcode,
        colour=options.get("colour", ""),
        size=options.get("size", ""),
        position=str(variant.position),
        is_active="1" if variant.is_active else None,
    )
    return await _variant_page(request, product_id, variant_id, form)


@post("/office/catalogue/products/{product_id:uuid}/variants/{variant_id:uuid}")
async def save_variant(
    request: Request, product_id: FromPath[UUID], variant_id: FromPath[UUID]
) -> Response[None] | Page:
    """Change a variant."""
    staff(request, "catalog.edit")
    return await _save(request, product_id, variant_id)


async def _save(
    request: Request, product_id: UUID, variant_id: UUID | None
) -> Response[None] | Page:
    by = staff(request, "catalog.edit")
    form = await read_form(request, VariantFields)
    typed = form.value
    if typed is None:
        return await _variant_page(request, product_id, variant_id, form, status_code=422)
    now = request.received_at
    try:
        async with request.transaction() as tx:
            before = (
                catalog.Variant(id=new_id(now), product_id=product_id)
                if variant_id is None
                else await _variant(tx, product_id, variant_id)
            )
            options = dict(before.options)
            for code, text in (("colour", typed.colour), ("size", typed.size)):
                if text:
                    options[code] = {**before.options.get(code, {}), request.language: text}
                else:
                    options.pop(code, None)
            await catalog.edit_variant(
                tx,
                variant=replace(
                    before,
                    sku=typed.sku,
                    barcode=typed.barcode,
                    options=options,
                    position=typed.position,
                    is_active=typed.is_active,
                ),
                by=by,
                now=now,
            )
    except HansaError as refusal:
        form.add("", refusal)
        return await _variant_page(request, product_id, variant_id, form, status_code=422)
    return done(request, f"{HOME}/products/{product_id}")


async def _variant(snap: Snapshot, product_id: UUID, variant_id: UUID) -> catalog.Variant:
    variant = (await catalog.get_variants(snap, variant_ids=[variant_id])).get(variant_id)
    if variant is None or variant.product_id != product_id:
        raise catalog.NoSuchProduct(str(variant_id))
    return variant


async def _variant_page(
    request: Request,
    product_id: UUID,
    variant_id: UUID | None,
    form: Form[Any],
    *,
    status_code: int = 200,
) -> Page:
    async with request.snapshot() as snap:
        product = await catalog.get_product(snap, product_id=product_id)
        variant = None if variant_id is None else await _variant(snap, product_id, variant_id)
    title = options_of(variant, request.language) or variant.sku if variant else ""
    return show(
        request,
        "variant.html",
        status_code=status_code,
        product=product,
        variant_id=variant_id,
        title=title,
        form=form,
    )


def _shown(form: Form[Any], product: catalog.Product) -> Form[Any]:
    """Fill a form of pictures with what the rest of the page shows."""
    form.values |= {f"name_{code}": text for code, text in product.name.items()}
    form.values |= {f"description_{code}": text for code, text in product.description.items()}
    form.values |= {
        "brand": product.brand,
        "slug": product.slug,
        "categories": [str(one) for one in product.category_ids],
    }
    if product.status is catalog.Status.ACTIVE:
        form.values["on_sale"] = "1"
    return form
