"""Dresses: midi, slip, shirt."""

from collections.abc import Callable

from hansa.assembly.demo.garments.cloth import Cloth, mirrored


def dress_midi(cloth: Cloth, back: bool) -> None:
    """A midi dress with soft pleats and short sleeves."""
    neck = 176 if back else 236
    cloth.piece(
        mirrored(f"M0 158 L66 150 L58 {neck - 10} L0 {neck + 4}"), tone=-0.32, shade="", plain=True
    )
    cloth.piece(
        "M104 168 C150 178 182 214 200 286 Q178 318 136 330 L116 262 Z", both=True, tone=-0.05
    )
    cloth.seam("M196 276 Q174 306 134 318", both=True, strength=0.35)
    cloth.piece(
        mirrored(
            f"M0 {neck} C34 {neck} 52 {neck - 40} 60 152 L108 170 C128 230 132 290 124 336 C116 380 106 410 104 446 L0 452"
        )
    )
    cloth.fold((96, 260), (60, 430), wide=8, both=True)
    skirt = mirrored(
        "M0 440 L104 434 C130 560 190 700 236 846 C210 876 180 862 150 882 C120 900 90 878 58 894 Q28 904 0 892"
    )
    cloth.piece(skirt)
    for x, end in ((20, 34), (54, 110), (86, 184)):
        cloth.fold((x, 456), (end, 884), wide=17, both=True)
        cloth.fold((x - 12, 470), (end - 30, 880), wide=10, light=True, both=True)
    cloth.piece(mirrored("M0 430 L105 424 L107 456 L0 464"), tone=-0.12, shadow=False)
    if back:
        cloth.seam("M0 178 L0 690", strength=0.7)
        cloth.piece(
            "M-3 196 L3 196 L3 216 L-3 216 Z", tone=-0.5, shade="", plain=True, shadow=False
        )
    else:
        cloth.seam(
            f"M-62 152 C-52 {neck - 36} -34 {neck + 4} 0 {neck + 4} C34 {neck + 4} 52 {neck - 36} 62 152",
            strength=0.5,
        )
        cloth.stitch("M-98 440 L98 440")


def dress_slip(cloth: Cloth, back: bool) -> None:
    """A slip dress cut on the bias, on thin straps."""
    for side in (-1, 1):
        cloth.raw(
            f'<path d="M{side * 62} 300 C{side * 66} 230 {side * 58} 180 {side * 48} 138" fill="none" stroke="{cloth.tone(-0.2).code}" stroke-width="5" stroke-linecap="round"/>'
        )
    cloth.piece(
        mirrored(
            "M0 300 L92 322 L104 348 L60 372 L0 396" if back else "M0 300 L92 322 L100 340 L0 352"
        ),
        tone=-0.3,
        shade="",
        plain=True,
    )
    top = (
        "M0 340 C30 336 52 320 64 292 C78 300 92 316 108 344"
        if not back
        else "M0 380 C40 372 80 350 108 344"
    )
    cloth.piece(mirrored(f"{top} C112 420 98 470 102 520 C118 640 160 760 178 878 Q90 900 0 894"))
    for x, end, w in ((30, 20, 12), (70, 112, 16), (92, 160, 10)):
        cloth.fold((x, 470), (end, 886), wide=w, both=True)
    cloth.fold((50, 400), (66, 880), wide=13, light=True, both=True, strength=0.2)
    cloth.fold((-30, 380), (40, 700), wide=20, light=True, strength=0.14)
    cloth.fold((84, 350), (40, 480), wide=7, both=True)
    cloth.seam("M-176 866 Q-88 888 0 882 Q88 888 176 866", strength=0.4)
    if not back:
        for x in (24, 40):
            cloth.fold((x, 346), (x - 14, 430), wide=6, both=True)
    else:
        cloth.seam("M0 380 L0 640", strength=0.4)


def dress_shirt(cloth: Cloth, back: bool) -> None:
    """A shirt dress with a belt and buttons down to the hem."""
    cloth.piece(mirrored("M0 150 L52 148 L40 190 L0 204"), tone=-0.32, shade="", plain=True)
    cloth.piece(
        "M112 176 C164 188 196 228 212 304 C226 384 236 470 240 560 Q214 572 186 566 C176 470 162 420 144 372 Z",
        both=True,
        tone=-0.06,
    )
    cloth.fold((186, 330), (216, 540), wide=9, both=True)
    cloth.piece(
        "M184 534 Q212 544 238 532 L242 576 Q214 588 188 580 Z", both=True, tone=0.03, shadow=False
    )
    cloth.piece(
        mirrored(
            "M0 184 L54 160 L118 176 C146 200 150 300 142 376 C134 430 118 456 118 486 C138 620 176 740 190 840 C150 884 60 880 0 892"
        )
    )
    for x, end in ((30, 40), (76, 108), (100, 156)):
        cloth.fold((x, 520), (end, 872), wide=14, both=True)
    cloth.fold((60, 520), (80, 868), wide=9, light=True, both=True)
    cloth.fold((100, 300), (64, 464), wide=9, both=True)
    if back:
        cloth.seam("M-130 270 Q0 290 130 270", strength=0.6)
        cloth.fold((10, 288), (18, 470), wide=9, both=True)
        cloth.piece(mirrored("M0 136 C34 136 54 146 62 170 Q34 186 0 186"), tone=0.06)
    else:
        cloth.seam("M-15 204 L-17 888 M15 204 L17 888", strength=0.5)
        for y in (250, 316, 382, 448, 560, 640, 720, 800):
            cloth.button(0, y, size=6.5)
        cloth.piece("M0 206 L54 150 L84 176 L56 242 Z", both=True, tone=0.08)
        cloth.piece(
            "M48 300 L104 296 L104 350 L76 368 L50 354 Z", both=True, tone=0.03, shadow=False
        )
    cloth.piece("M-122 468 Q0 488 122 468 L124 506 Q0 526 -124 506 Z", tone=-0.14)
    cloth.stitch("M-120 474 Q0 494 120 474")
    cloth.stitch("M-122 500 Q0 520 122 500")
    if not back:
        cloth.piece("M-6 484 C24 470 52 476 60 496 C44 512 18 508 -6 500 Z", tone=-0.06)
        cloth.piece("M-6 500 C-10 560 -30 600 -34 650 L-10 656 C0 600 12 560 8 500 Z", tone=-0.1)


DRAWINGS: dict[str, Callable[[Cloth, bool], None]] = {
    "dress_midi": dress_midi,
    "dress_slip": dress_slip,
    "dress_shirt": dress_shirt,
}
