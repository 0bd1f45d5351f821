"""What follows members who are made one, or are parted: their percents may be others."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from hansa.contracts.loyalty import (
    LoyaltyMembersMerged,
    LoyaltyMembersParted,
    PercentsRewritten,
)
from hansa.modules.loyalty import programmes
from hansa.modules.loyalty.members import Kin, list_kin
from hansa.modules.loyalty.offers.standings import load_together
from hansa.modules.loyalty.offers.telling import percents_told
from hansa.runtime.database import Transaction
from hansa.runtime.module import Subscription


async def on_merged(tx: Transaction, event: LoyaltyMembersMerged, now: datetime) -> None:
    """Tell the percent of the member that stands for both, and count its receipts since again."""

    def apart(kin: Kin) -> Kin | None:
        return None if kin.since >= event.merged_at else kin

    ids = [one.programme_id for one in event.accounts]
    await _tell(tx, event.keep_id, ids, before=apart, since=event.merged_at, now=now)


async def on_parted(tx: Transaction, event: LoyaltyMembersParted, now: datetime) -> None:
    """Tell the percents of both, and count their receipts since again."""

    def together(kin: Kin) -> Kin | None:
        is_over = kin.until is not None and kin.until >= event.parted_at
        return kin._replace(until=None) if is_over else kin

    ids = [one.programme_id for one in event.accounts]
    for member_id in (event.keep_id, event.absorb_id):
        await _tell(tx, member_id, ids, before=together, since=event.parted_at, now=now)


async def _tell(
    tx: Transaction,
    member_id: UUID,
    programme_ids: list[UUID],
    *,
    before: Callable[[Kin], Kin | None],
    since: datetime,
    now: datetime,
) -> None:
    """Publish what is otherwise than it was with the kin of `before`. Twice says the same."""
    keys = [(programme_id, member_id) for programme_id in programme_ids]
    if not keys:
        return
    kin = await list_kin(tx, members=keys)
    former = {
        key: [was for one in listed if (was := before(one)) is not None]
        for key, listed in kin.items()
    }
    old = await load_together(tx, members=keys, kin=former)
    new = await load_together(tx, members=keys, kin=kin)
    coalition = await programmes.read_coalition(tx, now=now)
    for key in keys:
        if old[key] != new[key]:
            await tx.publish(
                *percents_told(coalition, key, old[key], new[key], now),
                PercentsRewritten(member_id=member_id, programme_id=key[0], since=since),
            )


SUBSCRIPTIONS = (
    Subscription(name="loyalty.offers.merged", events=(LoyaltyMembersMerged,), handle=on_merged),
    Subscription(name="loyalty.offers.parted", events=(LoyaltyMembersParted,), handle=on_parted),
)
