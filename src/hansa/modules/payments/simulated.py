"""The connector to the simulated acquirer (the program `sandbox.acquirer`)."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

import msgspec

from hansa.kernel.errors import Invalid, Rejected
from hansa.modules.payments.model import Payment, PaymentState, Report
from hansa.runtime.outbound import Destination, NoAnswer, Outbound

NAME = "acquirer"
SIGNATURE_HEADER = "X-Acquirer-Signature"
NOTICE_PATH = "/api/v1/payments/notices/simulated"

_STATES = {
    "pending": PaymentState.PENDING,
    "authorised": PaymentState.AUTHORISED,
    "captured": PaymentState.CAPTURED,
    "refunded": PaymentState.REFUNDED,
    "cancelled": PaymentState.VOIDED,
    "declined": PaymentState.FAILED,
    "expired": PaymentState.FAILED,
}


@dataclass(eq=False)
class ProviderRefused(Rejected):
    """The provider says no, and will say no again."""

    code: ClassVar[str] = "payments.provider_refused"
    message: ClassVar[str] = "The payment service refused: {reason}."
    reason: str


class _Refund(msgspec.Struct):
    key: str
    amount: int


class _Payment(msgspec.Struct):
    id: str
    state: str
    amount: int
    currency: str
    payment_url: str
    authorised: int
    captured: int
    refunded: int
    refunds: list[_Refund] = []
    reason: str | None = None
    expires_at: datetime | None = None


class Notice(msgspec.Struct):
    """What a notice says; only the payment's name in it is used."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    payment: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


@dataclass(eq=False)
class NoticeInvalid(Invalid):
    """A signed notice that cannot be read."""

    code: ClassVar[str] = "payments.notice_invalid"
    message: ClassVar[str] = "The notice cannot be read."


class _Problem(msgspec.Struct):
    error: str
    payment: _Payment | None = None


class SimulatedAcquirer:
    """Speaks the acquirer's HTTP API; amounts in minor units."""

    def __init__(
        self,
        outbound: Outbound,
        *,
        base_url: str,
        shop: str,
        secret: str,
        public_url: str,
    ) -> None:
        outbound.configure(
            Destination(
                name=NAME,
                base_url=base_url,
                headers={"X-Shop": shop, "Authorization": f"Bearer {secret}"},
                connect_seconds=2,
                read_seconds=5,
                total_seconds=12,
                attempts=3,
                connections_max=50,
            )
        )
        self._outbound = outbound
        self._secret = secret.encode()
        self._notice_url = public_url.rstrip("/") + NOTICE_PATH

    async def start(self, payment: Payment, *, key: str) -> Report:
        """Make the payment known; asked again under the key it gives the first one."""
        return await self._send(
            "POST",
            "/v1/payments",
            key=key,
            body={
                "amount": payment.amount_minor,
                "currency": payment.currency,
                "description": payment.description,
                "language": payment.language,
                "capture": payment.capture_at_once,
                "return_url": payment.return_url,
                "notice_url": self._notice_url,
            },
        )

    async def read(self, payment: Payment) -> Report:
        """Read the payment."""
        return await self._send("GET", f"/v1/payments/{payment.reference}")

    async def capture(self, payment: Payment, *, key: str, amount_minor: int) -> Report:
        """Take held money."""
        return await self._send(
            "POST",
            f"/v1/payments/{payment.reference}/capture",
            key=key,
            body={"amount": amount_minor},
        )

    async def refund(self, payment: Payment, *, key: str, amount_minor: int) -> Report:
        """Give money back."""
        return await self._send(
            "POST",
            f"/v1/payments/{payment.reference}/refunds",
            key=key,
            body={"amount": amount_minor},
        )

    async def void(self, payment: Payment, *, key: str) -> Report:
        """Call the payment off."""
        return await self._send(
            "POST", f"/v1/payments/{payment.reference}/cancellation", key=key, body={}
        )

    def verify_notice(self, *, body: bytes, signature: str) -> bool:
        """Say whether a notice was signed with our common secret."""
        expected = hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected, signature)

    def read_notice(self, body: bytes) -> Notice:
        """Read a notice that was verified.

        Raises:
            NoticeInvalid: it is not one.
        """
        try:
            return msgspec.json.decode(body, type=Notice)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise NoticeInvalid from error

    async def _send(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        body: dict[str, object] | None = None,
    ) -> Report:
        answer = await self._outbound.send(NAME, method, path, json=body, idempotency_key=key)
        try:
            if answer.ok:
                return _report(answer.json(_Payment))
            problem = answer.json(_Problem)
        except (msgspec.DecodeError, KeyError) as error:
            raise NoAnswer(NAME, "an answer that is not understood", maybe_done=True) from error
        if problem.payment is not None:
            # It says no because the payment moved on meanwhile; its picture tells what to do next.
            return _report(problem.payment)
        raise ProviderRefused(problem.error)


def _report(payment: _Payment) -> Report:
    return Report(
        reference=payment.id,
        state=_STATES[payment.state],
        redirect_url=payment.payment_url if payment.state == "pending" else None,
        authorised_minor=payment.authorised,
        captured_minor=payment.captured,
        refunded_minor=payment.refunded,
        refunds=frozenset(refund.key for refund in payment.refunds),
        reason=payment.reason,
        hold_expires_at=payment.expires_at,
    )
