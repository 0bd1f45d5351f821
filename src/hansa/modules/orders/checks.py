"""What must always hold for orders, proven by reading."""

from hansa.modules import payments, stock
from hansa.modules.orders import model, store
from hansa.modules.orders.model import OrderState
from hansa.runtime.database import Snapshot
from hansa.runtime.module import Check, Finding

_FINDINGS_MAX = 1000


async def lines_sum_to_totals(snap: Snapshot) -> list[Finding]:
    """Every order's lines sum to its goods."""
    return [
        Finding(
            check="orders.totals",
            subject=row.number,
            message=f"lines sum to {row.lines_minor}, the order says {row.goods_minor}",
        )
        for row in await store.list_wrong_totals(snap, limit=_FINDINGS_MAX)
    ]


async def reservations_fit_states(snap: Snapshot) -> list[Finding]:
    """Every open order has goods set aside for it, and no cancelled one has."""
    findings: list[Finding] = []
    async for page in store.walk_reserved(snap):
        states = await stock.reservation_states(
            snap, reservation_ids=[row.reservation_id for row in page]
        )
        for row in page:
            state = states.get(row.reservation_id)
            if not _fits(OrderState(row.state), None if state is None else str(state)):
                findings.append(
                    Finding(
                        check="orders.reservations",
                        subject=row.number,
                        message=f"it is {row.state}, its reservation is {state or 'missing'}",
                    )
                )
    return findings


def _fits(order: OrderState, reservation: str | None) -> bool:
    if order is OrderState.CANCELLED:
        # A part that had left before is contained, the rest released.
        return reservation in {"released", "contained"}
    # An ERP that nets orders contains them before their goods leave.
    return reservation in {"ordered", "sent", "contained"}


async def money_has_an_order(snap: Snapshot) -> list[Finding]:
    """No money is kept for an order that does not exist or was cancelled and not refunded."""
    captured = await payments.list_captured(snap, subject_kind=model.SUBJECT)
    states = await store.states_of(snap, order_ids=[one.subject_id for one in captured])
    findings = []
    for payment in captured:
        state = states.get(payment.subject_id)
        if state is None:
            message = "money was taken for an order that does not exist"
        elif state is OrderState.CANCELLED and payment.wanted is payments.Wanted.PAID:
            message = "the order is cancelled, its money was not called off"
        else:
            continue
        findings.append(Finding(check="orders.money", subject=str(payment.id), message=message))
    return findings


async def lines_fit_what_was_given_up(snap: Snapshot) -> list[Finding]:
    """Never more than was sold is given up, and its money goes with it."""
    return [
        Finding(
            check="orders.given_up",
            subject=row.number,
            message=f"{row.given_up} of {row.quantity} of {row.sku} are given up, the line says "
            f"{row.amount_minor} and {row.given_up_minor} given up",
        )
        for row in await store.list_wrong_lines(snap, limit=_FINDINGS_MAX)
    ]


async def payments_fit_totals(snap: Snapshot) -> list[Finding]:
    """What the payments of an order are to keep is what the order costs.

    Less is kept only while it is being found out what can be delivered.
    """
    findings: list[Finding] = []
    async for page in store.walk_totals(snap):
        kept = await payments.kept_of_subjects(
            snap, subject_kind=model.SUBJECT, subject_ids=[row.id for row in page]
        )
        for row in page:
            minor = kept.get(row.id, row.total_minor)
            is_asked_for = OrderState(row.state) is OrderState.PLACED
            if minor == row.total_minor or (minor < row.total_minor and is_asked_for):
                continue
            message = f"it costs {row.total_minor}, its payments are to keep {minor}"
            findings.append(Finding(check="orders.paid", subject=row.number, message=message))
    return findings


CHECKS = (
    Check(area="orders", name="Lines sum to the order", run=lines_sum_to_totals),
    Check(area="orders", name="Lines fit what was given up", run=lines_fit_what_was_given_up),
    Check(area="orders", name="Payments fit the orders", run=payments_fit_totals),
    Check(area="orders", name="Reservations fit the orders", run=reservations_fit_states),
    Check(area="orders", name="Money has an order", run=money_has_an_order),
)
