"""Orders: a piece is set aside, then points are held and spent, then it is the member's.

Points are posted by `points.Poster`, which has transactions of its own; so an order goes from state
to state, each step is made once by whoever finds the order in the state before, and every posting
has a key made of the order's number: whoever carries on after a crash gets the same answer.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from hansa.kernel.errors import HansaError, Unavailable
from hansa.modules import accounts
from hansa.modules.loyalty.members import MemberRef, Membership, RefKind, bucket_of
from hansa.modules.loyalty.points import (
    HoldEnded,
    HoldPoints,
    HoldUnknown,
    Poster,
    PostHold,
    Reverse,
    VoidHold,
)
from hansa.modules.loyalty.rewards import queries, store
from hansa.modules.loyalty.rewards.model import (
    HELD_FOR,
    HadEnough,
    NoSuchOrder,
    NoSuchReward,
    NotCancellable,
    Order,
    OrderOver,
    OrderState,
    RewardClosed,
    RewardKind,
    SoldOut,
    price_of,
)
from hansa.runtime.context import Context
from hansa.runtime.database import Snapshot, Transaction

STUCK_AFTER = timedelta(minutes=2)
_SLICE = 200

_log = structlog.get_logger(__name__)


async def order_reward(  # noqa: PLR0913 - what an order is made of
    context: Context,
    *,
    order_id: UUID,
    membership: Membership,
    reward_id: UUID,
    points: int | None = None,
    device: str = "",
    token: str = "",
    now: datetime,
) -> Order:
    """Order a reward for a member's points; the same `order_id` again gives the same order.

    `points` is the amount of a donation, one of those that can be chosen; `token` what a step-up
    gave, if one was asked for. Never inside a transaction.

    Raises:
        NoSuchReward, RewardClosed, SoldOut, HadEnough, RewardInvalid: nothing was touched.
        OrderOver: it was refused before, or took too long; no points are spent.
        HansaError: a refusal of `points`, such as NotEnoughPoints; the piece is free again.
    """
    async with context.database.transaction() as tx:
        order = await _take(
            tx,
            order_id=order_id,
            membership=membership,
            reward_id=reward_id,
            points=points,
            now=now,
        )
    return await _carry_on(context, order, device=device, token=token)


async def cancel_order(
    context: Context, *, member_id: UUID, order_id: UUID, now: datetime
) -> Order:
    """Take an order back within an hour: the points return to the lots they came from.

    Again gives the same. Never inside a transaction.

    Raises:
        NoSuchOrder, NotCancellable: as their names say.
    """
    async with context.database.transaction() as tx:
        order = await _lock(tx, bucket_of(member_id), order_id)
        if order.member_id != member_id:
            raise NoSuchOrder
        if order.state is OrderState.CANCELLED:
            return order
        if order.state is not OrderState.CANCELLING:
            until = order.cancellable_until
            if until is None or now >= until:
                raise NotCancellable
            await _step(tx, order, OrderState.CANCELLING, now=now)
            order = replace(order, state=OrderState.CANCELLING, cancelled_at=now)
    return await _finish_cancelling(context, order)


async def show_code(
    tx: Transaction, *, member_id: UUID, order_id: UUID, secret: bytes, now: datetime
) -> str:
    """Give the code of a certificate; from now on the order cannot be cancelled.

    Raises:
        NoSuchOrder: the member has none of this number, or it has no code.
    """
    order = await _lock(tx, bucket_of(member_id), order_id)
    row = await tx.maybe(store.CODE_OF_ORDER, {"order_id": order.id})
    if order.member_id != member_id or order.state is not OrderState.DONE or row is None:
        raise NoSuchOrder
    await tx.execute(store.NOTE_SHOWN, {"bucket": order.bucket, "id": order.id, "now": now})
    return accounts.unseal(secret, bytes(row.sealed)).decode()


async def list_stuck(snap: Snapshot, *, now: datetime) -> Sequence[Order]:
    """Give orders that stand between two states for minutes."""
    rows = await snap.all(store.LIST_STUCK, {"before": now - STUCK_AFTER, "limit": _SLICE})
    return [queries.order_of(row) for row in rows]


async def settle_order(context: Context, order: Order) -> None:
    """Finish what a process that died has begun.

    An order whose points may be held is undone first and then voided, so that whoever is still at
    it finds it refused before it spends anything.
    """
    if order.state is OrderState.CANCELLING:
        await _finish_cancelling(context, order)
    elif order.state is OrderState.HELD:
        try:
            await _carry_on(context, order)
        except Unavailable:
            raise
        except HansaError as refusal:
            _log.info("reward order refused", order=str(order.id), code=refusal.code)
    elif await _refuse(context, order):
        await _void(context, order)


async def _take(
    tx: Transaction,
    *,
    order_id: UUID,
    membership: Membership,
    reward_id: UUID,
    points: int | None,
    now: datetime,
) -> Order:
    """Set a piece aside under the number of the order, or give the order there is."""
    row = await tx.maybe(store.LOCK_REWARD, {"id": reward_id})
    if row is None or row.programme_id != membership.programme_id:
        raise NoSuchReward
    reward = queries.reward_of(row)
    place = {"bucket": membership.bucket, "id": order_id}
    known = await tx.maybe(store.GET_ORDER, place)
    if known is not None:
        order = queries.order_of(known)
        if (order.member_id, order.reward_id) != (membership.member_id, reward_id):
            raise NoSuchOrder
        return order
    if not reward.is_open(now):
        raise RewardClosed
    price = price_of(reward, points)
    if reward.per_member is not None:
        asked = {**place, "member_id": membership.member_id, "reward_id": reward_id}
        if await tx.scalar(store.COUNT_HAD, asked) >= reward.per_member:
            raise HadEnough(reward.per_member)
    if reward.is_sold_out:
        raise SoldOut
    columns = {
        **place,
        "programme_id": membership.programme_id,
        "member_id": membership.member_id,
        "reward_id": reward_id,
        "partner_id": reward.partner_id,
        "points": price,
        "now": now,
    }
    await tx.execute(store.ADD_ORDER, columns)
    if reward.kind is RewardKind.CERTIFICATE and not await tx.execute(
        store.TAKE_CODE, {"order_id": order_id, "reward_id": reward_id}
    ):
        raise SoldOut
    await _count(tx, reward_id, pieces=-1, points=price, now=now)
    return queries.order_of(await tx.one(store.GET_ORDER, place))


async def _carry_on(context: Context, order: Order, *, device: str = "", token: str = "") -> Order:
    """Hold and spend the points of an order; give it as it is then."""
    if order.state is OrderState.REFUSED:
        raise OrderOver
    if order.state is OrderState.TAKEN:
        await _hold(context, order, device, token)
        order = replace(order, state=OrderState.HELD)
    if order.state is OrderState.HELD:
        await _post(context, order)
    async with context.database.snapshot(single=True) as snap:
        return await queries.get_order(snap, member_id=order.member_id, order_id=order.id)


async def _hold(context: Context, order: Order, device: str, token: str) -> None:
    command = HoldPoints(
        owner=order.partner_id,
        key=order.key("hold"),
        programme_id=order.programme_id,
        happened_at=order.ordered_at,
        member=MemberRef(RefKind.ID, str(order.member_id)),
        points=order.points,
        expires_at=order.ordered_at + HELD_FOR,
        reference=f"reward:{order.id}",
        device=device,
        token=token,
    )
    try:
        await context.service(Poster).submit(command)
    except Unavailable:
        raise
    except HansaError:
        await _refuse(context, order)
        raise
    async with context.database.transaction() as tx:
        is_held = await _step(tx, order, OrderState.HELD, now=context.clock.now())
    if is_held:
        return
    async with context.database.snapshot(single=True) as snap:
        now_is = await queries.get_order(snap, member_id=order.member_id, order_id=order.id)
    if now_is.state is OrderState.REFUSED:
        await _void(context, order)
        raise OrderOver


async def _post(context: Context, order: Order) -> None:
    command = PostHold(
        owner=order.partner_id,
        key=order.key("post"),
        programme_id=order.programme_id,
        happened_at=order.ordered_at,
        hold_key=order.key("hold"),
    )
    try:
        await context.service(Poster).submit(command)
    except Unavailable:
        raise
    except HansaError as refusal:
        await _refuse(context, order)
        raise OrderOver from refusal
    async with context.database.transaction() as tx:
        await _step(tx, order, OrderState.DONE, now=context.clock.now())


async def _void(context: Context, order: Order) -> None:
    command = VoidHold(
        owner=order.partner_id,
        key=order.key("void"),
        programme_id=order.programme_id,
        happened_at=order.ordered_at,
        hold_key=order.key("hold"),
    )
    try:
        await context.service(Poster).submit(command)
    except (HoldUnknown, HoldEnded):
        return


async def _finish_cancelling(context: Context, order: Order) -> Order:
    assert order.cancelled_at is not None, "its time was kept with the state"
    command = Reverse(
        owner=order.partner_id,
        key=order.key("reverse"),
        programme_id=order.programme_id,
        happened_at=order.cancelled_at,
        posting_key=order.key("post"),
    )
    await context.service(Poster).submit(command)
    now = context.clock.now()
    async with context.database.transaction() as tx:
        if await _step(tx, order, OrderState.CANCELLED, now=now):
            await _give_back(tx, order, now=now)
    return replace(order, state=OrderState.CANCELLED)


async def _refuse(context: Context, order: Order) -> bool:
    """Undo an order whose points are not spent; tell whether nobody else did."""
    now = context.clock.now()
    async with context.database.transaction() as tx:
        if not await _step(tx, order, OrderState.REFUSED, now=now):
            return False
        await _give_back(tx, order, now=now)
    return True


async def _give_back(tx: Transaction, order: Order, *, now: datetime) -> None:
    await _count(tx, order.reward_id, pieces=1, points=-order.points, now=now)
    await tx.execute(store.FREE_CODE, {"order_id": order.id})


async def _count(
    tx: Transaction, reward_id: UUID, *, pieces: int, points: int, now: datetime
) -> None:
    counted = {"id": reward_id, "pieces": pieces, "points": points, "orders": -pieces, "now": now}
    await tx.execute(store.COUNT_STOCK, counted)


async def _step(tx: Transaction, order: Order, after: OrderState, *, now: datetime) -> bool:
    asked = {
        "bucket": order.bucket,
        "id": order.id,
        "before": order.state.value,
        "after": after.value,
        "now": now,
    }
    return await tx.execute(store.STEP, asked) == 1


async def _lock(tx: Transaction, bucket: int, order_id: UUID) -> Order:
    row = await tx.maybe(store.LOCK_ORDER, {"bucket": bucket, "id": order_id})
    if row is None:
        raise NoSuchOrder
    return queries.order_of(row)
