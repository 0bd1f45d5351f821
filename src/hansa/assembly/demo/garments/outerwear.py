"""Coats, trench, down jacket, blazer, bomber."""

from collections.abc import Callable

from hansa.assembly.demo.garments.cloth import BLACK, BRASS, Cloth, mirrored

_SLEEVE = "M112 178 C158 186 188 214 206 276 C230 372 252 520 262 656 Q234 668 204 662 C194 548 172 452 148 384 Z"


def _sleeves(cloth: Cloth, path: str = _SLEEVE, *, cuff: tuple[float, float] = (612, 640)) -> None:
    cloth.piece(path, both=True, tone=-0.06)
    cloth.fold((196, 330), (236, 600), wide=9, both=True)
    cloth.fold((170, 420), (212, 640), wide=6, light=True, both=True)
    cloth.seam(f"M201 {cuff[0]} Q230 {cuff[0] + 10} 258 {cuff[0] - 2}", both=True, strength=0.4)


def _inside(cloth: Cloth, path: str = "M0 150 L58 148 L44 196 L0 214") -> None:
    cloth.piece(mirrored(path), tone=-0.34, shade="", plain=True)


def coat(cloth: Cloth, back: bool) -> None:
    """A wrap coat of wool with a belt."""
    _inside(cloth)
    _sleeves(cloth)
    body = mirrored(
        "M0 196 L54 156 L120 178 C150 196 158 300 152 388 C146 452 136 486 138 520 C150 640 178 760 190 866 Q100 886 0 884"
    )
    cloth.piece(body)
    for x, end in ((96, 132), (52, 70)):
        cloth.fold((x - 14, 560), (end, 870), wide=13, both=True)
    cloth.fold((74, 560), (104, 860), wide=8, light=True, both=True)
    cloth.fold((104, 300), (70, 500), wide=8, both=True, strength=0.1)
    if back:
        cloth.seam("M0 168 L0 500")
        cloth.seam("M0 560 L0 884")
        cloth.piece(mirrored("M0 140 C36 140 60 150 66 172 Q40 192 0 192"), tone=0.04)
    else:
        cloth.seam("M26 520 L34 884", strength=0.7)
        cloth.piece(
            "M-54 156 L-84 176 L-120 268 L-76 262 L-92 306 L20 508 L30 500 L-14 320 Z", tone=0.05
        )
        cloth.piece(
            "M54 156 L84 176 L124 272 L80 266 L98 312 L-4 512 L-30 500 L10 330 Z", tone=0.07
        )
        cloth.seam("M92 562 L136 598", both=True, wide=4)
        cloth.seam("M88 572 L132 608", both=True, strength=0.25)
    cloth.piece("M-142 500 Q0 522 142 500 L142 538 Q0 560 -142 538 Z", tone=-0.1)
    cloth.stitch("M-138 506 Q0 528 138 506")
    cloth.stitch("M-138 532 Q0 554 138 532")
    if not back:
        cloth.piece("M6 512 L38 508 L34 554 L4 558 Z", tone=0.02)
        cloth.piece("M10 552 C14 620 -6 680 -20 742 L18 748 C30 690 40 620 32 550 Z", tone=-0.04)
        cloth.piece("M30 550 C62 600 68 650 72 704 L104 696 C98 640 78 580 40 546 Z", tone=-0.08)


def men_coat(cloth: Cloth, back: bool) -> None:
    """A straight single-breasted coat."""
    _inside(cloth)
    _sleeves(cloth)
    cloth.piece(
        mirrored(
            "M0 196 L54 156 L124 176 C156 196 162 300 158 388 C154 500 160 700 168 852 Q90 868 0 868"
        )
    )
    cloth.fold((120, 420), (136, 840), wide=12, both=True)
    cloth.fold((70, 520), (80, 850), wide=8, light=True, both=True)
    if back:
        cloth.seam("M0 168 L0 866")
        cloth.piece(mirrored("M0 140 C36 140 60 150 66 172 Q40 190 0 190"), tone=0.04)
        cloth.seam("M-156 470 Q0 480 156 470", strength=0.4)
        return
    cloth.seam("M22 392 L24 868", strength=0.7)
    cloth.piece(
        "M-54 156 L-82 174 L-112 258 L-72 256 L-84 296 L14 398 L20 388 L-12 300 Z", tone=0.05
    )
    cloth.piece("M54 156 L82 174 L114 260 L74 258 L88 300 L-4 404 L-20 388 L12 306 Z", tone=0.07)
    for y in (430, 520, 610):
        cloth.button(2, y, size=10)
    cloth.piece("M64 560 L142 552 L144 584 L66 592 Z", both=True, tone=0.03, shadow=False)
    cloth.seam("M70 356 L122 348", wide=4)


def trench(cloth: Cloth, back: bool) -> None:
    """A double-breasted trench coat with epaulettes and a belt."""
    _inside(cloth)
    _sleeves(cloth)
    cloth.piece(
        "M198 604 Q230 616 260 602 L264 632 Q232 646 200 636 Z", both=True, tone=-0.03, shadow=False
    )
    cloth.button(246, 621, size=5)
    cloth.piece(
        mirrored(
            "M0 196 L54 156 L122 176 C154 196 158 300 152 388 C144 450 134 480 136 512 C152 640 186 740 200 838 Q100 862 0 860"
        )
    )
    for x, end in ((96, 144), (40, 56)):
        cloth.fold((x - 8, 560), (end, 846), wide=15, both=True)
    cloth.fold((70, 560), (98, 846), wide=8, light=True, both=True)
    if back:
        cloth.piece(mirrored("M0 176 L118 186 C140 240 140 290 134 320 Q60 346 0 338"), tone=0.04)
        cloth.seam("M0 556 L0 860")
        cloth.piece(mirrored("M0 138 C36 138 60 150 70 176 Q40 194 0 194"), tone=0.07)
    else:
        cloth.seam("M70 420 L78 858", strength=0.75)
        cloth.stitch("M60 430 L68 854")
        cloth.piece(
            "M-54 156 L-96 168 L-136 262 L-88 262 L-104 304 L52 424 L60 408 L-14 300 Z", tone=0.05
        )
        cloth.piece(
            "M54 156 L96 168 L140 266 L92 266 L108 310 L30 412 L-34 392 L12 306 Z", tone=0.08
        )
        for y in (428, 584, 668):
            cloth.button(-46, y, size=9)
            cloth.button(50, y, size=9)
        cloth.piece("M92 592 L124 584 L146 664 L114 674 Z", both=True, tone=0.03, shadow=False)
    cloth.piece("M70 160 L126 180 L120 198 L66 178 Z", both=True, tone=0.06, shadow=False)
    cloth.piece("M-140 492 Q0 514 140 492 L140 532 Q0 554 -140 532 Z", tone=-0.08)
    cloth.stitch("M-136 498 Q0 520 136 498")
    cloth.stitch("M-136 526 Q0 548 136 526")
    if not back:
        buckle = cloth.tone(-0.5)
        cloth.raw(
            f'<rect x="-34" y="496" width="58" height="56" rx="8" fill="none" stroke="{buckle.code}" stroke-width="8"/>'
        )
        cloth.piece("M26 506 C70 520 84 560 88 640 L118 632 C114 552 92 506 40 500 Z", tone=-0.02)


def down_jacket(cloth: Cloth, back: bool) -> None:
    """A quilted down jacket with a hood."""
    cloth.piece(mirrored("M0 74 C66 74 106 112 108 176 L92 226 L0 240"), tone=-0.08, shade="round")
    cloth.piece(
        mirrored("M0 112 C44 112 70 140 70 178 L60 224 L0 236"), tone=-0.42, shade="", plain=True
    )
    sleeve = "M118 190 C180 196 220 240 238 316 C260 400 276 520 280 640 Q248 664 206 650 C196 540 176 460 154 400 Z"
    cloth.piece(sleeve, both=True, tone=-0.05)
    for y in range(280, 640, 62):
        low = (y - 190) * 0.13
        cloth.seam(
            f"M{150 + low} {y + 26} Q{196 + low} {y + 26} {208 + low:.0f} {y - 4}",
            both=True,
            strength=0.55,
            wide=3,
        )
        cloth.fold((160 + low, y + 30), (206 + low, y + 8), wide=5, light=True, both=True)
    cloth.piece(
        mirrored(
            "M0 214 L70 206 L122 190 C158 206 168 300 166 400 C164 520 176 620 176 716 Q90 742 0 740"
        )
    )
    for number, y in enumerate(range(282, 700, 70)):
        wide = 158 + number * 3
        cloth.seam(f"M{-wide} {y} Q0 {y + 22} {wide} {y}", strength=0.55, wide=3)
        cloth.raw(
            f'<path d="M{-wide + 6} {y + 8} Q0 {y + 32} {wide - 6} {y + 8} L{wide - 30} {y + 22} Q0 {y + 40} {-wide + 30} {y + 22} Z" fill="#fff" fill-opacity=".12"/>'
        )
    if back:
        cloth.piece(
            mirrored("M0 74 C70 74 108 112 110 186 C90 240 40 256 0 256"), tone=0.02, shade="round"
        )
        cloth.seam("M0 76 L0 254")
        return
    cloth.piece("M-8 216 L8 216 L10 740 L-10 740 Z", tone=-0.25, shade="", plain=True, shadow=False)
    cloth.raw(
        f'<path d="M0 220V736" stroke="{BRASS.code}" stroke-width="5" stroke-dasharray="3 4"/><rect x="-6" y="236" width="12" height="30" rx="4" fill="{BRASS.code}"/>'
    )
    cloth.seam("M84 560 L126 640", both=True, wide=5)
    for side in (-1, 1):
        cloth.raw(
            f'<path d="M{side * 40} 226 q{side * 8} 60 {side * 2} 108" fill="none" stroke="{cloth.tone(0.55).code}" stroke-width="5" stroke-linecap="round"/>'
        )


def blazer(cloth: Cloth, back: bool) -> None:
    """A fitted blazer with one button."""
    _inside(cloth)
    sleeve = "M112 184 C164 192 196 228 210 300 C228 392 240 500 246 624 Q220 636 192 630 C184 530 166 448 146 390 Z"
    cloth.piece(sleeve, both=True, tone=-0.06)
    cloth.fold((188, 330), (222, 590), wide=8, both=True)
    for y in (570, 588, 606):
        cloth.button(232, y, size=4.5)
        cloth.button(-232, y, size=4.5)
    cloth.piece(
        mirrored(
            "M0 196 L54 158 L116 180 C146 198 154 300 148 380 C140 440 130 470 132 500 C142 580 160 640 168 702 Q140 726 90 724 L0 708"
        )
    )
    cloth.fold((112, 300), (92, 480), wide=8, both=True)
    cloth.fold((96, 520), (128, 708), wide=10, both=True)
    cloth.fold((60, 540), (72, 710), wide=7, light=True, both=True)
    cloth.seam("M92 330 C84 420 92 520 108 716", both=True, strength=0.35)
    if back:
        cloth.seam("M0 168 L0 708")
        cloth.piece(mirrored("M0 142 C36 142 58 152 66 172 Q40 190 0 190"), tone=0.04)
        return
    cloth.raw(
        f'<path d="M4 520 C10 600 -30 700 -74 728 L60 728 C40 690 20 620 16 520 Z" fill="{BLACK.code}" fill-opacity=".2"/>'
    )
    cloth.seam("M10 500 C20 600 48 690 92 724", strength=0.7)
    cloth.piece(
        "M-54 158 L-80 176 L-108 262 L-68 258 L-82 302 L4 500 L12 488 L-12 300 Z", tone=0.05
    )
    cloth.piece("M54 158 L80 176 L110 264 L70 260 L86 306 L2 506 L-14 488 L12 306 Z", tone=0.08)
    cloth.button(4, 522, size=11)
    cloth.piece("M66 570 L136 560 L140 590 L70 602 Z", both=True, tone=0.03, shadow=False)
    cloth.seam("M74 366 L120 356", wide=4)


def men_jacket(cloth: Cloth, back: bool) -> None:
    """A short jacket with ribbed collar, cuffs and hem."""
    _inside(cloth, "M0 156 L58 152 L50 190 L0 206")
    sleeve = "M116 188 C176 198 214 240 230 320 C250 420 262 520 266 620 L206 626 C194 530 176 460 152 404 Z"
    cloth.piece(sleeve, both=True, tone=-0.06)
    cloth.fold((200, 340), (238, 600), wide=10, both=True)
    cuff = "M208 618 L266 612 L262 662 L214 666 Z"
    cloth.piece(cuff, both=True, tone=-0.2, plain=True)
    cloth.ribs(cuff, both=True, step=7)
    cloth.piece(
        mirrored(
            "M0 200 L58 166 L120 186 C152 204 160 300 158 400 C158 500 164 590 164 650 Q80 664 0 664"
        )
    )
    cloth.fold((124, 400), (140, 640), wide=12, both=True)
    cloth.fold((60, 320), (76, 640), wide=8, light=True, both=True)
    hem = mirrored("M0 656 Q80 656 160 644 L152 704 Q76 716 0 716")
    cloth.piece(hem, tone=-0.2, plain=True)
    cloth.ribs(hem, step=7)
    collar = (
        mirrored("M0 190 L44 168 L62 150 L78 176 Q48 214 0 236")
        if not back
        else mirrored("M0 140 C40 140 66 152 76 178 Q40 200 0 200")
    )
    cloth.piece(collar, tone=-0.2, plain=True)
    cloth.ribs(collar, step=7)
    if back:
        return
    cloth.raw(
        f'<path d="M0 232V714" stroke="{BRASS.code}" stroke-width="6" stroke-dasharray="3 4"/><rect x="-7" y="244" width="14" height="34" rx="4" fill="{BRASS.code}"/>'
    )
    cloth.seam("M-9 236 L-9 714 M9 236 L9 714", strength=0.4)
    cloth.seam("M72 520 L120 590", both=True, wide=5)
    cloth.seam("M78 516 L126 586", both=True, strength=0.3)


DRAWINGS: dict[str, Callable[[Cloth, bool], None]] = {
    "coat": coat,
    "men_coat": men_coat,
    "trench": trench,
    "down_jacket": down_jacket,
    "blazer": blazer,
    "men_jacket": men_jacket,
}
