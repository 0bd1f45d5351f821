"""Lots, receipts and the chart of accounts, as values and pure decisions."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import IntEnum
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from hansa.modules.ledger import Place, Transfer
from hansa.modules.loyalty.programmes import Programme, Terms

HOUSE = UUID(int=0)
"""Owner of what the programme itself does: expiry, corrections, counting again."""

RESTORED_LIVE = timedelta(days=30)
"""How long points live that come back after their time was over."""
PRICE_MICRO = 1_000_000

_ISSUED, _SPENT, _EXPIRED, _GOODWILL, _COMPENSATION, _TRANSIT, _OFF = range(1, 8)


def issued_account(partner: int) -> int:
    """Account from which a partner (0: the programme) gives points."""
    return -(partner * 10 + _ISSUED)


def spent_account(partner: int) -> int:
    """Account to which points go that are spent at a partner."""
    return -(partner * 10 + _SPENT)


def written_off_account(partner: int) -> int:
    """Account of points a partner could not take back any more: they stay its cost."""
    return -(partner * 10 + _OFF)


EXPIRED_ACCOUNT = -_EXPIRED
"""Points that nobody spent in time."""
GOODWILL_ACCOUNT = -_GOODWILL
"""Points added or taken by hand."""
COMPENSATION_ACCOUNT = -_COMPENSATION
"""Through which one issuer's points pay what is owed to another."""
TRANSIT_ACCOUNT = -_TRANSIT
"""Through which the points of a merged member travel; zero when no merge is on its way."""


class Side(IntEnum):
    """What an account without a floor stands for."""

    ISSUED = _ISSUED
    SPENT = _SPENT
    EXPIRED = _EXPIRED
    GOODWILL = _GOODWILL
    COMPENSATION = _COMPENSATION
    TRANSIT = _TRANSIT
    WRITTEN_OFF = _OFF


def side_of(account: int) -> tuple[Side, int] | None:
    """Give what an account stands for and whose it is (0: the programme's); None for members'."""
    if account > 0:
        return None
    partner, side = divmod(-account, 10)
    return Side(side), partner


@dataclass(slots=True)
class Lot:
    """Points earned at once. `free` below zero is a debt."""

    bucket: int
    id: UUID
    account_id: int
    ledger: int
    issuer: int
    campaign_id: UUID | None
    remaining: int
    held: int
    price_micro: int
    earned_at: datetime
    active_at: datetime
    expires_at: datetime | None
    is_new: bool = False
    is_touched: bool = False

    @property
    def free(self) -> int:
        """What is neither spent nor held."""
        return self.remaining - self.held

    @property
    def debt(self) -> int:
        """What was taken back beyond what was there."""
        return max(0, self.held - self.remaining)

    def is_spendable(self, now: datetime) -> bool:
        """Tell whether its points can be spent."""
        return (
            self.free > 0
            and self.active_at <= now
            and (self.expires_at is None or self.expires_at > now)
        )

    def move(self, change: int) -> None:
        """Add to what remains, or take from it."""
        self.remaining += change
        self.is_touched = True


@dataclass(slots=True)
class Shelf:
    """The lots of an account that a batch has to do with, earliest expiry first.

    `spendable` is what can be spent of all lots of the account, loaded or not.
    """

    account_id: int
    lots: dict[UUID, Lot] = field(default_factory=dict)
    spendable: int = 0

    def in_order(self) -> list[Lot]:
        """Give the lots in the order in which they are spent: what expires first, then by age."""
        return sorted(
            self.lots.values(),
            key=lambda lot: (
                lot.expires_at is None,
                lot.expires_at or lot.earned_at,
                lot.earned_at,
                lot.id,
            ),
        )

    def debt(self) -> int:
        """Give what is owed on the lots at hand."""
        owed = 0
        for lot in self.lots.values():
            if lot.held > lot.remaining:
                owed += lot.held - lot.remaining
        return owed

    def pick(self, points: int, now: datetime) -> list[tuple[Lot, int]]:
        """Choose lots for so many points; the caller has seen that there are enough."""
        chosen: list[tuple[Lot, int]] = []
        for lot in self.in_order():
            if points == 0:
                break
            if lot.is_spendable(now):
                taken = min(points, lot.free)
                chosen.append((lot, taken))
                points -= taken
        return chosen

    def add(self, lot: Lot, now: datetime) -> None:
        """Put a new lot on the shelf."""
        self.lots[lot.id] = lot
        if lot.is_spendable(now):
            self.spendable += lot.free


def settle_debts(shelf: Shelf, now: datetime) -> list[Transfer]:
    """Let free points pay what is owed, whoever issued them; give the transfers.

    Points that cannot be spent yet pay too: what is owed was spent already.
    """
    moved: list[Transfer] = []
    owing = [lot for lot in shelf.in_order() if lot.debt]
    if not owing:
        return moved
    paying = [lot for lot in shelf.in_order() if lot.free > 0 and not _is_over(lot, now)]
    for debtor in owing:
        for lot in paying:
            amount = min(debtor.debt, lot.free)
            if amount <= 0:
                continue
            was_spendable = lot.is_spendable(now)
            lot.move(-amount)
            debtor.move(amount)
            if was_spendable:
                shelf.spendable -= amount
            account = shelf.account_id
            moved.append(Transfer(account, COMPENSATION_ACCOUNT, amount, lot.issuer, lot.id))
            moved.append(Transfer(COMPENSATION_ACCOUNT, account, amount, debtor.issuer, debtor.id))
    return moved


def _is_over(lot: Lot, now: datetime) -> bool:
    return lot.expires_at is not None and lot.expires_at <= now


def lifetime(
    terms: Terms | None, programme: Programme, earned_at: datetime
) -> tuple[datetime, datetime | None]:
    """Give from when and until when points live that were earned at an instant.

    They expire at the end of the day, in the programme's zone, so many months later.
    """
    pending = terms.pending_days if terms is not None else programme.pending_days
    active_at = earned_at + timedelta(days=pending)
    if programme.lifetime_months is None:
        return active_at, None
    day = earned_at.astimezone(ZoneInfo(programme.time_zone)).date()
    return active_at, _end_of_life(day, programme.lifetime_months, programme.time_zone)


@lru_cache(maxsize=4_096)
def _end_of_life(day: date, months: int, time_zone: str) -> datetime:
    zone = ZoneInfo(time_zone)
    months += day.month - 1
    year, month = day.year + months // 12, months % 12 + 1
    last = _days_of(year, month)
    end = datetime(year, month, min(day.day, last), tzinfo=zone) + timedelta(days=1)
    # Arithmetic on the wall clock, then back: a day of 23 or 25 hours is whole all the same.
    return end.astimezone(UTC)


def _days_of(year: int, month: int) -> int:
    first = datetime(year, month, 1)  # noqa: DTZ001 - a date on the wall
    following = datetime(year + month // 12, month % 12 + 1, 1)  # noqa: DTZ001 - the same
    return (following - first).days


class KeptLine(msgspec.Struct, array_like=True):
    """A line of a receipt with what has come back of it."""

    line: int
    amount_minor: int
    quantity: Decimal
    category: str
    item: str
    returned_minor: int = 0
    returned_quantity: Decimal = Decimal(0)

    @property
    def left_minor(self) -> int:
        """What is still bought of it."""
        return self.amount_minor - self.returned_minor


class KeptAward(msgspec.Struct, array_like=True):
    """What a receipt has earned from one issuer and campaign, and the lot it is in."""

    issuer: int
    campaign_id: UUID | None
    points: int
    lot_id: UUID


class KeptSpend(msgspec.Struct, array_like=True):
    """Points of a lot that paid for a receipt, and how many of them were given back."""

    lot_id: UUID
    issuer: int
    points: int
    restored: int = 0


class KeptEarning(msgspec.Struct, array_like=True):
    """What a line earns at present, and why."""

    line: int
    points: int
    percent: int
    reason: str
    campaign_id: UUID | None


class KeptUse(msgspec.Struct, array_like=True):
    """That a receipt earns by an offer; counted again, the difference is told to it."""

    offer_id: UUID
    times: int
    points: int
    amount_minor: int
    limit: int | None = None


class WaitingReturn(msgspec.Struct, array_like=True):
    """A return that came before its purchase. No lines: all of it.

    Its own answer was "waiting"; `refusal` and `told`, a code and its data, say why it does not
    count now that the purchase is here.
    """

    happened_at: datetime
    lines: list[tuple[int, int, Decimal]]
    is_refused: bool = False
    refusal: str = ""
    told: bytes = b""


class ReceiptContent(msgspec.Struct, array_like=True):
    """Everything a receipt is counted from, and what it has come to so far.

    `audiences` are those its member was in when it became known: they count for it ever after.
    """

    lines: list[KeptLine] = []
    basis: tuple[int, int] | None = None
    awards: list[KeptAward] = []
    earnings: list[KeptEarning] = []
    spends: list[KeptSpend] = []
    waiting: list[WaitingReturn] = []
    uses: list[KeptUse] = []
    completes: bool = False
    audiences: list[str] = []

    @property
    def total_minor(self) -> int:
        """What was paid in money."""
        return sum([line.amount_minor for line in self.lines])

    @property
    def returned_minor(self) -> int:
        """What was given back in money."""
        return sum([line.returned_minor for line in self.lines])


class MovedLot(msgspec.Struct, array_like=True):
    """What of a lot changes accounts, and in which lot it arrives."""

    lot_id: UUID
    arrived_id: UUID | None
    points: int
    issuer: int
    campaign_id: UUID | None
    price_micro: int
    earned_at: datetime
    active_at: datetime
    expires_at: datetime | None


@dataclass(slots=True, kw_only=True)
class Move:
    """Points that have left one account for another."""

    id: UUID
    programme_id: UUID
    ledger: int
    left_from: Place
    goes_to: Place
    is_back: bool
    lots: list[MovedLot]
    left_at: datetime
    arrived_at: datetime | None
    is_new: bool = False

    @property
    def points(self) -> int:
        """All of it; debts count below zero."""
        return sum([one.points for one in self.lots])


@dataclass(slots=True)
class KeptReceipt:
    """A receipt by its partner's number; without a member it waits for its purchase."""

    partner_id: UUID
    receipt: str
    programme_id: UUID
    bucket: int | None
    member_id: UUID | None
    account_id: int | None
    happened_at: datetime | None
    version: int
    content: ReceiptContent
    is_new: bool = False
    is_touched: bool = False

    def touch(self) -> None:
        """Note that it changed."""
        if not self.is_touched and not self.is_new:
            self.version += 1
        self.is_touched = True


def restored_share(spent: int, *, total_minor: int, returned_minor: int) -> int:
    """Give how many of the points that paid for a receipt are given back by now.

    The same share as of the money, rounded down; all of them once everything came back. A receipt
    that was paid by points alone gives them back only as a whole.
    """
    if total_minor == 0:
        return spent
    return spent * returned_minor // total_minor
