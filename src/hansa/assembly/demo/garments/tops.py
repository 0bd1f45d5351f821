"""Shirts, blouses, T-shirts, knitwear, hoodies."""

from collections.abc import Callable

from hansa.assembly.demo.garments.cloth import Cloth, mirrored

_LONG = "M112 224 C158 232 194 262 212 320 C238 410 262 550 272 690 Q244 704 212 698 C200 590 178 500 154 436 Z"


def _neck(cloth: Cloth, path: str) -> None:
    cloth.piece(mirrored(path), tone=-0.32, shade="", plain=True)


def _shirt(cloth: Cloth, back: bool, *, wide: float, pockets: int) -> None:
    _neck(cloth, "M0 196 L52 194 L40 238 L0 252")
    cloth.piece(_LONG, both=True, tone=-0.05)
    cloth.fold((200, 380), (244, 650), wide=10, both=True)
    cloth.fold((180, 470), (220, 660), wide=6, light=True, both=True)
    cloth.piece("M208 652 Q242 664 270 648 L276 716 Q244 732 212 722 Z", both=True, tone=0.04)
    cloth.button(256, 690, size=5)
    cloth.piece(
        mirrored(
            f"M0 232 L54 206 L120 224 C{150 + wide} 244 {154 + wide} 350 {152 + wide} 436 C{148 + wide} 560 {156 + wide} 680 {160 + wide} 760 C120 800 60 846 0 846"
        )
    )
    cloth.fold((118 + wide, 430), (128 + wide, 770), wide=13, both=True)
    cloth.fold((70, 480), (64, 800), wide=10, both=True, strength=0.1)
    cloth.fold((94, 380), (96, 790), wide=9, light=True, both=True)
    if back:
        cloth.seam(f"M{-142 - wide} 322 Q0 344 {142 + wide} 322", strength=0.6)
        cloth.fold((14, 340), (26, 700), wide=10, both=True)
        cloth.piece(mirrored("M0 182 C34 182 54 192 64 218 Q34 236 0 236"), tone=0.07)
        return
    cloth.seam("M-15 256 L-15 842 M15 256 L15 842", strength=0.5)
    for y in (312, 390, 468, 546, 624, 702, 780):
        cloth.button(0, y, size=6)
    cloth.piece("M0 262 L52 196 L86 222 L60 298 Z", both=True, tone=0.08)
    cloth.stitch("M8 266 L60 290 L80 224", both=True)
    if pockets:
        cloth.piece("M52 372 L118 368 L118 432 L86 452 L54 436 Z", tone=0.03, shadow=False)
        cloth.stitch("M54 380 L118 376")


def shirt(cloth: Cloth, back: bool) -> None:
    """A classic shirt."""
    _shirt(cloth, back, wide=0, pockets=0)


def men_shirt(cloth: Cloth, back: bool) -> None:
    """A straight shirt with a breast pocket."""
    _shirt(cloth, back, wide=10, pockets=1)


def blouse(cloth: Cloth, back: bool) -> None:
    """A blouse with full sleeves and a bow."""
    _neck(cloth, "M0 208 L46 204 L36 240 L0 252")
    sleeve = "M108 230 C180 232 236 290 258 390 C276 470 292 560 284 650 Q258 690 224 672 C206 590 176 500 150 440 Z"
    cloth.piece(sleeve, both=True, tone=-0.04, shade="round")
    for begin, finish in (
        ((190, 320), (244, 640)),
        ((220, 330), (270, 620)),
        ((170, 400), (226, 650)),
    ):
        cloth.fold(begin, finish, wide=9, both=True)
    cloth.piece("M224 664 Q256 684 284 648 L286 712 Q258 730 230 720 Z", both=True, tone=0.02)
    cloth.piece(
        mirrored(
            "M0 240 L48 214 L114 230 C142 260 148 350 142 440 C138 560 150 660 158 744 Q80 782 0 778"
        )
    )
    for x, end in ((40, 44), (92, 120)):
        cloth.fold((x, 330), (end, 764), wide=14, both=True)
        cloth.fold((x + 22, 360), (end + 12, 760), wide=9, light=True, both=True)
    cloth.piece(mirrored("M0 236 L46 204 L56 222 Q30 258 0 266"), tone=0.06)
    if back:
        cloth.button(0, 262, size=6)
        cloth.seam("M0 272 L0 400", strength=0.6)
        return
    cloth.piece("M-2 268 C-50 236 -96 258 -104 296 C-70 320 -30 304 0 282 Z", tone=0.06)
    cloth.piece("M2 268 C50 236 96 258 104 296 C70 320 30 304 0 282 Z", tone=0.1)
    cloth.piece("M-8 282 C-20 360 -54 430 -62 500 L-24 514 C-10 440 6 370 6 284 Z", tone=0.04)
    cloth.piece("M4 282 C24 350 44 410 50 470 L84 458 C76 390 44 330 14 278 Z", tone=0.02)
    cloth.piece("M-18 258 L18 258 L16 296 L-16 296 Z", tone=-0.04)


def tshirt(cloth: Cloth, back: bool) -> None:
    """A T-shirt with a round neck."""
    depth = 236 if back else 272
    _neck(cloth, f"M0 214 L70 204 L60 {depth - 10} L0 {depth + 4}")
    cloth.piece(
        "M112 226 C160 236 192 262 214 306 L268 414 Q236 446 186 456 L150 390 Z",
        both=True,
        tone=-0.05,
    )
    cloth.seam("M260 398 Q228 430 180 440", both=True, strength=0.4)
    cloth.fold((176, 290), (222, 430), wide=9, both=True)
    cloth.piece(
        mirrored(
            f"M0 {depth} C40 {depth} 62 {depth - 34} 70 206 L122 226 C152 250 160 340 158 420 C156 540 162 680 164 790 Q80 806 0 806"
        )
    )
    cloth.fold((126, 420), (138, 780), wide=13, both=True)
    cloth.fold((60, 520), (48, 790), wide=11, both=True, strength=0.1)
    cloth.fold((90, 330), (96, 770), wide=10, light=True, both=True)
    cloth.seam(
        f"M-82 214 C-74 {depth - 14} -46 {depth + 18} 0 {depth + 18} C46 {depth + 18} 74 {depth - 14} 82 214",
        strength=0.5,
    )
    cloth.stitch("M-163 772 Q0 790 163 772")


def _knit(cloth: Cloth, back: bool, *, depth: float, roll: bool) -> None:
    _neck(cloth, f"M0 206 L66 200 L58 {depth - 12} L0 {depth}")
    cloth.piece(_LONG, both=True, tone=-0.06)
    cloth.fold((204, 390), (248, 660), wide=11, both=True)
    cuff = "M208 664 Q242 678 272 662 L270 742 Q240 754 216 746 Z"
    cloth.piece(cuff, both=True, tone=-0.08, plain=True)
    cloth.ribs(cuff, both=True, step=7)
    cloth.piece(
        mirrored(
            f"M0 {depth} C40 {depth} 60 {depth - 30} 66 208 L120 226 C154 248 164 350 160 440 C156 560 164 660 166 722 Q80 738 0 738"
        )
    )
    cloth.fold((128, 440), (140, 710), wide=13, both=True)
    cloth.fold((64, 520), (54, 720), wide=12, both=True, strength=0.09)
    cloth.fold((92, 340), (98, 700), wide=10, light=True, both=True)
    hem = mirrored("M0 722 Q84 722 164 708 L156 786 Q80 800 0 800")
    cloth.piece(hem, tone=-0.07, plain=True)
    cloth.ribs(hem, step=7)
    if roll:
        neck = mirrored("M0 150 C36 150 58 158 66 176 L76 232 Q40 262 0 262")
        cloth.piece(neck, tone=0.04, plain=True)
        cloth.ribs(neck, step=7)
        if not back:
            cloth.seam("M-68 196 Q0 222 68 196", strength=0.3)
        return
    high = depth - 22
    ring = f"M-82 214 C-76 {high} -48 {depth + 22} 0 {depth + 22} C48 {depth + 22} 76 {high} 82 214 L64 204 C58 {high - 20} 40 {depth} 0 {depth} C-40 {depth} -58 {high - 20} -64 204 Z"
    cloth.piece(ring, tone=-0.06, plain=True, shadow=False)
    cloth.ribs(ring, step=7)


def jumper(cloth: Cloth, back: bool) -> None:
    """A jumper with a roll neck."""
    _knit(cloth, back, depth=252, roll=True)


def men_jumper(cloth: Cloth, back: bool) -> None:
    """A jumper with a round neck."""
    _knit(cloth, back, depth=238 if back else 268, roll=False)


def cardigan(cloth: Cloth, back: bool) -> None:
    """A long cardigan with big buttons."""
    _neck(cloth, "M0 206 L60 200 L50 252 L0 270")
    cloth.piece(_LONG, both=True, tone=-0.06)
    cloth.fold((204, 390), (248, 660), wide=11, both=True)
    cuff = "M208 664 Q242 678 272 662 L270 742 Q240 754 216 746 Z"
    cloth.piece(cuff, both=True, tone=-0.08, plain=True)
    cloth.ribs(cuff, both=True, step=7)
    cloth.piece(
        mirrored(
            "M0 230 L60 204 L120 226 C154 248 162 350 160 440 C158 580 168 720 170 800 Q80 816 0 816"
        )
    )
    cloth.fold((128, 460), (144, 790), wide=13, both=True)
    cloth.fold((84, 400), (92, 780), wide=10, light=True, both=True)
    hem = mirrored("M0 798 Q84 798 169 784 L164 850 Q80 866 0 866")
    cloth.piece(hem, tone=-0.07, plain=True)
    cloth.ribs(hem, step=7)
    if back:
        ring = mirrored("M0 196 C36 196 56 200 66 206 L84 220 Q40 244 0 242")
        cloth.piece(ring, tone=0.04, plain=True)
        cloth.ribs(ring, step=7)
        return
    cloth.piece(
        "M-60 202 L0 470 L60 202 L52 196 L0 420 L-52 196 Z",
        tone=-0.36,
        shade="",
        plain=True,
        shadow=False,
    )
    cloth.piece("M-52 198 L52 198 L0 452 Z", tone=-0.4, shade="", plain=True, shadow=False)
    left = "M-52 196 L-84 214 L-24 462 L-24 862 L16 866 L16 470 Z"
    right = "M52 196 L84 214 L26 462 L22 866 L-16 866 L-16 470 Z"
    for band in (left, right):
        cloth.piece(band, tone=0.05, plain=True, shadow=False)
        cloth.ribs(band, step=9)
    for y in (500, 590, 680, 770):
        cloth.button(2, y, size=13)
    for side in (1,):
        pocket = "M52 610 L138 602 L142 716 L56 724 Z"
        cloth.piece(pocket, both=side == 1, tone=0.02, shadow=False)
        top = "M52 610 L138 602 L139 630 L53 638 Z"
        cloth.piece(top, both=True, tone=0.05, plain=True, shadow=False)
        cloth.ribs(top, both=True, step=7)


def _hoodie(cloth: Cloth, back: bool, *, wide: float) -> None:
    cloth.piece(
        mirrored("M0 112 C62 112 104 150 108 216 L96 262 L0 276"), tone=-0.06, shade="round"
    )
    cloth.piece(
        mirrored("M0 150 C40 150 66 178 66 216 L56 262 L0 274"), tone=-0.4, shade="", plain=True
    )
    cloth.piece(_LONG, both=True, tone=-0.06)
    cloth.fold((204, 390), (248, 660), wide=12, both=True)
    cuff = "M208 664 Q242 678 272 662 L268 742 Q240 752 218 746 Z"
    cloth.piece(cuff, both=True, tone=-0.1, plain=True)
    cloth.ribs(cuff, both=True, step=7)
    cloth.piece(
        mirrored(
            f"M0 262 L70 236 L122 228 C{156 + wide} 250 {166 + wide} 350 {162 + wide} 440 C{158 + wide} 560 {166 + wide} 660 {168 + wide} 730 Q80 746 0 746"
        )
    )
    cloth.fold((130, 440), (146, 720), wide=13, both=True)
    cloth.fold((92, 340), (98, 560), wide=9, light=True, both=True)
    hem = mirrored(f"M0 732 Q84 732 {166 + wide} 718 L{156 + wide} 788 Q80 802 0 802")
    cloth.piece(hem, tone=-0.09, plain=True)
    cloth.ribs(hem, step=7)
    if back:
        cloth.piece(
            mirrored("M0 112 C70 112 110 152 112 226 C96 290 44 318 0 318"),
            tone=0.03,
            shade="round",
        )
        cloth.seam("M0 114 L0 316", strength=0.5)
        return
    cloth.piece(
        "M-70 234 C-50 274 -20 300 0 306 C20 300 50 274 70 234 L92 250 C70 300 30 336 0 344 C-30 336 -70 300 -92 250 Z",
        tone=0.05,
    )
    cloth.piece(mirrored("M0 566 L92 566 L128 690 L128 732 L0 734"), tone=0.03, shadow=False)
    cloth.stitch("M-88 574 L-122 690 M88 574 L122 690")
    for side in (-1, 1):
        cord = cloth.tone(0.6 if cloth.colour.light < 0.7 else -0.3).code
        cloth.raw(
            f'<path d="M{side * 26} 326 C{side * 36} 380 {side * 26} 420 {side * 32} 474" fill="none" stroke="{cord}" stroke-width="6" stroke-linecap="round"/><circle cx="{side * 32}" cy="478" r="5" fill="{cord}"/>'
        )


def hoodie(cloth: Cloth, back: bool) -> None:
    """A hoodie with a kangaroo pocket."""
    _hoodie(cloth, back, wide=0)


def men_hoodie(cloth: Cloth, back: bool) -> None:
    """A wider hoodie."""
    _hoodie(cloth, back, wide=14)


DRAWINGS: dict[str, Callable[[Cloth, bool], None]] = {
    "blouse": blouse,
    "shirt": shirt,
    "men_shirt": men_shirt,
    "tshirt": tshirt,
    "men_tshirt": tshirt,
    "jumper": jumper,
    "men_jumper": men_jumper,
    "cardigan": cardigan,
    "hoodie": hoodie,
    "men_hoodie": men_hoodie,
}
