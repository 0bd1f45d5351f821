"""Who takes part: enrolment, cards, partners' own numbers of people, consent, merges.

Owns: loyalty_member, loyalty_membership, loyalty_reference with its past, loyalty_card,
loyalty_member_merge, loyalty_sign_in, loyalty_code_shown.
Promises: one person is one member over all programmes; a living name (telephone, card, partner's
own id) belongs to one member; these tables hold no personal data, only keyed hashes, and erasing
a person leaves every number whole; a merge can be undone exactly.
Publishes: contracts.loyalty.MemberChanged, LoyaltyMembersMerged, LoyaltyMembersParted.
Locks: advisory locks of names, sorted; then loyalty_member rows by id; then what parties lock.
"""

from hansa.modules.loyalty.members.enrolment import RULES, enrol
from hansa.modules.loyalty.members.faults import (
    CardUnknown,
    ConsentNeeded,
    MemberBlocked,
    MemberNotFound,
    NamesTwoMembers,
    NameTaken,
    NothingNamed,
    ProgrammeClosed,
    ProofInvalid,
    ProofNeeded,
)
from hansa.modules.loyalty.members.model import (
    BUCKETS,
    LANES,
    VOUCHED,
    ConsentGiven,
    Member,
    MemberRef,
    Membership,
    MemberState,
    NewMember,
    Proof,
    ProofKind,
    RefKind,
    bucket_of,
    lane_of,
)
from hansa.modules.loyalty.members.naming import Naming, use_secret
from hansa.modules.loyalty.members.proofs import make_card_token, read_card_token, scanned
from hansa.modules.loyalty.members.resolving import resolve

__all__ = [
    "BUCKETS",
    "LANES",
    "RULES",
    "VOUCHED",
    "CardUnknown",
    "ConsentGiven",
    "ConsentNeeded",
    "Member",
    "MemberBlocked",
    "MemberNotFound",
    "MemberRef",
    "MemberState",
    "Membership",
    "NameTaken",
    "NamesTwoMembers",
    "Naming",
    "NewMember",
    "NothingNamed",
    "ProgrammeClosed",
    "Proof",
    "ProofInvalid",
    "ProofKind",
    "ProofNeeded",
    "RefKind",
    "bucket_of",
    "enrol",
    "lane_of",
    "make_card_token",
    "read_card_token",
    "resolve",
    "scanned",
    "use_secret",
]
