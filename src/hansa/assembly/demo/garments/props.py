"""What stands around the garments: rail and hanger, the sign of the shop, cloth seen close by."""

from hansa.assembly.demo.garments.cloth import BLACK, WHITE, WOOD, Cloth, Colour, pattern_of

# The sign of the demo shop, an alder leaf, around 0,0 and about 120 high.
LEAF = (
    '<path d="M0 -62 C26 -50 50 -24 48 6 C46 34 24 50 3 52 L3 70 L-3 70 L-3 52 C-24 50 -46 34 -48 6 C-50 -24 -26 -50 0 -62 Z '
    "M-2.4 -40 V46 H2.4 V-40 Z M4 22 L34 -2 L31 -6 L4 14 Z M-4 22 L-34 -2 L-31 -6 L-4 14 Z M4 -4 L27 -24 L24 -28 L4 -11 Z "
    'M-4 -4 L-27 -24 L-24 -28 L-4 -11 Z" fill-rule="evenodd"/>'
)


def rail(width: int) -> str:
    """Give a clothes rail across a picture."""
    return (
        f'<path d="M-20 150H{width + 20}" stroke="{WOOD.mixed(BLACK, 0.35).code}" stroke-width="17"/>'
        f'<path d="M-20 146H{width + 20}" stroke="{WOOD.code}" stroke-width="8"/>'
    )


def hanger(low: int) -> str:
    """Give a hanger whose shoulders lie `low` deeper than those of a coat; its hook stays."""
    metal = "#8d867c"
    wood = WOOD.code
    edge = WOOD.mixed(BLACK, 0.4).code
    return (
        f'<path d="M0 {150 + low} V104 C0 84 26 82 26 60 C26 34 -14 30 -18 58" fill="none" stroke="{metal}" stroke-width="7" stroke-linecap="round"/>'
        f'<path d="M-122 {204 + low} Q-60 {168 + low} 0 {146 + low} Q60 {168 + low} 122 {204 + low}" fill="none" stroke="{edge}" stroke-width="21" stroke-linecap="round"/>'
        f'<path d="M-122 {201 + low} Q-60 {165 + low} 0 {143 + low} Q60 {165 + low} 122 {201 + low}" fill="none" stroke="{wood}" stroke-width="16" stroke-linecap="round"/>'
    )


def brand_icon(
    colour: Colour, *, size: int = 512, padding: float = 0.2, corner: float = 0.22
) -> str:
    """Draw the sign of the shop on its colour, for favicon, manifest and home screens."""
    scale = size * (1 - 2 * padding) / 132
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}"><rect width="{size}" height="{size}" rx="{size * corner:g}" '
        f'fill="{colour.code}"/><g transform="translate({size / 2:g} {size * 0.485:g}) scale({scale:g})" fill="{WHITE.code}">{LEAF}</g></svg>'
    )


# What lies on the cloth of view 3: a button, a label, a metal eye.
_BUTTONED = {
    "coat",
    "men_coat",
    "trench",
    "blazer",
    "shirt",
    "men_shirt",
    "dress_shirt",
    "cardigan",
    "blouse",
    "trousers",
    "men_trousers",
    "shorts",
    "skirt",
}


def close_by(kind: str, colour: Colour, pattern: str | None) -> tuple[str, str]:
    """Give the cloth close by in soft waves, and the definitions it needs."""
    cloth = Cloth(colour, None, "w")
    bands = ""
    edges = [
        "M0 0 H800 V250 C620 190 420 330 0 210 Z",
        "M0 170 C300 330 560 150 800 230 V560 C560 470 320 660 0 520 Z",
        "M0 480 C320 650 560 430 800 540 V860 C560 760 300 940 0 800 Z",
        "M0 770 C300 930 560 730 800 830 V1000 H0 Z",
    ]
    big = pattern_of(pattern or "twill", colour, "w-weave", scale=2.1)
    wave = (
        '<linearGradient id="w-wave" x2=".18" y2="1"><stop offset="0" stop-color="#000" stop-opacity=".3"/>'
        '<stop offset=".22" stop-color="#fff" stop-opacity=".16"/><stop offset=".5" stop-color="#fff" stop-opacity="0"/>'
        f'<stop offset="1" stop-color="{BLACK.code}" stop-opacity=".42"/></linearGradient>'
    )
    for number, edge in enumerate(edges):
        bands += (
            f'<g transform="translate(0 {number * 4})"><path d="{edge}" fill="{colour.code}"/><path d="{edge}" fill="url(#w-weave)"/>'
            f'<path d="{edge}" fill="url(#w-wave)"/></g>'
        )
    if kind in _BUTTONED:
        for y in (250, 600):
            cloth.button(430, y, size=58)
    else:
        label = WHITE.mixed(colour, 0.06)
        cloth.raw(
            f'<g transform="rotate(-7 420 520)"><rect x="312" y="466" width="230" height="120" rx="5" fill="#000" fill-opacity=".22"/>'
            f'<rect x="306" y="456" width="230" height="120" rx="5" fill="{label.code}"/>'
            f'<rect x="318" y="468" width="206" height="96" rx="2" fill="none" stroke="{colour.mixed(BLACK, 0.3).code}" stroke-width="2" stroke-dasharray="7 5"/>'
            f'<g transform="translate(421 516) scale(.5)" fill="{colour.mixed(BLACK, 0.35).code}">{LEAF}</g></g>'
        )
    return bands + "".join(cloth.parts), big + wave + cloth.definitions()
