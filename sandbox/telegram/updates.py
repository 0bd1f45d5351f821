"""Updates: sent to the webhook one after another, each again until it is taken."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import msgspec

from sandbox.telegram.chats import Query
from sandbox.telegram.methods import BotApi, Failed, Limited

PAUSES_SECONDS = (0.2, 0.5, 1, 2, 5, 10, 30)
QUERIES_KEPT = 100


class UpdateMood(msgspec.Struct):
    """How updates are sent wrongly. Counts go down with each update concerned."""

    wrong_secret: int = 0
    no_secret: int = 0
    twice: int = 0


@dataclass
class Updates:
    """Sends updates in the order they came about."""

    api: BotApi
    mood: UpdateMood = field(default_factory=UpdateMood)
    client: httpx.AsyncClient = field(
        default_factory=lambda: httpx.AsyncClient(timeout=10, trust_env=False)
    )
    waiting: deque[dict[str, Any]] = field(default_factory=deque)
    attempts: int = 0
    _task: asyncio.Task[None] | None = None
    _more: asyncio.Event = field(default_factory=asyncio.Event)

    def press(self, *, user: int, chat: int, message_id: int, data: str) -> Query:
        """Press a button: the bot is told, in its turn."""
        chats = self.api.chats
        message = chats.find(chat, message_id)
        if message is None:
            raise LookupError("there is no such message")
        query = Query(uuid4().hex[:18], user, chat, message_id, data, chats.time())
        chats.queries.append(query)
        del chats.queries[:-QUERIES_KEPT]
        person = chats.people.get(user)
        update = {
            "update_id": chats.next_update(),
            "callback_query": {
                "id": query.id,
                "from": {
                    "id": user,
                    "is_bot": False,
                    "first_name": person.first_name if person else "stranger",
                    "language_code": "ru",
                },
                "message": self.api.view(chat, message),
                "chat_instance": "1",
                "data": data,
            },
        }
        times = 2 if self._once("twice") else 1
        self.waiting.extend([update] * times)
        self.wake()
        return query

    def wake(self) -> None:
        """Go on sending; also after the webhook was set."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        self._more.set()

    async def _run(self) -> None:
        failures = 0
        while True:
            if not self.waiting or not self.api.webhook.url:
                self._more.clear()
                await self._more.wait()
                continue
            if await self._send(self.waiting[0]):
                self.waiting.popleft()
                failures = 0
                continue
            pause = PAUSES_SECONDS[min(failures, len(PAUSES_SECONDS) - 1)]
            failures += 1
            await asyncio.sleep(pause)

    async def _send(self, update: dict[str, Any]) -> bool:
        hook = self.api.webhook
        headers = {"Content-Type": "application/json"}
        if hook.secret and not self._once("no_secret"):
            wrong = self._once("wrong_secret")
            headers["X-Telegram-Bot-Api-Secret-Token"] = (
                f"not-{hook.secret}" if wrong else hook.secret
            )
        self.attempts += 1
        body = msgspec.json.encode(update)
        try:
            answer = await self.client.post(hook.url, content=body, headers=headers)
        except httpx.HTTPError as error:
            hook.last_error = f"Connection failed: {type(error).__name__}"
            return False
        if not answer.is_success:
            hook.last_error = f"Wrong response from the webhook: {answer.status_code}"
            return False
        hook.last_error = ""
        self._take_reply(answer.content)
        return True

    def _take_reply(self, content: bytes) -> None:
        """Run the method a bot may name in its answer; it never learns what came of it."""
        try:
            reply = msgspec.json.decode(content) if content else None
            if isinstance(reply, dict) and "method" in reply:
                self.api.run(str(reply.pop("method")), reply)
        except (msgspec.DecodeError, Failed, Limited) as error:
            self.api.webhook.last_error = f"reply: {error}"

    def _once(self, name: str) -> bool:
        left: int = getattr(self.mood, name)
        if left > 0:
            setattr(self.mood, name, left - 1)
        return left > 0

    async def close(self) -> None:
        """Stop sending."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.client.aclose()
