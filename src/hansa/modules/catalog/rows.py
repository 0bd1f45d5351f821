"""How rows of the catalogue become values, and values what jsonb takes."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from hansa.modules.catalog.model import (
    Attribute,
    AttributeChoice,
    AttributeKind,
    AttributeValue,
    Category,
    Media,
    Product,
    Status,
    Variant,
)
from hansa.runtime.database import Row


def to_json(value: object) -> str:
    """Write a value as jsonb takes it."""
    return msgspec.json.encode(value).decode()


def plain(value: object) -> object:
    """Give a field of a product as the audit log keeps it."""
    return msgspec.to_builtins(value)


def plain_fields(value: object) -> dict[str, object]:
    """Give all fields of a value as the audit log keeps them."""
    fields: dict[str, object] = msgspec.to_builtins(value)
    return fields


def attributes_json(values: Sequence[AttributeValue]) -> str:
    """Write the values of a product: `a` attribute, and one of `c` choice, `t` text, `n` number."""
    rows: list[dict[str, object]] = []
    for value in values:
        row: dict[str, object] = {"a": str(value.attribute_id)}
        if value.choice_id is not None:
            row["c"] = str(value.choice_id)
        if value.text is not None:
            row["t"] = dict(value.text)
        if value.number is not None:
            row["n"] = str(value.number)
        rows.append(row)
    return to_json(rows)


def media_json(media: Sequence[Media]) -> str:
    """Write the pictures of a product."""
    return to_json(
        [
            {
                "key": item.key,
                "width": item.width,
                "height": item.height,
                "alt": dict(item.alt),
                **({"options": dict(item.options)} if item.options else {}),
            }
            for item in media
        ]
    )


def category_of(row: Row) -> Category:
    """Make a category of its row."""
    return Category(
        id=row.id,
        parent_id=row.parent_id,
        slug=row.slug,
        name=row.name,
        position=row.position,
        is_hidden=row.is_hidden,
    )


def attribute_of(row: Row) -> Attribute:
    """Make an attribute of its row."""
    return Attribute(
        id=row.id,
        code=row.code,
        name=row.name,
        kind=AttributeKind(row.kind),
        is_facet=row.is_facet,
        position=row.position,
    )


def choice_of(row: Row) -> AttributeChoice:
    """Make a dictionary entry of its row."""
    return AttributeChoice(
        id=row.id,
        attribute_id=row.attribute_id,
        name=row.name,
        swatch=row.swatch,
        position=row.position,
    )


def _attribute_value(row: Mapping[str, Any]) -> AttributeValue:
    return AttributeValue(
        attribute_id=UUID(row["a"]),
        choice_id=UUID(row["c"]) if "c" in row else None,
        text=row.get("t"),
        number=Decimal(row["n"]) if "n" in row else None,
    )


def product_of(row: Row) -> Product:
    """Make a product of its row."""
    return Product(
        id=row.id,
        slug=row.slug,
        name=row.name,
        description=row.description,
        brand=row.brand,
        category_ids=tuple(row.category_ids),
        attributes=tuple(_attribute_value(value) for value in row.attributes),
        media=tuple(Media(**item) for item in row.media),
        publish_from=row.publish_from,
        publish_until=row.publish_until,
        status=Status(row.status),
        created_at=row.created_at,
        overridden=tuple(row.overridden),
        sale_from=row.sale_from,
        sale_until=row.sale_until,
    )


def variant_of(row: Row) -> Variant:
    """Make a variant of its row."""
    return Variant(
        id=row.id,
        product_id=row.product_id,
        sku=row.sku,
        barcode=row.barcode,
        options=row.options,
        position=row.position,
        unit=row.unit,
        is_active=row.is_active,
    )
