"""What an exchange works with: the connection, its account, and how its markets write things."""

from dataclasses import dataclass
from datetime import datetime

from hansa.modules import markets
from hansa.modules.retailcrm.client import Crm
from hansa.modules.retailcrm.model import Connection
from hansa.runtime.context import Context


@dataclass(frozen=True, slots=True)
class Side:
    """One connection at work; calls go through `crm`, outside of transactions."""

    context: Context
    connection: Connection
    crm: Crm

    @property
    def now(self) -> datetime:
        """The present instant."""
        return self.context.clock.now()

    @property
    def secret(self) -> bytes:
        """What fingerprints are made with."""
        return self.context.settings.secret_key.reveal().encode()

    def market(self, code: str) -> markets.Market:
        """Give a market."""
        return self.context.service(markets.MarketDirectory).get(code)

    @property
    def region(self) -> str:
        """Where telephones without a country code are from."""
        return next((self.market(code).phone_region for code in self.connection.sites), "RU")

    @property
    def site(self) -> str:
        """The site customers are made under."""
        return next(iter(self.connection.sites.values()), "")

    def site_of(self, market: str) -> str:
        """Give the site of a market."""
        return self.connection.sites.get(market, self.site)
