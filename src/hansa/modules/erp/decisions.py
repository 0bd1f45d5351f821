"""What a person decides about an exchange: held removals, settings of a connection."""

from datetime import datetime
from uuid import UUID

from hansa.kernel.errors import NotFound
from hansa.modules import accounts
from hansa.modules.erp import rows
from hansa.modules.erp.jobs_data import ApplyRemoval
from hansa.modules.erp.model import AlreadyDecided, Removal
from hansa.modules.erp.store import references as sql
from hansa.runtime.database import Transaction
from hansa.runtime.http import Actor


class NoSuchRemoval(NotFound):
    """There is nothing held under this id."""

    code = "erp.no_such_removal"
    message = "There is nothing to decide here."


async def decide_removal(
    tx: Transaction, *, removal_id: UUID, apply: bool, by: Actor, now: datetime
) -> Removal:
    """Carry out what was held, or dismiss it; written to the audit log.

    Raises:
        NoSuchRemoval: there is none.
        AlreadyDecided: it was applied or dismissed before.
    """
    row = await tx.maybe(sql.LOCK_REMOVAL, {"id": removal_id})
    if row is None:
        raise NoSuchRemoval
    removal = rows.removal_of(row)
    if removal.state != "held":
        raise AlreadyDecided
    state = "applied" if apply else "dismissed"
    await tx.execute(
        sql.DECIDE_REMOVAL, {"id": removal_id, "state": state, "by": by.id, "now": now}
    )
    if apply:
        await tx.enqueue(ApplyRemoval(connection_id=removal.connection_id, removal_id=removal_id))
    await accounts.record(
        tx,
        actor=by,
        action=f"erp.removal_{state}",
        subject_kind="erp_removal",
        subject_id=removal_id,
        before={"state": "held"},
        after={"state": state, "absent": removal.absent, "total": removal.total},
        now=now,
    )
    return rows.removal_of(await tx.one(sql.REMOVAL, {"id": removal_id}))
