"""Notices to shops: signed, repeated until taken; late, twice or never on demand."""

import asyncio
import hashlib
import hmac
from dataclasses import dataclass, field
from uuid import uuid4

import httpx
import msgspec

from sandbox.acquirer.ledger import Payment

PAUSES_SECONDS = (0.5, 1, 2, 5, 15, 60)


@dataclass
class Notices:
    """Sends notices in the background."""

    secret: bytes
    client: httpx.AsyncClient = field(
        default_factory=lambda: httpx.AsyncClient(timeout=10, trust_env=False)
    )
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def tell(self, payment: Payment, *, after_seconds: float = 0, times: int = 1) -> None:
        """Tell the shop that a payment changed, `times` times at once."""
        if not payment.notice_url or times == 0:
            return
        body = msgspec.json.encode(
            {"id": uuid4().hex, "payment": payment.id, "state": payment.state}
        )
        for _ in range(times):
            task = asyncio.create_task(self._send(payment.notice_url, body, after_seconds))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def _send(self, url: str, body: bytes, after_seconds: float) -> None:
        await asyncio.sleep(after_seconds)
        signature = hmac.new(self.secret, body, hashlib.sha256).hexdigest()
        headers = {"content-type": "application/json", "x-acquirer-signature": signature}
        for pause in (*PAUSES_SECONDS, None):
            try:
                answer = await self.client.post(url, content=body, headers=headers)
                if answer.is_success:
                    return
            except httpx.HTTPError:
                pass
            if pause is None:
                return
            await asyncio.sleep(pause)

    async def close(self) -> None:
        """Stop sending."""
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.client.aclose()
