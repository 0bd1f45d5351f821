"""JSON API of payments: for staff and for providers' notices."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, JSONBody

from hansa.kernel.errors import Forbidden
from hansa.modules import accounts
from hansa.modules.payments import jobs, operations, queries
from hansa.modules.payments.model import SIMULATED, Payment, Refund
from hansa.modules.payments.providers import Providers
from hansa.modules.payments.simulated import NOTICE_PATH, SIGNATURE_HEADER
from hansa.runtime.database import Transaction
from hansa.runtime.http import NO_CSRF, NO_KEY, PUBLIC, Cursor, Limit, ListPage, Request, authorise
from hansa.runtime.http.paging import LIMIT_DEFAULT

TAGS = ["Payments"]
AMOUNT_MAX = 10**14


class NoticeUnsigned(Forbidden):
    """A notice was not signed with the common secret."""

    code = "payments.notice_unsigned"
    message = "The notice is not signed."


class RefundView(msgspec.Struct, frozen=True):
    """A refund; the amount in minor units."""

    id: UUID
    amount_minor: int
    currency: str
    reason: str
    state: str
    requested_at: datetime
    answered_at: datetime | None
    answer: str | None

    @classmethod
    def of(cls, refund: Refund) -> "RefundView":
        """Show a refund."""
        return cls(
            id=refund.id,
            amount_minor=refund.amount.minor,
            currency=refund.amount.currency,
            reason=refund.reason,
            state=refund.state,
            requested_at=refund.requested_at,
            answered_at=refund.answered_at,
            answer=refund.answer,
        )


class PaymentView(msgspec.Struct, frozen=True):
    """A payment; amounts in minor units.

    `kept_minor` is what is to be kept of it in the end, less than `amount_minor` once a part of
    what it is for was given up. Held money is let go by the bank at `hold_expires_at`.
    """

    id: UUID
    subject_kind: str
    subject_id: UUID
    attempt: int
    market: str
    method: str
    provider: str
    currency: str
    amount_minor: int
    kept_minor: int
    authorised_minor: int
    captured_minor: int
    refunded_minor: int
    state: str
    reference: str | None
    reason: str | None
    created_at: datetime
    changed_at: datetime
    hold_expires_at: datetime | None = None
    refunds: list[RefundView] = []

    @classmethod
    def of(cls, payment: Payment, refunds: tuple[Refund, ...] = ()) -> "PaymentView":
        """Show a payment."""
        return cls(
            id=payment.id,
            subject_kind=payment.subject_kind,
            subject_id=payment.subject_id,
            attempt=payment.attempt,
            market=payment.market,
            method=payment.method,
            provider=payment.provider,
            currency=payment.currency,
            amount_minor=payment.amount_minor,
            kept_minor=payment.kept_minor,
            authorised_minor=payment.authorised_minor,
            captured_minor=payment.captured_minor,
            refunded_minor=payment.refunded_minor,
            state=payment.state,
            reference=payment.reference,
            reason=payment.reason,
            created_at=payment.created_at,
            changed_at=payment.changed_at,
            hold_expires_at=payment.hold_expires_at,
            refunds=[RefundView.of(refund) for refund in refunds],
        )


class RefundBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to give back: a part in minor units, or without an amount all that is left."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    amount_minor: Annotated[int, msgspec.Meta(ge=1, le=AMOUNT_MAX)] | None = None


@get("/api/v1/payments", tags=TAGS, summary="List payments")
async def list_payments(
    request: Request, after: Cursor = None, limit: Limit = LIMIT_DEFAULT
) -> ListPage[PaymentView]:
    """Give payments, newest first."""
    authorise(request, "payments.view")
    cursor = request.read_cursor(after, of="payments", types=(datetime, UUID))
    async with request.snapshot(single=True) as snapshot:
        found = await queries.list_payments(snapshot, after=cursor, limit=limit + 1)
    shown, following = request.page_of(
        found, limit=limit, of="payments", key=lambda one: (one.created_at, one.id)
    )
    return ListPage([PaymentView.of(one) for one in shown], following)


@get("/api/v1/payments/{payment_id:uuid}", tags=TAGS, summary="Show a payment")
async def show_payment(request: Request, payment_id: FromPath[UUID]) -> PaymentView:
    """Give a payment with its refunds."""
    authorise(request, "payments.view")
    async with request.snapshot() as snapshot:
        payment = await queries.get_payment(snapshot, payment_id=payment_id)
        refunds = await queries.list_refunds(snapshot, payment_id=payment_id)
    return PaymentView.of(payment, refunds)


@post("/api/v1/payments/{payment_id:uuid}/refunds", tags=TAGS, summary="Give money back")
async def refund_payment(
    request: Request, payment_id: FromPath[UUID], data: JSONBody[RefundBody]
) -> Response[RefundView]:
    """Ask for a refund, in part or of all that is left; the provider is asked by a job."""
    actor = authorise(request, "payments.refund")
    key = request.idempotency_key
    assert key is not None, "the gate demands one"

    async def give_back(tx: Transaction) -> RefundView:
        refund = await operations.refund(
            tx,
            payment_id=payment_id,
            amount_minor=data.amount_minor,
            reason=data.reason,
            key=key,
            by=actor.id,
            now=request.received_at,
        )
        await accounts.record(
            tx,
            actor=actor,
            action="payments.refund",
            subject_kind="payment",
            subject_id=payment_id,
            after={"amount_minor": refund.amount.minor, "reason": data.reason},
            now=request.received_at,
        )
        return RefundView.of(refund)

    return await request.once(give_back)


@post("/api/v1/payments/{payment_id:uuid}/receipt", tags=TAGS, summary="Note cash received")
async def receive_payment(request: Request, payment_id: FromPath[UUID]) -> Response[PaymentView]:
    """Note that a payment on receipt was paid in full."""
    actor = authorise(request, "payments.receive")

    async def receive(tx: Transaction) -> PaymentView:
        payment = await operations.record_receipt(
            tx, payment_id=payment_id, now=request.received_at
        )
        await accounts.record(
            tx,
            actor=actor,
            action="payments.receive",
            subject_kind="payment",
            subject_id=payment_id,
            after={"captured_minor": payment.captured_minor},
            now=request.received_at,
        )
        return PaymentView.of(payment)

    return await request.once(receive)


@post(
    "/api/v1/payments/{payment_id:uuid}/look",
    tags=TAGS,
    summary="Look at a payment at its provider",
    opt={NO_KEY: "asks the provider and takes over what it says; a repeat asks again"},
    status_code=200,
)
async def look_at_payment(request: Request, payment_id: FromPath[UUID]) -> PaymentView:
    """Read a payment at its provider now, and do there what is still wanted."""
    authorise(request, "payments.view")
    payment = await jobs.refresh_payment(request.context, payment_id=payment_id)
    return PaymentView.of(payment)


@post(
    NOTICE_PATH,
    tags=TAGS,
    summary="Notice of the simulated acquirer",
    status_code=200,
    opt={
        PUBLIC: "signed by the acquirer",
        NO_CSRF: "comes from a program",
        NO_KEY: "each notice has an id of its own",
    },
)
async def take_notice(request: Request) -> None:
    """Take a notice; what it claims is read at the acquirer before anything is believed."""
    simulated = request.context.service(Providers).simulated
    body = await request.body()
    signature = request.headers.get(SIGNATURE_HEADER, "")
    if simulated is None or not simulated.verify_notice(body=body, signature=signature):
        raise NoticeUnsigned
    notice = simulated.read_notice(body)
    async with request.transaction() as tx:
        await operations.take_notice(
            tx,
            provider=SIMULATED,
            notice_id=notice.id,
            reference=notice.payment,
            now=request.received_at,
        )


ROUTES = (
    list_payments,
    show_payment,
    refund_payment,
    receive_payment,
    look_at_payment,
    take_notice,
)
