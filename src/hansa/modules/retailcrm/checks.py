"""The invariants of the exchange with RetailCRM, proven by reading (`hansa check retailcrm`)."""

from uuid import UUID

from hansa.modules import orders, parties, payments
from hansa.modules.retailcrm.model import Kind
from hansa.modules.retailcrm.store import checking, queues
from hansa.runtime.database import Snapshot
from hansa.runtime.module import Check, Finding

PAGE = 1_000
FINDINGS_MAX = 100
_FIRST = UUID(int=0)


async def links_lead_somewhere(snap: Snapshot) -> list[Finding]:
    """Whatever the CRM has under a number of ours is there."""
    findings: list[Finding] = []
    for kind in (Kind.ORDER, Kind.CUSTOMER, Kind.PAYMENT):
        after = _FIRST
        while len(findings) < FINDINGS_MAX:
            asked = {"kind": kind, "after": after, "limit": PAGE}
            rows = await snap.all(checking.WALK_LINKS, asked)
            if not rows:
                break
            after = rows[-1].internal_id
            present = await _present(snap, kind, [row.internal_id for row in rows])
            findings += [
                Finding(
                    check="retailcrm.links",
                    subject=f"{kind} {row.internal_id}",
                    message=f"Number {row.crm_id} of RetailCRM leads to nothing here.",
                )
                for row in rows
                if row.internal_id not in present
            ]
    return findings[:FINDINGS_MAX]


async def _present(snap: Snapshot, kind: Kind, ids: list[UUID]) -> set[UUID]:
    if kind is Kind.CUSTOMER:
        return set(await parties.resolve(snap, party_ids=ids))
    present = set()
    for one in ids:
        try:
            if kind is Kind.ORDER:
                await orders.get_order(snap, order_id=one)
            else:
                await payments.get_payment(snap, payment_id=one)
        except (orders.OrderNotFound, payments.PaymentNotFound):
            continue
        present.add(one)
    return present


async def every_order_is_told(snap: Snapshot) -> list[Finding]:
    """An order of a served market, placed since the connection's day, is linked or waits."""
    return [
        Finding(
            check="retailcrm.orders",
            subject=f"order {row.number}",
            message="RetailCRM was never told of this order, and nothing waits to tell it.",
        )
        for row in await _untold(snap)
    ]


async def _untold(snap: Snapshot) -> list[orders.OrderSummary]:
    found: list[orders.OrderSummary] = []
    for row in await snap.all(checking.LOADED_MARKETS):
        wanted = orders.OrderFilter(market=row.market, placed_from=row.since)
        after = None
        while len(found) < FINDINGS_MAX:
            page = await orders.list_orders(snap, wanted=wanted, after=after, limit=PAGE)
            if not page:
                break
            after = (page[-1].placed_at, page[-1].id)
            asked = {"connection_id": row.connection_id, "ids": [one.id for one in page]}
            told = {one.id for one in await snap.all(checking.TOLD_ORDERS, asked)}
            found += [one for one in page if one.id not in told]
    return found[:FINDINGS_MAX]


async def nothing_waits_for_long(snap: Snapshot) -> list[Finding]:
    """What changed here reaches the CRM soon."""
    return [
        Finding(
            check="retailcrm.moving",
            subject=row.name,
            message=f"{row.number} of kind {row.kind} wait for more than 15 minutes.",
        )
        for row in await snap.all(queues.OLD_WAITING)
    ]


CHECKS = (
    Check(area="retailcrm", name="links lead somewhere", run=links_lead_somewhere),
    Check(area="retailcrm", name="every order is told", run=every_order_is_told),
    Check(area="retailcrm", name="nothing waits for long", run=nothing_waits_for_long),
)
