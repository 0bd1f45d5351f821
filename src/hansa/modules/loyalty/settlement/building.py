"""From what was counted to what statements say, in points and money. Pure."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

import msgspec

from hansa.modules.loyalty.programmes import SettleAt
from hansa.modules.loyalty.settlement.folding import Prices, Tally, What
from hansa.modules.loyalty.settlement.model import (
    CampaignMoved,
    Closing,
    CohortMoved,
    IssuerMoved,
    LineKind,
    MoneyLine,
    PointsMoved,
    RedeemedOf,
    Statement,
    StatementContent,
    UncoveredMoney,
    cost_of,
    tax_within,
)

_encoder = msgspec.json.Encoder(order="deterministic")
_MOMENT = timedelta(milliseconds=1)


class Prepaid(NamedTuple):
    """Blocks of a partner: points paid by the begin and by the end of a period."""

    issued_before: int
    paid_at_begin: int
    paid_at_end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What statements of a period hang on besides what was counted."""

    settle_at: SettleAt
    prices: Prices
    ends_at: datetime
    prepaid: Mapping[int, Prepaid]
    converted: Mapping[int, int]
    uncovered: Mapping[int, UncoveredMoney]
    vat_percent: Decimal | None

    def price_at_end(self, partner: int) -> Decimal:
        """Give what a point cost a partner when the period ended."""
        return self.prices.issue_price(partner, self.ends_at - _MOMENT)

    def is_prepaid(self, partner: int) -> bool:
        """Tell whether a partner had bought its points when the period ended."""
        return self.prices.is_prepaid(partner, self.ends_at - _MOMENT)


def points_of(tally: Tally, issuer: int, *, opening: int) -> PointsMoved:
    """Give what became of an issuer's points."""
    moved = PointsMoved(
        opening=opening,
        issued=tally.sum(What.ISSUED, issuer=issuer),
        taken_back=tally.sum(What.TAKEN_BACK, issuer=issuer),
        spent=tally.sum(What.SPENT, issuer=issuer),
        expired=tally.sum(What.EXPIRED, issuer=issuer),
        corrected=tally.sum(What.CORRECTED, issuer=issuer),
        moved=tally.sum(What.MOVED, issuer=issuer),
        written_off=tally.sum(What.WRITTEN_OFF, issuer=issuer),
        issued_late=tally.sum_late(What.ISSUED, issuer=issuer)
        - tally.sum_late(What.TAKEN_BACK, issuer=issuer),
        spent_late=tally.sum_late(What.SPENT, issuer=issuer),
        forfeited=tally.sum(What.FORFEITED, issuer=issuer) or msgspec.UNSET,
    )
    moved.closing = moved.outcome
    return moved


def issuers_of(
    tally: Tally, before: Mapping[int, IssuerMoved], *, prices: Prices, ends_at: datetime
) -> tuple[IssuerMoved, ...]:
    """Carry every issuer's points forward over what was counted."""
    carried = []
    for issuer in sorted({*tally.issuers(), *before}):
        former = before.get(issuer)
        points = points_of(tally, issuer, opening=former.points.closing if former else 0)
        ever = former.issued_ever if former else 0
        carried.append(
            IssuerMoved(
                issuer=issuer,
                points=points,
                closing_minor=cost_of(
                    points.closing, prices.issue_price(issuer, ends_at - _MOMENT)
                ),
                issued_ever=ever + points.issued - points.taken_back,
                months=_months_of(tally, issuer),
            )
        )
    return tuple(carried)


def _months_of(tally: Tally, issuer: int) -> list[CohortMoved]:
    months: dict[str, CohortMoved] = {}
    for cell, points in tally.cells.items():
        if cell.issuer != issuer:
            continue
        month = months.setdefault(cell.month, CohortMoved(month=cell.month))
        if cell.what is What.ISSUED:
            month.issued += points
        elif cell.what is What.TAKEN_BACK:
            month.issued -= points
        elif cell.what is What.SPENT:
            month.spent += points
        elif cell.what in {What.EXPIRED, What.FORFEITED}:
            month.expired += points
    return [months[name] for name in sorted(months)]


def content_of(tally: Tally, issuer: IssuerMoved, *, frame: Frame) -> StatementContent:
    """Give all that the statement of a partner says."""
    partner = issuer.issuer
    lines = [*_charges(tally, issuer, frame=frame), *_credits(tally, partner)]
    content = StatementContent(
        points=issuer.points,
        campaigns=_campaigns(tally, partner),
        redeemed=_redeemed(tally, partner),
        redeemed_late=tally.sum_late(What.SPENT, partner=partner),
        lines=lines,
        converted_minor=frame.converted.get(partner, 0),
        vat_percent=frame.vat_percent,
        vat_minor=0,
        uncovered=frame.uncovered.get(partner, msgspec.UNSET),
    )
    content.vat_minor = tax_within(content.charged_minor, frame.vat_percent)
    return content


def _charges(tally: Tally, issuer: IssuerMoved, *, frame: Frame) -> list[MoneyLine]:
    """Charge a partner for its points: when issued, or, if so agreed and unpaid, when spent."""
    partner = issuer.issuer
    is_prepaid = frame.is_prepaid(partner)
    if frame.settle_at is SettleAt.REDEMPTION and not is_prepaid:
        spent: dict[tuple[int, Decimal], int] = {}
        for cell, points in tally.cells.items():
            if cell.what is What.SPENT and cell.issuer == partner:
                key = (cell.partner, cell.issue_price)
                spent[key] = spent.get(key, 0) + points
        return [
            _line(LineKind.SPENT_OF_OWN, points, price, partner=at)
            for (at, price), points in sorted(spent.items())
            if points
        ]
    lines = _issued_lines(tally, partner)
    if is_prepaid:
        lines += _covered(issuer, lines, frame=frame)
    return lines


def _issued_lines(tally: Tally, partner: int) -> list[MoneyLine]:
    issued: dict[Decimal, int] = {}
    for cell, points in tally.cells.items():
        if cell.issuer == partner and cell.what in {What.ISSUED, What.TAKEN_BACK}:
            sign = 1 if cell.what is What.ISSUED else -1
            issued[cell.issue_price] = issued.get(cell.issue_price, 0) + sign * points
    return [
        _line(LineKind.ISSUED, points, price) for price, points in sorted(issued.items()) if points
    ]


def _covered(issuer: IssuerMoved, issued: list[MoneyLine], *, frame: Frame) -> list[MoneyLine]:
    """Take off what blocks have paid for; what they do not cover costs what it costs at the end."""
    prepaid = frame.prepaid.get(issuer.issuer)
    if prepaid is None:
        return []
    given = issuer.points.issued - issuer.points.taken_back
    before = _drawn(prepaid, issuer.issued_ever - given, prepaid.paid_at_begin)
    covered = _drawn(prepaid, issuer.issued_ever, prepaid.paid_at_end) - before
    left = cost_of(given - covered, frame.price_at_end(issuer.issuer))
    amount = left - sum([one.amount_minor for one in issued])
    if not covered and not amount:
        return []
    return [MoneyLine(kind=LineKind.COVERED, points=-covered, price=None, amount_minor=amount)]


def _drawn(prepaid: Prepaid, issued_ever: int, paid: int) -> int:
    return min(max(0, issued_ever - prepaid.issued_before), paid)


def _credits(tally: Tally, partner: int) -> list[MoneyLine]:
    taken: dict[tuple[int, Decimal], int] = {}
    for cell, points in tally.cells.items():
        if cell.what is What.SPENT and cell.partner == partner:
            key = (cell.issuer, cell.redeem_price)
            taken[key] = taken.get(key, 0) + points
    return [
        _line(LineKind.REDEEMED, -points, price, partner=issuer)
        for (issuer, price), points in sorted(taken.items())
        if points
    ]


def _line(kind: LineKind, points: int, price: Decimal, partner: int | None = None) -> MoneyLine:
    return MoneyLine(
        kind=kind,
        points=points,
        price=price,
        amount_minor=cost_of(points, price),
        partner=partner,
    )


def _campaigns(tally: Tally, partner: int) -> list[CampaignMoved]:
    points: dict[UUID, int] = {}
    for cell, count in tally.cells.items():
        if cell.issuer == partner and cell.campaign_id is not None:
            sign = 1 if cell.what is What.ISSUED else -1
            points[cell.campaign_id] = points.get(cell.campaign_id, 0) + sign * count
    return [
        CampaignMoved(campaign_id=campaign_id, points=points[campaign_id])
        for campaign_id in sorted(points)
    ]


def _redeemed(tally: Tally, partner: int) -> list[RedeemedOf]:
    points: dict[int, int] = {}
    for cell, count in tally.cells.items():
        if cell.what is What.SPENT and cell.partner == partner:
            points[cell.issuer] = points.get(cell.issuer, 0) + count
    return [RedeemedOf(issuer=issuer, points=points[issuer]) for issuer in sorted(points)]


def sealed(statement: Statement, *, chain: bytes) -> Statement:
    """Put the digest of all that a statement says on it; `chain` ties it to the ledger."""
    said = "|".join(
        (
            str(statement.programme_id),
            str(statement.partner_id),
            statement.begins_at.isoformat(),
            statement.ends_at.isoformat(),
            str(statement.due_minor),
            statement.currency,
            statement.due_on.isoformat(),
            chain.hex(),
        )
    )
    whole = hashlib.sha256(said.encode() + b"\n" + _encoder.encode(statement.content))
    return replace(statement, digest=whole.digest())


def digest_of(closing: Closing, statements: Sequence[Statement]) -> bytes:
    """Give the digest of a closing: of its issuers and of its statements by partner."""
    whole = hashlib.sha256(closing.ledger_digest + closing.chain)
    whole.update(_encoder.encode(closing.issuers))
    for one in by_partner(statements):
        whole.update(one.digest)
    return whole.digest()


def by_partner(statements: Iterable[Statement]) -> list[Statement]:
    """Put statements in the order in which they are proven."""
    return sorted(statements, key=lambda one: one.partner_id)
