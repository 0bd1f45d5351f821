"""Pictures of the demo's goods: drawn as SVG, rendered by resvg, packed as WebP.

`draw` makes one picture of a garment; `render` turns SVG into pixels; `pack` gives the sizes a page
asks for; `picture` does all three, faster. `hero`, `tile` and `banner` compose several garments.
Everything is a function of its arguments: the same arguments give the same bytes.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import resvg_py
from PIL import Image, ImageChops, ImageFilter

from hansa.assembly.demo.garments import KINDS, props, shoes, tops
from hansa.assembly.demo.garments.cloth import BLACK, WHITE, Cloth, Colour

WIDTH, HEIGHT = 800, 1000
WIDTHS = (640, 320, 160)
WEBP_QUALITY = 82
VIEWS = (1, 2, 3)

# What a garment is made of when the caller names no pattern: knitwear is knitted, jeans are twill.
_CLOTHS = {
    "jumper": "cable",
    "men_jumper": "knit",
    "cardigan": "rib",
    "scarf": "knit",
    "jeans": "twill",
    "coat": "herringbone",
    "men_coat": "herringbone",
    "blazer": "herringbone",
}
# How a garment fills the picture: scale, and the height of its middle.
_FRAME_OF: dict[str, tuple[float, float]] = {
    **dict.fromkeys(KINDS, (1.1, 515.0)),
    **dict.fromkeys(tops.DRAWINGS, (1.22, 505.0)),
    **dict.fromkeys(shoes.DRAWINGS, (1.3, 510.0)),
    **dict.fromkeys(("blazer", "men_jacket", "down_jacket"), (1.2, 440.0)),
    "boot": (1.16, 452.0),
    "hoodie": (1.22, 460.0),
    "men_hoodie": (1.2, 460.0),
    "jumper": (1.22, 480.0),
    "shorts": (1.35, 455.0),
    "skirt": (1.18, 505.0),
    "belt": (1.25, 540.0),
    "umbrella": (1.05, 505.0),
    "scarf": (1.05, 500.0),
    "tote": (1.15, 525.0),
    "crossbody": (1.12, 455.0),
    "beanie": (1.15, 490.0),
}
_PAPER = Colour("paper", 247, 243, 236)


@dataclass(frozen=True, slots=True)
class Placed:
    """A garment in a composition: where its middle top is, how large, how it leans (degrees)."""

    kind: str
    colour: Colour
    x: float
    y: float
    scale: float = 1.0
    lean: float = 0.0
    hanger: bool = False
    pattern: str | None = None


def ground_of(colour: Colour) -> Colour:
    """Give the calm pastel that a colour stands out from."""
    if colour.light > 0.74:
        return colour.mixed(Colour("stone", 176, 164, 148), 0.42).mixed(WHITE, 0.18)
    pale = colour.mixed(_PAPER, 0.8)
    return pale.mixed(Colour("warm", 233, 224, 212), 0.35)


def draw(kind: str, colour: Colour, view: int = 1, pattern: str | None = None) -> str:
    """Draw a garment as SVG: view 1 the front, 2 the back, 3 its cloth close by.

    Raises:
        KeyError: there is no such kind.
    """
    cloth_pattern = pattern or _CLOTHS.get(kind)
    if view == 3:
        body, defs = props.close_by(kind, colour, cloth_pattern)
        return _document(WIDTH, HEIGHT, colour, defs, body)
    body, defs = _garment(kind, colour, cloth_pattern, back=view == 2, key="g")
    return _document(WIDTH, HEIGHT, ground_of(colour), defs, _framed(kind, body))


def render(svg: str, width: int = WIDTH) -> Image.Image:
    """Render an SVG to pixels of the given width."""
    png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=width, skip_system_fonts=True))
    return Image.open(io.BytesIO(png)).convert("RGB")


def pack(image: Image.Image, widths: Sequence[int] = WIDTHS) -> Iterator[tuple[int, bytes]]:
    """Give (width, WebP) for each width, largest first; smaller ones are made of the larger."""
    last = image
    for width in sorted(widths, reverse=True):
        if last.width != width:
            last = last.resize(
                (width, round(last.height * width / last.width)),
                Image.Resampling.BOX,
                reducing_gap=None,
            )
        packed = io.BytesIO()
        last.save(packed, "WEBP", quality=WEBP_QUALITY, method=2)
        yield width, packed.getvalue()


@lru_cache(maxsize=256)
def picture(
    kind: str, colour: Colour, view: int = 1, pattern: str | None = None
) -> dict[int, bytes]:
    """Give the WebP files of a picture by width (`WIDTHS`); the same picture is made once.

    Looks as `draw` does and takes a third of the time: ground and shadow are blurred small and laid
    under the garment.
    """
    if view == 3:
        small = render(draw(kind, colour, view, pattern), WIDTHS[1])
        return dict(pack(small.resize((WIDTHS[0], WIDTHS[0] * 5 // 4), Image.Resampling.LANCZOS)))
    cloth = Cloth(colour, pattern or _CLOTHS.get(kind), "g")
    KINDS[kind](cloth, view == 2)
    size = (WIDTHS[0], WIDTHS[0] * HEIGHT // WIDTH)
    ground = _lit_ground(ground_of(colour), size)
    framed = _framed(kind, "".join(cloth.shape))
    mask = _pixels(_document(WIDTH, HEIGHT, None, "", framed), size[0] // 4).getchannel("A")
    dark = Image.new("RGB", size, ground_of(colour).mixed(BLACK, 0.75).code)
    for blur, down, share in ((4.0, 26, 0.34), (1.2, 6, 0.2)):
        shadow = mask.filter(ImageFilter.GaussianBlur(blur)).resize(size, Image.Resampling.BICUBIC)
        shadow = ImageChops.offset(shadow, down // 3, round(down * size[0] / WIDTH))
        ground.paste(dark, mask=shadow.point([round(level * share) for level in range(256)]))
    drawing = _document(
        WIDTH, HEIGHT, None, cloth.definitions(), _framed(kind, "".join(cloth.parts))
    )
    garment = _pixels(drawing, size[0])
    ground.paste(garment, mask=garment.getchannel("A"))
    return dict(pack(ground))


def _pixels(svg: str, width: int) -> Image.Image:
    png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=width, skip_system_fonts=True))
    return Image.open(io.BytesIO(png)).convert("RGBA")


def _lit_ground(colour: Colour, size: tuple[int, int]) -> Image.Image:
    top, low = colour.mixed(WHITE, 0.28), colour.mixed(BLACK, 0.045)
    return Image.composite(
        Image.new("RGB", size, low.code), Image.new("RGB", size, top.code), _light(size)
    )


@lru_cache(maxsize=4)
def _light(size: tuple[int, int]) -> Image.Image:
    """Give how dark a ground is at each point: lit from the upper left."""
    wide = Image.radial_gradient("L").resize(
        (round(size[0] * 2), round(size[1] * 2)), Image.Resampling.BICUBIC
    )
    left, upper = round(size[0] * 0.58), round(size[1] * 0.64)
    return wide.crop((left, upper, left + size[0], upper + size[1]))


def _framed(kind: str, body: str) -> str:
    scale, middle = _FRAME_OF[kind]
    return f'<g transform="translate(400 500) scale({scale:g}) translate(0 {-middle:g})">{body}</g>'


def hero(
    garments: Sequence[Placed], ground: Colour, *, width: int = 1400, height: int = 1200
) -> str:
    """Compose garments on a clothes rail; `x` counts from the left edge of the picture."""
    return _composition(
        garments, ground, width=width, height=height, behind=props.rail(width), floor=0.86
    )


def banner(
    garments: Sequence[Placed], ground: Colour, *, width: int = 1500, height: int = 1000
) -> str:
    """Compose garments lying on a plain ground."""
    return _composition(garments, ground, width=width, height=height, behind="", floor=None)


def tile(garments: Sequence[Placed], ground: Colour) -> str:
    """Compose a tile of a category, 4:5."""
    return _composition(garments, ground, width=WIDTH, height=HEIGHT, behind="", floor=None)


def shapes(body: str, ground: Colour, *, width: int, height: int) -> str:
    """Put shapes on a ground; their shadows may use the filters `near` and `soft`."""
    return _document(width, height, ground, "", body)


def _composition(
    garments: Sequence[Placed],
    ground: Colour,
    *,
    width: int,
    height: int,
    behind: str,
    floor: float | None,
) -> str:
    defs, body = "", ""
    if floor is not None:
        deeper = ground.mixed(BLACK, 0.09).code
        body += f'<rect y="{height * floor:g}" width="{width}" height="{height}" fill="{deeper}"/>'
    body += behind
    for number, one in enumerate(garments):
        pattern = one.pattern or _CLOTHS.get(one.kind)
        drawn, own = _garment(one.kind, one.colour, pattern, back=False, key=f"g{number}")
        defs += own
        hanger = props.hanger(46 if one.kind in tops.DRAWINGS else 0) if one.hanger else ""
        place = f"translate({one.x:g} {one.y:g}) rotate({one.lean:g}) scale({one.scale:g})"
        body += f'<g transform="{place}">{hanger}{drawn}</g>'
    return _document(width, height, ground, defs, body)


def _garment(
    kind: str, colour: Colour, pattern: str | None, *, back: bool, key: str
) -> tuple[str, str]:
    """Give the drawing with its shadow, around x = 0, and its definitions."""
    cloth = Cloth(colour, pattern, key)
    KINDS[kind](cloth, back)
    dark = ground_of(colour).mixed(BLACK, 0.75).code
    shape = "".join(cloth.shape)
    shadow = "".join(
        f'<g fill="{dark}" opacity="{share}" filter="url(#{blur})" transform="{by}">{shape}</g>'
        for share, blur, by in ((0.34, "soft", "translate(10 26)"), (0.2, "near", "translate(2 6)"))
    )
    return shadow + "".join(cloth.parts), cloth.definitions()


def _document(width: int, height: int, ground: Colour | None, defs: str, body: str) -> str:
    under, own = "", ""
    if ground is not None:
        top, low = ground.mixed(WHITE, 0.28).code, ground.mixed(BLACK, 0.045).code
        own = (
            f'<radialGradient id="ground" cx=".42" cy=".36" r=".85">'
            f'<stop offset="0" stop-color="{top}"/>'
            f'<stop offset="1" stop-color="{low}"/></radialGradient>'
            '<filter id="soft" x="-.3" y="-.3" width="1.6" height="1.6">'
            '<feGaussianBlur stdDeviation="20"/></filter>'
            '<filter id="near" x="-.2" y="-.2" width="1.4" height="1.4">'
            '<feGaussianBlur stdDeviation="5"/></filter>'
        )
        under = f'<rect width="{width}" height="{height}" fill="url(#ground)"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}"><defs>{own}{defs}</defs>{under}{body}</svg>'
    )
