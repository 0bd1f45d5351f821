"""Who sees which prices, kept in memory for pages: at most five seconds old."""

import asyncio
from time import monotonic
from typing import TYPE_CHECKING
from uuid import UUID

from hansa.modules.pricing.model import PriceProfile
from hansa.modules.pricing.queries import choose_profile, group_of_party, list_profiles

if TYPE_CHECKING:
    from hansa.runtime.context import Context

FRESH_SECONDS = 5.0
PARTIES_MAX = 20_000


class Profiles:
    """The profile of each visitor. A page may be five seconds behind; checkout reads afresh."""

    def __init__(self, context: "Context") -> None:
        self._database = context.database
        self._profiles: tuple[PriceProfile, ...] = ()
        self._chosen: dict[tuple[str, str | None], PriceProfile] = {}
        self._read_at = float("-inf")
        self._groups: dict[UUID, tuple[float, str | None]] = {}
        self._reading = asyncio.Lock()

    async def start(self) -> None:
        """Nothing to prepare: profiles are read when first asked for."""

    async def close(self) -> None:
        """Nothing to finish."""

    async def of(self, *, market: str, party_id: UUID | None) -> PriceProfile:
        """Give the profile of a party, or of a stranger, in a market."""
        await self._refresh()
        group = None if party_id is None else await self._group(party_id)
        profile = self._chosen.get((market, group))
        if profile is None:
            profile = choose_profile(self._profiles, market=market, group=group)
            self._chosen[market, group] = profile
        return profile

    async def all(self) -> tuple[PriceProfile, ...]:
        """Give every profile."""
        await self._refresh()
        return self._profiles

    async def _refresh(self) -> None:
        if monotonic() - self._read_at < FRESH_SECONDS:
            return
        async with self._reading:
            if monotonic() - self._read_at < FRESH_SECONDS:
                return
            async with self._database.snapshot() as snap:
                began = monotonic()
                self._profiles = await list_profiles(snap)
                self._chosen = {}
                self._read_at = began

    async def _group(self, party_id: UUID) -> str | None:
        known = self._groups.get(party_id)
        if known is not None and monotonic() - known[0] < FRESH_SECONDS:
            return known[1]
        async with self._database.snapshot(single=True) as snap:
            began = monotonic()
            group = await group_of_party(snap, party_id=party_id)
        if len(self._groups) >= PARTIES_MAX:
            self._groups.clear()
        self._groups[party_id] = (began, group)
        return group
