"""Bodies of the catalogue's JSON API."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from hansa.modules.catalog import model

Language = Annotated[str, msgspec.Meta(pattern="^[a-z]{2}$")]
Name = Annotated[str, msgspec.Meta(max_length=500)]
Prose = Annotated[str, msgspec.Meta(max_length=50_000)]
Names = Annotated[dict[Language, Name], msgspec.Meta(max_length=20)]
Texts = Annotated[dict[Language, Prose], msgspec.Meta(max_length=20)]
Slug = Annotated[str, msgspec.Meta(pattern="^([a-z0-9]+(-[a-z0-9]+)*)?$", max_length=80)]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Short = Annotated[str, msgspec.Meta(max_length=200)]
Place = Annotated[int, msgspec.Meta(ge=-1_000_000, le=1_000_000)]
Pixels = Annotated[int, msgspec.Meta(ge=1, le=100_000)]
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Colour = Annotated[str, msgspec.Meta(pattern="^#[0-9A-Fa-f]{6}$")]
State = Literal["draft", "active", "archived"]
Kind = Literal["text", "number", "choice", "colour"]
Field = Literal[
    "name",
    "description",
    "brand",
    "category_ids",
    "attributes",
    "media",
    "publish_from",
    "publish_until",
    "status",
]
Aware = Annotated[datetime, msgspec.Meta(tz=True)]


class ValueBody(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A value of an attribute: one of an entry of its dictionary, a text, a number."""

    attribute_id: UUID
    choice_id: UUID | None = None
    text: Names | None = None
    number: Decimal | None = None


class MediaBody(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A picture; `options` ties it to variants: `{"colour": "Зелёный"}`."""

    key: Key
    width: Pixels
    height: Pixels
    alt: Names
    options: dict[Code, Name] | None = None


class ProductBody(msgspec.Struct, forbid_unknown_fields=True):
    """A product as it is to be. An empty slug is made of the name, or kept."""

    name: Names
    slug: Slug = ""
    description: Texts = {}
    brand: Short = ""
    category_ids: Annotated[list[UUID], msgspec.Meta(max_length=100)] = []
    attributes: Annotated[list[ValueBody], msgspec.Meta(max_length=500)] = []
    media: Annotated[list[MediaBody], msgspec.Meta(max_length=100)] = []
    publish_from: Aware | None = None
    publish_until: Aware | None = None
    status: State = "active"

    def product(self, product_id: UUID) -> model.Product:
        """Give the product."""
        return model.Product(
            id=product_id,
            name=self.name,
            slug=self.slug,
            description=self.description,
            brand=self.brand,
            category_ids=tuple(dict.fromkeys(self.category_ids)),
            attributes=tuple(
                model.AttributeValue(
                    attribute_id=value.attribute_id,
                    choice_id=value.choice_id,
                    text=value.text,
                    number=value.number,
                )
                for value in self.attributes
            ),
            media=tuple(
                model.Media(
                    key=item.key,
                    width=item.width,
                    height=item.height,
                    alt=item.alt,
                    options=item.options,
                )
                for item in self.media
            ),
            publish_from=self.publish_from,
            publish_until=self.publish_until,
            status=model.Status(self.status),
        )


class ProductView(ProductBody, kw_only=True, forbid_unknown_fields=True):
    """A product as it is. `overridden` are the fields imports leave alone.

    `sale_from` and `sale_until` are the window a drop has set; nobody sees the product outside.
    """

    id: UUID
    created_at: datetime | None
    overridden: list[str]
    sale_from: datetime | None = None
    sale_until: datetime | None = None

    @classmethod
    def of(cls, product: model.Product) -> "ProductView":
        """Show a product."""
        return msgspec.convert(msgspec.to_builtins(product), cls, strict=False)


class VariantBody(msgspec.Struct, forbid_unknown_fields=True):
    """A variant as it is to be; `unit` is an OKEI code."""

    product_id: UUID
    sku: Short = ""
    barcode: Short = ""
    options: Annotated[dict[Code, Names], msgspec.Meta(max_length=20)] = {}
    position: Place = 0
    unit: Annotated[str, msgspec.Meta(pattern="^[0-9]{3,4}$")] = "796"
    is_active: bool = True


class VariantView(VariantBody, kw_only=True, forbid_unknown_fields=True):
    """A variant as it is."""

    id: UUID

    @classmethod
    def of(cls, variant: model.Variant) -> "VariantView":
        """Show a variant."""
        return msgspec.convert(msgspec.to_builtins(variant), cls, strict=False)


class CategoryBody(msgspec.Struct, forbid_unknown_fields=True):
    """A category as it is to be."""

    name: Names
    parent_id: UUID | None = None
    slug: Slug = ""
    position: Place = 0
    is_hidden: bool = False


class CategoryView(CategoryBody, kw_only=True, forbid_unknown_fields=True):
    """A category as it is."""

    id: UUID

    @classmethod
    def of(cls, category: model.Category) -> "CategoryView":
        """Show a category."""
        return msgspec.convert(msgspec.to_builtins(category), cls, strict=False)


class AttributeBody(msgspec.Struct, forbid_unknown_fields=True):
    """An attribute as it is to be; the code of a known one stays."""

    code: Annotated[str, msgspec.Meta(pattern="^[a-z0-9_-]+$", max_length=64)]
    name: Names
    kind: Kind = "text"
    is_facet: bool = False
    position: Place = 0


class AttributeView(AttributeBody, kw_only=True, forbid_unknown_fields=True):
    """An attribute as it is."""

    id: UUID

    @classmethod
    def of(cls, attribute: model.Attribute) -> "AttributeView":
        """Show an attribute."""
        return msgspec.convert(msgspec.to_builtins(attribute), cls, strict=False)


class ChoiceBody(msgspec.Struct, forbid_unknown_fields=True):
    """An entry of an attribute's dictionary as it is to be."""

    attribute_id: UUID
    name: Names
    swatch: Colour | None = None
    position: Place = 0


class ChoiceView(ChoiceBody, kw_only=True, forbid_unknown_fields=True):
    """An entry of a dictionary as it is."""

    id: UUID

    @classmethod
    def of(cls, choice: model.AttributeChoice) -> "ChoiceView":
        """Show an entry."""
        return msgspec.convert(msgspec.to_builtins(choice), cls, strict=False)


class ProductsBody(msgspec.Struct, forbid_unknown_fields=True):
    """Products by id."""

    product_ids: Annotated[list[UUID], msgspec.Meta(min_length=1, max_length=500)]


class OverridesBody(msgspec.Struct, forbid_unknown_fields=True):
    """Fields that imports may write again."""

    fields: Annotated[list[Field], msgspec.Meta(min_length=1, max_length=20)]
