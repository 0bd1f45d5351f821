"""The acquirer's calls: the API for shops, the payment page, and the control of its moods."""

import asyncio
import hmac
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import msgspec

from sandbox.acquirer import pages
from sandbox.acquirer.clock import Setting
from sandbox.acquirer.ledger import HOLD_SECONDS, Ledger, Payment, Refused
from sandbox.acquirer.notices import Notices
from sandbox.acquirer.wire import Answer, Call


class Mood(msgspec.Struct):
    """How the API misbehaves. Counts go down with each call concerned.

    `lose_answers`: do it and cut the connection. `fail`: answer 500 and do nothing. `slow_seconds`:
    wait before each answer. `answer_after_seconds`: do it at once, then wait. `notices`: how often
    each notice is sent; 0 is never. `hold_seconds`: how long money is held from now on.
    """

    lose_answers: int = 0
    fail: int = 0
    slow_seconds: float = 0
    notices: int = 1
    notice_after_seconds: float = 0
    answer_after_seconds: float = 0
    hold_seconds: float = HOLD_SECONDS


@dataclass
class Service:
    """Answers calls. Everything but the page and the control needs the shop's secret."""

    ledger: Ledger
    notices: Notices
    secret: str
    public_url: str
    mood: Mood = field(default_factory=Mood)

    async def answer(self, call: Call) -> Answer:
        """Answer one call."""
        try:
            parts = call.path.strip("/").split("/")
            return await self._route(call, parts)
        except Refused as refusal:
            body: dict[str, Any] = {"error": refusal.error}
            if refusal.payment is not None:
                body["payment"] = self._view(refusal.payment)
            return Answer.of(body, refusal.status)
        except (msgspec.DecodeError, UnicodeDecodeError, TypeError) as error:
            return Answer.of({"error": f"the body cannot be read: {error}"}, 400)

    async def _route(self, call: Call, parts: list[str]) -> Answer:
        match parts:
            case ["v1", *rest]:
                return await self._api(call, rest)
            case ["pay", payment_id]:
                return await self._page(call, payment_id)
            case ["control"]:
                return self._control(call)
            case ["control", "clock"]:
                return self._set_clock(call)
            case ["health"]:
                return Answer.of({"payments": len(self.ledger.payments)})
            case _:
                return Answer.of({"error": "no such address"}, 404)

    async def _api(self, call: Call, parts: list[str]) -> Answer:
        token = call.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(token.encode(), self.secret.encode()):
            return Answer.of({"error": "wrong secret"}, 401)
        if self.mood.slow_seconds:
            await asyncio.sleep(self.mood.slow_seconds)
        if self.mood.fail > 0:
            self.mood.fail -= 1
            return Answer.of({"error": "out of order"}, 500)
        self.ledger.hold_seconds = self.mood.hold_seconds
        answer = Answer.of(self._view(self._do(call, parts)), 200)
        if self.mood.answer_after_seconds:
            await asyncio.sleep(self.mood.answer_after_seconds)
        if self.mood.lose_answers > 0:
            self.mood.lose_answers -= 1
            answer.cut = True
        return answer

    def _do(self, call: Call, parts: list[str]) -> Payment:
        shop = call.headers.get("x-shop", "")
        key = call.headers.get("idempotency-key", "")
        body = msgspec.json.decode(call.body, type=dict[str, Any]) if call.body else {}
        match (call.method, parts):
            case ("POST", ["payments"]):
                if not key:
                    raise Refused("Idempotency-Key is missing", 400)
                return self.ledger.create(shop, key, body)
            case ("GET", ["payments", payment_id]):
                return self.ledger.find(payment_id, shop)
            case ("POST", ["payments", payment_id, "capture"]):
                payment = self.ledger.find(payment_id, shop)
                return self.ledger.capture(payment, key, int(body.get("amount", payment.amount)))
            case ("POST", ["payments", payment_id, "refunds"]):
                payment = self.ledger.find(payment_id, shop)
                return self.ledger.refund(payment, key, int(body.get("amount", 0)))
            case ("POST", ["payments", payment_id, "cancellation"]):
                return self.ledger.cancel(self.ledger.find(payment_id, shop))
            case _:
                raise Refused("no such address", 404)

    async def _page(self, call: Call, payment_id: str) -> Answer:
        payment = self.ledger.find(payment_id)
        if call.method == "POST":
            action = parse_qs(call.body.decode()).get("action", ["pay"])[0]
            cut = self._act(payment, action)
            return Answer(status=303, headers={"location": payment.return_url}, cut=cut)
        return Answer(body=pages.page(payment), content_type="text/html; charset=utf-8")

    def _act(self, payment: Payment, action: str) -> bool:
        """Do what the payer chose; True if the connection is to be cut."""
        mood = self.mood
        if action == "decline":
            if self.ledger.decline(payment, "declined by the bank"):
                self.notices.tell(
                    payment, times=mood.notices, after_seconds=mood.notice_after_seconds
                )
            return False
        self.ledger.hold_seconds = mood.hold_seconds
        if not self.ledger.pay(payment):
            return False
        times = {"quiet": 0, "twice": 2}.get(action, mood.notices)
        after = 10.0 if action == "late" else mood.notice_after_seconds
        self.notices.tell(payment, times=times, after_seconds=after)
        return action == "quiet"

    def _control(self, call: Call) -> Answer:
        if call.method == "POST":
            changed = {**msgspec.to_builtins(self.mood), **msgspec.json.decode(call.body)}
            self.mood = msgspec.convert(changed, Mood)
        return Answer.of(self.mood)

    def _set_clock(self, call: Call) -> Answer:
        """Set the clock; shops are told of the holds that end by that."""
        if call.method == "POST":
            self.move_clock(msgspec.json.decode(call.body, type=Setting))
        return Answer.of({"now": self.ledger.clock.now()})

    def move_clock(self, setting: Setting) -> None:
        """Set the clock, and let go what has run out."""
        self.ledger.clock.setting = setting
        for payment in self.ledger.expire_all():
            self.notices.tell(
                payment, times=self.mood.notices, after_seconds=self.mood.notice_after_seconds
            )

    def _view(self, payment: Payment) -> dict[str, Any]:
        view: dict[str, Any] = msgspec.to_builtins(payment)
        view["payment_url"] = f"{self.public_url}/pay/{payment.id}"
        return view
