"""Reads of the catalogue; those that take several ids are one statement however many."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from hansa.modules.catalog import rows, slugs, store
from hansa.modules.catalog.model import (
    Attribute,
    AttributeChoice,
    Category,
    NoSuchCategory,
    NoSuchProduct,
    Product,
    ProductPage,
    Status,
    Variant,
)
from hansa.runtime.database import Snapshot

_FIRST_ID = UUID(int=0)
_SAME_SKU_MAX = 100


class Found(NamedTuple):
    """A product found by an address, and whether the address is its present one."""

    product: Product
    is_current: bool


class FoundCategory(NamedTuple):
    """A category found by an address, and whether the address is its present one."""

    category: Category
    is_current: bool


async def get_products(snap: Snapshot, *, product_ids: Sequence[UUID]) -> dict[UUID, Product]:
    """Give products by id; those that do not exist are absent."""
    found = await snap.all(store.PRODUCTS, {"ids": list(product_ids)})
    return {row.id: rows.product_of(row) for row in found}


async def get_product(snap: Snapshot, *, product_id: UUID) -> Product:
    """Give a product.

    Raises:
        NoSuchProduct: there is none with this id.
    """
    row = await snap.maybe(store.PRODUCTS, {"ids": [product_id]})
    if row is None:
        raise NoSuchProduct(str(product_id))
    return rows.product_of(row)


async def get_product_by_slug(snap: Snapshot, *, slug: str) -> Found:
    """Find a product by an address it has or had; an old one should be redirected.

    Raises:
        NoSuchProduct: no product ever had this address.
    """
    resolution = await slugs.resolve(snap, kind="product", slug=slug)
    if resolution is None:
        raise NoSuchProduct(slug)
    product = await get_product(snap, product_id=resolution.target_id)
    return Found(product, resolution.is_current)


async def get_category_by_slug(snap: Snapshot, *, slug: str) -> FoundCategory:
    """Find a category by an address it has or had.

    Raises:
        NoSuchCategory: no category ever had this address.
    """
    resolution = await slugs.resolve(snap, kind="category", slug=slug)
    for category in await list_categories(snap) if resolution else ():
        if resolution is not None and category.id == resolution.target_id:
            return FoundCategory(category, resolution.is_current)
    raise NoSuchCategory(slug)


async def get_variants(snap: Snapshot, *, variant_ids: Sequence[UUID]) -> dict[UUID, Variant]:
    """Give variants by id; those that do not exist are absent."""
    found = await snap.all(store.VARIANTS, {"ids": list(variant_ids)})
    return {row.id: rows.variant_of(row) for row in found}


async def get_variants_of_products(
    snap: Snapshot, *, product_ids: Sequence[UUID]
) -> dict[UUID, list[Variant]]:
    """Give the variants of products in their order, inactive ones too."""
    found: dict[UUID, list[Variant]] = {product_id: [] for product_id in product_ids}
    for row in await snap.all(store.VARIANTS_OF_PRODUCTS, {"ids": list(product_ids)}):
        found[row.product_id].append(rows.variant_of(row))
    return found


async def get_product_ids_of_variants(
    snap: Snapshot, *, variant_ids: Sequence[UUID]
) -> dict[UUID, UUID]:
    """Give the product of each variant."""
    found = await snap.all(store.PRODUCT_IDS_OF_VARIANTS, {"ids": list(variant_ids)})
    return {row.id: row.product_id for row in found}


async def find_variants_by_sku(snap: Snapshot, *, sku: str) -> tuple[Variant, ...]:
    """Find variants by article number, letter case aside; ERP systems let several share one."""
    found = await snap.all(store.VARIANTS_BY_SKU, {"sku": sku, "limit": _SAME_SKU_MAX})
    return tuple(rows.variant_of(row) for row in found)


async def find_variant_by_sku(snap: Snapshot, *, sku: str) -> Variant | None:
    """Find the first variant with this article number, active ones first."""
    row = await snap.maybe(store.VARIANTS_BY_SKU, {"sku": sku, "limit": 1})
    return None if row is None else rows.variant_of(row)


async def list_categories(snap: Snapshot) -> tuple[Category, ...]:
    """Give every category, by position; parents are named by id."""
    return tuple(rows.category_of(row) for row in await snap.all(store.ALL_CATEGORIES))


async def category_tree(snap: Snapshot) -> dict[UUID | None, tuple[Category, ...]]:
    """Give the children of each category in order; the top of the tree is under None."""
    children: dict[UUID | None, list[Category]] = {}
    for category in await list_categories(snap):
        children.setdefault(category.parent_id, []).append(category)
    return {parent_id: tuple(listed) for parent_id, listed in children.items()}


async def list_attributes(snap: Snapshot) -> tuple[Attribute, ...]:
    """Give every attribute, by position."""
    return tuple(rows.attribute_of(row) for row in await snap.all(store.ALL_ATTRIBUTES))


async def list_choices(snap: Snapshot) -> tuple[AttributeChoice, ...]:
    """Give every entry of every dictionary, by attribute and position."""
    return tuple(rows.choice_of(row) for row in await snap.all(store.CHOICES))


async def list_product_ids(
    snap: Snapshot, *, after: UUID | None = None, limit: int
) -> tuple[UUID, ...]:
    """Give ids of products in order, to walk through all of them."""
    found = await snap.all(store.LIST_PRODUCT_IDS, {"after": after or _FIRST_ID, "limit": limit})
    return tuple(row.id for row in found)


async def count_products(snap: Snapshot) -> int:
    """Count all products, archived ones too."""
    return int(await snap.scalar(store.COUNT_PRODUCTS))


async def count_products_by_status(snap: Snapshot) -> dict[Status, int]:
    """Count products by where they are in their life."""
    counts = {row.status: row.count for row in await snap.all(store.COUNT_PRODUCTS_BY_STATUS)}
    return {status: counts.get(status, 0) for status in Status}


async def count_products_by_category(snap: Snapshot) -> dict[UUID, int]:
    """Count the products of each category and of everything below it, the archive left out."""
    found = await snap.all(store.COUNT_PRODUCTS_BY_CATEGORY)
    return {row.category_id: row.count for row in found}


async def list_products(
    snap: Snapshot,
    *,
    search: str | None = None,
    status: Status | None = None,
    category_id: UUID | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> ProductPage:
    """List products for the office, newest first; `after` is `(created_at, id)` of the last seen.

    `search` is part of a name, a whole article number or a whole barcode. A category counts with
    everything below it.
    """
    category_ids: list[UUID] | None = None
    if category_id is not None:
        children = await category_tree(snap)
        category_ids, level = [], [category_id]
        while level:
            category_ids += level
            level = [child.id for parent in level for child in children.get(parent, ())]
    text = (search or "").strip()
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    found = await snap.all(
        store.LIST_PRODUCTS,
        {
            "pattern": f"%{escaped}%" if text else None,
            "code": text.lower(),
            "status": None if status is None else str(status),
            "category_ids": category_ids,
            "after_at": after[0] if after else None,
            "after_id": after[1] if after else None,
            "limit": limit + 1,
        },
    )
    products = tuple(rows.product_of(row) for row in found[:limit])
    return ProductPage(products=products, has_more=len(found) > limit)
