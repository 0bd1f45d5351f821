"""The audit log: every change of state, who made it, and how the thing looked before and after."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from hansa.kernel.identifiers import new_id
from hansa.modules.accounts import store
from hansa.modules.accounts.model import AuditEntry
from hansa.runtime.database import Snapshot, Transaction
from hansa.runtime.http.identity import Actor

SYSTEM = "system"
# Shoppers are known by their id alone: their names belong to the parties, where they can be erased.
NAMED = ("staff", "key")


async def record(  # noqa: PLR0913 - one column each
    tx: Transaction,
    *,
    actor: Actor | None,
    action: str,
    subject_kind: str,
    subject_id: UUID | str,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    now: datetime,
) -> None:
    """Write that something was changed, in the transaction that changes it.

    `action` is `module.verb` (`pricing.set_price`); without an actor the system itself did it.
    `before` and `after` hold the fields that changed and no secrets.
    """
    await tx.execute(
        store.INSERT_AUDIT,
        {
            "id": new_id(now),
            "at": now,
            "actor_id": actor.id if actor else None,
            "actor_kind": actor.kind if actor else SYSTEM,
            "actor_name": actor.name if actor and actor.kind in NAMED else "",
            "action": action,
            "subject_kind": subject_kind,
            "subject_id": str(subject_id),
            "before": _json(before),
            "after": _json(after),
        },
    )


async def list_audit(
    snap: Snapshot,
    *,
    subject_kind: str | None = None,
    subject_id: UUID | str | None = None,
    actor_id: UUID | None = None,
    action: str | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[AuditEntry]:
    """Give entries, newest first; `after` is the instant and id of the last one seen."""
    rows = await snap.all(
        store.LIST_AUDIT,
        {
            "subject_kind": subject_kind,
            "subject_id": None if subject_id is None else str(subject_id),
            "actor_id": actor_id,
            "action": action,
            "after_at": after[0] if after else None,
            "after_id": after[1] if after else None,
            "limit": limit,
        },
    )
    return [AuditEntry(**row._asdict()) for row in rows]


def _json(values: Mapping[str, object] | None) -> Any:
    return None if values is None else Jsonb(msgspec.to_builtins(dict(values)))
