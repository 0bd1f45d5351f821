"""Reading payments."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from hansa.modules.payments import store
from hansa.modules.payments.model import (
    MethodNotOffered,
    Payment,
    PaymentId,
    PaymentMethod,
    PaymentState,
    Refund,
)
from hansa.runtime.database import Row, Snapshot


async def list_methods(snap: Snapshot, *, market: str) -> list[PaymentMethod]:
    """Give the ways to pay of a market in their order, those switched off too."""
    return await store.list_methods(snap, market=market)


async def get_method(snap: Snapshot, *, market: str, code: str) -> PaymentMethod:
    """Give a way to pay that is offered.

    Raises:
        MethodNotOffered: there is none, or it is switched off.
    """
    for method in await store.list_methods(snap, market=market):
        if method.code == code and method.is_active:
            return method
    raise MethodNotOffered(code)


async def get_payment(snap: Snapshot, *, payment_id: UUID) -> Payment:
    """Give a payment.

    Raises:
        PaymentNotFound: there is none.
    """
    return await store.get_payment(snap, payment_id)


async def list_of_subject(snap: Snapshot, *, subject_kind: str, subject_id: UUID) -> list[Payment]:
    """Give all attempts to pay for a subject, oldest first."""
    return await store.list_of_subject(snap, subject_kind=subject_kind, subject_id=subject_id)


async def list_of_subjects(
    snap: Snapshot, *, subject_kind: str, subject_ids: Iterable[UUID]
) -> dict[UUID, list[Payment]]:
    """Give all attempts to pay for subjects, oldest first; a subject without one is absent."""
    found: dict[UUID, list[Payment]] = {}
    for payment in await store.list_of_subjects(
        snap, subject_kind=subject_kind, subject_ids=subject_ids
    ):
        found.setdefault(payment.subject_id, []).append(payment)
    return found


async def list_payments(
    snap: Snapshot,
    *,
    states: Iterable[PaymentState] | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[Payment]:
    """Give payments, newest first; `after` is (created_at, id) of the last one shown."""
    return await store.list_payments(snap, states=states, after=after, limit=limit)


async def list_refunds(snap: Snapshot, *, payment_id: UUID) -> tuple[Refund, ...]:
    """Give the refunds of a payment, oldest first."""
    return await store.list_refunds(snap, payment_id=PaymentId(payment_id))


async def list_history(snap: Snapshot, *, payment_id: UUID) -> list[Row]:
    """Give what happened to a payment: happened_at, from_state, to_state, amount_minor, comment."""
    return await store.list_history(snap, payment_id=PaymentId(payment_id))


async def kept_of_subjects(
    snap: Snapshot, *, subject_kind: str, subject_ids: Sequence[UUID]
) -> dict[UUID, int]:
    """Give what the payments of each subject are to keep in the end, in minor units.

    Subjects whose payments all failed or were called off are absent.
    """
    return await store.kept_of_subjects(snap, subject_kind=subject_kind, subject_ids=subject_ids)


async def list_captured(snap: Snapshot, *, subject_kind: str) -> list[Payment]:
    """Give every payment of a kind of subject that holds money of ours, oldest first."""
    return await store.list_captured(snap, subject_kind=subject_kind)
