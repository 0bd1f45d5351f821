"""Statements are a fold of what the ledger moved: nothing else decides what they say. Pure.

A point's issue price is the one its issuer had agreed to when its lot was made, so that what is
taken back costs what it was given for. What a partner gets for a point it takes is what it had
agreed to when the spending, or its return, was recorded.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from hansa.kernel.identifiers import instant_of
from hansa.modules.ledger import Move
from hansa.modules.loyalty.points import Kind, Side, side_of
from hansa.modules.loyalty.programmes import Billing, TermsVersion
from hansa.modules.loyalty.settlement.months import month_name

Numbers = Mapping[UUID, int]


class What(StrEnum):
    """What a transfer does to the points of its issuer.

    `merged` ones leave one account of a person for another: they stay out all the while.
    """

    ISSUED = "issued"
    TAKEN_BACK = "taken_back"
    SPENT = "spent"
    EXPIRED = "expired"
    CORRECTED = "corrected"
    FORFEITED = "forfeited"
    MOVED = "moved"
    MERGED = "merged"
    WRITTEN_OFF = "written_off"


_GIVING = {
    Side.ISSUED: (What.ISSUED, 1),
    Side.SPENT: (What.SPENT, -1),
    Side.EXPIRED: (What.EXPIRED, -1),
    Side.GOODWILL: (What.CORRECTED, 1),
    Side.COMPENSATION: (What.MOVED, 1),
    Side.TRANSIT: (What.MERGED, 1),
}
_TAKING = {
    Side.ISSUED: (What.TAKEN_BACK, 1),
    Side.SPENT: (What.SPENT, 1),
    Side.EXPIRED: (What.EXPIRED, 1),
    Side.GOODWILL: (What.CORRECTED, -1),
    Side.COMPENSATION: (What.MOVED, -1),
    Side.TRANSIT: (What.MERGED, -1),
}


class Meaning(NamedTuple):
    """What a transfer means: so many points, whose account gave or took them."""

    what: What
    points: int
    partner: int


def meaning_of(move: Move) -> Meaning:
    """Say what a transfer means; restored points are spent ones below zero."""
    giver, taker = side_of(move.debit), side_of(move.credit)
    if giver is not None and taker is None:
        what, sign = _GIVING[giver[0]]
        return Meaning(what, sign * move.amount, giver[1])
    if giver is None and taker is not None:
        what, sign = _TAKING[taker[0]]
        if what is What.EXPIRED and move.kind == Kind.FORFEIT:
            what = What.FORFEITED
        return Meaning(what, sign * move.amount, taker[1])
    if giver is not None and giver[0] is Side.WRITTEN_OFF:
        return Meaning(What.WRITTEN_OFF, move.amount, giver[1])
    assert taker is not None
    assert taker[0] is Side.WRITTEN_OFF
    return Meaning(What.WRITTEN_OFF, -move.amount, taker[1])


@dataclass(frozen=True, slots=True)
class Prices:
    """What each partner, by its number, had agreed to when; the programme itself has no price."""

    versions: Mapping[int, Sequence[TermsVersion]]
    _starts: Mapping[int, Sequence[int]]

    @staticmethod
    def of(versions: Iterable[TermsVersion], numbers: Numbers) -> "Prices":
        """Sort versions by partner; they come in the order of their beginning."""
        sorted_: dict[int, list[TermsVersion]] = {}
        for one in versions:
            sorted_.setdefault(numbers[one.partner_id], []).append(one)
        starts = {
            partner: [_milliseconds(one.from_at) for one in found]
            for partner, found in sorted_.items()
        }
        return Prices(sorted_, starts)

    def at(self, partner: int, instant: datetime) -> TermsVersion | None:
        """Give what held at an instant, to the millisecond; the first one holds before it too."""
        versions = self.versions.get(partner)
        if not versions:
            return None
        place = bisect_right(self._starts[partner], _milliseconds(instant))
        return versions[max(0, place - 1)]

    def issue_price(self, partner: int, instant: datetime) -> Decimal:
        """Give what a point of a partner cost it at an instant."""
        version = self.at(partner, instant)
        return version.issue_price if version else Decimal(0)

    def redeem_price(self, partner: int, instant: datetime) -> Decimal:
        """Give what a partner got for a point at an instant."""
        version = self.at(partner, instant)
        return version.redeem_price if version else Decimal(0)

    def is_prepaid(self, partner: int, instant: datetime) -> bool:
        """Tell whether a partner bought its points before, at an instant."""
        version = self.at(partner, instant)
        return version is not None and version.billing is Billing.PREPAID


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


class Cell(NamedTuple):
    """What is counted apart from other points; prices are those of `Prices`."""

    what: What
    issuer: int
    partner: int
    issue_price: Decimal
    redeem_price: Decimal
    campaign_id: UUID | None
    month: str


@dataclass(slots=True)
class Tally:
    """Counts moves; its size hangs on partners, prices, offers and months, not on their number."""

    prices: Prices
    zone: str
    begins_at: datetime | None
    cells: dict[Cell, int] = field(default_factory=dict)
    late: dict[tuple[What, int, int], int] = field(default_factory=dict)

    def add(self, moves: Sequence[Move], campaigns: Mapping[UUID, UUID]) -> None:
        """Count moves in; `campaigns` names the offers of their lots, where there are any."""
        for move in moves:
            cell, points = self._cell(move, campaigns)
            self.cells[cell] = self.cells.get(cell, 0) + points
            if self.begins_at is not None and move.effective_at < self.begins_at:
                key = (cell.what, cell.issuer, cell.partner)
                self.late[key] = self.late.get(key, 0) + points

    def _cell(self, move: Move, campaigns: Mapping[UUID, UUID]) -> tuple[Cell, int]:
        meaning = meaning_of(move)
        lot_at = instant_of(move.tag) if move.tag is not None else move.recorded_at
        is_spent = meaning.what is What.SPENT
        is_issued = meaning.what in {What.ISSUED, What.TAKEN_BACK}
        return Cell(
            what=meaning.what,
            issuer=move.issuer,
            partner=meaning.partner,
            issue_price=self.prices.issue_price(move.issuer, lot_at),
            redeem_price=(
                self.prices.redeem_price(meaning.partner, move.recorded_at)
                if is_spent
                else Decimal(0)
            ),
            campaign_id=campaigns.get(move.tag) if is_issued and move.tag else None,
            month=month_name(lot_at, self.zone),
        ), meaning.points

    def sum(self, what: What, *, issuer: int | None = None, partner: int | None = None) -> int:
        """Give the points of a kind, of an issuer, at a partner."""
        return sum(
            [
                points
                for cell, points in self.cells.items()
                if cell.what is what
                and (issuer is None or cell.issuer == issuer)
                and (partner is None or cell.partner == partner)
            ]
        )

    def sum_late(self, what: What, *, issuer: int | None = None, partner: int | None = None) -> int:
        """Give the points of a kind that happened before the period."""
        return sum(
            [
                points
                for (kind, of, at), points in self.late.items()
                if kind is what
                and (issuer is None or of == issuer)
                and (partner is None or at == partner)
            ]
        )

    def issuers(self) -> set[int]:
        """Give whose points moved."""
        return {cell.issuer for cell in self.cells}
