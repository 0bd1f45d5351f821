"""Members, and by what they are named at a till."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
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


def bucket_of(member_id: UUID) -> int:
    """Give the bucket of a member: the last byte of the number, which is random in a UUIDv7."""
    return member_id.bytes[15] % BUCKETS


def lane_of(member_id: UUID) -> int:
    """Give the lane in which events of a member keep their order."""
    return bucket_of(member_id) % LANES
