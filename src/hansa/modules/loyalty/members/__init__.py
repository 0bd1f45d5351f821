"""Who takes part: enrolment, cards, partners' own numbers of people, consent, merges."""

from hansa.modules.loyalty.members.model import (
    BUCKETS,
    LANES,
    MemberRef,
    Membership,
    MemberState,
    RefKind,
    bucket_of,
    lane_of,
)

__all__ = [
    "BUCKETS",
    "LANES",
    "MemberRef",
    "MemberState",
    "Membership",
    "RefKind",
    "bucket_of",
    "lane_of",
]
