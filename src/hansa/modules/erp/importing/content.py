"""The bytes of a file: put together from its chunks, or taken out of an archive, into a local copy.

The protocol gives chunks no number. 1C repeats one whose answer it did not get, so a chunk that
equals the one before it may be a repeat or, hardly ever, content. Both readings are tried, the one
without repeats first, and the first that is whole is taken. The same goes for a file sent twice.
"""

import asyncio
import tempfile
import zipfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from hansa.modules.erp import commerceml
from hansa.modules.erp.commerceml import MalformedFile, UnsafeArchive
from hansa.modules.erp.model import ImportedFile, NoSuchFile
from hansa.modules.erp.rows import file_of
from hansa.modules.erp.store import exchange as sql
from hansa.runtime.context import Context
from hansa.runtime.database import Row, Snapshot

COPY_BYTES = 1024 * 1024
EVERYTHING = 1 << 62


@asynccontextmanager
async def opened(context: Context, file: ImportedFile) -> AsyncIterator[Path]:
    """Give a local copy of a file's content, removed afterwards.

    Raises:
        NoSuchFile: there is nothing of it, or its archive has no such entry.
        UnsafeArchive, UnsafeName: the archive is damaged or made to do harm.
    """
    with tempfile.TemporaryDirectory(prefix="hansa-erp-") as folder:
        if file.archive_id is None:
            yield await _assembled(context, file, Path(folder))
            return
        async with context.database.snapshot(single=True) as snap:
            archive = file_of(await snap.one(sql.FILE, {"id": file.archive_id}))
        packed = await _assembled(context, archive, Path(folder))
        path = Path(folder) / "entry"
        if not await asyncio.to_thread(_extract, packed, file.name, path):
            raise NoSuchFile(file.name)
        yield path


async def names_in(context: Context, archive: ImportedFile) -> list[str]:
    """List the entries of an archive that was received."""
    with tempfile.TemporaryDirectory(prefix="hansa-erp-") as folder:
        packed = await _assembled(context, archive, Path(folder))
        return await asyncio.to_thread(_entries, packed)


def _entries(packed: Path) -> list[str]:
    with packed.open("rb") as stream:
        return [entry.name for entry in commerceml.unpack(stream)]


def _extract(packed: Path, name: str, path: Path) -> bool:
    with packed.open("rb") as stream:
        for entry in commerceml.unpack(stream):
            if entry.name == name:
                with path.open("wb") as copy:
                    while piece := entry.stream.read(COPY_BYTES):
                        copy.write(piece)
                return True
    return False


async def _assembled(context: Context, file: ImportedFile, folder: Path) -> Path:
    async with context.database.snapshot(single=True) as snap:
        chunks = await snap.all(sql.CHUNKS, {"file_id": await _origin(snap, file)})
    if not chunks:
        raise NoSuchFile(file.name)
    path = folder / "content"
    readings = (
        {file.reading: _readings(chunks)[file.reading]} if file.reading else _readings(chunks)
    )
    for name, chosen in readings.items():
        await _write(context, chosen, path)
        if len(readings) == 1:
            return path
        if await asyncio.to_thread(_is_whole, path, file.name):
            async with context.database.transaction() as tx:
                await tx.execute(sql.SET_READING, {"id": file.id, "reading": name})
            return path
    # No reading is whole: the plainest one is kept, so that the error is about what was sent.
    await _write(context, readings["as_sent"], path)
    return path


async def _origin(snap: Snapshot, file: ImportedFile) -> UUID:
    """Give the file that has the chunks: a repeated import has none of its own."""
    origin = file
    while origin.repeats_id is not None:
        origin = file_of(await snap.one(sql.FILE, {"id": origin.repeats_id}))
    return origin.id


def _readings(chunks: Sequence[Row]) -> dict[str, list[Row]]:
    once = [
        chunk
        for before, chunk in zip([None, *chunks], chunks, strict=False)
        if before is None or (before.sha256, before.size_bytes) != (chunk.sha256, chunk.size_bytes)
    ]
    if len(once) == len(chunks) and not _is_doubled(chunks):
        return {"as_sent": list(chunks)}
    found = {"repeats_dropped": once, "as_sent": list(chunks)}
    if _is_doubled(once):
        found = {"sent_twice": once[: len(once) // 2]} | found
    return found


def _is_doubled(chunks: Sequence[Row]) -> bool:
    half = len(chunks) // 2
    sums = [chunk.sha256 for chunk in chunks]
    return half > 0 and len(chunks) == 2 * half and sums[:half] == sums[half:]


async def _write(context: Context, chunks: Sequence[Row], path: Path) -> None:
    with path.open("wb") as copy:
        for chunk in chunks:
            async for piece in context.storage.stream(chunk.storage_key):
                copy.write(piece)


def _is_whole(path: Path, name: str) -> bool:
    lowered = name.lower()
    try:
        if lowered.endswith(".zip"):
            with zipfile.ZipFile(path) as archive:
                return archive.testzip() is None
        if lowered.endswith(".xml"):
            with path.open("rb") as stream:
                for _ in commerceml.read(stream, skip=EVERYTHING):
                    pass
    except (zipfile.BadZipFile, MalformedFile, UnsafeArchive, OSError, RuntimeError):
        return False
    return True
