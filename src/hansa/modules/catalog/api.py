"""JSON API for staff: products, variants, archive."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from litestar import Response, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from hansa.modules.catalog import operations, queries
from hansa.modules.catalog.api_tree import TREE_ROUTES
from hansa.modules.catalog.bodies import (
    OverridesBody,
    ProductBody,
    ProductsBody,
    ProductView,
    VariantBody,
    VariantView,
)
from hansa.modules.catalog.model import Status, Variant
from hansa.runtime.database import Transaction
from hansa.runtime.http import ListPage, Request, authorise
from hansa.runtime.http.paging import LIMIT_DEFAULT, Cursor, Limit

TAGS = ["Catalogue"]
Text = Annotated[str | None, QueryParameter(max_length=200)]


@get("/api/v1/catalog/products", tags=TAGS, summary="List products for staff")
async def list_products(  # noqa: PLR0917 - one for each parameter of the address
    request: Request,
    search: Text = None,
    status: FromQuery[Literal["draft", "active", "archived"] | None] = None,
    category_id: FromQuery[UUID | None] = None,
    after: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> ListPage[ProductView]:
    """Give products, newest first, drafts and archive included.

    `search` is part of a name, a whole article number or a whole barcode.
    """
    authorise(request, "catalog.view")
    cursor = request.read_cursor(after, of="catalog.products", types=(datetime, UUID))
    async with request.snapshot() as snap:
        page = await queries.list_products(
            snap,
            search=search,
            status=None if status is None else Status(status),
            category_id=category_id,
            after=cursor,
            limit=limit + 1,
        )
    shown, following = request.page_of(
        page.products,
        limit=limit,
        of="catalog.products",
        key=lambda product: [product.created_at, product.id],
    )
    return ListPage([ProductView.of(product) for product in shown], following)


@get("/api/v1/catalog/products/{product_id:uuid}", tags=TAGS, summary="Show a product to staff")
async def show_product(request: Request, product_id: FromPath[UUID]) -> ProductView:
    """Give a product whatever its state."""
    authorise(request, "catalog.view")
    async with request.snapshot(single=True) as snap:
        return ProductView.of(await queries.get_product(snap, product_id=product_id))


@put("/api/v1/catalog/products/{product_id:uuid}", tags=TAGS, summary="Save a product")
async def save_product(
    request: Request, product_id: FromPath[UUID], data: JSONBody[ProductBody]
) -> Response[ProductView]:
    """Create a product or change it. Fields that change are left alone by imports from then on."""
    actor = authorise(request, "catalog.edit")

    async def save(tx: Transaction) -> ProductView:
        product = await operations.edit_product(
            tx, product=data.product(product_id), by=actor, now=request.received_at
        )
        return ProductView.of(product)

    return await request.once(save)


@post(
    "/api/v1/catalog/products/{product_id:uuid}/override-resets",
    tags=TAGS,
    summary="Let imports write fields again",
    status_code=204,
)
async def reset_overrides(
    request: Request, product_id: FromPath[UUID], data: JSONBody[OverridesBody]
) -> None:
    """Give fields back to the imports; they keep their value until the next one."""
    actor = authorise(request, "catalog.edit")
    async with request.transaction(request.idempotency_key) as tx:
        await operations.reset_overrides(
            tx, product_id=product_id, fields=data.fields, by=actor, now=request.received_at
        )


@post(
    "/api/v1/catalog/archived-products",
    tags=TAGS,
    summary="Take products out of the shop",
    status_code=204,
)
async def archive_products(request: Request, data: JSONBody[ProductsBody]) -> None:
    """Archive products: they are kept and can be restored."""
    actor = authorise(request, "catalog.edit")
    async with request.transaction(request.idempotency_key) as tx:
        await operations.archive_products(
            tx, product_ids=data.product_ids, by=actor, now=request.received_at
        )


@post(
    "/api/v1/catalog/restored-products",
    tags=TAGS,
    summary="Bring archived products back",
    status_code=204,
)
async def restore_products(request: Request, data: JSONBody[ProductsBody]) -> None:
    """Restore products to the state they had."""
    actor = authorise(request, "catalog.edit")
    async with request.transaction(request.idempotency_key) as tx:
        await operations.restore_products(
            tx, product_ids=data.product_ids, by=actor, now=request.received_at
        )


@post(
    "/api/v1/catalog/deleted-products",
    tags=TAGS,
    summary="Delete archived products for good",
    status_code=204,
)
async def delete_products(request: Request, data: JSONBody[ProductsBody]) -> None:
    """Delete archived products with their variants; if one is not archived, none is deleted."""
    actor = authorise(request, "catalog.edit")
    async with request.transaction(request.idempotency_key) as tx:
        await operations.delete_products(
            tx, product_ids=data.product_ids, by=actor, now=request.received_at
        )


@get(
    "/api/v1/catalog/products/{product_id:uuid}/variants",
    tags=TAGS,
    summary="List variants of a product",
)
async def list_variants(
    request: Request,
    product_id: FromPath[UUID],
    after: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> ListPage[VariantView]:
    """Give the variants of a product in order, inactive ones too."""
    authorise(request, "catalog.view")
    async with request.snapshot(single=True) as snap:
        found = await queries.get_variants_of_products(snap, product_ids=[product_id])
    return _paged(request, found[product_id], after, limit)


def _paged(
    request: Request, variants: Sequence[Variant], after: str | None, limit: int
) -> ListPage[VariantView]:
    cursor = request.read_cursor(after, of="catalog.variants", types=(int, UUID))
    rest = [each for each in variants if cursor is None or (each.position, each.id) > cursor]
    shown, following = request.page_of(
        rest, limit=limit, of="catalog.variants", key=lambda each: [each.position, each.id]
    )
    return ListPage([VariantView.of(each) for each in shown], following)


@put("/api/v1/catalog/variants/{variant_id:uuid}", tags=TAGS, summary="Save a variant")
async def save_variant(
    request: Request, variant_id: FromPath[UUID], data: JSONBody[VariantBody]
) -> Response[VariantView]:
    """Create a variant or change it."""
    actor = authorise(request, "catalog.edit")
    variant = Variant(
        id=variant_id,
        product_id=data.product_id,
        sku=data.sku,
        barcode=data.barcode,
        options=data.options,
        position=data.position,
        unit=data.unit,
        is_active=data.is_active,
    )

    async def save(tx: Transaction) -> VariantView:
        return VariantView.of(
            await operations.edit_variant(tx, variant=variant, by=actor, now=request.received_at)
        )

    return await request.once(save)


ROUTES = (
    list_products,
    show_product,
    save_product,
    reset_overrides,
    archive_products,
    restore_products,
    delete_products,
    list_variants,
    save_variant,
    *TREE_ROUTES,
)
