"""The port to those who move money, and the process's set of providers."""

from typing import Protocol

from hansa.modules.payments import model
from hansa.modules.payments.model import Payment, Report
from hansa.modules.payments.simulated import SimulatedAcquirer
from hansa.runtime.context import Context


class PaymentProvider(Protocol):
    """Someone outside who moves money for us.

    Every call answers the whole picture of the payment. A call under a key that was used before
    does nothing new. `Unavailable` of the outbound client means that the outcome is not known.

    Raises:
        ProviderRefused: the provider will never do this.
    """

    async def start(self, payment: Payment, *, key: str) -> Report:
        """Make the payment known there; the report holds the address to pay at."""

    async def read(self, payment: Payment) -> Report:
        """Read the payment there."""

    async def capture(self, payment: Payment, *, key: str, amount_minor: int) -> Report:
        """Take held money."""

    async def refund(self, payment: Payment, *, key: str, amount_minor: int) -> Report:
        """Give money back."""

    async def void(self, payment: Payment, *, key: str) -> Report:
        """Call a payment off before money moved."""


class Providers:
    """The providers this installation is connected to, by name."""

    def __init__(self, context: Context) -> None:
        self._known: dict[str, PaymentProvider] = {}
        if context.settings.acquirer_url is not None:
            self.simulated: SimulatedAcquirer | None = SimulatedAcquirer(
                context.outbound,
                base_url=context.settings.acquirer_url,
                shop=context.settings.acquirer_shop,
                secret=context.settings.acquirer_secret.reveal(),
                public_url=context.settings.public_url,
            )
            self._known[model.SIMULATED] = self.simulated
        else:
            self.simulated = None

    async def start(self) -> None:
        """Nothing to begin: connections are made when they are needed."""

    async def close(self) -> None:
        """Nothing to end: the outbound client closes its connections itself."""

    def get(self, name: str) -> PaymentProvider | None:
        """Give a provider, or None if this installation has no connection to it."""
        return self._known.get(name)

    def offers(self, name: str) -> bool:
        """Say whether payments of a provider can be made here."""
        return name == model.ON_RECEIPT or name in self._known
