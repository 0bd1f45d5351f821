"""Bodies of the partners' API of members. None of them tells a partner who somebody is."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from hansa.modules.loyalty.members import queries, signing_in
from hansa.modules.loyalty.members.model import (
    Card,
    ConsentGiven,
    Member,
    NewMember,
    Proof,
    ProofKind,
)

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=254)]
Short = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Name = Annotated[str, msgspec.Meta(max_length=200)]
ProgrammeCode = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9-]{1,30}$")]
Language = Annotated[str, msgspec.Meta(pattern="^[a-z]{2}$")]
Token = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]


class ConsentBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What the person has agreed to: a document, its version, and where they did."""

    document: Short
    version: Short
    source: Short = "till"

    def given(self) -> ConsentGiven:
        """Give it as a value."""
        return ConsentGiven(document=self.document, version=self.version, source=self.source)


class ProofBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What shows that the person agrees.

    `code`: the token that `/loyalty/v1/codes/{id}/answer` gave; `card`: what the till has scanned
    from the person's app.
    """

    kind: Literal["code", "card"]
    token: Token

    def shown(self) -> Proof:
        """Give it as a value."""
        return Proof(kind=ProofKind(self.kind), token=self.token)


class EnrolBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A person to take in, by one name at least."""

    programme: ProgrammeCode
    consent: ConsentBody
    phone: Text | None = None
    card: Text | None = None
    partner_ref: Text | None = None
    name: Name = ""
    language: Language | None = None
    proof: ProofBody | None = None

    def person(self) -> NewMember:
        """Give it as a value."""
        return NewMember(
            phone=self.phone or "",
            card=self.card or "",
            partner_ref=self.partner_ref or "",
            name=self.name,
            language=self.language or "",
            proof=self.proof.shown() if self.proof else None,
        )


class SearchBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """By what a member is named. `scan` is whatever a till has read: the app's code, or a card."""

    programme: ProgrammeCode
    kind: Literal["phone", "card", "partner", "scan"]
    value: Token


class LinkBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The partner's own id of the member, with the person's consent and its proof."""

    partner_ref: Text
    consent: ConsentBody
    proof: ProofBody


class AddCardBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A printed card that the member gets."""

    number: Text
    proof: ProofBody


class EndCardBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Why a card goes out of use."""

    reason: Literal["lost", "ended"]
    proof: ProofBody


class AskCodeBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A telephone that a code is sent to."""

    phone: Text
    language: Language = "ru"


class AnswerCodeBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The code as the person said it."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]


class MemberView(msgspec.Struct, kw_only=True):
    """A member as a partner may know them: a number and a state, never a name.

    `is_linked` says whether this partner names them by an id of its own.
    """

    member_id: UUID
    programme: str
    state: str
    is_linked: bool
    enrolled: bool

    @classmethod
    def of(
        cls,
        member: Member,
        links: tuple[queries.Link, ...],
        *,
        programme: tuple[UUID, str],
        partner_id: UUID | None,
    ) -> "MemberView":
        """Make it of a member; without a membership the state is that of the person."""
        membership = member.membership(programme[0])
        return cls(
            member_id=member.id,
            programme=programme[1],
            state=str(membership.state if membership else member.state),
            is_linked=any(one.partner_id == partner_id for one in links),
            enrolled=membership is not None,
        )


class CardView(msgspec.Struct, kw_only=True):
    """A card, by its last digits."""

    id: UUID
    last_digits: str
    state: str
    issued_at: datetime | None
    expires_at: datetime | None

    @classmethod
    def of(cls, card: Card) -> "CardView":
        """Make it of a card."""
        return cls(
            id=card.id,
            last_digits=card.last_digits,
            state=str(card.state),
            issued_at=card.issued_at,
            expires_at=card.expires_at,
        )


class CardList(msgspec.Struct):
    """A member's cards, the latest first; at most a few dozen."""

    items: list[CardView]


class ChallengeView(msgspec.Struct, kw_only=True):
    """A code is on its way; the same whether or not anybody is known by the telephone."""

    challenge_id: UUID
    expires_at: datetime

    @classmethod
    def of(cls, challenge: signing_in.Challenge) -> "ChallengeView":
        """Make it of a challenge."""
        return cls(challenge_id=challenge.id, expires_at=challenge.expires_at)


class ProofView(msgspec.Struct, kw_only=True):
    """What shows for half an hour that the telephone is the person's."""

    kind: str
    token: str
