"""Statements that change what was written at checkout."""

from dataclasses import asdict
from datetime import datetime

from psycopg.types.json import Jsonb

from hansa.modules.orders.model import Address, OrderId, Recipient
from hansa.runtime.database import Transaction

SAVE_DELIVERY = """
    update orders_order
       set recipient_name = %(name)s,
           recipient_phone = %(phone)s,
           recipient_email = %(email)s,
           delivery = case
               when %(address)s::jsonb is null then delivery
               else delivery || jsonb_build_object('address', %(address)s::jsonb)
           end,
           changed_at = %(now)s,
           change_number = change_number + 1
     where id = %(id)s
"""


async def save_delivery(
    tx: Transaction,
    *,
    order_id: OrderId,
    recipient: Recipient,
    address: Address | None,
    now: datetime,
) -> None:
    """Write another recipient and address; None leaves the address as it is."""
    await tx.execute(
        SAVE_DELIVERY,
        {
            "id": order_id,
            "name": recipient.name,
            "phone": recipient.phone,
            "email": recipient.email,
            "address": None if address is None else Jsonb(asdict(address)),
            "now": now,
        },
    )
