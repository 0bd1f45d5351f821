"""What the shop's pages ask of search."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from hansa.kernel.text import pick
from hansa.modules.search import views
from hansa.modules.search.model import (
    Branch,
    Card,
    Listing,
    ListingQuery,
    Overview,
    ProductView,
    SuggestedBranch,
    Suggestions,
)
from hansa.modules.search.shelf import Shelf

_overview = msgspec.json.Decoder(Overview).decode


async def list_items(shelf: Shelf, *, query: ListingQuery) -> Listing:
    """List products with prices and stock of a profile, facets and branches with counts.

    Raises:
        NoSuchBranch: no category is shown at the address.
        TooManyFilters: more facets at once than can be asked for.
    """
    page = await shelf.page(query)
    return Listing(
        currency=page.profile.currency,
        items=tuple(views.card_of(row, page.profile, query.language) for row in page.rows),
        overview=_overview(page.kept.overview(page.counts, page.selection, query.language)),
        next=page.next,
        previous=page.previous,
        searched_for=page.searched_for,
    )


async def product_page(shelf: Shelf, *, slug: str, profile_id: int, language: str) -> ProductView:
    """Show a product with prices and stock of each variant for a profile.

    Raises:
        NoSuchPage: nothing is shown at this address; an old address is known to
            `catalog.get_product_by_slug`.
    """
    row = await shelf.product(slug=slug, profile_id=profile_id, language=language)
    return views.product_of(row, await shelf.profile(profile_id), language)


async def get_cards(
    shelf: Shelf, *, product_ids: Sequence[UUID], profile_id: int, language: str
) -> tuple[Card, ...]:
    """Show some products as cards, in the order given; those not on sale are left out."""
    rows = await shelf.cards(product_ids=product_ids, profile_id=profile_id, language=language)
    profile = await shelf.profile(profile_id)
    return tuple(views.card_of(row, profile, language) for row in rows)


async def suggest(
    shelf: Shelf, *, text: str, profile_id: int, language: str, limit: int = 6
) -> Suggestions:
    """Suggest products, categories and queries that go on as was typed."""
    rows, nodes, queries = await shelf.suggested(
        text=text, profile_id=profile_id, language=language, limit=limit
    )
    profile = await shelf.profile(profile_id)
    return Suggestions(
        products=tuple(views.card_of(row, profile, language) for row in rows),
        branches=tuple(
            SuggestedBranch(slug=node.slug, name=pick(node.name, language)) for node in nodes
        ),
        queries=tuple(queries),
    )


async def list_branches(shelf: Shelf, *, profile_id: int, language: str) -> tuple[Branch, ...]:
    """Give the whole visible tree, depth first, with how many products each branch has."""
    counts = await shelf.keeper.counts()
    profile = counts.profiles.get(profile_id)
    listed = 0 if profile is None else profile.listed.value
    branches: list[Branch] = []

    def descend(parent: int | None, depth: int) -> None:
        for node in counts.children.get(parent, ()):
            holder = counts.holders.get(node.id)
            count = 0 if holder is None else (holder.value & listed).bit_count()
            branches.append(
                Branch(slug=node.slug, name=pick(node.name, language), depth=depth, count=count)
            )
            descend(node.id, depth + 1)

    descend(None, 0)
    return tuple(branches)
