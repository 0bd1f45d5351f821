"""Files a member of staff brings by hand: the same import as through the protocol."""

import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import ClassVar
from uuid import UUID

from hansa.kernel.errors import Invalid
from hansa.modules import accounts
from hansa.modules.erp import sessions
from hansa.modules.erp.commerceml import safe_name, unpack
from hansa.modules.erp.folder import import_order, receive
from hansa.modules.erp.model import Connection, Kind
from hansa.runtime.context import Context
from hansa.runtime.http import Actor


@dataclass(eq=False)
class NothingToImport(Invalid):
    """Neither an XML file nor an archive with one was sent."""

    code: ClassVar[str] = "erp.nothing_to_import"
    message: ClassVar[str] = "Choose XML files of 1C, or a zip archive with them."


async def receive_files(
    context: Context, *, connection: Connection, files: Sequence[tuple[str, Path]], by: Actor
) -> tuple[UUID, ...]:
    """Take files by name, archives unpacked, and have the XML among them imported in order.

    Gives the ids of the files that wait. Written to the audit log.

    Raises:
        NothingToImport: there is no XML file.
        UnsafeArchive, UnsafeName: an archive or a name was made to do harm; nothing is taken.
    """
    now = context.clock.now()
    with tempfile.TemporaryDirectory(prefix="hansa-upload-") as folder:
        found = await asyncio.to_thread(_spread, files, Path(folder))
        to_import = import_order([name for name in found if name.lower().endswith(".xml")])
        if not to_import:
            raise NothingToImport
        async with context.database.transaction() as tx:
            opened = await sessions.open_exchange(
                tx, connection=connection, kind=Kind.FOLDER, address="", now=now
            )
        for name, path in found.items():
            await receive(context, opened, name, path)
    async with context.database.transaction() as tx:
        exchange = await sessions.find_exchange(tx, token=opened.token, now=now)
        waiting = [
            await sessions.request_import(
                tx, exchange=exchange, kind=Kind.CATALOG, name=name, now=now
            )
            for name in to_import
        ]
        await sessions.complete_exchange(tx, exchange=exchange, now=now)
        await accounts.record(
            tx,
            actor=by,
            action="erp.files_brought",
            subject_kind="erp_exchange",
            subject_id=opened.exchange_id,
            after={"files": to_import},
            now=now,
        )
    return tuple(file.id for file in waiting)


def _spread(files: Sequence[tuple[str, Path]], folder: Path) -> dict[str, Path]:
    """Lay out what was sent under safe names, archives unpacked."""
    found: dict[str, Path] = {}
    numbers = count()
    for name, path in files:
        if not name.lower().endswith(".zip"):
            found[safe_name(name)] = path
            continue
        packed: dict[str, Path] = {}
        with path.open("rb") as stream:
            for entry in unpack(stream):
                packed[entry.name] = folder / str(next(numbers))
                with packed[entry.name].open("wb") as copy:
                    shutil.copyfileobj(entry.stream, copy)
        found |= _without_folder(packed)
    return found


def _without_folder(packed: dict[str, Path]) -> dict[str, Path]:
    """Leave out the folder that everything lies in, as when a folder was packed whole."""
    tops = {name.partition("/")[0] for name in packed}
    if len(tops) != 1 or any("/" not in name for name in packed):
        return packed
    return {name.partition("/")[2]: path for name, path in packed.items()}
