"""Messages that go through cascades, and the statuses that are told of them."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

DUPLICATE_SECONDS = 20 * 60
RETRY_SECONDS = (4.0, 128.0, 2048.0)
OK, REDIRECT = 200, 300


@dataclass
class Message:
    """What was scheduled; `status` is what was told of it last."""

    request_id: str
    number: int
    address: str
    title: str
    text: str
    at: float
    request: dict[str, Any]
    status: str = "SENT"


@dataclass
class Callback:
    """A status on its way; `attempts` so far."""

    body: dict[str, Any]
    attempts: int = 0
    is_taken: bool = False


@dataclass
class Cascades:
    """Everything EDNA knows of an account. `repeats`: how often each status is told once more."""

    key: str
    ids: frozenset[int]
    callback_url: str = ""
    repeats: int = 0
    messages: list[Message] = field(default_factory=list)
    seen: dict[str, float] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    callbacks: list[Callback] = field(default_factory=list)
    time: Callable[[], float] = time.time

    def find(self, request_id: str) -> Message:
        """Give the message of a request."""
        return next(one for one in self.messages if one.request_id == request_id)

    def is_repeat(self, request_id: str) -> bool:
        """Note a request number; tell whether it came before within 20 minutes."""
        now = self.time()
        before = self.seen.get(request_id)
        if before is not None and now - before < DUPLICATE_SECONDS:
            return True
        self.seen[request_id] = now
        return False

    async def tell(self, request_id: str, status: str, error: str | None = None) -> list[Callback]:
        """Tell a status to the address that was set, and again if that is asked for."""
        message = self.find(request_id)
        message.status = status
        at = datetime.fromtimestamp(self.time(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        body = {
            "requestId": request_id,
            "messageId": message.number,
            "cascadeId": message.request.get("cascadeId"),
            "cascadeStageUUID": f"stage-{message.number}",
            "subject": "practice",
            "subjectId": 2,
            "status": status,
            "statusAt": at,
            "error": error,
            "comment": message.request.get("comment"),
            "paymentData": None,
        }
        told = [Callback(body) for _ in range(1 + self.repeats)]
        self.callbacks += told
        for one in told:
            await self.deliver(one)
        return told

    async def deliver(self, callback: Callback) -> None:
        """Try to tell a status once; whoever runs the program tries again after 4, 128, 2,048 s."""
        callback.attempts += 1
        if not self.callback_url:
            return
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
                answer = await client.post(self.callback_url, json=callback.body)
        except httpx.HTTPError:
            return
        callback.is_taken = OK <= answer.status_code < REDIRECT

    async def try_address(self, url: str) -> bool:
        """See that an address answers a HEAD request, as EDNA does before it takes it."""
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
                return (await client.head(url)).status_code == OK
        except httpx.HTTPError:
            return False
