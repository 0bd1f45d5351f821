"""The simulated Telegram inside a test: the same service the program runs, on a free port.

async with a_telegram(webhook_url=f"{site}/api/v1/fulfilment/telegram/updates") as telegram:
    ...
    query = await telegram.press(CHAT, "Да, есть", user=1)      # answered when it returns
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial

from sandbox.acquirer.wire import serve_connection
from sandbox.telegram.__main__ import service_of
from sandbox.telegram.chats import Chat, Chats, Message, Person, Query
from sandbox.telegram.methods import Webhook
from sandbox.telegram.service import Mood, Service

__all__ = ["CHAT", "SECRET", "TOKEN", "Telegram", "a_telegram"]

TOKEN = "700000001:token-of-the-tests"
SECRET = "secret_of_the-tests"
CHAT = -1001
SECONDS_MAX = 60


@dataclass(frozen=True)
class Telegram:
    """A running Telegram and what a test may do with it."""

    url: str
    service: Service

    def messages(self, chat: int = CHAT) -> list[Message]:
        """Messages of a chat."""
        return self.service.chats.messages(chat)

    def labels(self, message: Message) -> list[str]:
        """What stands on the buttons of a message."""
        return [str(button["text"]) for row in message.keyboard for button in row]

    async def press(
        self, label: str, *, user: int, message: Message | None = None, line: int = 0
    ) -> Query:
        """Press a button by what is written on it; return when the bot has answered."""
        pressed = message or self.messages()[-1]
        found = [one for row in pressed.keyboard for one in row if one["text"] == label]
        query = self.service.updates.press(
            user=user,
            chat=CHAT,
            message_id=pressed.message_id,
            data=str(found[line]["callback_data"]),
        )
        await self.until(lambda: query.is_answered)
        return query

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return when a condition holds; fail when it does not in time."""
        async with asyncio.timeout(SECONDS_MAX):
            while not condition():
                await asyncio.sleep(0.01)

    def misbehave(self, **moods: float) -> None:
        """Set the moods of the Bot API."""
        self.service.mood = Mood(**moods)  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def a_telegram(
    *, webhook_url: str = "", secret: str = SECRET, burst: int = 100
) -> AsyncIterator[Telegram]:
    """Run a Telegram with the chat `CHAT`, where 1 and 2 are, and 9, who is not."""
    chats = Chats(
        chats={CHAT: Chat(CHAT, "На углу")},
        people={
            1: Person(1, "Анна", [CHAT]),
            2: Person(2, "Борис", [CHAT]),
            9: Person(9, "Чужой"),
        },
    )
    service = service_of(chats, token=TOKEN, webhook=Webhook(webhook_url, secret))
    service.api.rates.burst = burst
    server = await asyncio.start_server(partial(serve_connection, service.answer), "127.0.0.1", 0)
    try:
        yield Telegram(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", service)
    finally:
        server.close()
        await service.updates.close()
