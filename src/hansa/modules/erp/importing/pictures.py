"""Pictures that came with goods: made into WebP of sensible size and hung on their products."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from hansa.kernel.errors import HansaError, Invalid
from hansa.modules import catalog
from hansa.modules.erp.importing import content
from hansa.modules.erp.importing.desk import Desk
from hansa.modules.erp.jobs_data import AttachPictures
from hansa.modules.erp.model import ImportedFile, NoSuchFile
from hansa.modules.erp.rows import connection_of, file_of
from hansa.modules.erp.store import exchange as sql
from hansa.runtime.context import Context

PICTURE_BYTES_MAX = 50 * 1024 * 1024


@dataclass(eq=False)
class PictureTooLarge(Invalid):
    """The file of a picture is absurdly large."""

    code: ClassVar[str] = "erp.picture_too_large"
    message: ClassVar[str] = "The picture {name} is larger than {limit_bytes} bytes."

    name: str
    limit_bytes: int


async def attach_pictures(context: Context, job: AttachPictures) -> None:
    """Attach the pictures of some products; one that is missing or broken is logged, not fatal."""
    async with context.database.snapshot() as snap:
        row = await snap.maybe(sql.FILE, {"id": job.file_id})
        if row is None:
            return
        file = file_of(row)
        connection = connection_of(await snap.one(sql.CONNECTION, {"id": file.connection_id}))
        names = sorted({name for several in job.names for name in several})
        rows = await snap.all(sql.FILES_BY_NAME, {"exchange_id": file.exchange_id, "names": names})
        files = {row.name: file_of(row) for row in rows}
    desk = Desk(connection, file)
    for product_id, title, several in zip(job.product_ids, job.titles, job.names, strict=True):
        media = []
        for name in several:
            try:
                path_of = files.get(name) or _in_archive(file, name)
                media.append(await _media(context, desk, path_of, title))
            except HansaError as error:
                desk.refuse("picture", name, error, title=title)
        now = context.clock.now()
        async with context.database.transaction() as tx:
            if media:
                await catalog.set_media(tx, product_id=product_id, media=media, now=now)
            await desk.write_log(tx, now=now)


def _in_archive(file: ImportedFile, name: str) -> ImportedFile:
    if file.archive_id is None:
        raise NoSuchFile(name)
    return ImportedFile(
        **{
            field: getattr(file, field)
            for field in ImportedFile.__dataclass_fields__
            if field not in {"name", "reading"}
        },
        name=name,
        reading=None,
    )


async def _media(context: Context, desk: Desk, file: ImportedFile, title: str) -> catalog.Media:
    async with content.opened(context, file) as path:
        picture = await asyncio.to_thread(_read, path, file.name)
    return await catalog.store_picture(context.storage, picture, alt=desk.named(title))


def _read(path: Path, name: str) -> bytes:
    if path.stat().st_size > PICTURE_BYTES_MAX:
        raise PictureTooLarge(name, PICTURE_BYTES_MAX)
    return path.read_bytes()
