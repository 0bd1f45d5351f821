"""Loading a folder of exports from this machine: the same import without HTTP."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from hansa.kernel.identifiers import new_id
from hansa.modules import markets
from hansa.modules.erp import queries, sessions
from hansa.modules.erp.commerceml import safe_name
from hansa.modules.erp.importing import removal, run
from hansa.modules.erp.model import Connection, FileState, ImportedFile, Kind
from hansa.modules.erp.store import exchange as sql
from hansa.runtime.context import Context
from hansa.runtime.database import Transaction

PIECE_BYTES: Final = 4 * 1024 * 1024
_ORDER: Final = (
    "import",
    "groups",
    "units",
    "pricelists",
    "storages",
    "propertiesgoods",
    "propertiesoffers",
    "goods",
    "offers",
    "prices",
    "rests",
)

Progress = Callable[[float, float, str], None]
"""Told how many files are done, how many there are, and the name of the one in hand."""


def import_order(names: list[str]) -> list[str]:
    """Sort files so that what others point to comes first."""

    def place(name: str) -> tuple[int, str]:
        lowered = name.lower()
        ranks = [
            rank
            for rank, word in enumerate(_ORDER)
            if lowered.startswith(word) or f"-{word}" in lowered
        ]
        return (ranks[0] if ranks else len(_ORDER), lowered)

    return sorted(names, key=place)


@dataclass(frozen=True, slots=True)
class FolderReport:
    """What became of each file of a folder, in the order they were imported."""

    files: tuple[ImportedFile, ...]

    def __str__(self) -> str:
        return "\n".join(_line(file) for file in self.files) or "There is no XML file to import."


def _line(file: ImportedFile) -> str:
    told = ", ".join(f"{name} {count}" for name, count in sorted(file.counts.items()))
    return f"{file.name}: {file.state}{f' ({file.error})' if file.error else ''}; {told}"


async def import_folder(
    context: Context,
    path: Path,
    *,
    connection: Connection | str,
    progress: Progress | None = None,
) -> FolderReport:
    """Import every XML file of a folder, with its pictures; give what became of each file.

    A connection named by its code is made, for the first market, if there is none of that code. A
    file that cannot be read is `failed` and the others are imported all the same.

    Raises:
        NoConnection: no connection of that code, and no market to make one for.
    """
    now = context.clock.now()
    async with context.database.transaction() as tx:
        if isinstance(connection, str):
            connection = await _connection(tx, connection, now=now)
        opened = await sessions.open_exchange(
            tx, connection=connection, kind=Kind.FOLDER, address="", now=now
        )
    found = await asyncio.to_thread(_files_below, path)
    to_import = import_order(
        [name for name in found if "/" not in name and name.lower().endswith(".xml")]
    )
    for name in sorted(found, key=lambda one: one in to_import):
        if name in to_import or name.startswith("import_files/"):
            await receive(context, opened, safe_name(name), found[name])
    done: list[ImportedFile] = []
    for place, name in enumerate(to_import):
        if progress is not None:
            progress(place, len(to_import), name)
        done.append(await _import(context, opened, name))
    await removal.finish_exchange(context, exchange_id=opened.exchange_id)
    async with context.database.transaction() as tx:
        exchange = await sessions.find_exchange(tx, token=opened.token, now=now)
        await sessions.touch(tx, exchange=exchange, now=context.clock.now(), state="complete")
    if progress is not None:
        progress(len(to_import), len(to_import), "")
    return FolderReport(tuple(done))


def _files_below(path: Path) -> dict[str, Path]:
    return {one.relative_to(path).as_posix(): one for one in path.rglob("*") if one.is_file()}


async def _connection(tx: Transaction, code: str, *, now: datetime) -> Connection:
    known = await markets.list_markets(tx)
    if not known:
        return await sessions.find_connection(tx, code=code)
    return await sessions.ensure_connection(tx, market=known[0].code, code=code, now=now)


async def receive(context: Context, opened: sessions.Opened, name: str, path: Path) -> None:
    """Keep a file of this machine as 1C would have sent it, in parts: one at a time in memory."""
    now = context.clock.now()
    with path.open("rb") as stream:
        while piece := stream.read(PIECE_BYTES):
            key = f"erp/{now:%Y-%m-%d}/{opened.exchange_id.hex}/{new_id(now).hex}"
            written = await context.storage.put(key, piece)
            async with context.database.transaction() as tx:
                exchange = await sessions.find_exchange(tx, token=opened.token, now=now)
                await sessions.add_chunk(
                    tx,
                    exchange=exchange,
                    kind=Kind.CATALOG,
                    name=name,
                    chunk={
                        "size_bytes": written.size,
                        "sha256": written.sha256,
                        "storage_key": key,
                    },
                    now=now,
                )


async def _import(context: Context, opened: sessions.Opened, name: str) -> ImportedFile:
    now = context.clock.now()
    async with context.database.transaction() as tx:
        row = await tx.one(sql.LATEST_FILE, {"exchange_id": opened.exchange_id, "name": name})
        # Not through the queue: this process does it itself.
        await tx.execute(sql.START_FILE, {"id": row.id, "state": FileState.WAITING, "now": now})
    await run.run_import(context, row.id)
    async with context.database.snapshot(single=True) as snap:
        return await queries.get_file(snap, file_id=row.id)
