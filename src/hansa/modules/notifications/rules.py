"""The rules of sending, kept in one row."""

from datetime import datetime
from uuid import UUID

import msgspec

from hansa.modules import accounts
from hansa.modules.notifications.policy import Policy, check_policy
from hansa.modules.notifications.store import templates as store
from hansa.runtime.database import Snapshot, Transaction
from hansa.runtime.http import Actor

POLICY_ID = UUID("5f0a8a52-9f0c-7c11-8d1b-0d6b8f4f0002")
"""Under this number changes of the rules stand in the audit log."""


async def get_policy(snap: Snapshot) -> Policy:
    """Give the rules; what we ship until somebody changes them."""
    row = await snap.maybe(store.POLICY)
    return Policy() if row is None else Policy(**row._asdict())


async def save_policy(tx: Transaction, *, policy: Policy, by: Actor, now: datetime) -> None:
    """Change the rules; they hold for the next message. Audited.

    Raises:
        PolicyInvalid: a field is no such thing.
    """
    check_policy(policy)
    before = await get_policy(tx)
    await tx.execute(
        store.SAVE_POLICY,
        {
            "quiet_from": policy.quiet_from,
            "quiet_until": policy.quiet_until,
            "day_max": policy.day_max,
            "week_max": policy.week_max,
            "time_zone": policy.time_zone,
            "now": now,
        },
    )
    await accounts.record(
        tx,
        actor=by,
        action="notifications.policy_changed",
        subject_kind="policy",
        subject_id=POLICY_ID,
        before=msgspec.to_builtins(before),
        after=msgspec.to_builtins(policy),
        now=now,
    )
