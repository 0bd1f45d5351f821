"""The markets in memory: every page asks for one."""

from typing import TYPE_CHECKING

import structlog

from hansa.kernel.errors import Unavailable
from hansa.modules.markets.model import Market
from hansa.modules.markets.queries import MarketNotFound, list_markets
from hansa.runtime.keeping import KeptFresh

if TYPE_CHECKING:
    from hansa.runtime.context import Context

REFRESH_SECONDS = 5.0

_log = structlog.get_logger(__name__)


class NoMarket(Unavailable):
    """No market is open."""

    code = "markets.none_open"
    message = "The shop is not open yet."


class MarketDirectory:
    """All markets, at most a few seconds old; if the database is away, as they were."""

    def __init__(self, context: "Context") -> None:
        self._database = context.database
        self._markets: dict[str, Market] = {}
        self._fresh = KeptFresh(self.refresh, name="markets", seconds=REFRESH_SECONDS)

    async def start(self) -> None:
        """Read the markets and keep on reading them."""
        await self._fresh.start()

    async def close(self) -> None:
        """Stop reading."""
        await self._fresh.close()

    async def refresh(self) -> None:
        """Read the markets now."""
        async with self._database.snapshot(single=True) as snap:
            self._markets = {market.code: market for market in await list_markets(snap)}

    def get(self, code: str) -> Market:
        """Give the market of this code, open or not.

        Raises:
            MarketNotFound: there is none.
        """
        market = self._markets.get(code)
        if market is None:
            raise MarketNotFound(code)
        return market

    def all(self) -> tuple[Market, ...]:
        """Give every market in order."""
        return tuple(self._markets.values())

    def open(self) -> tuple[Market, ...]:
        """Give the markets that are open, in order."""
        return tuple(market for market in self._markets.values() if market.is_open)

    def default(self) -> Market:
        """Give the first open market.

        Raises:
            NoMarket: none is open.
        """
        for market in self._markets.values():
            if market.is_open:
                return market
        raise NoMarket
