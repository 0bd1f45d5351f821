"""Offers switched on and off by members.

Every switch is kept with its instant, also one that changes nothing when it comes in: of two that
overtake each other on their way the later instant decides, not the later arrival.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from hansa.contracts.loyalty import OfferSwitched, PercentsRewritten
from hansa.kernel.errors import Rejected
from hansa.modules import ledger
from hansa.modules.loyalty.members import MemberRef, RefKind, bucket_of, resolve
from hansa.modules.loyalty.offers.completing import lock_standings, settle_tasks
from hansa.modules.loyalty.offers.counting import Counted, Places, count
from hansa.modules.loyalty.offers.model import ConditionKind, LiveOffer
from hansa.modules.loyalty.offers.moderation import NoSuchOffer
from hansa.modules.loyalty.offers.rulebook import read_versions
from hansa.modules.loyalty.offers.settling import version_at
from hansa.modules.loyalty.offers.standings import MemberKey, load_standings
from hansa.modules.loyalty.offers.store import standing as store
from hansa.modules.loyalty.offers.telling import Changed
from hansa.modules.loyalty.programmes import Coalition
from hansa.runtime.database import Transaction

ON_MAX = 100
_OF_RECEIPTS = frozenset({ConditionKind.PURCHASE, ConditionKind.PURCHASES})


@dataclass(eq=False)
class OfferNotOpen(Rejected):
    """The offer is not in force, not for this member, or nothing is to be switched on."""

    code: ClassVar[str] = "loyalty.offer_not_open"
    message: ClassVar[str] = "This offer cannot be switched on now."


@dataclass(eq=False)
class OfferUsedUp(Rejected):
    """All places of the offer are taken, or the member has used it as often as it may."""

    code: ClassVar[str] = "loyalty.offer_used_up"
    message: ClassVar[str] = "This offer is used up."


@dataclass(eq=False)
class TooManyOn(Rejected):
    """The member has as many offers on as anybody may."""

    code: ClassVar[str] = "loyalty.too_many_offers_on"
    message: ClassVar[str] = "{limit} offers are on already. Switch one off first."

    limit: int = ON_MAX


async def switch_on(
    tx: Transaction,
    *,
    coalition: Coalition,
    member: MemberKey,
    offer_id: UUID,
    audiences: frozenset[str] = frozenset(),
    slot: int = 0,
    now: datetime,
) -> list[Changed]:
    """Switch an offer on for a member, from now on. Again changes nothing.

    A place of an offer for so many is taken the first time, and kept.

    Raises:
        NoSuchOffer, OfferNotOpen, OfferUsedUp, TooManyOn: as their names say.
    """
    programme_id, member_id = member
    await _lock(tx, member)
    versions = (await read_versions(tx, offer_ids=[offer_id])).get(offer_id, [])
    if not versions or versions[0].programme_id != member[0]:
        raise NoSuchOffer(offer_id)
    offer = version_at(versions, now)
    programme = coalition.programmes[programme_id]
    if (
        offer is None
        or not offer.content.needs_activation
        or not offer.content.schedule.covers(now)
        or not offer.content.targeting.fits(member_id, now, salt=offer.id, audiences=audiences)
        or not programme.is_open
    ):
        raise OfferNotOpen
    standing = (await load_standings(tx, members=[member]))[member]
    if standing.is_on(offer_id, now):
        await _keep(tx, offer, member, is_on=True, at=now)
        return []
    if sum(standing.is_on(one, now) for one in standing.switches) >= ON_MAX:
        raise TooManyOn
    is_first = not any(one.is_on for one in standing.switches.get(offer_id, ()))
    await _take_place(tx, offer, member, is_first=is_first, now=now)
    return await _switch(tx, coalition, offer, member, is_on=True, slot=slot, now=now)


async def switch_off(
    tx: Transaction,
    *,
    coalition: Coalition,
    member: MemberKey,
    offer_id: UUID,
    slot: int = 0,
    now: datetime,
) -> list[Changed]:
    """Switch an offer off for a member, from now on; what was earned stays. Again changes nothing.

    Raises:
        NoSuchOffer: there is none.
    """
    await _lock(tx, member)
    versions = (await read_versions(tx, offer_ids=[offer_id])).get(offer_id, [])
    if not versions or versions[0].programme_id != member[0]:
        raise NoSuchOffer(offer_id)
    standing = (await load_standings(tx, members=[member]))[member]
    if not standing.is_on(offer_id, now):
        await _keep(tx, versions[-1], member, is_on=False, at=now)
        return []
    return await _switch(tx, coalition, versions[-1], member, is_on=False, slot=slot, now=now)


async def _lock(tx: Transaction, member: MemberKey) -> None:
    """Lock what a member has switched on, and before it the account, as receipts do.

    A receipt that was counted without this switch is committed then and will be counted again; one
    that comes sees it.
    """
    programme_id, member_id = member
    ref = (programme_id, None, MemberRef(RefKind.ID, str(member_id)))
    known = await resolve(tx, programme_id_refs=[ref])
    places = [(one.bucket, one.account_id) for one in known.values()]
    await ledger.lock_accounts(tx, places)
    await lock_standings(tx, [member])


async def _take_place(
    tx: Transaction,
    offer: LiveOffer,
    key: MemberKey,
    *,
    is_first: bool,
    now: datetime,
) -> None:
    limits = offer.content.limits
    if limits.per_member is not None:
        times = await tx.scalar(
            store.COUNT_DONE,
            {
                "bucket": bucket_of(key[1]),
                "programme_id": key[0],
                "member_id": key[1],
                "offer_id": offer.id,
            },
        )
        if times >= limits.per_member:
            raise OfferUsedUp
    if is_first and (limits.total is not None or limits.per_day is not None):
        places = await Places.lock(tx, offer_ids=[offer.id], now=now)
        if not places.take(offer.id, total=limits.total, per_day=limits.per_day):
            raise OfferUsedUp
        await places.save(tx)


async def _switch(
    tx: Transaction,
    coalition: Coalition,
    offer: LiveOffer,
    key: MemberKey,
    *,
    is_on: bool,
    slot: int,
    now: datetime,
) -> list[Changed]:
    programme_id, member_id = key
    await _keep(tx, offer, key, is_on=is_on, at=now)
    await tx.publish(
        OfferSwitched(
            member_id=member_id,
            offer_id=offer.id,
            partner_id=offer.partner_id,
            is_on=is_on,
            switched_at=now,
        )
    )
    if is_on:
        await count(tx, slot=slot, counted=[Counted(offer.id, switched_on=1)], now=now)
    # What is of a later instant may be known already: clocks of partners run ahead.
    if offer.content.condition.kind in _OF_RECEIPTS:
        await tx.publish(
            PercentsRewritten(member_id=member_id, programme_id=programme_id, since=now)
        )
    return await settle_tasks(
        tx, coalition=coalition, tasks={(programme_id, member_id, offer.id)}, slot=slot, now=now
    )


async def _keep(
    tx: Transaction, offer: LiveOffer, key: MemberKey, *, is_on: bool, at: datetime
) -> None:
    """Keep a switch by its instant, also one that changes nothing now.

    It may change something later: when "off" of an earlier instant arrives after "on" over "on",
    the offer is on from the second "on" again. A row that was not written could not say so.
    """
    programme_id, member_id = key
    await tx.execute(
        store.SAVE_SWITCH,
        {
            "bucket": bucket_of(member_id),
            "programme_id": programme_id,
            "member_id": member_id,
            "offer_id": offer.id,
            "at": at,
            "is_on": is_on,
        },
    )
