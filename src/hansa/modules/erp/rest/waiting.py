"""Rows that came before what they are about."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from hansa.modules.erp.model import Connection
from hansa.modules.erp.rest.intake import Intake, Message
from hansa.modules.erp.rest.kind import Kind
from hansa.modules.erp.rest.model import Fate
from hansa.modules.erp.store import incoming as sql
from hansa.runtime.database import Snapshot, Transaction

Apply = Callable[[Transaction, Intake, Kind[Any], Sequence[Message[Any]]], Awaitable[None]]


async def take_arrived(
    tx: Transaction, intake: Intake, apply: Apply, kinds: Mapping[str, Kind[Any]]
) -> None:
    """Take the rows that waited for what has come, in the order of their sequences.

    What comes with them may be waited for as well: it goes on until nothing comes any more.
    """
    while intake.arrived:
        arrived, intake.arrived = intake.arrived, []
        rows = await tx.all(
            sql.TAKE_WAITING, {"connection_id": intake.connection.id, "arrived": arrived}
        )
        # Items before what is said of them; a key once in a round.
        ordered = sorted(
            rows, key=lambda row: (row.kind != "items", row.kind, row.sequence, row.key)
        )
        for kind_name, round_ in _rounds(ordered):
            kind = kinds[kind_name]
            messages = [
                Message(
                    fate=Fate(place=-1, key=row.key, sequence=row.sequence),
                    kind=kind_name,
                    row=msgspec.json.decode(row.row, type=kind.row),
                    as_of=row.as_of,
                    digest=b"",
                    takes=frozenset(row.takes),
                )
                for row in round_
            ]
            await apply(tx, intake, kind, messages)
            for message in messages:
                intake.log(message.fate, kind=kind_name)
        await intake.keep_waiting(tx)


def _rounds(rows: Iterable[Any]) -> list[tuple[str, list[Any]]]:
    rounds: list[tuple[str, list[Any]]] = []
    seen: set[str] = set()
    for row in rows:
        if not rounds or rounds[-1][0] != row.kind or row.key in seen:
            rounds.append((row.kind, []))
            seen = set()
        rounds[-1][1].append(row)
        seen.add(row.key)
    return rounds


async def count_waiting(snap: Snapshot, *, connection_id: UUID) -> dict[str, int]:
    """Say how many rows of each kind wait for their items."""
    rows = await snap.all(sql.COUNT_WAITING, {"connection_id": connection_id})
    return {row.kind: row.count for row in rows}


async def lock(tx: Transaction, connection: Connection) -> None:
    """Let no other batch of the connection change its last words until the commit."""
    await tx.execute(sql.LOCK_CONNECTION, {"connection_id": connection.id})
