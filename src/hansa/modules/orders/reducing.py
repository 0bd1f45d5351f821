"""Giving up parts of an order that no shop can deliver: goods, totals and money together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from hansa.contracts.orders import OrderReduced
from hansa.kernel.money import Money, allocate
from hansa.modules import payments, stock
from hansa.modules.orders import model, operations, store
from hansa.modules.orders.model import (
    NOTHING,
    By,
    Order,
    OrderId,
    OrderLine,
    OrderState,
)
from hansa.modules.orders.refusals import GivenUpInvalid, LineNotFound, NotReducible
from hansa.runtime.database import Transaction

_REDUCIBLE = model.OPEN | {OrderState.SHIPPED}


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """What an order was reduced by; `money` is given back or no longer taken.

    `lines` are (variant, pieces), without what had been given up before.
    """

    order_id: OrderId
    lines: tuple[tuple[UUID, Decimal], ...]
    is_cancelled: bool
    money: Money


async def give_up(
    tx: Transaction,
    *,
    order_id: UUID,
    lines: Sequence[tuple[UUID, Decimal]],
    reason: str,
    by: By,
    by_id: UUID | None = None,
    now: datetime,
) -> GivenUp:
    """Give up pieces of an order that will not be delivered; `lines` are (variant, pieces).

    Their goods are released, the totals fall, and what is to be paid falls with them: less is
    captured, or the difference is given back. At most what is left (and has not left the house) is
    given up, so more than that gives up the rest. The delivery's price stays. When nothing that
    costs anything would be left the order is cancelled instead, with all of its money.

    Raises:
        OrderNotFound: there is none.
        LineNotFound: it has no such item.
        GivenUpInvalid: not a whole number of pieces from one to what was sold.
        NotReducible: it has arrived or is complete, or `by` may not cancel it and nothing is left.
    """
    order = await store.lock_order(tx, order_id)
    wanted = check_wanted(order.lines, lines)
    if order.state is OrderState.CANCELLED:
        return _nothing(order, is_cancelled=True)
    if order.state not in _REDUCIBLE:
        raise NotReducible(order.state)
    left_house = await _left_house(tx, order)
    reduced = reduce_lines(order.lines, wanted, left_house)
    taken = _difference(order.lines, reduced)
    if not taken:
        return _nothing(order, is_cancelled=False)
    if not any(line.left > 0 and not line.is_gift for line in reduced):
        return await _cancel(tx, order, taken, reason=reason, by=by, by_id=by_id, now=now)
    after = with_lines(order, reduced)
    await _keep(tx, order, after, reason=reason, by=by, by_id=by_id, now=now)
    await payments.lower_payment(
        tx,
        subject_kind=model.SUBJECT,
        subject_id=order.id,
        amount=after.total,
        now=now,
    )
    # Last: it locks rows that others wait for.
    await stock.release(
        tx, order_id=order.id, lines=taken, reason=stock.ReleaseReason.CANCELLED, now=now, by=by_id
    )
    return GivenUp(
        order_id=order.id, lines=taken, is_cancelled=False, money=order.total - after.total
    )


async def touch(tx: Transaction, *, order_id: UUID, now: datetime) -> None:
    """Note that something the ERP must hear changed beside the order itself.

    Raises:
        OrderNotFound: there is none.
    """
    order = await store.lock_order(tx, order_id)
    await store.touch_order(tx, order_id=order.id, now=now)
    await tx.publish(operations.changed(order, state=order.state, now=now))


def check_wanted(
    sold: Sequence[OrderLine], lines: Sequence[tuple[UUID, Decimal]]
) -> dict[UUID, Decimal]:
    """Prove that what is to be given up was sold, in whole pieces; the same variant is summed."""
    most: dict[UUID, Decimal] = {}
    for line in sold:
        most[line.variant_id] = most.get(line.variant_id, NOTHING) + line.quantity
    wanted: dict[UUID, Decimal] = {}
    for variant_id, quantity in lines:
        if variant_id not in most:
            raise LineNotFound(variant_id)
        is_whole = quantity.is_finite() and quantity == quantity.to_integral_value()
        if not is_whole or not 0 < quantity <= most[variant_id]:
            raise GivenUpInvalid(variant_id, _written(most[variant_id]))
        wanted[variant_id] = wanted.get(variant_id, NOTHING) + quantity
        if wanted[variant_id] > most[variant_id]:
            raise GivenUpInvalid(variant_id, _written(most[variant_id]))
    return wanted


def _written(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}"


def reduce_lines(
    lines: Sequence[OrderLine],
    wanted: Mapping[UUID, Decimal],
    kept: Mapping[UUID, Decimal] | None = None,
) -> tuple[OrderLine, ...]:
    """Take pieces off lines, gifts first; `kept` pieces of a variant have left and stay sold."""
    still = dict(wanted)
    stays = dict(kept or {})
    reduced = list(lines)
    # What was paid for has left before what was given.
    for index in sorted(range(len(lines)), key=lambda i: (lines[i].is_gift, i)):
        line = lines[index]
        gone = min(line.left, stays.get(line.variant_id, NOTHING))
        stays[line.variant_id] = stays.get(line.variant_id, NOTHING) - gone
        reduced[index] = replace(line, quantity=line.quantity - gone)
    for index in sorted(range(len(lines)), key=lambda i: (not lines[i].is_gift, i)):
        line, free = lines[index], reduced[index].left
        pieces = min(still.get(line.variant_id, NOTHING), free)
        if pieces > 0:
            still[line.variant_id] -= pieces
        reduced[index] = without(line, line.given_up + pieces)
    return tuple(reduced)


def without(line: OrderLine, given_up: Decimal) -> OrderLine:
    """Give a line of which so many pieces in all are given up.

    Its money is that of what was sold, split by pieces: the parts sum to it exactly, and however
    many steps led here the outcome is the same.
    """
    weights = (line.quantity - given_up, given_up)
    sold = line.amount + line.amount_given_up
    sold_tax = line.tax + Money(line.given_up_tax_minor, line.tax.currency)
    amount, amount_off = allocate(sold, weights)
    tax, tax_off = allocate(sold_tax, weights)
    return replace(
        line,
        given_up=given_up,
        amount=amount,
        given_up_minor=amount_off.minor,
        tax=tax,
        given_up_tax_minor=tax_off.minor,
    )


def with_lines(order: Order, lines: tuple[OrderLine, ...]) -> Order:
    """Give an order with other money in its lines; its delivery and the tax on that stay."""
    goods = order.goods.minor + sum(line.amount.minor for line in lines)
    goods -= sum(line.amount.minor for line in order.lines)
    tax = order.tax.minor + sum(line.tax.minor for line in lines)
    tax -= sum(line.tax.minor for line in order.lines)
    total = goods + order.delivery.price.minor + (0 if order.tax_included else tax)
    currency = order.total.currency
    return replace(
        order,
        lines=lines,
        goods=Money(goods, currency),
        tax=Money(tax, currency),
        total=Money(total, currency),
    )


async def _left_house(tx: Transaction, order: Order) -> dict[UUID, Decimal]:
    """Say how many of each variant have left; a shipment without lines took everything."""
    gone: dict[UUID, Decimal] = {}
    for shipment in await store.list_shipments(tx, order_id=order.id):
        if not shipment.lines:
            everything: dict[UUID, Decimal] = {}
            for line in order.lines:
                everything[line.variant_id] = (
                    everything.get(line.variant_id, NOTHING) + line.quantity
                )
            return everything
        for variant_id, quantity in shipment.lines:
            gone[variant_id] = gone.get(variant_id, NOTHING) + quantity
    return gone


def _difference(
    before: Sequence[OrderLine], after: Sequence[OrderLine]
) -> tuple[tuple[UUID, Decimal], ...]:
    taken: dict[UUID, Decimal] = {}
    for old, new in zip(before, after, strict=True):
        if new.given_up > old.given_up:
            pieces = new.given_up - old.given_up
            taken[old.variant_id] = taken.get(old.variant_id, NOTHING) + pieces
    return tuple(taken.items())


async def _keep(
    tx: Transaction,
    order: Order,
    after: Order,
    *,
    reason: str,
    by: By,
    by_id: UUID | None,
    now: datetime,
) -> None:
    await store.save_reduction(tx, order=after, is_news_for_erp=by is not By.ERP, now=now)
    taken = _difference(order.lines, after.lines)
    skus = {line.variant_id: line.sku for line in order.lines}
    await store.insert_history(
        tx,
        order_id=order.id,
        kind="given_up",
        by=by,
        by_id=by_id,
        to_state=", ".join(
            f"{skus[variant]} × {pieces.normalize():f}" for variant, pieces in taken
        ),
        comment=reason,
        now=now,
    )
    await tx.publish(
        OrderReduced(
            order_id=order.id,
            number=order.number,
            market=order.market,
            variant_ids=tuple(variant_id for variant_id, _ in taken),
            quantities=tuple(pieces for _, pieces in taken),
            currency=order.total.currency,
            reduced_minor=order.total.minor - after.total.minor,
            total_minor=after.total.minor,
            reason=reason,
            reduced_at=now,
        ),
        operations.changed(order, state=order.state, now=now),
    )


async def _cancel(
    tx: Transaction,
    order: Order,
    taken: tuple[tuple[UUID, Decimal], ...],
    *,
    reason: str,
    by: By,
    by_id: UUID | None,
    now: datetime,
) -> GivenUp:
    if model.find_transition(order.state, OrderState.CANCELLED, by) is None:
        raise NotReducible(order.state)
    await operations.cancel_order(tx, order_id=order.id, reason=reason, by=by, by_id=by_id, now=now)
    return GivenUp(order_id=order.id, lines=taken, is_cancelled=True, money=order.total)


def _nothing(order: Order, *, is_cancelled: bool) -> GivenUp:
    return GivenUp(
        order_id=order.id,
        lines=(),
        is_cancelled=is_cancelled,
        money=Money(0, order.total.currency),
    )
