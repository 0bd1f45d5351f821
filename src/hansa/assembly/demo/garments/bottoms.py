"""Trousers, jeans, skirt, shorts."""

from collections.abc import Callable

from hansa.assembly.demo.garments.cloth import BRASS, Cloth, Colour, mirrored

_THREAD = Colour("thread", 208, 158, 92)


def _waist(cloth: Cloth, y: float, wide: float, *, high: float = 44) -> None:
    cloth.piece(
        mirrored(
            f"M0 {y - 8} Q{wide * 0.6} {y - 8} {wide - 4} {y - 16} L{wide - 6} {y + 6} L0 {y + 14}"
        ),
        tone=-0.36,
        shade="",
        plain=True,
    )
    cloth.piece(
        mirrored(
            f"M0 {y + 6} Q{wide * 0.6} {y + 4} {wide} {y - 8} L{wide + 6} {y + high - 8} Q{wide * 0.6} {y + high + 6} 0 {y + high + 6}"
        ),
        tone=-0.05,
    )


def _trousers(cloth: Cloth, back: bool, *, hem: tuple[float, float], knee: float) -> None:
    inner, outer = hem
    leg = f"M0 150 L114 138 C140 240 150 320 {knee} 520 L{outer} 892 Q{(inner + outer) / 2} 904 {inner} 896 L14 400 L0 376 Z"
    cloth.piece(leg, both=True)
    cloth.fold((30, 340), (96, 300), wide=8, both=True)
    cloth.fold((18, 400), ((inner + 12), 880), wide=8, both=True)
    cloth.fold((112, 300), (outer - 16, 880), wide=9, both=True)
    cloth.seam(
        f"M66 200 C72 400 {(inner + outer) / 2:g} 700 {(inner + outer) / 2:g} 896",
        both=True,
        strength=0.35,
    )
    cloth.fold((74, 260), ((inner + outer) / 2 + 8, 880), wide=8, light=True, both=True)
    _waist(cloth, 136, 110)
    if back:
        cloth.seam("M0 186 L0 380", strength=0.7)
        cloth.seam("M46 260 L96 254", both=True, wide=5)
        cloth.button(71, 272, size=5)
        cloth.button(-71, 272, size=5)
        return
    cloth.seam("M0 186 L0 376", strength=0.7)
    cloth.seam("M14 186 C16 270 12 320 0 344", strength=0.5)
    cloth.seam("M84 182 L116 280", both=True, wide=4)
    cloth.button(2, 162, size=7)
    for x in (54, 92):
        cloth.piece(
            f"M{x} 132 L{x + 10} 130 L{x + 11} 184 L{x + 1} 186 Z",
            both=True,
            tone=0.05,
            shade="",
            shadow=False,
        )
    cloth.fold((42, 188), (54, 330), wide=7, both=True)


def trousers(cloth: Cloth, back: bool) -> None:
    """Straight trousers with pleats."""
    _trousers(cloth, back, hem=(34, 160), knee=156)


def men_trousers(cloth: Cloth, back: bool) -> None:
    """Tapered trousers."""
    _trousers(cloth, back, hem=(44, 136), knee=148)


def jeans(cloth: Cloth, back: bool) -> None:
    """Straight jeans with stitching of another colour."""
    leg = "M0 150 L116 138 C140 240 148 330 148 500 L140 896 Q88 908 36 898 L16 404 L0 384 Z"
    cloth.piece(leg, both=True)
    for y in (320, 520, 560):
        cloth.fold((40, y + 30), (122, y), wide=7, both=True, strength=0.1)
    cloth.fold((20, 400), (46, 880), wide=9, both=True)
    cloth.raw(
        '<path d="M60 420 Q96 620 84 820 Q60 640 60 420Z" fill="#fff" fill-opacity=".1"/>',
        both=True,
    )
    cloth.stitch("M106 190 C130 300 138 420 130 880", both=True, colour=_THREAD)
    cloth.piece(
        "M36 866 Q88 878 141 864 L140 896 Q88 908 36 898 Z", both=True, tone=0.08, shadow=False
    )
    cloth.stitch("M38 874 Q88 886 139 872", both=True, colour=_THREAD)
    _waist(cloth, 136, 112)
    cloth.stitch("M-112 174 Q0 190 112 174", colour=_THREAD)
    cloth.seam("M0 186 L0 384", strength=0.7)
    if back:
        pocket = "M34 246 L108 236 L112 330 L74 356 L38 340 Z"
        cloth.piece(pocket, both=True, tone=0.03, shadow=False)
        cloth.stitch("M40 254 L102 246 L106 326 L74 348 L44 334 Z", both=True, colour=_THREAD)
        cloth.stitch("M42 288 Q72 272 74 306 Q78 276 106 282", both=True, colour=_THREAD)
        cloth.stitch("M-112 226 Q0 252 112 226", colour=_THREAD)
        cloth.raw('<rect x="52" y="142" width="46" height="34" rx="2" fill="#a9743f"/>')
        return
    cloth.stitch("M16 188 C18 280 14 330 -2 352", colour=_THREAD)
    cloth.seam("M44 184 C52 226 90 240 124 236", both=True)
    cloth.stitch("M44 192 C54 232 92 248 124 244", both=True, colour=_THREAD)
    cloth.button(1, 162, size=8, colour=BRASS)
    for x in (46, 98):
        cloth.raw(
            f'<circle cx="{x}" cy="{198 if x < 60 else 232}" r="3.4" fill="{BRASS.code}"/>',
            both=True,
        )


def skirt(cloth: Cloth, back: bool) -> None:
    """A pleated midi skirt."""
    cloth.piece(mirrored("M0 190 L108 178 C136 330 196 560 242 786 Q180 828 120 826 Q60 842 0 836"))
    for x, end in ((0, 0), (24, 54), (50, 110), (74, 164), (94, 214)):
        cloth.fold((x, 220), (end + 14, 826), wide=16, both=True, strength=0.15)
        cloth.fold((x + 4, 240), (end - 12, 824), wide=9, light=True, both=True)
        cloth.seam(f"M{x} 214 L{end} {834 - end * 0.14:g}", both=True, strength=0.3)
    _waist(cloth, 176, 104, high=52)
    if back:
        cloth.seam("M0 184 L0 420", strength=0.8, wide=3)
    else:
        cloth.button(76, 204, size=7)


def shorts(cloth: Cloth, back: bool) -> None:
    """Wide shorts with pleats and a turn-up."""
    leg = "M0 290 L126 276 C156 380 180 480 196 612 Q110 642 20 632 L10 504 L0 486 Z"
    cloth.piece(leg, both=True)
    cloth.fold((60, 330), (76, 620), wide=12, both=True)
    cloth.fold((100, 330), (150, 610), wide=12, both=True)
    cloth.fold((40, 340), (46, 620), wide=8, light=True, both=True)
    cloth.piece("M19 590 Q110 604 192 572 L198 620 Q110 650 20 638 Z", both=True, tone=0.05)
    _waist(cloth, 276, 122)
    cloth.seam("M0 326 L0 488", strength=0.7)
    if back:
        cloth.seam("M52 392 L108 384", both=True, wide=5)
        return
    cloth.seam("M16 328 C18 400 14 440 0 462", strength=0.5)
    cloth.seam("M92 322 L132 412", both=True, wide=4)
    cloth.button(2, 302, size=7)
    for x in (52, 96):
        cloth.piece(
            f"M{x} 272 L{x + 11} 270 L{x + 12} 326 L{x + 1} 328 Z",
            both=True,
            tone=0.06,
            shade="",
            shadow=False,
        )


DRAWINGS: dict[str, Callable[[Cloth, bool], None]] = {
    "trousers": trousers,
    "men_trousers": men_trousers,
    "jeans": jeans,
    "skirt": skirt,
    "shorts": shorts,
}
