"""What a member has, for tills that ask."""

from typing import Protocol

from hansa.modules.loyalty import members, points
from hansa.modules.loyalty.intake.model import Feed
from hansa.modules.loyalty.members import MemberRef
from hansa.runtime.clock import Clock
from hansa.runtime.database import Database


class Balances(Protocol):
    """Reads balances of members of a feed's programme."""

    async def read(self, feed: Feed, member: MemberRef) -> dict[str, int]:
        """Give `posted`, `available` and `held` points.

        Raises:
            HansaError: nobody is known by this.
        """


class KeptBalances:
    """Reads them from the books."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def read(self, feed: Feed, member: MemberRef) -> dict[str, int]:
        """Give `posted`, `available` and `held` points.

        Raises:
            MemberUnknown: nobody is known by this.
        """
        asked = (feed.programme_id, feed.partner_id, member)
        async with self._database.snapshot() as snap:
            found = (await members.resolve(snap, programme_id_refs=[asked])).get(asked)
            if found is None:
                raise points.MemberUnknown
            place = (feed.programme_id, found.member_id)
            known = await points.read_balances(snap, members=[place], now=self._clock.now())
        balance = known.get(place)
        if balance is None:
            return {"posted": 0, "available": 0, "held": 0}
        return {
            "posted": balance.posted,
            "available": balance.available,
            "held": balance.held,
        }
