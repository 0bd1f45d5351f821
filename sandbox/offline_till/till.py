"""The till: sales, limits, and the queue of what was sold offline."""

import hashlib
import hmac
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec

from sandbox import keeping


class NotSold(ValueError):
    """The till does not take so many points, or the programme says no."""


@dataclass
class Known:
    """What outlives the program."""

    receipts: int
    queue: list[dict[str, Any]]


@dataclass
class Till:
    """One till. `floor` is what it takes offline, in points: of one card, and of all in a day."""

    partner_url: str
    secret: str
    name: str = "T1"
    floor_card: int = 100
    floor_day: int = 300
    is_online: bool = True
    clock: Callable[[], datetime] | None = None
    queue: list[dict[str, Any]] = field(default_factory=list)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    by_card: Counter[tuple[str, str]] = field(default_factory=Counter)
    by_day: Counter[str] = field(default_factory=Counter)
    receipts: int = 0

    def now(self) -> datetime:
        """Give the time, or that of a test."""
        return self.clock() if self.clock is not None else datetime.now(UTC)

    def known(self) -> Known:
        """Give what is to be kept."""
        return Known(self.receipts, self.queue)

    def recall(self, known: Known) -> None:
        """Go on from what was kept."""
        self.receipts, self.queue = known.receipts, known.queue

    async def practise(self, customers: Sequence[str], *, state: Path | None = None) -> None:
        """Sell to customers: with a connection, then without one, then send the queue."""
        if not customers:
            return
        await keeping.until_answers(self.partner_url)
        for card in customers:
            await self.sell(card, 48_000)
        self.is_online = False
        for card in customers:
            await self.sell(card, 36_000, 20)
        self.is_online = True
        await self.send_queue(shuffle=True)
        keeping.write(state, self.known())

    async def balance(self, card: str) -> dict[str, Any]:
        """Ask what a customer has."""
        (answer,) = await self.send([{"op": "balance", "card": card}])
        return answer

    async def sell(self, card: str, amount: int, points: int = 0) -> str:
        """Sell for an amount (kopecks) of which points pay a part; give the receipt's number.

        Raises:
            NotSold: more points than may be taken.
        """
        self.receipts += 1
        receipt = f"{self.name}-{self.receipts}"
        if not self.is_online:
            self._sell_offline(receipt, card, amount, points)
            return receipt
        at = self.now().isoformat()
        if points:
            hold = {"op": "hold", "hold": receipt, "card": card, "points": points, "at": at,
                    "till": self.name}  # fmt: skip
            (answer,) = await self.send([hold])
            if answer["state"] != "taken":
                raise NotSold(answer["code"])
        paid = amount - points * 100
        sale: dict[str, Any] = {
            "receipt": receipt,
            "card": card,
            "at": at,
            "lines": [{"line": 1, "amount": paid}],
        }
        if points:
            sale |= {"op": "post", "hold": receipt}
        else:
            sale |= {"op": "offline_sale", "points": 0, "till": self.name}
        (answer,) = await self.send([sale])
        self.answers[receipt] = answer
        return receipt

    async def break_off(self, card: str, points: int) -> None:
        """Begin a sale with points and give it up."""
        self.receipts += 1
        hold, at = f"{self.name}-{self.receipts}", self.now().isoformat()
        await self.send([{"op": "hold", "hold": hold, "card": card, "points": points, "at": at,
                          "till": self.name}])  # fmt: skip
        await self.send([{"op": "void", "hold": hold, "at": at}])

    def _sell_offline(self, receipt: str, card: str, amount: int, points: int) -> None:
        day = self.now().date().isoformat()
        is_above = (
            self.by_card[card, day] + points > self.floor_card
            or self.by_day[day] + points > self.floor_day
        )
        if points and is_above:
            raise NotSold("above the limit without a connection")
        self.by_card[card, day] += points
        self.by_day[day] += points
        self.queue.append(
            {
                "op": "offline_sale",
                "receipt": receipt,
                "card": card,
                "points": points,
                "at": self.now().isoformat(),
                "till": self.name,
                "lines": [{"line": 1, "amount": amount - points * 100}],
            }
        )

    async def send_queue(
        self, *, batch: int = 50, shuffle: bool = False, twice: bool = False
    ) -> None:
        """Send what was sold offline; what is not answered stays."""
        waiting = list(self.queue)
        if shuffle:
            random.shuffle(waiting)
        for _ in range(2 if twice else 1):
            for start in range(0, len(waiting), batch):
                ops = waiting[start : start + batch]
                for op, answer in zip(ops, await self.send(ops), strict=True):
                    self.answers[op["receipt"]] = answer
        done = {op["receipt"] for op in waiting}
        self.queue = [op for op in self.queue if op["receipt"] not in done]

    async def send(self, ops: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Send operations; give an answer for each."""
        body = msgspec.json.encode({"ops": ops})
        stamp = str(int(self.now().timestamp() if self.clock else time.time()))
        signed = f"{stamp}.".encode() + body
        signature = hmac.new(self.secret.encode(), signed, hashlib.sha256).hexdigest()
        headers = {"content-type": "application/json", "x-till-time": stamp,
                   "x-till-signature": f"sha256={signature}"}  # fmt: skip
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            answer = await client.post(self.partner_url, content=body, headers=headers)
        if not answer.is_success:
            raise ConnectionError(f"the programme answered {answer.status_code}: {answer.text}")
        results: list[dict[str, Any]] = answer.json()["results"]
        return results
