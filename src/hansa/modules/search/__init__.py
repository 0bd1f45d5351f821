"""What a shopper may see: listings, facets, search by words, product pages, suggestions.

Owns a projection of catalogue, prices and stock, one row for each price profile and product, so
that what is filtered, sorted and shown is the same price. Promises: prices and stock come from the
database with the page; counts are at most a few seconds old; events may come late, twice or in any
order. Locks: search_product rows, ordered by product id.
"""

from hansa.modules.search.documents import (
    CardText,
    Fact,
    Named,
    Option,
    Picture,
    ProductText,
    Value,
    VariantText,
)
from hansa.modules.search.model import (
    Branch,
    Card,
    Facet,
    FacetCount,
    Listing,
    ListingQuery,
    NoSuchBranch,
    NoSuchPage,
    Overview,
    Position,
    PricedVariant,
    ProductView,
    Sort,
    SuggestedBranch,
    Suggestions,
    TooManyFilters,
)
from hansa.modules.search.projection import project_products, project_stock
from hansa.modules.search.queries import (
    get_cards,
    list_branches,
    list_items,
    product_page,
    suggest,
)
from hansa.modules.search.rebuilding import follow_clock, rebuild
from hansa.modules.search.shelf import Shelf

__all__ = [
    "Branch",
    "Card",
    "CardText",
    "Facet",
    "FacetCount",
    "Fact",
    "Listing",
    "ListingQuery",
    "Named",
    "NoSuchBranch",
    "NoSuchPage",
    "Option",
    "Overview",
    "Picture",
    "Position",
    "PricedVariant",
    "ProductText",
    "ProductView",
    "Shelf",
    "Sort",
    "SuggestedBranch",
    "Suggestions",
    "TooManyFilters",
    "Value",
    "VariantText",
    "follow_clock",
    "get_cards",
    "list_branches",
    "list_items",
    "product_page",
    "project_products",
    "project_stock",
    "rebuild",
    "suggest",
]
