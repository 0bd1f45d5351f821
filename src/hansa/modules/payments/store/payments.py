"""Statements about payments themselves and the ways to pay."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from hansa.modules.payments.model import (
    Payment,
    PaymentId,
    PaymentMethod,
    PaymentNotFound,
    PaymentState,
    Wanted,
)
from hansa.runtime.database import Row, Snapshot, Transaction

LIST_METHODS = """
    select market, code, provider, name, hint, position, capture_at_once, pay_within_minutes,
           is_active
      from payments_method
     where market = %(market)s
     order by position, code
"""

SAVE_METHOD = """
    insert into payments_method
           (market, code, provider, name, hint, position, capture_at_once, pay_within_minutes,
            is_active)
    values (%(market)s, %(code)s, %(provider)s, %(name)s, %(hint)s, %(position)s,
            %(capture_at_once)s, %(pay_within_minutes)s, %(is_active)s)
        on conflict on constraint pk_payments_method do update
       set provider = excluded.provider, name = excluded.name, hint = excluded.hint,
           position = excluded.position, capture_at_once = excluded.capture_at_once,
           pay_within_minutes = excluded.pay_within_minutes, is_active = excluded.is_active
"""

# One statement for the row and its first line of history: opening is part of placing an order.
INSERT_PAYMENT = """
    with payment as (
        insert into payments_payment
               (id, subject_kind, subject_id, attempt, market, method, provider, currency,
                amount_minor, state, capture_at_once, capture_minor, return_url, description,
                language, created_at, changed_at, check_at, due_minor)
        values (%(id)s, %(subject_kind)s, %(subject_id)s, %(attempt)s, %(market)s, %(method)s,
                %(provider)s, %(currency)s, %(amount_minor)s, %(state)s, %(capture_at_once)s,
                %(capture_minor)s, %(return_url)s, %(description)s, %(language)s,
                %(created_at)s, %(created_at)s, %(check_at)s, %(due_minor)s)
        returning id, state, amount_minor, created_at
    )
    insert into payments_history (payment_id, happened_at, to_state, amount_minor)
    select id, created_at, state, amount_minor
      from payment
"""

GET_PAYMENT = """
    select id, subject_kind, subject_id, attempt, market, method, provider, currency,
           amount_minor, authorised_minor, captured_minor, refunded_minor, state, wanted,
           capture_at_once, capture_minor, reference, redirect_url, return_url, description,
           language, reason, created_at, changed_at, check_at, checks, due_minor,
           hold_expires_at
      from payments_payment
     where id = %(id)s
"""

LOCK_PAYMENT = """
    select id, subject_kind, subject_id, attempt, market, method, provider, currency,
           amount_minor, authorised_minor, captured_minor, refunded_minor, state, wanted,
           capture_at_once, capture_minor, reference, redirect_url, return_url, description,
           language, reason, created_at, changed_at, check_at, checks, due_minor,
           hold_expires_at
      from payments_payment
     where id = %(id)s
       for update
"""

GET_BY_REFERENCE = """
    select id, subject_kind, subject_id, attempt, market, method, provider, currency,
           amount_minor, authorised_minor, captured_minor, refunded_minor, state, wanted,
           capture_at_once, capture_minor, reference, redirect_url, return_url, description,
           language, reason, created_at, changed_at, check_at, checks, due_minor,
           hold_expires_at
      from payments_payment
     where provider = %(provider)s
       and reference = %(reference)s
"""

LIST_OF_SUBJECT = """
    select id, subject_kind, subject_id, attempt, market, method, provider, currency,
           amount_minor, authorised_minor, captured_minor, refunded_minor, state, wanted,
           capture_at_once, capture_minor, reference, redirect_url, return_url, description,
           language, reason, created_at, changed_at, check_at, checks, due_minor,
           hold_expires_at
      from payments_payment
     where subject_kind = %(subject_kind)s
       and subject_id = %(subject_id)s
     order by attempt
"""

LIST_OF_SUBJECTS = """
    select id, subject_kind, subject_id, attempt, market, method, provider, currency,
           amount_minor, authorised_minor, captured_minor, refunded_minor, state, wanted,
           capture_at_once, capture_minor, reference, redirect_url, return_url, description,
           language, reason, created_at, changed_at, check_at, checks, due_minor,
           hold_expires_at
      from payments_payment
     where subject_kind = %(subject_kind)s
       and subject_id = any(%(subject_ids)s::uuid[])
     order by subject_id, attempt
"""

# Newest first, keyset by (created_at, id): ix_payments_payment_created.
LIST_PAYMENTS = """
    select id, subject_kind, subject_id, attempt, market, method, provider, currency,
           amount_minor, authorised_minor, captured_minor, refunded_minor, state, wanted,
           capture_at_once, capture_minor, reference, redirect_url, return_url, description,
           language, reason, created_at, changed_at, check_at, checks, due_minor,
           hold_expires_at
      from payments_payment
     where (%(states)s::text[] is null or state = any(%(states)s::text[]))
       and (%(after_at)s::timestamptz is null
            or (created_at, id) < (%(after_at)s::timestamptz, %(after_id)s::uuid))
     order by created_at desc, id desc
     limit %(limit)s
"""

UPDATE_PAYMENT = """
    update payments_payment
       set amount_minor = %(amount_minor)s, due_minor = %(due_minor)s,
           hold_expires_at = %(hold_expires_at)s, authorised_minor = %(authorised_minor)s,
           captured_minor = %(captured_minor)s, refunded_minor = %(refunded_minor)s,
           state = %(state)s, wanted = %(wanted)s, capture_minor = %(capture_minor)s,
           reference = %(reference)s, redirect_url = %(redirect_url)s, reason = %(reason)s,
           changed_at = %(changed_at)s, check_at = %(check_at)s, checks = %(checks)s
     where id = %(id)s
"""

INSERT_HISTORY = """
    insert into payments_history
           (payment_id, happened_at, from_state, to_state, amount_minor, comment)
    values (%(payment_id)s, %(happened_at)s, %(from_state)s, %(to_state)s, %(amount_minor)s,
            %(comment)s)
"""

LIST_HISTORY = """
    select happened_at, from_state, to_state, amount_minor, comment
      from payments_history
     where payment_id = %(payment_id)s
     order by position
"""

OTHER_PAID = """
    select exists (
        select from payments_payment
         where subject_kind = %(subject_kind)s
           and subject_id = %(subject_id)s
           and id <> %(id)s
           and wanted = 'paid'
           and state in ('authorised', 'captured')
    )
"""

LIST_CAPTURED = """
    select id, subject_kind, subject_id, attempt, market, method, provider, currency,
           amount_minor, authorised_minor, captured_minor, refunded_minor, state, wanted,
           capture_at_once, capture_minor, reference, redirect_url, return_url, description,
           language, reason, created_at, changed_at, check_at, checks, due_minor,
           hold_expires_at
      from payments_payment
     where subject_kind = %(subject_kind)s
       and captured_minor > refunded_minor
     order by created_at, id
"""

# Claimed by moving the next look an hour ahead; the settling itself sets the right instant.
TAKE_DUE_CHECKS = """
    update payments_payment
       set check_at = %(now)s + interval '1 hour', checks = checks + 1
     where id in (
           select id
             from payments_payment
            where check_at <= %(now)s
            order by check_at, id
            limit %(limit)s
              for update skip locked)
    returning id
"""

SET_CHECK = """
    update payments_payment set check_at = %(check_at)s where id = %(id)s
"""


def _method(row: Row) -> PaymentMethod:
    return PaymentMethod(**row._asdict())


def _payment(row: Row) -> Payment:
    values: dict[str, Any] = row._asdict()
    values["state"] = PaymentState(row.state)
    values["wanted"] = Wanted(row.wanted)
    return Payment(**values)


async def list_methods(snap: Snapshot, *, market: str) -> list[PaymentMethod]:
    """Give every way to pay of a market, in their order, switched-off ones too."""
    return [_method(row) for row in await snap.all(LIST_METHODS, {"market": market})]


async def save_methods(tx: Transaction, methods: Iterable[PaymentMethod]) -> None:
    """Create or change ways to pay."""
    for method in methods:
        values = asdict(method)
        values["name"], values["hint"] = (
            Jsonb(dict(method.name)),
            Jsonb(dict(method.hint)),
        )
        await tx.execute(SAVE_METHOD, values)


async def insert_payment(tx: Transaction, payment: Payment) -> None:
    """Keep a new payment with its first line of history."""
    await tx.execute(INSERT_PAYMENT, asdict(payment))


async def get_payment(snap: Snapshot, payment_id: UUID) -> Payment:
    """Give a payment, or raise `PaymentNotFound`."""
    row = await snap.maybe(GET_PAYMENT, {"id": payment_id})
    if row is None:
        raise PaymentNotFound
    return _payment(row)


async def lock_payment(tx: Transaction, payment_id: UUID) -> Payment:
    """Lock and give a payment, or raise `PaymentNotFound`."""
    row = await tx.maybe(LOCK_PAYMENT, {"id": payment_id})
    if row is None:
        raise PaymentNotFound
    return _payment(row)


async def find_by_reference(snap: Snapshot, *, provider: str, reference: str) -> Payment | None:
    """Give the payment the provider knows under a reference."""
    row = await snap.maybe(GET_BY_REFERENCE, {"provider": provider, "reference": reference})
    return None if row is None else _payment(row)


async def list_of_subject(snap: Snapshot, *, subject_kind: str, subject_id: UUID) -> list[Payment]:
    """Give all attempts to pay for a subject, oldest first."""
    rows = await snap.all(LIST_OF_SUBJECT, {"subject_kind": subject_kind, "subject_id": subject_id})
    return [_payment(row) for row in rows]


async def list_of_subjects(
    snap: Snapshot, *, subject_kind: str, subject_ids: Iterable[UUID]
) -> list[Payment]:
    """Give all attempts to pay for subjects, oldest first of each."""
    rows = await snap.all(
        LIST_OF_SUBJECTS, {"subject_kind": subject_kind, "subject_ids": list(subject_ids)}
    )
    return [_payment(row) for row in rows]


async def list_payments(
    snap: Snapshot,
    *,
    states: Iterable[PaymentState] | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Payment]:
    """Give payments, newest first."""
    rows = await snap.all(
        LIST_PAYMENTS,
        {
            "states": None if states is None else [str(state) for state in states],
            "after_at": after[0] if after else None,
            "after_id": after[1] if after else None,
            "limit": limit,
        },
    )
    return [_payment(row) for row in rows]


async def save_payment(
    tx: Transaction, before: Payment, after: Payment, *, comment: str = ""
) -> None:
    """Write a changed payment, and a line of history when its state or amounts changed."""
    await tx.execute(UPDATE_PAYMENT, asdict(after))
    moved = (
        after.state,
        after.authorised_minor,
        after.captured_minor,
        after.refunded_minor,
    ) != (
        before.state,
        before.authorised_minor,
        before.captured_minor,
        before.refunded_minor,
    )
    if moved or comment:
        amount = after.refunded_minor or after.captured_minor or after.authorised_minor
        await tx.execute(
            INSERT_HISTORY,
            {
                "payment_id": after.id,
                "happened_at": after.changed_at,
                "from_state": before.state,
                "to_state": after.state,
                "amount_minor": amount or after.amount_minor,
                "comment": comment,
            },
        )


async def list_history(snap: Snapshot, *, payment_id: PaymentId) -> list[Row]:
    """Give what happened to a payment, oldest first."""
    return await snap.all(LIST_HISTORY, {"payment_id": payment_id})


async def other_paid(snap: Snapshot, payment: Payment) -> bool:
    """Say whether another attempt for the same subject holds or has the money."""
    return bool(
        await snap.scalar(
            OTHER_PAID,
            {
                "subject_kind": payment.subject_kind,
                "subject_id": payment.subject_id,
                "id": payment.id,
            },
        )
    )


async def take_due_checks(tx: Transaction, *, now: datetime, limit: int) -> list[PaymentId]:
    """Claim payments that are to be looked at."""
    rows = await tx.all(TAKE_DUE_CHECKS, {"now": now, "limit": limit})
    return [PaymentId(row.id) for row in rows]


async def set_check(tx: Transaction, *, payment_id: PaymentId, check_at: datetime) -> None:
    """Set when a payment is to be looked at again."""
    await tx.execute(SET_CHECK, {"id": payment_id, "check_at": check_at})


async def list_captured(snap: Snapshot, *, subject_kind: str) -> list[Payment]:
    """Give payments that hold money, oldest first."""
    rows = await snap.all(LIST_CAPTURED, {"subject_kind": subject_kind})
    return [_payment(row) for row in rows]
