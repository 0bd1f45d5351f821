"""Money follows goods: what is kept of a payment falls, and the provider ends with just that."""

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
from hansa.modules.payments.jobs import handle_check_open
from hansa.modules.payments.work import CheckOpenPayments
from tests.conftest import NOON

CARD = payments.PaymentMethod(
    market="ru",
    code="card",
    provider=payments.SIMULATED,
    name={"ru": "Картой"},
    hint={},
    position=1,
)
HELD = payments.PaymentMethod(
    market="ru",
    code="held",
    provider=payments.SIMULATED,
    name={"ru": "Картой"},
    hint={},
    position=2,
    capture_at_once=False,
)
CASH = payments.PaymentMethod(
    market="ru",
    code="cash",
    provider=payments.ON_RECEIPT,
    name={"ru": "При получении"},
    hint={},
    position=3,
)


def roubles(amount):
    return Money(amount * 100, "RUB")


async def opened(context, method=CARD, *, amount=1000, is_deferred=False):
    async with context.database.transaction() as tx:
        return await payments.open_payment(
            tx,
            subject_kind="order",
            subject_id=uuid4(),
            amount=roubles(amount),
            method=method,
            description="RU-1",
            language="ru",
            is_deferred=is_deferred,
            now=NOON,
        )


async def paid(context, bank, method=CARD, *, amount=1000):
    """Open a payment and pay it on its page."""
    payment = await opened(context, method, amount=amount)
    payment = await payments.start_payment(context, payment_id=payment.id)
    await bank.act(payment.redirect_url)
    return await payments.settle_payment(context, payment_id=payment.id)


async def lower(context, payment, amount):
    async with context.database.transaction() as tx:
        await payments.lower_payment(
            tx,
            subject_kind="order",
            subject_id=payment.subject_id,
            amount=roubles(amount),
            now=NOON,
        )


async def capture(context, payment, amount=None):
    async with context.database.transaction() as tx:
        await payments.request_capture(
            tx,
            subject_kind="order",
            subject_id=payment.subject_id,
            amount=None if amount is None else roubles(amount),
            now=NOON,
        )


async def allow(context, payment, amount):
    async with context.database.transaction() as tx:
        return await payments.allow_payment(
            tx,
            subject_kind="order",
            subject_id=payment.subject_id,
            amount=roubles(amount),
            now=NOON,
        )


async def read(context, payment):
    async with context.database.snapshot() as snap:
        return await payments.get_payment(snap, payment_id=payment.id)


async def green(context):
    async with context.database.snapshot() as snap:
        return [finding for check in CHECKS for finding in await check.run(snap)]


async def settled(context, payment):
    return await payments.settle_payment(context, payment_id=payment.id)


def at_the_bank(bank):
    """What the bank has of its only payment: taken, given back."""
    (there,) = bank.payments
    return there.captured // 100, there.refunded // 100


async def test_of_held_money_only_what_is_left_is_taken(context, bank):
    held = await paid(context, bank, HELD)
    assert held.state is PaymentState.AUTHORISED
    await lower(context, held, 600)
    await capture(context, held)
    await capture(context, held)

    done = await settled(context, held)

    assert (done.state, done.captured_minor) == (PaymentState.CAPTURED, 600_00)
    assert at_the_bank(bank) == (600, 0)
    assert bank.payments[0].released == 400_00
    assert await green(context) == []


async def test_a_part_can_be_captured_by_amount_and_the_rest_is_let_go(context, bank):
    held = await paid(context, bank, HELD)
    await capture(context, held, 700)

    done = await settled(context, held)

    assert (done.captured_minor, done.kept_minor) == (700_00, 700_00)
    assert at_the_bank(bank) == (700, 0)
    assert await green(context) == []


async def test_nothing_or_less_cannot_be_captured(context, bank):
    held = await paid(context, bank, HELD)
    for amount in (0, -1):
        with pytest.raises(payments.AmountInvalid):
            await capture(context, held, amount)
    await capture(context, held, 5000)
    assert (await settled(context, held)).captured_minor == 1000_00


async def test_what_was_taken_at_once_is_given_back_in_parts(context, bank):
    payment = await paid(context, bank)
    await lower(context, payment, 600)
    await lower(context, payment, 600)
    await lower(context, payment, 900)
    assert (await settled(context, payment)).refunded_minor == 400_00
    await lower(context, payment, 250)

    done = await settled(context, payment)

    assert (done.state, done.refunded_minor) == (PaymentState.CAPTURED, 750_00)
    assert at_the_bank(bank) == (1000, 750)
    assert await green(context) == []


async def test_a_kindness_of_staff_does_not_count_as_what_was_given_up(context, bank):
    payment = await paid(context, bank)
    async with context.database.transaction() as tx:
        await payments.refund(
            tx,
            payment_id=payment.id,
            amount_minor=100_00,
            reason="late",
            key="kind",
            by=None,
            now=NOON,
        )
    await lower(context, payment, 700)
    await settled(context, payment)
    assert at_the_bank(bank) == (1000, 400)
    assert await green(context) == []


async def test_the_check_sees_money_nobody_gives_back(context, bank):
    payment = await paid(context, bank)
    async with context.database.transaction() as tx:
        await tx.execute("update payments_payment set due_minor = 60000")
    assert [one.check for one in await green(context)] == ["payments.kept"]
    assert payment.kept_minor == 1000_00


async def test_given_up_while_the_capture_is_on_its_way_ends_exact(context, bank):
    """The bank has taken all of it and we do not know yet: the difference goes back by itself."""
    held = await paid(context, bank, HELD)
    await capture(context, held)
    bank.misbehave(answer_after_seconds=3, notices=0)
    settling = asyncio.create_task(settled(context, held))
    async with asyncio.timeout(60):
        while bank.payments[0].state != "captured":
            await asyncio.sleep(0.005)
    assert (await read(context, held)).state is PaymentState.AUTHORISED
    await lower(context, held, 300)
    bank.misbehave(notices=0)

    done = await settling

    assert (done.captured_minor, done.refunded_minor) == (1000_00, 700_00)
    assert at_the_bank(bank) == (1000, 700)
    assert await green(context) == []


async def test_given_up_after_the_answer_to_the_capture_was_lost_ends_exact(context, bank):
    held = await paid(context, bank, HELD)
    await capture(context, held)
    bank.misbehave(lose_answers=10, notices=0)
    with pytest.raises(Unavailable):
        await settled(context, held)
    await lower(context, held, 300)
    bank.misbehave(notices=0)

    await settled(context, held)
    await settled(context, held)

    taken, given_back = at_the_bank(bank)
    assert taken - given_back == 300
    assert await green(context) == []


async def test_a_capture_that_never_arrived_is_asked_anew_for_less(context, bank):
    held = await paid(context, bank, HELD)
    await capture(context, held)
    bank.misbehave(fail=10, notices=0)
    with pytest.raises(Unavailable):
        await settled(context, held)
    await lower(context, held, 300)
    bank.misbehave(notices=0)

    await settled(context, held)

    assert at_the_bank(bank) == (300, 0)
    assert await green(context) == []


async def test_two_settlements_at_once_give_back_once(context, bank):
    payment = await paid(context, bank)
    await lower(context, payment, 400)
    await asyncio.gather(*(settled(context, payment) for _ in range(4)))
    assert at_the_bank(bank) == (1000, 600)
    assert await green(context) == []


async def test_calling_off_what_was_lowered_gives_back_just_the_rest(context, bank):
    payment = await paid(context, bank)
    await lower(context, payment, 400)
    async with context.database.transaction() as tx:
        await payments.cancel_payment(
            tx, subject_kind="order", subject_id=payment.subject_id, reason="", now=NOON
        )
    await settled(context, payment)
    assert at_the_bank(bank) == (1000, 1000)
    assert (await read(context, payment)).state is PaymentState.REFUNDED
    assert await green(context) == []


async def test_a_payment_nobody_began_becomes_smaller_itself(context, bank):
    payment = await opened(context)
    await lower(context, payment, 400)
    started = await payments.start_payment(context, payment_id=payment.id)
    assert bank.payments[0].amount == 400_00
    await bank.act(started.redirect_url)
    assert (await settled(context, payment)).captured_minor == 400_00
    assert await green(context) == []


async def test_what_is_paid_on_an_older_page_is_given_back_in_part(context, bank):
    payment = await opened(context)
    started = await payments.start_payment(context, payment_id=payment.id)
    await lower(context, payment, 400)
    await bank.act(started.redirect_url)
    await settled(context, payment)
    assert at_the_bank(bank) == (1000, 600)
    assert await green(context) == []


async def test_a_second_attempt_asks_for_what_is_left(context, bank):
    payment = await payments.start_payment(context, payment_id=(await opened(context)).id)
    await bank.act(payment.redirect_url, "decline")
    await settled(context, payment)
    await lower(context, payment, 400)
    async with context.database.transaction() as tx:
        second = await payments.repeat_payment(tx, payment_id=payment.id, method=CARD, now=NOON)
    assert second.amount_minor == 400_00


async def test_cash_is_taken_for_what_is_left_and_given_back_by_hand(context):
    payment = await opened(context, CASH)
    await lower(context, payment, 700)
    async with context.database.transaction() as tx:
        taken = await payments.record_receipt(tx, payment_id=payment.id, now=NOON)
    assert taken.captured_minor == 700_00
    await lower(context, payment, 200)
    await lower(context, payment, 200)
    assert (await read(context, payment)).refunded_minor == 500_00
    assert await green(context) == []


async def test_an_amount_below_nothing_is_refused(context):
    with pytest.raises(payments.AmountInvalid):
        await lower(context, await opened(context), -1)


async def test_a_deferred_payment_never_reaches_the_provider_before_it_is_allowed(context, bank):
    payment = await opened(context, is_deferred=True)
    assert (payment.state, payment.needs_page) == (PaymentState.DEFERRED, False)

    await payments.start_payment(context, payment_id=payment.id)
    await payments.refresh_payment(context, payment_id=payment.id)
    await capture(context, payment)
    context.clock.advance(timedelta(days=1))
    await handle_check_open(context, CheckOpenPayments())
    await settled(context, payment)
    assert bank.payments == []
    assert await green(context) == []

    first = await allow(context, payment, 800)
    again = await allow(context, payment, 800)
    assert (first.state, again.id) == (PaymentState.CREATED, payment.id)
    started = await payments.start_payment(context, payment_id=payment.id)
    assert bank.payments[0].amount == 800_00
    await bank.act(started.redirect_url)
    assert (await settled(context, payment)).captured_minor == 800_00
    assert await green(context) == []


async def test_more_than_was_agreed_or_nothing_cannot_be_allowed(context, bank):
    payment = await opened(context, is_deferred=True)
    await lower(context, payment, 500)
    for amount in (0, -5, 501, 1000):
        with pytest.raises(payments.AmountInvalid):
            await allow(context, payment, amount)
    assert (await allow(context, payment, 500)).amount_minor == 500_00
    assert bank.payments == []


async def test_a_deferred_payment_that_was_called_off_stays_unknown_to_the_provider(context, bank):
    payment = await opened(context, is_deferred=True)
    async with context.database.transaction() as tx:
        await payments.cancel_payment(
            tx, subject_kind="order", subject_id=payment.subject_id, reason="", now=NOON
        )
    with pytest.raises(payments.NotPayable):
        await allow(context, payment, 1000)
    assert (await settled(context, payment)).state is PaymentState.VOIDED
    assert bank.payments == []


async def test_nothing_to_allow_is_said_and_cash_needs_no_leave(context):
    with pytest.raises(payments.PaymentNotFound):
        async with context.database.transaction() as tx:
            await payments.allow_payment(
                tx, subject_kind="order", subject_id=uuid4(), amount=roubles(1), now=NOON
            )
    cash = await opened(context, CASH, is_deferred=True)
    assert cash.state is PaymentState.DUE
    assert (await allow(context, cash, 1000)).state is PaymentState.DUE


async def test_a_hold_has_an_end_that_is_known_and_watched(context, bank):
    bank.move_clock(NOON)
    bank.misbehave(hold_seconds=600, notices=0)
    held = await paid(context, bank, HELD)

    assert held.hold_expires_at == NOON + timedelta(minutes=10)
    bank.move_clock(NOON + timedelta(minutes=9))
    assert (await settled(context, held)).state is PaymentState.AUTHORISED
    bank.move_clock(NOON + timedelta(minutes=10))
    await capture(context, held)
    gone = await settled(context, held)

    assert (gone.state, gone.reason) == (PaymentState.FAILED, "expired_on_capture")
    assert at_the_bank(bank) == (0, 0)
    assert await green(context) == []


async def test_the_provider_is_asked_right_after_a_hold_has_ended(context, bank):
    bank.move_clock(NOON)
    bank.misbehave(hold_seconds=20, notices=0)
    held = await paid(context, bank, HELD)
    assert held.check_at == NOON + timedelta(seconds=25)


async def test_a_capture_asked_for_before_the_news_of_the_hold_is_done_after_it(context, bank):
    payment = await payments.start_payment(context, payment_id=(await opened(context, HELD)).id)
    await bank.act(payment.redirect_url)
    await capture(context, payment, 700)

    done = await settled(context, payment)

    assert (done.state, done.captured_minor) == (PaymentState.CAPTURED, 700_00)
    assert at_the_bank(bank) == (700, 0)
    assert await green(context) == []
