"""Quotes and policies, and the webhooks about them."""

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec

from sandbox import keeping

DAYS = 365


class Mood(msgspec.Struct):
    """How the insurer misbehaves. Counts go down with each call concerned.

    `double`: every webhook is sent twice. `issue_before_answer`: tell of the policy before the call
    about its quote is answered. `sign_wrongly`, `fail`, `lose_answers`: as they say. `silent`: keep
    webhooks until told otherwise.
    """

    double: bool = False
    issue_before_answer: bool = False
    sign_wrongly: int = 0
    fail: int = 0
    lose_answers: int = 0
    silent: bool = False


@dataclass
class Quote:
    """An offer of a policy; money in kopecks."""

    number: str
    card: str
    premium: int
    points: int
    state: str = "asked"
    discount: int = 0
    reason: str = ""
    policy: str = ""


@dataclass
class Known:
    """What outlives the program."""

    quotes: dict[str, Quote]
    sent: int


@dataclass
class Desk:
    """What the insurer knows, and how it speaks."""

    partner_url: str
    secret: str
    partner_secret: str
    mood: Mood = field(default_factory=Mood)
    quotes: dict[str, Quote] = field(default_factory=dict)
    told: list[int] = field(default_factory=list)
    kept: list[bytes] = field(default_factory=list)
    heard: set[str] = field(default_factory=set)
    clock: Any = None
    sent: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def now(self) -> datetime:
        """Give the time, or that of a test."""
        found: datetime = self.clock() if self.clock is not None else datetime.now(UTC)
        return found

    def known(self) -> Known:
        """Give what is to be kept."""
        return Known(self.quotes, self.sent)

    def recall(self, known: Known) -> None:
        """Go on from what was kept."""
        self.quotes, self.sent = known.quotes, known.sent

    async def practise(self, customers: Sequence[str], *, state: Path | None = None) -> None:
        """Insure customers: the policy of the last one is refused, all others are issued."""
        if not customers:
            return
        await keeping.until_answers(self.partner_url)
        for card in customers:
            await self.quote(card, 900_000, 150)
        async with asyncio.timeout(keeping.WITHIN_SECONDS):
            while any(one.state == "asked" for one in self.quotes.values()):
                self.news.clear()
                await self.news.wait()
        held = [one.number for one in self.quotes.values() if one.state == "held"]
        for number in held[:-1]:
            await self.issue(number)
        for number in held[-1:]:
            await self.refuse(number)
        keeping.write(state, self.known())

    async def quote(self, card: str, premium: int, points: int) -> Quote:
        """Offer a policy with a discount for points."""
        made = Quote(f"Q-{len(self.quotes) + 1:04}", card, premium, points)
        self.quotes[made.number] = made
        await self.tell("quote.created", quote=made.number, card=card, premium=premium,
                        points=points)  # fmt: skip
        return made

    async def issue(self, number: str) -> str:
        """Issue the policy of a quote."""
        quote = self.quotes[number]
        quote.policy = f"P-{number[2:]}"
        await self.tell("policy.issued", quote=number, policy=quote.policy)
        return quote.policy

    async def refuse(self, number: str) -> None:
        """Refuse to insure."""
        self.quotes[number].state = "refused"
        await self.tell("quote.refused", quote=number)

    async def cancel(self, number: str, days_left: int) -> None:
        """End a policy before its time."""
        quote = self.quotes[number]
        await self.tell("policy.cancelled", policy=quote.policy, points=quote.points,
                        days_left=days_left, days=DAYS)  # fmt: skip

    async def hear(self, number: str, headers: dict[str, str], body: bytes) -> int:
        """Take what the programme says of a quote; give the status of the answer."""
        if not self._is_signed(headers, body):
            return 401
        quote = self.quotes[number]
        if headers["webhook-id"] not in self.heard:
            self.heard.add(headers["webhook-id"])
            said = msgspec.json.decode(body)
            quote.state = "held" if said["state"] == "taken" else "no points"
            quote.discount = said["discount_minor"] if quote.state == "held" else 0
            quote.reason = said["reason"]
            self.news.set()
        if self.mood.issue_before_answer and quote.state == "held" and not quote.policy:
            await self.issue(number)
        return 200

    async def tell(self, event: str, **fields: Any) -> None:
        """Tell the programme what happened."""
        self.sent += 1
        body = msgspec.json.encode(
            {"event": event, "id": f"e-{self.sent}", "at": self.now().isoformat(), **fields}
        )
        if self.mood.silent:
            self.kept.append(body)
            return
        await self.send(body)
        if self.mood.double:
            await self.send(body)

    async def speak(self, *, backwards: bool = False) -> None:
        """Tell what was kept back, in any of two orders."""
        self.mood.silent = False
        kept, self.kept = self.kept, []
        for body in reversed(kept) if backwards else kept:
            await self.send(body)

    async def send(self, body: bytes) -> None:
        """Send a webhook; one that is not taken is sent again, three times."""
        number = f"msg_{hashlib.sha256(body).hexdigest()[:24]}"
        for _ in range(3):
            stamp = str(int(self.now().timestamp() if self.clock else time.time()))
            signature = sign(self.secret, number, stamp, body)
            if self.mood.sign_wrongly > 0:
                self.mood.sign_wrongly -= 1
                signature = sign("wrong", number, stamp, body)
            async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
                answer = await client.post(
                    self.partner_url,
                    content=body,
                    headers={
                        "content-type": "application/json",
                        "webhook-id": number,
                        "webhook-timestamp": stamp,
                        "webhook-signature": f"v1,{signature}",
                    },
                )
            self.told.append(answer.status_code)
            if answer.is_success:
                return

    def _is_signed(self, headers: dict[str, str], body: bytes) -> bool:
        number, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        good = f"v1,{sign(self.partner_secret, number, stamp, body)}"
        return hmac.compare_digest(good, headers.get("webhook-signature", ""))


def sign(secret: str, number: str, stamp: str, body: bytes) -> str:
    """Sign as Standard Webhooks do."""
    signed = f"{number}.{stamp}.".encode() + body
    return base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()
