"""Rewards put into the catalogue, and codes of certificates."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from hansa.kernel.identifiers import new_id
from hansa.modules import accounts
from hansa.modules.loyalty.rewards import queries, store
from hansa.modules.loyalty.rewards.model import (
    STOCK_MAX,
    NoSuchReward,
    Reward,
    RewardCodeTaken,
    RewardInvalid,
    RewardKind,
    check_reward,
)
from hansa.runtime.database import Transaction
from hansa.runtime.http import Actor

CODES_MAX = 10_000
CODE_CHARACTERS_MAX = 100


async def save_reward(
    tx: Transaction, *, reward: Reward, by: Actor | None = None, now: datetime
) -> None:
    """Keep a reward; its programme, partner, code and kind are for ever. Audited.

    The stock of certificates is that of their codes, whatever is said here.

    Raises:
        RewardInvalid: a field is no such thing.
        RewardCodeTaken: another reward of the programme has the code.
    """
    check_reward(reward)
    stock = 0 if reward.kind is RewardKind.CERTIFICATE else reward.stock
    columns = {
        "id": reward.id,
        "programme_id": reward.programme_id,
        "partner_id": reward.partner_id,
        "code": reward.code,
        "kind": reward.kind.value,
        "name": Jsonb(dict(reward.name)),
        "about": Jsonb(dict(reward.about)),
        "terms": Jsonb(dict(reward.terms)),
        "picture": reward.picture,
        "points": reward.points,
        "amounts": list(reward.amounts),
        "stock": stock,
        "per_member": reward.per_member,
        "starts_at": reward.starts_at,
        "ends_at": reward.ends_at,
        "is_active": reward.is_active,
        "position": reward.position,
        "now": now,
    }
    # Of two conflicts one statement can settle one: that of the code is an error.
    try:
        await tx.execute(store.SAVE_REWARD, columns)
    except psycopg.errors.UniqueViolation as error:
        raise RewardCodeTaken(reward.code) from error
    await accounts.record(
        tx,
        actor=by,
        action="loyalty.save_reward",
        subject_kind="loyalty_reward",
        subject_id=reward.id,
        after={
            "code": reward.code,
            "name": dict(reward.name),
            "points": reward.points,
            "amounts": list(reward.amounts),
            "stock": stock,
            "is_active": reward.is_active,
        },
        now=now,
    )


async def lock_reward(tx: Transaction, *, reward_id: UUID) -> Reward:
    """Give a reward as nobody else changes it meanwhile.

    Raises:
        NoSuchReward: there is none.
    """
    row = await tx.maybe(store.LOCK_REWARD, {"id": reward_id})
    if row is None:
        raise NoSuchReward
    return queries.reward_of(row)


async def change_stock(
    tx: Transaction, *, reward_id: UUID, pieces: int, by: Actor | None = None, now: datetime
) -> int:
    """Add pieces to what is left, or take them away (below zero); gives what is left then.

    What was without limit has so many from now on. Audited.

    Raises:
        NoSuchReward: there is none.
        RewardInvalid: it is a certificate, whose stock is its codes; or fewer are left than that.
    """
    before = await lock_reward(tx, reward_id=reward_id)
    left = (before.stock or 0) + pieces
    if before.kind is RewardKind.CERTIFICATE or not pieces or not 0 <= left <= STOCK_MAX:
        raise RewardInvalid("stock")
    await tx.execute(store.CHANGE_STOCK, {"id": reward_id, "pieces": pieces, "now": now})
    await accounts.record(
        tx,
        actor=by,
        action="loyalty.change_reward_stock",
        subject_kind="loyalty_reward",
        subject_id=reward_id,
        before={"stock": before.stock},
        after={"stock": left},
        now=now,
    )
    return left


async def add_codes(
    tx: Transaction,
    *,
    reward_id: UUID,
    codes: Sequence[str],
    secret: bytes,
    by: Actor | None = None,
    now: datetime,
) -> int:
    """Add codes of a certificate, kept sealed with `secret`; known ones count once. Gives how many.

    Raises:
        NoSuchReward: there is none, or it is no certificate.
        RewardInvalid: a code is empty, too long or unprintable, or there are too many at once.
    """
    if not 0 < len(codes) <= CODES_MAX or any(
        not 0 < len(one) <= CODE_CHARACTERS_MAX or not one.isprintable() for one in codes
    ):
        raise RewardInvalid("codes")
    row = await tx.maybe(store.LOCK_REWARD, {"id": reward_id})
    if row is None or row.kind != RewardKind.CERTIFICATE:
        raise NoSuchReward
    added = await tx.execute(
        store.ADD_CODES,
        {
            "reward_id": reward_id,
            "ids": [new_id(now) for _ in codes],
            "digests": [hashlib.sha256(secret + one.encode()).digest() for one in codes],
            "sealed": [accounts.seal(secret, one.encode()) for one in codes],
            "now": now,
        },
    )
    counted = {"id": reward_id, "pieces": added, "points": 0, "orders": 0, "now": now}
    await tx.execute(store.COUNT_STOCK, counted)
    await accounts.record(
        tx,
        actor=by,
        action="loyalty.add_reward_codes",
        subject_kind="loyalty_reward",
        subject_id=reward_id,
        after={"count": added},
        now=now,
    )
    return added
