"""The line of a drop in the database: who joins, the draw, who is let in.

Everything happens under the lock of the drop's line, for a batch of people at once.
"""

import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from hansa.modules.drops.model import Candidate, TicketState, choose
from hansa.modules.drops.store import waiting
from hansa.runtime.database import Row, Transaction

ABSENT_AFTER = timedelta(minutes=3)
"""Whoever has not asked for so long is passed over when their turn comes, and let in on return."""
SEATS_AT_ONCE = 2_000
_SPARE = 100
_ROUNDS_MAX = 20
_BURST_SECONDS = 2.0
_SMOOTHING_SECONDS = 30.0
_SEED_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Where a line is: up to which place (`front`) everybody has had their turn."""

    drop_id: UUID
    drawn_at: datetime | None
    seed: str | None
    last_place: int
    front: int
    admitted: int
    allowed: int | None
    credit: float
    rate: float
    looked_at: datetime | None
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the drop says about letting people in."""

    opens_at: datetime
    closes_at: datetime | None
    capacity: int | None
    admissions_per_second: float | None
    idle_minutes: int
    is_paused: bool

    def lets_in_at(self, now: datetime) -> bool:
        """Say whether anybody may be let in at the instant."""
        return self.opens_at <= now and (self.closes_at is None or now < self.closes_at)


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody who came, and when."""

    session: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What somebody holds."""

    state: TicketState
    place: int | None


def read_line(row: Row) -> tuple[Line, Rules]:
    """Make line and rules of a row."""
    fields = row._asdict()
    return (
        Line(**{name: fields[name] for name in Line.__slots__}),
        Rules(**{name: fields[name] for name in Rules.__slots__}),
    )


async def lock(tx: Transaction, drop_id: UUID, *, waits: bool) -> tuple[Line, Rules] | None:
    """Take the lock of a line; None if there is none, or another has it and we would not wait."""
    row = await tx.maybe(waiting.LOCK_LINE if waits else waiting.TRY_LINE, {"id": drop_id})
    return None if row is None else read_line(row)


async def save(tx: Transaction, line: Line) -> None:
    """Write where a line is."""
    await tx.execute(waiting.SAVE_LINE, {name: getattr(line, name) for name in Line.__slots__})


async def join(
    tx: Transaction, line: Line, rules: Rules, arrivals: Sequence[Arrival]
) -> tuple[Line, dict[str, Ticket]]:
    """Give places to those who have none, draw if it is time, let in whom there is room for."""
    now = max(arrival.at for arrival in arrivals)
    present = await _tickets(tx, line.drop_id, arrivals)
    came: dict[str, Arrival] = {}
    for arrival in arrivals:
        came.setdefault(arrival.session, arrival)
    holding = {
        session
        for session, ticket in present.items()
        if ticket.state in {TicketState.WAITING, TicketState.INSIDE}
    }
    old = [one for one in came.values() if one.session in holding]
    new = sorted(
        (one for one in came.values() if one.session not in holding), key=lambda one: one.at
    )
    if old:
        await tx.execute(
            waiting.SEEN,
            {
                "id": line.drop_id,
                "sessions": [one.session for one in old],
                "seen_at": [one.at for one in old],
            },
        )
    is_early = line.drawn_at is None
    early = [one for one in new if is_early and one.at < rules.opens_at]
    await _add(tx, line.drop_id, early, places=[None] * len(early))
    line = await draw(tx, line, rules, now)
    late = new[len(early) :]  # in order of arrival, so the early ones stand first
    if late:
        # Before the opening there is no late one: the draw comes with the first of them.
        places = range(line.last_place + 1, line.last_place + len(late) + 1)
        await _add(tx, line.drop_id, late, places=list(places))
        line = replace(line, last_place=line.last_place + len(late))
    line = await admit(tx, line, rules, now)
    return line, await _tickets(tx, line.drop_id, arrivals)


async def draw(tx: Transaction, line: Line, rules: Rules, now: datetime) -> Line:
    """Put those who came before the opening into a random order, once, at the opening."""
    if line.drawn_at is not None or now < rules.opens_at:
        return line
    seed = secrets.token_hex(_SEED_BYTES)
    count = await tx.execute(waiting.DRAW, {"id": line.drop_id, "seed": seed})
    return replace(line, drawn_at=now, seed=seed, last_place=line.last_place + count)


async def admit(tx: Transaction, line: Line, rules: Rules, now: datetime) -> Line:
    """Let in by place as many as there is room for; end the stay of those who went away."""
    if not rules.lets_in_at(now):
        return line
    idle_before = now - timedelta(minutes=rules.idle_minutes)
    lapsed = await tx.execute(
        waiting.LAPSE, {"id": line.drop_id, "idle_before": idle_before, "now": now}
    )
    seconds = 0.0 if line.looked_at is None else max(0.0, (now - line.looked_at).total_seconds())
    credit = _credit(line, rules, seconds)
    seats = await _seats(tx, line, rules, credit)
    let_in, gone, front = 0, 0, line.front
    for _ in range(_ROUNDS_MAX):
        if seats <= let_in:
            break
        rows = await tx.all(
            waiting.CANDIDATES, {"id": line.drop_id, "limit": seats - let_in + _SPARE}
        )
        if not rows:
            front = line.last_place
            break
        chosen = choose(
            [Candidate(id=row.id, place=row.place, seen_at=row.seen_at) for row in rows],
            seats=seats - let_in,
            front=front,
            absent_before=now - ABSENT_AFTER,
        )
        front = chosen.front
        await tx.execute(waiting.SKIP, {"ids": list(chosen.gone), "now": now})
        let_in += await tx.execute(waiting.ADMIT, {"ids": list(chosen.let_in), "now": now})
        gone += len(chosen.gone)
    return replace(
        line,
        front=front,
        admitted=line.admitted + let_in,
        allowed=rules.capacity if let_in else line.allowed,
        credit=credit - let_in if rules.admissions_per_second is not None else 0.0,
        rate=_rate(line.rate, let_in, seconds),
        looked_at=now if line.looked_at is None else max(now, line.looked_at),
        revision=line.revision + (1 if let_in or gone or lapsed else 0),
    )


def _credit(line: Line, rules: Rules, seconds: float) -> float:
    per_second = rules.admissions_per_second
    if per_second is None:
        return math.inf
    if line.looked_at is None:
        return max(1.0, per_second)
    return min(max(1.0, per_second * _BURST_SECONDS), line.credit + per_second * seconds)


async def _seats(tx: Transaction, line: Line, rules: Rules, credit: float) -> int:
    if rules.is_paused or line.last_place == 0:
        return 0
    seats = min(float(SEATS_AT_ONCE), credit)
    if rules.capacity is not None:
        inside = await tx.scalar(waiting.COUNT_INSIDE, {"id": line.drop_id})
        seats = min(seats, rules.capacity - inside)
    return max(0, int(seats))


def _rate(before: float, let_in: int, seconds: float) -> float:
    """Follow how many are let in per second, over about half a minute."""
    if seconds <= 0:
        return before + let_in / _SMOOTHING_SECONDS
    weight = math.exp(-seconds / _SMOOTHING_SECONDS)
    return before * weight + let_in / seconds * (1 - weight)


async def _add(
    tx: Transaction, drop_id: UUID, arrivals: Sequence[Arrival], *, places: Sequence[int | None]
) -> None:
    if arrivals:
        await tx.execute(
            waiting.JOIN,
            {
                "id": drop_id,
                "sessions": [one.session for one in arrivals],
                "places": list(places),
                "joined_at": [one.at for one in arrivals],
            },
        )


async def _tickets(
    tx: Transaction, drop_id: UUID, arrivals: Sequence[Arrival]
) -> dict[str, Ticket]:
    rows = await tx.all(
        waiting.TICKETS, {"id": drop_id, "sessions": [one.session for one in arrivals]}
    )
    return {row.session: Ticket(state=TicketState(row.state), place=row.place) for row in rows}
