"""What a shopper asks of the shop and what they get.

Answers are structs, not dataclasses: a page makes hundreds, and a struct is made five times faster.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, NamedTuple
from uuid import UUID

import msgspec

from hansa.kernel.errors import Invalid, NotFound
from hansa.modules.search.documents import CardText, ProductText, VariantText


class Sort(StrEnum):
    """Orders of a listing. Without a text `relevance` is `popular`."""

    RELEVANCE = "relevance"
    POPULAR = "popular"
    NEW = "new"
    PRICE = "price"
    PRICE_DOWN = "-price"
    NAME = "name"


class Position(NamedTuple):
    """Where a page begins: after a row in its order, or before it."""

    key: object
    product: int
    is_backward: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingQuery:
    """What to list. Prices in minor units of the profile's currency, both ends included.

    `filters` are values by attribute code: several of one attribute mean any of them, several
    attributes all of them.
    """

    profile_id: int
    language: str
    category_slug: str | None = None
    text: str | None = None
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    price_from_minor: int | None = None
    price_to_minor: int | None = None
    in_stock: bool = False
    sort: Sort = Sort.RELEVANCE
    position: Position | None = None
    limit: int = 24


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A product in a listing: `price_minor` is that of its cheapest variant.

    `available_thousandths` is what may be sold of all its variants together. `reason` says why the
    price is this person's own ("Partners"), if it is.
    """

    text: CardText
    price_minor: int
    price_max_minor: int
    was_minor: int | None
    available_thousandths: int
    reason: str | None

    @property
    def has_several_prices(self) -> bool:
        """Say whether the price differs between variants."""
        return self.price_minor != self.price_max_minor


class FacetCount(msgspec.Struct, frozen=True, kw_only=True):
    """A value one can filter by and how many products it would leave."""

    value: str
    label: str
    swatch: str | None
    count: int
    is_chosen: bool


class Facet(msgspec.Struct, frozen=True, kw_only=True):
    """An attribute one can filter by. Values that would leave nothing are absent."""

    code: str
    name: str
    kind: str
    values: tuple[FacetCount, ...]


class Branch(msgspec.Struct, frozen=True, kw_only=True):
    """A category and how many of the products asked for are in it and below.

    `is_current` marks the one asked for, `is_open` it and all above it.
    """

    slug: str
    name: str
    depth: int
    count: int
    is_current: bool = False
    is_open: bool = False


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """What surrounds a listing: how much there is and how it can be narrowed.

    Counted at most a few seconds before. `branches` are the way down to the category asked for and
    its children, or the top of the tree.
    """

    total: int
    facets: tuple[Facet, ...]
    branches: tuple[Branch, ...]
    price_min_minor: int | None
    price_max_minor: int | None


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """A page of products, where the next and the one before begin, and what surrounds it.

    `searched_for` is what was looked for instead of a text that nothing answers to.
    """

    currency: str
    items: tuple[Card, ...]
    overview: Overview
    next: Position | None
    previous: Position | None
    searched_for: str | None


class PricedVariant(msgspec.Struct, frozen=True):
    """A variant with the viewer's price, None if it is not sold to them."""

    text: VariantText
    price_minor: int | None
    was_minor: int | None
    available_thousandths: int


class ProductView(msgspec.Struct, frozen=True, kw_only=True):
    """A product as its page shows it to one viewer."""

    product_id: UUID
    currency: str
    text: ProductText
    variants: tuple[PricedVariant, ...]
    price_minor: int | None
    price_max_minor: int | None
    was_minor: int | None
    available_thousandths: int
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestedBranch:
    """A category whose name goes on as was typed."""

    slug: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestions:
    """What may be meant by what has been typed so far."""

    products: tuple[Card, ...]
    branches: tuple[SuggestedBranch, ...]
    queries: tuple[str, ...]


@dataclass(eq=False)
class NoSuchPage(NotFound):
    """No product is shown at this address to this person."""

    code: ClassVar[str] = "search.no_such_product"
    message: ClassVar[str] = "There is no such product."
    slug: str


@dataclass(eq=False)
class NoSuchBranch(NotFound):
    """No category is shown at this address."""

    code: ClassVar[str] = "search.no_such_category"
    message: ClassVar[str] = "There is no such category."
    slug: str


@dataclass(eq=False)
class TooManyFilters(Invalid):
    """More facets at once than anybody needs."""

    code: ClassVar[str] = "search.too_many_filters"
    message: ClassVar[str] = "Filter by at most {limit} attributes at once."
    limit: int
