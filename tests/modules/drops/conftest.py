"""A shop whose goods are released by drops."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest_asyncio

from hansa.kernel.identifiers import new_id
from hansa.modules import catalog, drops, search
from hansa.modules.drops.checks import CHECKS
from hansa.runtime.clock import FixedClock
from hansa.runtime.context import Context
from hansa.runtime.database import Database
from hansa.runtime.settings import Settings
from tests.support.http import Site, application
from tests.support.shop import Shop, a_shop

__all__ = ["MOMENT", "DropShop", "drop_shop"]

MOMENT = timedelta(microseconds=1)


@dataclass
class DropShop:
    """A running shop, a movable clock, and ways to release goods."""

    site: Site
    shop: Shop
    clock: FixedClock
    product_id: UUID
    slug: str

    @property
    def context(self) -> Context:
        return self.site.context

    @property
    def now(self) -> datetime:
        return self.clock.now()

    async def release(self, **changes: Any) -> drops.Drop:
        """Save a drop of the shop's only product; it opens in an hour unless said otherwise."""
        fields: dict[str, Any] = {
            "id": drops.DropId(new_id(self.now)),
            "code": "winter",
            "name": {"ru": "Зима", "en": "Winter"},
            "markets": ("ru",),
            "opens_at": self.now + timedelta(hours=1),
            "is_published": True,
            "items": (drops.DropItem(product_id=self.product_id),),
            **changes,
        }
        drop = drops.Drop(**fields)
        return await self.save(drop)

    async def save(self, drop: drops.Drop, **changes: Any) -> drops.Drop:
        drop = replace(drop, **changes)
        async with self.context.database.transaction() as tx:
            await drops.save_drop(tx, drop=drop, by=None, now=self.now)
            await search.project_products(tx, product_ids=[self.product_id], now=self.now)
        self.context.service(drops.Directory).forget()
        await self.context.service(search.Shelf).keeper.follow()
        return drop

    async def look_round(self) -> None:
        await self.context.service(drops.Rooms).look_round(self.now)

    async def findings(self) -> list[str]:
        async with self.context.database.snapshot() as snap:
            return [
                f"{found.check} {found.subject}"
                for check in CHECKS
                for found in await check.run(snap)
            ]


@pytest_asyncio.fixture
async def drop_shop(
    settings: Settings, committing: Database, clock: FixedClock, now: datetime
) -> AsyncIterator[DropShop]:
    async with committing.transaction() as tx:
        shop = await a_shop(tx, now=now, on_hand=50)
        owners = await catalog.get_product_ids_of_variants(tx, variant_ids=list(shop.variants))
        product_id = owners[shop.variant]
        product = await catalog.get_product(tx, product_id=product_id)
        await search.project_products(tx, product_ids=[product_id], now=now)
    async with application(settings, committing, clock=clock) as site:
        # Counts may be some seconds old, but for the instants of windows: here all is told at once.
        site.context.service(search.Shelf).fresh_seconds = 0.0
        yield DropShop(site, shop, clock, product_id, product.slug)
