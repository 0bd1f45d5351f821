"""Members, and by what they are named at a till."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, NamedTuple
from uuid import UUID

BUCKETS = 256
LANES = 16


class RefKind(StrEnum):
    """By what a member can be named: our number, a telephone, a card, the partner's own id."""

    ID = "id"
    PHONE = "phone"
    CARD = "card"
    PARTNER = "partner"


class MemberRef(NamedTuple):
    """Names a member. Of kind `partner` it counts within the partner that asks.

    `value` is normalised: a telephone `+79161234567`, a card in capitals without spaces.
    """

    kind: RefKind
    value: str


class MemberState(StrEnum):
    """Whether points can be earned and spent."""

    ACTIVE = "active"
    BLOCKED = "blocked"
    MERGED = "merged"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Membership:
    """A member in a programme, with the number of the account of points in the ledger."""

    member_id: UUID
    programme_id: UUID
    account_id: int
    state: MemberState

    @property
    def bucket(self) -> int:
        """The shard of everything that is this member's."""
        return bucket_of(self.member_id)


class ProofKind(StrEnum):
    """How it is known that something names this person.

    `code`: a one-time code sent to their telephone; `card`: the token their app showed within the
    last minutes; `vouched`: our own staff or program answers for it.
    """

    CODE = "code"
    CARD = "card"
    VOUCHED = "vouched"


class CardState(StrEnum):
    """A card is printed without an owner, in use, or out of use for one of four reasons."""

    PRINTED = "printed"
    ACTIVE = "active"
    LOST = "lost"
    REPLACED = "replaced"
    EXPIRED = "expired"
    ENDED = "ended"


CardEnd = Literal[CardState.LOST, CardState.REPLACED, CardState.EXPIRED, CardState.ENDED]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A member's card. `number` is known where the parties keep it readable."""

    id: UUID
    programme_id: UUID
    last_digits: str
    state: CardState
    issued_at: datetime | None
    expires_at: datetime | None
    ended_at: datetime | None
    replaced_by: UUID | None
    number: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedCard:
    """A card just made, with its number."""

    card_id: UUID
    number: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What shows that a person agrees: the token of `finish_sign_in`, or of the app's QR code."""

    kind: ProofKind
    token: str = field(default="", repr=False)


VOUCHED = Proof(kind=ProofKind.VOUCHED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentGiven:
    """That a person has agreed, to which text, and where they did: `app`, `till`, `call`."""

    document: str
    version: str
    source: str = ""

    @property
    def text(self) -> str:
        """The document as consents name it: `rules@3`."""
        return f"{self.document}@{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMember:
    """What a person is enrolled by, in any spelling, and what is known of them besides.

    `partner_ref` is the partner's own id of the person and counts within the partner that enrols.
    """

    phone: str = field(default="", repr=False)
    card: str = field(default="", repr=False)
    partner_ref: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    language: str = ""
    time_zone: str = ""
    proof: Proof | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person over all programmes. Who it is, `party_id` says, until the person is erased."""

    id: UUID
    party_id: UUID | None
    state: MemberState
    language: str
    time_zone: str
    joined_at: datetime
    merged_into: UUID | None = None
    blocked_reason: str = ""
    erased_at: datetime | None = None
    memberships: tuple[Membership, ...] = ()

    @property
    def bucket(self) -> int:
        """The shard of everything that is this member's."""
        return bucket_of(self.id)

    def membership(self, programme_id: UUID) -> Membership | None:
        """Give the membership in a programme."""
        return next((one for one in self.memberships if one.programme_id == programme_id), None)


def bucket_of(member_id: UUID) -> int:
    """Give the bucket of a member: the last byte of the number, which is random in a UUIDv7."""
    return member_id.bytes[15] % BUCKETS


def lane_of(member_id: UUID) -> int:
    """Give the lane in which events of a member keep their order."""
    return bucket_of(member_id) % LANES
