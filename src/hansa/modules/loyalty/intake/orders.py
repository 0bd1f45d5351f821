"""Orders of partners: kept, scheduled, brought through the door step by step.

A step is written down before it is sent, so a crash in between sends the very same again. Locks:
loyalty_feed_order rows in the order of their receipts, never over a call to the door.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import msgspec

from hansa.kernel.errors import HansaError, Unavailable
from hansa.modules.loyalty.intake import ordering
from hansa.modules.loyalty.intake.door import Door
from hansa.modules.loyalty.intake.facts import facts_of
from hansa.modules.loyalty.intake.mapping import OrderReturn, OrderState
from hansa.modules.loyalty.intake.ordering import Order
from hansa.modules.loyalty.intake.sealing import Sealer
from hansa.modules.loyalty.intake.store import orders as sql
from hansa.modules.loyalty.points.commands import Purchase, Receipt, Return
from hansa.runtime.database import Database, Row, Transaction

ROUNDS_MAX = 12

Told = OrderState | OrderReturn
Step = Purchase | Return


@dataclass(slots=True)
class Settled:
    """What became of what was told of an order."""

    refusal: HansaError | None = None
    receipts: list[Receipt] = field(default_factory=list)
    due_at: datetime | None = None
    is_news: bool = True


@dataclass(slots=True)
class _Held:
    """An order's row while it is worked on."""

    order: Order | None
    intent: Step | None
    refusal: HansaError | None = None
    is_changed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderBook:
    """Orders of one partner in one programme."""

    database: Database
    door: Door
    sealer: Sealer
    feed_id: UUID
    partner_id: UUID
    programme_id: UUID

    async def tell(self, told: Sequence[Told], *, now: datetime) -> list[Settled]:
        """Take over what was told, in its order, and do what follows from it now.

        Raises:
            Unavailable: points are away; what is to be done is written down.
        """
        answers = [Settled() for _ in told]
        async with self.database.transaction() as tx:
            held = await self._lock(tx, {one.receipt for one in told}, now=now)
            for one, answer in zip(told, answers, strict=True):
                self._take_over(held[one.receipt], one, answer)
            for place in held.values():
                self._plan(place, now)
            await self._save(tx, held, now=now)
        done = await self._go_on(held, now=now)
        for one, answer in zip(told, answers, strict=True):
            place = held[one.receipt]
            answer.receipts += done.get(one.receipt, [])
            answer.refusal = answer.refusal or place.refusal
            answer.due_at = self._due(place, now)
        return answers

    async def look(self, receipts: Sequence[str], *, now: datetime) -> Mapping[str, HansaError]:
        """Do what is due of orders; give those the door refused.

        Raises:
            Unavailable: points are away.
        """
        async with self.database.transaction() as tx:
            held = await self._lock(tx, set(receipts), now=now)
            for place in held.values():
                self._plan(place, now)
            await self._save(tx, held, now=now)
        await self._go_on(held, now=now)
        return {
            receipt: place.refusal for receipt, place in held.items() if place.refusal is not None
        }

    def _take_over(self, place: _Held, told: Told, answer: Settled) -> None:
        try:
            if isinstance(told, OrderState):
                changed = ordering.told_state(place.order, told)
            else:
                changed = ordering.told_return(place.order, told)
        except HansaError as refusal:
            answer.refusal = refusal
            return
        answer.is_news = changed is not None
        if changed is not None:
            place.order, place.is_changed = changed, True

    def _plan(self, place: _Held, now: datetime) -> None:
        if place.order is not None and place.intent is None:
            place.intent = ordering.next_step(
                place.order, partner_id=self.partner_id, programme_id=self.programme_id, now=now
            )

    async def _go_on(self, held: Mapping[str, _Held], *, now: datetime) -> dict[str, list[Receipt]]:
        """Send steps until there are none; each round is one transaction for all orders."""
        done: dict[str, list[Receipt]] = {}
        for _ in range(ROUNDS_MAX):
            under_way = {
                receipt: place.intent
                for receipt, place in held.items()
                if place.intent is not None and place.refusal is None
            }
            if not under_way:
                return done
            answers = await asyncio.gather(
                *(self.door.submit(step) for step in under_way.values()), return_exceptions=True
            )
            async with self.database.transaction() as tx:
                fresh = await self._lock(tx, set(under_way), now=now)
                for receipt, answer in zip(under_way, answers, strict=True):
                    place = fresh[receipt]
                    self._note(place, under_way[receipt], answer)
                    held[receipt].order = place.order
                    held[receipt].intent = place.intent
                    held[receipt].refusal = place.refusal
                    if isinstance(answer, Receipt):
                        done.setdefault(receipt, []).append(answer)
                    if place.refusal is None:
                        self._plan(place, now)
                        held[receipt].intent = place.intent
                await self._save(tx, fresh, now=now)
            for answer in answers:
                if isinstance(answer, BaseException) and not _is_refusal(answer):
                    raise answer
        return done

    @staticmethod
    def _note(place: _Held, step: Step, answer: Receipt | BaseException) -> None:
        """Note an answer, unless somebody else has noted it meanwhile."""
        is_ours = place.intent is not None and place.intent.key == step.key
        if not is_ours or place.order is None:
            return
        if isinstance(answer, Receipt):
            place.order, place.intent = ordering.done(place.order, step), None
        elif _is_refusal(answer):
            assert isinstance(answer, HansaError)
            place.refusal, place.intent = answer, None
            # The door keeps what it answered to a key: the next attempt is a new one.
            place.order = msgspec.structs.replace(place.order, steps=place.order.steps + 1)

    # -- rows --------------------------------------------------------------------------------------

    async def _lock(
        self, tx: Transaction, receipts: set[str], *, now: datetime
    ) -> dict[str, _Held]:
        asked = {
            "partner_id": self.partner_id,
            "feed_id": self.feed_id,
            "receipts": sorted(receipts),
            "now": now,
        }
        await tx.execute(sql.ENSURE, asked)
        return {row.receipt: self._read(row) for row in await tx.all(sql.LOCK, asked)}

    def _read(self, row: Row) -> _Held:
        state = self.sealer.unseal(bytes(row.state))
        intent = None if row.intent is None else self.sealer.unseal(bytes(row.intent))
        return _Held(
            order=msgspec.json.decode(state, type=Order) if state else None,
            intent=ordering.read_step(intent) if intent else None,
        )

    def _due(self, place: _Held, now: datetime) -> datetime | None:
        """Give the instant at which something is to be done, if anything is."""
        if place.refusal is not None or place.order is None:
            return None
        if place.intent is not None:
            return now
        return None if ordering.is_settled(place.order) else place.order.due_at

    async def _save(self, tx: Transaction, held: Mapping[str, _Held], *, now: datetime) -> None:
        places = {receipt: one for receipt, one in held.items() if one.order is not None}
        orders = [one.order for one in places.values() if one.order is not None]
        refusals = [one.refusal for one in places.values()]
        await tx.execute(
            sql.SAVE,
            {
                "partner_id": self.partner_id,
                "receipts": list(places),
                "states": [self.sealer.seal(msgspec.json.encode(one)) for one in orders],
                "intents": [
                    None
                    if one.intent is None
                    else self.sealer.seal(ordering.write_step(one.intent))
                    for one in places.values()
                ],
                "versions": [one.version for one in orders],
                "dues": [self._due(one, now) for one in places.values()],
                "failures": ["" if one is None else one.message for one in refusals],
                "facts": ["{}" if one is None else facts_of(one) for one in refusals],
                "now": now,
            },
        )


def _is_refusal(answer: BaseException) -> bool:
    return isinstance(answer, HansaError) and not isinstance(answer, Unavailable)
