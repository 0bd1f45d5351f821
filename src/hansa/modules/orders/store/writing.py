"""Statements that write orders."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from hansa.modules.orders.model import (
    By,
    Delivery,
    NewOrder,
    Order,
    OrderId,
    OrderState,
    PaymentStanding,
)
from hansa.runtime.database import Transaction

# One statement for order, lines and history: placing is the hot path, and a second order under the
# same key gives no row instead of an error that would spoil the transaction.
INSERT_ORDER = """
    with placed as (
        insert into orders_order
               (id, number, market, channel, party_id, user_id, state, payment_state, currency,
                goods_minor, delivery_minor, tax_minor, total_minor, tax_included, delivery,
                warehouse_id, recipient_name, recipient_phone, recipient_email, comment, language,
                payment_method, payment_id, reservation_id, placing_key, placed_at, changed_at,
                pay_until)
        values (%(id)s, upper(%(market)s) || '-' || nextval('orders_number')::text, %(market)s,
                %(channel)s, %(party_id)s, %(user_id)s, 'placed', %(payment_state)s, %(currency)s,
                %(goods_minor)s, %(delivery_minor)s, %(tax_minor)s, %(total_minor)s,
                %(tax_included)s, %(delivery)s, %(warehouse_id)s, %(recipient_name)s,
                %(recipient_phone)s, %(recipient_email)s, %(comment)s, %(language)s,
                %(payment_method)s, %(payment_id)s, %(reservation_id)s, %(placing_key)s,
                %(placed_at)s, %(placed_at)s, %(pay_until)s)
            on conflict on constraint uq_orders_order_placing_key do nothing
        returning id, number
    ), lines as (
        insert into orders_line
               (order_id, position, variant_id, product_id, sku, name, options, image, quantity,
                unit, unit_price, base_price, price_reason, amount_minor, tax_rate, tax_minor,
                is_gift)
        select placed.id, line.position, line.variant_id, line.product_id, line.sku, line.name,
               line.options, line.image, line.quantity, line.unit, line.unit_price,
               line.base_price, line.price_reason, line.amount_minor, line.tax_rate,
               line.tax_minor, line.is_gift
          from placed
         cross join unnest(
                   %(variant_ids)s::uuid[], %(product_ids)s::uuid[], %(skus)s::text[],
                   %(names)s::jsonb[], %(options)s::jsonb[], %(images)s::text[],
                   %(quantities)s::numeric[], %(units)s::text[], %(unit_prices)s::numeric[],
                   %(base_prices)s::numeric[], %(price_reasons)s::text[], %(amounts)s::bigint[],
                   %(tax_rates)s::numeric[], %(taxes)s::bigint[], %(are_gifts)s::boolean[]
               ) with ordinality as line (
                   variant_id, product_id, sku, name, options, image, quantity, unit, unit_price,
                   base_price, price_reason, amount_minor, tax_rate, tax_minor, is_gift, position)
    ), history as (
        insert into orders_history
               (order_id, happened_at, kind, to_state, by_kind, by_id)
        select id, %(placed_at)s, 'placed', 'placed', 'shopper', %(user_id)s::uuid
          from placed
    )
    select number
      from placed
"""

# The change number grows only with what the ERP must hear of, not with what it told us itself.
SAVE_STATE = """
    update orders_order
       set state = %(state)s,
           changed_at = %(now)s,
           shipped_at = coalesce(shipped_at, %(shipped_at)s),
           delivered_at = coalesce(delivered_at, %(delivered_at)s),
           cancelled_at = coalesce(cancelled_at, %(cancelled_at)s),
           cancel_reason = coalesce(cancel_reason, %(cancel_reason)s),
           change_number = change_number + %(changes)s
     where id = %(id)s
"""

# Lines are found by their place: the same item may stand in an order twice, bought and as a gift.
SAVE_REDUCTION = """
    with reduced as (
        update orders_line as line
           set given_up = given.given_up, given_up_minor = given.given_up_minor,
               given_up_tax_minor = given.given_up_tax_minor, amount_minor = given.amount_minor,
               tax_minor = given.tax_minor
          from unnest(%(given_up)s::numeric[], %(given_up_minor)s::bigint[],
                      %(given_up_tax_minor)s::bigint[], %(amounts)s::bigint[],
                      %(taxes)s::bigint[])
               with ordinality as given (given_up, given_up_minor, given_up_tax_minor,
                                         amount_minor, tax_minor, place)
          join (select position, row_number() over (order by position) as place
                  from orders_line
                 where order_id = %(id)s) as known on known.place = given.place
         where line.order_id = %(id)s
           and line.position = known.position
           and line.given_up <> given.given_up
    )
    update orders_order
       set goods_minor = %(goods_minor)s,
           tax_minor = %(tax_minor)s,
           total_minor = %(total_minor)s,
           changed_at = %(now)s,
           change_number = change_number + %(changes)s
     where id = %(id)s
"""

TOUCH_ORDER = """
    update orders_order
       set changed_at = %(now)s,
           change_number = change_number + 1
     where id = %(id)s
"""

SAVE_PAYMENT_STANDING = """
    update orders_order
       set payment_state = %(payment_state)s,
           payment_id = %(payment_id)s,
           pay_until = %(pay_until)s,
           changed_at = %(now)s,
           change_number = change_number + %(changes)s
     where id = %(id)s
"""

SET_ERP_NUMBER = """
    update orders_order
       set erp_number = %(erp_number)s
     where id = %(id)s
       and erp_number is distinct from %(erp_number)s
"""

INSERT_HISTORY = """
    insert into orders_history
           (order_id, happened_at, kind, from_state, to_state, by_kind, by_id, comment)
    values (%(order_id)s, %(happened_at)s, %(kind)s, %(from_state)s, %(to_state)s, %(by_kind)s,
            %(by_id)s, %(comment)s)
"""


async def insert_order(tx: Transaction, new: NewOrder, *, now: datetime) -> str | None:
    """Keep a new order and give its number; None if its placing key is taken."""
    number: str | None = await tx.scalar(INSERT_ORDER, _order_parameters(new, now))
    return number


def _order_parameters(new: NewOrder, now: datetime) -> dict[str, Any]:
    lines = new.lines
    return {
        "id": new.id,
        "market": new.market,
        "channel": new.channel,
        "party_id": new.party_id,
        "user_id": new.user_id,
        "payment_state": new.payment_standing,
        "currency": new.total.currency,
        "goods_minor": new.goods.minor,
        "delivery_minor": new.delivery.price.minor,
        "tax_minor": new.tax.minor,
        "total_minor": new.total.minor,
        "tax_included": new.tax_included,
        "delivery": Jsonb(_delivery_document(new.delivery)),
        "warehouse_id": new.delivery.warehouse_id,
        "recipient_name": new.recipient.name,
        "recipient_phone": new.recipient.phone,
        "recipient_email": new.recipient.email,
        "comment": new.comment,
        "language": new.language,
        "payment_method": new.payment_method,
        "payment_id": new.payment_id,
        "reservation_id": new.reservation_id,
        "placing_key": new.placing_key,
        "placed_at": now,
        "pay_until": new.pay_until,
        "variant_ids": [line.variant_id for line in lines],
        "product_ids": [line.product_id for line in lines],
        "skus": [line.sku for line in lines],
        "names": [Jsonb(dict(line.name)) for line in lines],
        "options": [Jsonb(_plain(line.options)) for line in lines],
        "images": [line.image for line in lines],
        "quantities": [line.quantity for line in lines],
        "units": [line.unit for line in lines],
        "unit_prices": [line.unit_price for line in lines],
        "base_prices": [line.base_price for line in lines],
        "price_reasons": [line.price_reason for line in lines],
        "amounts": [line.amount.minor for line in lines],
        "tax_rates": [line.tax_rate for line in lines],
        "taxes": [line.tax.minor for line in lines],
        "are_gifts": [line.is_gift for line in lines],
    }


def _plain(options: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    return {code: dict(value) for code, value in options.items()}


def _delivery_document(delivery: Delivery) -> dict[str, Any]:
    return {
        "method": delivery.method,
        "kind": delivery.kind,
        "name": dict(delivery.name),
        "address": None if delivery.address is None else asdict(delivery.address),
        "warehouse_name": (
            None if delivery.warehouse_name is None else dict(delivery.warehouse_name)
        ),
        "warehouse_address": delivery.warehouse_address,
        "days_min": delivery.days_min,
        "days_max": delivery.days_max,
    }


async def save_state(
    tx: Transaction,
    *,
    order_id: OrderId,
    state: OrderState,
    is_news_for_erp: bool,
    shipped_at: datetime | None = None,
    cancel_reason: str | None = None,
    now: datetime,
) -> None:
    """Write a new state with the instants that belong to it."""
    await tx.execute(
        SAVE_STATE,
        {
            "id": order_id,
            "state": state,
            "now": now,
            "shipped_at": shipped_at,
            "delivered_at": now if state is OrderState.DELIVERED else None,
            "cancelled_at": now if state is OrderState.CANCELLED else None,
            "cancel_reason": cancel_reason,
            "changes": int(is_news_for_erp),
        },
    )


async def save_reduction(
    tx: Transaction, *, order: Order, is_news_for_erp: bool, now: datetime
) -> None:
    """Write what is left of an order's lines and what they come to."""
    await tx.execute(
        SAVE_REDUCTION,
        {
            "id": order.id,
            "given_up": [line.given_up for line in order.lines],
            "given_up_minor": [line.given_up_minor for line in order.lines],
            "given_up_tax_minor": [line.given_up_tax_minor for line in order.lines],
            "amounts": [line.amount.minor for line in order.lines],
            "taxes": [line.tax.minor for line in order.lines],
            "goods_minor": order.goods.minor,
            "tax_minor": order.tax.minor,
            "total_minor": order.total.minor,
            "changes": int(is_news_for_erp),
            "now": now,
        },
    )


async def touch_order(tx: Transaction, *, order_id: OrderId, now: datetime) -> None:
    """Let the change number grow."""
    await tx.execute(TOUCH_ORDER, {"id": order_id, "now": now})


async def save_payment_standing(
    tx: Transaction,
    *,
    order_id: OrderId,
    standing: PaymentStanding,
    payment_id: UUID | None,
    pay_until: datetime | None,
    is_news_for_erp: bool,
    now: datetime,
) -> None:
    """Write where the payment stands."""
    await tx.execute(
        SAVE_PAYMENT_STANDING,
        {
            "id": order_id,
            "payment_state": standing,
            "payment_id": payment_id,
            "pay_until": pay_until,
            "changes": int(is_news_for_erp),
            "now": now,
        },
    )


async def set_erp_number(tx: Transaction, *, order_id: OrderId, erp_number: str) -> bool:
    """Write the ERP's own number; True if it is new."""
    return await tx.execute(SET_ERP_NUMBER, {"id": order_id, "erp_number": erp_number}) == 1


async def insert_history(  # noqa: PLR0913 - one row's columns
    tx: Transaction,
    *,
    order_id: OrderId,
    kind: str,
    by: By,
    by_id: UUID | None = None,
    from_state: str | None = None,
    to_state: str | None = None,
    comment: str = "",
    now: datetime,
) -> None:
    """Write a line of history."""
    await tx.execute(
        INSERT_HISTORY,
        {
            "order_id": order_id,
            "happened_at": now,
            "kind": kind,
            "from_state": from_state,
            "to_state": to_state,
            "by_kind": by,
            "by_id": by_id,
            "comment": comment,
        },
    )
