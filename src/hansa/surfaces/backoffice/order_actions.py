"""What staff do with an order: lead it on, cancel it, write a note, take and return money."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.kernel.money import Money, exponent
from hansa.modules import accounts, orders, payments
from hansa.modules.orders import By, OrderState
from hansa.modules.payments import NotRefundable
from hansa.runtime.database import Transaction
from hansa.runtime.html import Page, read_form
from hansa.runtime.html.formats import format_money
from hansa.runtime.http import Actor, Request, authorise, go_to
from hansa.runtime.http.problems import detail
from hansa.surfaces.backoffice.order import HOME, order_page
from hansa.surfaces.backoffice.order_words import STATES
from hansa.surfaces.backoffice.presenting import done, words
from hansa.surfaces.backoffice.shell import staff

_Comment = Annotated[str, msgspec.Meta(max_length=500)]
_AMOUNT_MAX = Decimal(10) ** 12


class Step(msgspec.Struct):
    """Where an order is to be led."""

    to: OrderState


class Reason(msgspec.Struct):
    """Why an order is cancelled."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class Note(msgspec.Struct):
    """Words only staff see."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]


class RefundFields(msgspec.Struct):
    """How much goes back and why; `key` makes sending twice harmless."""

    payment: UUID
    key: Annotated[str, msgspec.Meta(min_length=8, max_length=64)]
    refund_reason: _Comment
    amount: Decimal | None = None


@post("/office/orders/{order_id:uuid}/step")
async def lead_on(request: Request, order_id: FromPath[UUID]) -> Response[None] | Page:
    """Lead an order to another state."""
    actor = staff(request, "orders.edit")
    form = await read_form(request, Step)
    if form.value is None:
        return go_to(request, f"{HOME}/{order_id}")
    if form.value.to is OrderState.CANCELLED:
        authorise(request, "orders.cancel")
    try:
        async with request.transaction() as tx:
            state = await orders.advance(
                tx,
                order_id=order_id,
                to=form.value.to,
                by=By.STAFF,
                by_id=actor.id,
                now=request.received_at,
            )
            await accounts.record(
                tx,
                actor=actor,
                action="orders.advance",
                subject_kind="order",
                subject_id=order_id,
                after={"state": str(state)},
                now=request.received_at,
            )
    except orders.TransitionRefused as refusal:
        refused = _sentence(request, refusal, refusal.state, refusal.target)
        return await order_page(request, order_id, refused=refused, status_code=422)
    return done(request, f"{HOME}/{order_id}")


async def cancel_for(
    tx: Transaction, order_id: UUID, *, reason: str, by: Actor, now: datetime
) -> None:
    """Cancel an order for a member of staff; the first time is written into the audit log."""
    cancelled = await orders.cancel_order(
        tx, order_id=order_id, reason=reason, by=By.STAFF, by_id=by.id, now=now
    )
    if cancelled.is_repeat:
        return
    await accounts.record(
        tx,
        actor=by,
        action="orders.cancel",
        subject_kind="order",
        subject_id=order_id,
        after={"state": "cancelled", "reason": reason},
        now=now,
    )


@post("/office/orders/{order_id:uuid}/cancel")
async def cancel(request: Request, order_id: FromPath[UUID]) -> Response[None] | Page:
    """Cancel an order: its goods are sold again, its payment is called off."""
    actor = staff(request, "orders.cancel")
    form = await read_form(request, Reason)
    if form.value is not None:
        try:
            async with request.transaction() as tx:
                await cancel_for(
                    tx, order_id, reason=form.value.reason, by=actor, now=request.received_at
                )
            return done(request, f"{HOME}/{order_id}", "order_cancelled")
        except orders.NotCancellable as refusal:
            form.add("reason", _sentence(request, refusal, refusal.state))
    return await order_page(request, order_id, cancelling=form, status_code=422)


@post("/office/orders/{order_id:uuid}/notes")
async def add_note(request: Request, order_id: FromPath[UUID]) -> Response[None] | Page:
    """Add a note only staff see."""
    actor = staff(request, "orders.edit")
    form = await read_form(request, Note)
    if form.value is None:
        return await order_page(request, order_id, note=form, status_code=422)
    async with request.transaction() as tx:
        await orders.add_note(
            tx,
            order_id=order_id,
            text=form.value.text,
            by_id=actor.id,
            now=request.received_at,
        )
    return done(request, f"{HOME}/{order_id}", "noted")


@post("/office/orders/{order_id:uuid}/refund")
async def give_back(request: Request, order_id: FromPath[UUID]) -> Response[None] | Page:
    """Return money of a payment, in part or all that is left; the bank is asked by a job."""
    actor = staff(request, "payments.refund")
    form = await read_form(request, RefundFields)
    if form.value is not None:
        try:
            await _refund(request, actor, order_id, form.value)
            return done(request, f"{HOME}/{order_id}", "refund_asked")
        except NotRefundable as refusal:
            form.add("amount", await _too_much(request, form.value, refusal.available_minor))
    return await order_page(request, order_id, refunding=form, status_code=422)


@post("/office/orders/{order_id:uuid}/receipt")
async def receive(request: Request, order_id: FromPath[UUID]) -> Response[None] | Page:
    """Note that the money of an order was received when it was handed over."""
    actor = staff(request, "payments.receive")
    try:
        async with request.transaction() as tx:
            for payment in await payments.list_of_subject(
                tx, subject_kind=orders.SUBJECT, subject_id=order_id
            ):
                if payment.is_online or payment.state is not payments.PaymentState.DUE:
                    continue
                paid = await payments.record_receipt(
                    tx, payment_id=payment.id, now=request.received_at
                )
                await accounts.record(
                    tx,
                    actor=actor,
                    action="payments.receive",
                    subject_kind="payment",
                    subject_id=payment.id,
                    after={"captured_minor": paid.captured_minor},
                    now=request.received_at,
                )
    except HansaError as refusal:
        return await order_page(
            request, order_id, refused=detail(request, refusal), status_code=422
        )
    return done(request, f"{HOME}/{order_id}")


@post("/office/orders/{order_id:uuid}/look")
async def look(request: Request, order_id: FromPath[UUID]) -> Response[None]:
    """Ask the bank now how the payments of an order stand."""
    staff(request, "payments.view")
    async with request.snapshot(single=True) as snap:
        found = await payments.list_of_subject(
            snap, subject_kind=orders.SUBJECT, subject_id=order_id
        )
    for payment in found:
        if payment.is_online:
            await payments.refresh_payment(request.context, payment_id=payment.id)
    return done(request, f"{HOME}/{order_id}", "looked")


def _sentence(request: Request, refusal: HansaError, state: str, target: str = "") -> str:
    """Say why a state does not allow something, with the states as pages call them."""
    translate = words(request)
    called = {
        name: translate(STATES[OrderState(one)][0]) if one in set(OrderState) else one
        for name, one in (("state", state), ("target", target))
    }
    return translate(refusal.message).format(**called)


async def _refund(request: Request, actor: Actor, order_id: UUID, wanted: RefundFields) -> None:
    async with request.transaction() as tx:
        payment = await payments.get_payment(tx, payment_id=wanted.payment)
        if payment.subject_id != order_id:
            raise payments.PaymentNotFound
        refund = await payments.refund(
            tx,
            payment_id=payment.id,
            amount_minor=_minor(wanted.amount, payment.currency),
            reason=wanted.refund_reason,
            key=wanted.key,
            by=actor.id,
            now=request.received_at,
        )
        await accounts.record(
            tx,
            actor=actor,
            action="payments.refund",
            subject_kind="payment",
            subject_id=payment.id,
            after={"amount_minor": refund.amount.minor, "reason": wanted.refund_reason},
            now=request.received_at,
        )


async def _too_much(request: Request, wanted: RefundFields, left_minor: int) -> str:
    async with request.snapshot(single=True) as snap:
        payment = await payments.get_payment(snap, payment_id=wanted.payment)
    left = format_money(Money(left_minor, payment.currency), request.language)
    return words(request)("At most {left} can go back.").format(left=left)


def _minor(amount: Decimal | None, currency: str) -> int | None:
    """Give an amount in minor units; parts of a minor unit are more than anybody can return."""
    if amount is None:
        return None
    scaled = min(amount, _AMOUNT_MAX).scaleb(exponent(currency))
    return int(scaled) if scaled == scaled.to_integral_value() else 0
