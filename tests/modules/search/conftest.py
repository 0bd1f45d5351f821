"""A shop that is projected and can be asked."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import pytest_asyncio

from hansa.assembly.application import build_context
from hansa.modules import pricing, search
from hansa.runtime.clock import FixedClock
from hansa.runtime.database import Database
from hansa.runtime.settings import Settings
from tests.support.catalogue import MARKET, SmallShop, a_small_shop, project_all


@dataclass(slots=True)
class Shop:
    """The shop, its database and what is asked of it."""

    database: Database
    clock: FixedClock
    shelf: search.Shelf
    built: SmallShop

    async def add(self, name: str, **fields: object) -> UUID:
        """Add a product; it is seen after `project`."""
        async with self.database.transaction() as tx:
            return (await self.built.add(tx, name, **fields)).id  # type: ignore[arg-type]

    async def project(self) -> None:
        """Build the projection."""
        await project_all(self.database, self.shelf, now=self.clock.now())

    async def profile(self, group: str | None = None) -> int:
        """Number of everybody's profile, or of a group's."""
        async with self.database.snapshot() as snap:
            for profile in await pricing.list_profiles(snap):
                if (profile.market, profile.customer_group) == (MARKET, group):
                    return profile.id
        raise AssertionError(group)

    async def listing(self, *, group: str | None = None, **fields: object) -> search.Listing:
        """List in Russian."""
        query = {"profile_id": await self.profile(group), "language": "ru"} | fields
        return await search.list_items(self.shelf, query=search.ListingQuery(**query))  # type: ignore[arg-type]

    async def names(self, **fields: object) -> list[str]:
        """Names of what is listed."""
        return [card.text.name for card in (await self.listing(**fields)).items]  # type: ignore[arg-type]


@pytest_asyncio.fixture(loop_scope="session")
async def shop(committing: Database, settings: Settings, clock: FixedClock) -> AsyncIterator[Shop]:
    """A small shop without products."""
    context = build_context(settings, clock=clock, database=committing)
    await context.open([pricing.Profiles, search.Shelf])
    async with committing.transaction() as tx:
        built = await a_small_shop(tx, now=clock.now())
    context.service(search.Shelf).fresh_seconds = 0
    yield Shop(committing, clock, context.service(search.Shelf), built)
    await context.service(search.Shelf).close()
