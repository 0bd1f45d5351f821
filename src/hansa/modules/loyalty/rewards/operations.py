"""Rewards put into the catalogue, and codes of certificates."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from hansa.kernel.identifiers import new_id
from hansa.modules import accounts
from hansa.modules.loyalty.rewards import store
from hansa.modules.loyalty.rewards.model import (
    NoSuchReward,
    Reward,
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
    await tx.execute(store.SAVE_REWARD, columns)
    await accounts.record(
        tx,
        actor=by,
        action="loyalty.save_reward",
        subject_kind="loyalty_reward",
        subject_id=reward.id,
        after={"code": reward.code, "points": reward.points, "stock": stock},
        now=now,
    )


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
