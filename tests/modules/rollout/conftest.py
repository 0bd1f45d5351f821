"""A running application with features declared, and ways to say for whom they are on."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import httpx
import pytest_asyncio

from hansa.assembly.modules import all_modules
from hansa.kernel.identifiers import new_id
from hansa.modules import accounts, rollout
from hansa.runtime.clock import FixedClock
from hansa.runtime.database import Database, Transaction
from hansa.runtime.module import Feature, Module
from hansa.runtime.settings import Settings
from tests.conftest import NOON
from tests.support.http import Site, application

__all__ = ["FEATURE", "KNOWN", "Rolling", "an_audience", "rolling"]

FEATURE = "trial.card"
KNOWN = (FEATURE, "trial.other")
TRIAL = Module(
    name="trial",
    features=(
        Feature(code=FEATURE, title="Trial card", about="People see a card."),
        Feature(code="trial.other", title="Something else"),
    ),
)


async def an_audience(
    tx: Transaction, *people: UUID | str, code: str = "family"
) -> rollout.Audience:
    """Make an audience with some people in it."""
    audience = rollout.Audience(
        id=rollout.AudienceId(new_id(NOON)), code=code, name="Family", changed_at=NOON
    )
    await rollout.save_audience(tx, audience=audience, by=None, now=NOON)
    await rollout.add_people(
        tx,
        audience_id=audience.id,
        entries=rollout.read_text("\n".join(str(one) for one in people)),
        by=None,
        now=NOON,
    )
    return await rollout.get_audience(tx, audience_id=audience.id)


@dataclass
class Rolling:
    """A running application."""

    site: Site
    database: Database

    async def set(self, **changes: Any) -> rollout.Setting:
        """Change the rules, what is not said stays; other processes are not told."""
        async with self.database.transaction() as tx:
            held = await rollout.get_setting(tx, feature=FEATURE)
            return await rollout.save_rules(
                tx,
                feature=FEATURE,
                rules=replace(held.rules, **changes),
                known=KNOWN,
                by=None,
                now=NOON,
            )

    async def audience(self, *people: UUID | str, code: str = "family") -> rollout.Audience:
        async with self.database.transaction() as tx:
            return await an_audience(tx, *people, code=code)

    @contextlib.asynccontextmanager
    async def program(self, *scopes: str) -> AsyncIterator[httpx.AsyncClient]:
        """Lend a client that shows a key with these rights."""
        async with self.database.transaction() as tx:
            _, secret = await accounts.create_api_key(
                tx, name="Program", scopes=scopes, known_permissions=scopes, by=None, now=NOON
            )
        headers = {"Authorization": f"Bearer {secret}"}
        async with self.site.client(headers=headers) as client:
            yield client


@pytest_asyncio.fixture(loop_scope="session")
async def rolling(
    settings: Settings, committing: Database, clock: FixedClock
) -> AsyncIterator[Rolling]:
    async with application(
        settings, committing, clock=clock, modules=[*all_modules(), TRIAL]
    ) as site:
        yield Rolling(site, committing)
