"""Every SQL statement of checkout."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from hansa.modules.checkout.form import DeliveryKind, DeliveryMethod, Details
from hansa.modules.checkout.model import LINES_MAX, Basket, BasketId, Owner, StoredLine
from hansa.runtime.database import Row, Snapshot, Transaction

# Basket and lines in one statement: rows of the lines, or one row without a line.
BASKET_OF_OWNER = """
    select basket.id, basket.market, basket.session_id, basket.party_id, basket.version,
           basket.details, line.variant_id, line.quantity, line.shown_price, line.added_at
      from checkout_basket as basket
      left join checkout_line as line on line.basket_id = basket.id
     where basket.market = %(market)s
       and (basket.session_id = %(session_id)s or basket.party_id = %(party_id)s)
     order by line.added_at, line.variant_id
"""

BASKET_BY_ID = """
    select basket.id, basket.market, basket.session_id, basket.party_id, basket.version,
           basket.details, line.variant_id, line.quantity, line.shown_price, line.added_at
      from checkout_basket as basket
      left join checkout_line as line on line.basket_id = basket.id
     where basket.id = %(id)s
     order by line.added_at, line.variant_id
"""

# Every writer of a basket locks its row first, by changing its version.
PUT_LINE_OF_SESSION = """
    with basket as (
        insert into checkout_basket (id, market, session_id, created_at, changed_at)
        values (%(id)s, %(market)s, %(session_id)s, %(now)s, %(now)s)
            on conflict on constraint uq_checkout_basket_session do update
           set version = checkout_basket.version + 1, changed_at = excluded.changed_at
        returning id
    )
    insert into checkout_line (basket_id, variant_id, quantity, shown_price, added_at)
    select basket.id, %(variant_id)s, %(quantity)s, %(shown_price)s, %(now)s
      from basket
     where (select count(*)
              from checkout_line as other
             where other.basket_id = basket.id
               and other.variant_id <> %(variant_id)s) < %(lines_max)s
        on conflict on constraint pk_checkout_line do update
       set quantity = least(%(quantity_max)s,
                            excluded.quantity
                            + case when %(is_addition)s then checkout_line.quantity else 0 end),
           shown_price = excluded.shown_price
    returning basket_id, quantity
"""

PUT_LINE_OF_PARTY = """
    with basket as (
        insert into checkout_basket (id, market, party_id, created_at, changed_at)
        values (%(id)s, %(market)s, %(party_id)s, %(now)s, %(now)s)
            on conflict on constraint uq_checkout_basket_party do update
           set version = checkout_basket.version + 1, changed_at = excluded.changed_at
        returning id
    )
    insert into checkout_line (basket_id, variant_id, quantity, shown_price, added_at)
    select basket.id, %(variant_id)s, %(quantity)s, %(shown_price)s, %(now)s
      from basket
     where (select count(*)
              from checkout_line as other
             where other.basket_id = basket.id
               and other.variant_id <> %(variant_id)s) < %(lines_max)s
        on conflict on constraint pk_checkout_line do update
       set quantity = least(%(quantity_max)s,
                            excluded.quantity
                            + case when %(is_addition)s then checkout_line.quantity else 0 end),
           shown_price = excluded.shown_price
    returning basket_id, quantity
"""

REMOVE_LINE = """
    with basket as (
        update checkout_basket
           set version = version + 1, changed_at = %(now)s
         where market = %(market)s
           and (session_id = %(session_id)s or party_id = %(party_id)s)
        returning id
    )
    delete from checkout_line
     using basket
     where checkout_line.basket_id = basket.id
       and checkout_line.variant_id = %(variant_id)s
"""

SAVE_DETAILS = """
    update checkout_basket
       set details = %(details)s, version = version + 1, changed_at = %(now)s
     where market = %(market)s
       and (session_id = %(session_id)s or party_id = %(party_id)s)
    returning id
"""

LOCK_BASKET = """
    select version
      from checkout_basket
     where id = %(id)s
       for update
"""

# Takes every line out of the basket that becomes an order, if it is still as it was read: whoever
# changes it at the same moment waits here or makes us find another version. Details stay.
TAKE_BASKET = """
    with basket as (
        update checkout_basket
           set version = version + 1, changed_at = %(now)s
         where id = %(id)s
           and version = %(version)s
        returning id
    ), lines as (
        delete from checkout_line
         using basket
         where checkout_line.basket_id = basket.id
    )
    select id
      from basket
"""

GIVE_TO_PARTY = """
    update checkout_basket
       set session_id = null, party_id = %(party_id)s, version = version + 1,
           changed_at = %(now)s
     where id = %(id)s
"""

REPLACE_LINES = """
    insert into checkout_line (basket_id, variant_id, quantity, shown_price, added_at)
    select %(id)s, line.variant_id, line.quantity, line.shown_price, line.added_at
      from unnest(%(variant_ids)s::uuid[], %(quantities)s::numeric[], %(prices)s::numeric[],
                  %(instants)s::timestamptz[])
           as line (variant_id, quantity, shown_price, added_at)
        on conflict on constraint pk_checkout_line do update
       set quantity = excluded.quantity, shown_price = excluded.shown_price
"""

DELETE_BASKET = """
    delete from checkout_basket
     where id = %(id)s
"""

FORGET_BASKETS = """
    delete from checkout_basket
     where id in (
           select id
             from checkout_basket
            where changed_at < %(before)s
            order by changed_at
            limit %(limit)s
              for update skip locked)
"""

CONFIRM_PRICES = """
    update checkout_line
       set shown_price = price.amount
      from unnest(%(variant_ids)s::uuid[], %(prices)s::numeric[]) as price (variant_id, amount)
     where checkout_line.basket_id = %(id)s
       and checkout_line.variant_id = price.variant_id
       and checkout_line.shown_price is distinct from price.amount
"""

COUNT_PIECES = """
    select coalesce(sum(line.quantity), 0)
      from checkout_basket as basket
      join checkout_line as line on line.basket_id = basket.id
     where basket.market = %(market)s
       and (basket.session_id = %(session_id)s or basket.party_id = %(party_id)s)
"""

LIST_DELIVERY_METHODS = """
    select market, code, kind, name, hint, price_minor, free_from_minor, days_min, days_max,
           position, is_active
      from checkout_delivery_method
     where market = %(market)s
     order by position, code
"""

SAVE_DELIVERY_METHOD = """
    insert into checkout_delivery_method
           (market, code, kind, name, hint, price_minor, free_from_minor, days_min, days_max,
            position, is_active)
    values (%(market)s, %(code)s, %(kind)s, %(name)s, %(hint)s, %(price_minor)s,
            %(free_from_minor)s, %(days_min)s, %(days_max)s, %(position)s, %(is_active)s)
        on conflict on constraint pk_checkout_delivery_method do update
       set kind = excluded.kind, name = excluded.name, hint = excluded.hint,
           price_minor = excluded.price_minor, free_from_minor = excluded.free_from_minor,
           days_min = excluded.days_min, days_max = excluded.days_max,
           position = excluded.position, is_active = excluded.is_active
"""


def _basket(rows: list[Row]) -> Basket | None:
    if not rows:
        return None
    head = rows[0]
    return Basket(
        id=BasketId(head.id),
        market=head.market,
        owner=Owner(session_id=head.session_id, party_id=head.party_id),
        version=head.version,
        details=msgspec.convert(head.details, Details),
        lines=tuple(
            StoredLine(
                variant_id=row.variant_id,
                quantity=row.quantity,
                shown_price=row.shown_price,
                added_at=row.added_at,
            )
            for row in rows
            if row.variant_id is not None
        ),
    )


async def find_basket(snap: Snapshot, *, owner: Owner, market: str) -> Basket | None:
    """Give somebody's basket with its lines, if there is one."""
    return _basket(await snap.all(BASKET_OF_OWNER, {**asdict(owner), "market": market}))


async def get_basket(snap: Snapshot, *, basket_id: UUID) -> Basket | None:
    """Give a basket with its lines, if there is one."""
    return _basket(await snap.all(BASKET_BY_ID, {"id": basket_id}))


async def put_line(  # noqa: PLR0913 - one row's columns
    tx: Transaction,
    *,
    basket_id: BasketId,
    owner: Owner,
    market: str,
    variant_id: UUID,
    quantity: Decimal,
    quantity_max: Decimal,
    is_addition: bool,
    shown_price: Decimal,
    now: datetime,
) -> BasketId | None:
    """Put a line into somebody's basket, making the basket if need be; None if it is full."""
    parameters = {
        **asdict(owner),
        "id": basket_id,
        "market": market,
        "variant_id": variant_id,
        "quantity": quantity,
        "quantity_max": quantity_max,
        "is_addition": is_addition,
        "shown_price": shown_price,
        "lines_max": LINES_MAX,
        "now": now,
    }
    row = await tx.maybe(
        PUT_LINE_OF_SESSION if owner.party_id is None else PUT_LINE_OF_PARTY, parameters
    )
    return None if row is None else BasketId(row.basket_id)


async def remove_line(
    tx: Transaction, *, owner: Owner, market: str, variant_id: UUID, now: datetime
) -> None:
    """Take a line out."""
    await tx.execute(
        REMOVE_LINE, {**asdict(owner), "market": market, "variant_id": variant_id, "now": now}
    )


async def save_details(
    tx: Transaction, *, owner: Owner, market: str, details: Details, now: datetime
) -> bool:
    """Keep a draft of the form; False if there is no basket."""
    found = await tx.scalar(
        SAVE_DETAILS,
        {
            **asdict(owner),
            "market": market,
            "details": Jsonb(msgspec.to_builtins(details)),
            "now": now,
        },
    )
    return found is not None


async def lock_basket(tx: Transaction, *, basket_id: BasketId) -> int | None:
    """Lock a basket and give its version."""
    version: int | None = await tx.scalar(LOCK_BASKET, {"id": basket_id})
    return version


async def take_basket(tx: Transaction, *, basket_id: BasketId, version: int, now: datetime) -> bool:
    """Take every line out of a basket; False if it is not as it was at that version."""
    taken = await tx.scalar(TAKE_BASKET, {"id": basket_id, "version": version, "now": now})
    return taken is not None


async def give_to_party(
    tx: Transaction, *, basket_id: BasketId, party_id: UUID, now: datetime
) -> None:
    """Make a guest's basket a party's."""
    await tx.execute(GIVE_TO_PARTY, {"id": basket_id, "party_id": party_id, "now": now})


async def replace_lines(
    tx: Transaction, *, basket_id: BasketId, lines: Sequence[StoredLine]
) -> None:
    """Write lines into a basket."""
    await tx.execute(
        REPLACE_LINES,
        {
            "id": basket_id,
            "variant_ids": [line.variant_id for line in lines],
            "quantities": [line.quantity for line in lines],
            "prices": [line.shown_price for line in lines],
            "instants": [line.added_at for line in lines],
        },
    )


async def delete_basket(tx: Transaction, *, basket_id: BasketId) -> None:
    """Remove a basket with its lines."""
    await tx.execute(DELETE_BASKET, {"id": basket_id})


async def forget_baskets(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Remove baskets nobody has touched since; give how many."""
    return await tx.execute(FORGET_BASKETS, {"before": before, "limit": limit})


async def confirm_prices(
    tx: Transaction, *, basket_id: BasketId, prices: Sequence[tuple[UUID, Decimal]]
) -> None:
    """Note the prices the shopper has seen."""
    await tx.execute(
        CONFIRM_PRICES,
        {
            "id": basket_id,
            "variant_ids": [variant_id for variant_id, _ in prices],
            "prices": [amount for _, amount in prices],
        },
    )


async def count_pieces(snap: Snapshot, *, owner: Owner, market: str) -> Decimal:
    """Give the number of pieces in somebody's basket."""
    return Decimal(await snap.scalar(COUNT_PIECES, {**asdict(owner), "market": market}))


async def list_delivery_methods(snap: Snapshot, *, market: str) -> list[DeliveryMethod]:
    """Give every way of delivery of a market in order, switched-off ones too."""
    methods = []
    for row in await snap.all(LIST_DELIVERY_METHODS, {"market": market}):
        values: dict[str, Any] = row._asdict()
        values["kind"] = DeliveryKind(row.kind)
        methods.append(DeliveryMethod(**values))
    return methods


async def save_delivery_methods(tx: Transaction, methods: Iterable[DeliveryMethod]) -> None:
    """Create or change ways of delivery."""
    for method in methods:
        values = asdict(method)
        values["name"], values["hint"] = Jsonb(dict(method.name)), Jsonb(dict(method.hint))
        await tx.execute(SAVE_DELIVERY_METHOD, values)
