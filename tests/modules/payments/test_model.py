"""The decisions about payments, without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from hansa.kernel.money import Money
from hansa.modules.payments import model
from hansa.modules.payments.model import Action, Payment, PaymentState, Refund, Report, Wanted
from tests.conftest import NOON

A_PAYMENT = Payment(
    id=model.PaymentId(uuid4()),
    subject_kind="order",
    subject_id=uuid4(),
    attempt=1,
    market="ru",
    method="card",
    provider=model.SIMULATED,
    currency="RUB",
    amount_minor=1000,
    authorised_minor=0,
    captured_minor=0,
    refunded_minor=0,
    state=PaymentState.PENDING,
    wanted=Wanted.PAID,
    capture_at_once=True,
    capture_minor=1000,
    reference="p-1",
    redirect_url="http://bank/pay/p-1",
    return_url="",
    description="",
    language="ru",
    reason=None,
    created_at=NOON,
    changed_at=NOON,
    check_at=NOON,
    checks=0,
)
LATER = NOON + timedelta(minutes=5)


def a_report(state: PaymentState, *, captured: int = 0, refunded: int = 0) -> Report:
    return Report(
        reference="p-1",
        state=state,
        redirect_url=None,
        authorised_minor=max(captured, 1000 if state is PaymentState.AUTHORISED else 0),
        captured_minor=captured,
        refunded_minor=refunded,
    )


def a_refund(minor: int = 400) -> Refund:
    return Refund(
        id=model.RefundId(uuid4()),
        payment_id=A_PAYMENT.id,
        key="r",
        amount=Money(minor, "RUB"),
        reason="",
        state=model.RefundState.REQUESTED,
        by=None,
        requested_at=NOON,
    )


@pytest.mark.parametrize("known", list(PaymentState))
@pytest.mark.parametrize("news", list(PaymentState))
def test_news_leads_onward_or_changes_nothing(known, news):
    payment = replace(A_PAYMENT, state=known, captured_minor=1000, refunded_minor=0)

    learnt = model.learn(payment, a_report(news, captured=1000), at=LATER)

    assert learnt.state in {known, news}
    assert (learnt.state is news) == (news is known or model.may_follow(known, news))
    assert learnt.captured_minor >= payment.captured_minor


def test_older_news_takes_nothing_back():
    captured = model.learn(A_PAYMENT, a_report(PaymentState.CAPTURED, captured=1000), at=NOON)

    assert model.learn(captured, a_report(PaymentState.PENDING), at=LATER) == captured
    assert (
        model.learn(captured, a_report(PaymentState.CAPTURED, captured=1000), at=LATER) == captured
    )


def test_the_first_step_is_to_start_the_next_to_read():
    new = replace(A_PAYMENT, reference=None, state=PaymentState.CREATED)

    start = model.next_step(new, (), seen=False)
    read = model.next_step(A_PAYMENT, (), seen=False)

    assert start is not None
    assert start.action is Action.START
    assert start == model.next_step(new, (), seen=True), "the key of a repeat is the same"
    assert read is not None
    assert read.action is Action.READ
    assert model.next_step(A_PAYMENT, (), seen=True) is None


@pytest.mark.parametrize(
    ("state", "wanted", "capture", "action"),
    [
        (PaymentState.PENDING, Wanted.VOID, None, Action.VOID),
        (PaymentState.AUTHORISED, Wanted.VOID, 1000, Action.VOID),
        (PaymentState.AUTHORISED, Wanted.PAID, 1000, Action.CAPTURE),
        (PaymentState.AUTHORISED, Wanted.PAID, None, None),
        (PaymentState.CAPTURED, Wanted.PAID, 1000, None),
        (PaymentState.VOIDED, Wanted.VOID, None, None),
        (PaymentState.FAILED, Wanted.VOID, None, None),
    ],
)
def test_what_is_wanted_decides_the_step(state, wanted, capture, action):
    payment = replace(A_PAYMENT, state=state, wanted=wanted, capture_minor=capture)

    step = model.next_step(payment, (), seen=True)

    assert (None if step is None else step.action) is action


def test_a_refund_waits_until_there_is_money():
    assert model.next_step(A_PAYMENT, (a_refund(),), seen=True) is None
    paid = replace(A_PAYMENT, state=PaymentState.CAPTURED, captured_minor=1000)

    step = model.next_step(paid, (a_refund(),), seen=True)

    assert step is not None
    assert (step.action, step.amount_minor) == (Action.REFUND, 400)


def test_a_payment_at_rest_is_not_looked_at_again_unless_a_refund_is_open():
    paid = replace(A_PAYMENT, state=PaymentState.CAPTURED, captured_minor=1000)

    assert model.next_check(paid, (), at=NOON) is None
    assert model.next_check(paid, (a_refund(),), at=NOON) is not None
    assert model.next_check(A_PAYMENT, (), at=NOON) is not None


def test_looks_grow_rarer_up_to_an_hour():
    pauses = [
        (model.next_check(replace(A_PAYMENT, checks=checks), (), at=NOON) or NOON) - NOON
        for checks in range(20)
    ]

    assert pauses == sorted(pauses)
    assert pauses[-1] == timedelta(hours=1)


def test_refunds_under_way_are_not_given_twice():
    paid = replace(A_PAYMENT, state=PaymentState.CAPTURED, captured_minor=1000, refunded_minor=100)

    assert model.refundable_minor(paid, (a_refund(400),)) == 500
