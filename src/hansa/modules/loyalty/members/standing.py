"""Whether a member may earn and spend: blocking, leaving a programme, being erased."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from hansa.modules import ledger, parties
from hansa.modules.loyalty.members import names, reading
from hansa.modules.loyalty.members.faults import MemberNotFound, PointsHeld, PointsLeft
from hansa.modules.loyalty.members.model import Member, MemberState
from hansa.modules.loyalty.members.store import cards, merges, references, signing_in
from hansa.modules.loyalty.members.store import membership as store
from hansa.modules.loyalty.members.telling import tell
from hansa.runtime.database import Transaction
from hansa.runtime.http import Actor


async def block_member(
    tx: Transaction,
    *,
    member_id: UUID,
    reason: str,
    programme_id: UUID | None = None,
    by: Actor | None = None,
    now: datetime,
) -> None:
    """Let a member neither earn nor spend, in one programme or in all. Again changes nothing.

    Raises:
        MemberNotFound: there is none, or not in this programme.
    """
    member = await _lock(tx, member_id, programme_id)
    changed = await _set(
        tx, member, MemberState.BLOCKED, [MemberState.ACTIVE], programme_id=programme_id, now=now
    )
    if programme_id is None and member.state is MemberState.ACTIVE:
        changed = True
        await tx.execute(store.SET_MEMBER_STATE, _state(member, MemberState.BLOCKED, reason, now))
    if changed:
        said = {"reason": reason}
        await tell(tx, member, "blocked", programme_id=programme_id, after=said, by=by, now=now)


async def unblock_member(
    tx: Transaction,
    *,
    member_id: UUID,
    reason: str,
    programme_id: UUID | None = None,
    by: Actor | None = None,
    now: datetime,
) -> None:
    """Let a member earn and spend again, in one programme or in all. Again changes nothing.

    Raises:
        MemberNotFound: there is none, or not in this programme.
    """
    member = await _lock(tx, member_id, programme_id)
    changed = await _set(
        tx, member, MemberState.ACTIVE, [MemberState.BLOCKED], programme_id=programme_id, now=now
    )
    if member.state is MemberState.BLOCKED:
        changed = True
        await tx.execute(store.SET_MEMBER_STATE, _state(member, MemberState.ACTIVE, "", now))
    if changed:
        said = {"reason": reason}
        await tell(tx, member, "unblocked", programme_id=programme_id, after=said, by=by, now=now)


async def leave_programme(
    tx: Transaction,
    *,
    member_id: UUID,
    programme_id: UUID,
    forfeit: bool = False,
    by: Actor | None = None,
    now: datetime,
) -> None:
    """End a membership. Points that are left must be given up by name (`forfeit`). Again: nothing.

    Publishes MemberChanged `left`, upon which points closes what is still on the account.

    Raises:
        MemberNotFound: there is none, or not in this programme.
        PointsLeft: there are points and `forfeit` was not said.
        PointsHeld: points are set aside for a purchase.
    """
    member = await _lock(tx, member_id, programme_id)
    await _close(tx, member, [programme_id], forfeit=forfeit)
    left = [MemberState.ACTIVE, MemberState.BLOCKED]
    if await _set(tx, member, MemberState.LEFT, left, programme_id=programme_id, now=now):
        said = {"forfeit": forfeit}
        await tell(tx, member, "left", programme_id=programme_id, after=said, by=by, now=now)


async def erase_member(
    tx: Transaction, *, member_id: UUID, by: Actor | None = None, now: datetime
) -> None:
    """Forget who a member is, and everybody merged into them; numbers and points' history stay.

    Nothing names the member any more: telephones, cards and partners' ids end, here and in the
    parties, and their hashes are wiped. A person nobody else knows loses name and addresses too.
    Points that are left are given up. It cannot be undone: merges the member took part in cannot be
    parted after. Again changes nothing.

    Raises:
        MemberNotFound: there is none.
        PointsHeld: points are set aside for a purchase; erase when that is over.
    """
    member, everybody = await _lock_all(tx, member_id)
    if member.erased_at is not None:
        return
    await _close(tx, member, [one.programme_id for one in member.memberships], forfeit=True)
    left = [MemberState.ACTIVE, MemberState.BLOCKED]
    await _set(tx, member, MemberState.LEFT, left, programme_id=None, now=now)
    await tell(tx, member, "erased", by=by, now=now)
    for one in everybody:
        await _forget(tx, one, now=now)


async def _lock_all(tx: Transaction, member_id: UUID) -> tuple[Member, list[Member]]:
    """Lock a member and everybody merged into them, also those merged while we waited."""
    locked: dict[UUID, Member] = {}
    while True:
        member_id = await reading.standing(tx, member_id)
        rows = await tx.all(merges.ABSORBED_BY, {"id": member_id})
        wanted = {member_id, *(row.id for row in rows)}
        if wanted == locked.keys():
            return locked[member_id], list(locked.values())
        locked = await reading.lock(tx, sorted(wanted))


async def _forget(tx: Transaction, member: Member, *, now: datetime) -> None:
    columns = {"bucket": member.bucket, "member_id": member.id, "now": now}
    rows = await tx.all(references.REFERENCES_OF, columns)
    values = [bytes(row.value) for row in rows]
    await names.end(tx, member=member, values=values, reason="erased", now=now)
    if member.party_id is not None:
        await _forget_person(tx, member.party_id, now=now)
    for statement in (
        signing_in.FORGET_PHONES,
        references.WIPE_PAST,
        cards.WIPE_CARDS,
        merges.WIPE_MERGES,
        store.ERASE_MEMBER,
    ):
        await tx.execute(statement, columns)


async def _forget_person(tx: Transaction, party_id: UUID, *, now: datetime) -> None:
    """Empty a party that nothing leads to any more; a shop's customer has a mail address."""
    party = await parties.get_party(tx, party_id=party_id)
    if party.identifiers:
        return
    await parties.save_profile(tx, party_id=party.id, profile=parties.Profile(), now=now)
    for one in await parties.list_addresses(tx, party_id=party.id):
        await parties.remove_address(tx, party_id=party.id, address_id=one.id)


async def _lock(tx: Transaction, member_id: UUID, programme_id: UUID | None) -> Member:
    member = await reading.lock_standing(tx, member_id)
    if programme_id is not None and member.membership(programme_id) is None:
        raise MemberNotFound
    return member


async def _close(
    tx: Transaction, member: Member, programme_ids: Sequence[UUID], *, forfeit: bool
) -> None:
    """See that an account can be closed; it is locked, so that no posting slips in between."""
    places = [
        (one.bucket, one.account_id)
        for one in member.memberships
        if one.programme_id in programme_ids
    ]
    book = await ledger.open_book(tx, places=places, keys=())
    for account in book.accounts.values():
        if account.held:
            raise PointsHeld
        if account.posted > 0 and not forfeit:
            raise PointsLeft(account.posted)


async def _set(
    tx: Transaction,
    member: Member,
    state: MemberState,
    from_states: Sequence[MemberState],
    *,
    programme_id: UUID | None,
    now: datetime,
) -> bool:
    changed = await tx.all(
        store.SET_STATES,
        {
            "bucket": member.bucket,
            "member_id": member.id,
            "programme_id": programme_id,
            "state": state.value,
            "from_states": [one.value for one in from_states],
            "now": now,
        },
    )
    return bool(changed)


def _state(member: Member, state: MemberState, reason: str, now: datetime) -> dict[str, object]:
    return {
        "bucket": member.bucket,
        "member_id": member.id,
        "state": state.value,
        "reason": reason,
        "now": now,
    }
