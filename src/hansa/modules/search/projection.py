"""Bringing the projection up to its sources: products whole, or their stock alone.

Always the same steps: take the rows of the products (sorted), read the sources, work everything out
in memory, write with arrays. Whoever writes last has read last, so that events may come late, twice
or in any order.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from hansa.modules import catalog, pricing, stock
from hansa.modules.search import dictionary as dictionaries
from hansa.modules.search import wording
from hansa.modules.search.dictionary import Dictionary, FacetValue
from hansa.modules.search.store import projecting
from hansa.runtime.database import Row, Snapshot, Transaction

WHOLE_SHOP = 0
"""Number of the branch every listed product stands in."""


@dataclass(slots=True, kw_only=True)
class Sources:
    """What the other modules know of some products at one moment."""

    products: Mapping[UUID, catalog.Product]
    variants: Mapping[UUID, list[catalog.Variant]]
    profiles: Sequence[pricing.PriceProfile]
    prices: Mapping[int, Mapping[UUID, pricing.PiecePrice]]
    available: Mapping[str, Mapping[UUID, int]]


class Entry(NamedTuple):
    """A product as one profile sees it; the columns of search_entry."""

    profile: int
    product: int
    price: int
    price_max: int
    was: int | None
    price_list_id: UUID
    shown_from: datetime | None
    shown_until: datetime | None
    available: int
    stock_tags: str
    prices: str
    was_prices: str
    stock: str


@dataclass(slots=True)
class Projected:
    """Everything to be written of some products."""

    products: list[tuple[object, ...]] = field(default_factory=list)
    texts: list[tuple[object, ...]] = field(default_factory=list)
    codes: list[tuple[str, int]] = field(default_factory=list)
    words: set[str] = field(default_factory=set)
    placements: list[tuple[object, ...]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    categories: dict[int, list[int]] = field(default_factory=dict)


async def project_products(
    tx: Transaction,
    *,
    product_ids: Sequence[UUID],
    now: datetime,
    dictionary: Dictionary | None = None,
) -> int:
    """Work out everything of some products anew; give how many are listed."""
    ids = sorted(set(product_ids))
    if dictionary is None:
        dictionary, _ = await dictionaries.take_over(tx)
    held = {row.product_id: row for row in await take_products(tx, ids)}
    sources = await read_sources(tx, ids, now)
    gone = [row for product_id, row in held.items() if product_id not in sources.products]
    kept = [row for product_id, row in held.items() if product_id in sources.products]
    await _number(tx, dictionary, sources)
    projected = Projected()
    for row in kept:
        _project(projected, row, sources, dictionary)
    await _write(tx, projected, kept, gone)
    return sum(1 for row in projected.products if row[2])


async def take_products(tx: Transaction, ids: Sequence[UUID]) -> list[Row]:
    """Take the rows of products, new ones included; who projects in parts takes all of them first.

    Otherwise one waits for a product the other has, and the other for a word the first has written.
    """
    await tx.execute(projecting.ADD_PRODUCTS, {"ids": list(ids)})
    return await tx.all(projecting.LOCK_PRODUCTS, {"ids": list(ids)})


async def read_sources(tx: Snapshot, ids: Sequence[UUID], now: datetime) -> Sources:
    """Read what the other modules know of some products, in a fixed number of statements."""
    products = await catalog.get_products(tx, product_ids=ids)
    everything = await catalog.get_variants_of_products(tx, product_ids=ids)
    variants = {
        product_id: [variant for variant in listed if variant.is_active]
        for product_id, listed in everything.items()
    }
    variant_ids = [variant.id for listed in variants.values() for variant in listed]
    profiles = await pricing.list_profiles(tx)
    prices = await pricing.piece_prices(tx, profiles=profiles, variant_ids=variant_ids, now=now)
    return Sources(
        products=products,
        variants=variants,
        profiles=profiles,
        prices=prices,
        available={
            market: await _available(tx, market, variant_ids)
            for market in sorted({profile.market for profile in profiles})
        },
    )


async def _available(tx: Snapshot, market: str, variant_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Give what may be sold, in thousandths. The channel of a market has the market's code."""
    found = await stock.availability(tx, channel=market, variant_ids=variant_ids)
    return {variant_id: int(each.available * 1000) for variant_id, each in found.items()}


async def _number(tx: Transaction, dictionary: Dictionary, sources: Sources) -> None:
    """Give numbers to values of facets that are new."""
    values: dict[tuple[str, str], FacetValue] = {}
    for product in sources.products.values():
        pairs = [pair for value in product.attributes if (pair := dictionary.value_of(value))]
        for pair in (*pairs, *_brand(product)):
            known = dictionary.facet_value(*pair)
            if known:
                values[known.attribute, known.value] = known
    for listed in sources.variants.values():
        for variant in listed:
            for code, label in variant.options.items():
                known = dictionary.facet_value(code, label)
                if known:
                    values[known.attribute, known.value] = known
    await dictionaries.number_values(tx, dictionary, values)


def _brand(product: catalog.Product) -> list[tuple[str, Mapping[str, str]]]:
    """Give the brand as if it were an attribute."""
    return [("brand", {"ru": product.brand})] if product.brand.strip() else []


def _tags(dictionary: Dictionary, pairs: Iterable[tuple[str, Mapping[str, str]]]) -> list[int]:
    tags: list[int] = []
    for code, label in pairs:
        value = dictionary.facet_value(code, label)
        if value is not None:
            tags.append(dictionary.numbers[value.attribute, value.value])
    return tags


def _project(projected: Projected, row: Row, sources: Sources, dictionary: Dictionary) -> None:
    """Work out one product."""
    product = sources.products[row.product_id]
    variants = sources.variants[row.product_id]
    is_listed = product.status is catalog.Status.ACTIVE and bool(variants)
    branches = dictionary.placed(product.category_ids)
    categories = list(dict.fromkeys([number for branch in branches for number in branch.path]))
    facts = [pair for value in product.attributes if (pair := dictionary.value_of(value))]
    own = categories + _tags(dictionary, [*facts, *_brand(product)])
    option_tags = [_tags(dictionary, variant.options.items()) for variant in variants]
    tags = list(dict.fromkeys([*own, *(tag for tags in option_tags for tag in tags)]))
    text = wording.Wording(
        product=product, variants=variants, branches=branches, facts=facts, dictionary=dictionary
    )
    projected.texts += [(row.id, *written) for written in text.written()]
    vector = text.searchable()
    projected.products.append(
        (
            row.id, product.slug, is_listed, product.shown_from, product.shown_until,
            product.created_at, array(categories), array(own), array(tags),
            array(variant.id for variant in variants), _json(option_tags), text.variants_array(),
            *vector,
        )
    )  # fmt: skip
    projected.codes += [(code, row.id) for code in text.codes()]
    projected.words |= text.words()
    projected.categories[row.id] = [WHOLE_SHOP, *categories] if is_listed else []
    if not is_listed:
        return
    keys = text.sort_keys()
    projected.placements += [
        (row.id, category, product.created_at, row.popularity, *keys)
        for category in projected.categories[row.id]
    ]
    for profile in sources.profiles:
        entry = _entry(profile, row, sources, own=own, option_tags=option_tags)
        if entry is not None:
            projected.entries.append(entry)


def _entry(
    profile: pricing.PriceProfile,
    row: Row,
    sources: Sources,
    *,
    own: Sequence[int],
    option_tags: Sequence[Sequence[int]],
) -> Entry | None:
    """Work out what one profile sees of a product; None if it has no price there."""
    product, variants = sources.products[row.product_id], sources.variants[row.product_id]
    by_variant = sources.prices[profile.id]
    available = sources.available[profile.market]
    prices = [by_variant.get(variant.id) for variant in variants]
    priced = [price for price in prices if price is not None]
    if not priced:
        return None
    best = min(priced, key=lambda price: price.minor)
    pieces = [available.get(variant.id, 0) for variant in variants]
    sellable = priced_only(pieces, prices)
    return Entry(
        profile=profile.id,
        product=row.id,
        price=best.minor,
        price_max=max(price.minor for price in priced),
        was=best.was_minor,
        price_list_id=best.price_list_id,
        shown_from=product.shown_from,
        shown_until=product.shown_until,
        available=sum(sellable),
        stock_tags=array(stock_tags(own, option_tags, sellable)),
        prices=array(price and price.minor for price in prices),
        was_prices=array(price and price.was_minor for price in prices),
        stock=array(pieces),
    )


def expected(
    profile: pricing.PriceProfile,
    product: catalog.Product,
    variants: Sequence[catalog.Variant],
    sources: Sources,
) -> tuple[list[int | None], list[int | None], list[int]] | None:
    """Give the prices, struck-through prices and stock that a profile's entry must have."""
    by_variant = sources.prices[profile.id]
    prices = [by_variant.get(variant.id) for variant in variants]
    if not any(prices) or product.status is not catalog.Status.ACTIVE:
        return None
    available = sources.available[profile.market]
    return (
        [price and price.minor for price in prices],
        [price and price.was_minor for price in prices],
        [available.get(variant.id, 0) for variant in variants],
    )


def stock_tags(
    own: Sequence[int], option_tags: Sequence[Sequence[int]], sellable: Sequence[int]
) -> list[int]:
    """Give the tags under which a product is found among what is in stock: none if it is not."""
    in_stock = [tags for tags, pieces in zip(option_tags, sellable, strict=True) if pieces > 0]
    if not in_stock:
        return []
    return list(dict.fromkeys([*own, *(tag for tags in in_stock for tag in tags)]))


def priced_only(pieces: Sequence[int], prices: Sequence[object]) -> list[int]:
    """Leave out the stock of variants that have no price: nobody can buy them."""
    return [count if price is not None else 0 for count, price in zip(pieces, prices, strict=True)]


def array(values: Iterable[object]) -> str:
    """Write values as PostgreSQL reads an array, so that arrays of them fit into `unnest`."""
    return "{" + ",".join("null" if value is None else str(value) for value in values) + "}"


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


_PRODUCT_COLUMNS = (
    "products", "slugs", "listed", "shown_from", "shown_until", "created_at", "categories",
    "own_tags", "tags", "variant_ids", "option_tags", "variants", "titles_ru", "titles_en",
    "labels_ru", "labels_en", "bodies_ru", "bodies_en",
)  # fmt: skip
_TEXT_COLUMNS = ("products", "languages", "names", "cards", "documents")
_PLACEMENT_COLUMNS = ("placed", "categories", "created_at", "popularity", "sort_ru", "sort_en")
_ENTRY_COLUMNS = (
    "profiles", "products", "prices_min", "prices_max", "was", "price_list_ids", "shown_from",
    "shown_until", "available", "stock_tags", "prices", "was_prices", "stock",
)  # fmt: skip
_PRICE_COLUMNS = ("profiles", "categories", "prices", "products")


def _columns(names: Sequence[str], rows: Sequence[Sequence[object]]) -> dict[str, object]:
    """Turn rows into the named arrays that `unnest` takes."""
    if not rows:
        return {name: [] for name in names}
    return {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


async def _write(
    tx: Transaction, projected: Projected, kept: Sequence[Row], gone: Sequence[Row]
) -> None:
    numbers = [row.id for row in (*kept, *gone)]
    await _write_prices(tx, projected, [*kept, *gone], numbers)
    await tx.execute(projecting.SAVE_PRODUCTS, _columns(_PRODUCT_COLUMNS, projected.products))
    await tx.execute(projecting.SAVE_TEXTS, _columns(_TEXT_COLUMNS, projected.texts))
    codes = _columns(("codes", "code_products"), projected.codes)
    await tx.execute(projecting.REMOVE_CODES, {"products": numbers} | codes)
    await tx.execute(projecting.SAVE_CODES, codes)
    await tx.execute(projecting.SAVE_WORDS, {"words": sorted(projected.words)})
    placements = _columns(_PLACEMENT_COLUMNS, projected.placements)
    await tx.execute(
        projecting.REMOVE_PLACEMENTS,
        {
            "products": numbers,
            "placed": placements["placed"],
            "categories": placements["categories"],
        },
    )
    await tx.execute(projecting.SAVE_PLACEMENTS, placements)
    if gone:
        await tx.execute(projecting.FORGET_PRODUCTS, {"products": [row.id for row in gone]})
    await tx.execute(projecting.LOG_CHANGES, {"products": numbers})


async def _write_prices(
    tx: Transaction, projected: Projected, rows: Sequence[Row], numbers: Sequence[int]
) -> None:
    """Write entries, and of the order by price only what differs."""
    categories_before = {row.id: [WHOLE_SHOP, *row.categories] for row in rows}
    present = await tx.all(projecting.PRESENT_PRICES, {"products": numbers})
    before = {
        (row.profile, category, row.price, row.product)
        for row in present
        for category in categories_before[row.product]
    }
    after = {
        (entry.profile, category, entry.price, entry.product)
        for entry in projected.entries
        for category in projected.categories[entry.product]
    }
    entries = {(entry.profile, entry.product) for entry in projected.entries}
    removed = [
        (row.profile, row.product) for row in present if (row.profile, row.product) not in entries
    ]
    if removed:
        await tx.execute(projecting.REMOVE_ENTRIES, _columns(("profiles", "products"), removed))
    if projected.entries:
        await tx.execute(projecting.SAVE_ENTRIES, _columns(_ENTRY_COLUMNS, projected.entries))
    if before - after:
        await tx.execute(projecting.REMOVE_PRICES, _columns(_PRICE_COLUMNS, list(before - after)))
    if after - before:
        await tx.execute(projecting.SAVE_PRICES, _columns(_PRICE_COLUMNS, list(after - before)))


async def project_stock(tx: Transaction, *, market: str, variant_ids: Sequence[UUID]) -> int:
    """Work out the stock of some variants' products in a market anew; give how many changed."""
    product_of = await catalog.get_product_ids_of_variants(tx, variant_ids=variant_ids)
    ids = sorted(set(product_of.values()))
    rows = await tx.all(projecting.LOCK_PRODUCTS, {"ids": ids})
    profiles = [each.id for each in await pricing.list_profiles(tx) if each.market == market]
    available = await _available(
        tx, market, [variant_id for row in rows for variant_id in row.variant_ids]
    )
    by_product = {row.id: row for row in rows}
    entries = await tx.all(
        projecting.PRICED_VARIANTS, {"products": list(by_product), "profiles": profiles}
    )
    written = []
    for entry in entries:
        row = by_product[entry.product]
        pieces = [available.get(variant_id, 0) for variant_id in row.variant_ids]
        sellable = priced_only(pieces, entry.prices)
        tags = stock_tags(row.own_tags, row.option_tags, sellable)
        written.append((entry.profile, entry.product, sum(sellable), array(tags), array(pieces)))
    changed = await tx.all(
        projecting.SAVE_STOCK,
        _columns(("profiles", "products", "available", "stock_tags", "stock"), written),
    )
    numbers = sorted({row.product for row in changed})
    if numbers:
        await tx.execute(projecting.LOG_CHANGES, {"products": numbers})
    return len(numbers)
