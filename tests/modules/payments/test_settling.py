"""Payments and the acquirer come to the same picture, whatever gets lost in between."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from hansa.kernel.errors import Unavailable
from hansa.kernel.money import Money
from hansa.modules import payments
from hansa.modules.payments import PaymentState
from hansa.modules.payments.checks import CHECKS
from hansa.modules.payments.jobs import handle_check_open, handle_forget_notices
from hansa.modules.payments.work import CheckOpenPayments, ForgetNotices
from tests.conftest import NOON

CARD = payments.PaymentMethod(
    market="ru",
    code="card",
    provider=payments.SIMULATED,
    name={"ru": "Картой", "en": "By card"},
    hint={},
    position=1,
)
HELD = payments.PaymentMethod(
    market="ru",
    code="held",
    provider=payments.SIMULATED,
    name={"ru": "Картой", "en": "By card"},
    hint={},
    position=2,
    capture_at_once=False,
)
CASH = payments.PaymentMethod(
    market="ru",
    code="cash",
    provider=payments.ON_RECEIPT,
    name={"ru": "При получении", "en": "On receipt"},
    hint={},
    position=3,
)


async def opened(context, method=CARD, *, minor=1990_00, subject=None):
    async with context.database.transaction() as tx:
        return await payments.open_payment(
            tx,
            subject_kind="order",
            subject_id=subject or uuid4(),
            amount=Money(minor, "RUB"),
            method=method,
            description="RU-1",
            language="ru",
            return_url="http://hansa.test/back",
            now=NOON,
        )


async def read(context, payment):
    async with context.database.snapshot() as snap:
        return await payments.get_payment(snap, payment_id=payment.id)


async def refunds_of(context, payment):
    async with context.database.snapshot() as snap:
        return await payments.list_refunds(snap, payment_id=payment.id)


async def event_types(context):
    async with context.database.snapshot() as snap:
        return [row.type for row in await snap.all("select type from outbox_event order by serial")]


async def cancelled(context, payment, reason="changed my mind"):
    async with context.database.transaction() as tx:
        await payments.cancel_payment(
            tx, subject_kind="order", subject_id=payment.subject_id, reason=reason, now=NOON
        )


async def green(context):
    async with context.database.snapshot() as snap:
        return [finding for check in CHECKS for finding in await check.run(snap)]


async def test_a_started_payment_has_a_page_and_is_captured_after_paying(context, bank):
    payment = await payments.start_payment(context, payment_id=(await opened(context)).id)
    assert payment.state is PaymentState.PENDING
    assert payment.redirect_url is not None

    answer = await bank.act(payment.redirect_url)
    assert answer is not None
    assert answer.headers["location"] == "http://hansa.test/back"
    paid = await payments.settle_payment(context, payment_id=payment.id)

    assert paid.state is PaymentState.CAPTURED
    assert (paid.captured_minor, paid.refunded_minor) == (1990_00, 0)
    assert await event_types(context) == ["payments.PaymentCaptured"]
    assert await green(context) == []


async def test_a_declined_payment_fails_and_can_be_paid_at_a_second_attempt(context, bank):
    payment = await payments.start_payment(context, payment_id=(await opened(context)).id)
    await bank.act(payment.redirect_url, "decline")

    failed = await payments.settle_payment(context, payment_id=payment.id)
    assert failed.state is PaymentState.FAILED
    assert failed.reason == "declined by the bank"
    async with context.database.transaction() as tx:
        second = await payments.repeat_payment(tx, payment_id=payment.id, method=CARD, now=NOON)
        again = await payments.repeat_payment(tx, payment_id=payment.id, method=CARD, now=NOON)
    assert second.attempt == 2
    assert again.id == second.id

    second = await payments.start_payment(context, payment_id=second.id)
    await bank.act(second.redirect_url)
    assert (await payments.settle_payment(context, payment_id=second.id)).state == "captured"


async def test_an_answer_lost_at_the_start_leads_to_one_payment_there(context, bank):
    payment = await opened(context)
    bank.misbehave(lose_answers=10, notices=0)
    started = await payments.start_payment(context, payment_id=payment.id)
    assert started.redirect_url is None, "the page is not ready yet"
    assert len(bank.payments) == 1, "it is there all the same"

    bank.misbehave(notices=0)
    again = await payments.start_payment(context, payment_id=payment.id)

    assert again.redirect_url is not None
    assert len(bank.payments) == 1


async def test_a_capture_whose_answer_is_lost_is_done_once(context, bank):
    payment = await payments.start_payment(context, payment_id=(await opened(context, HELD)).id)
    await bank.act(payment.redirect_url)
    held = await payments.settle_payment(context, payment_id=payment.id)
    assert held.state is PaymentState.AUTHORISED
    async with context.database.transaction() as tx:
        await payments.request_capture(
            tx, subject_kind="order", subject_id=payment.subject_id, now=NOON
        )

    bank.misbehave(lose_answers=1, notices=0)
    taken = await payments.settle_payment(context, payment_id=payment.id)

    assert taken.state is PaymentState.CAPTURED
    assert bank.payments[0].captured == 1990_00
    assert await event_types(context) == ["payments.PaymentAuthorised", "payments.PaymentCaptured"]


async def test_a_payer_whose_connection_broke_is_found_by_the_periodic_look(context, bank, clock):
    payment = await payments.start_payment(context, payment_id=(await opened(context)).id)
    assert await bank.act(payment.redirect_url, "quiet") is None
    assert (await read(context, payment)).state is PaymentState.PENDING

    clock.advance(timedelta(hours=1))
    await handle_check_open(context, CheckOpenPayments())
    async with context.database.snapshot() as snap:
        jobs = await snap.all(
            "select args -> 'job' ->> 'payment_id' as payment_id from jobs.procrastinate_jobs"
            " where task_name = 'payments.settle'"
        )
    assert [job.payment_id for job in jobs] == [str(payment.id)]
    assert (await payments.settle_payment(context, payment_id=payment.id)).state == "captured"


async def test_refunds_in_part_and_whole_are_done_once_per_key(context, bank):
    payment = await payments.start_payment(context, payment_id=(await opened(context)).id)
    await bank.act(payment.redirect_url)
    await payments.settle_payment(context, payment_id=payment.id)

    for key, minor in (("a", 500_00), ("a", 500_00), ("b", None)):
        async with context.database.transaction() as tx:
            await payments.refund(
                tx,
                payment_id=payment.id,
                amount_minor=minor,
                reason="returned",
                key=key,
                by=None,
                now=NOON,
            )
    bank.misbehave(lose_answers=2, notices=0)
    after = await payments.settle_payment(context, payment_id=payment.id)

    assert after.state is PaymentState.REFUNDED
    assert bank.payments[0].refunded == 1990_00
    assert sorted(refund.amount for refund in bank.payments[0].refunds) == [500_00, 1490_00]
    assert {one.state for one in await refunds_of(context, payment)} == {"done"}
    assert await green(context) == []
    async with context.database.transaction() as tx:
        with pytest.raises(payments.NotRefundable):
            await payments.refund(
                tx, payment_id=payment.id, amount_minor=1, reason="", key="c", by=None, now=NOON
            )


async def test_more_than_is_left_is_not_refunded(context, bank):
    payment = await payments.start_payment(context, payment_id=(await opened(context)).id)
    await bank.act(payment.redirect_url)
    await payments.settle_payment(context, payment_id=payment.id)

    async with context.database.transaction() as tx:
        await payments.refund(
            tx, payment_id=payment.id, amount_minor=1990_00, reason="", key="a", by=None, now=NOON
        )
        with pytest.raises(payments.NotRefundable) as refusal:
            await payments.refund(
                tx, payment_id=payment.id, amount_minor=1, reason="", key="b", by=None, now=NOON
            )

    assert refusal.value.available_minor == 0, "a refund under way counts"


async def test_a_payment_called_off_before_it_started_never_reaches_the_acquirer(context, bank):
    payment = await opened(context)

    await cancelled(context, payment)
    await cancelled(context, payment)
    after = await payments.settle_payment(context, payment_id=payment.id)

    assert after.state is PaymentState.VOIDED
    assert bank.payments == []
    assert await event_types(context) == ["payments.PaymentVoided"]


async def test_an_open_page_is_closed_when_the_payment_is_called_off(context, bank):
    payment = await payments.start_payment(context, payment_id=(await opened(context)).id)

    await cancelled(context, payment)
    after = await payments.settle_payment(context, payment_id=payment.id)
    await bank.act(payment.redirect_url)

    assert after.state is PaymentState.VOIDED
    assert bank.payments[0].state == "cancelled"
    assert bank.payments[0].captured == 0


async def test_money_that_came_while_the_payment_was_called_off_goes_back(context, bank):
    payment = await payments.start_payment(context, payment_id=(await opened(context)).id)
    await bank.act(payment.redirect_url, "quiet")

    await cancelled(context, payment)
    after = await payments.settle_payment(context, payment_id=payment.id)

    assert after.state is PaymentState.REFUNDED
    assert bank.payments[0].refunded == 1990_00
    assert await event_types(context) == ["payments.PaymentCaptured", "payments.PaymentRefunded"]
    assert await green(context) == []


async def test_a_subject_paid_twice_gets_the_second_money_back(context, bank):
    subject = uuid4()
    first = await payments.start_payment(
        context, payment_id=(await opened(context, subject=subject)).id
    )
    await bank.act(first.redirect_url, "decline")
    await payments.settle_payment(context, payment_id=first.id)
    async with context.database.transaction() as tx:
        second = await payments.repeat_payment(tx, payment_id=first.id, method=CARD, now=NOON)
    second = await payments.start_payment(context, payment_id=second.id)
    await bank.act(second.redirect_url)
    await payments.settle_payment(context, payment_id=second.id)

    late = bank.payments[0]
    late.state, late.captured, late.authorised = "captured", late.amount, late.amount
    async with context.database.transaction() as tx:
        await payments.apply_report(
            tx,
            payment_id=first.id,
            report=payments.Report(
                reference=late.id,
                state=PaymentState.CAPTURED,
                redirect_url=None,
                authorised_minor=late.amount,
                captured_minor=late.amount,
                refunded_minor=0,
            ),
            now=NOON,
        )
    await payments.settle_payment(context, payment_id=first.id)

    assert late.refunded == late.amount
    assert (await read(context, second)).state is PaymentState.CAPTURED


async def test_two_settlements_at_once_publish_the_capture_once(context, bank):
    payment = await payments.start_payment(context, payment_id=(await opened(context)).id)
    await bank.act(payment.redirect_url)

    await asyncio.gather(
        *(payments.settle_payment(context, payment_id=payment.id) for _ in range(5))
    )

    assert await event_types(context) == ["payments.PaymentCaptured"]


async def test_a_notice_that_comes_twice_asks_for_one_settlement(context, bank):
    payment = await payments.start_payment(context, payment_id=(await opened(context)).id)

    async def take():
        async with context.database.transaction() as tx:
            return await payments.take_notice(
                tx,
                provider=payments.SIMULATED,
                notice_id="n-1",
                reference=payment.reference,
                now=NOON,
            )

    taken = await asyncio.gather(take(), take())

    assert sorted(taken) == [False, True]
    async with context.database.snapshot() as snap:
        waiting = await snap.scalar(
            "select count(*) from jobs.procrastinate_jobs where task_name = 'payments.settle'"
        )
    assert waiting == 1


async def test_notices_are_forgotten_after_a_month(context, clock):
    async def take():
        async with context.database.transaction() as tx:
            return await payments.take_notice(
                tx, provider="simulated", notice_id="n-1", reference="p-0", now=clock.now()
            )

    assert await take() is True
    clock.advance(timedelta(days=29))
    await handle_forget_notices(context, ForgetNotices())
    assert await take() is False

    clock.advance(timedelta(days=2))
    await handle_forget_notices(context, ForgetNotices())
    assert await take() is True


async def test_an_acquirer_out_of_order_leaves_the_payment_for_later(context, bank):
    payment = await opened(context)
    bank.misbehave(fail=100, notices=0)

    with pytest.raises(Unavailable):
        await payments.settle_payment(context, payment_id=payment.id)

    after = await read(context, payment)
    assert after.state is PaymentState.CREATED
    assert after.check_at is not None


async def test_cash_is_due_until_received_and_given_back_by_hand(context):
    payment = await opened(context, CASH)
    assert payment.state is PaymentState.DUE

    async with context.database.transaction() as tx:
        paid = await payments.record_receipt(tx, payment_id=payment.id, now=NOON)
        await payments.record_receipt(tx, payment_id=payment.id, now=NOON)
    await cancelled(context, payment)

    assert paid.state is PaymentState.CAPTURED
    assert (await read(context, payment)).state is PaymentState.REFUNDED
    assert await event_types(context) == ["payments.PaymentCaptured", "payments.PaymentRefunded"]
    assert await green(context) == []


async def test_a_card_payment_cannot_be_noted_as_cash(context):
    payment = await opened(context)

    async with context.database.transaction() as tx:
        with pytest.raises(payments.NotPayable):
            await payments.record_receipt(tx, payment_id=payment.id, now=NOON)
