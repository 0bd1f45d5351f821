"""What a batch of commands knows and has decided, in memory."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, NamedTuple
from uuid import UUID

import msgspec

from hansa.kernel.errors import Conflict, HansaError
from hansa.kernel.identifiers import new_id
from hansa.modules import ledger
from hansa.modules.loyalty.members import Membership, MemberState
from hansa.modules.loyalty.offers import (
    BudgetClaim,
    Completion,
    Evaluation,
    RuleSet,
    Standing,
    Use,
)
from hansa.modules.loyalty.points import model, refusals
from hansa.modules.loyalty.points.commands import Command, Kind, Receipt
from hansa.modules.loyalty.points.model import KeptReceipt, Lot, Move, Shelf
from hansa.modules.loyalty.programmes import Coalition, Programme, Terms
from hansa.runtime.database import Postponed

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Receipt)

ReceiptName = tuple[UUID, str]


class Overtaken(Exception):
    """Another process changed what this batch had found before it could lock it: begin again."""


@dataclass(eq=False)
class Later(Postponed, Conflict):
    """Another command of the same moment is about the same thing; the next batch takes this one."""

    code: ClassVar[str] = "loyalty.one_after_the_other"
    message: ClassVar[str] = (
        "Another command sent at the same moment is about the same receipt, hold or posting. "
        "Send this one again."
    )


class Answered(NamedTuple):
    """An answer as it is kept: the body that every repeat gets."""

    body: bytes
    is_repeat: bool

    @property
    def receipt(self) -> Receipt:
        """Read it."""
        return _DECODER.decode(self.body)


@dataclass(slots=True, eq=False)
class Asked:
    """A checked command on its way through a batch.

    `absorbed` is whose account a purchase is posted to, if that is not the member's own: a hold
    from before a merge pays it, and points cannot be spent across accounts. `put_off` counts the
    batches it was not in because another transaction had its account.
    """

    command: Command
    fingerprint: bytes
    membership: Membership | None = None
    absorbed: Membership | None = None
    place: ledger.Place | None = None
    evaluation: Evaluation | None = None
    granted: dict[UUID, int] = field(default_factory=dict)
    refusal: HansaError | None = None
    put_off: int = 0

    @property
    def home(self) -> Membership | None:
        """Whose account it is posted to."""
        return self.absorbed or self.membership

    @property
    def key(self) -> tuple[UUID, str]:
        """Whose key it is."""
        return self.command.owner, self.command.key

    def begin(self) -> None:
        """Forget what an earlier try found out."""
        self.membership = self.place = self.evaluation = self.refusal = None
        self.absorbed = None
        self.granted = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclaimed:
    """A receipt that waits for its buyer to be known; `ref` is the hash of the partner's id."""

    partner_id: UUID
    receipt: str
    programme_id: UUID
    ref: bytes
    happened_at: datetime
    content: bytes


class Moved(NamedTuple):
    """A posting that changed a member's account, to be told of."""

    posting: ledger.Posting
    member_id: UUID
    points: int
    balance: int
    version: int


@dataclass(slots=True)
class Batch:
    """The state of one transaction: books, lots, receipts, and what is to be written of them."""

    now: datetime
    coalition: Coalition
    rules: RuleSet
    book: ledger.Book
    shelves: dict[ledger.Place, Shelf] = field(default_factory=dict)
    holds: dict[tuple[UUID, str], ledger.Hold] = field(default_factory=dict)
    receipts: dict[ReceiptName, KeptReceipt] = field(default_factory=dict)
    standings: dict[tuple[UUID, UUID], Standing] = field(default_factory=dict)
    originals: dict[tuple[UUID, str], "Original"] = field(default_factory=dict)
    moved: list[Moved] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    returned_budgets: list[BudgetClaim] = field(default_factory=list)
    completions: list[Completion] = field(default_factory=list)
    recounted: set[tuple[UUID, UUID, str]] = field(default_factory=set)
    moves: dict[UUID, Move] = field(default_factory=dict)
    homes: dict[tuple[ledger.Place, ledger.Place], dict[UUID, UUID]] = field(default_factory=dict)
    unclaimed: dict[ReceiptName, Unclaimed | None] = field(default_factory=dict)
    standing_for: dict[tuple[UUID, UUID], Membership] = field(default_factory=dict)
    posted_of: dict[ledger.Place, int] = field(default_factory=dict)

    def programme(self, programme_id: UUID) -> Programme:
        """Give a programme.

        Raises:
            NotAgreed: there is none, or it is closed.
        """
        programme = self.coalition.programmes.get(programme_id)
        if programme is None or not programme.is_open:
            raise refusals.NotAgreed("programme")
        return programme

    def programme_of_id(self, programme_id: UUID) -> Programme:
        """Give a programme, open or not: what was begun is ended also when it is closed."""
        programme = self.coalition.programmes.get(programme_id)
        if programme is None:
            raise refusals.NotAgreed("programme")
        return programme

    def programme_of(self, number: int) -> Programme:
        """Give a programme by the number of its ledger, open or not."""
        return next(one for one in self.coalition.programmes.values() if one.number == number)

    def terms(self, command: Command, *, what: str) -> Terms:
        """Give what the owner of a command has agreed to, if that covers earning or spending.

        Raises:
            NotAgreed: it does not.
        """
        terms = self.coalition.of(command.programme_id, command.owner)
        if terms is None:
            raise refusals.NotAgreed(what)
        if not (terms.may_earn if what == "earn" else terms.may_spend):
            raise refusals.NotAgreed(what)
        return terms

    def member(self, asked: Asked) -> tuple[Membership, ledger.Account, Shelf]:
        """Give the member a command is about, with the locked account and its lots.

        Raises:
            MemberUnknown: nobody is known by that name.
            MemberBlocked: nothing can be earned or spent at present.
        """
        membership = asked.membership
        if membership is None:
            raise refusals.MemberUnknown
        if membership.state is not MemberState.ACTIVE:
            raise refusals.MemberBlocked(membership.state)
        place = (membership.bucket, membership.account_id)
        return membership, self.book.account(*place), self.shelf(place)

    def shelf(self, place: ledger.Place) -> Shelf:
        """Give the lots of an account that are at hand."""
        shelf = self.shelves.get(place)
        if shelf is None:
            shelf = self.shelves[place] = Shelf(place[1])
        return shelf

    def new_lot(  # noqa: PLR0913 - what a lot is made of
        self,
        place: ledger.Place,
        programme: Programme,
        *,
        points: int,
        issuer: int,
        price_micro: int,
        earned_at: datetime,
        life: tuple[datetime, datetime | None],
        campaign_id: UUID | None = None,
        made_at: datetime | None = None,
    ) -> Lot:
        """Put a new lot on an account's shelf."""
        lot = Lot(
            bucket=place[0],
            id=new_id(made_at or self.now),
            account_id=place[1],
            ledger=programme.number,
            issuer=issuer,
            campaign_id=campaign_id,
            remaining=points,
            held=0,
            price_micro=price_micro,
            earned_at=earned_at,
            active_at=life[0],
            expires_at=life[1],
            is_new=True,
        )
        self.shelf(place).add(lot, self.now)
        return lot

    def post(  # noqa: PLR0913 - what a posting is made of
        self,
        asked: Asked,
        kind: Kind,
        *,
        place: ledger.Place,
        member_id: UUID,
        programme: Programme,
        transfers: list[ledger.Transfer],
        receipt: Receipt | None = None,
        reference: str = "",
        reverses: UUID | None = None,
    ) -> Receipt:
        """Pay debts, write the posting into the book and give its answer.

        `receipt` brings what the answer says beside the numbers. What lots owe after it is what the
        account owes. The answer names the member that stands for a merged one, with what that has.
        """
        account = self.book.account(*place)
        shelf = self.shelf(place)
        owed = shelf.debt()
        if owed:
            transfers += model.settle_debts(shelf, self.now)
            owed = shelf.debt()
        changes = ledger.net_changes(transfers)
        points = changes.get(place[1], 0)
        posting_id = new_id(self.now)
        told = receipt or Receipt(
            posting_id=posting_id, kind=kind, member_id=member_id, points=points, balance=0
        )
        answer = msgspec.structs.replace(
            told,
            posting_id=posting_id,
            points=points,
            balance=account.posted + points,
        )
        kept = self.standing_for.get((programme.id, member_id))
        if kept is not None and kind is not Kind.MERGE:
            answer = msgspec.structs.replace(
                answer, member_id=kept.member_id, balance=answer.balance + self._posted(kept)
            )
        command = asked.command
        posting = ledger.Posting(
            bucket=place[0],
            id=posting_id,
            owner=command.owner,
            key=command.key,
            fingerprint=asked.fingerprint,
            ledger=programme.number,
            kind=kind.value,
            effective_at=command.happened_at,
            reference=reference,
            reverses=reverses,
            transfers=transfers,
            answer=_ENCODER.encode(answer),
        )
        owing = owed - account.owed
        if place[1] not in changes:
            self.book.owe(account, owing)
            owing = 0
        self.book.post(posting, owing=owing)
        if points:
            self.moved.append(Moved(posting, member_id, points, account.posted, account.version))
        return answer

    def _posted(self, kept: Membership) -> int:
        """Give what the member has who stands for a merged one."""
        place = (kept.bucket, kept.account_id)
        account = self.book.accounts.get(place)
        return account.posted if account is not None else self.posted_of.get(place, 0)

    def note(
        self, asked: Asked, kind: Kind, *, bucket: int, programme: Programme, answer: Receipt
    ) -> ledger.Posting:
        """Make a posting that moves nothing: the outcome of a key all the same."""
        command = asked.command
        return ledger.Posting(
            bucket=bucket,
            id=answer.posting_id,
            owner=command.owner,
            key=command.key,
            fingerprint=asked.fingerprint,
            ledger=programme.number,
            kind=kind.value,
            effective_at=command.happened_at,
            answer=_ENCODER.encode(answer),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A posting that is to be reversed: what it moved, and what of that was taken back already."""

    bucket: int
    posting_id: UUID
    kind: str
    member_id: UUID
    account_id: int
    transfers: list[ledger.Transfer]
    reversed: list[ledger.Transfer]


def repeat_of(asked: Asked, known: ledger.Known) -> Answered | HansaError:
    """Give the outcome a key had, if it was for the same content."""
    if known.fingerprint != asked.fingerprint:
        return refusals.KeyReused()
    if known.refusal is not None:
        return refusals.read(known.refusal, known.answer)
    return Answered(known.answer, is_repeat=True)
