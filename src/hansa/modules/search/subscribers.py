"""Reactions to changes of catalogue, prices, stock and orders: what they touch is projected."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from hansa.contracts.catalog import CatalogChanged, CategoriesChanged
from hansa.contracts.orders import OrderPlaced
from hansa.contracts.pricing import PricesChanged, ProfilesChanged
from hansa.contracts.stock import StockChanged
from hansa.modules import catalog
from hansa.modules.search import dictionary as dictionaries
from hansa.modules.search import projection
from hansa.modules.search.jobs import ProjectBranches, Rebuild
from hansa.modules.search.store import projecting
from hansa.runtime.database import Transaction
from hansa.runtime.module import Subscription

CHUNK = 1_000
TREE_CHANGED = 0
"""Stands in the log of changes for the tree and the facets; no product has this number."""


async def on_products(
    tx: Transaction, events: Sequence[CatalogChanged | PricesChanged], now: datetime
) -> None:
    """Project products whose data or prices changed."""
    product_ids: set[UUID] = set()
    variant_ids: set[UUID] = set()
    for event in events:
        if isinstance(event, CatalogChanged):
            product_ids.update(event.product_ids)
        else:
            variant_ids.update(event.variant_ids)
    if variant_ids:
        owners = await catalog.get_product_ids_of_variants(tx, variant_ids=sorted(variant_ids))
        product_ids.update(owners.values())
    await project_in_chunks(tx, product_ids, now)


async def project_in_chunks(tx: Transaction, product_ids: set[UUID], now: datetime) -> None:
    """Project products in order, some at a time."""
    ids = sorted(product_ids)
    await projection.take_products(tx, ids)
    for start in range(0, len(ids), CHUNK):
        await projection.project_products(tx, product_ids=ids[start : start + CHUNK], now=now)


async def on_stock(tx: Transaction, events: Sequence[StockChanged], _now: datetime) -> None:
    """Project the stock of variants whose availability changed, market by market."""
    by_market: dict[str, set[UUID]] = {}
    for event in events:
        by_market.setdefault(event.channel, set()).update(event.variant_ids)
    for market, variant_ids in sorted(by_market.items()):
        await projection.project_stock(tx, market=market, variant_ids=sorted(variant_ids))


async def on_tree(tx: Transaction, _events: Sequence[CategoriesChanged], _now: datetime) -> None:
    """Take the tree over; pages of products that name a changed category are made anew by a job."""
    _, change = await dictionaries.take_over(tx)
    if change.is_anything:
        await tx.execute(projecting.LOG_CHANGES, {"products": [TREE_CHANGED]})
    if change.categories:
        await tx.enqueue(ProjectBranches(categories=change.categories))
    if change.attributes:
        await tx.enqueue(Rebuild())


async def on_profiles(tx: Transaction, _events: Sequence[ProfilesChanged], _now: datetime) -> None:
    """A new profile sees nothing yet: everything is projected for it."""
    await tx.enqueue(Rebuild())


async def on_orders(tx: Transaction, events: Sequence[OrderPlaced], _now: datetime) -> None:
    """Count what is bought: the popular comes first."""
    bought = Counter(variant_id for event in events for variant_id in event.variant_ids)
    owners = await catalog.get_product_ids_of_variants(tx, variant_ids=sorted(bought))
    times: Counter[UUID] = Counter()
    for variant_id, product_id in owners.items():
        times[product_id] += bought[variant_id]
    ids = sorted(times)
    await tx.all(projecting.LOCK_PRODUCTS, {"ids": ids})
    counted = await tx.all(
        projecting.ADD_POPULARITY, {"ids": ids, "times": [times[product_id] for product_id in ids]}
    )
    await tx.execute(
        projecting.SAVE_POPULARITY,
        {
            "products": [row.id for row in counted],
            "popularity": [row.popularity for row in counted],
        },
    )


SUBSCRIPTIONS = (
    Subscription(
        name="search.products",
        events=(CatalogChanged, PricesChanged),
        handle=on_products,
        batch=True,
    ),
    Subscription(name="search.stock", events=(StockChanged,), handle=on_stock, batch=True),
    Subscription(name="search.tree", events=(CategoriesChanged,), handle=on_tree, batch=True),
    Subscription(name="search.profiles", events=(ProfilesChanged,), handle=on_profiles, batch=True),
    Subscription(name="search.popularity", events=(OrderPlaced,), handle=on_orders, batch=True),
)
