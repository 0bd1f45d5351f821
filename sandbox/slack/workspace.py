"""Channels, people and messages, kept in a file if there is one."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

MESSAGES_KEPT = 200


class Person(msgspec.Struct):
    """Somebody of the workspace; `channels` are the ids of those they are in."""

    id: str
    name: str
    channels: list[str] = []


class Channel(msgspec.Struct):
    """A channel; the app may post only where it was invited."""

    id: str
    name: str
    is_app_in: bool = True
    is_archived: bool = False


class Message(msgspec.Struct):
    """A message of the app; `seen_by` makes it one that a single person sees."""

    ts: str
    text: str
    blocks: list[dict[str, Any]] = []
    metadata: dict[str, Any] | None = None
    edited_ts: str | None = None
    seen_by: str | None = None
    fault: str | None = None


class _Kept(msgspec.Struct):
    messages: dict[str, list[Message]] = {}


class Click(msgspec.Struct):
    """A press of a button and what became of it at the app."""

    user: str
    channel: str
    ts: str
    action_id: str
    tries: int = 0
    status: int | None = None
    fault: str | None = None


@dataclass
class Workspace:
    """Everything Slack knows. `clock_offset_seconds` moves its clock."""

    channels: dict[str, Channel] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    messages: dict[str, list[Message]] = field(default_factory=dict)
    clicks: list[Click] = field(default_factory=list)
    clock_offset_seconds: float = 0
    file: Path | None = None
    time: Callable[[], float] = time.time
    _last: float = 0

    @classmethod
    def open(cls, path: str | None) -> "Workspace":
        """Open a workspace, with the messages the file holds."""
        made = cls(file=Path(path) if path else None)
        if made.file is not None and made.file.exists():
            made.messages = msgspec.json.decode(made.file.read_bytes(), type=_Kept).messages
        return made

    def now(self) -> float:
        """Read Slack's clock."""
        return self.time() + self.clock_offset_seconds

    def add_channel(self, channel_id: str, name: str, *people: str) -> None:
        """Make a channel with people; each is made known by name."""
        self.channels[channel_id] = Channel(channel_id, name)
        self.messages.setdefault(channel_id, [])
        for person in people:
            self.people[person].channels.append(channel_id)

    def post(self, channel_id: str, message: Message) -> Message:
        """Keep a message under a timestamp of its own, which is its name."""
        self._last = max(self.now(), self._last + 0.000_1)
        message.ts = f"{self._last:.6f}"
        kept = self.messages[channel_id]
        kept.append(message)
        del kept[:-MESSAGES_KEPT]
        self.save()
        return message

    def find(self, channel_id: str, ts: str) -> Message | None:
        """Give a message that everybody of the channel sees."""
        for message in self.messages.get(channel_id, ()):
            if message.ts == ts and message.seen_by is None:
                return message
        return None

    def save(self) -> None:
        """Write the messages down."""
        if self.file is not None:
            draft = self.file.with_suffix(".draft")
            draft.write_bytes(msgspec.json.encode(_Kept(self.messages)))
            draft.replace(self.file)
