"""Chats, people and messages, kept in a file if there is one."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

MESSAGES_KEPT = 200


class Person(msgspec.Struct):
    """Somebody with an account; `chats` are the ids of the groups they are in."""

    id: int
    first_name: str
    chats: list[int] = []


class Chat(msgspec.Struct):
    """A group; the bot may write only where it is a member."""

    id: int
    title: str
    is_bot_in: bool = True


class Message(msgspec.Struct):
    """A message of the bot; `text` is its HTML."""

    message_id: int
    date: int
    text: str
    keyboard: list[list[dict[str, Any]]] = []
    preview: str = ""
    edited_at: int | None = None


class Query(msgspec.Struct):
    """A press of a button, which spins until the bot answers it."""

    id: str
    user: int
    chat: int
    message_id: int
    data: str
    at: float
    is_answered: bool = False
    text: str = ""
    is_alert: bool = False


class _Kept(msgspec.Struct):
    messages: dict[int, list[Message]] = {}
    last_message: int = 0
    last_update: int = 0


@dataclass
class Chats:
    """Everything Telegram knows. `clock_offset_seconds` moves its clock."""

    chats: dict[int, Chat] = field(default_factory=dict)
    people: dict[int, Person] = field(default_factory=dict)
    queries: list[Query] = field(default_factory=list)
    kept: _Kept = field(default_factory=_Kept)
    clock_offset_seconds: float = 0
    file: Path | None = None
    time: Callable[[], float] = time.time

    @classmethod
    def open(cls, path: str | None) -> "Chats":
        """Open the chats, with the messages the file holds."""
        made = cls(file=Path(path) if path else None)
        if made.file is not None and made.file.exists():
            made.kept = msgspec.json.decode(made.file.read_bytes(), type=_Kept)
        return made

    def now(self) -> float:
        """Read Telegram's clock."""
        return self.time() + self.clock_offset_seconds

    def messages(self, chat: int) -> list[Message]:
        """Give the messages of a chat, oldest first."""
        return self.kept.messages.setdefault(chat, [])

    def post(
        self, chat: int, text: str, keyboard: list[list[dict[str, Any]]], preview: str
    ) -> Message:
        """Keep a message under the next number."""
        self.kept.last_message += 1
        message = Message(
            message_id=self.kept.last_message,
            date=int(self.now()),
            text=text,
            keyboard=keyboard,
            preview=preview,
        )
        kept = self.messages(chat)
        kept.append(message)
        del kept[:-MESSAGES_KEPT]
        self.save()
        return message

    def find(self, chat: int, message_id: int) -> Message | None:
        """Give a message."""
        return next((one for one in self.messages(chat) if one.message_id == message_id), None)

    def next_update(self) -> int:
        """Number an update."""
        self.kept.last_update += 1
        self.save()
        return self.kept.last_update

    def save(self) -> None:
        """Write the messages down."""
        if self.file is not None:
            draft = self.file.with_suffix(".draft")
            draft.write_bytes(msgspec.json.encode(self.kept))
            draft.replace(self.file)
