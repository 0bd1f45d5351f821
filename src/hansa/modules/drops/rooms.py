"""The waiting rooms as one process knows them.

Who is inside is known by heart, so a page of theirs asks nobody. Who is far from the door shows a
sealed place and is answered from memory. Only who comes, or whose turn may be now, is looked up,
many in one transaction. A round each second lets people in; whichever process is first does it.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import structlog

from hansa.kernel.errors import Unavailable
from hansa.modules.drops import line as lines
from hansa.modules.drops import visitor
from hansa.modules.drops.directory import Directory
from hansa.modules.drops.line import Arrival, Line, Ticket
from hansa.modules.drops.model import Drop, Phase, Place, TicketState
from hansa.modules.drops.store import waiting
from hansa.runtime.database import Batcher, Snapshot, Transaction

if TYPE_CHECKING:
    from hansa.runtime.context import Context

ROUND_SECONDS = 1.0
IDLE_SECONDS = 5.0
STALE_SECONDS = 4.0
"""A room that was not looked at for so long is not answered from."""
SEEN_EVERY = timedelta(seconds=5)
WAITING_MAX = 200_000
BATCH_MAX = 500
QUEUE_MAX = 4_000
_SEEN_MAX = 200_000
_RATE_MIN = 0.01

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Room:
    """One drop's waiting room, as of the last round."""

    front: int = 0
    last_place: int = 0
    rate: float = 0.0
    is_drawn: bool = False
    revision: int = -1
    looked_at: float = float("-inf")
    inside: set[str] = field(default_factory=set)
    seen: dict[str, datetime] = field(default_factory=dict)
    told: dict[str, datetime] = field(default_factory=dict)

    def note(self, session: str, now: datetime) -> None:
        """Note that somebody is there; written down with the next round."""
        told = self.told.get(session)
        if (told is None or now - told >= SEEN_EVERY) and len(self.seen) < _SEEN_MAX:
            self.seen[session] = now

    def take(self, line: Line) -> None:
        """Take over where the line is; never backwards."""
        self.front = max(self.front, line.front)
        self.last_place = max(self.last_place, line.last_place)
        self.rate, self.is_drawn = line.rate, line.drawn_at is not None
        self.looked_at = monotonic()

    def waiting(self, drop: Drop, place: int | None, token: str) -> Place:
        """Say where a place is in the line now."""
        ahead = None if not place else max(0, place - self.front - 1)
        rate = self.rate if self.rate > _RATE_MIN else drop.admissions_per_second
        seconds = None
        if ahead is not None and rate and not drop.is_paused:
            seconds = round((ahead + 1) / rate)
        return Place(
            is_inside=False,
            ahead=ahead,
            wait_seconds=seconds,
            is_paused=drop.is_paused,
            token=token,
        )


@dataclass(frozen=True, slots=True)
class _Join:
    drop_id: UUID
    arrival: Arrival


@dataclass(frozen=True, slots=True)
class _Joined:
    ticket: Ticket
    line: Line


class Rooms:
    """Lets people in, in this process together with all others."""

    def __init__(self, context: "Context") -> None:
        self._database = context.database
        self._now = context.clock.now
        self._directory = context.service(Directory)
        self._secret = context.settings.secret_key.reveal().encode()
        self._rooms: dict[UUID, Room] = {}
        self._joins: Batcher[_Join, _Joined] = Batcher(
            context.database, _join, name="drops", limit=BATCH_MAX, queue_limit=QUEUE_MAX
        )
        self._round: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()

    async def start(self) -> None:
        """Begin to let people in."""
        await self._joins.start()
        self._round = asyncio.create_task(self._run(), name="drops-rooms")

    async def close(self) -> None:
        """Stop; others go on."""
        if self._round is not None:
            self._round.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._round
        await self._joins.close()

    async def enter(self, drop: Drop, *, session: str, token: str, now: datetime) -> Place:
        """Say whether a visitor is inside, else where in the line; who has no place gets one.

        Raises:
            Busy: more people come at this moment than can be noted down.
        """
        if not drop.has_room or drop.phase_at(now) is Phase.CLOSED:
            return Place(is_inside=True)
        room = self._rooms.setdefault(drop.id, Room())
        self._wake.set()
        if session in room.inside:
            room.note(session, now)
            return Place(is_inside=True)
        place = visitor.read_place(self._secret, token, drop_id=drop.id, session=session)
        if place is not None and self._is_far(room, place, drop, now):
            room.note(session, now)
            return room.waiting(drop, place, token)
        joined = await self._joins.submit(_Join(drop.id, Arrival(session, now)))
        room.take(joined.line)
        if joined.ticket.state is TicketState.INSIDE:
            room.inside.add(session)
            return Place(is_inside=True)
        token = visitor.write_place(
            self._secret, drop_id=drop.id, session=session, place=joined.ticket.place
        )
        return room.waiting(drop, joined.ticket.place, token)

    @staticmethod
    def _is_far(room: Room, place: int, drop: Drop, now: datetime) -> bool:
        """Say whether it is certain that this visitor's turn has not come."""
        if place == 0:
            return not room.is_drawn and now < drop.opens_at
        is_fresh = monotonic() - room.looked_at < STALE_SECONDS
        return is_fresh and place > room.front

    def is_inside(self, drop: Drop, session: str) -> bool:
        """Say whether this process knows the visitor to be inside."""
        return session in self._rooms.get(drop.id, Room()).inside

    @property
    def is_any_open(self) -> bool:
        """Say whether there is anybody to keep a seat for."""
        return any(room.inside for room in self._rooms.values())

    def touch(self, session: str, now: datetime) -> None:
        """Keep a visitor's seats: they look at some page of the shop."""
        for room in self._rooms.values():
            if session in room.inside:
                room.note(session, now)

    def forget(self, session: str) -> None:
        """Take note that a visitor's seats were given back."""
        for room in self._rooms.values():
            room.inside.discard(session)

    async def leave(self, drop: Drop, *, session: str, now: datetime) -> None:
        """Give a visitor's place to the next."""
        async with self._database.transaction() as tx:
            await tx.execute(waiting.LEAVE, {"id": drop.id, "session": session, "now": now})
        self.forget(session)
        self._wake.set()

    # --- rounds -----------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            active = False
            try:
                active = await self.look_round(self._now())
            except (psycopg.Error, Unavailable) as error:
                _log.warning("waiting rooms could not be looked at", error=repr(error))
            if active:
                await asyncio.sleep(ROUND_SECONDS)
                continue
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), IDLE_SECONDS)
            await asyncio.sleep(ROUND_SECONDS / 10)

    async def look_round(self, now: datetime) -> bool:
        """Do one round in every room; say whether there is any."""
        active = [
            drop
            for drop in await self._directory.all()
            if drop.has_room and drop.gathers_at <= now and drop.phase_at(now) is not Phase.CLOSED
        ]
        for gone in self._rooms.keys() - {drop.id for drop in active}:
            del self._rooms[gone]
        for drop in active:
            await self._look_at(drop, self._rooms.setdefault(drop.id, Room()), now)
        return bool(active)

    async def _look_at(self, drop: Drop, room: Room, now: datetime) -> None:
        seen, room.seen = room.seen, {}
        async with self._database.transaction() as tx:
            if seen:
                await tx.execute(
                    waiting.SEEN,
                    {"id": drop.id, "sessions": list(seen), "seen_at": list(seen.values())},
                )
        room.told.update(seen)
        if len(room.told) > _SEEN_MAX:
            room.told.clear()
        async with self._database.transaction() as tx:
            held = await lines.lock(tx, drop.id, waits=False)
            if held is not None:
                line, rules = held
                line = await lines.draw(tx, line, rules, now)
                line = await lines.admit(tx, line, rules, now)
                await lines.save(tx, line)
        async with self._database.snapshot() as snap:
            await self._take_over(snap, drop, room)

    @staticmethod
    async def _take_over(snap: Snapshot, drop: Drop, room: Room) -> None:
        row = await snap.maybe(waiting.READ_LINE, {"id": drop.id})
        if row is None:
            return
        room.front, room.last_place = row.front, row.last_place
        room.rate, room.is_drawn = row.rate, row.drawn_at is not None
        room.looked_at = monotonic()
        if row.revision != room.revision:
            inside = await snap.all(waiting.INSIDE, {"id": drop.id})
            room.inside = {one.session for one in inside}
            room.revision = row.revision


async def _join(tx: Transaction, commands: list[_Join]) -> Sequence[_Joined | Exception]:
    """Answer a batch: one lock per drop, in order of their ids."""
    by_drop: dict[UUID, list[Arrival]] = {}
    for command in commands:
        by_drop.setdefault(command.drop_id, []).append(command.arrival)
    found: dict[UUID, tuple[Line, dict[str, Ticket]]] = {}
    for drop_id, arrivals in sorted(by_drop.items()):
        held = await lines.lock(tx, drop_id, waits=True)
        if held is None or held[0].last_place - held[0].front > WAITING_MAX:
            continue
        line, tickets = await lines.join(tx, *held, arrivals)
        await lines.save(tx, line)
        found[drop_id] = (line, tickets)
    return [
        _Joined(found[one.drop_id][1][one.arrival.session], found[one.drop_id][0])
        if one.drop_id in found
        else Unavailable()
        for one in commands
    ]
