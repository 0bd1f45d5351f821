"""Which cell knows a name: remembered, or asked of all cells at once as whoever called."""

import asyncio
import hashlib
import os
import time
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import httpx
import msgspec
from prometheus_client import Counter

from hansa.runtime.clock import Clock
from hansa.runtime.http import mark_of
from hansa.runtime.http.siblings import HEADER as SIBLING
from hansa.surfaces.loyalty_front.asking import HOME, Name, Wanted
from hansa.surfaces.loyalty_front.cells import Cell, Cells
from hansa.surfaces.loyalty_front.sending import AWAY, TWO_CELLS, Answer, Headers, Refused, Sender

REMEMBERED_SECONDS = 600.0
ASK_SECONDS = 5.0
GRACE_SECONDS = 1.0
"""How long a cell may still answer once another has said that it knows."""
REMEMBERED = frozenset({"phone", "card", "partner", "hold", "step_up"})
OF_PERSON = frozenset({"phone", "card"})
_OK, _FAILED = 200, 500
_ASKED = Counter("hansa_front_places_total", "Names looked for, by where they were found", ["by"])


class _Known(msgspec.Struct):
    known: list[bool]


@dataclass
class Found:
    """The cells that know each name, and those that did not answer."""

    by: dict[Name, set[Cell]] = field(default_factory=dict)
    away: set[Cell] = field(default_factory=set)
    remembered: set[Name] = field(default_factory=set)

    def cells(self, name: Name) -> set[Cell]:
        """Give the cells that know a name."""
        return self.by.get(name, set())


class _Question(NamedTuple):
    """What is asked of each cell, and as whom."""

    names: list[Name]
    authorization: bytes
    path: str
    headers: Headers
    content: bytes


class Places:
    """Remembers names as keyed hashes, so that nobody's telephone is kept; the oldest go first."""

    def __init__(
        self, cells: Cells, sender: Sender, *, secret: bytes, clock: Clock, remembered_max: int
    ) -> None:
        self._cells = cells
        self._sender = sender
        self._secret = secret
        self._clock = clock
        self._max = remembered_max
        self._key = os.urandom(32)
        self._kept: OrderedDict[bytes, tuple[Cell, float]] = OrderedDict()

    async def find(
        self,
        wanted: Sequence[Wanted],
        authorization: bytes,
        *,
        is_fresh: bool = False,
        for_visitor: Headers | None = None,
    ) -> Found:
        """Find out who knows the names of some requests of one caller.

        `for_visitor`: nobody is signed in yet, so the front asks as itself; the headers say from
        where the visitor comes, whom the asking is counted for.

        Raises:
            Refused: a cell does not answer this caller; its answer goes back.
        """
        found = Found()
        missing: list[Name] = []
        for one in wanted:
            for name in one.names:
                # What must be known by one cell alone is asked of all, and so is all it hangs on.
                may_remember = not (is_fresh or one.is_one or one.to_all)
                cell = self._recall(name, authorization) if may_remember else None
                if cell is not None:
                    found.by[name] = {cell}
                    found.remembered.add(name)
            if not any(found.cells(name) for name in one.names):
                missing += one.names
        if missing:
            ask = self._question(list(dict.fromkeys(missing)), authorization, for_visitor)
            await self._ask(ask, wanted, found)
        _ASKED.labels("memory").inc(len(found.remembered))
        return found

    def remember(self, name: Name, cell: Cell, authorization: bytes) -> None:
        """Remember that a cell knows a name, if it is of a kind that seldom moves."""
        if name.kind not in REMEMBERED:
            return
        mark = self._mark(name, authorization)
        self._kept[mark] = (cell, time.monotonic())
        self._kept.move_to_end(mark)
        while len(self._kept) > self._max:
            self._kept.popitem(last=False)

    def forget(self, names: Collection[Name], authorization: bytes) -> None:
        """Forget what turned out to be so no more."""
        for name in names:
            self._kept.pop(self._mark(name, authorization), None)

    def _recall(self, name: Name, authorization: bytes) -> Cell | None:
        mark = self._mark(name, authorization)
        kept = self._kept.get(mark)
        if kept is None:
            return None
        if time.monotonic() - kept[1] > REMEMBERED_SECONDS:
            del self._kept[mark]
            return None
        return kept[0]

    def _mark(self, name: Name, authorization: bytes) -> bytes:
        """Hash a name; what counts within a partner together with what the caller showed."""
        scope = b"" if name.kind in OF_PERSON else authorization
        text = b"|".join((name.kind.encode(), scope, name.value.encode()))
        return hashlib.blake2b(text, key=self._key, digest_size=16).digest()

    def _question(
        self, names: list[Name], authorization: bytes, for_visitor: Headers | None
    ) -> _Question:
        content = msgspec.json.encode({"things": [one._asdict() for one in names]})
        path, shown = f"{HOME}places", [(b"authorization", authorization)]
        if for_visitor is not None:
            path = f"{HOME}app/places"
            mark = mark_of(self._secret, path=path, content=content, now=self._clock.now())
            shown = [(SIBLING, mark)]
            shown += [one for one in for_visitor if one[0] == b"x-forwarded-for"]
        headers = [*shown, (b"content-type", b"application/json")]
        return _Question(names, authorization, path, headers, content)

    async def _ask(self, ask: _Question, wanted: Sequence[Wanted], found: Found) -> None:
        """Ask all cells; once the answer is clear, wait for the others a moment only."""
        names = ask.names
        asking = {asyncio.create_task(self._ask_one(cell, ask)): cell for cell in self._cells.all}
        pending = set(asking)
        try:
            seconds = ASK_SECONDS
            while pending:
                done, pending = await asyncio.wait(
                    pending, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
                )
                if not done:
                    break
                for task in done:
                    self._note(ask, asking[task], task.result(), found)
                if all(_is_clear(one, found) for one in wanted):
                    seconds = GRACE_SECONDS
        finally:
            for task in pending:
                task.cancel()
        found.away |= {asking[task] for task in pending}
        _ASKED.labels("cells").inc(sum(1 for name in names if found.cells(name)))
        _ASKED.labels("nobody").inc(sum(1 for name in names if not found.cells(name)))

    async def _ask_one(self, cell: Cell, ask: _Question) -> Answer | None:
        try:
            return await self._sender.send(
                cell, "POST", ask.path, ask.headers, ask.content, seconds=ASK_SECONDS
            )
        except httpx.HTTPError:
            return None

    def _note(self, ask: _Question, cell: Cell, answer: Answer | None, found: Found) -> None:
        if answer is None or answer.status >= _FAILED:
            found.away.add(cell)
            return
        if answer.status != _OK:
            raise Refused(answer)
        known = msgspec.json.decode(answer.body, type=_Known).known
        for name, is_known in zip(ask.names, known, strict=True):
            if is_known:
                found.by.setdefault(name, set()).add(cell)
                self.remember(name, cell, ask.authorization)


def _is_clear(wanted: Wanted, found: Found) -> bool:
    """Tell whether nothing that is still unanswered can matter, but by an odd chance."""
    if wanted.is_one:
        return False
    return any(found.cells(name) for name in wanted.names)


def choose(wanted: Wanted | None, found: Found, cells: Cells) -> tuple[list[Cell], Cell]:
    """Give the cells that a request goes to, and the one whose answer counts.

    Raises:
        Refused: a cell that might know did not answer, or two cells know.
    """
    if wanted is None:
        return [cells.home], cells.home
    chosen = cells.of_text(wanted.fallback)
    if wanted.is_one:
        chosen = _one(wanted, found, chosen, cells)
        return [chosen], chosen
    if wanted.member_id is not None:
        chosen = cells.of_member(wanted.member_id)
        return [chosen], chosen
    for name in wanted.names:
        if known := found.cells(name):
            if chosen not in known:
                chosen = min(known, key=lambda cell: cell.number)
            return [chosen], chosen
    if found.away:
        raise Refused(AWAY)
    return (cells.all if wanted.to_all else [chosen]), chosen


def _one(wanted: Wanted, found: Found, chosen: Cell, cells: Cells) -> Cell:
    """Give the cell of a member that gets names, which no other cell may know."""
    known = {cell for name in wanted.names for cell in found.cells(name) if name.kind != "waiting"}
    awaited = {cell for name in wanted.names for cell in found.cells(name)} - known
    if wanted.member_id is not None:
        chosen = cells.of_member(wanted.member_id)
        known.add(chosen)
    if len(known) > 1:
        raise Refused(TWO_CELLS)
    is_sure = all(found.cells(name) for name in wanted.names if name.kind != "waiting")
    if not is_sure and found.away:
        raise Refused(AWAY)
    return min(known or awaited or {chosen}, key=lambda cell: cell.number)
