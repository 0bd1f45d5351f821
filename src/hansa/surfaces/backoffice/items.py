"""How a variant is named on pages about prices and stock."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from hansa.kernel.text import pick
from hansa.modules import catalog
from hansa.runtime.database import Snapshot

PRODUCTS_FOUND_MAX = 50
VARIANTS_FOUND_MAX = 200
_THUMB = 160


@dataclass(frozen=True, slots=True)
class Item:
    """A variant in words; `note` has its options and article number."""

    variant_id: UUID
    product_id: UUID | None
    name: str
    note: str
    sku: str
    picture: str | None


def picture_of(media: Sequence[catalog.Media], width: int = _THUMB) -> str | None:
    """Give the address of the first picture, if there is one."""
    return f"/{catalog.sized(media[0].key, width)}" if media else None


def options_of(variant: catalog.Variant, language: str) -> str:
    """Write the options of a variant: `чёрный · M`."""
    return " · ".join(pick(text, language) for text in variant.options.values())


async def describe(snap: Snapshot, variant_ids: Sequence[UUID], language: str) -> dict[UUID, Item]:
    """Give words for variants; one that is gone from the catalogue is named by its id."""
    variants = await catalog.get_variants(snap, variant_ids=variant_ids)
    products = await catalog.get_products(
        snap, product_ids=list({one.product_id for one in variants.values()})
    )
    found: dict[UUID, Item] = {}
    for variant_id in variant_ids:
        variant = variants.get(variant_id)
        product = products.get(variant.product_id) if variant else None
        if variant is None or product is None:
            found[variant_id] = Item(variant_id, None, str(variant_id), "", "", None)
            continue
        parts = (options_of(variant, language), variant.sku)
        found[variant_id] = Item(
            variant_id,
            product.id,
            pick(product.name, language),
            " · ".join(part for part in parts if part),
            variant.sku,
            picture_of(product.media),
        )
    return found


async def find_variants(snap: Snapshot, text: str) -> list[UUID]:
    """Find variants by part of a name, a whole article number or barcode."""
    same_sku = [one.id for one in await catalog.find_variants_by_sku(snap, sku=text)]
    if same_sku:
        return same_sku
    page = await catalog.list_products(snap, search=text, limit=PRODUCTS_FOUND_MAX)
    by_product = await catalog.get_variants_of_products(
        snap, product_ids=[one.id for one in page.products]
    )
    found = [one.id for variants in by_product.values() for one in variants]
    return found[:VARIANTS_FOUND_MAX]
