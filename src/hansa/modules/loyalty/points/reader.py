"""Balances as many ask for them at once: one statement for whoever is waiting."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from hansa.modules.loyalty.points.queries import Balance, MemberKey, read_balances
from hansa.runtime.database import Snapshot
from hansa.runtime.database.gathering import Gatherer

if TYPE_CHECKING:
    from hansa.runtime.context import Context

READERS = 2


class BalanceReader:
    """Reads balances in batches; one per process."""

    def __init__(self, context: "Context") -> None:
        self._clock = context.clock
        self._gatherer: Gatherer[MemberKey, Balance] = Gatherer(
            context.database, self._read, name="loyalty.balances", readers=READERS
        )

    async def start(self) -> None:
        """Begin to read."""
        await self._gatherer.start()

    async def close(self) -> None:
        """Answer those that wait, then stop."""
        await self._gatherer.close()

    async def get(self, *, programme_id: UUID, member_id: UUID) -> Balance | None:
        """Give a member's balance, or None if there is no such member of the programme."""
        return await self._gatherer.get((programme_id, member_id))

    async def _read(self, snap: Snapshot, keys: Sequence[MemberKey]) -> Mapping[MemberKey, Balance]:
        return await read_balances(snap, members=keys, now=self._clock.now())
