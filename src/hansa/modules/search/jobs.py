"""Background work of search: rebuilding, following the clock, tidying."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from hansa.kernel.message import Job
from hansa.modules.search import projection, rebuilding
from hansa.modules.search.store import projecting

if TYPE_CHECKING:
    from hansa.runtime.context import Context

CHUNK = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuild(Job):
    """Project every product anew."""

    type: ClassVar[str] = "search.rebuild"

    def lock(self) -> str | None:
        """One at a time is enough."""
        return "search.rebuild"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectBranches(Job):
    """Project the products of some categories anew, by the numbers search gives categories."""

    type: ClassVar[str] = "search.project_branches"
    categories: tuple[int, ...]

    def lock(self) -> str | None:
        """One at a time is enough."""
        return "search.rebuild"


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowClock(Job):
    """Take note of publication windows and price lists that opened or closed."""

    type: ClassVar[str] = "search.follow_clock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tidy(Job):
    """Drop what is not needed any more."""

    type: ClassVar[str] = "search.tidy"


async def run_rebuild(context: "Context", _job: Rebuild) -> None:
    """Rebuild while the shop stays open."""
    await rebuilding.rebuild(context.database, now=context.clock.now())


async def run_project_branches(context: "Context", job: ProjectBranches) -> None:
    """Project in short transactions."""
    async with context.database.snapshot(single=True) as snap:
        rows = await snap.all(
            projecting.PRODUCTS_IN_CATEGORIES, {"categories": list(job.categories)}
        )
    ids = sorted(row.product_id for row in rows)
    for start in range(0, len(ids), CHUNK):
        async with context.database.transaction() as tx:
            await projection.project_products(
                tx, product_ids=ids[start : start + CHUNK], now=context.clock.now()
            )


async def run_follow_clock(context: "Context", _job: FollowClock) -> None:
    """Look at the clock."""
    async with context.database.transaction() as tx:
        await rebuilding.follow_clock(tx, now=context.clock.now())


async def run_tidy(context: "Context", _job: Tidy) -> None:
    """Tidy up."""
    async with context.database.transaction() as tx:
        await rebuilding.tidy(tx, now=context.clock.now())
