"""What points must come to, counted anew and simply: one member, one partner, ten per cent back.

Shares nothing with the product. A lot is what was earned at once; spending takes what expires
first; what is taken back after it was spent is owed until the next free points pay it.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

MOSCOW = ZoneInfo("Europe/Moscow")
PER_POINT = 1000  # minor units that earn a point: ten per cent, a point is worth a rouble
RESTORED = timedelta(days=30)


class Refused(Exception):
    """The call is to be refused with this code."""


@dataclass
class Lot:
    remaining: int
    earned: datetime
    expires: datetime
    held: int = 0

    @property
    def free(self) -> int:
        return self.remaining - self.held

    def is_over(self, now: datetime) -> bool:
        return self.expires <= now


@dataclass
class Receipt:
    lines: dict[int, int]
    earned: int
    lot: Lot | None


@dataclass
class Hold:
    parts: list[tuple[Lot, int]]
    ends: datetime
    state: str = "open"

    @property
    def points(self) -> int:
        return sum(points for _, points in self.parts)


@dataclass
class Posting:
    """What can be reversed: parts in their order, and whether they were spent."""

    parts: list[list]  # lot, points left
    was_spent: bool


def end_of_life(at: datetime) -> datetime:
    """One month on, to the end of the day in Moscow."""
    day = at.astimezone(MOSCOW).date()
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    last = calendar.monthrange(year, month)[1]
    midnight = datetime(year, month, min(day.day, last), tzinfo=MOSCOW)
    return midnight + timedelta(days=1)


@dataclass
class Book:
    """The member's points; each call gives by how much the balance changed, or is refused."""

    lots: list[Lot] = field(default_factory=list)
    receipts: dict[str, Receipt] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    postings: dict[str, Posting] = field(default_factory=dict)

    def balance(self) -> int:
        return sum(lot.remaining for lot in self.lots)

    def owed(self) -> int:
        return sum(max(0, -lot.free) for lot in self.lots)

    def available(self, now: datetime) -> int:
        spendable = sum(max(0, lot.free) for lot in self.lots if not lot.is_over(now))
        return max(0, spendable - self.owed())

    def in_order(self) -> list[Lot]:
        return sorted(self.lots, key=lambda lot: (lot.expires, lot.earned))

    def settle(self, now: datetime) -> None:
        for debtor in self.in_order():
            for payer in self.in_order():
                paid = min(-debtor.free, payer.free)
                if paid > 0 and not payer.is_over(now):
                    payer.remaining -= paid
                    debtor.remaining += paid

    def earn(self, points: int, now: datetime) -> Lot:
        lot = Lot(points, now, end_of_life(now))
        self.lots.append(lot)
        return lot

    def accrue(self, key: str, points: int, now: datetime) -> int:
        before = self.balance()
        self.postings[key] = Posting([[self.earn(points, now), points]], was_spent=False)
        self.settle(now)
        return self.balance() - before

    def buy(self, receipt: str, lines: dict[int, int], now: datetime) -> int:
        if receipt in self.receipts:
            raise Refused("loyalty.receipt_exists")
        points = sum(lines.values()) // PER_POINT
        lot = self.earn(points, now) if points else None
        self.receipts[receipt] = Receipt(dict(lines), points, lot)
        self.settle(now)
        return points

    def bring_back(self, receipt: str, line: int, amount: int, now: datetime) -> int:
        kept = self.receipts[receipt]
        if line not in kept.lines:
            raise Refused("loyalty.line_unknown")
        if amount > kept.lines[line]:
            raise Refused("loyalty.above_purchase")
        kept.lines[line] -= amount
        change = sum(kept.lines.values()) // PER_POINT - kept.earned
        kept.earned += change
        if kept.lot is not None:
            kept.lot.remaining += change
        self.settle(now)
        return change

    def _pick(self, points: int, now: datetime) -> list[tuple[Lot, int]]:
        if points > self.available(now):
            raise Refused("loyalty.not_enough_points")
        parts = []
        for lot in self.in_order():
            taken = min(points, lot.free)
            if taken > 0 and not lot.is_over(now):
                parts.append((lot, taken))
                points -= taken
        return parts

    def spend(self, key: str, points: int, now: datetime) -> int:
        parts = self._pick(points, now)
        for lot, taken in parts:
            lot.remaining -= taken
        self.postings[key] = Posting([[lot, taken] for lot, taken in parts], was_spent=True)
        self.settle(now)
        return -points

    def hold(self, key: str, points: int, ends: datetime, now: datetime) -> int:
        self.holds[key] = Hold(self._pick(points, now), ends)
        for lot, taken in self.holds[key].parts:
            lot.held += taken
        return 0

    def post(self, key: str, points: int, now: datetime) -> int:
        held = self.holds[key]
        if held.state != "open" or held.ends <= now:
            raise Refused("loyalty.hold_ended")
        if points > held.points:
            raise Refused("loyalty.above_hold")
        return self._end(held, points, now)

    def void(self, key: str, now: datetime) -> int:
        if self.holds[key].state != "open":
            raise Refused("loyalty.hold_ended")
        return self._end(self.holds[key], 0, now)

    def _end(self, held: Hold, points: int, now: datetime) -> int:
        held.state, spent = "ended", points
        for lot, amount in held.parts:
            taken = min(points, amount)
            points -= taken
            lot.held -= amount
            lot.remaining -= taken
        self.settle(now)
        return -spent

    def reverse(self, key: str, points: int, now: datetime) -> int:
        original = self.postings[key]
        if points > sum(left for _, left in original.parts):
            raise Refused("loyalty.above_original")
        rest = points
        for part in reversed(original.parts):
            lot, taken = part[0], min(rest, part[1])
            if taken == 0:
                continue
            part[1] -= taken
            rest -= taken
            if original.was_spent:
                if lot.is_over(now):
                    lot.expires = now + RESTORED
                lot.remaining += taken
            else:
                lot.remaining -= taken
        self.settle(now)
        return points if original.was_spent else -points

    def expire(self, now: datetime) -> None:
        """Holds whose time is over end, then points whose time is over go."""
        for held in self.holds.values():
            if held.state == "open" and held.ends <= now:
                self._end(held, 0, now)
        for lot in self.lots:
            if lot.is_over(now) and lot.free > 0:
                lot.remaining = lot.held
        self.settle(now)
