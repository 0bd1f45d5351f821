"""Which products have which tags, held in memory so that counts of facets cost microseconds.

Only counts, and which of two ways a listing is read, depend on it; what is shown, its price and its
stock always come from the database. It follows the database every two seconds.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heappop, heappush
from itertools import chain
from typing import NamedTuple
from uuid import UUID

from hansa.kernel.text import Localised
from hansa.modules.search.bits import BitSet, bits_of, members_of
from hansa.runtime.database import Row

FEW = 200
"""Of fewer products the prices are compared one by one; of more, the order by price is followed."""


class Node(NamedTuple):
    """A category of the tree."""

    id: int
    category_id: UUID
    parent_id: int | None
    slug: str
    name: Localised
    position: int
    is_hidden: bool
    path: tuple[int, ...]


class FacetValue(NamedTuple):
    """A value one can filter by."""

    id: int
    value: str
    label: Localised
    swatch: str | None


@dataclass(slots=True, frozen=True)
class FacetGroup:
    """An attribute one can filter by, with its values in order."""

    code: str
    name: Localised
    kind: str
    values: tuple[FacetValue, ...]


@dataclass(slots=True)
class ProfileCounts:
    """What one profile may see: the listed, what each costs, what is in stock under which tag."""

    listed: BitSet = field(default_factory=BitSet)
    in_stock: BitSet = field(default_factory=BitSet)
    prices: dict[int, int] = field(default_factory=dict)
    stock_tags: dict[int, tuple[int, ...]] = field(default_factory=dict)
    stock: dict[int, BitSet] = field(default_factory=dict)
    by_price: tuple[list[int], list[int]] | None = None

    def remove(self, product: int) -> None:
        """Forget a product."""
        self.listed.discard(product)
        self.in_stock.discard(product)
        if self.prices.pop(product, None) is not None:
            self.by_price = None
        for tag in self.stock_tags.pop(product, ()):
            self.stock[tag].discard(product)

    def add(self, product: int, price: int, stock_tags: tuple[int, ...]) -> None:
        """Take a product in; `stock_tags` are empty if nothing is there."""
        self.listed.add(product)
        if self.prices.get(product) != price:
            self.prices[product] = price
            self.by_price = None
        if not stock_tags:
            return
        self.in_stock.add(product)
        self.stock_tags[product] = stock_tags
        for tag in stock_tags:
            self.stock.setdefault(tag, BitSet()).add(product)

    def ordered(self) -> tuple[list[int], list[int]]:
        """Give prices in order and the products they are of."""
        if self.by_price is None:
            pairs = sorted((price, product) for product, price in self.prices.items())
            self.by_price = ([price for price, _ in pairs], [product for _, product in pairs])
        return self.by_price


class Window(NamedTuple):
    """What a profile sees of a product while its window of publication is open."""

    price: int
    stock_tags: tuple[int, ...]
    shown_from: datetime | None
    shown_until: datetime | None

    def is_open_at(self, now: datetime) -> bool:
        """Say whether it is shown at the instant."""
        return (self.shown_from is None or self.shown_from <= now) and (
            self.shown_until is None or now < self.shown_until
        )


@dataclass(slots=True)
class Counts:
    """All of it. `version` grows whenever anything changed, `turned` when a window did.

    Windows that have yet to open or close are known with their instants, so that a collection
    opens at its second and waits for no job.
    """

    version: int = 0
    turned: int = 0
    windows: dict[int, dict[int, Window]] = field(default_factory=dict)
    edges: list[tuple[datetime, int]] = field(default_factory=list)
    tags: dict[int, tuple[int, ...]] = field(default_factory=dict)
    holders: dict[int, BitSet] = field(default_factory=dict)
    profiles: dict[int, ProfileCounts] = field(default_factory=dict)
    nodes: dict[int, Node] = field(default_factory=dict)
    slugs: dict[str, Node] = field(default_factory=dict)
    children: dict[int | None, list[Node]] = field(default_factory=dict)
    facets: tuple[FacetGroup, ...] = ()
    facet_tags: list[int] = field(default_factory=list)
    values: dict[tuple[str, str], FacetValue] = field(default_factory=dict)

    def set_tree(self, rows: Iterable[Row]) -> None:
        """Take the tree over."""
        rows = list(rows)
        numbers = {row.category_id: row.id for row in rows}
        self.nodes = {
            row.id: Node(
                row.id,
                row.category_id,
                numbers.get(row.parent_id),
                row.slug,
                row.name,
                row.position,
                row.is_hidden,
                tuple(row.path),
            )
            for row in rows
        }
        self.slugs = {node.slug: node for node in self.nodes.values()}
        self.children = {}
        hidden = {node.id for node in self.nodes.values() if node.is_hidden}
        for node in sorted(self.nodes.values(), key=lambda each: (each.position, each.slug)):
            if not hidden.intersection(node.path):
                self.children.setdefault(node.parent_id, []).append(node)

    def tags_beside(self, category: int) -> list[int]:
        """Give the tags shown beside a category: its way down, its children, every facet's."""
        node = self.nodes.get(category)
        children = self.children.get(None if node is None else node.id, ())
        return [*(node.path if node else ()), *(child.id for child in children), *self.facet_tags]

    def set_facets(self, rows: Iterable[Row]) -> None:
        """Take attributes and their values over; they come in order."""
        groups: dict[str, tuple[Row, list[FacetValue]]] = {}
        for row in rows:
            value = FacetValue(row.id, row.value, row.label, row.swatch)
            groups.setdefault(row.attribute, (row, []))[1].append(value)
        self.facets = tuple(
            FacetGroup(code, row.name, row.kind, tuple(values))
            for code, (row, values) in groups.items()
        )
        self.facet_tags = [value.id for group in self.facets for value in group.values]
        self.values = {
            (group.code, value.value): value for group in self.facets for value in group.values
        }

    def add_products(self, rows: Iterable[Row]) -> None:
        """Take products with their tags in."""
        holders = self.holders
        for number, tags in rows:
            self.tags[number] = tuple(tags)
            for tag in tags:
                holder = holders.get(tag)
                if holder is None:
                    holder = holders[tag] = BitSet()
                holder.add(number)

    def add_entries(self, rows: Iterable[Row], now: datetime) -> None:
        """Take in what profiles see of products, as far as the window of publication is open."""
        shared: tuple[int, ...] = ()
        for product, profile, price, stock_tags, shown_from, shown_until in rows:
            counts = self.profiles.get(profile)
            if counts is None:
                counts = self.profiles[profile] = ProfileCounts()
            # Most profiles see the same stock, much of it whole: one tuple serves them all.
            tags = tuple(stock_tags)
            if tags != shared:
                whole = self.tags.get(product)
                shared = whole if whole is not None and whole == tags else tags
            if shown_from is not None or shown_until is not None:
                window = Window(price, shared, shown_from, shown_until)
                self._watch(product, profile, window, now)
                if not window.is_open_at(now):
                    continue
            counts.add(product, price, shared)

    def _watch(self, product: int, profile: int, window: Window, now: datetime) -> None:
        """Remember a window whose next edge is still to come."""
        edges = [
            edge
            for edge in (window.shown_from, window.shown_until)
            if edge is not None and edge > now
        ]
        if edges:
            self.windows.setdefault(product, {})[profile] = window
            heappush(self.edges, (min(edges), product))

    def turn(self, now: datetime) -> None:
        """Open and close the windows whose instant has come."""
        while self.edges and self.edges[0][0] <= now:
            _, product = heappop(self.edges)
            for profile, window in self.windows.pop(product, {}).items():
                counts = self.profiles[profile]
                counts.remove(product)
                if window.is_open_at(now):
                    counts.add(product, window.price, window.stock_tags)
                self._watch(product, profile, window, now)
            self.version += 1
            self.turned += 1

    def remove_products(self, numbers: Iterable[int]) -> None:
        """Forget products, before what is true of them now is taken in."""
        for number in numbers:
            for tag in self.tags.pop(number, ()):
                self.holders[tag].discard(number)
            self.windows.pop(number, None)
            for counts in self.profiles.values():
                counts.remove(number)


@dataclass(slots=True, frozen=True)
class Selection:
    """What a listing is narrowed to, in numbers. `groups` are the chosen values of each facet."""

    profile: int
    category: int = 0
    groups: tuple[tuple[str, tuple[int, ...]], ...] = ()
    price_from: int | None = None
    price_to: int | None = None
    in_stock: bool = False


@dataclass(slots=True, frozen=True)
class Tally:
    """What was counted: all that fit, how many have each tag, and what they cost."""

    total: int
    tags: dict[int, int]
    price_min: int | None
    price_max: int | None


def matching(counts: Counts, selection: Selection, among: int | None = None) -> int:
    """Give the set of products that fit; `among` are those a text search found."""
    profile = counts.profiles.get(selection.profile)
    if profile is None:
        return 0
    bits = _base(counts, profile, selection, among) & _priced(profile, selection)
    for _, chosen in selection.groups:
        bits &= _either(counts, profile, selection, chosen)
    return bits


def tally(counts: Counts, selection: Selection, among: int | None = None) -> Tally:
    """Count. The values of one facet are counted as if nothing of that facet were chosen."""
    profile = counts.profiles.get(selection.profile)
    if profile is None:
        return Tally(0, {}, None, None)
    base = _base(counts, profile, selection, among)
    priced = _priced(profile, selection)
    chosen = {code: _either(counts, profile, selection, ids) for code, ids in selection.groups}
    fitting = base
    for bits in chosen.values():
        fitting &= bits
    price_min, price_max = _price_span(profile, fitting)
    full = fitting & priced
    found = _count(counts, profile, selection, full, counts.tags_beside(selection.category))
    for group in counts.facets:
        if group.code in chosen:
            others = base & priced
            for code, bits in chosen.items():
                if code != group.code:
                    others &= bits
            only = [value.id for value in group.values]
            found.update(dict.fromkeys(only, 0))
            found.update(_count(counts, profile, selection, others, only))
    return Tally(full.bit_count(), found, price_min, price_max)


def _base(counts: Counts, profile: ProfileCounts, selection: Selection, among: int | None) -> int:
    bits = profile.in_stock.value if selection.in_stock else profile.listed.value
    if selection.category:
        holder = counts.holders.get(selection.category)
        bits &= holder.value if holder else 0
    return bits if among is None else bits & among


def _either(
    counts: Counts, profile: ProfileCounts, selection: Selection, chosen: Iterable[int]
) -> int:
    holders = profile.stock if selection.in_stock else counts.holders
    bits = 0
    for tag in chosen:
        holder = holders.get(tag)
        if holder is not None:
            bits |= holder.value
    return bits


def _priced(profile: ProfileCounts, selection: Selection) -> int:
    if selection.price_from is None and selection.price_to is None:
        return -1
    prices, products = profile.ordered()
    start = 0 if selection.price_from is None else bisect_left(prices, selection.price_from)
    end = len(prices) if selection.price_to is None else bisect_right(prices, selection.price_to)
    return bits_of(products[start:end])


def _price_span(profile: ProfileCounts, bits: int) -> tuple[int | None, int | None]:
    if not bits:
        return None, None
    if bits.bit_count() < FEW:
        own = [profile.prices[product] for product in members_of(bits)]
        return min(own), max(own)
    prices, products = profile.ordered()
    data = bits.to_bytes((bits.bit_length() + 7) // 8, "little")
    size = len(data) * 8

    def first(order: Iterable[int]) -> int | None:
        for place in order:
            product = products[place]
            if product < size and data[product >> 3] >> (product & 7) & 1:
                return prices[place]
        return None

    return first(range(len(products))), first(range(len(products) - 1, -1, -1))


def _count(
    counts: Counts,
    profile: ProfileCounts,
    selection: Selection,
    bits: int,
    wanted: Sequence[int],
) -> dict[int, int]:
    """Count how many of a set have each tag: one by one if they are few, else set by set."""
    size = bits.bit_count()
    tags = profile.stock_tags if selection.in_stock else counts.tags
    holders = profile.stock if selection.in_stock else counts.holders
    # A product costs about half of what a set costs.
    if size < len(wanted) * 2 - 100:
        counter = Counter(chain.from_iterable(tags.get(n, ()) for n in members_of(bits)))
        return {tag: count for tag in wanted if (count := counter[tag])}
    return {
        tag: (bits & holder.value).bit_count()
        for tag in wanted
        if (holder := holders.get(tag)) is not None
    }
