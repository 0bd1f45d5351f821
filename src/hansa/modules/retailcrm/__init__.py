"""RetailCRM in step with orders, customers, payments and stock, both ways.

Owns: connections with accounts of RetailCRM, what stands for what there, what waits in each
direction, what was refused. Promises: whatever changes here is noted in the transaction that hears
of it and reaches the CRM in order per subject; what happens there is kept together with the number
up to which its history was read; both sides are compared with what they last had in common, so
repeats, lost answers and changes out of order lead to the same end and nothing goes to and fro; no
order is ever made twice, on either side; the key's rate is kept by all processes together.
Publishes nothing. Locks: one exchange per connection at a time, by its job; no row over a call.
"""

from hansa.modules.retailcrm.client import Crm, CrmRefused, KeyRefused
from hansa.modules.retailcrm.model import (
    CUSTOMER_OWNERS,
    ORDER_OWNERS,
    SHOP_ONLY,
    Connection,
    Kind,
    Link,
    Load,
    MarketTaken,
    NoConnection,
    NotReady,
    Options,
    Outgoing,
    Owner,
    Plan,
    Refusal,
    RefusalNotFound,
    reconcile,
)
from hansa.modules.retailcrm.operations import (
    begin_load,
    dismiss_refusal,
    is_good_address,
    look_now,
    refresh_lists,
    retry_refusal,
    retry_refused,
    save_connection,
    suggest,
)
from hansa.modules.retailcrm.queries import (
    Standing,
    find_link,
    get_connection,
    list_connections,
    list_refusals,
    list_refused,
    standing_of,
)
from hansa.modules.retailcrm.work import Exchange

__all__ = [
    "CUSTOMER_OWNERS",
    "ORDER_OWNERS",
    "SHOP_ONLY",
    "Connection",
    "Crm",
    "CrmRefused",
    "Exchange",
    "KeyRefused",
    "Kind",
    "Link",
    "Load",
    "MarketTaken",
    "NoConnection",
    "NotReady",
    "Options",
    "Outgoing",
    "Owner",
    "Plan",
    "Refusal",
    "RefusalNotFound",
    "Standing",
    "begin_load",
    "dismiss_refusal",
    "find_link",
    "get_connection",
    "is_good_address",
    "list_connections",
    "list_refusals",
    "list_refused",
    "look_now",
    "reconcile",
    "refresh_lists",
    "retry_refusal",
    "retry_refused",
    "save_connection",
    "standing_of",
    "suggest",
]
