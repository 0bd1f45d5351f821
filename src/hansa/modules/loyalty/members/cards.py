"""Cards: printed ahead or issued to a member, several each; lost ones are replaced."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from hansa.kernel.identifiers import new_id
from hansa.modules import accounts
from hansa.modules.loyalty import programmes
from hansa.modules.loyalty.members import names, reading
from hansa.modules.loyalty.members.faults import (
    CardUnknown,
    MemberBlocked,
    MemberNotFound,
    ProofNeeded,
    TooManyCards,
)
from hansa.modules.loyalty.members.model import (
    Card,
    CardEnd,
    CardState,
    IssuedCard,
    Member,
    MemberRef,
    MemberState,
    Proof,
    ProofKind,
    RefKind,
    bucket_of,
)
from hansa.modules.loyalty.members.naming import value_of
from hansa.modules.loyalty.members.numbers import SHOWN_DIGITS, draw_number
from hansa.modules.loyalty.members.proving import prove
from hansa.modules.loyalty.members.store import cards as store
from hansa.modules.loyalty.members.telling import tell
from hansa.runtime.database import Transaction
from hansa.runtime.http import Actor

PRINTED_MAX = 10_000
CARDS_MAX = 20
_DRAWS_MAX = 10


async def print_cards(
    tx: Transaction,
    *,
    programme: programmes.Programme,
    count: int,
    expires_at: datetime | None = None,
    by: Actor | None = None,
    now: datetime,
) -> tuple[str, ...]:
    """Draw numbers of cards without an owner, for a printing house; they are told this once.

    A card becomes the member's who shows it first. At most 10,000 at a time.
    """
    assert 0 < count <= PRINTED_MAX, "print cards in slices"
    made = [number for _, number in await _print(tx, programme, count, expires_at, now)]
    await accounts.record(
        tx,
        actor=by,
        action="loyalty.print_cards",
        subject_kind="loyalty_programme",
        subject_id=programme.id,
        after={"count": count},
        now=now,
    )
    return tuple(made)


async def issue_card(
    tx: Transaction,
    *,
    member_id: UUID,
    programme: programmes.Programme,
    expires_at: datetime | None = None,
    by: Actor | None = None,
    now: datetime,
) -> IssuedCard:
    """Make a card for a member, such as the one in the app; its number is readable here.

    Raises:
        MemberNotFound, MemberBlocked, TooManyCards: as their names say.
    """
    [(card_id, number)] = await _print(tx, programme, 1, expires_at, now)
    name = names.name_of(MemberRef(RefKind.CARD, number), None)
    await names.lock(tx, [name])
    member = await _owner(tx, member_id)
    await _give(tx, member, name, proven_by=ProofKind.VOUCHED, now=now)
    await tell(tx, member, "card_added", after={"card": card_id}, by=by, now=now)
    return IssuedCard(card_id=card_id, number=number)


async def add_card(
    tx: Transaction,
    *,
    member_id: UUID,
    number: str,
    proof: Proof | None,
    by: Actor | None = None,
    now: datetime,
) -> Card:
    """Give a printed card to somebody who is a member already; one they have stays as it is.

    Raises:
        MemberNotFound, MemberBlocked, TooManyCards, ProofNeeded, ProofInvalid: as they say.
        parties.IdentifierInvalid, CardUnknown: no such card was printed, or it is not free.
        NameTaken: another member has it.
    """
    name = names.name_of(MemberRef(RefKind.CARD, number), None)
    await names.lock(tx, [name])
    member = await _owner(tx, member_id)
    if (await names.owners(tx, [name])).get(name) != member.id:
        if proof is None:
            raise ProofNeeded
        shown = await prove(tx, member, proof, now=now)
        await _give(tx, member, name, proven_by=shown.kind, now=now)
        row = await tx.one(store.FIND_CARD, {"value": name.value})
        await tell(tx, member, "card_added", after={"card": row.id}, by=by, now=now)
    row = await tx.one(store.FIND_CARD, {"value": name.value})
    return card_of(row)


async def end_card(
    tx: Transaction,
    *,
    member_id: UUID,
    card_id: UUID,
    end: CardEnd,
    by: Actor | None = None,
    now: datetime,
) -> None:
    """Take a card out of use: lost, replaced or ended. Points are not touched. Again: nothing.

    Raises:
        MemberNotFound: there is none, or the card is not theirs.
    """
    member = await _owner(tx, member_id, must_be_active=False)
    await _end(tx, member, card_id, end, by=by, now=now)


async def replace_card(
    tx: Transaction,
    *,
    member_id: UUID,
    card_id: UUID,
    programme: programmes.Programme,
    end: CardEnd = CardState.LOST,
    by: Actor | None = None,
    now: datetime,
) -> IssuedCard:
    """Take a card out of use and issue another in its place. Points are not touched.

    Raises:
        MemberNotFound, MemberBlocked: as their names say.
        CardUnknown: the card is not in use any more.
    """
    member = await _owner(tx, member_id)
    if not await _end(tx, member, card_id, end, by=by, now=now):
        raise CardUnknown
    issued = await issue_card(tx, member_id=member_id, programme=programme, by=by, now=now)
    await tx.execute(store.SET_REPLACED, {"id": card_id, "new_id": issued.card_id})
    return issued


def card_of(row: object, number: str | None = None) -> Card:
    """Make a card of its row; `number` where the parties know it."""
    fields = {name: getattr(row, name) for name in _COLUMNS}
    fields["state"] = CardState(fields["state"])
    return Card(**fields, number=number)


_COLUMNS = (
    "id",
    "programme_id",
    "last_digits",
    "state",
    "issued_at",
    "expires_at",
    "ended_at",
    "replaced_by",
)


async def _print(
    tx: Transaction,
    programme: programmes.Programme,
    count: int,
    expires_at: datetime | None,
    now: datetime,
) -> list[tuple[UUID, str]]:
    """Draw until there are enough: a number drawn before is drawn again."""
    made: list[tuple[UUID, str]] = []
    for _ in range(_DRAWS_MAX):
        drawn = {new_id(now): draw_number(programme.number) for _ in range(count - len(made))}
        rows = await tx.all(
            store.PRINT_CARDS,
            {
                "ids": list(drawn),
                "values": [value_of(RefKind.CARD, "", number) for number in drawn.values()],
                "digits": [number[-SHOWN_DIGITS:] for number in drawn.values()],
                "programme_id": programme.id,
                "expires_at": expires_at,
                "now": now,
            },
        )
        made += [(row.id, drawn[row.id]) for row in rows]
        if len(made) == count:
            return made
    raise AssertionError("the numbers of this programme's cards are used up")


async def _owner(tx: Transaction, member_id: UUID, *, must_be_active: bool = True) -> Member:
    member = await reading.lock_standing(tx, member_id)
    if must_be_active and member.state is not MemberState.ACTIVE:
        raise MemberBlocked
    return member


async def _give(
    tx: Transaction, member: Member, name: names.Name, *, proven_by: ProofKind, now: datetime
) -> None:
    columns = {"bucket": member.bucket, "member_id": member.id}
    known: Sequence[object] = await tx.all(store.LIST_CARDS, columns)
    if sum(card_of(one).state is CardState.ACTIVE for one in known) >= CARDS_MAX:
        raise TooManyCards(CARDS_MAX)
    await names.give(
        tx,
        member=member,
        name=name,
        partner_id=None,
        proven_by=proven_by,
        programme_id=None,
        now=now,
    )


async def _end(
    tx: Transaction, member: Member, card_id: UUID, end: CardEnd, *, by: Actor | None, now: datetime
) -> bool:
    """End a card in use and its name (True); one that has ended already stays so."""
    columns = {"bucket": bucket_of(member.id), "member_id": member.id}
    ended = {**columns, "id": card_id, "state": end.value, "now": now}
    row = await tx.maybe(store.END_CARD, ended)
    if row is None:
        if card_id not in {one.id for one in await tx.all(store.LIST_CARDS, columns)}:
            raise MemberNotFound
        return False
    await names.end(tx, member=member, values=[bytes(row.value)], reason=end.value, now=now)
    await tell(tx, member, f"card_{end.value}", after={"card": card_id}, by=by, now=now)
    return True
