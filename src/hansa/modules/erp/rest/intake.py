"""What a batch has at hand while it is taken: connection, outside ids, owners, the log."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

import msgspec

from hansa.modules.erp.importing.desk import Desk, Reference
from hansa.modules.erp.model import Action, Connection, FileState, ImportedFile, Kind, LogEntry
from hansa.modules.erp.rest.errors import ItemAwaited, UnknownWarehouse, WarehouseNotOwned
from hansa.modules.erp.rest.model import Fate, Heard, Outcome
from hansa.modules.erp.rest.rows import Row
from hansa.modules.erp.store import incoming as sql
from hansa.runtime.database import Transaction

LOGGED_MAX = 2_000
"""So many rows of a batch are explained in the log; all of them are in its answer."""

R = TypeVar("R", bound=Row)


@dataclass(slots=True, kw_only=True)
class Message(Generic[R]):
    """A row that is news, on its way; `takes` are the parts of it that may be taken."""

    fate: Fate
    kind: str
    row: R
    as_of: datetime
    digest: bytes
    takes: frozenset[str]
    heard: Heard | None = None


class Waiting(NamedTuple):
    """A row that is kept until what it is about comes."""

    message: Message[Any]
    waits_for: str


@dataclass(slots=True, kw_only=True)
class Intake:
    """One batch on its way in. Nothing here outlives it."""

    connection: Connection
    kind: str
    batch_id: UUID
    now: datetime
    desk: Desk
    is_dry_run: bool = False
    waiting: list[Waiting] = field(default_factory=list)
    arrived: list[str] = field(default_factory=list)
    logged: int = 0
    _places: Mapping[str, UUID] | None = None

    # What is known.

    async def variants(self, tx: Transaction, keys: Iterable[str]) -> Mapping[str, Reference]:
        """Give the variants behind outside ids."""
        return await self.desk.known(tx, "variant", keys)

    async def ids(self, tx: Transaction, kind: str, keys: Iterable[str]) -> dict[str, UUID]:
        """Give what is behind outside ids; of many rows the least work."""
        wanted = sorted(set(keys))
        named = {"connection_id": self.connection.id, "kind": kind, "external_ids": wanted}
        rows = await tx.all(sql.IDS_OF, named) if wanted else []
        return {row.external_id: row.internal_id for row in rows}

    async def place(self, tx: Transaction, external_id: str) -> UUID:
        """Give the warehouse of an outside id; an empty one is that of undivided stock.

        Raises:
            UnknownWarehouse: it is not linked.
            WarehouseNotOwned: another connection tells its stock.
        """
        found = (await self.places(tx)).get(external_id)
        if found is not None:
            return found
        if external_id in await self.desk.all_of(tx, "warehouse"):
            raise WarehouseNotOwned(external_id)
        raise UnknownWarehouse(external_id)

    async def places(self, tx: Transaction) -> Mapping[str, UUID]:
        """Give the warehouses whose stock this connection may tell, by outside id."""
        if self._places is None:
            named = {"connection_id": self.connection.id, "kind": "warehouse"}
            rows = await tx.all(sql.IDS_OF_KIND, named)
            found = {row.external_id: row.internal_id for row in rows}
            if self.connection.default_warehouse_id is not None:
                found[""] = self.connection.default_warehouse_id
            held = await owners(tx)
            own = self.connection.id
            self._places = {one: id_ for one, id_ in found.items() if held.get(id_, own) == own}
        return self._places

    def wait(self, message: Message[Any], *, waits_for: str) -> None:
        """Keep a row until the item it is about comes."""
        self.waiting.append(Waiting(message, waits_for))
        message.fate.settle(Outcome.DEFERRED, ItemAwaited(waits_for), "key")

    # Going back to before a failed attempt.

    def mark(self) -> tuple[int, int, int]:
        """Remember how far things are."""
        return len(self.waiting), len(self.arrived), len(self.desk.entries)

    def go_back(self, mark: tuple[int, int, int], messages: Sequence[Message[Any]]) -> None:
        """Forget what an attempt did that was rolled back."""
        del self.waiting[mark[0] :], self.arrived[mark[1] :], self.desk.entries[mark[2] :]
        self.desk.forget()
        self._places = None
        for message in messages:
            message.fate.forget()

    # The log.

    def log(self, fate: Fate, *, kind: str | None = None) -> None:
        """Write into the log why a row, or a part of it, was not taken."""
        fate.is_logged = True
        told = fate.notes if fate.told is None else [fate.told, *fate.notes]
        is_refused = fate.outcome is Outcome.REFUSED
        if fate.outcome is not Outcome.DEFERRED and not is_refused and not fate.notes:
            return
        action = Action.REFUSED if is_refused else Action.NOTED
        if fate.outcome is Outcome.DEFERRED:
            action = Action.DEFERRED
        for one in told:
            if self.logged >= LOGGED_MAX:
                return
            self.logged += 1
            self.desk.entries.append(
                LogEntry(
                    kind=kind or self.kind,
                    action=action,
                    external_id=fate.key,
                    code=one.code,
                    reason=one.text,
                    ordinal=fate.place + 1,
                    details={"field": one.field} if one.field else {},
                )
            )

    async def keep_waiting(self, tx: Transaction) -> None:
        """Save the rows that wait, instead of those they make needless."""
        found, self.waiting = self.waiting, []
        if not found:
            return
        by_kind: dict[str, list[Waiting]] = {}
        for one in found:
            by_kind.setdefault(one.message.kind, []).append(one)
        for kind, listed in by_kind.items():
            named = {"connection_id": self.connection.id, "kind": kind}
            messages = [one.message for one in listed]
            keys = [message.row.key for message in messages]
            await tx.execute(
                sql.WAIT,
                named
                | {
                    "batch_id": self.batch_id,
                    "now": self.now,
                    "keys": keys,
                    "sequences": [message.row.sequence for message in messages],
                    "waits_for": [one.waits_for for one in listed],
                    "takes": [
                        msgspec.json.encode(sorted(message.takes)).decode() for message in messages
                    ],
                    "instants": [message.as_of for message in messages],
                    "rows": [msgspec.json.encode(message.row).decode() for message in messages],
                },
            )
            await tx.execute(sql.STOP_WAITING, named | {"keys": keys})


async def owners(tx: Transaction) -> dict[UUID, UUID]:
    """Give the connection that tells the stock of each warehouse which has one."""
    rows = await tx.all(sql.OWNED_WAREHOUSES)
    return {row.warehouse_id: row.connection_id for row in rows}


def desk_for(connection: Connection, *, batch_id: UUID, kind: str, now: datetime) -> Desk:
    """Make the desk of an import for a batch: it knows outside ids and writes the log."""
    return Desk(
        connection,
        ImportedFile(
            id=batch_id,
            connection_id=connection.id,
            exchange_id=batch_id,
            repeats_id=None,
            archive_id=None,
            name=kind,
            kind=Kind.CATALOG,
            state=FileState.IMPORTING,
            size_bytes=0,
            began_at=now,
            touched_at=now,
            finished_at=None,
            position=0,
            reading=None,
            formed_at=None,
            is_full=None,
            counts={},
            facts={},
            error_code=None,
            error=None,
        ),
    )
