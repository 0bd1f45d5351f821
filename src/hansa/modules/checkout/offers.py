"""What each market offers at checkout, kept in memory: at most a few seconds old."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from hansa.modules import payments, promotions
from hansa.modules.checkout import store
from hansa.modules.checkout.form import DeliveryMethod
from hansa.runtime.context import Context

FRESH_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What can be chosen at checkout in a market: what is active and connected, in order."""

    delivery: tuple[DeliveryMethod, ...]
    payment: tuple[payments.PaymentMethod, ...]
    gifts: tuple[promotions.GiftSet, ...] = ()

    def gifts_at(self, now: datetime) -> tuple[promotions.GiftSet, ...]:
        """Give the gift sets that are offered at an instant."""
        return tuple(gift for gift in self.gifts if gift.valid.contains(now))

    def delivery_method(self, code: str) -> DeliveryMethod | None:
        """Give the way of delivery of a code."""
        return next((method for method in self.delivery if method.code == code), None)

    def payment_method(self, code: str) -> payments.PaymentMethod | None:
        """Give the way to pay of a code."""
        return next((method for method in self.payment if method.code == code), None)


class Offers:
    """The offer of each market, read when it is asked for and older than a few seconds."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._known: dict[str, tuple[float, Offer]] = {}
        self._reading = asyncio.Lock()

    async def start(self) -> None:
        """Nothing to prepare."""

    async def close(self) -> None:
        """Nothing to finish."""

    async def of(self, market: str) -> Offer:
        """Give what can be chosen in a market."""
        known = self._known.get(market)
        if known is not None and monotonic() - known[0] < FRESH_SECONDS:
            return known[1]
        async with self._reading:
            known = self._known.get(market)
            if known is None or monotonic() - known[0] >= FRESH_SECONDS:
                known = self._known[market] = (monotonic(), await self._read(market))
        return known[1]

    async def _read(self, market: str) -> Offer:
        providers = self._context.service(payments.Providers)
        async with self._context.database.snapshot() as snap:
            delivery = await store.list_delivery_methods(snap, market=market)
            payment = await payments.list_methods(snap, market=market)
            gifts = await promotions.list_active_gift_sets(
                snap, market=market, now=self._context.clock.now()
            )
        return Offer(
            delivery=tuple(method for method in delivery if method.is_active),
            payment=tuple(
                method
                for method in payment
                if method.is_active and providers.offers(method.provider)
            ),
            gifts=gifts,
        )
