"""Writing messages into the queue: what changed, in each contract version that holds."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from hansa.kernel.identifiers import new_id
from hansa.modules.erp import rows
from hansa.modules.erp.model import Connection
from hansa.modules.erp.outgoing import store
from hansa.modules.erp.outgoing.model import (
    Contract,
    MessageKind,
    Outgoing,
    SignIn,
    Transport,
    lane_of,
)
from hansa.modules.erp.outgoing.rendering import render
from hansa.modules.erp.outgoing.subjects import (
    CorrectionFacts,
    Facts,
    OrderFacts,
    Subject,
    read_facts,
    read_names,
)
from hansa.modules.erp.store import exchange as exchange_sql
from hansa.runtime.database import Row, Snapshot, Transaction


class Cause(StrEnum):
    """Why a message is made.

    `change`: if the subject has a newer change than the queue knows (what the ERP itself said is
    none). `content`: if the message would differ from the last one. `wanted`: in any case.
    """

    CHANGE = "change"
    CONTENT = "content"
    WANTED = "wanted"


@dataclass(frozen=True, slots=True, kw_only=True)
class _New:
    subject: Subject
    number: str
    version: int
    lane: str
    change_number: int
    digest: bytes
    payload: bytes


async def list_outgoings(snap: Snapshot) -> tuple[Outgoing, ...]:
    """Give how messages leave, of every connection that has a queue."""
    return tuple(_outgoing(row) for row in await snap.all(store.OUTGOINGS))


def _outgoing(row: Row) -> Outgoing:
    values = row._asdict()
    periods = zip(values.pop("versions"), values.pop("starts"), values.pop("ends"), strict=True)
    values |= {
        "transport": Transport(row.transport),
        "sign_in": SignIn(row.sign_in),
        "kinds": tuple(MessageKind(kind) for kind in row.kinds),
        "contracts": tuple(
            Contract(version=version, starts_at=starts_at, ends_at=ends_at)
            for version, starts_at, ends_at in periods
        ),
    }
    return Outgoing(**values)


async def put_messages(
    tx: Transaction,
    *,
    subjects: Mapping[Subject, Cause],
    now: datetime,
    connection_id: UUID | None = None,
    without_version: int | None = None,
) -> int:
    """Write messages about subjects as they stand now, for one connection or all; give how many.

    In every version that holds but `without_version`. A message that was never tried takes the
    newer state in instead.
    """
    outgoings = [
        one
        for one in await list_outgoings(tx)
        if one.is_active and connection_id in {None, one.connection_id}
    ]
    wanted = [one for one in subjects if any(one.kind in outgoing.kinds for outgoing in outgoings)]
    if not wanted:
        return 0
    keys = sorted(f"{one.kind}:{one.id}" for one in wanted)
    await tx.all(store.LOCK_SUBJECTS, {"space": store.SUBJECT_LOCK, "subjects": keys})
    facts = await read_facts(tx, wanted)
    connections = {
        row.id: rows.connection_of(row) for row in await tx.all(exchange_sql.CONNECTIONS)
    }
    written = 0
    for outgoing in outgoings:
        connection = connections[outgoing.connection_id]
        if not connection.is_active:
            continue
        chosen = {
            subject: fact
            for subject, fact in facts.items()
            if subject.kind in outgoing.kinds
            and _concerns(connection, outgoing, fact, subjects[subject])
        }
        versions = [one for one in outgoing.versions(now) if one != without_version]
        new = await _new_messages(tx, connection, versions, chosen, subjects)
        if new:
            await _add(tx, outgoing.connection_id, new, now)
            written += len(new)
    if written:
        await tx.all(store.RING)
    return written


def _concerns(connection: Connection, outgoing: Outgoing, fact: Facts, cause: Cause) -> bool:
    if not isinstance(fact, OrderFacts):
        return True
    if fact.order.market != connection.market:
        return False
    return cause is Cause.WANTED or fact.order.changed_at >= outgoing.starts_at


async def _new_messages(
    tx: Transaction,
    connection: Connection,
    versions: Sequence[int],
    facts: Mapping[Subject, Facts],
    causes: Mapping[Subject, Cause],
) -> list[_New]:
    if not facts or not versions:
        return []
    names = await read_names(tx, connection_id=connection.id, facts=list(facts.values()))
    made = []
    for subject, fact in facts.items():
        if isinstance(fact, CorrectionFacts) and fact.warehouse_id not in names.warehouses:
            continue  # of a place this ERP knows nothing of
        for version in versions:
            payload = render(fact, names, connection=connection, version=version)
            order = fact.order if isinstance(fact, OrderFacts) else None
            made.append(
                _New(
                    subject=subject,
                    number="" if order is None else order.number,
                    version=version,
                    lane=lane_of(subject.kind, subject.id, version),
                    change_number=0 if order is None else order.change_number,
                    digest=hashlib.sha256(payload).digest(),
                    payload=payload,
                )
            )
    known = {
        row.lane: row
        for row in await tx.all(
            store.LAST_OF_LANES,
            {"connection_id": connection.id, "lanes": [one.lane for one in made]},
        )
    }
    return [one for one in made if _is_news(one, known.get(one.lane), causes[one.subject])]


def _is_news(new: _New, known: Row | None, cause: Cause) -> bool:
    if known is None or cause is Cause.WANTED:
        return True
    if cause is Cause.CHANGE:
        return bool(new.change_number > known.change_number)
    return bool(new.digest != known.digest)


async def _add(tx: Transaction, connection_id: UUID, new: Sequence[_New], now: datetime) -> None:
    await tx.execute(
        store.ADD_MESSAGES,
        {
            "connection_id": connection_id,
            "count": len(new),
            "ids": [new_id(now) for _ in new],
            "kinds": [str(one.subject.kind) for one in new],
            "subject_ids": [one.subject.id for one in new],
            "subject_numbers": [one.number for one in new],
            "versions": [one.version for one in new],
            "lanes": [one.lane for one in new],
            "change_numbers": [one.change_number for one in new],
            "digests": [one.digest for one in new],
            "payloads": [one.payload for one in new],
            "now": now,
        },
    )
