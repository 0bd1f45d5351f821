"""Cloth: what garments are laid on; turns pieces, folds, seams and buttons into SVG in one colour."""

import re
from dataclasses import dataclass, field

_NUMBER = re.compile(r"[MLQCZ]|-?\d+(?:\.\d+)?")
_ARITY = {"M": 2, "L": 2, "Q": 4, "C": 6}

Segment = tuple[str, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour of the collection; `name` is part of file names."""

    name: str
    red: int
    green: int
    blue: int

    @classmethod
    def of(cls, name: str, code: str) -> "Colour":
        """Make a colour of `#rrggbb`."""
        value = int(code.removeprefix("#"), 16)
        return cls(name, value >> 16, value >> 8 & 255, value & 255)

    @property
    def code(self) -> str:
        """`#rrggbb`."""
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"

    @property
    def light(self) -> float:
        """How light it looks, 0..1."""
        return (0.299 * self.red + 0.587 * self.green + 0.114 * self.blue) / 255

    def mixed(self, other: "Colour", share: float) -> "Colour":
        """Give this colour with `share` of the other in it."""
        return Colour(
            self.name,
            round(self.red + (other.red - self.red) * share),
            round(self.green + (other.green - self.green) * share),
            round(self.blue + (other.blue - self.blue) * share),
        )


WHITE = Colour("white", 255, 252, 247)
BLACK = Colour("black", 24, 18, 16)
BRASS = Colour("brass", 196, 160, 98)
WOOD = Colour("wood", 190, 150, 108)


def _segments(path: str) -> list[Segment]:
    words = _NUMBER.findall(path)
    found: list[Segment] = []
    at, command = 0, "M"
    while at < len(words):
        if words[at].isalpha():
            command = words[at]
            at += 1
            if command == "Z":
                continue
        count = _ARITY[command]
        found.append((command, tuple(float(word) for word in words[at : at + count])))
        at += count
        command = "L" if command == "M" else command
    return found


def mirrored(path: str) -> str:
    """Give the right half of an outline, top to bottom, with its mirror image as one closed outline."""
    half = _segments(path)
    ends = [values[-2:] for _, values in half]
    back: list[str] = []
    for index in range(len(half) - 1, 0, -1):
        command, values = half[index]
        controls = [values[at : at + 2] for at in range(0, len(values) - 2, 2)][::-1]
        points = [*controls, ends[index - 1]]
        back.append(command + " ".join(f"{-x:g} {y:g}" for x, y in points))
    last = ends[-1]
    return f"{path} L{-last[0]:g} {last[1]:g} {' '.join(back)} Z"


@dataclass(slots=True)
class Cloth:
    """A garment being laid out in one colour and pattern."""

    colour: Colour
    pattern: str | None = None
    key: str = "g"
    parts: list[str] = field(default_factory=list)
    shape: list[str] = field(default_factory=list)
    gradients: dict[str, str] = field(default_factory=dict)

    @property
    def line(self) -> str:
        """Colour of seams and outlines."""
        if self.colour.light < 0.22:
            return self.colour.mixed(WHITE, 0.26).code
        return self.colour.mixed(BLACK, 0.58).code

    def tone(self, share: float) -> Colour:
        """Give the colour lighter (above 0) or darker (below 0)."""
        if share >= 0:
            return self.colour.mixed(WHITE, share)
        return self.colour.mixed(BLACK, -share)

    def piece(
        self,
        path: str,
        *,
        tone: float = 0.0,
        shade: str = "side",
        fill: Colour | None = None,
        plain: bool = False,
        both: bool = False,
        shadow: bool = True,
    ) -> None:
        """Lay a piece of cloth; `both` lays its mirror image too."""
        colour = fill or self.tone(tone)
        edge = f'stroke="{self.line}" stroke-opacity=".38" stroke-width="1.8" stroke-linejoin="round"/>'
        woven = self.pattern is not None and not plain and fill is None
        if woven:
            body = f'<path d="{path}" fill="{colour.code}"/>'
            body += f'<path d="{path}" fill="url(#{self.key}-pattern)"/>'
            body += (
                f'<path d="{path}" fill="{self._shaded(None, shade) if shade else "none"}" {edge}'
            )
        else:
            body = f'<path d="{path}" fill="{self._shaded(colour, shade) if shade else colour.code}" {edge}'
        self._lay(body, both=both)
        if shadow:
            self.shape.append(f'<path d="{path}"/>')
            if both:
                self.shape.append(f'<path d="{path}" transform="scale(-1 1)"/>')

    def fold(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        *,
        wide: float = 14,
        bend: float = 0,
        light: bool = False,
        both: bool = False,
        strength: float = 0.13,
    ) -> None:
        """Lay a soft fold from start to end, widest in its last third."""
        (ax, ay), (bx, by) = start, end
        mx, my = (ax + 2 * bx) / 3 + bend, (ay + 2 * by) / 3
        path = f"M{ax:g} {ay:g} Q{mx - wide:g} {my:g} {bx:g} {by:g} Q{mx + wide:g} {my:g} {ax:g} {ay:g} Z"
        colour = WHITE if light else BLACK
        self._lay(f'<path d="{path}" fill="{colour.code}" fill-opacity="{strength:g}"/>', both=both)

    def seam(
        self, path: str, *, both: bool = False, wide: float = 2.2, strength: float = 0.6
    ) -> None:
        """Lay a seam or an edge."""
        self._lay(
            f'<path d="{path}" fill="none" stroke="{self.line}" stroke-opacity="{strength:g}" '
            f'stroke-width="{wide:g}" stroke-linecap="round" stroke-linejoin="round"/>',
            both=both,
        )

    def stitch(self, path: str, *, both: bool = False, colour: Colour | None = None) -> None:
        """Lay a dashed line of thread."""
        code = colour.code if colour else self.line
        self._lay(
            f'<path d="{path}" fill="none" stroke="{code}" stroke-opacity=".75" stroke-width="1.8" '
            'stroke-dasharray="6 4.5"/>',
            both=both,
        )

    def button(self, x: float, y: float, *, size: float = 8, colour: Colour | None = None) -> None:
        """Lay a button with four holes."""
        face = colour or self.tone(-0.45 if self.colour.light > 0.3 else 0.22)
        ring = face.mixed(WHITE, 0.3).code
        hole = face.mixed(BLACK, 0.6).code
        holes = "".join(
            f'<circle cx="{x + a * size * 0.26:g}" cy="{y + b * size * 0.26:g}" r="{size * 0.11:g}" fill="{hole}"/>'
            for a in (-1, 1)
            for b in (-1, 1)
        )
        self._lay(
            f'<circle cx="{x + 1.5:g}" cy="{y + 2.5:g}" r="{size:g}" fill="#000" fill-opacity=".2"/>'
            f'<circle cx="{x:g}" cy="{y:g}" r="{size:g}" fill="{face.code}"/>'
            f'<circle cx="{x:g}" cy="{y:g}" r="{size * 0.68:g}" fill="none" stroke="{ring}" '
            f'stroke-opacity=".5" stroke-width="{size * 0.14:g}"/>{holes}'
        )

    def ribs(self, path: str, *, both: bool = False, step: int = 9) -> None:
        """Lay ribbing over a piece (cuffs, hems)."""
        self._lay(f'<path d="{path}" fill="url(#{self.key}-rib{step})"/>', both=both)

    def raw(self, markup: str, *, both: bool = False) -> None:
        """Lay ready SVG."""
        self._lay(markup, both=both)

    def _lay(self, markup: str, *, both: bool = False) -> None:
        self.parts.append(markup)
        if both:
            self.parts.append(f'<g transform="scale(-1 1)">{markup}</g>')

    def _shaded(self, colour: Colour | None, shade: str) -> str:
        """Give the paint of a shaded piece: opaque for a plain colour, a veil over a pattern."""
        name = f"{self.key}-{shade}-{colour.code[1:] if colour else 'veil'}"
        if name not in self.gradients:
            self.gradients[name] = _shade(name, shade, colour, pale=self.colour.light > 0.25)
        return f"url(#{name})"

    def definitions(self) -> str:
        """Give the gradients and patterns the pieces refer to; call it after the last piece."""
        key = self.key
        line = self.line
        ribs = "".join(
            f'<pattern id="{key}-rib{step}" width="{step}" height="40" patternUnits="userSpaceOnUse">'
            f'<path d="M{step * 0.25:g} 0V40" stroke="{line}" stroke-opacity=".32" stroke-width="{step * 0.28:g}"/>'
            f'<path d="M{step * 0.75:g} 0V40" stroke="#fff" stroke-opacity=".1" stroke-width="{step * 0.2:g}"/></pattern>'
            for step in (7, 9, 14)
        )
        pattern = pattern_of(self.pattern, self.colour, f"{key}-pattern") if self.pattern else ""
        return "".join(self.gradients.values()) + ribs + pattern


def _shade(name: str, shade: str, colour: Colour | None, *, pale: bool) -> str:
    deep, glow = (0.34, 0.13) if pale else (0.5, 0.1)
    stops: dict[str, list[tuple[float, Colour, float]]] = {
        "side": [
            (0, BLACK, deep * 0.6),
            (0.14, BLACK, deep * 0.16),
            (0.34, WHITE, glow),
            (0.52, WHITE, 0.02),
            (0.8, BLACK, deep * 0.2),
            (1, BLACK, deep * 0.85),
        ],
        "down": [(0, WHITE, glow), (0.4, WHITE, 0.0), (1, BLACK, deep * 0.7)],
        "round": [(0, WHITE, glow * 1.4), (0.5, WHITE, 0.0), (1, BLACK, deep)],
    }
    inner = "".join(
        f'<stop offset="{at:g}" stop-color="{(colour.mixed(veil, share) if colour else veil).code}"'
        f' stop-opacity="{1 if colour else share:g}"/>'
        for at, veil, share in stops[shade]
    )
    if shade == "round":
        return f'<radialGradient id="{name}" cx=".4" cy=".32" r=".75">{inner}</radialGradient>'
    vector = 'x2="1" y2=".12"' if shade == "side" else 'x2="0" y2="1"'
    return f'<linearGradient id="{name}" {vector}>{inner}</linearGradient>'


def pattern_of(kind: str, colour: Colour, name: str, *, scale: float = 1.0) -> str:
    """Give the SVG pattern of a cloth: what is woven, knitted or printed."""
    dark = colour.mixed(BLACK, 0.55) if colour.light > 0.25 else colour.mixed(WHITE, 0.3)
    pale = colour.mixed(WHITE, 0.72) if colour.light < 0.72 else colour.mixed(BLACK, 0.45)
    width, height, body = _tile(kind, dark.code, pale.code)
    turn = " rotate(45)" if kind in ("twill", "quilt") else ""
    return (
        f'<pattern id="{name}" width="{width}" height="{height}" patternUnits="userSpaceOnUse" '
        f'patternTransform="scale({scale:g}){turn}">{body}</pattern>'
    )


def _tile(kind: str, dark: str, pale: str) -> tuple[int, int, str]:
    return {**_woven(dark, pale), **_printed(dark, pale)}[kind]


def _printed(dark: str, pale: str) -> dict[str, tuple[int, int, str]]:
    return {
        "stripe": (26, 26, f'<path d="M0 4H26" stroke="{pale}" stroke-width="8"/>'),
        "pinstripe": (
            20,
            20,
            f'<path d="M5 0V20" stroke="{pale}" stroke-opacity=".75" stroke-width="2"/>',
        ),
        "check": (
            64,
            64,
            (
                f'<path d="M0 16H64M16 0V64" stroke="{dark}" stroke-opacity=".28" stroke-width="20"/>'
                f'<path d="M0 48H64M48 0V64" stroke="{pale}" stroke-opacity=".55" stroke-width="2.5"/>'
            ),
        ),
        "gingham": (
            32,
            32,
            f'<path d="M0 8H32M8 0V32" stroke="{pale}" stroke-opacity=".5" stroke-width="16"/>',
        ),
        "dots": (
            34,
            34,
            (
                f'<circle cx="8" cy="8" r="4.4" fill="{pale}"/><circle cx="25" cy="25" r="4.4" fill="{pale}"/>'
            ),
        ),
        "floral": (92, 92, _flowers(dark, pale)),
    }


def _woven(dark: str, pale: str) -> dict[str, tuple[int, int, str]]:
    return {
        "herringbone": (
            24,
            24,
            (
                f'<path d="M0 2l12 10 12-10M0 10l12 10 12-10M0 18l12 10 12-10M0-6l12 10 12-10" fill="none" '
                f'stroke="{dark}" stroke-opacity=".3" stroke-width="2.4"/>'
            ),
        ),
        "twill": (
            7,
            7,
            f'<path d="M0 2H7" stroke="{pale}" stroke-opacity=".22" stroke-width="1.6"/>',
        ),
        "rib": (
            12,
            40,
            (
                f'<path d="M3 0V40" stroke="{dark}" stroke-opacity=".28" stroke-width="3.4"/>'
                f'<path d="M9 0V40" stroke="#fff" stroke-opacity=".1" stroke-width="3"/>'
            ),
        ),
        "cable": (
            56,
            64,
            (
                f'<path d="M6 0V64M50 0V64" stroke="{dark}" stroke-opacity=".22" stroke-width="4"/>'
                f'<path d="M18 0C18 18 38 14 38 32S18 46 18 64M38 0C38 18 18 14 18 32S38 46 38 64" fill="none" '
                f'stroke="{dark}" stroke-opacity=".3" stroke-width="6" stroke-linecap="round"/>'
                f'<path d="M16 0C16 18 36 14 36 32S16 46 16 64" fill="none" stroke="#fff" stroke-opacity=".14" stroke-width="4"/>'
            ),
        ),
        "knit": (
            14,
            12,
            (
                f'<path d="M1 1q3 6 6 9q3-3 6-9" fill="none" stroke="{dark}" stroke-opacity=".2" stroke-width="2"/>'
            ),
        ),
        "quilt": (
            70,
            70,
            (
                f'<path d="M0 35H70M35 0V70" stroke="{dark}" stroke-opacity=".35" stroke-width="2"/>'
                f'<path d="M0 38H70M38 0V70" stroke="#fff" stroke-opacity=".14" stroke-width="2.5"/>'
            ),
        ),
    }


def _flowers(dark: str, pale: str) -> str:
    def flower(x: int, y: int, size: float, fill: str) -> str:
        petals = "".join(
            f'<ellipse cx="0" cy="{-size:g}" rx="{size * 0.55:g}" ry="{size:g}" transform="rotate({turn})"/>'
            for turn in range(0, 360, 72)
        )
        return (
            f'<g transform="translate({x} {y})" fill="{fill}">{petals}'
            f'<circle r="{size * 0.45:g}" fill="{dark}"/></g>'
        )

    leaves = f'<path d="M58 26q12-12 22-4q-8 12-22 4M14 70q-4 14 8 18q6-12-8-18" fill="{dark}" fill-opacity=".45"/>'
    return leaves + flower(26, 28, 8, pale) + flower(70, 68, 6, pale) + flower(74, 12, 3.6, pale)
