"""Money beside the points: what partners owe the programme and the programme owes them.

A ledger of its own per currency, numbered 100 000 and the currency's ISO number. A partner has an
account of what it owes (`receivable`, below zero while it does) and of what it is owed
(`payable`); the programme has one through which all is cleared, and one for the bank. All of them
together are zero, as every ledger is. What points that were not there would have paid is noted on
accounts of its own (`uncovered`), which nobody is to pay.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import ClassVar
from uuid import UUID

from hansa.kernel.errors import Conflict, Invalid
from hansa.kernel.identifiers import new_id
from hansa.modules import ledger
from hansa.modules.loyalty.programmes import Programme
from hansa.modules.loyalty.settlement.model import Statement, UncoveredMoney
from hansa.runtime.database import Snapshot, Transaction

MONEY_LEDGERS = 100_000
OWNER = UUID(int=1)
"""Owner of the keys of everything settlement posts."""
AMOUNT_MINOR_MAX = 10**15

# ISO 4217.
_NUMBERS = {
    "AMD": 51,
    "AZN": 944,
    "BYN": 933,
    "CNY": 156,
    "EUR": 978,
    "GEL": 981,
    "GBP": 826,
    "KGS": 417,
    "KZT": 398,
    "MDL": 498,
    "RUB": 643,
    "TJS": 972,
    "TMT": 934,
    "TRY": 949,
    "USD": 840,
    "UZS": 860,
}


class MoneySide(IntEnum):
    """What an account of money is for."""

    RECEIVABLE = 1
    PAYABLE = 2
    CLEARING = 3
    BANK = 4
    UNCOVERED = 5


@dataclass(eq=False)
class CurrencyUnknown(Invalid):
    """There is no ledger of money for this currency."""

    code: ClassVar[str] = "loyalty.currency_unknown"
    message: ClassVar[str] = "Partners cannot be settled with in {currency}."

    currency: str


@dataclass(eq=False)
class ConversionReused(Conflict):
    """The key of a conversion was used for another one."""

    code: ClassVar[str] = "loyalty.conversion_reused"
    message: ClassVar[str] = "The key {key} was used for another amount."

    key: str


class MoneyKind(StrEnum):
    """What money beside points is of.

    A conversion is credited to a partner at once for points it took; below zero it is taken back.
    Uncovered is what points would have paid that were not there when a till without a line spent
    them: below zero the partner bears it, above zero the programme does.
    """

    CONVERSION = "conversion"
    UNCOVERED = "uncovered"


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyAside:
    """Money beside the points, of one partner.

    `key` is unique for ever among those of a kind; `reference` says for what: a policy, a receipt.
    """

    kind: MoneyKind
    key: str
    partner: int
    amount_minor: int
    reference: str
    happened_at: datetime


# Of the programme, of the partner.
_SIDES = {
    MoneyKind.CONVERSION: (MoneySide.CLEARING, MoneySide.PAYABLE),
    MoneyKind.UNCOVERED: (MoneySide.UNCOVERED, MoneySide.UNCOVERED),
}


@dataclass(slots=True)
class Beside:
    """What of a period stands beside the points, by partner."""

    converted: dict[int, int] = field(default_factory=dict)
    uncovered: dict[int, UncoveredMoney] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyBalance:
    """What a partner owes, and is owed, in minor units."""

    owes_minor: int
    owed_minor: int

    @property
    def balance_minor(self) -> int:
        """What it owes, less what it is owed."""
        return self.owes_minor - self.owed_minor


def money_ledger(currency: str) -> int:
    """Give the ledger of a currency.

    Raises:
        CurrencyUnknown: there is none.
    """
    number = _NUMBERS.get(currency)
    if number is None:
        raise CurrencyUnknown(currency)
    return MONEY_LEDGERS + number


def money_account(programme: int, partner: int, side: MoneySide) -> int:
    """Give the account of a partner (0: the programme itself) in the money of a programme."""
    return -(programme * 100_000 + partner * 10 + side)


async def record_money(
    tx: Transaction, *, programme: Programme, money: Sequence[MoneyAside], now: datetime
) -> None:
    """Credit conversions, note what was not covered; what is known by its key stays as it is.

    The next statements of the partners tell both: what was credited is not owed again, what was not
    covered nobody owes to anybody by the books.

    Raises:
        CurrencyUnknown: there is no ledger of the programme's currency.
        ConversionReused: a key was used for another amount or partner.
    """
    postings = []
    for one in money:
        if not one.amount_minor:
            continue
        ours, theirs = _SIDES[one.kind]
        debit = money_account(programme.number, 0, ours)
        credit = money_account(programme.number, one.partner, theirs)
        postings.append(
            _posting(
                programme,
                key=f"{one.kind}:{one.key}",
                kind=one.kind.value,
                reference=one.reference,
                effective_at=one.happened_at,
                moved=[_moved(debit, credit, one.amount_minor, one.partner)],
                now=now,
            )
        )
    await _post(tx, postings, now=now)


async def post_statement(
    tx: Transaction, *, programme: Programme, partner: int, statement: Statement, now: datetime
) -> None:
    """Post what a statement says: what is owed to the programme, by it, and one against the other.

    What was credited at once stands on the partner's account already: it is taken off there.
    """
    charged = statement.content.charged_minor
    credited = charged - statement.due_minor - statement.content.converted_minor
    receivable = money_account(programme.number, partner, MoneySide.RECEIVABLE)
    payable = money_account(programme.number, partner, MoneySide.PAYABLE)
    clearing = money_account(programme.number, 0, MoneySide.CLEARING)
    moved = [
        _moved(receivable, clearing, charged, partner),
        _moved(clearing, payable, credited, partner),
    ]
    if charged > 0 and credited > 0:
        moved.append(_moved(payable, receivable, min(charged, credited), partner))
    posting = _posting(
        programme,
        key=f"statement:{statement.programme_id}:{statement.partner_id}:"
        f"{statement.begins_at.isoformat()}",
        kind="statement",
        reference=str(statement.id),
        effective_at=statement.ends_at,
        moved=[one for one in moved if one is not None],
        now=now,
    )
    await _post(tx, [posting], now=now)


async def post_payment(
    tx: Transaction,
    *,
    programme: Programme,
    partner: int,
    payment_id: UUID,
    amount_minor: int,
    reference: str,
    now: datetime,
) -> None:
    """Post money that came from a partner, or, below zero, went to it."""
    side = MoneySide.RECEIVABLE if amount_minor > 0 else MoneySide.PAYABLE
    account = money_account(programme.number, partner, side)
    bank = money_account(programme.number, 0, MoneySide.BANK)
    posting = _posting(
        programme,
        key=f"payment:{payment_id}",
        kind="payment",
        reference=reference[:100],
        effective_at=now,
        moved=[_moved(bank, account, amount_minor, partner)],
        now=now,
    )
    await _post(tx, [posting], now=now)


async def read_money(
    snap: Snapshot, *, programme: Programme, partners: Sequence[int]
) -> dict[int, MoneyBalance]:
    """Give what partners, by number, owe and are owed in a programme."""
    receivable = {
        one: money_account(programme.number, one, MoneySide.RECEIVABLE) for one in partners
    }
    payable = {one: money_account(programme.number, one, MoneySide.PAYABLE) for one in partners}
    balances = await ledger.read_rolled(
        snap,
        ledger=money_ledger(programme.currency),
        accounts=[*receivable.values(), *payable.values()],
    )
    return {
        one: MoneyBalance(
            owes_minor=-balances[receivable[one]],
            owed_minor=balances[payable[one]],
        )
        for one in partners
    }


async def sum_beside(
    snap: Snapshot, *, programme: Programme, begins_at: datetime | None, ends_at: datetime
) -> Beside:
    """Give what was credited at once in a period, less what was taken back, and not covered."""
    found = Beside()
    span = ledger.Span(
        ledger=money_ledger(programme.currency), begins_at=begins_at, ends_at=ends_at
    )
    clearing = money_account(programme.number, 0, MoneySide.CLEARING)
    ours = money_account(programme.number, 0, MoneySide.UNCOVERED)
    async for moves in ledger.stream_moves(snap, span=span):
        for one in moves:
            if one.kind == MoneyKind.CONVERSION and clearing in {one.debit, one.credit}:
                sign = 1 if one.debit == clearing else -1
                found.converted[one.issuer] = found.converted.get(one.issuer, 0) + sign * one.amount
            elif one.kind == MoneyKind.UNCOVERED and ours in {one.debit, one.credit}:
                before = found.uncovered.get(one.issuer, UncoveredMoney())
                found.uncovered[one.issuer] = before.plus(one.amount, by_us=one.debit == ours)
    return found


def _moved(debit: int, credit: int, amount: int, partner: int) -> ledger.Transfer | None:
    if amount == 0:
        return None
    if amount < 0:
        return ledger.Transfer(credit, debit, -amount, partner)
    return ledger.Transfer(debit, credit, amount, partner)


def _posting(
    programme: Programme,
    *,
    key: str,
    kind: str,
    reference: str,
    effective_at: datetime,
    moved: Sequence[ledger.Transfer | None],
    now: datetime,
) -> ledger.Posting:
    transfers = [one for one in moved if one is not None]
    return ledger.Posting(
        bucket=0,
        id=new_id(now),
        owner=OWNER,
        key=key,
        fingerprint=ledger.fingerprint(programme.id, kind, transfers),
        ledger=money_ledger(programme.currency),
        kind=kind,
        effective_at=effective_at,
        reference=reference,
        transfers=transfers,
    )


async def _post(tx: Transaction, postings: Sequence[ledger.Posting], *, now: datetime) -> None:
    book = await ledger.open_book(tx, places=[], keys=[(one.owner, one.key) for one in postings])
    for one in postings:
        known = book.known.get((one.owner, one.key))
        if known is None:
            book.post(one)
        elif known.fingerprint != one.fingerprint:
            raise ConversionReused(one.key)
    await ledger.write(tx, book, now=now)
