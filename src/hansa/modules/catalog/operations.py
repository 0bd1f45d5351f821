"""Changes of products and variants: bulk saves of imports and edits of persons."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from hansa.contracts.catalog import CatalogChanged
from hansa.kernel.errors import HansaError
from hansa.modules import accounts
from hansa.modules.catalog import rows, slugs, store
from hansa.modules.catalog.model import (
    OVERRIDABLE,
    Media,
    NoSuchProduct,
    NotArchived,
    Product,
    Refusal,
    SaveResult,
    SlugTaken,
    UnknownProduct,
    Variant,
    product_error,
    slug_of,
)
from hansa.runtime.database import Transaction
from hansa.runtime.http import Actor

PRODUCTS_PER_EVENT = 500


async def publish_changed(tx: Transaction, product_ids: Iterable[UUID]) -> None:
    """Publish changes of products in events of bounded size."""
    ids = sorted(set(product_ids))
    await tx.publish(
        *(
            CatalogChanged(product_ids=tuple(ids[start : start + PRODUCTS_PER_EVENT]))
            for start in range(0, len(ids), PRODUCTS_PER_EVENT)
        )
    )


async def save_products(
    tx: Transaction, *, products: Sequence[Product], now: datetime, keep_media: bool = False
) -> SaveResult:
    """Create or change products by id, as an import does; only real changes write and publish.

    Fields a person has overridden keep their value. An empty slug is made of the name for a new
    product and kept for a known one; a slug asked for that is taken refuses that product alone.
    With `keep_media` the pictures of known products stay. Thousands at a time are fine.
    """
    refused: dict[UUID, HansaError] = {}
    wanted: dict[UUID, Product] = {}
    for product in products:
        error = product_error(product)
        if error is not None:
            refused[product.id] = error
        else:
            wanted[product.id] = product
    slug_by_id = await _slugs(tx, wanted, refused)
    written = await tx.all(
        store.SAVE_PRODUCTS,
        _columns(wanted.values(), slug_by_id) | {"keep_media": keep_media, "now": now},
    )
    created = {row.id for row in written if row.is_new}
    changed = {row.id for row in written if not row.is_new}
    await publish_changed(tx, created | changed)
    return SaveResult(
        created=tuple(id_ for id_ in wanted if id_ in created),
        changed=tuple(id_ for id_ in wanted if id_ in changed),
        unchanged=tuple(id_ for id_ in wanted if id_ not in created and id_ not in changed),
        refused=tuple(Refusal(id=id_, error=error) for id_, error in refused.items()),
    )


async def _slugs(
    tx: Transaction, wanted: dict[UUID, Product], refused: dict[UUID, HansaError]
) -> dict[UUID, str]:
    """Decide the address of each product; move those that cannot have theirs to `refused`."""
    present = {row.id: row.slug for row in await tx.all(store.PRESENT_SLUGS, {"ids": list(wanted)})}
    claims = [
        slugs.Wanted(product.id, product.slug or slug_of(product.name), not product.slug)
        for product in wanted.values()
        if product.id not in present or product.slug not in {"", present[product.id]}
    ]
    claimed = await slugs.claim(tx, kind="product", wanted=claims)
    for claim in claims:
        if claim.target_id not in claimed:
            refused[claim.target_id] = SlugTaken(claim.slug)
            del wanted[claim.target_id]
    moved = {id_: slug for id_, slug in claimed.items() if id_ in present}
    await slugs.retire(tx, kind="product", present=moved)
    return present | claimed


def _columns(products: Iterable[Product], slug_by_id: dict[UUID, str]) -> dict[str, object]:
    listed = list(products)
    return {
        "ids": [product.id for product in listed],
        "slugs": [slug_by_id[product.id] for product in listed],
        "names": [rows.to_json(product.name) for product in listed],
        "descriptions": [rows.to_json(product.description) for product in listed],
        "brands": [product.brand for product in listed],
        "category_ids": [
            "{" + ",".join(map(str, dict.fromkeys(product.category_ids))) + "}"
            for product in listed
        ],
        "attributes": [rows.attributes_json(product.attributes) for product in listed],
        "media": [rows.media_json(product.media) for product in listed],
        "publish_from": [product.publish_from for product in listed],
        "publish_until": [product.publish_until for product in listed],
        "statuses": [str(product.status) for product in listed],
        "created_at": [product.created_at for product in listed],
    }


async def edit_product(tx: Transaction, *, product: Product, by: Actor, now: datetime) -> Product:
    """Change a product as a person does, or create it.

    The fields that differ are marked as overridden: imports leave them alone until
    `reset_overrides`. Written to the audit log.

    Raises:
        NameMissing, WindowBackwards: the product is not complete.
        SlugTaken: the address asked for belongs to another product.
    """
    found = await tx.all(store.LOCK_PRODUCTS, {"ids": [product.id]})
    before = rows.product_of(found[0]) if found else None
    if before is not None:
        await tx.execute(store.SET_OVERRIDDEN, {"id": product.id, "fields": []})
    result = await save_products(tx, products=[product], now=now)
    if result.refused:
        raise result.refused[0].error
    touched = [] if before is None else _differences(before, product)
    if before is not None:
        marks = sorted({*before.overridden, *touched})
        await tx.execute(store.SET_OVERRIDDEN, {"id": product.id, "fields": marks})
    after = rows.product_of(await tx.one(store.PRODUCTS, {"ids": [product.id]}))
    await accounts.record(
        tx,
        actor=by,
        action="catalog.product_created" if before is None else "catalog.product_changed",
        subject_kind="product",
        subject_id=product.id,
        before=None if before is None else {name: _plain(before, name) for name in touched},
        after={name: _plain(after, name) for name in (touched or ("slug", "name"))},
        now=now,
    )
    return after


def _differences(before: Product, after: Product) -> list[str]:
    return [name for name in OVERRIDABLE if getattr(before, name) != getattr(after, name)]


def _plain(product: Product, name: str) -> object:
    """Give a field as JSON takes it."""
    return rows.plain(getattr(product, name))


async def reset_overrides(
    tx: Transaction, *, product_id: UUID, fields: Sequence[str], by: Actor, now: datetime
) -> None:
    """Let imports write these fields again; the present values stay until the next import.

    Raises:
        NoSuchProduct: there is no such product.
    """
    found = await tx.all(store.LOCK_PRODUCTS, {"ids": [product_id]})
    if not found:
        raise NoSuchProduct(str(product_id))
    before = list(found[0].overridden)
    after = [name for name in before if name not in fields]
    await tx.execute(store.SET_OVERRIDDEN, {"id": product_id, "fields": after})
    await accounts.record(
        tx,
        actor=by,
        action="catalog.overrides_reset",
        subject_kind="product",
        subject_id=product_id,
        before={"overridden": before},
        after={"overridden": after},
        now=now,
    )


async def set_media(
    tx: Transaction, *, product_id: UUID, media: Sequence[Media], now: datetime
) -> None:
    """Replace the pictures of a product, in order; the same pictures again change nothing."""
    if await tx.execute(
        store.SET_MEDIA, {"id": product_id, "media": rows.media_json(media), "now": now}
    ):
        await publish_changed(tx, [product_id])


async def archive_products(
    tx: Transaction, *, product_ids: Sequence[UUID], now: datetime, by: Actor | None = None
) -> tuple[UUID, ...]:
    """Take products out of the shop, keeping everything; give those that were not archived yet.

    Done by a person (`by`) it holds against imports, until a person restores the product; an
    import does not archive what a person has decided about.
    """
    archived = await tx.all(
        store.ARCHIVE_PRODUCTS,
        {"ids": list(product_ids), "by_person": by is not None, "now": now},
    )
    ids = tuple(row.id for row in archived)
    await publish_changed(tx, ids)
    await _record_each(tx, "catalog.product_archived", ids, by, now)
    return ids


async def restore_products(
    tx: Transaction, *, product_ids: Sequence[UUID], now: datetime, by: Actor | None = None
) -> tuple[UUID, ...]:
    """Bring archived products back to the state they had; give those that were archived."""
    restored = await tx.all(store.RESTORE_PRODUCTS, {"ids": list(product_ids), "now": now})
    ids = tuple(row.id for row in restored)
    await publish_changed(tx, ids)
    await _record_each(tx, "catalog.product_restored", ids, by, now)
    return ids


async def delete_products(
    tx: Transaction, *, product_ids: Sequence[UUID], by: Actor, now: datetime
) -> None:
    """Delete archived products with their variants for good; orders keep their own copies.

    Raises:
        NotArchived: some are not archived; none is deleted.
    """
    deleted = {row.id for row in await tx.all(store.DELETE_PRODUCTS, {"ids": list(product_ids)})}
    kept = tuple(id_ for id_ in product_ids if id_ not in deleted)
    if kept:
        raise NotArchived(kept)
    await tx.execute(store.FORGET_SLUGS, {"ids": list(product_ids)})
    await publish_changed(tx, deleted)
    await _record_each(tx, "catalog.product_deleted", tuple(deleted), by, now)


async def _record_each(
    tx: Transaction, action: str, ids: Sequence[UUID], by: Actor | None, now: datetime
) -> None:
    if by is None:
        return
    for product_id in ids:
        await accounts.record(
            tx,
            actor=by,
            action=action,
            subject_kind="product",
            subject_id=product_id,
            before=None,
            after=None,
            now=now,
        )


async def save_variants(
    tx: Transaction, *, variants: Sequence[Variant], now: datetime
) -> SaveResult:
    """Create or change variants by id; only real changes write and publish (their products).

    A variant of an unknown product is refused alone. Thousands at a time are fine.
    """
    named = list({variant.product_id for variant in variants})
    known = {row.id for row in await tx.all(store.KNOWN_PRODUCTS, {"ids": named})}
    wanted = {variant.id: variant for variant in variants if variant.product_id in known}
    refused = tuple(
        Refusal(id=variant.id, error=UnknownProduct(variant.id, variant.product_id))
        for variant in variants
        if variant.product_id not in known
    )
    listed = list(wanted.values())
    before = {
        row.id: row.product_id
        for row in await tx.all(store.PRODUCT_IDS_OF_VARIANTS, {"ids": list(wanted)})
    }
    written = await tx.all(store.SAVE_VARIANTS, _variant_columns(listed) | {"now": now})
    changed_ids = {row.id for row in written}
    created = {row.id for row in written if row.is_new}
    touched = {row.product_id for row in written}
    # A variant that moved leaves its former product, which must be shown without it.
    touched |= {before[id_] for id_ in changed_ids if id_ in before}
    await publish_changed(tx, touched)
    return SaveResult(
        created=tuple(id_ for id_ in wanted if id_ in created),
        changed=tuple(id_ for id_ in wanted if id_ in changed_ids and id_ not in created),
        unchanged=tuple(id_ for id_ in wanted if id_ not in changed_ids),
        refused=refused,
    )


async def edit_variant(tx: Transaction, *, variant: Variant, by: Actor, now: datetime) -> Variant:
    """Change a variant as a person does, or create it. Written to the audit log.

    Raises:
        UnknownProduct: its product does not exist.
    """
    before = await tx.maybe(store.VARIANTS, {"ids": [variant.id]})
    result = await save_variants(tx, variants=[variant], now=now)
    if result.refused:
        raise result.refused[0].error
    if not result.unchanged:
        await accounts.record(
            tx,
            actor=by,
            action="catalog.variant_changed" if before else "catalog.variant_created",
            subject_kind="variant",
            subject_id=variant.id,
            before=rows.plain_fields(rows.variant_of(before)) if before else None,
            after=rows.plain_fields(variant),
            now=now,
        )
    return variant


def _variant_columns(variants: Sequence[Variant]) -> dict[str, object]:
    return {
        "ids": [variant.id for variant in variants],
        "product_ids": [variant.product_id for variant in variants],
        "skus": [variant.sku for variant in variants],
        "barcodes": [variant.barcode for variant in variants],
        "options": [rows.to_json(variant.options) for variant in variants],
        "positions": [variant.position for variant in variants],
        "units": [variant.unit for variant in variants],
        "active": [variant.is_active for variant in variants],
    }
