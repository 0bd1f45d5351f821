"""The catalogue: the tree of categories with counts, and products by state and word."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post

from hansa.kernel.errors import HansaError
from hansa.kernel.identifiers import new_id
from hansa.kernel.text import pick
from hansa.modules import catalog
from hansa.runtime.database import Snapshot
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.html.formats import format_day, format_number
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.items import picture_of
from hansa.surfaces.backoffice.presenting import (
    EXPORT_ROWS_MAX,
    PAGE_ROWS,
    address,
    asked,
    csv_file,
    done,
    localised,
    show,
    words,
    zone_of,
)
from hansa.surfaces.backoffice.shell import staff

HOME = "/office/catalogue"
STATUSES = {
    catalog.Status.DRAFT: ("draft", "warn"),
    catalog.Status.ACTIVE: ("on sale", "good"),
    catalog.Status.ARCHIVED: ("archived", ""),
}
_CURSOR = "office.products"
_NAME_LENGTH_MAX = 500


class NewProduct(msgspec.Struct):
    """A product begins with a name; the rest is told on its page."""

    name_ru: Annotated[str, msgspec.Meta(max_length=_NAME_LENGTH_MAX)] = ""
    name_en: Annotated[str, msgspec.Meta(max_length=_NAME_LENGTH_MAX)] = ""
    category: UUID | None = None


@get("/office/catalogue")
async def list_products(request: Request) -> Page:
    """Show the tree of categories and a page of products."""
    staff(request, "catalog.view")
    search, status, category_id = _filters(request)
    after = request.read_cursor(
        request.query_params.get("after"), of=_CURSOR, types=(datetime, UUID)
    )
    async with request.snapshot() as snap:
        children = await catalog.category_tree(snap)
        counts = await catalog.count_products_by_category(snap)
        by_status = await catalog.count_products_by_status(snap)
        found = await catalog.list_products(
            snap,
            search=search,
            status=status,
            category_id=category_id,
            after=after,
            limit=PAGE_ROWS + 1,
        )
        products, cursor = request.page_of(
            found.products, limit=PAGE_ROWS, of=_CURSOR, key=lambda one: (one.created_at, one.id)
        )
        variants = await catalog.get_variants_of_products(
            snap, product_ids=[one.id for one in products]
        )
    categories = {one.id: one for listed in children.values() for one in listed}
    chosen = categories.get(category_id) if category_id else None
    return show(
        request,
        "catalogue.html",
        rows=[_row(request, one, len(variants[one.id]), categories) for one in products],
        tree=tree_nodes(request, children, counts, chosen),
        tabs=_tabs(request, by_status, status),
        search=search,
        status=str(status or ""),
        category=chosen,
        everything=sum(by_status.values()),
        all_url=address(request, category=None),
        first_url=address(request) if after else None,
        next_url=address(request, after=cursor) if cursor else None,
        csv_url=address(request).replace(HOME, f"{HOME}.csv", 1),
    )


@get("/office/catalogue.csv")
async def download_products(request: Request) -> Response[bytes]:
    """Give the list as a file, whole, with the filters that are on."""
    staff(request, "catalog.view")
    search, status, category_id = _filters(request)
    language, translate = request.language, words(request)
    rows: list[Sequence[object]] = []
    async with request.snapshot() as snap:
        names = {one.id: one for one in await catalog.list_categories(snap)}
        after: tuple[datetime, UUID] | None = None
        while len(rows) < EXPORT_ROWS_MAX:
            found = await catalog.list_products(
                snap,
                search=search,
                status=status,
                category_id=category_id,
                after=after,
                limit=1_000,
            )
            variants = await catalog.get_variants_of_products(
                snap, product_ids=[one.id for one in found.products]
            )
            rows += [
                (
                    pick(one.name, language),
                    ", ".join(variant.sku for variant in variants[one.id] if variant.sku),
                    one.brand,
                    ", ".join(
                        pick(names[id_].name, language) for id_ in one.category_ids if id_ in names
                    ),
                    translate(STATUSES[one.status][0]),
                    one.slug,
                )
                for one in found.products
            ]
            if not found.has_more:
                break
            last = found.products[-1]
            assert last.created_at is not None, "what is stored has an instant"
            after = (last.created_at, last.id)
    header = [translate(one) for one in ("Product", "Articles", "Brand", "Categories", "State")]
    return csv_file("products", [*header, translate("Address")], rows)


@get("/office/catalogue/new")
async def show_new(request: Request) -> Page:
    """Show the form that begins a product."""
    staff(request, "catalog.edit")
    form = first_shown(request, category=asked(request, "category"))
    return await _new_page(request, form)


@post("/office/catalogue/new")
async def create(request: Request) -> Response[None] | Page:
    """Begin a product, as a draft."""
    by = staff(request, "catalog.edit")
    form = await read_form(request, NewProduct)
    if form.value is not None:
        product = catalog.Product(
            id=new_id(request.received_at),
            name=localised({}, form, "name"),
            category_ids=(form.value.category,) if form.value.category else (),
            status=catalog.Status.DRAFT,
            created_at=request.received_at,
        )
        try:
            async with request.transaction() as tx:
                await catalog.edit_product(tx, product=product, by=by, now=request.received_at)
            return done(request, f"{HOME}/products/{product.id}", "created")
        except HansaError as refusal:
            form.add("name_ru", refusal)
    return await _new_page(request, form, status_code=422)


async def _new_page(request: Request, form: Form[Any], *, status_code: int = 200) -> Page:
    async with request.snapshot() as snap:
        categories = await category_choices(snap, request.language)
    return show(
        request,
        "product_new.html",
        status_code=status_code,
        form=form,
        categories=[("", words(request)("No category")), *categories],
    )


def _filters(request: Request) -> tuple[str, catalog.Status | None, UUID | None]:
    told = asked(request, "status")
    try:
        category_id = UUID(asked(request, "category"))
    except ValueError:
        category_id = None
    status = catalog.Status(told) if told in set(catalog.Status) else None
    return asked(request, "q"), status, category_id


def _tabs(
    request: Request, counts: Mapping[catalog.Status, int], chosen: catalog.Status | None
) -> list[dict[str, object]]:
    translate = words(request)
    labels = (
        (catalog.Status.ACTIVE, "On sale"),
        (catalog.Status.DRAFT, "Drafts"),
        (catalog.Status.ARCHIVED, "In the archive"),
    )
    everything = {
        "label": translate("All"),
        "href": address(request, status=None),
        "count": format_number(sum(counts.values()), request.language),
        "current": chosen is None,
    }
    return [
        everything,
        *(
            {
                "label": translate(label),
                "href": address(request, status=str(status)),
                "count": format_number(counts[status], request.language),
                "current": chosen is status,
            }
            for status, label in labels
        ),
    ]


def _row(
    request: Request,
    product: catalog.Product,
    variants: int,
    categories: Mapping[UUID, catalog.Category],
) -> dict[str, Any]:
    language = request.language
    label, tone = STATUSES[product.status]
    if product.status is catalog.Status.ACTIVE and not product.is_shown_at(request.received_at):
        label, tone = "not now", "warn"
    return {
        "id": product.id,
        "url": f"{HOME}/products/{product.id}",
        "name": pick(product.name, language),
        "brand": product.brand,
        "picture": picture_of(product.media),
        "categories": ", ".join(
            pick(categories[one].name, language)
            for one in product.category_ids
            if one in categories
        ),
        "variants": format_number(variants, language),
        "state": words(request)(label),
        "tone": tone,
        "overridden": bool(product.overridden),
        "created": format_day(product.created_at, language, zone_of(request)),
    }


def tree_nodes(
    request: Request,
    children: Mapping[UUID | None, Sequence[catalog.Category]],
    counts: Mapping[UUID, int],
    chosen: catalog.Category | None,
) -> list[dict[str, Any]]:
    """Give the tree as links to lists, open along the way to what is chosen."""
    parents = {one.id: one.parent_id for listed in children.values() for one in listed}
    way: set[UUID] = set()
    step = chosen.id if chosen else None
    while step is not None and step not in way:
        way.add(step)
        step = parents.get(step)

    def nodes(parent_id: UUID | None, depth: int) -> list[dict[str, Any]]:
        return [
            {
                "label": pick(one.name, request.language),
                "href": address(request, category=str(one.id)),
                "count": format_number(counts.get(one.id, 0), request.language),
                "current": chosen is not None and one.id == chosen.id,
                "open": one.id in way or depth == 0,
                "children": nodes(one.id, depth + 1),
            }
            for one in children.get(parent_id, ())
        ]

    return nodes(None, 0)


async def category_choices(snap: Snapshot, language: str) -> list[tuple[str, str]]:
    """Give every category as a choice of a form, with the way to it, in the order of the tree."""
    children = await catalog.category_tree(snap)
    found: list[tuple[str, str]] = []

    def walk(parent_id: UUID | None, way: str) -> None:
        for one in children.get(parent_id, ()):
            path = f"{way} / {pick(one.name, language)}" if way else pick(one.name, language)
            found.append((str(one.id), path))
            walk(one.id, path)

    walk(None, "")
    return found
