"""Reads of rewards and orders."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from hansa.modules.loyalty.members import bucket_of
from hansa.modules.loyalty.rewards import store
from hansa.modules.loyalty.rewards.model import (
    NoSuchOrder,
    NoSuchReward,
    Order,
    OrderState,
    Reward,
    RewardKind,
)
from hansa.runtime.database import Row, Snapshot


async def list_rewards(
    snap: Snapshot,
    *,
    programme_id: UUID,
    kind: RewardKind | None = None,
    after: Reward | None = None,
    limit: int,
    now: datetime,
) -> list[Reward]:
    """Give what can be had now, in the order staff gave; what is sold out too."""
    rows = await snap.all(
        store.LIST_OPEN,
        {
            "programme_id": programme_id,
            "kind": kind.value if kind else None,
            "after": after.position if after else None,
            "after_id": after.id if after else None,
            "limit": limit,
            "now": now,
        },
    )
    return [reward_of(row) for row in rows]


async def list_catalogue(
    snap: Snapshot,
    *,
    programme_id: UUID,
    search: str = "",
    after: tuple[int, UUID] | None = None,
    limit: int,
) -> list[Reward]:
    """Give all rewards of a programme as staff see them, in their order; closed ones too."""
    cleaned = search.strip().lower().replace("\\", "\\\\")
    pattern = "%" + cleaned.replace("%", r"\%").replace("_", r"\_") + "%" if cleaned else None
    rows = await snap.all(
        store.LIST_ALL,
        {
            "programme_id": programme_id,
            "search": pattern,
            "after": after[0] if after else None,
            "after_id": after[1] if after else None,
            "limit": limit,
        },
    )
    return [reward_of(row) for row in rows]


async def list_orders_of_reward(
    snap: Snapshot, *, reward_id: UUID, before: tuple[datetime, UUID] | None = None, limit: int
) -> list[Order]:
    """Give who took a reward, the latest first; also what did not come about."""
    rows = await snap.all(
        store.LIST_ORDERS_OF_REWARD,
        {
            "reward_id": reward_id,
            "before": before[0] if before else None,
            "before_id": before[1] if before else None,
            "limit": limit,
        },
    )
    return [order_of(row) for row in rows]


async def get_reward(snap: Snapshot, *, reward_id: UUID) -> Reward:
    """Give a reward.

    Raises:
        NoSuchReward: there is none.
    """
    found = await get_rewards(snap, reward_ids=[reward_id])
    if reward_id not in found:
        raise NoSuchReward
    return found[reward_id]


async def get_rewards(snap: Snapshot, *, reward_ids: Sequence[UUID]) -> dict[UUID, Reward]:
    """Give rewards by id; unknown ones are left out."""
    rows = await snap.all(store.GET_REWARDS, {"ids": list(reward_ids)})
    return {row.id: reward_of(row) for row in rows}


async def list_orders(
    snap: Snapshot,
    *,
    programme_id: UUID,
    member_id: UUID,
    before: datetime | None = None,
    limit: int,
) -> list[Order]:
    """Give a member's orders, the latest first; those that did not come about are left out."""
    rows = await snap.all(
        store.LIST_ORDERS,
        {
            "bucket": bucket_of(member_id),
            "programme_id": programme_id,
            "member_id": member_id,
            "before": before,
            "limit": limit,
        },
    )
    return [order_of(row) for row in rows]


async def get_order(snap: Snapshot, *, member_id: UUID, order_id: UUID) -> Order:
    """Give an order of a member.

    Raises:
        NoSuchOrder: the member has none of this number.
    """
    row = await snap.maybe(store.GET_ORDER, {"bucket": bucket_of(member_id), "id": order_id})
    if row is None or row.member_id != member_id:
        raise NoSuchOrder
    return order_of(row)


async def count_had(snap: Snapshot, *, member_id: UUID, reward_id: UUID) -> int:
    """Tell how many of a reward a member has ordered and kept."""
    asked = {"bucket": bucket_of(member_id), "member_id": member_id, "reward_id": reward_id}
    return int(await snap.scalar(store.COUNT_HAD, asked))


def reward_of(row: Row) -> Reward:
    """Make a reward of its row."""
    fields = row._asdict()
    fields |= {"kind": RewardKind(row.kind), "amounts": tuple(row.amounts)}
    return Reward(**fields)


def order_of(row: Row) -> Order:
    """Make an order of its row."""
    return Order(**(row._asdict() | {"state": OrderState(row.state)}))
