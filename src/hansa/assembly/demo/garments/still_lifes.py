"""What rewards look like: a cup, a loaf, tickets and other things, on a picture 800 by 600."""

from hansa.assembly.demo.garments.cloth import BLACK, WHITE, Colour

_DARK = "#5a4034"
_SHADE = Colour.of("chocolate", _DARK).mixed(BLACK, 0.4).code
_GREEN, _SAGE, _BRICK = "#1f4d3f", "#6b7a5e", "#a4574b"
_CRUST, _CRUMB = "#b98f5a", "#cdb592"
_DENIM, _INK, _PANE = "#46566b", "#2f3338", "#dfe5e2"


def _shadow(width: int, low: int = 470) -> str:
    return (
        f'<ellipse cx="400" cy="{low}" rx="{width}" ry="26" fill="{_SHADE}" opacity=".2" '
        'filter="url(#near)"/>'
    )


CUP = (
    _shadow(210) + f'<path d="M540 270h46a66 66 0 0 1 0 132h-66" fill="none" stroke="{WHITE.code}" '
    'stroke-width="28"/>'
    f'<path d="M240 230h320v84c0 94-64 146-160 146s-160-52-160-146z" fill="{WHITE.code}"/>'
    f'<ellipse cx="400" cy="232" rx="160" ry="42" fill="{WHITE.code}"/>'
    f'<ellipse cx="400" cy="234" rx="140" ry="33" fill="{_DARK}"/>'
    f'<path d="M400 258c-48-14-66-26-62-40 4-12 42-12 62 8 20-20 58-20 62-8 4 14-14 26-62 40z" '
    f'fill="{_CRUMB}"/>'
    f'<path d="M340 160c-24-36 24-52 0-90M400 150c-24-36 24-52 0-90M460 160c-24-36 24-52 0-90" '
    f'fill="none" stroke="{WHITE.code}" stroke-width="12" stroke-linecap="round" opacity=".75"/>'
)
LOAF = (
    _shadow(260, 450)
    + f'<path d="M150 380c-20-150 110-220 250-220s270 70 250 220c-6 52-60 72-250 72s-244-20-250-72z" '
    f'fill="{_CRUST}"/>'
    '<path d="M214 330c20-80 84-122 150-132M322 356c12-88 70-140 132-150M440 362c8-70 52-120 104-136" '
    f'fill="none" stroke="{_CRUMB}" stroke-width="26" stroke-linecap="round"/>'
    f'<path d="M170 410c70 26 390 26 460 0" fill="none" stroke="{_DARK}" stroke-width="8" '
    'stroke-linecap="round" opacity=".35"/>'
)
TICKETS = (
    _shadow(250)
    + f'<g transform="rotate(-9 400 300)"><path d="M170 210h460v70a34 34 0 0 0 0 68v72h-460v-72'
    f'a34 34 0 0 0 0-68z" fill="{_BRICK}"/></g>'
    f'<g transform="rotate(4 400 310)"><path d="M170 210h460v70a34 34 0 0 0 0 68v72h-460v-72'
    f'a34 34 0 0 0 0-68z" fill="{WHITE.code}"/>'
    f'<path d="M500 226v180" stroke="{_CRUMB}" stroke-width="6" stroke-dasharray="14 14"/>'
    f'<circle cx="335" cy="315" r="62" fill="{_BRICK}"/>'
    f'<path d="M315 280v70l62-35z" fill="{WHITE.code}"/>'
    f'<path d="M540 270h50M540 315h50M540 360h50" stroke="{_BRICK}" stroke-width="12" '
    'stroke-linecap="round"/></g>'
)
BOOKS = (
    _shadow(240, 478) + f'<rect x="190" y="400" width="420" height="70" rx="10" fill="{_GREEN}"/>'
    f'<rect x="226" y="330" width="370" height="70" rx="10" fill="{_BRICK}"/>'
    f'<rect x="204" y="260" width="340" height="70" rx="10" fill="{_DENIM}"/>'
    f'<path d="M250 418v34M286 348v34M262 278v34" stroke="{_CRUMB}" stroke-width="12"/>'
    f'<path d="M560 278v34M520 278v34" stroke="{WHITE.code}" stroke-width="5" opacity=".6"/>'
    f'<g transform="rotate(-8 400 190)"><path d="M400 236c-60-40-130-40-190-16v-110c60-24 130-24 190 16'
    f'c60-40 130-40 190-16v110c-60-24-130-24-190 16z" fill="{WHITE.code}"/>'
    f'<path d="M400 128v104M250 142c40-10 80-6 112 10M250 180c40-10 80-6 112 10M438 152c32-16 72-20 '
    f'112-10M438 190c32-16 72-20 112-10" fill="none" stroke="{_CRUMB}" stroke-width="8" '
    'stroke-linecap="round"/></g>'
)
CAR = (
    _shadow(280, 452)
    + f'<path d="M140 420v-70c0-30 20-46 50-52l70-14 60-80c14-20 30-28 56-28h130c28 0 46 10 60 34l44 78 '
    f'44 10c30 8 46 26 46 54v68z" fill="{_INK}"/>'
    f'<path d="M300 286l50-64c8-10 16-14 30-14h46v78zM446 208h52c18 0 28 6 36 20l32 58h-120z" '
    f'fill="{_PANE}"/>'
    f'<rect x="350" y="142" width="120" height="40" rx="10" fill="{_CRUMB}"/>'
    f'<path d="M370 162h80" stroke="{_DARK}" stroke-width="12" stroke-dasharray="16 16"/>'
    f'<circle cx="260" cy="420" r="54" fill="{_DARK}"/><circle cx="260" cy="420" r="24" '
    f'fill="{WHITE.code}"/><circle cx="560" cy="420" r="54" fill="{_DARK}"/>'
    f'<circle cx="560" cy="420" r="24" fill="{WHITE.code}"/>'
)
PAW = (
    f'<path d="M400 505C240 400 150 318 178 212c22-84 138-110 222-14 84-96 200-70 222 14 28 106-62 188'
    f'-222 293z" fill="{_BRICK}"/>'
    f'<g fill="{WHITE.code}"><path d="M400 286c48 0 86 44 86 80 0 30-30 40-86 40s-86-10-86-40c0-36 38-80 '
    '86-80z"/><ellipse cx="298" cy="288" rx="26" ry="34" transform="rotate(-24 298 288)"/>'
    '<ellipse cx="364" cy="238" rx="27" ry="36"/><ellipse cx="436" cy="238" rx="27" ry="36"/>'
    '<ellipse cx="502" cy="288" rx="26" ry="34" transform="rotate(24 502 288)"/></g>'
)
TREE = (
    _shadow(190, 500) + f'<path d="M384 500V250h32v250z" fill="{_DARK}"/>'
    f'<path d="M398 400l-80-60M402 360l84-64" stroke="{_DARK}" stroke-width="16" '
    'stroke-linecap="round"/>'
    f'<circle cx="400" cy="180" r="112" fill="{_GREEN}"/><circle cx="300" cy="262" r="82" '
    f'fill="{_SAGE}"/><circle cx="500" cy="246" r="90" fill="{_SAGE}"/>'
    f'<circle cx="420" cy="240" r="70" fill="{_GREEN}"/>'
    f'<path d="M250 502c80-26 220-26 300 0z" fill="{_SAGE}"/>'
)
