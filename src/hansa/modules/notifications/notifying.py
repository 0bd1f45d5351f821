"""Telling members something: a message is written here and sent by the loop."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from hansa.kernel.identifiers import new_id
from hansa.modules.notifications.messages import Notice
from hansa.modules.notifications.model import STALE_AFTER
from hansa.modules.notifications.store import devices as devices_sql
from hansa.modules.notifications.store import messages as store
from hansa.runtime.database import Snapshot, Transaction


async def notify(tx: Transaction, *, notice: Notice, now: datetime) -> None:
    """Tell a member something, once per `dedup_key`. Texts are taken as they are."""
    await notify_all(tx, notices=[notice], now=now)


async def notify_all(tx: Transaction, *, notices: Sequence[Notice], now: datetime) -> int:
    """Tell members something; give how many of the notices are new."""
    if not notices:
        return 0
    return await tx.execute(
        store.ADD,
        {
            "ids": [new_id(now) for _ in notices],
            "member_ids": [one.member_id for one in notices],
            "kinds": [one.kind.value for one in notices],
            "codes": [one.code for one in notices],
            "collapse_keys": [one.collapse_key for one in notices],
            "dedup_keys": [one.dedup_key for one in notices],
            "texts": [_json(msgspec.to_builtins(one.texts)) for one in notices],
            "places": [_json(dict(one.values)) for one in notices],
            "links": [one.link for one in notices],
            "campaign_ids": [one.campaign_id for one in notices],
            "variants": [one.variant for one in notices],
            "due_ats": [one.not_before or now for one in notices],
            "expires_ats": [one.expires_at for one in notices],
            "now": now,
        },
    )


async def reachable(
    snap: Snapshot, *, member_ids: Sequence[UUID], now: datetime
) -> frozenset[UUID]:
    """Give those members who have a live device."""
    rows = await snap.all(
        devices_sql.REACHABLE,
        {"member_ids": list(member_ids), "seen_after": now - STALE_AFTER},
    )
    return frozenset(row.member_id for row in rows)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
