"""Turning what is asked into numbers, orders and stretches."""

import contextlib
from collections.abc import Sequence

from hansa.kernel.text import pick
from hansa.modules.search import counts as counting
from hansa.modules.search.counts import Selection
from hansa.modules.search.model import ListingQuery, NoSuchBranch, Sort, TooManyFilters
from hansa.modules.search.store import listing


def nodes_named(
    counts: counting.Counts, profile_id: int, start: str, language: str
) -> list[counting.Node]:
    """Find visible categories with a word that begins as was typed, upper ones first."""
    profile = counts.profiles.get(profile_id)
    if profile is None:
        return []
    found = []
    for nodes in counts.children.values():
        for node in nodes:
            name = " " + pick(node.name, language).lower().replace("ё", "е")
            holder = counts.holders.get(node.id)
            if f" {start}" in name and holder is not None and holder.value & profile.listed.value:
                found.append(node)
    return sorted(found, key=lambda node: (len(node.path), node.position))


def order_of(query: ListingQuery) -> str:
    """Name the order in the words of the statements."""
    if query.sort is Sort.NAME:
        return "name:ru" if query.language == "ru" else "name:en"
    return "popular" if query.sort is Sort.RELEVANCE else str(query.sort)


def stretch(ranked: Sequence[int], query: ListingQuery) -> tuple[int, int]:
    """Choose which part of a ranked list to read: a page and a few more, some may be gone."""
    position = query.position
    spare = query.limit * 2 + 1
    if position is None:
        return 0, spare
    place = position.key if isinstance(position.key, int) else 0
    if not 0 <= place < len(ranked) or ranked[place] != position.product:
        with contextlib.suppress(ValueError):
            place = ranked.index(position.product)
    place = max(0, min(place, len(ranked)))
    if position.is_backward:
        return max(0, place - spare), place
    return place + 1, place + 1 + spare


def select(counts: counting.Counts, query: ListingQuery) -> Selection:
    """Turn words of a query into numbers.

    Raises:
        NoSuchBranch: no category is shown at the address.
        TooManyFilters: more facets at once than can be asked for.
    """
    category = 0
    if query.category_slug:
        node = counts.slugs.get(query.category_slug)
        if node is None or any(counts.nodes[step].is_hidden for step in node.path):
            raise NoSuchBranch(query.category_slug)
        category = node.id
    if len(query.filters) > listing.GROUPS_MAX:
        raise TooManyFilters(listing.GROUPS_MAX)
    groups = []
    for code, wanted in sorted(query.filters.items()):
        known = (counts.values.get((code, value)) for value in wanted)
        groups.append((code, tuple(sorted({value.id for value in known if value is not None}))))
    return Selection(
        profile=query.profile_id,
        category=category,
        groups=tuple(groups),
        price_from=query.price_from_minor,
        price_to=query.price_to_minor,
        in_stock=query.in_stock,
    )
