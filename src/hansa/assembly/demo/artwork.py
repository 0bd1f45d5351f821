"""Draws the demo's pictures into the storage, on every core, once."""

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from hansa.assembly.demo import pictures
from hansa.assembly.demo.assortment import Look
from hansa.assembly.demo.garments import Colour
from hansa.modules import catalog
from hansa.runtime.storage import Storage

FOLDER = "media/demo"
FRONT, BACK = 1, 2
DRAWN_AT_ONCE = 16


def picture_key(look: Look, view: int) -> str:
    """Give the storage key of a look seen from a side."""
    return f"{FOLDER}/{look.kind}-{look.colour.code}-{pattern_of(look) or 'plain'}-{view}.webp"


def media_of(looks: Sequence[Look], name: Mapping[str, str]) -> list[catalog.Media]:
    """Give the pictures of a product: each colour from each side."""
    return [
        catalog.Media(
            key=picture_key(look, view),
            width=pictures.WIDTHS[0],
            height=pictures.WIDTHS[0] * 5 // 4,
            alt={"ru": f"{name['ru']}, {look.colour.ru}", "en": f"{name['en']}, {look.colour.en}"},
            options={"colour": look.colour.ru},
        )
        for look, view in _views(looks)
    ]


def _views(looks: Sequence[Look]) -> list[tuple[Look, int]]:
    """Give what is shown of a product: each colour from the front, the first also from the back."""
    return [(looks[0], FRONT), (looks[0], BACK), *((look, FRONT) for look in looks[1:])]


async def draw_looks(
    storage: Storage, products: Iterable[Sequence[Look]], *, show: Callable[[int, int], None]
) -> None:
    """Draw the looks of all products that are not in the storage yet."""
    wanted = {
        picture_key(look, view): (look, view) for looks in products for look, view in _views(looks)
    }
    missing = [key for key in wanted if not await storage.exists(key)]
    done = len(wanted) - len(missing)
    show(done, len(wanted))
    if not missing:
        return
    loop = asyncio.get_running_loop()
    # Spawned, not forked: this process has threads and connections that a copy must not share.
    with ProcessPoolExecutor(os.cpu_count() or 1, mp_context=get_context("spawn")) as pool:
        for start in range(0, len(missing), DRAWN_AT_ONCE):
            keys = missing[start : start + DRAWN_AT_ONCE]
            drawn = await asyncio.gather(
                *(loop.run_in_executor(pool, _draw, *wanted[key]) for key in keys)
            )
            for key, packed in zip(keys, drawn, strict=True):
                await catalog.store_sizes(storage, key, packed)
            done += len(keys)
            show(done, len(wanted))


def _draw(look: Look, view: int) -> dict[int, bytes]:
    colour = Colour.of(look.colour.code, look.colour.hex)
    return pictures.picture(look.kind, colour, view, pattern_of(look))


_KNIT = (None, "cable", None, "rib", "stripe")
_WOVEN = (None, None, "check", None, "herringbone")
_CLOTHS = {
    **dict.fromkeys(("jumper", "men_jumper", "cardigan", "beanie"), _KNIT),
    **dict.fromkeys(("tshirt", "men_tshirt"), (None, None, None, "stripe", None)),
    **dict.fromkeys(("shirt", "men_shirt"), (None, None, "pinstripe", None, "gingham")),
    **dict.fromkeys(("dress_midi", "skirt", "blouse"), (None, "floral", None, None, "dots", None)),
    **dict.fromkeys(("coat", "men_coat", "blazer", "trousers", "men_trousers"), _WOVEN),
    "scarf": (None, "check", "stripe"),
}


def pattern_of(look: Look) -> str | None:
    """Choose the cloth of a cut, so that a shelf of one kind does not look the same throughout."""
    cloths = _CLOTHS.get(look.kind)
    return cloths[look.style % len(cloths)] if cloths else None
