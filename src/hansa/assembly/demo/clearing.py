"""Money between the demo's partners: blocks bought before, months closed, statements paid."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal

from hansa.modules import ledger
from hansa.modules.loyalty import programmes, settlement
from hansa.modules.loyalty.programmes import Billing, Programme
from hansa.modules.loyalty.settlement import Statement
from hansa.runtime.context import Context

_BLOCKS = {
    "kino": ((1, 5_000), (75, 4_000), (150, 2_200)),
    "salon": ((1, 6_000), (60, 6_000), (150, 6_000)),
}
"""What prepaid partners bought: on which day of the story, how many points."""
_CLOSED_AFTER = timedelta(days=2)
_PAID_AFTER = timedelta(days=9)
_DUE_DAYS = 45
_PAID_LAST = 6
"""So many partners have paid the latest statement, the next one a part of it."""


class Clearing:
    """What the programme's bookkeeper does as days of the story pass until an instant."""

    def __init__(self, context: Context, programme: Programme, *, until: datetime) -> None:
        self._context = context
        self._programme = programme
        self._began_at = context.clock.now()
        self._until = until
        self._first = settlement.month_of(self._began_at, programme.time_zone)
        self._unpaid: Sequence[Statement] = ()

    async def begin(self) -> None:
        """Say how the programme settles."""
        rule = settlement.SettlementRule(
            programme_id=self._programme.id, due_days=_DUE_DAYS, vat_percent=Decimal(22)
        )
        async with self._context.database.transaction() as tx:
            await settlement.save_rule(tx, rule=rule, by=None, now=self._began_at)

    async def tend(self) -> None:
        """Do what falls on the day it is."""
        now = self._context.clock.now()
        await self._buy_blocks((now - self._began_at).days, now)
        ended_at = self._end_of_month()
        if now >= ended_at + _CLOSED_AFTER:
            closed = await self._closing(ended_at) or await self._close(now)
            async with self._context.database.snapshot() as snap:
                found = await settlement.statements_of_closing(snap, closed=closed)
            self._unpaid = [one for one in found if one.due_minor]
            self._first = settlement.next_month(self._first)
        if self._unpaid and now >= self._unpaid[0].ends_at + _PAID_AFTER:
            is_latest = self._end_of_month() + _CLOSED_AFTER > self._until
            await self._pay(is_latest=is_latest, now=now)

    async def _closing(self, ended_at: datetime) -> settlement.Closing | None:
        """Give how an earlier load has closed the month."""
        async with self._context.database.snapshot() as snap:
            closings = await settlement.list_closings(
                snap, programme_id=self._programme.id, before=ended_at, limit=1
            )
        return next((one for one in closings if one.ends_at == ended_at), None)

    async def _close(self, now: datetime) -> settlement.Closing:
        await roll(self._context)
        return await settlement.close_month(
            self._context.database,
            coalition=self._coalition(),
            programme=self._programme,
            first=self._first,
            by=None,
            now=now,
        )

    def _end_of_month(self) -> datetime:
        return settlement.bounds_of(self._first, self._programme.time_zone)[1]

    def _coalition(self) -> programmes.Coalition:
        return self._context.service(programmes.Directory).coalition

    async def _buy_blocks(self, day: int, now: datetime) -> None:
        for terms in self._coalition().terms.values():
            agreed = terms.participation
            if agreed.billing is not Billing.PREPAID:
                continue
            for number, (bought_on, quantity) in enumerate(_BLOCKS[terms.partner.code], start=1):
                if bought_on != day:
                    continue
                await roll(self._context)
                invoice = f"{terms.partner.number:02}-{number:03}"
                with suppress(settlement.InvoiceTaken):  # an earlier load has bought it
                    await self._buy_block(terms, quantity, invoice, now)

    async def _buy_block(
        self, terms: programmes.Terms, quantity: int, invoice: str, now: datetime
    ) -> None:
        async with self._context.database.transaction() as tx:
            block = await settlement.order_block(
                tx,
                terms=terms,
                quantity=quantity,
                amount_minor=int(quantity * terms.participation.issue_price),
                invoice=invoice,
                by=None,
                now=now,
            )
            await settlement.pay_block(tx, terms=terms, block_id=block.id, by=None, now=now)

    async def _pay(self, *, is_latest: bool, now: datetime) -> None:
        """Pay what was closed; of the latest month some partners have paid and one a part."""
        for place, statement in enumerate(self._unpaid):
            if is_latest and place > _PAID_LAST:
                break
            terms = self._coalition().terms[statement.programme_id, statement.partner_id]
            zone = terms.programme.time_zone
            whole = statement.due_minor
            async with self._context.database.transaction() as tx:
                await settlement.record_payment(
                    tx,
                    statement=statement,
                    terms=terms,
                    amount_minor=whole // 2 if is_latest and place == _PAID_LAST else whole,
                    paid_on=settlement.day_of(now, zone),
                    reference=f"{settlement.month_of(statement.begins_at, zone):%m%y}"
                    f"-{terms.partner.number:02}",
                    by=None,
                    now=now,
                )
        self._unpaid = ()


async def roll(context: Context) -> None:
    """Number what was posted, and add partners' accounts up."""
    async with context.database.transaction() as tx:
        while await ledger.roll(tx):
            pass
