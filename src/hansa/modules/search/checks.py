"""`hansa check search`: is what shoppers see what catalogue, prices and stock say?"""

from datetime import datetime
from uuid import UUID

from hansa.contracts.catalog import CatalogChanged, CategoriesChanged
from hansa.contracts.pricing import PricesChanged, ProfilesChanged
from hansa.contracts.stock import StockChanged
from hansa.modules import catalog
from hansa.modules.search import projection
from hansa.modules.search.store import checking
from hansa.modules.search.subscribers import SUBSCRIPTIONS
from hansa.runtime.database import Snapshot
from hansa.runtime.module import Check, Finding
from hansa.runtime.outbox.inspection import unhandled_events

SAMPLE = 2_000
"""So many products are compared; up to that, all of them."""

_REMEDY = "run `hansa rebuild search`"


async def check_sources(snap: Snapshot) -> list[Finding]:
    """Compare products with their sources: another sample each time, all of a small shop.

    What events that are still on their way tell of is left out: it is about to be projected.
    """
    coming: set[UUID] = set()
    for subscription in SUBSCRIPTIONS:
        for event in await unhandled_events(snap, subscription):
            if isinstance(event, CategoriesChanged | ProfilesChanged):
                return []  # everything may be about to change
            if isinstance(event, CatalogChanged):
                coming.update(event.product_ids)
            elif isinstance(event, PricesChanged | StockChanged):
                coming.update(event.variant_ids)
    now: datetime = await snap.scalar(checking.NOW)
    rows = await snap.all(checking.SAMPLE_PRODUCTS, {"seed": int(now.timestamp()), "limit": SAMPLE})
    ids = [row.product_id for row in rows]
    newest = await catalog.list_products(snap, limit=100)
    ids = list(dict.fromkeys([*ids, *(product.id for product in newest.products)]))
    findings: list[Finding] = []
    for start in range(0, len(ids), 1_000):
        findings += await _compare(snap, ids[start : start + 1_000], coming, now)
    return findings


async def _compare(
    snap: Snapshot, ids: list[UUID], coming: set[UUID], now: datetime
) -> list[Finding]:
    sources = await projection.read_sources(snap, ids, now)
    held = {
        row.product_id: row for row in await snap.all(checking.PROJECTED_PRODUCTS, {"ids": ids})
    }
    entries = {
        (row.product_id, row.profile): row
        for row in await snap.all(checking.PROJECTED_ENTRIES, {"ids": ids})
    }
    findings = []
    for product_id in ids:
        own = {variant.id for variant in sources.variants.get(product_id, ())}
        if product_id in coming or own & coming:
            continue
        product, row = sources.products.get(product_id), held.get(product_id)
        if product is None or row is None:
            findings.append(_finding(product_id, "stands in only one of catalogue and search"))
            continue
        variants = sources.variants[product_id]
        is_listed = product.status is catalog.Status.ACTIVE and bool(variants)
        if row.is_listed != is_listed or row.slug != product.slug:
            findings.append(
                _finding(product_id, "is shown though it should not be, or differently")
            )
        for profile in sources.profiles:
            expected = (
                projection.expected(profile, product, variants, sources) if is_listed else None
            )
            entry = entries.get((product_id, profile.id))
            found = None if entry is None else (entry.prices, entry.was_prices, entry.stock)
            if found != expected:
                findings.append(
                    _finding(product_id, f"has other prices or stock in profile {profile.id}")
                )
    return findings


def _finding(product_id: UUID, message: str) -> Finding:
    return Finding(
        check="search.sources", subject=f"product {product_id}", message=f"{message}: {_REMEDY}"
    )


async def check_order(snap: Snapshot) -> list[Finding]:
    """Look for products that stand in an order or branch they do not belong into."""
    wrong = await snap.all(checking.WRONG_PRICE_ORDER)
    orphans = await snap.all(checking.ORPHANS)
    return [
        Finding(
            check="search.order",
            subject=f"search_product {row.product}",
            message=f"stands in an order or branch it does not belong into: {_REMEDY}",
        )
        for row in (*wrong, *orphans)
    ]


CHECKS = (
    Check(area="search", name="search.sources", run=check_sources),
    Check(area="search", name="search.order", run=check_order),
)
