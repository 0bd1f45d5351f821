"""What drops there are, kept in memory: at most a second old.

Instants are compared when asked, so the opening itself waits for nothing and all processes agree.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING
from uuid import UUID

from hansa.modules import catalog
from hansa.modules.drops import queries
from hansa.modules.drops.model import Drop, Phase

if TYPE_CHECKING:
    from hansa.runtime.context import Context

FRESH_SECONDS = 1.0
DROPS_MAX = 200
CLOSED_KEPT = timedelta(days=30)
"""A closed drop's page says so for a month."""


class Directory:
    """Drops by code, product and variant."""

    def __init__(self, context: "Context") -> None:
        self._database = context.database
        self._now = context.clock.now
        self._drops: tuple[Drop, ...] = ()
        self._of_product: dict[UUID, tuple[Drop, ...]] = {}
        self._of_variant: dict[UUID, UUID] = {}
        self._variants: dict[UUID, tuple[UUID, ...]] = {}
        self._of_slug: dict[str, UUID] = {}
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    async def start(self) -> None:
        """Nothing to prepare: drops are read when first asked for."""

    async def close(self) -> None:
        """Nothing to finish."""

    async def all(self) -> tuple[Drop, ...]:
        """Give drops by opening: those to come, those open and those closed lately."""
        if monotonic() - self._read_at >= FRESH_SECONDS:
            async with self._reading:
                if monotonic() - self._read_at >= FRESH_SECONDS:
                    await self._read()
        return self._drops

    def forget(self) -> None:
        """Read anew the next time: something was changed by this process itself."""
        self._read_at = float("-inf")

    async def by_code(self, code: str) -> Drop | None:
        """Give a drop by its code."""
        return next((drop for drop in await self.all() if drop.code == code), None)

    async def of_product(self, product_id: UUID, *, market: str) -> Drop | None:
        """Give the open or coming drop of a market a product belongs to."""
        await self.all()
        now = self._now()
        for drop in self._of_product.get(product_id, ()):
            if market in drop.markets and drop.phase_at(now) is not Phase.CLOSED:
                return drop
        return None

    async def of_variant(self, variant_id: UUID, *, market: str) -> Drop | None:
        """Give the open or coming drop of a market a variant belongs to."""
        await self.all()
        product_id = self._of_variant.get(variant_id)
        return None if product_id is None else await self.of_product(product_id, market=market)

    async def of_slug(self, slug: str, *, market: str) -> Drop | None:
        """Give the open or coming drop of a market a product's address belongs to."""
        await self.all()
        product_id = self._of_slug.get(slug)
        return None if product_id is None else await self.of_product(product_id, market=market)

    def variants_of(self, drop: Drop) -> dict[UUID, tuple[UUID, ...]]:
        """Give the variants of each of a drop's products."""
        return {item.product_id: self._variants.get(item.product_id, ()) for item in drop.items}

    async def _read(self) -> None:
        began = monotonic()
        async with self._database.snapshot() as snap:
            drops = await queries.list_live(
                snap, closed_after=self._now() - CLOSED_KEPT, limit=DROPS_MAX
            )
            product_ids = sorted({item.product_id for drop in drops for item in drop.items})
            variants: Mapping[UUID, Sequence[catalog.Variant]] = {}
            products: Mapping[UUID, catalog.Product] = {}
            if product_ids:
                variants = await catalog.get_variants_of_products(snap, product_ids=product_ids)
                products = await catalog.get_products(snap, product_ids=product_ids)
        of_product: dict[UUID, list[Drop]] = {}
        for drop in drops:
            for item in drop.items:
                of_product.setdefault(item.product_id, []).append(drop)
        self._of_product = {one: tuple(listed) for one, listed in of_product.items()}
        self._variants = {
            one: tuple(variant.id for variant in listed) for one, listed in variants.items()
        }
        self._of_variant = {
            variant_id: one for one, listed in self._variants.items() for variant_id in listed
        }
        self._of_slug = {product.slug: product.id for product in products.values()}
        self._drops, self._read_at = drops, began
