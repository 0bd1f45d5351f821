"""The large pictures of the demo shop: hero, banner, tiles of categories, share card, icons."""

import io
from collections.abc import Iterator

from hansa.assembly.demo import pictures
from hansa.assembly.demo.garments import props
from hansa.assembly.demo.garments.cloth import Colour
from hansa.assembly.demo.pictures import Placed

GREEN = Colour.of("green", "#1f4d3f")
SAGE = Colour.of("sage", "#6b7a5e")
BRICK = Colour.of("brick", "#a4574b")
DENIM = Colour.of("denim", "#46566b")
INK = Colour.of("ink", "#2f3338")
MILK = Colour.of("milk", "#e4dccb")
CAMEL = Colour.of("camel", "#b98f5a")
CHERRY = Colour.of("cherry", "#7a3742")
ROSE = Colour.of("rose", "#c69a93")
SAND = Colour.of("sand", "#cdb592")
SKY = Colour.of("sky", "#9db4c6")
CHOCOLATE = Colour.of("chocolate", "#5a4034")
_OAT = Colour.of("oat", "#e9e1d3")
_SHELL = Colour.of("shell", "#efe3dc")
_MIST = Colour.of("mist", "#e2e5e2")

HERO = (
    Placed("coat", SAGE, 300, 128, 0.98, hanger=True),
    Placed("jumper", MILK, 642, 128, 0.86, hanger=True),
    Placed("dress_midi", BRICK, 980, 128, 0.92, hanger=True),
    Placed("tote", CAMEL, 1215, 690, 0.5),
    Placed("boot", CHOCOLATE, 660, 770, 0.5),
    Placed("scarf", CHERRY, 1240, 62, 0.66),
)
BANNER = (
    Placed("trousers", INK, 1130, 60, 0.92, 7),
    Placed("shirt", SKY, 470, -40, 0.98, -8),
    Placed("belt", CHOCOLATE, 840, 480, 0.62, -6),
    Placed("loafer", CHOCOLATE, 250, 500, 0.62, -4),
    Placed("crossbody", CHERRY, 1330, 380, 0.56, 8),
)
TILES: dict[str, tuple[Colour, tuple[Placed, ...]]] = {
    "outerwear": (
        _OAT,
        (
            Placed("trench", SAND, 270, 80, 0.8, -3, hanger=True),
            Placed("coat", DENIM, 545, 130, 0.8, 2, hanger=True),
        ),
    ),
    "dresses": (
        _SHELL,
        (
            Placed("dress_slip", CHERRY, 245, 30, 0.92, -3),
            Placed("dress_midi", ROSE, 540, 110, 0.88, 3, hanger=True),
        ),
    ),
    "knitwear": (
        _MIST,
        (Placed("cardigan", MILK, 300, 40, 0.86, -5), Placed("jumper", DENIM, 480, 250, 0.84, 4)),
    ),
    "tops": (
        _OAT,
        (
            Placed("blouse", MILK, 290, 10, 0.86, -5),
            Placed("shirt", SKY, 490, 200, 0.86, 5, pattern="pinstripe"),
        ),
    ),
    "bottoms": (
        _MIST,
        (Placed("jeans", DENIM, 270, 60, 0.92, -4), Placed("skirt", CAMEL, 530, 150, 0.86, 4)),
    ),
    "shoes": (
        _SHELL,
        (Placed("boot", CHOCOLATE, 310, -60, 0.86), Placed("loafer", CAMEL, 480, 290, 0.86)),
    ),
    "bags": (
        _OAT,
        (Placed("tote", CAMEL, 330, -10, 0.86, -3), Placed("crossbody", CHERRY, 500, 350, 0.76, 4)),
    ),
    "accessories": (
        _MIST,
        (
            Placed("scarf", BRICK, 270, 40, 0.84, -4),
            Placed("beanie", MILK, 545, 260, 0.62, 5),
            Placed("belt", CHOCOLATE, 500, 500, 0.6, -4),
        ),
    ),
    "men": (
        _MIST,
        (
            Placed("men_coat", INK, 270, 80, 0.82, -3, hanger=True),
            Placed("men_jumper", SAGE, 540, 170, 0.8, 3, hanger=True),
        ),
    ),
    "women": (
        _SHELL,
        (
            Placed("coat", CAMEL, 275, 80, 0.82, -3, hanger=True),
            Placed("dress_shirt", DENIM, 545, 130, 0.84, 3, hanger=True),
        ),
    ),
}


def showcase() -> Iterator[tuple[str, bytes]]:
    """Give (file name, bytes) of every large picture: `hero-1400.webp`, `share.png`, icons."""
    hero = pictures.render(pictures.hero(HERO, _OAT), 1400)
    for width, packed in pictures.pack(hero, (1400, 1000, 700)):
        yield f"hero-{width}.webp", packed
    upright = pictures.render(pictures.tile(_UPRIGHT, _OAT), 1000)
    for width, packed in pictures.pack(upright, (1000, 700)):
        yield f"hero-upright-{width}.webp", packed
    lying = pictures.render(pictures.banner(BANNER, _MIST), 1200)
    for width, packed in pictures.pack(lying, (1200, 800, 400)):
        yield f"banner-{width}.webp", packed
    for name, (ground, garments) in TILES.items():
        for width, packed in pictures.pack(
            pictures.render(pictures.tile(garments, ground), 640), (640, 320)
        ):
            yield f"tile-{name}-{width}.webp", packed
    yield "share.png", _png(pictures.hero(HERO, _OAT, width=1400, height=735), 1200)
    for size in (180, 192, 512):
        yield (
            f"icon-{size}.png",
            _png(props.brand_icon(GREEN, size=512, padding=0.22, corner=0), size),
        )


_UPRIGHT = (
    Placed("coat", SAGE, 270, 90, 0.86, -2, hanger=True),
    Placed("dress_midi", BRICK, 560, 120, 0.84, 3, hanger=True),
    Placed("tote", CAMEL, 640, 640, 0.42),
)


def _png(svg: str, width: int) -> bytes:
    packed = io.BytesIO()
    pictures.render(svg, width).save(packed, "PNG", optimize=True)
    return packed.getvalue()
