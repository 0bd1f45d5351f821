"""Rules and offers in memory: every receipt asks for them. A second old at most."""

from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
import structlog

from hansa.modules.loyalty.offers.model import EarningRule, LiveOffer, OfferContent
from hansa.modules.loyalty.offers.rules import RuleSet
from hansa.modules.loyalty.offers.store import directory as store
from hansa.runtime.database import Row, Snapshot
from hansa.runtime.keeping import KeptFresh

if TYPE_CHECKING:
    from hansa.runtime.context import Context

REFRESH_SECONDS = 1.0

_log = structlog.get_logger(__name__)


class Rulebook:
    """What is in force, as of a second ago; if the database is away, as it was.

    All versions are read again only when something was changed.
    """

    def __init__(self, context: "Context") -> None:
        self._database = context.database
        self._rules = RuleSet(revision=-1)
        self._fresh = KeptFresh(self.refresh, name="loyalty.rulebook", seconds=REFRESH_SECONDS)

    @property
    def rules(self) -> RuleSet:
        """All of it."""
        return self._rules

    async def start(self) -> None:
        """Read and keep on reading."""
        await self._fresh.start()

    async def close(self) -> None:
        """Stop reading."""
        await self._fresh.close()

    async def refresh(self) -> None:
        """Read now, if there is anything new."""
        async with self._database.snapshot(single=True) as snap:
            revision = await snap.scalar(store.REVISION)
        if revision != self._rules.revision:
            async with self._database.snapshot() as snap:
                self._rules = await read_rules(snap)


async def read_rules(snap: Snapshot) -> RuleSet:
    """Give all versions of rules and offers."""
    revision = await snap.scalar(store.REVISION)
    rules = [rule_of(row) for row in await snap.all(store.LIST_RULES)]
    offers = [live_of(row) for row in await snap.all(store.LIST_VERSIONS)]
    budgets: list[UUID] = [row.campaign_id for row in await snap.all(store.LIST_BUDGETS)]
    return RuleSet(rules, offers, budgets=budgets, revision=revision)


async def read_versions(snap: Snapshot, *, offer_ids: list[UUID]) -> dict[UUID, list[LiveOffer]]:
    """Give all versions of some offers, as they are written now."""
    found: dict[UUID, list[LiveOffer]] = {}
    for row in await snap.all(store.LIST_VERSIONS_OF, {"offer_ids": offer_ids}):
        found.setdefault(row.offer_id, []).append(live_of(row))
    return found


def rule_of(row: Row) -> EarningRule:
    """Make a version of a rule of its row."""
    fields = {
        **row.content,
        "id": row.id,
        "version": row.version,
        "programme_id": row.programme_id,
        "partner_id": row.partner_id,
        "code": row.code,
        "in_force_from": row.in_force_from,
        "in_force_until": row.in_force_until,
    }
    return msgspec.convert(fields, EarningRule)


def live_of(row: Row) -> LiveOffer:
    """Make a version of an offer of its row."""
    return LiveOffer(
        id=row.offer_id,
        version=row.version,
        code=row.code,
        programme_id=row.programme_id,
        partner_id=row.partner_id,
        content=content_of(row.content),
        in_force_from=row.in_force_from,
        in_force_until=row.in_force_until,
    )


def content_of(written: object) -> OfferContent:
    """Read the content of an offer from JSON."""
    return msgspec.convert(written, OfferContent)
