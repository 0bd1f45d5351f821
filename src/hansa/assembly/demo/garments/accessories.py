"""Bags, scarf, beanie, belt, umbrella."""

from collections.abc import Callable

from hansa.assembly.demo.garments.cloth import BLACK, BRASS, WOOD, Cloth, mirrored


def _handle(cloth: Cloth, path: str, wide: float, *, tone: float) -> None:
    code = cloth.tone(tone).code
    cloth.raw(
        f'<path d="{path}" fill="none" stroke="{cloth.line}" stroke-width="{wide + 3}" stroke-linecap="round"/>'
        f'<path d="{path}" fill="none" stroke="{code}" stroke-width="{wide}" stroke-linecap="round"/>'
        f'<path d="{path}" fill="none" stroke="#fff" stroke-opacity=".16" stroke-width="{wide * 0.3:g}" stroke-linecap="round"/>'
    )
    cloth.shape.append(f'<path d="{path}" fill="none" stroke="#000" stroke-width="{wide}"/>')


def tote(cloth: Cloth, back: bool) -> None:
    """A roomy tote of leather."""
    _handle(cloth, "M-96 470 C-110 190 110 190 96 470", 15, tone=-0.3)
    cloth.piece(mirrored("M0 440 L192 432 L196 462 L0 470"), tone=-0.4, shade="", plain=True)
    cloth.piece(mirrored("M0 448 L206 444 C216 560 232 680 240 776 Q236 798 214 800 L0 802"))
    cloth.piece(
        "M176 446 L206 444 C216 560 232 680 240 776 Q238 790 226 796 C214 690 196 560 176 446 Z",
        both=True,
        tone=-0.12,
        shade="",
        shadow=False,
    )
    cloth.stitch("M-200 462 L200 462")
    cloth.stitch("M-218 782 L218 782")
    cloth.fold((-60, 480), (-90, 780), wide=26, light=True, strength=0.08)
    cloth.fold((120, 500), (150, 790), wide=22, strength=0.08)
    if not back:
        _handle(cloth, "M-98 492 C-112 250 112 250 98 492", 15, tone=-0.12)
        for side in (-1, 1):
            cloth.piece(
                f"M{side * 98 - 16} 470 L{side * 98 + 16} 470 L{side * 98 + 13} 560 Q{side * 98} 576 {side * 98 - 13} 560 Z",
                tone=-0.1,
                shadow=False,
            )
            cloth.raw(f'<circle cx="{side * 98}" cy="546" r="6" fill="{BRASS.code}"/>')
            cloth.stitch(
                f"M{side * 98 - 11} 476 L{side * 98 - 9} 556 M{side * 98 + 11} 476 L{side * 98 + 9} 556"
            )
        cloth.raw(
            f'<rect x="-26" y="624" width="52" height="14" rx="3" fill="{cloth.tone(-0.16).code}"/>'
        )


def crossbody(cloth: Cloth, back: bool) -> None:
    """A small bag with a flap on a long strap."""
    _handle(cloth, "M-186 520 C-300 180 -60 110 20 130 C180 150 290 300 186 520", 12, tone=-0.16)
    cloth.piece(mirrored("M0 476 L176 476 Q204 478 206 506 L212 730 Q210 770 172 774 L0 776"))
    cloth.stitch("M-196 740 Q-192 758 -166 760 L166 760 Q192 758 196 740")
    for side in (-1, 1):
        cloth.raw(
            f'<circle cx="{side * 190}" cy="510" r="13" fill="none" stroke="{BRASS.code}" stroke-width="6"/>'
        )
    if back:
        cloth.seam("M-170 560 L170 560", wide=4)
        return
    cloth.raw(
        f'<path d="M-190 520 L190 520 L182 640 Q100 684 0 684 Q-100 684 -182 640 Z" fill="{BLACK.code}" fill-opacity=".18"/>'
    )
    cloth.piece(
        mirrored("M0 470 L178 470 Q204 472 204 500 L192 610 Q110 664 0 666"),
        tone=0.04,
        shade="down",
    )
    cloth.stitch("M-188 606 Q-108 652 0 654 Q108 652 188 606")
    cloth.raw(
        f'<rect x="-26" y="622" width="52" height="62" rx="10" fill="{BRASS.code}"/><rect x="-26" y="622" width="52" height="24" rx="10" fill="#fff" fill-opacity=".22"/><circle cx="0" cy="660" r="7" fill="#6d5330"/>'
    )


def scarf(cloth: Cloth, back: bool) -> None:
    """A long scarf, knotted, with a fringe."""
    turn = -1 if back else 1

    def tail(x: float, lean: float, end: float, tone: float) -> None:
        x, lean = x * turn, lean * turn
        fringe = "".join(
            f'<path d="M{x + lean - 76 + n * 12:g} {end - 6} q{(n % 3 - 1) * 4} 34 {(n % 2) * 5 - 2} 62" fill="none" stroke="{cloth.tone(tone - 0.08).code}" stroke-width="5.5" stroke-linecap="round"/>'
            for n in range(13)
        )
        cloth.raw(fringe)
        path = f"M{x - 62} 330 C{x - 70} 500 {x + lean - 84} 640 {x + lean - 82} {end} L{x + lean + 76} {end} C{x + lean + 78} 640 {x + 76} 500 {x + 62} 330 Z"
        cloth.piece(path, tone=tone)
        for offset in (-34, 4, 40):
            cloth.fold((x + offset * 0.6, 350), (x + lean + offset, end - 10), wide=10)
            cloth.fold(
                (x + offset * 0.6 - 14, 360), (x + lean + offset - 18, end - 10), wide=7, light=True
            )

    tail(76, 40, 730, -0.08)
    tail(-34, -30, 800, 0.0)
    cloth.piece(
        "M-176 300 C-190 190 -90 130 0 130 C96 130 190 190 176 300 C160 400 60 420 0 420 C-70 420 -164 400 -176 300 Z M-92 262 C-80 310 80 310 92 262 C80 206 -80 206 -92 262 Z",
        shade="",
        tone=-0.04,
        shadow=False,
    )
    cloth.raw(
        f'<path d="M-94 260 C-82 312 82 312 94 260 C82 204 -82 204 -94 260 Z" fill="{cloth.tone(-0.5).code}"/>'
    )
    cloth.piece(
        "M-176 300 C-172 260 -140 250 -94 266 C-60 310 60 310 94 266 C140 250 172 260 176 300 C166 404 60 424 0 424 C-70 424 -166 404 -176 300 Z",
        tone=0.03,
        shade="down",
    )
    cloth.piece(
        "M-176 300 C-190 190 -90 130 0 130 C96 130 190 190 176 300 C150 262 120 256 94 262 C80 206 -80 206 -94 262 C-120 256 -150 262 -176 300 Z",
        tone=-0.06,
        shade="down",
    )
    for y in (330, 362, 392):
        cloth.seam(f"M-160 {y - 30} Q0 {y + 44} 160 {y - 30}", strength=0.22, wide=6)


def beanie(cloth: Cloth, back: bool) -> None:
    """A knitted hat with a turn-up."""
    dome = mirrored("M0 226 C130 226 204 330 208 520 L206 620 L0 640")
    cloth.piece(dome, shade="round")
    for x in range(-170, 171, 34):
        cloth.seam(
            f"M{x * 0.12:g} 232 C{x * 0.7:g} 290 {x} 420 {x * 1.06:g} 590", strength=0.26, wide=5
        )
        cloth.raw(
            f'<path d="M{x * 0.12 + 6:g} 236 C{x * 0.7 + 12:g} 290 {x + 14} 420 {x * 1.06 + 16:g} 590" fill="none" stroke="#fff" stroke-opacity=".1" stroke-width="5"/>'
        )
    cuff = "M-216 572 Q0 620 216 572 Q228 640 218 716 Q0 762 -218 716 Q-228 640 -216 572 Z"
    cloth.piece(cuff, tone=0.05, plain=True)
    cloth.ribs(cuff, step=14)
    if not back:
        cloth.raw(
            f'<rect x="86" y="640" width="62" height="40" rx="3" fill="{cloth.tone(-0.3).code}" transform="rotate(-3 116 660)"/>'
        )
        cloth.stitch("M92 646 L142 643")


def belt(cloth: Cloth, back: bool) -> None:
    """A leather belt in a coil."""

    def ring(radius: float, tone: float) -> None:
        cloth.raw(
            f'<ellipse cx="0" cy="520" rx="{radius}" ry="{radius * 0.52:g}" fill="none" stroke="{cloth.line}" stroke-width="66"/>'
            f'<ellipse cx="0" cy="520" rx="{radius}" ry="{radius * 0.52:g}" fill="none" stroke="{cloth.tone(tone).code}" stroke-width="62"/>'
            f'<ellipse cx="0" cy="498" rx="{radius}" ry="{radius * 0.52:g}" fill="none" stroke="#fff" stroke-opacity=".16" stroke-width="6"/>'
            f'<ellipse cx="0" cy="544" rx="{radius}" ry="{radius * 0.52:g}" fill="none" stroke="{cloth.line}" stroke-opacity=".6" stroke-width="2" stroke-dasharray="7 5"/>'
        )

    cloth.shape.append(
        '<ellipse cx="0" cy="534" rx="206" ry="104" fill="none" stroke="#000" stroke-width="84"/>'
    )
    ring(214, -0.08)
    ring(142, -0.16)
    cloth.piece("M-40 604 C60 640 170 628 262 582 L276 640 C176 694 50 700 -48 664 Z", shade="down")
    cloth.stitch("M-38 616 C60 650 170 640 262 594")
    cloth.stitch("M-44 654 C50 688 170 682 272 632")
    for number in range(5):
        cloth.raw(
            f'<ellipse cx="{96 + number * 34}" cy="{658 - number * 9}" rx="5" ry="6" fill="{BLACK.code}" fill-opacity=".75"/>'
        )
    if not back:
        cloth.raw(
            f'<g transform="rotate(4 -70 634)"><rect x="-128" y="586" width="96" height="98" rx="16" fill="none" stroke="{BRASS.code}" stroke-width="13"/><rect x="-128" y="586" width="96" height="98" rx="16" fill="none" stroke="#fff" stroke-opacity=".35" stroke-width="3"/><path d="M-80 636 H-24" stroke="{BRASS.code}" stroke-width="11" stroke-linecap="round"/></g>'
        )
    cloth.piece("M10 616 L44 622 L42 690 L8 686 Z", tone=-0.14, shade="", shadow=False)


def umbrella(cloth: Cloth, back: bool) -> None:
    """An open umbrella with a wooden crook."""
    cloth.raw(
        f'<path d="M0 210 V776 Q0 850 58 850 Q112 850 112 796" fill="none" stroke="{WOOD.mixed(BLACK, 0.45).code}" stroke-width="17" stroke-linecap="round"/><path d="M0 210 V776 Q0 850 58 850 Q112 850 112 796" fill="none" stroke="{WOOD.code}" stroke-width="12" stroke-linecap="round"/>'
    )
    cloth.shape.append('<path d="M-6 500 H6 V850 H-6 Z"/>')
    tip = [(-320, 500), (-206, 530), (-76, 546), (76, 546), (206, 530), (320, 500)]
    for number in range(5):
        (ax, ay), (bx, by) = tip[number], tip[number + 1]
        bow = 40 - abs(number - 2) * 6
        dome = 232 + abs(number - 2) * 8
        left = f"C{ax * 0.86:g} {dome + 60} {ax * 0.4:g} {dome - 22} 0 210"
        right = f"C{bx * 0.4:g} {dome - 22} {bx * 0.86:g} {dome + 60} {bx} {by}"
        path = f"M{ax} {ay} {left} {right} Q{(ax + bx) / 2:g} {(ay + by) / 2 - bow:g} {ax} {ay} Z"
        cloth.piece(
            path,
            tone=(-0.12, -0.02, 0.06, -0.03, -0.14)[number if not back else 4 - number],
            shade="down",
        )
    for x, y in tip:
        cloth.raw(f'<circle cx="{x}" cy="{y}" r="5" fill="{cloth.line}"/>')
    cloth.raw(
        f'<path d="M0 214 V166" stroke="{WOOD.code}" stroke-width="9" stroke-linecap="round"/>'
    )


DRAWINGS: dict[str, Callable[[Cloth, bool], None]] = {
    "tote": tote,
    "crossbody": crossbody,
    "scarf": scarf,
    "beanie": beanie,
    "belt": belt,
    "umbrella": umbrella,
}
