"""What people decide: connections, looking now, the first load, trying again."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from hansa.kernel.errors import Unavailable
from hansa.modules import accounts, orders, payments
from hansa.modules.retailcrm import loading
from hansa.modules.retailcrm.client import Crm, CrmRefused, KeyRefused
from hansa.modules.retailcrm.model import (
    Connection,
    Kind,
    Link,
    MarketTaken,
    NotReady,
    Options,
    RefusalNotFound,
)
from hansa.modules.retailcrm.store import connections, links, queues, shelves
from hansa.modules.retailcrm.work import Exchange
from hansa.runtime.context import Context
from hansa.runtime.database import Transaction

_STATE = orders.OrderState
_MONEY = payments.PaymentState

# The codes an account of RetailCRM begins with, where they mean what our states mean.
USUAL_STATUSES: Mapping[str, tuple[str, ...]] = {
    _STATE.PLACED: ("new",),
    _STATE.CONFIRMED: ("client-confirmed", "availability-confirmed"),
    _STATE.PACKED: ("assembling-complete",),
    _STATE.SHIPPED: ("delivering", "send-to-delivery"),
    _STATE.DELIVERED: ("delivered",),
    _STATE.COMPLETED: ("complete",),
    _STATE.CANCELLED: ("cancel-other",),
}
USUAL_PAYMENTS: Mapping[str, tuple[str, ...]] = {
    _MONEY.CREATED: ("not-paid",),
    _MONEY.PENDING: ("invoice", "not-paid"),
    _MONEY.DUE: ("not-paid",),
    _MONEY.AUTHORISED: ("authorized", "invoice"),
    _MONEY.CAPTURED: ("paid",),
    _MONEY.REFUNDED: ("returned",),
    _MONEY.VOIDED: ("canceled",),
    _MONEY.FAILED: ("fail", "canceled"),
}


def is_good_address(address: str, *, may_be_plain: bool) -> bool:
    """Say whether an address can be an account's; without encryption only on this machine."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    if not parts.hostname or parts.username or parts.query or parts.fragment:
        return False
    is_here = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    return parts.scheme == "https" or (parts.scheme == "http" and (is_here or may_be_plain))


def suggest(options: Options, lists: Mapping[str, Mapping[str, str]]) -> Options:
    """Fill translations that are empty with the codes an account begins with, if it has them."""
    statuses, money = lists.get("statuses", {}), lists.get("payment_statuses", {})
    out = _usual(options.statuses_out, USUAL_STATUSES, statuses)
    paid = _usual(options.payment_statuses, USUAL_PAYMENTS, money)
    told = {code: state for state, code in out.items()}
    for state, codes in USUAL_STATUSES.items():
        told |= {code: str(state) for code in codes if code in statuses and code not in told}
    short = options.out_of_stock_status or ("no-product" if "no-product" in statuses else "")
    return replace(
        options,
        statuses_out=out,
        statuses_in={**told, **options.statuses_in},
        payment_statuses=paid,
        out_of_stock_status=short,
    )


def _usual(
    held: Mapping[str, str], usual: Mapping[str, tuple[str, ...]], known: Mapping[str, str]
) -> dict[str, str]:
    found = dict(held)
    for state, codes in usual.items():
        code = next((one for one in codes if one in known), None)
        if code is not None:
            found.setdefault(str(state), code)
    return found


async def save_connection(
    tx: Transaction, *, connection: Connection, key: str | None, secret: bytes, now: datetime
) -> Connection:
    """Write what a person decides of a connection; without `key` the one it has stays.

    `secret` is the installation's `secret_key`, which seals the key. A connection that comes into
    use hears of all stock.

    Raises:
        MarketTaken: another connection serves one of its markets.
        NotReady: it is to be in use without a site, or with a state that has no status.
    """
    if key:
        connection = replace(connection, sealed_key=accounts.seal(secret, key.encode()))
    options = connection.options
    lacks = [state for state in orders.OrderState if str(state) not in options.statuses_out]
    if connection.is_active and (not connection.sites or lacks):
        raise NotReady
    asked = {"id": connection.id, "markets": list(connection.sites)}
    taken = await tx.scalar(connections.MARKETS_OF_OTHERS, asked)
    if taken is not None:
        raise MarketTaken(taken)
    await connections.save(tx, connection, now=now)
    if connection.is_active:
        await tx.execute(shelves.MARK_ALL_KNOWN, {"connection_id": connection.id})
        await look_now(tx, connection_id=connection.id)
    return connection


async def look_now(tx: Transaction, *, connection_id: UUID) -> None:
    """Exchange at once, also while the connection is left alone after failures."""
    await tx.execute(connections.LOOK_NOW, {"id": connection_id})
    await tx.enqueue(Exchange(connection_id=connection_id))


async def begin_load(tx: Transaction, *, connection_id: UUID, now: datetime) -> None:
    """Send all customers, and the orders since the day told; those the CRM has are matched first.

    Raises:
        NotReady: the connection is not in use.
    """
    if not (await connections.get_connection(tx, connection_id)).is_active:
        raise NotReady
    await loading.begin_load(tx, connection_id=connection_id, now=now)
    await look_now(tx, connection_id=connection_id)


async def refresh_lists(context: Context, *, connection_id: UUID) -> Connection:
    """Ask the CRM for its reference lists, keep them, and fill empty translations.

    Raises:
        Unavailable: it does not answer, or does not accept the key.
        CrmRefused: the key may not read them.
    """
    async with context.database.snapshot(single=True) as snap:
        connection = await connections.get_connection(snap, connection_id)
    now = context.clock.now()
    try:
        lists = await Crm(context, connection).lists()
    except (Unavailable, CrmRefused) as failure:
        async with context.database.transaction() as tx:
            reason = failure.reason if isinstance(failure, KeyRefused | CrmRefused) else ""
            failed = {"id": connection_id, "error": reason, "now": now}
            await tx.execute(connections.NOTE_FAILURE, {**failed, "paused_until": now})
        raise
    async with context.database.transaction() as tx:
        connection = await connections.get_connection(tx, connection_id)
        options = suggest(connection.options, lists)
        await connections.save(tx, replace(connection, options=options), now=now)
        await connections.save_lists(tx, connection_id, lists, now=now)
        await tx.execute(connections.NOTE_SUCCESS, {"id": connection_id, "now": now})
        return await connections.get_connection(tx, connection_id)


async def retry_refusal(
    tx: Transaction, *, connection_id: UUID, refusal_id: UUID, now: datetime
) -> None:
    """Look once more at something of the CRM that was not taken over.

    Raises:
        RefusalNotFound: there is none.
    """
    asked = {"id": refusal_id, "connection_id": connection_id, "now": now}
    row = await tx.maybe(queues.CLOSE_REFUSAL, asked)
    if row is None:
        raise RefusalNotFound
    kind = Kind(row.kind)
    if kind is Kind.STOCK:
        await tx.execute(shelves.MARK_ALL_KNOWN, {"connection_id": connection_id})
        await look_now(tx, connection_id=connection_id)
        return
    known: dict[int, Link] = await links.links_of_crm(tx, connection_id, kind, [row.crm_id])
    if row.crm_id in known:
        await queues.mark(tx, connection_id, kind, [known[row.crm_id].internal_id], now=now)
    else:
        await queues.arrive(tx, connection_id, kind, [row.crm_id], now=now)
    await look_now(tx, connection_id=connection_id)


async def dismiss_refusal(
    tx: Transaction, *, connection_id: UUID, refusal_id: UUID, now: datetime
) -> None:
    """Note that a person has dealt with it.

    Raises:
        RefusalNotFound: there is none.
    """
    asked = {"id": refusal_id, "connection_id": connection_id, "now": now}
    if await tx.maybe(queues.CLOSE_REFUSAL, asked) is None:
        raise RefusalNotFound


async def retry_refused(
    tx: Transaction, *, connection_id: UUID, kind: Kind, subject_id: UUID, now: datetime
) -> None:
    """Send once more what the CRM refused."""
    await queues.mark(tx, connection_id, kind, [subject_id], now=now)
    await look_now(tx, connection_id=connection_id)
