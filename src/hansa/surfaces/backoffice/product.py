"""A product's page: words, categories, attributes, publication, what a person has overridden."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.kernel.text import pick
from hansa.modules import catalog
from hansa.runtime.database import Snapshot
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.html.formats import format_moment
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.catalogue import HOME, STATUSES, category_choices
from hansa.surfaces.backoffice.items import options_of
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

FIELDS = {
    "name": "Name",
    "description": "Description",
    "brand": "Brand",
    "category_ids": "Categories",
    "attributes": "Attributes",
    "media": "Pictures",
    "publish_from": "Shown from",
    "publish_until": "Shown until",
    "status": "State",
}
_PLACES = {
    "catalog.name_missing": "name_ru",
    "catalog.slug_taken": "slug",
    "catalog.window_backwards": "publish_until",
}
_ATTRIBUTES_SHOWN_MAX = 60

_Short = Annotated[str, msgspec.Meta(max_length=500)]
_Long = Annotated[str, msgspec.Meta(max_length=20_000)]


class ProductFields(msgspec.Struct):
    """What a person may change of a product, apart from attributes and pictures."""

    name_ru: _Short = ""
    name_en: _Short = ""
    description_ru: _Long = ""
    description_en: _Long = ""
    brand: _Short = ""
    slug: Annotated[str, msgspec.Meta(max_length=80, pattern=r"^[a-z0-9-]*$")] = ""
    categories: list[UUID] = []
    on_sale: bool = False
    publish_from: _Short = ""
    publish_until: _Short = ""


@get("/office/catalogue/products/{product_id:uuid}")
async def show_product(request: Request, product_id: FromPath[UUID]) -> Page:
    """Show a product."""
    staff(request, "catalog.view")
    async with request.snapshot() as snap:
        product = await catalog.get_product(snap, product_id=product_id)
    form = first_shown(
        request,
        **by_language("name", product.name),
        **by_language("description", product.description),
        brand=product.brand,
        slug=product.slug,
        categories=[str(one) for one in product.category_ids],
        on_sale="1" if product.status is catalog.Status.ACTIVE else None,
        publish_from=local_text(request, product.publish_from),
        publish_until=local_text(request, product.publish_until),
        **_attribute_texts(product, request.language),
    )
    return await product_page(request, product_id, form)


@post("/office/catalogue/products/{product_id:uuid}")
async def save_product(request: Request, product_id: FromPath[UUID]) -> Response[None] | Page:
    """Save what was typed; fields that differ are no longer written by imports."""
    by = staff(request, "catalog.edit")
    form = await read_form(request, ProductFields)
    sent = await request.form()
    form.values |= {
        name: value.strip()
        for name, value in sent.items()
        if name.startswith("attribute.") and isinstance(value, str)
    }
    begins = read_instant(request, form, "publish_from")
    ends = read_instant(request, form, "publish_until")
    now = request.received_at
    async with request.snapshot() as snap:
        attributes = await catalog.list_attributes(snap)
        before = await catalog.get_product(snap, product_id=product_id)
    values = _attributes(form, before, attributes, request.language)
    if form.value is not None:
        try:
            async with request.transaction() as tx:
                before = await catalog.get_product(tx, product_id=product_id)
                await catalog.edit_product(
                    tx,
                    product=replace(
                        before,
                        name=localised(before.name, form, "name"),
                        description=localised(before.description, form, "description"),
                        brand=form.value.brand,
                        slug=form.value.slug or before.slug,
                        category_ids=tuple(form.value.categories),
                        attributes=values,
                        status=_status(before, on_sale=form.value.on_sale),
                        publish_from=begins,
                        publish_until=ends,
                    ),
                    by=by,
                    now=now,
                )
            return done(request, f"{HOME}/products/{product_id}")
        except HansaError as refusal:
            form.add(_PLACES.get(refusal.code, ""), refusal)
    return await product_page(request, product_id, form, status_code=422)


@post("/office/catalogue/products/{product_id:uuid}/archive")
async def archive(request: Request, product_id: FromPath[UUID]) -> Response[None]:
    """Take a product out of the shop."""
    by = staff(request, "catalog.edit")
    async with request.transaction() as tx:
        await catalog.archive_products(tx, product_ids=[product_id], now=request.received_at, by=by)
    return done(request, f"{HOME}/products/{product_id}", "archived", of=product_id)


@post("/office/catalogue/products/{product_id:uuid}/restore")
async def restore(request: Request, product_id: FromPath[UUID]) -> Response[None]:
    """Bring a product back from the archive."""
    by = staff(request, "catalog.edit")
    async with request.transaction() as tx:
        await catalog.restore_products(tx, product_ids=[product_id], now=request.received_at, by=by)
    return done(request, f"{HOME}/products/{product_id}", "restored", of=product_id)


@post("/office/catalogue/products/{product_id:uuid}/reset")
async def reset(request: Request, product_id: FromPath[UUID]) -> Response[None]:
    """Let imports write a field again."""
    by = staff(request, "catalog.edit")
    field = str((await request.form()).get("field", ""))
    async with request.transaction() as tx:
        await catalog.reset_overrides(
            tx, product_id=product_id, fields=[field], by=by, now=request.received_at
        )
    return done(request, f"{HOME}/products/{product_id}", "reset")


async def product_page(
    request: Request, product_id: UUID, form: Form[Any], *, status_code: int = 200
) -> Page:
    """Make the page of a product around a form."""
    language = request.language
    translate = words(request)
    async with request.snapshot() as snap:
        product = await catalog.get_product(snap, product_id=product_id)
        found = await catalog.get_variants_of_products(snap, product_ids=[product_id])
        categories = await category_choices(snap, language)
        attributes = await _attribute_fields(snap, product, form, language)
    label, tone = STATUSES[product.status]
    is_shown = product.is_shown_at(request.received_at)
    return show(
        request,
        "product.html",
        status_code=status_code,
        product=product,
        form=form,
        state=translate(label),
        tone=tone,
        is_shown=is_shown,
        shop_url=f"/{language}/p/{product.slug}" if is_shown else None,
        categories=categories,
        attributes=attributes,
        overridden=[(field, translate(FIELDS[field])) for field in product.overridden],
        pictures=[
            {
                "src": f"/{catalog.sized(one.key, 160)}",
                "key": one.key,
                "alt": pick(one.alt, language),
                "place": place,
            }
            for place, one in enumerate(product.media)
        ],
        variants=[
            {"variant": one, "options": options_of(one, language)} for one in found[product_id]
        ],
        created=format_moment(product.created_at, language, zone_of(request)),
    )


def _status(before: catalog.Product, *, on_sale: bool) -> catalog.Status:
    if before.status is catalog.Status.ARCHIVED:
        return before.status
    return catalog.Status.ACTIVE if on_sale else catalog.Status.DRAFT


def _attribute_texts(product: catalog.Product, language: str) -> dict[str, str]:
    return {f"attribute.{one.attribute_id}": _typed(one, language) for one in product.attributes}


def _typed(value: catalog.AttributeValue, language: str) -> str:
    if value.choice_id is not None:
        return str(value.choice_id)
    if value.number is not None:
        return f"{value.number.normalize():f}"
    return pick(value.text, language) if value.text else ""


async def _attribute_fields(
    snap: Snapshot, product: catalog.Product, form: Form[Any], language: str
) -> list[dict[str, Any]]:
    """Give the fields of attributes: those the product has, then others while they are few."""
    attributes = await catalog.list_attributes(snap)
    choices: dict[UUID, list[tuple[str, str]]] = {}
    for one in await catalog.list_choices(snap):
        choices.setdefault(one.attribute_id, []).append((str(one.id), pick(one.name, language)))
    has = {one.attribute_id for one in product.attributes}
    listed = sorted(attributes, key=lambda one: one.id not in has)[
        : max(_ATTRIBUTES_SHOWN_MAX, len(has))
    ]
    return [
        {
            "name": f"attribute.{one.id}",
            "label": pick(one.name, language),
            "choices": [("", "—"), *choices.get(one.id, ())] if _is_chosen(one, choices) else None,
            "value": form.text(f"attribute.{one.id}"),
            "error": form.error(f"attribute.{one.id}"),
        }
        for one in listed
    ]


def _is_chosen(attribute: catalog.Attribute, choices: Mapping[UUID, object]) -> bool:
    kinds = {catalog.AttributeKind.CHOICE, catalog.AttributeKind.COLOUR}
    return attribute.kind in kinds and attribute.id in choices


def _attributes(
    form: Form[Any],
    before: catalog.Product,
    attributes: Sequence[catalog.Attribute],
    language: str,
) -> tuple[catalog.AttributeValue, ...]:
    """Read the fields of attributes; what was not shown stays, what cannot be read is noted."""
    held = {one.attribute_id: one for one in before.attributes}
    found = dict(held)
    for attribute in attributes:
        name = f"attribute.{attribute.id}"
        if name not in form.values:
            continue
        typed, value = form.text(name), held.get(attribute.id)
        if value is not None and _typed(value, language) == typed:
            continue
        found.pop(attribute.id, None)
        if typed:
            read = _read_value(attribute, typed, value, language)
            if read is None:
                form.add(name, "This is not a number.")
            else:
                found[attribute.id] = read
    return tuple(found.values())


def _read_value(
    attribute: catalog.Attribute,
    typed: str,
    before: catalog.AttributeValue | None,
    language: str,
) -> catalog.AttributeValue | None:
    if attribute.kind is catalog.AttributeKind.NUMBER:
        try:
            number = Decimal(typed.replace(",", ".").replace("\u00a0", ""))
        except InvalidOperation:
            return None
        if not number.is_finite():
            return None
        return catalog.AttributeValue(attribute_id=attribute.id, number=number)
    try:
        return catalog.AttributeValue(attribute_id=attribute.id, choice_id=UUID(typed))
    except ValueError:
        texts = {**((before.text if before else None) or {}), language: typed[:2_000]}
        return catalog.AttributeValue(attribute_id=attribute.id, text=texts)
