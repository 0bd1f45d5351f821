"""Payments of orders that stand on both sides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hansa.modules import orders, payments
from hansa.modules.retailcrm import wording
from hansa.modules.retailcrm.client import CrmRefused, is_taken
from hansa.modules.retailcrm.model import Kind, Link, Options
from hansa.modules.retailcrm.side import Side
from hansa.modules.retailcrm.store import links, queues
from hansa.runtime.database import Transaction

STATUS = "status"
SENT = "payment:"
"""Begins what an order's link remembers of payments that went with the order itself."""
_MONEY = ("status", "amount")


@dataclass(frozen=True, slots=True)
class PaymentCall:
    """A payment to be made or changed in the CRM; without `payment_id` it is one of theirs."""

    payment_id: UUID | None
    crm_id: int | None
    body: Mapping[str, Any]


@dataclass(slots=True)
class _Table:
    """Payments of both sides of an order while they are compared."""

    tx: Transaction
    side: Side
    link: Link
    order: orders.Order
    told: dict[int, Mapping[str, Any]]
    known: dict[UUID, Link]
    calls: list[PaymentCall]


def sent_with(attempts: Sequence[payments.Payment], options: Options) -> dict[str, str]:
    """Say in which state payments went to the CRM together with their order."""
    bodies = {one.id: wording.payment_body(one, options) for one in attempts}
    return {f"{SENT}{one}": str(body["status"]) for one, body in bodies.items() if body}


async def compare(
    tx: Transaction, side: Side, order: orders.Order, link: Link, told: Mapping[str, Any]
) -> tuple[PaymentCall, ...]:
    """Take over money a manager took; say which payments the CRM has to hear of."""
    ours = await payments.list_of_subject(tx, subject_kind=orders.SUBJECT, subject_id=order.id)
    table = _Table(
        tx=tx,
        side=side,
        link=link,
        order=order,
        told={int(one["id"]): one for one in wording.crm_payments(told)},
        known={
            one.internal_id: one
            for one in await links.links_of_owner(tx, side.connection.id, order.id)
        },
        calls=[],
    )
    matched: dict[UUID, Mapping[str, Any] | None] = {one.id: _match(one, table) for one in ours}
    strangers = [one for one in table.told.values() if one not in matched.values()]
    for one in strangers:
        ours = await _take_stranger(table, one, ours, matched)
    for payment in ours:
        await _compare_one(table, payment, matched.get(payment.id))
    return tuple(table.calls)


def _match(payment: payments.Payment, table: _Table) -> Mapping[str, Any] | None:
    link = table.known.get(payment.id)
    if link is not None:
        return table.told.get(link.crm_id)
    for one in table.told.values():
        if wording.external_id(one.get("externalId")) == payment.id:
            return one
    return None


async def _compare_one(
    table: _Table, payment: payments.Payment, theirs: Mapping[str, Any] | None
) -> None:
    tx, side = table.tx, table.side
    options = side.connection.options
    body = wording.payment_body(payment, options)
    if body is None:
        return
    if theirs is None:
        table.calls.append(PaymentCall(payment.id, None, body))
        return
    held = table.known.get(payment.id)
    sent = table.link.agreed.get(f"{SENT}{payment.id}")
    agreed = sent if held is None else held.agreed.get(STATUS)
    status = str(theirs.get("status") or "")
    if status not in {body["status"], agreed}:
        if _is_due(payment) and status == _paid(side):
            payment = await payments.record_receipt(tx, payment_id=payment.id, now=side.now)
            body = wording.payment_body(payment, options) or body
        elif agreed is not None:
            await _refuse(table, "payment_changed", theirs)
    amount = wording.amount_of(theirs, payment.currency)
    if status == body["status"] and amount == payment.amount:
        if held is None or agreed != status:
            await _keep(table, payment.id, theirs)
        return
    wanted = {name: body[name] for name in _MONEY}
    table.calls.append(PaymentCall(payment.id, int(theirs["id"]), wanted))


async def _take_stranger(
    table: _Table,
    theirs: Mapping[str, Any],
    ours: list[payments.Payment],
    matched: dict[UUID, Mapping[str, Any] | None],
) -> list[payments.Payment]:
    """A manager wrote a payment of their own: it may be the one we wait for."""
    tx, side = table.tx, table.side
    if str(theirs.get("status")) != _paid(side):
        return ours
    due = next((one for one in ours if _is_due(one)), None)
    if due is None or wording.amount_of(theirs, due.currency) != due.amount:
        await _refuse(table, "payment_unexpected", theirs)
        return ours
    paid = await payments.record_receipt(tx, payment_id=due.id, now=side.now)
    replaced = matched[due.id]
    called_off = side.connection.options.payment_statuses.get(payments.PaymentState.VOIDED)
    if replaced is not None and called_off is not None:
        table.calls.append(PaymentCall(None, int(replaced["id"]), {"status": called_off}))
    matched[due.id] = theirs
    await _keep(table, due.id, theirs)
    return [paid if one.id == due.id else one for one in ours]


async def carry_out(side: Side, order_link: Link, call: PaymentCall, site: str) -> Link | None:
    """Make or change a payment in the CRM; give what to keep of it."""
    crm_id = call.crm_id
    if crm_id is None:
        body = {**call.body, "order": {"id": order_link.crm_id}}
        try:
            crm_id = await side.crm.create_payment(site, body)
        except CrmRefused as refusal:
            if not is_taken(refusal):
                raise
            return None  # an answer of ours got lost; the next look finds it
    else:
        await side.crm.edit_payment(crm_id, site, dict(call.body))
    if call.payment_id is None:
        return None
    return Link(
        kind=Kind.PAYMENT,
        internal_id=call.payment_id,
        crm_id=crm_id,
        owner_id=order_link.internal_id,
        agreed={STATUS: str(call.body["status"])},
    )


async def _keep(table: _Table, payment_id: UUID, theirs: Mapping[str, Any]) -> None:
    kept = Link(
        kind=Kind.PAYMENT,
        internal_id=payment_id,
        crm_id=int(theirs["id"]),
        owner_id=table.order.id,
        agreed={STATUS: str(theirs.get("status") or "")},
    )
    side = table.side
    await links.save_link(table.tx, side.connection.id, kept, now=side.now)


async def _refuse(table: _Table, code: str, theirs: Mapping[str, Any]) -> None:
    tx, side, link = table.tx, table.side, table.link
    messages = {
        "payment_changed": "Payment {payment} of order {number} is {status} in RetailCRM, "
        "but money that moves online is proven by the payment service only.",
        "payment_unexpected": "Payment {payment} of order {number} in RetailCRM is not one the "
        "order waits for.",
    }
    key = f"{code}:{theirs['id']}"
    if await queues.is_refused(
        tx, side.connection.id, kind=Kind.ORDER, crm_id=link.crm_id, code=key
    ):
        return
    await queues.add_refusal(
        tx,
        side.connection.id,
        kind=Kind.ORDER,
        crm_id=link.crm_id,
        internal_id=link.internal_id,
        code=key,
        message=messages[code],
        facts={
            "number": table.order.number,
            "payment": str(theirs["id"]),
            "status": str(theirs.get("status") or ""),
        },
        now=side.now,
    )


def _is_due(payment: payments.Payment) -> bool:
    return payment.state is payments.PaymentState.DUE and not payment.is_online


def _paid(side: Side) -> str | None:
    return side.connection.options.payment_statuses.get(payments.PaymentState.CAPTURED)
