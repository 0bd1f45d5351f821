"""What the catalogue consists of, and the rules that need nothing but the values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from slugify import slugify

from hansa.kernel.errors import Conflict, HansaError, Invalid, NotFound, Rejected
from hansa.kernel.quantity import PIECE
from hansa.kernel.text import Localised, pick

SLUG_LENGTH_MAX = 80
NAME_LENGTH_MAX = 500

OVERRIDABLE = (
    "name",
    "description",
    "brand",
    "category_ids",
    "attributes",
    "media",
    "publish_from",
    "publish_until",
    "status",
)
"""Fields of a product that an import leaves alone once a person has changed them."""


class Status(StrEnum):
    """Life of a product. Only an active one is shown, within its publication window."""

    DRAFT = "draft"
    ACTIVE = "active"
    ARCHIVED = "archived"


class AttributeKind(StrEnum):
    """How the values of an attribute are kept: free, as a number, or chosen from a dictionary."""

    TEXT = "text"
    NUMBER = "number"
    CHOICE = "choice"
    COLOUR = "colour"


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A node of the tree. An empty slug is made from the name, or kept if there is one."""

    id: UUID
    name: Localised
    parent_id: UUID | None = None
    slug: str = ""
    position: int = 0
    is_hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """A property of products or of variants; `code` is what filters and options call it."""

    id: UUID
    code: str
    name: Localised
    kind: AttributeKind = AttributeKind.TEXT
    is_facet: bool = False
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeChoice:
    """An entry of an attribute's dictionary; `swatch` is a CSS hex colour."""

    id: UUID
    attribute_id: UUID
    name: Localised
    swatch: str | None = None
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeValue:
    """What a product has for an attribute: exactly one of a choice, a text or a number."""

    attribute_id: UUID
    choice_id: UUID | None = None
    text: Localised | None = None
    number: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A picture: its key in the storage, size in pixels, and what it shows, in words.

    `options` ties it to variants, such as `{"colour": "Зелёный"}`; empty: it is of the product.
    """

    key: str
    width: int
    height: int
    alt: Localised
    options: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """Something sold, in one or more variants. An empty slug is made, or kept if there is one.

    Shown from `publish_from` (included) until `publish_until` (excluded) while active, and within
    the window of sale that a drop may have set (see `set_sale_windows`).
    `overridden` names the fields a person has changed; imports leave them alone.
    """

    id: UUID
    name: Localised
    slug: str = ""
    description: Localised = field(default_factory=dict)
    brand: str = ""
    category_ids: tuple[UUID, ...] = ()
    attributes: tuple[AttributeValue, ...] = ()
    media: tuple[Media, ...] = ()
    publish_from: datetime | None = None
    publish_until: datetime | None = None
    status: Status = Status.ACTIVE
    created_at: datetime | None = None
    overridden: tuple[str, ...] = ()
    sale_from: datetime | None = None
    sale_until: datetime | None = None

    @property
    def shown_from(self) -> datetime | None:
        """Instant from which it may be shown: the later of publication and sale."""
        return max(filter(None, (self.publish_from, self.sale_from)), default=None)

    @property
    def shown_until(self) -> datetime | None:
        """Instant from which it may no longer be shown: the earlier of publication and sale."""
        return min(filter(None, (self.publish_until, self.sale_until)), default=None)

    def is_shown_at(self, instant: datetime) -> bool:
        """Say whether shoppers may see it at the instant."""
        return (
            self.status is Status.ACTIVE
            and (self.shown_from is None or self.shown_from <= instant)
            and (self.shown_until is None or instant < self.shown_until)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """What is put into a basket. `options` are by attribute code: `{"size": {"ru": "M"}}`.

    `unit` is an OKEI code.
    """

    id: UUID
    product_id: UUID
    sku: str = ""
    barcode: str = ""
    options: Mapping[str, Localised] = field(default_factory=dict)
    position: int = 0
    unit: str = PIECE
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A row of a batch that was not saved, and why; the others were."""

    id: UUID
    error: HansaError


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveResult:
    """What became of each row of a batch, by id."""

    created: tuple[UUID, ...] = ()
    changed: tuple[UUID, ...] = ()
    unchanged: tuple[UUID, ...] = ()
    refused: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductPage:
    """Some products in order, and whether more follow."""

    products: tuple[Product, ...]
    has_more: bool


@dataclass(eq=False)
class NoSuchProduct(NotFound):
    """No product has this id or address."""

    code: ClassVar[str] = "catalog.no_such_product"
    message: ClassVar[str] = "There is no such product."
    product: str


@dataclass(eq=False)
class NoSuchCategory(NotFound):
    """No category has this id or address."""

    code: ClassVar[str] = "catalog.no_such_category"
    message: ClassVar[str] = "There is no such category."
    category: str


@dataclass(eq=False)
class NameMissing(Invalid):
    """A name is empty in every language."""

    code: ClassVar[str] = "catalog.name_missing"
    message: ClassVar[str] = "A name is needed in at least one language."
    id: UUID


@dataclass(eq=False)
class WindowBackwards(Invalid):
    """A product would end before it begins."""

    code: ClassVar[str] = "catalog.window_backwards"
    message: ClassVar[str] = "The end of publication must come after its beginning."
    id: UUID


@dataclass(eq=False)
class SlugTaken(Conflict):
    """The address asked for belongs to something else."""

    code: ClassVar[str] = "catalog.slug_taken"
    message: ClassVar[str] = "The address “{slug}” is taken."
    slug: str


@dataclass(eq=False)
class CategoryCycle(Rejected):
    """A category would lie within itself."""

    code: ClassVar[str] = "catalog.category_cycle"
    message: ClassVar[str] = "A category cannot lie within itself."
    id: UUID


@dataclass(eq=False)
class UnknownParent(Rejected):
    """The parent named does not exist and is not in the same batch."""

    code: ClassVar[str] = "catalog.unknown_parent"
    message: ClassVar[str] = "The parent category does not exist."
    id: UUID


@dataclass(eq=False)
class UnknownProduct(Rejected):
    """A variant names a product that does not exist."""

    code: ClassVar[str] = "catalog.unknown_product"
    message: ClassVar[str] = "The product of this variant does not exist."
    id: UUID
    product_id: UUID


@dataclass(eq=False)
class UnknownAttribute(Rejected):
    """A dictionary entry names an attribute that does not exist."""

    code: ClassVar[str] = "catalog.unknown_attribute"
    message: ClassVar[str] = "The attribute does not exist."
    id: UUID


@dataclass(eq=False)
class NotArchived(Rejected):
    """Only what is archived can be deleted for good."""

    code: ClassVar[str] = "catalog.not_archived"
    message: ClassVar[str] = "Archive the product before deleting it."
    product_ids: tuple[UUID, ...]


def slug_of(name: Localised) -> str:
    """Make an address of a name: Latin letters, digits and hyphens."""
    return slugify(pick(name, "ru"), max_length=SLUG_LENGTH_MAX, word_boundary=True) or "item"


def slug_with_mark(slug: str, identifier: UUID) -> str:
    """Make an address that is almost surely free, by the random end of the identifier."""
    return f"{slug[: SLUG_LENGTH_MAX - 9]}-{identifier.hex[-8:]}"


def product_error(product: Product) -> HansaError | None:
    """Say what is wrong with a product in itself, if anything."""
    if not any(text.strip() for text in product.name.values()):
        return NameMissing(product.id)
    if (
        product.publish_from is not None
        and product.publish_until is not None
        and product.publish_from >= product.publish_until
    ):
        return WindowBackwards(product.id)
    return None


def cycles(parents: Mapping[UUID, UUID | None]) -> set[UUID]:
    """Find the categories that lie within themselves, by id to parent id."""
    found: set[UUID] = set()
    settled: set[UUID] = set()
    for start in parents:
        path: list[UUID] = []
        node: UUID | None = start
        while node is not None and node not in settled and node not in path:
            path.append(node)
            node = parents.get(node)
        if node is not None and node in path:
            found.update(path[path.index(node) :])
        settled.update(path)
    return found
