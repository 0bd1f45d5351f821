"""What a shop's answer has to do with the money: when it is taken if a shop must confirm first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from hansa.modules import fulfilment, payments
from hansa.runtime.database import Snapshot


class Terms(StrEnum):
    """When the money of an order is taken whose goods a shop has to confirm.

    `deferred`: it is paid after the answer. `held`: it is set aside at once and taken after. With
    `returned` it is taken at once and goes back for what is not found. `on_receipt` says itself.
    """

    DEFERRED = "deferred"
    HELD = "held"
    RETURNED = "returned"
    ON_RECEIPT = "on_receipt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A shop has to confirm goods, probably until `answer_by`; the money follows by `terms`."""

    terms: Terms
    answer_by: datetime | None


async def promise_of(
    snap: Snapshot,
    *,
    market: str,
    lines: Sequence[tuple[UUID, Decimal]],
    shop_id: UUID | None,
    method: payments.PaymentMethod,
    now: datetime,
) -> Promise | None:
    """Say what a shopper must know before ordering; None if no shop has to be asked.

    `shop_id` is the shop in which the goods are to be fetched.
    """
    if not lines:
        return None
    advice = await fulfilment.advice(snap, market=market, lines=lines, shop_id=shop_id, now=now)
    if not advice.asks_shops:
        return None
    return Promise(terms=_terms(method, advice.one_stage), answer_by=advice.answer_by)


def _terms(method: payments.PaymentMethod, one_stage: str) -> Terms:
    if method.provider == payments.ON_RECEIPT:
        return Terms.ON_RECEIPT
    if not method.capture_at_once:
        return Terms.HELD
    is_asked_first = one_stage == fulfilment.OneStage.ASK_FIRST
    return Terms.DEFERRED if is_asked_first else Terms.RETURNED


async def is_deferred(
    snap: Snapshot,
    *,
    market: str,
    lines: Sequence[tuple[UUID, Decimal]],
    shop_id: UUID | None,
    method: payments.PaymentMethod,
    now: datetime,
) -> bool:
    """Say whether an order may be paid only after a shop has answered.

    Nothing is read for ways to pay to which it makes no difference.
    """
    if method.provider == payments.ON_RECEIPT or not method.capture_at_once:
        return False
    promise = await promise_of(
        snap, market=market, lines=lines, shop_id=shop_id, method=method, now=now
    )
    return promise is not None and promise.terms is Terms.DEFERRED
