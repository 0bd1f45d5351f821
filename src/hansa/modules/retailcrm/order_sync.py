"""Orders that stand on both sides: compare, take over, send what differs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from hansa.kernel.errors import HansaError, Unavailable
from hansa.modules import orders, payments
from hansa.modules.retailcrm import model, payment_sync, wording
from hansa.modules.retailcrm.client import CrmRefused, reason_of
from hansa.modules.retailcrm.model import ADDRESS_FIELDS, SHOP_ONLY, Kind, Link, Outgoing, Plan
from hansa.modules.retailcrm.payment_sync import PaymentCall
from hansa.modules.retailcrm.side import Side
from hansa.modules.retailcrm.store import links, queues
from hansa.runtime.database import Transaction

COMMENT = "comment"
_WRITTEN_IN = "RetailCRM"
_RECIPIENT = ("name", "phone", "email")
_REFUSALS = {
    "items": (
        "items_changed",
        "The lines of order {number} were changed in RetailCRM; what was sold stays as it is here.",
    ),
    "delivery_cost": (
        "delivery_cost_changed",
        "The delivery of order {number} costs something else in RetailCRM; ours was kept.",
    ),
    "status": ("status_refused", "Order {number} is {state} and cannot become {target}."),
    "recipient": (
        "recipient_refused",
        "Order {number} is {state}; its recipient and address can no longer be changed.",
    ),
}


@dataclass(frozen=True, slots=True)
class _Step:
    """What is left to be said to the CRM after both sides were compared."""

    market: str
    plan: Plan
    body: Mapping[str, Any]
    agreed: Mapping[str, str]
    calls: tuple[PaymentCall, ...]


async def sync_orders(side: Side, rows: Sequence[Outgoing], known: Mapping[UUID, Link]) -> None:
    """Compare orders that the CRM has with what they are there, and bring both together."""
    told = await side.crm.by_ids("orders", [known[row.subject_id].crm_id for row in rows])
    for row in rows:
        link = known[row.subject_id]
        try:
            if link.crm_id not in told:
                await _note_gone(side, row, link)
            else:
                await _sync(side, row, link, told[link.crm_id])
        except Unavailable:
            raise
        except HansaError as refusal:
            async with side.context.database.transaction() as tx:
                await queues.refuse(
                    tx, side.connection.id, row, error=reason_of(refusal), now=side.now
                )


async def _sync(side: Side, row: Outgoing, link: Link, told: Mapping[str, Any]) -> None:
    if wording.lacks_our_id(told, link.internal_id):
        await side.crm.fix_external_id("order", link.crm_id, str(link.internal_id))
    async with side.context.database.transaction() as tx:
        step = await _compare(tx, side, link, told)
        if step.body or step.calls:
            intent = {"order": sorted(step.plan.send), "payments": len(step.calls)}
            await queues.intend(tx, side.connection.id, Kind.ORDER, [row.subject_id], intent)
        else:
            await queues.finish(tx, side.connection.id, row)
            return
    site = side.site_of(step.market)
    if step.body:
        await side.crm.edit("order", link.crm_id, site, dict(step.body))
    done = [await payment_sync.carry_out(side, link, call, site) for call in step.calls]
    async with side.context.database.transaction() as tx:
        agreed = {**step.agreed, **{name: step.plan.agreed[name] for name in step.plan.send}}
        await links.save_link(tx, side.connection.id, replace(link, agreed=agreed), now=side.now)
        for payment_link in done:
            if payment_link is not None:
                await links.save_link(tx, side.connection.id, payment_link, now=side.now)
        await queues.finish(tx, side.connection.id, row)


async def _compare(tx: Transaction, side: Side, link: Link, told: Mapping[str, Any]) -> _Step:
    """Take over what the CRM changed; say what is left to be sent."""
    options = side.connection.options
    order = await orders.get_order(tx, order_id=link.internal_id)
    market = side.market(order.market)
    theirs = wording.crm_order_fields(
        told,
        options=options,
        currency=market.currency,
        region=market.phone_region,
        lines=order.lines,
    )
    ours = wording.order_fields(order)
    owners = {name: options.owner(Kind.ORDER, name) for name in ours}
    plan = model.compare(
        agreed=link.agreed, ours=ours, theirs=theirs, owners=owners, secret=side.secret
    )
    if plan.take:
        reason = str(told.get("statusComment") or "")
        refused = await _take_over(tx, side, order, link, take=plan.take, reason=reason)
        order = await orders.get_order(tx, order_id=link.internal_id)
        plan = model.compare(
            agreed=link.agreed,
            ours=wording.order_fields(order),
            theirs=theirs,
            owners=owners,
            refused=refused | set(plan.take),
            secret=side.secret,
        )
    comment = await _take_comment(tx, side, order, link, told)
    # What is sent is agreed on only when the CRM has answered.
    agreed = {name: text for name, text in plan.agreed.items() if name not in plan.send}
    kept = {name: link.agreed[name] for name in plan.send if name in link.agreed}
    kept |= {name: text for name, text in link.agreed.items() if name.startswith(payment_sync.SENT)}
    agreed = {**agreed, **kept, COMMENT: comment}
    await links.save_link(tx, side.connection.id, replace(link, agreed=agreed), now=side.now)
    calls = await payment_sync.compare(tx, side, order, link, told)
    body = wording.order_changes(order, plan.send, options)
    return _Step(order.market, plan, body, agreed, calls)


async def _take_over(
    tx: Transaction,
    side: Side,
    order: orders.Order,
    link: Link,
    *,
    take: model.Fields,
    reason: str,
) -> set[str]:
    """Do here what a manager did in the CRM; give the fields for which that is not possible."""
    refused: dict[str, tuple[str, ...]] = {}
    if take.keys() & {*_RECIPIENT, *ADDRESS_FIELDS} and not await _take_recipient(
        tx, order, take, now=side.now
    ):
        refused["recipient"] = tuple(take.keys() & {*_RECIPIENT, *ADDRESS_FIELDS})
    if "status" in take and not await _take_status(
        tx, order, take["status"], reason=reason, now=side.now
    ):
        refused["status"] = ("status",)
    refused |= {name: (name,) for name in SHOP_ONLY & take.keys()}
    for what in refused:
        code, message = _REFUSALS[what]
        await queues.add_refusal(
            tx,
            side.connection.id,
            kind=Kind.ORDER,
            crm_id=link.crm_id,
            internal_id=order.id,
            code=code,
            message=message,
            facts={
                "number": order.number,
                "state": str(order.state),
                "target": take.get("status", ""),
            },
            now=side.now,
        )
    return {name for names in refused.values() for name in names}


async def _take_status(
    tx: Transaction, order: orders.Order, status: str, *, reason: str, now: datetime
) -> bool:
    state, by = orders.OrderState, orders.By.STAFF
    target, comment = state(status), reason or _WRITTEN_IN
    try:
        if target is state.CANCELLED:
            await orders.cancel_order(tx, order_id=order.id, reason=comment, by=by, now=now)
            return True
        # A manager who closes a sale at once means that the goods have arrived, too.
        steps = [target]
        if target is state.COMPLETED and order.state is not state.DELIVERED:
            steps = [state.DELIVERED, target]
        for step in steps:
            await orders.advance(tx, order_id=order.id, to=step, by=by, comment=comment, now=now)
    except (orders.TransitionRefused, orders.NotCancellable):
        return False
    return True


async def _take_recipient(
    tx: Transaction, order: orders.Order, take: model.Fields, *, now: datetime
) -> bool:
    recipient = replace(
        order.recipient, **{name: take[name] for name in _RECIPIENT if name in take}
    )
    if not recipient.name or not recipient.phone:
        return False
    address = order.delivery.address
    if address is not None:
        address = replace(address, **{name: take[name] for name in ADDRESS_FIELDS if name in take})
    try:
        await orders.edit_delivery(
            tx,
            order_id=order.id,
            recipient=recipient,
            address=address,
            by=orders.By.STAFF,
            comment=_WRITTEN_IN,
            now=now,
        )
    except orders.TransitionRefused:
        return False
    return True


async def _take_comment(
    tx: Transaction, side: Side, order: orders.Order, link: Link, told: Mapping[str, Any]
) -> str:
    comment = str(told.get("managerComment") or "").strip()
    kept = model.fingerprint(COMMENT, comment, secret=side.secret)
    if comment and kept != link.agreed.get(COMMENT, ""):
        text = f"{_WRITTEN_IN}: {comment}"[:2000]
        await orders.add_note(tx, order_id=order.id, text=text, by_id=None, now=side.now)
    return kept


async def _note_gone(side: Side, row: Outgoing, link: Link) -> None:
    """The CRM has deleted the order; ours goes on, and a person is told."""
    async with side.context.database.transaction() as tx:
        order = await orders.get_order(tx, order_id=link.internal_id)
        await queues.add_refusal(
            tx,
            side.connection.id,
            kind=Kind.ORDER,
            crm_id=link.crm_id,
            internal_id=order.id,
            code="order_deleted",
            message="Order {number} was deleted in RetailCRM; it goes on here.",
            facts={"number": order.number},
            now=side.now,
        )
        await queues.finish(tx, side.connection.id, row)


async def create_order(side: Side, row: Outgoing, *, customer: int | None) -> None:
    """Make an order in the CRM, or find the one an answer that got lost has made."""
    async with side.context.database.snapshot() as snap:
        order = await orders.get_order(snap, order_id=row.subject_id)
        attempts = await payments.list_of_subject(
            snap, subject_kind=orders.SUBJECT, subject_id=order.id
        )
    body = wording.new_order(
        order, connection=side.connection, customer=customer, attempts=attempts
    )
    if row.attempts and await find_made(side, [row]):
        return
    async with side.context.database.transaction() as tx:
        await queues.intend(
            tx, side.connection.id, Kind.ORDER, [row.subject_id], {"create": str(order.id)}
        )
    try:
        crm_id = await side.crm.create("order", side.site_of(order.market), body)
    except CrmRefused:
        # Whatever it says: if it has the order, an answer of ours got lost.
        if await find_made(side, [row]):
            return
        raise
    await link_made(side, {row.subject_id: (row, crm_id)}, {order.id: (order, attempts)})


async def find_made(side: Side, rows: Sequence[Outgoing]) -> set[UUID]:
    """Link orders the CRM has already under our ids; they wait on, to be compared."""
    found = await side.crm.by_external_ids("orders", [str(row.subject_id) for row in rows])
    async with side.context.database.transaction() as tx:
        for row in rows:
            told = found.get(str(row.subject_id))
            if told is not None:
                link = Link(kind=Kind.ORDER, internal_id=row.subject_id, crm_id=int(told["id"]))
                await links.save_link(tx, side.connection.id, link, now=side.now)
    return {row.subject_id for row in rows if str(row.subject_id) in found}


async def link_made(
    side: Side,
    made: Mapping[UUID, tuple[Outgoing, int]],
    sent: Mapping[UUID, tuple[orders.Order, Sequence[payments.Payment]]],
) -> None:
    """Note which order of the CRM stands for which of ours, and that both are alike."""
    async with side.context.database.transaction() as tx:
        for order_id, (row, crm_id) in made.items():
            order, attempts = sent[order_id]
            agreed = model.fingerprints(wording.order_fields(order), secret=side.secret)
            agreed |= payment_sync.sent_with(attempts, side.connection.options)
            link = Link(kind=Kind.ORDER, internal_id=order_id, crm_id=crm_id, agreed=agreed)
            await links.save_link(tx, side.connection.id, link, now=side.now)
            await queues.finish(tx, side.connection.id, row)
