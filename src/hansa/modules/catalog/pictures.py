"""Pictures of goods in the storage: each in the sizes it is shown in, named by its content.

A picture `media/products/ab12.webp` is the widest; `media/products/ab12-320.webp` and so on are
narrower. What comes in may be hostile: only a few formats are opened, and none with more pixels
than a camera makes.
"""

import asyncio
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from PIL import Image, ImageOps

from hansa.kernel.errors import Invalid
from hansa.kernel.text import Localised
from hansa.modules.catalog.model import Media
from hansa.runtime.storage import Storage

WIDTHS = (640, 320, 160)
"""Widths in pixels, the widest first; a picture that is narrower is not enlarged."""

PIXELS_MAX = 60_000_000
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
_FOLDER = "media/products"
_QUALITY = 82


@dataclass(eq=False)
class PictureUnreadable(Invalid):
    """This is no picture that can be shown."""

    code: ClassVar[str] = "catalog.picture_unreadable"
    message: ClassVar[str] = (
        "This picture cannot be read. Send a JPEG, PNG or WebP of at most 60 megapixels."
    )


def sized(key: str, width: int) -> str:
    """Give the name of a picture at one of `WIDTHS`."""
    if width == WIDTHS[0]:
        return key
    stem, dot, ending = key.rpartition(".")
    return f"{stem}-{width}{dot}{ending}"


async def store_picture(storage: Storage, content: bytes, *, alt: Localised) -> Media:
    """Keep a picture in every size; the same content again is kept once.

    Raises:
        PictureUnreadable: it is none, or too large.
    """
    key = f"{_FOLDER}/{hashlib.sha256(content).hexdigest()[:32]}.webp"
    packed, size = await asyncio.to_thread(pack_picture, content)
    await store_sizes(storage, key, packed)
    return Media(key=key, width=size[0], height=size[1], alt=alt)


async def store_sizes(storage: Storage, key: str, packed: Mapping[int, bytes]) -> None:
    """Keep the sizes of a picture; the widest last, so that all are there if that one is."""
    for width in reversed(WIDTHS):
        await storage.put(sized(key, width), packed[width])


def pack_picture(content: bytes) -> tuple[dict[int, bytes], tuple[int, int]]:
    """Make WebP files of every width, and tell the widest one's size in pixels.

    Raises:
        PictureUnreadable: it is no picture, or too large.
    """
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as opened:
            if opened.width * opened.height > PIXELS_MAX:
                raise PictureUnreadable
            opened.draft("RGB", (WIDTHS[0] * 2, WIDTHS[0] * 2))
            whole = ImageOps.exif_transpose(opened).convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise PictureUnreadable from error
    ground = Image.new("RGB", whole.size, "white")
    ground.paste(whole, mask=whole.getchannel("A"))
    packed, size = {}, (0, 0)
    for width in WIDTHS:
        narrow = min(width, ground.width)
        height = max(1, round(ground.height * narrow / ground.width))
        scaled = ground.resize((narrow, height), Image.Resampling.LANCZOS)
        size = size if size != (0, 0) else scaled.size
        file = io.BytesIO()
        scaled.save(file, "WEBP", quality=_QUALITY, method=4)
        packed[width] = file.getvalue()
    return packed, size
