"""Reads of markets."""

from dataclasses import dataclass
from typing import ClassVar

from hansa.kernel.errors import NotFound
from hansa.modules.markets import store
from hansa.modules.markets.model import Market
from hansa.runtime.database import Row, Snapshot


@dataclass(eq=False)
class MarketNotFound(NotFound):
    """There is no market of this code."""

    code: ClassVar[str] = "markets.market_not_found"
    message: ClassVar[str] = "There is no market “{market}”."

    market: str


async def list_markets(snap: Snapshot) -> tuple[Market, ...]:
    """Give all markets in their order, closed ones too."""
    return tuple(_market(row) for row in await snap.all(store.LIST_MARKETS))


async def find_market(snap: Snapshot, *, code: str) -> Market | None:
    """Give the market of this code, if there is one."""
    row = await snap.maybe(store.GET_MARKET, {"code": code})
    return None if row is None else _market(row)


async def get_market(snap: Snapshot, *, code: str) -> Market:
    """Give the market of this code.

    Raises:
        MarketNotFound: there is none.
    """
    market = await find_market(snap, code=code)
    if market is None:
        raise MarketNotFound(code)
    return market


def _market(row: Row) -> Market:
    return Market(**{**row._asdict(), "languages": tuple(row.languages)})
