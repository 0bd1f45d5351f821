"""Orders made in the CRM (by telephone, in a messenger): held, placed and linked like any other."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from hansa.kernel.identifiers import new_id
from hansa.kernel.money import Money, zero
from hansa.modules import checkout, orders, parties, payments, stock
from hansa.modules.orders import OrderId
from hansa.modules.retailcrm import customer_sync, model, wording
from hansa.modules.retailcrm.client import CrmRefused
from hansa.modules.retailcrm.model import PHONES, Arrival, Kind, Link
from hansa.modules.retailcrm.side import Side
from hansa.modules.retailcrm.store import links, queues
from hansa.modules.retailcrm.understanding import CannotTake, Wanted, named, understand
from hansa.runtime.database import Transaction

OUT_OF_STOCK = "out_of_stock"
_HOLD = timedelta(minutes=30)


class _Known(Exception):
    """The order was placed before: rolls back what was begun for a second one."""

    def __init__(self, order_id: UUID) -> None:
        self.order_id = order_id


async def take_order(side: Side, arrival: Arrival, told: Mapping[str, Any] | None) -> None:
    """Make an order of ours of one of the CRM; what cannot be is told to a person."""
    if told is None or not await _concerns_us(side, arrival, told):
        await _done(side, arrival)
        return
    market = side.connection.market_of(str(told.get("site") or "")) or ""
    offer = await side.context.service(checkout.Offers).of(market)
    try:
        async with side.context.database.snapshot() as snap:
            wanted = await understand(snap, side, told, offer)
            attempt = await queues.attempt_of(
                snap, side.connection.id, kind=Kind.ORDER, crm_id=arrival.crm_id, code=OUT_OF_STOCK
            )
    except CannotTake as refusal:
        await _refuse(side, arrival, refusal)
        return
    customer_id = (told.get("customer") or {}).get("id")
    customers = await side.crm.by_ids("customers", [int(customer_id)] if customer_id else [])
    customer = next(iter(customers.values()), None)
    try:
        await _place(side, wanted, customer, attempt=attempt)
    except stock.OutOfStock as short:
        await _tell_short(side, arrival, told, wanted, short)
    except stock.HoldInvalid as refusal:
        facts = {"reason": refusal.reason}
        await _refuse(side, arrival, CannotTake("hold_invalid", refusal.message, facts))


async def _concerns_us(side: Side, arrival: Arrival, told: Mapping[str, Any]) -> bool:
    """Leave out what is linked by now, of another site, too old, or called off already."""
    options = side.connection.options
    ours = wording.external_id(told.get("externalId"))
    if ours is not None:
        async with side.context.database.transaction() as tx:
            try:
                await orders.get_order(tx, order_id=ours)
            except orders.OrderNotFound:
                return False
            link = Link(kind=Kind.ORDER, internal_id=ours, crm_id=arrival.crm_id)
            await links.save_link(tx, side.connection.id, link, now=side.now)
            await queues.mark(tx, side.connection.id, Kind.ORDER, [ours], now=side.now)
        return False
    made = wording.read_moment(told.get("createdAt"), options)
    is_old = options.since is not None and made is not None and made < options.since
    state = options.statuses_in.get(str(told.get("status") or ""))
    called_off = state == orders.OrderState.CANCELLED
    market = side.connection.market_of(str(told.get("site") or ""))
    return options.takes_orders and not is_old and not called_off and market is not None


# -- placing -------------------------------------------------------------------------------------


async def _place(
    side: Side, wanted: Wanted, customer: Mapping[str, Any] | None, *, attempt: int
) -> None:
    key = f"retailcrm:{side.connection.id}:{wanted.crm_id}"
    reservation = await side.context.service(stock.Reserver).hold(
        stock.Hold(
            key=f"{key}:{attempt}",
            channel=wanted.market.code,
            lines=_merged(wanted.lines),
            expires_at=side.now + _HOLD,
            owner=key,
            warehouse_id=wanted.delivery.warehouse_id,
        )
    )
    connection_id, now = side.connection.id, side.now
    try:
        async with side.context.database.transaction() as tx:
            await _write(tx, side, wanted, customer, reservation_id=reservation.id, key=key)
            await queues.remove_arrival(tx, connection_id, Kind.ORDER, wanted.crm_id)
            await queues.close_refusals(
                tx, connection_id, kind=Kind.ORDER, crm_id=wanted.crm_id, now=now
            )
    except _Known as known:
        async with side.context.database.transaction() as tx:
            link = Link(kind=Kind.ORDER, internal_id=known.order_id, crm_id=wanted.crm_id)
            await links.save_link(tx, connection_id, link, now=now)
            await queues.mark(tx, connection_id, Kind.ORDER, [known.order_id], now=now)
            await queues.remove_arrival(tx, connection_id, Kind.ORDER, wanted.crm_id)


def _merged(lines: Sequence[orders.OrderLine]) -> tuple[stock.Line, ...]:
    sums: dict[UUID, Decimal] = {}
    for line in lines:
        sums[line.variant_id] = sums.get(line.variant_id, Decimal(0)) + line.quantity
    return tuple(stock.Line(variant_id, quantity) for variant_id, quantity in sums.items())


async def _write(
    tx: Transaction,
    side: Side,
    wanted: Wanted,
    customer: Mapping[str, Any] | None,
    *,
    reservation_id: UUID,
    key: str,
) -> None:
    """Do everything that makes an order in one transaction, its link with the CRM included."""
    now, market = side.now, wanted.market
    earlier = await orders.find_by_placing_key(tx, placing_key=key)
    if earlier is not None:
        raise _Known(earlier[0])
    order_id = OrderId(new_id(now))
    await stock.confirm(tx, reservation_id=reservation_id, order_id=order_id, now=now)
    totals = _sum_up(wanted)
    payment = await payments.open_payment(
        tx,
        subject_kind=orders.SUBJECT,
        subject_id=order_id,
        amount=totals[2],
        method=wanted.method,
        description=f"Hansa {market.code.upper()}",
        language=market.default_language,
        now=now,
    )
    party_id = await _party(tx, side, wanted, customer)
    new = _new_order(wanted, payment, totals, key=key, party_id=party_id, hold=reservation_id)
    placed = await orders.place_order(tx, new=new, now=now)
    if placed.is_repeat:
        raise _Known(placed.order_id)
    await orders.add_note(
        tx, order_id=order_id, text=f"RetailCRM {wanted.number}", by_id=None, now=now
    )
    # Its state begins with the first one, whatever the manager set: that follows by comparing.
    agreed = model.fingerprints(wanted.fields, secret=side.secret)
    agreed["status"] = str(orders.OrderState.PLACED)
    link = Link(kind=Kind.ORDER, internal_id=order_id, crm_id=wanted.crm_id, agreed=agreed)
    await links.save_link(tx, side.connection.id, link, now=now)
    await queues.mark(tx, side.connection.id, Kind.ORDER, [order_id], now=now)


def _sum_up(wanted: Wanted) -> tuple[Money, Money, Money]:
    """Give the goods, the tax and the total."""
    market, delivery = wanted.market, wanted.delivery.price
    goods = sum((line.amount for line in wanted.lines), zero(market.currency))
    tax = sum((line.tax for line in wanted.lines), zero(market.currency))
    tax += checkout.tax_of(delivery, market.tax_rate, included=market.prices_include_tax)
    total = goods + delivery
    return goods, tax, total if market.prices_include_tax else total + tax


def _new_order(
    wanted: Wanted,
    payment: payments.Payment,
    totals: tuple[Money, Money, Money],
    *,
    key: str,
    party_id: UUID | None,
    hold: UUID,
) -> orders.NewOrder:
    market = wanted.market
    goods, tax, total = totals
    return orders.NewOrder(
        id=OrderId(payment.subject_id),
        placing_key=key,
        market=market.code,
        channel=market.code,
        party_id=party_id,
        user_id=None,
        lines=wanted.lines,
        goods=goods,
        tax=tax,
        tax_included=market.prices_include_tax,
        total=total,
        delivery=wanted.delivery,
        recipient=wanted.recipient,
        comment=wanted.comment,
        language=market.default_language,
        payment_method=wanted.method.code,
        payment_id=payment.id,
        payment_standing=orders.PaymentStanding.DUE,
        pay_until=None,
        reservation_id=hold,
    )


async def _party(
    tx: Transaction, side: Side, wanted: Wanted, customer: Mapping[str, Any] | None
) -> UUID | None:
    if customer is not None:
        return await customer_sync.meet(tx, side, customer, now=side.now)
    told = {PHONES: wanted.recipient.phone, "email": wanted.recipient.email}
    identifiers = customer_sync.identifiers_of(told, side.region)
    if not identifiers:
        return None
    return await parties.match_or_create(
        tx,
        party=parties.NewParty(display_name=wanted.recipient.name),
        identifiers=identifiers,
        now=side.now,
        region=side.region,
    )


# -- what cannot be ------------------------------------------------------------------------------


async def _tell_short(
    side: Side, arrival: Arrival, told: Mapping[str, Any], wanted: Wanted, short: stock.OutOfStock
) -> None:
    """Tell the manager in the CRM and the staff here what lacks."""
    skus = {line.variant_id: line.sku or str(line.variant_id) for line in wanted.lines}
    lacks = ", ".join(
        f"{skus[one.variant_id]}: {one.wanted.normalize():f} / {one.available.normalize():f}"
        for one in short.short
    )
    code = side.connection.options.out_of_stock_status
    if code and told.get("status") != code:
        body = {"status": code, "statusComment": lacks[:500]}
        with suppress(CrmRefused):  # the staff here are told all the same
            await side.crm.edit("order", arrival.crm_id, side.site_of(wanted.market.code), body)
    message = "Not everything of order {number} of RetailCRM is there (wanted / left): {item}."
    refusal = CannotTake(OUT_OF_STOCK, message, {**named(told), "item": lacks})
    await _refuse(side, arrival, refusal)


async def _refuse(side: Side, arrival: Arrival, refusal: CannotTake) -> None:
    async with side.context.database.transaction() as tx:
        await queues.add_refusal(
            tx,
            side.connection.id,
            kind=Kind.ORDER,
            crm_id=arrival.crm_id,
            code=refusal.code,
            message=refusal.message,
            facts=refusal.facts,
            now=side.now,
        )
        await queues.remove_arrival(tx, side.connection.id, Kind.ORDER, arrival.crm_id)


async def _done(side: Side, arrival: Arrival) -> None:
    async with side.context.database.transaction() as tx:
        await queues.remove_arrival(tx, side.connection.id, Kind.ORDER, arrival.crm_id)
