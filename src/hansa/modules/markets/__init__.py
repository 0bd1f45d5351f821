"""Markets: countries sold to, each with its currency, tax, languages, formats and seller.

Owns `markets_market`. Promises: a market's currency never changes. Prices, warehouses, payment and
delivery hang on a market's code, which is also the code of its stock channel.
Publishes: `contracts.markets.MarketChanged`.
"""

from hansa.modules.markets.directory import MarketDirectory, NoMarket
from hansa.modules.markets.model import Market
from hansa.modules.markets.operations import CurrencyFixed, MarketInvalid, save_market
from hansa.modules.markets.queries import MarketNotFound, find_market, get_market, list_markets

__all__ = [
    "CurrencyFixed",
    "Market",
    "MarketDirectory",
    "MarketInvalid",
    "MarketNotFound",
    "NoMarket",
    "find_market",
    "get_market",
    "list_markets",
    "save_market",
]
