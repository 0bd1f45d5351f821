"""A coalition with rewards, and a member with points."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

import pytest_asyncio

from hansa.assembly.application import build_context
from hansa.kernel.identifiers import new_id
from hansa.modules.ledger.checks import CHECKS as LEDGER_CHECKS
from hansa.modules.loyalty import guard, members, offers, points, programmes, rewards
from hansa.modules.loyalty.points.checks import CHECKS as POINT_CHECKS
from hansa.runtime.clock import FixedClock
from hansa.runtime.context import Context
from tests.support.loyalty import a_member
from tests.support.loyalty_app import Together, a_reward, earn, lay_together

_keys = count(1)


@dataclass
class Shelf:
    """The coalition, and short ways to order things."""

    context: Context
    clock: FixedClock
    laid: Together
    anna: members.Member

    async def member(self, points_had: int) -> members.Member:
        """Somebody new with so many points."""
        async with self.context.database.transaction() as tx:
            made = await a_member(tx, self.laid.programme, now=self.clock.now())
        await earn(
            self.context,
            self.laid,
            made.id,
            points_had,
            key=f"had-{next(_keys)}",
            now=self.clock.now(),
        )
        return made

    async def reward(self, **fields: Any) -> UUID:
        """A reward of the bakery."""
        async with self.context.database.transaction() as tx:
            return await a_reward(
                tx, self.laid.programme, self.laid.bakery, now=self.clock.now(), **fields
            )

    async def order(
        self,
        reward_id: UUID,
        *,
        by: members.Member | None = None,
        order_id: UUID | None = None,
        amount: int | None = None,
    ) -> rewards.Order:
        """Order a reward."""
        membership = (by or self.anna).membership(self.laid.programme.id)
        assert membership is not None
        return await rewards.order_reward(
            self.context,
            order_id=order_id or new_id(self.clock.now()),
            membership=membership,
            reward_id=reward_id,
            points=amount,
            now=self.clock.now(),
        )

    async def cancel(self, order: rewards.Order) -> rewards.Order:
        """Take an order back."""
        return await rewards.cancel_order(
            self.context,
            member_id=order.member_id,
            order_id=order.id,
            now=self.clock.now(),
        )

    async def balance(self, member: members.Member | None = None) -> points.Balance:
        """What a member has."""
        key = (self.laid.programme.id, (member or self.anna).id)
        async with self.context.database.snapshot() as snap:
            found = await points.read_balances(snap, members=[key], now=self.clock.now())
        return found[key]

    async def known(self, reward_id: UUID) -> rewards.Reward:
        """A reward as it is now."""
        async with self.context.database.snapshot() as snap:
            return await rewards.get_reward(snap, reward_id=reward_id)

    async def findings(self) -> list[str]:
        """What the checks of rewards, points and the ledger find."""
        found: list[str] = []
        async with self.context.database.snapshot() as snap:
            for check in (*rewards.CHECKS, *POINT_CHECKS, *LEDGER_CHECKS):
                found += [f"{one.check}: {one.message}" for one in await check.run(snap)]
        return found


@pytest_asyncio.fixture(loop_scope="session")
async def shelf(committing: Any, settings: Any, now: datetime) -> AsyncIterator[Shelf]:
    clock = FixedClock(now)
    members.use_secret(settings.secret_key.reveal().encode())
    async with committing.transaction() as tx:
        laid = await lay_together(tx, now=now)
        anna = await a_member(tx, laid.programme, now=now)
    context = build_context(settings, clock=clock, database=committing)
    services = (
        members.Naming,
        programmes.Directory,
        offers.Rulebook,
        guard.Watch,
        points.Poster,
    )
    await context.open(services)
    await earn(context, laid, anna.id, 1000, key="anna", now=now)
    yield Shelf(context, clock, laid, anna)
    await context.close_services()
