"""Accounts, postings and holds in memory: a `Book` decides, the store keeps what it decided.

A posting moves amounts between two accounts at a time, so that it always sums to zero. Balances
are credits less debits.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import ClassVar, NamedTuple
from uuid import UUID

from hansa.kernel.errors import Conflict, Rejected

AMOUNT_MAX = 10**15
FINGERPRINT_BYTES = 16

Place = tuple[int, int]
"""Bucket and number of an account."""


class HoldState(StrEnum):
    """A hold is open until it is posted (in full or in part), voided or expired: once."""

    OPEN = "open"
    POSTED = "posted"
    VOIDED = "voided"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """An account with a floor, in units of a `ledger` (a currency of points or money)."""

    bucket: int
    id: int
    ledger: int
    floor: int = 0


@dataclass(slots=True)
class Account:
    """An account with a floor, locked. `owed` is how far a posting was let below the floor."""

    bucket: int
    id: int
    ledger: int
    floor: int
    posted: int
    held: int
    owed: int
    version: int
    is_touched: bool = False

    @property
    def available(self) -> int:
        """What may leave the account now, as far as the ledger knows."""
        return self.posted + self.owed - self.held - self.floor


class Transfer(NamedTuple):
    """So much from one account to another; `tag` and `issuer` are kept apart, not understood."""

    debit: int
    credit: int
    amount: int
    issuer: int = 0
    tag: UUID | None = None


@dataclass(slots=True, kw_only=True)
class Posting:
    """One outcome of one key. A refusal has no transfers; `answer` is given again to repeats."""

    bucket: int
    id: UUID
    owner: UUID
    key: str
    fingerprint: bytes
    ledger: int
    kind: str
    effective_at: datetime
    reference: str = ""
    reverses: UUID | None = None
    transfers: Sequence[Transfer] = ()
    refusal: str | None = None
    answer: bytes = b""


class Entry(NamedTuple):
    """What a posting did to an account with a floor."""

    bucket: int
    account_id: int
    version: int
    posting_id: UUID
    amount: int
    balance: int


@dataclass(slots=True, kw_only=True)
class Hold:
    """An amount set aside on an account, and the tags it is made of, in the order of use."""

    bucket: int
    id: UUID
    account_id: int
    ledger: int
    owner: UUID
    key: str
    amount: int
    tags: Sequence[tuple[UUID, int]]
    expires_at: datetime
    held_at: datetime
    reference: str = ""
    taken: int = 0
    state: HoldState = HoldState.OPEN
    ended_at: datetime | None = None
    is_new: bool = False
    is_touched: bool = False


class Known(NamedTuple):
    """A key that has its outcome."""

    bucket: int
    posting_id: UUID
    fingerprint: bytes
    kind: str
    refusal: str | None
    answer: bytes


@dataclass(eq=False)
class BelowFloor(Rejected):
    """The account has not so much to give."""

    code: ClassVar[str] = "ledger.below_floor"
    message: ClassVar[str] = "There is not enough: {available} can be used, {asked} were asked for."

    asked: int
    available: int


@dataclass(eq=False)
class HoldClosed(Conflict):
    """The hold was posted, voided or has expired; `state` says which."""

    code: ClassVar[str] = "ledger.hold_closed"
    message: ClassVar[str] = "This hold has ended: it was {state}."

    state: str


@dataclass(eq=False)
class AboveHold(Rejected):
    """More is asked for than the hold set aside."""

    code: ClassVar[str] = "ledger.above_hold"
    message: ClassVar[str] = "The hold is for {held}, less than the {asked} asked for."

    asked: int
    held: int


@dataclass(slots=True)
class Book:
    """Locked accounts, and what is decided about them until it is written.

    Each decision sees the ones before it. What raises has changed nothing.
    """

    accounts: dict[Place, Account]
    known: dict[tuple[UUID, str], Known]
    holds: dict[UUID, Hold] = field(default_factory=dict)
    postings: list[Posting] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    rolled: dict[tuple[int, int], int] = field(default_factory=dict)

    def account(self, bucket: int, account_id: int) -> Account:
        """Give a locked account; one that is not there is a bug of the caller."""
        return self.accounts[bucket, account_id]

    def post(self, posting: Posting, *, owing: int = 0) -> None:
        """Move the amounts of a posting; `owing` changes what its account with a floor owes.

        Of an account that it does not move `owe` changes that.

        Raises:
            BelowFloor: an account would fall below its floor by more than it is let owe.
        """
        changes = net_changes(posting.transfers)
        floored = [
            (account, change)
            for number, change in changes.items()
            if (account := self.accounts.get((posting.bucket, number))) is not None
        ]
        for account, change in floored:
            left = account.available + change + owing
            if left < 0 and (change < 0 or owing < 0):
                raise BelowFloor(asked=-change, available=max(0, account.available))
        for account, change in floored:
            account.owed += owing
            if change == 0:
                account.is_touched = account.is_touched or owing != 0
                continue
            account.posted += change
            account.version += 1
            account.is_touched = True
            self.entries.append(
                Entry(
                    account.bucket,
                    account.id,
                    account.version,
                    posting.id,
                    change,
                    account.posted,
                )
            )
        for number, change in changes.items():
            if change and (posting.bucket, number) not in self.accounts:
                rolled = (posting.ledger, number)
                self.rolled[rolled] = self.rolled.get(rolled, 0) + change
        self._keep(posting)

    def owe(self, account: Account, change: int) -> None:
        """Change what an account owes though nothing moves: a hold that ends gives up its part."""
        account.owed += change
        account.is_touched = account.is_touched or change != 0

    def note(self, posting: Posting) -> None:
        """Keep a posting that moves nothing, such as a refusal: the same key gets it again."""
        assert not posting.transfers
        self._keep(posting)

    def hold(self, hold: Hold, posting: Posting) -> None:
        """Set an amount aside.

        Raises:
            BelowFloor: there is not so much.
        """
        account = self.account(hold.bucket, hold.account_id)
        if account.available < hold.amount:
            raise BelowFloor(asked=hold.amount, available=max(0, account.available))
        account.held += hold.amount
        account.is_touched = True
        hold.is_new = hold.is_touched = True
        self.holds[hold.id] = hold
        self._keep(posting)

    def release(self, hold: Hold, *, taken: int, state: HoldState, now: datetime) -> None:
        """End a hold; what of it is `taken` is for a posting that follows, the rest is free again.

        Raises:
            HoldClosed: it has ended before.
            AboveHold: more is taken than was held.
        """
        if hold.state is not HoldState.OPEN:
            raise HoldClosed(hold.state)
        if taken > hold.amount:
            raise AboveHold(asked=taken, held=hold.amount)
        account = self.account(hold.bucket, hold.account_id)
        account.held -= hold.amount
        account.is_touched = True
        hold.state, hold.taken, hold.ended_at = state, taken, now
        hold.is_touched = True

    def _keep(self, posting: Posting) -> None:
        self.postings.append(posting)
        self.known[posting.owner, posting.key] = Known(
            posting.bucket,
            posting.id,
            posting.fingerprint,
            posting.kind,
            posting.refusal,
            posting.answer,
        )

    def touched(self) -> list[Account]:
        """Give the accounts that changed."""
        return [account for account in self.accounts.values() if account.is_touched]


def net_changes(transfers: Iterable[Transfer]) -> dict[int, int]:
    """Give by how much each account changes; zero where amounts cancel out."""
    changes: dict[int, int] = {}
    for debit, credit, amount, _, _ in transfers:
        changes[debit] = changes.get(debit, 0) - amount
        changes[credit] = changes.get(credit, 0) + amount
    return changes


def fingerprint(*parts: object) -> bytes:
    """Give a digest of what a key was used for; the parts' texts decide."""
    text = "\x1f".join([str(part) for part in parts])
    return hashlib.blake2b(text.encode(), digest_size=FINGERPRINT_BYTES).digest()


def digest_of(postings: Iterable[Posting]) -> bytes:
    """Give the digest of a batch: of all that its postings say, in their order.

    `row_of` gives the same text for a posting read back, so that the chain can be proven later.
    """
    whole = hashlib.sha256()
    for posting in postings:
        whole.update(
            row_of(
                posting.bucket, posting.id, posting.fingerprint, posting.kind, posting.transfers
            ).encode()
        )
    return whole.digest()


def row_of(
    bucket: int, posting_id: UUID, content: bytes, kind: str, transfers: Iterable[Transfer]
) -> str:
    """Write a posting as one line of text for the chain."""
    moved = ";".join(
        [f"{one.debit},{one.credit},{one.amount},{one.issuer},{one.tag}" for one in transfers]
    )
    return f"{bucket}|{posting_id.hex}|{content.hex()}|{kind}|{moved}\n"


def next_link(chain: bytes, number: int, digest: bytes) -> bytes:
    """Give the chain's value after a batch."""
    return hashlib.sha256(chain + number.to_bytes(8, "big") + digest).digest()


def totals(balances: Mapping[int, int]) -> int:
    """Give the sum of balances, which of a whole ledger is zero."""
    return sum(balances.values())


NO_INSTANT = datetime.min.replace(tzinfo=UTC)
"""Stands where a posting read back for a check needs none."""
