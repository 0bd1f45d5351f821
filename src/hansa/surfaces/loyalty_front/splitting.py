"""Calls of many commands: each goes to its own cell, the answers come back in the order asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from hansa.kernel.errors import HansaError
from hansa.surfaces.loyalty_front.asking import COMMANDS, Body, Name, Wanted, command_wanted
from hansa.surfaces.loyalty_front.cells import Cell, Cells
from hansa.surfaces.loyalty_front.places import Found, choose
from hansa.surfaces.loyalty_front.sending import AWAY, Answer, Refused

LISTS = {"batches": "items", "actions": "actions"}
"""Paths of such calls, and the field that holds the commands."""
ITEMS_MAX = 500
_OK = 200


class _Command(Body):
    type: str = ""


class _Item(msgspec.Struct):
    """A command of a batch; of an action the member is on the item itself."""

    key: str = ""
    command: msgspec.Raw = msgspec.Raw(b"")


class _Answers(msgspec.Struct):
    items: list[msgspec.Raw]


@dataclass
class Split:
    """A call taken apart: what each item wants, and once places are known, where each goes."""

    whole: dict[str, msgspec.Raw]
    listed: str
    items: list[msgspec.Raw]
    keys: list[str]
    wanted: list[Wanted | None]
    to: list[list[Cell]] = field(default_factory=list)
    answers_from: list[Cell | None] = field(default_factory=list)
    refused: dict[int, Answer] = field(default_factory=dict)

    @classmethod
    def read(cls, path: str, content: bytes, now: datetime) -> "Split | None":
        """Take a call apart; None if it cannot be read, which the home cell then says."""
        name = LISTS[path]
        try:
            whole = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
            items = msgspec.json.decode(whole[name], type=list[msgspec.Raw])
            if len(items) > ITEMS_MAX:
                return None
            read = [msgspec.json.decode(item, type=_Item) for item in items]
            wanted = [_wanted(path, item, one, now) for item, one in zip(items, read, strict=True)]
        except (KeyError, ValueError, msgspec.DecodeError):
            return None
        return cls(whole, name, items, [one.key for one in read], wanted)

    def place(self, found: Found, cells: Cells) -> None:
        """Choose the cells of each item. What an item of the same call makes is where that goes."""
        made: dict[Name, Cell] = {}
        for number, wanted in enumerate(self.wanted):
            earlier = [made[name] for name in (wanted.names if wanted else ()) if name in made]
            try:
                to, counts = ([earlier[0]], earlier[0]) if earlier else choose(wanted, found, cells)
            except Refused as refused:
                self.refused[number] = refused.answer
                self.to.append([])
                self.answers_from.append(None)
                continue
            self.to.append(to)
            self.answers_from.append(counts)
            for name in self._makes(number):
                made.setdefault(name, counts)

    def contents(self) -> dict[Cell, bytes]:
        """Give the call of each cell."""
        cells = dict.fromkeys(cell for to in self.to for cell in to)
        return {
            cell: msgspec.json.encode(
                {**self.whole, self.listed: [self.items[number] for number in self._of(cell)]}
            )
            for cell in cells
        }

    def together(self, answers: Mapping[Cell, Answer]) -> Answer:
        """Put the answers of cells together, in the order asked.

        If every cell refused the call as a whole, so is it.
        """
        good = [one for one in answers.values() if one.status == _OK]
        if not good and answers and not self.refused:
            return next(iter(answers.values()))
        items: list[Any] = [None] * len(self.items)
        for cell, answer in answers.items():
            numbers = self._of(cell)
            given: Sequence[Any] = [self._refusal(number, answer) for number in numbers]
            if answer.status == _OK:
                given = msgspec.json.decode(answer.body, type=_Answers).items
            for number, one in zip(numbers, given, strict=True):
                if self.answers_from[number] == cell:
                    items[number] = one
        for number, refusal in self.refused.items():
            items[number] = self._refusal(number, refusal)
        headers = good[0].headers if good else AWAY.headers
        kept = [(name, value) for name, value in headers if name != b"content-type"]
        return Answer(
            _OK,
            [*kept, (b"content-type", b"application/json")],
            msgspec.json.encode({"items": items}),
        )

    def _of(self, cell: Cell) -> list[int]:
        return [number for number, to in enumerate(self.to) if cell in to]

    def _makes(self, number: int) -> list[Name]:
        """Give what later items of the call may name: the key, the hold and the receipt."""
        names = [Name("key", self.keys[number]), Name("hold", self.keys[number])]
        if self.listed == LISTS["batches"]:
            body = msgspec.json.decode(
                msgspec.json.decode(self.items[number], type=_Item).command, type=_Command
            )
            if body.type == "purchase" and body.receipt:
                names.append(Name("receipt", body.receipt))
        return names

    def _refusal(self, number: int, answer: Answer) -> dict[str, Any]:
        """Write a refusal of the whole call as one of an item of it."""
        told = msgspec.json.decode(answer.body)
        if self.listed == LISTS["actions"]:
            return {
                "key": self.keys[number],
                "error": told.get("code", ""),
                "detail": told.get("detail", ""),
            }
        return {"key": self.keys[number], "status": answer.status, "problem": told}


def _wanted(path: str, item: msgspec.Raw, read: _Item, now: datetime) -> Wanted | None:
    """Tell where an item may go; None if it cannot be read, or is refused by any cell alike."""
    try:
        if path == "actions":
            return command_wanted("previews", read.key, bytes(item), now)
        command = msgspec.json.decode(read.command, type=_Command)
        return command_wanted(COMMANDS.get(command.type, ""), read.key, bytes(read.command), now)
    except (ValueError, msgspec.DecodeError, HansaError):
        return None
