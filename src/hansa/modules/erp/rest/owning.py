"""Which fields and warehouses a connection owns, and taking over what another one calls things."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from hansa.kernel.errors import Invalid
from hansa.modules import accounts
from hansa.modules.erp.model import OWNABLE
from hansa.modules.erp.store import incoming as sql
from hansa.runtime.database import Snapshot, Transaction
from hansa.runtime.http import Actor

MAPPABLE = ("group", "product", "variant", "price_type", "warehouse")


@dataclass(eq=False)
class NoSuchField(Invalid):
    """Nobody can own this."""

    code: ClassVar[str] = "erp.no_such_field"
    message: ClassVar[str] = "“{field}” is nothing a connection can own."
    field: str


@dataclass(eq=False)
class NotMappable(Invalid):
    """Outside ids of this kind are not taken over."""

    code: ClassVar[str] = "erp.not_mappable"
    message: ClassVar[str] = "Identifiers of the kind “{kind}” cannot be taken over."
    kind: str


async def set_owned_fields(
    tx: Transaction,
    *,
    connection_id: UUID,
    fields: Sequence[str],
    by: Actor | None,
    now: datetime,
) -> None:
    """Say which fields a connection owns; none named means all. Written to the audit log.

    Raises:
        NoSuchField: one of them is none.
    """
    for name in fields:
        if name not in OWNABLE:
            raise NoSuchField(name)
    wanted = sorted(set(fields))
    await tx.execute(sql.SET_OWNED_FIELDS, {"connection_id": connection_id, "fields": wanted})
    await accounts.record(
        tx,
        actor=by,
        action="erp.owned_fields_set",
        subject_kind="erp_connection",
        subject_id=connection_id,
        after={"owned_fields": wanted},
        now=now,
    )


async def set_owned_warehouses(
    tx: Transaction,
    *,
    connection_id: UUID,
    warehouse_ids: Sequence[UUID],
    by: Actor | None,
    now: datetime,
) -> None:
    """Say whose stock a connection alone tells; others lose these. Written to the audit log."""
    wanted = sorted(set(warehouse_ids))
    named = {"connection_id": connection_id, "warehouse_ids": wanted}
    await tx.execute(sql.DISOWN_WAREHOUSES, named)
    await tx.execute(sql.OWN_WAREHOUSES, named)
    await accounts.record(
        tx,
        actor=by,
        action="erp.owned_warehouses_set",
        subject_kind="erp_connection",
        subject_id=connection_id,
        after={"warehouse_ids": [str(one) for one in wanted]},
        now=now,
    )


async def owners_of_warehouses(snap: Snapshot) -> dict[UUID, UUID]:
    """Give the connection that tells the stock of each warehouse which has one."""
    rows = await snap.all(sql.OWNED_WAREHOUSES)
    return {row.warehouse_id: row.connection_id for row in rows}


async def map_identifiers(
    tx: Transaction,
    *,
    from_connection_id: UUID,
    to_connection_id: UUID,
    kind: str,
    names: Mapping[str, str],
) -> int:
    """Let a connection call our things by its own names, told as {name there: name here}.

    For a cut-over from one ERP to another: `names` leads from what the old one calls a thing to
    what the new one does. Gives how many were found; the old names stay good for the old one.

    Raises:
        NotMappable: outside ids of the kind are not taken over.
    """
    if kind not in MAPPABLE:
        raise NotMappable(kind)
    return await tx.execute(
        sql.COPY_REFERENCES,
        {
            "from_id": from_connection_id,
            "to_id": to_connection_id,
            "kind": kind,
            "old_ids": list(names),
            "new_ids": list(names.values()),
        },
    )
