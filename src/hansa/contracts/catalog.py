"""Events of the catalogue."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from hansa.kernel.message import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogChanged(Event):
    """Products, or variants of them, were created, changed, archived, restored or deleted.

    At most 500 products an event; a larger change is published as several.
    """

    type: ClassVar[str] = "catalog.CatalogChanged"

    product_ids: tuple[UUID, ...]

    def key(self) -> str:
        """Order by the first product: who reads this event reads the present state anyway."""
        return str(self.product_ids[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoriesChanged(Event):
    """Categories, attributes or their dictionaries changed."""

    type: ClassVar[str] = "catalog.CategoriesChanged"

    category_ids: tuple[UUID, ...] = ()
    attribute_ids: tuple[UUID, ...] = ()

    def key(self) -> str:
        """Order all changes of the tree: they are rare."""
        return "catalog.categories"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketplaceMarksChanged(Event):
    """Variants are to be sold at a marketplace from now on, or no longer.

    At most 500 variants an event; a larger change is published as several.
    """

    type: ClassVar[str] = "catalog.MarketplaceMarksChanged"

    marketplace: str
    variant_ids: tuple[UUID, ...]

    def key(self) -> str:
        """Order by marketplace and first variant: readers read the present marks anyway."""
        return f"{self.marketplace}:{self.variant_ids[0]}"
