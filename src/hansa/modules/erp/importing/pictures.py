"""Pictures that came with goods: made into WebP of sensible size and hung on their products."""

import asyncio
import hashlib
import io
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from hansa.kernel.errors import HansaError
from hansa.modules import catalog
from hansa.modules.erp.importing import content
from hansa.modules.erp.importing.desk import Desk
from hansa.modules.erp.jobs_data import AttachPictures
from hansa.modules.erp.model import Action, ImportedFile, NoSuchFile
from hansa.modules.erp.rows import connection_of, file_of
from hansa.modules.erp.store import exchange as sql
from hansa.runtime.context import Context

SIDE_PIXELS_MAX = 1600
PIXELS_MAX = 80_000_000
QUALITY = 82


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
            except (OSError, ValueError, UnidentifiedImageError, Image.DecompressionBombError):
                desk.note(
                    "picture",
                    Action.REFUSED,
                    external_id=name,
                    title=title,
                    code="erp.broken_picture",
                    reason="The picture cannot be read.",
                )
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
        made, width, height = await asyncio.to_thread(_webp, path)
    key = f"media/products/{hashlib.sha256(made).hexdigest()[:40]}.webp"
    if not await context.storage.exists(key):
        await context.storage.put(key, made)
    return catalog.Media(key=key, width=width, height=height, alt=desk.named(title))


def _webp(path: Path) -> tuple[bytes, int, int]:
    with Image.open(path) as picture:
        if picture.width * picture.height > PIXELS_MAX:
            raise ValueError("too many pixels")
        turned = ImageOps.exif_transpose(picture)
        turned = turned.convert("RGBA" if "A" in turned.getbands() else "RGB")
        turned.thumbnail((SIDE_PIXELS_MAX, SIDE_PIXELS_MAX), Image.Resampling.LANCZOS)
        copy = io.BytesIO()
        turned.save(copy, "WEBP", quality=QUALITY, method=4)
        return copy.getvalue(), turned.width, turned.height
