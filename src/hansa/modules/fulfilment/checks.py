"""What must always hold for cases, proven by reading (`hansa check fulfilment`)."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from decimal import Decimal
from typing import LiteralString
from uuid import UUID

from hansa.modules import orders, stock
from hansa.modules.fulfilment.answering import wanted_of
from hansa.modules.fulfilment.model import ZERO
from hansa.modules.fulfilment.store import checking as sql
from hansa.modules.orders import Order, OrderState
from hansa.runtime.database import Row, Snapshot
from hansa.runtime.module import Check, Finding

FINDINGS_MAX = 100
_PAGE = 200
_HERE = frozenset({OrderState.PLACED, OrderState.CONFIRMED, OrderState.PACKED})

Shelf = tuple[UUID, UUID]


def _check(name: str, title: str, statement: LiteralString, message: str) -> Check:
    async def run(snap: Snapshot) -> list[Finding]:
        rows = await snap.all(statement, {"limit": FINDINGS_MAX})
        return [Finding(check=name, subject=row.order_number, message=message) for row in rows]

    return Check(area="fulfilment", name=title, run=run)


async def shelves_hold_the_parts(snap: Snapshot) -> list[Finding]:
    """What is set aside for an order is what is proposed, asked or confirmed, shelf by shelf.

    Goods the ERP's number is less by already are no longer set aside, and need not be.
    """
    findings: list[Finding] = []
    async for cases, orders_of in _pages(snap):
        ids = [case.order_id for case in cases]
        wanted = _by_shelf(await snap.all(sql.BOUND_PARTS, {"order_ids": ids}))
        bound = _by_shelf(await stock.list_bindings(snap, order_ids=ids))
        for case in cases:
            if case.shop_id is not None:
                continue  # bound to its shop by the reservation itself
            open_ = await _open_of(snap, orders_of[case.order_id])
            has, needs = bound.get(case.order_id, {}), wanted.get(case.order_id, {})
            for shelf in sorted(has.keys() | needs.keys()):
                most = needs.get(shelf, ZERO)
                least = min(most, open_.get(shelf[0], ZERO))
                if not least <= has.get(shelf, ZERO) <= most:
                    message = f"{has.get(shelf, ZERO)} set aside in {shelf[1]}, {most} needed"
                    subject = f"{case.order_number} {shelf[0]}"
                    findings.append(
                        Finding(check="fulfilment.shelves", subject=subject, message=message)
                    )
    return findings


async def parts_sum_to_the_order(snap: Snapshot) -> list[Finding]:
    """Of a confirmed order each piece that was not given up comes from one place, and no other."""
    findings: list[Finding] = []
    async for cases, orders_of in _pages(snap):
        ids = [case.order_id for case in cases]
        sums: dict[UUID, dict[UUID, Decimal]] = defaultdict(dict)
        for part in await snap.all(sql.CONFIRMED_PARTS, {"order_ids": ids}):
            sums[part.order_id][part.variant_id] = part.quantity
        for case in cases:
            wanted = wanted_of(orders_of[case.order_id])
            confirmed = sums[case.order_id]
            for variant_id in sorted(wanted.keys() | confirmed.keys()):
                has, needs = confirmed.get(variant_id, ZERO), wanted.get(variant_id, ZERO)
                if has > needs or (case.state == "confirmed" and has != needs):
                    findings.append(
                        Finding(
                            check="fulfilment.parts",
                            subject=f"{case.order_number} {variant_id}",
                            message=f"{has} confirmed, {needs} wanted",
                        )
                    )
    return findings


async def _pages(snap: Snapshot) -> AsyncIterator[tuple[list[Row], dict[UUID, Order]]]:
    """Give the cases of orders whose goods are still here, with their orders."""
    after: UUID | None = None
    while page := await snap.all(sql.OPEN_CASES, {"after": after, "limit": _PAGE}):
        after = page[-1].order_id
        found = {
            case.order_id: await orders.get_order(snap, order_id=case.order_id) for case in page
        }
        here = [case for case in page if found[case.order_id].state in _HERE]
        if here:
            yield here, found


def _by_shelf(rows: Iterable[Row]) -> Mapping[UUID, Mapping[Shelf, Decimal]]:
    found: dict[UUID, dict[Shelf, Decimal]] = defaultdict(dict)
    for row in rows:
        found[row.order_id][row.variant_id, row.warehouse_id] = row.quantity
    return found


async def _open_of(snap: Snapshot, order: Order) -> dict[UUID, Decimal]:
    if order.reservation_id is None:
        return {}
    lines = await stock.list_reservation_lines(snap, reservation_id=order.reservation_id)
    return {line.variant_id: line.open for line in lines}


CHECKS = (
    Check(area="fulfilment", name="Shelves hold the parts", run=shelves_hold_the_parts),
    Check(area="fulfilment", name="Parts sum to the order", run=parts_sum_to_the_order),
    _check(
        "fulfilment.states",
        "Parts, questions and cases agree",
        sql.STATES_DIFFER,
        "A part is being asked for, its question or its case is over.",
    ),
    _check(
        "fulfilment.stuck",
        "Every case has a next step",
        sql.CASES_STUCK,
        "The case has no next step.",
    ),
    _check(
        "fulfilment.overdue_questions",
        "No question is past its time",
        sql.QUESTIONS_OVERDUE,
        "A question is open though its time was up five minutes ago. Is a worker running?",
    ),
    _check(
        "fulfilment.overdue_cases",
        "No case is past its time",
        sql.CASES_OVERDUE,
        "A case was due five minutes ago. Is a worker running?",
    ),
)
