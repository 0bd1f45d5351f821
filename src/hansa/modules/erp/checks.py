"""The invariants of the exchange, proven by reading (`hansa check erp`)."""

from uuid import UUID

from hansa.modules import catalog, orders, stock
from hansa.modules.erp.store import orders as sql
from hansa.runtime.database import Snapshot
from hansa.runtime.module import Check, Finding

PAGE = 5_000
FINDINGS_MAX = 100
NOBODY = UUID(int=0)


async def references_lead_somewhere(snap: Snapshot) -> list[Finding]:
    """Every outside id of a product, variant or warehouse has its thing."""
    places = {one.id for one in await stock.list_warehouses(snap)}
    findings: list[Finding] = []
    for kind in ("product", "variant", "warehouse"):
        after = NOBODY
        while len(findings) < FINDINGS_MAX:
            params = {"kind": kind, "after": after, "limit": PAGE}
            ids = [row.internal_id for row in await snap.all(sql.REFERENCES_OF_KIND, params)]
            if not ids:
                break
            after = ids[-1]
            if kind == "product":
                present = set(await catalog.get_products(snap, product_ids=ids))
            elif kind == "variant":
                present = set(await catalog.get_variants(snap, variant_ids=ids))
            else:
                present = places
            findings += [
                Finding(
                    check="erp.references",
                    subject=f"{kind} {one}",
                    message="An outside id leads to a thing that does not exist.",
                )
                for one in ids
                if one not in present
            ]
    return findings[:FINDINGS_MAX]


async def sent_orders_exist(snap: Snapshot) -> list[Finding]:
    """Every order that 1C confirmed is there."""
    findings = []
    for row in await snap.all(sql.CONFIRMED_DELIVERIES, {"limit": PAGE}):
        try:
            await orders.get_order(snap, order_id=row.order_id)
        except orders.OrderNotFound:
            findings.append(
                Finding(
                    check="erp.deliveries",
                    subject=f"order {row.order_id}",
                    message="1C confirmed an order that does not exist.",
                )
            )
    return findings


async def no_file_is_stuck(snap: Snapshot) -> list[Finding]:
    """No file waits or is being imported without anything happening."""
    return [
        Finding(
            check="erp.files",
            subject=f"{row.name} {row.id}",
            message="The import does not move. See that a worker runs; repeat the file.",
        )
        for row in await snap.all(sql.FILES_STUCK, {"limit": FINDINGS_MAX})
    ]


CHECKS = (
    Check(area="erp", name="erp.references", run=references_lead_somewhere),
    Check(area="erp", name="erp.deliveries", run=sent_orders_exist),
    Check(area="erp", name="erp.files", run=no_file_is_stuck),
)
