"""What a connection does not own its files do not change; that is told once per file and field."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from hansa.modules import catalog
from hansa.modules.erp.importing.desk import Desk
from hansa.modules.erp.model import Action
from hansa.modules.erp.store import incoming as sql
from hansa.runtime.database import Transaction


def owned(desk: Desk, field: str) -> bool:
    """Say whether what the file tells of a field counts."""
    if desk.connection.owns(field):
        return True
    told = desk.facts.setdefault("not_owned", [])
    if field not in told:
        told.append(field)
        desk.note(
            "connection",
            Action.NOTED,
            code="erp.not_owned",
            reason=f"“{field}” is not owned by this connection and was left as it is.",
        )
    return False


async def owned_products(
    tx: Transaction, desk: Desk, products: Sequence[catalog.Product]
) -> list[catalog.Product]:
    """Give the products to save: fields of others as they are, new ones if the name is owned."""
    if not desk.connection.owned_fields:
        return list(products)
    held = await catalog.get_products(tx, product_ids=[product.id for product in products])
    found = []
    for product in products:
        before = held.get(product.id)
        if before is None:
            if owned(desk, "name"):
                found.append(product)
            continue
        found.append(
            replace(
                before,
                name=product.name if owned(desk, "name") else before.name,
                description=product.description
                if owned(desk, "description")
                else before.description,
                brand=product.brand if owned(desk, "brand") else before.brand,
                category_ids=product.category_ids if owned(desk, "groups") else before.category_ids,
                attributes=product.attributes if owned(desk, "attributes") else before.attributes,
                status=product.status if owned(desk, "is_deleted") else before.status,
            )
        )
    return found


async def owned_variants(
    tx: Transaction, desk: Desk, variants: Sequence[catalog.Variant]
) -> list[catalog.Variant]:
    """Give the variants to save: fields of others as they are, new ones if the name is owned."""
    if not desk.connection.owned_fields:
        return list(variants)
    held = await catalog.get_variants(tx, variant_ids=[variant.id for variant in variants])
    found = []
    for variant in variants:
        before = held.get(variant.id)
        if before is None:
            if owned(desk, "name"):
                found.append(variant)
            continue
        found.append(
            replace(
                before,
                sku=variant.sku if owned(desk, "sku") else before.sku,
                barcode=variant.barcode if owned(desk, "barcode") else before.barcode,
                options=variant.options if owned(desk, "options") else before.options,
                unit=variant.unit if owned(desk, "unit") else before.unit,
                is_active=variant.is_active if owned(desk, "is_deleted") else before.is_active,
            )
        )
    return found


async def foreign_warehouses(tx: Transaction, desk: Desk) -> frozenset[UUID]:
    """Give the warehouses whose stock other connections tell."""
    rows = await tx.all(sql.OWNED_WAREHOUSES)
    own = desk.connection.id
    return frozenset(row.warehouse_id for row in rows if row.connection_id != own)
