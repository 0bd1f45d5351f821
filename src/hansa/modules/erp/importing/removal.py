"""What a full export leaves out: archived and set to zero, unless that is too much to believe."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from hansa.kernel.identifiers import new_id
from hansa.modules import catalog, stock
from hansa.modules.erp import model
from hansa.modules.erp.importing.desk import Desk
from hansa.modules.erp.jobs_data import ApplyRemoval
from hansa.modules.erp.model import Action, Connection, FileState, ImportedFile, Removal
from hansa.modules.erp.rows import connection_of, file_of, removal_of
from hansa.modules.erp.store import exchange as sql
from hansa.modules.erp.store import references
from hansa.runtime.context import Context
from hansa.runtime.database import Transaction

PAGE = 2_000
LEVELS_PAGE = 10_000
_KINDS = {"products": "product", "variants": "variant"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """A whole that files claimed to be: of a kind, in a scope, formed at an instant."""

    kind: str
    scope: str
    as_of: datetime
    warehouse_ids: tuple[UUID, ...] = ()
    stocked: int = 0


async def finish_exchange(
    context: Context, *, exchange_id: UUID, file_id: UUID | None = None
) -> None:
    """Decide what is to be taken away after a full export; nothing if a file of it failed."""
    now = context.clock.now()
    async with context.database.transaction() as tx:
        rows = await tx.all(sql.FILES_OF_EXCHANGE, {"exchange_id": exchange_id})
        files = [file_of(row) for row in rows]
        if not files:
            return
        connection = connection_of(await tx.one(sql.CONNECTION, {"id": files[0].connection_id}))
        full = [one for one in files if one.is_full]
        chosen = (
            [one for one in full if one.id == file_id]
            if file_id is not None
            else [one for one in full if model.is_portion(one.name)]
        )
        if not chosen:
            return
        broken = [
            one
            for one in (files if file_id is None else chosen)
            if one.name.lower().endswith(".xml")
            and one.state in {FileState.FAILED, FileState.ABANDONED, FileState.RECEIVING}
        ]
        if broken:
            desk = Desk(connection, broken[0])
            desk.note(
                "exchange",
                Action.NOTED,
                code="erp.not_whole",
                reason=f"Nothing is taken away: {broken[0].name} was not imported to its end.",
            )
            await desk.write_log(tx, now=now)
            return
        for claim in _claims(chosen):
            if not connection.owns("stock" if claim.kind == "stock" else "is_deleted"):
                continue
            await _decide(tx, connection, chosen[-1], claim, now=now)


def _claims(files: Sequence[ImportedFile]) -> list[_Claim]:
    as_of = min(one.formed_at or one.began_at for one in files)
    found = [
        _Claim(kind=kind, scope=scope, as_of=as_of)
        for kind, word in _KINDS.items()
        for scope in sorted({s for one in files for s in _listed(one, f"{word}_scopes")})
    ]
    places = sorted({UUID(w) for one in files for w in _listed(one, "warehouses")})
    if places:
        stocked = sum(int(str(one.facts.get("stocked", 0))) for one in files)
        found.append(
            _Claim(
                kind="stock",
                scope="",
                as_of=as_of,
                warehouse_ids=tuple(places),
                stocked=stocked,
            )
        )
    return found


def _listed(file: ImportedFile, name: str) -> list[str]:
    found = file.facts.get(name)
    return [str(one) for one in found] if isinstance(found, list) else []


async def _decide(
    tx: Transaction, connection: Connection, file: ImportedFile, claim: _Claim, *, now: datetime
) -> None:
    named = {"exchange_id": file.exchange_id, "kind": claim.kind, "scope": claim.scope}
    if await tx.maybe(references.REMOVAL_OF, named) is not None:
        return
    if claim.kind == "stock":
        counted = await tx.one(
            references.COUNT_OF_KIND, {"connection_id": connection.id, "kind": "variant"}
        )
        total, absent = counted.total, max(0, counted.total - claim.stocked)
    else:
        counted = await tx.one(
            references.COUNT_OF_SCOPE,
            named | {"connection_id": connection.id, "kind": _KINDS[claim.kind]},
        )
        total, absent = counted.total, counted.absent
    if not absent:
        return
    is_held = model.is_too_much(
        absent=absent, total=total, limit_percent=connection.removal_limit_percent
    )
    removal_id = new_id(now)
    await tx.execute(
        references.ADD_REMOVAL,
        named
        | {
            "id": removal_id,
            "connection_id": connection.id,
            "warehouse_ids": list(claim.warehouse_ids),
            "as_of": claim.as_of,
            "total": total,
            "absent": absent,
            "state": "held" if is_held else "applied",
            "now": now,
        },
    )
    if not is_held:
        await tx.enqueue(ApplyRemoval(connection_id=connection.id, removal_id=removal_id))
        return
    desk = Desk(connection, file)
    desk.note(
        "exchange",
        Action.HELD,
        external_id=claim.scope,
        internal_id=removal_id,
        code="erp.removal_held",
        reason=f"The full export leaves out {absent} of {total} {claim.kind}: decide by hand.",
    )
    await desk.write_log(tx, now=now)


async def apply_removal(context: Context, *, removal_id: UUID) -> None:
    """Carry out a removal, page by page; a repeat goes on where the last one stopped."""
    async with context.database.snapshot() as snap:
        row = await snap.maybe(references.REMOVAL, {"id": removal_id})
        if row is None or row.state != "applied":
            return
        removal = removal_of(row)
        connection = connection_of(await snap.one(sql.CONNECTION, {"id": removal.connection_id}))
        files = await snap.all(sql.FILES_OF_EXCHANGE, {"exchange_id": removal.exchange_id})
    file = next((file_of(one) for one in files if one.is_full), file_of(files[0]))
    desk = Desk(connection, file)
    step = _zero_page if removal.kind == "stock" else _archive_page
    while True:
        now = context.clock.now()
        async with context.database.transaction() as tx:
            more = await step(tx, desk, removal, now=now)
            await desk.write_log(tx, now=now)
        if not more:
            return


async def _zero_page(tx: Transaction, desk: Desk, removal: Removal, *, now: datetime) -> bool:
    changed = await stock.zero_missing(
        tx,
        source=desk.connection.source,
        warehouse_ids=removal.warehouse_ids,
        as_of=removal.as_of,
        now=now,
        limit=LEVELS_PAGE,
    )
    if changed:
        desk.note(
            "stock",
            Action.CHANGED,
            code="erp.absent_zeroed",
            reason=f"{changed} quantities that the full export does not name are zero now.",
        )
    return changed >= LEVELS_PAGE


async def _archive_page(tx: Transaction, desk: Desk, removal: Removal, *, now: datetime) -> bool:
    kind = _KINDS[removal.kind]
    rows = await tx.all(
        references.TAKE_ABSENT,
        {
            "connection_id": removal.connection_id,
            "kind": kind,
            "scope": removal.scope,
            "exchange_id": removal.exchange_id,
            "limit": PAGE,
        },
    )
    ids = [row.internal_id for row in rows]
    if kind == "product":
        await catalog.archive_products(tx, product_ids=ids, now=now)
    else:
        held = await catalog.get_variants(tx, variant_ids=ids)
        inactive = [replace(one, is_active=False) for one in held.values()]
        await catalog.save_variants(tx, variants=inactive, now=now)
    for row in rows:
        desk.note(
            kind if kind == "product" else "offer",
            Action.ARCHIVED,
            external_id=row.external_id,
            internal_id=row.internal_id,
            code="erp.absent_archived",
            reason="The full export does not name it.",
        )
    return len(rows) >= PAGE
