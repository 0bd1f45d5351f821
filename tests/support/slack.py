"""The simulated Slack inside a test: the same service the program runs, on a free port.

async with a_slack(request_url=f"{site}/api/v1/fulfilment/slack/actions") as slack:
    ...
    await slack.press("C1", "Да", user="U1")
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from sandbox.acquirer.wire import serve_connection
from sandbox.slack.clicks import Clicks
from sandbox.slack.methods import Rates, WebApi
from sandbox.slack.service import Mood, Service
from sandbox.slack.workspace import Click, Message, Person, Workspace

__all__ = ["BOT_TOKEN", "SIGNING_SECRET", "Slack", "a_slack"]

BOT_TOKEN = "xoxb-of-the-tests"
SIGNING_SECRET = "signing secret of the tests"


@dataclass(frozen=True)
class Slack:
    """A running Slack and what a test may do with it."""

    url: str
    service: Service

    def messages(self, channel: str) -> list[Message]:
        """Messages of a channel, those for one person's eyes too."""
        return self.service.workspace.messages[channel]

    def buttons(self, channel: str, ts: str | None = None) -> list[dict[str, Any]]:
        """The buttons of a message, the last one unless said otherwise."""
        (*_, last) = [one for one in self.messages(channel) if one.seen_by is None]
        message = last if ts is None else self.service.workspace.find(channel, ts)
        assert message is not None
        return [
            {**element, "block_id": block.get("block_id", "")}
            for block in message.blocks
            if block["type"] == "actions"
            for element in block["elements"]
        ]

    async def press(
        self, channel: str, label: str, *, user: str, ts: str | None = None, line: int = 0
    ) -> Click:
        """Press a button by what is written on it; `line` counts buttons of the same words."""
        found = [one for one in self.buttons(channel, ts) if one["text"]["text"] == label]
        (*_, last) = [one for one in self.messages(channel) if one.seen_by is None]
        return await self.service.clicks.press(
            user=user, channel=channel, ts=ts or last.ts, action=found[line]
        )

    def misbehave(self, **moods: float) -> None:
        """Set the moods of the Web API."""
        self.service.mood = Mood(**moods)  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def a_slack(
    *,
    request_url: str = "http://127.0.0.1:9/none",
    channels: dict[str, str] | None = None,
    people: tuple[Person, ...] = (),
    burst: int = 100,
) -> AsyncIterator[Slack]:
    """Run a Slack with the channel `C1`, where `U1` and `U2` are, and `U9`, who is not."""
    workspace = Workspace()
    for channel_id, name in (channels or {"C1": "corner"}).items():
        workspace.add_channel(channel_id, name)
    first = next(iter(workspace.channels))
    for person in people or (
        Person("U1", "Анна", [first]),
        Person("U2", "Борис", [first]),
        Person("U9", "Чужой", []),
    ):
        workspace.people[person.id] = person
    service = Service(
        api=WebApi(workspace, BOT_TOKEN, Rates(workspace, burst=burst)),
        clicks=Clicks(workspace, SIGNING_SECRET, request_url),
    )
    server = await asyncio.start_server(partial(serve_connection, service.answer), "127.0.0.1", 0)
    try:
        yield Slack(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", service)
    finally:
        server.close()
        await service.clicks.close()
