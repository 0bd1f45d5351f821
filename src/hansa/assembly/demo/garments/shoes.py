"""Shoes, each a pair: one from the side, the other behind it."""

from collections.abc import Callable

from hansa.assembly.demo.garments.cloth import BLACK, BRASS, Cloth, Colour

_RUBBER = Colour("rubber", 240, 234, 222)
_SOLE = Colour("sole", 72, 52, 40)


def _pair(cloth: Cloth, draw: Callable[[Cloth], None], *, back: bool) -> None:
    """Draw the far shoe higher and smaller, then the near one."""
    far = Cloth(cloth.colour, cloth.pattern, cloth.key, gradients=cloth.gradients)
    draw(far)
    flip = "-1" if back else "1"
    body = "".join(far.parts)
    shape = "".join(far.shape)
    cloth.parts.append(f'<g transform="translate(46 -128) scale({flip} 1) scale(.93)">{body}</g>')
    cloth.shape.append(f'<g transform="translate(46 -128) scale({flip} 1) scale(.93)">{shape}</g>')
    near = "-1" if back else "1"
    cloth.parts.append(f'<g transform="translate(-24 60) scale({near} 1)">{body}</g>')
    cloth.shape.append(f'<g transform="translate(-24 60) scale({near} 1)">{shape}</g>')


def _sneaker(cloth: Cloth) -> None:
    cloth.piece(
        "M-226 560 C-232 600 -226 624 -214 634 L214 634 C242 630 246 604 236 584 C120 600 -60 590 -226 560 Z",
        fill=_RUBBER,
        shade="down",
    )
    cloth.piece(
        "M-222 568 C-236 500 -232 440 -214 404 C-196 392 -170 398 -150 412 L-90 420 C-60 392 -34 388 -16 396 C20 440 70 484 140 498 C212 508 246 548 238 592 C120 604 -60 596 -222 568 Z",
        shade="down",
    )
    cloth.piece(
        "M104 490 C150 502 230 508 238 590 C200 596 140 598 100 597 C80 560 82 520 104 490 Z",
        tone=0.07,
        shade="round",
        shadow=False,
    )
    cloth.piece(
        "M-222 566 C-232 520 -232 480 -226 450 L-150 470 C-150 520 -146 560 -140 582 Z",
        tone=-0.1,
        shade="",
        shadow=False,
    )
    cloth.piece(
        "M-16 396 C-40 386 -70 396 -94 420 C-60 470 0 520 60 548 L96 500 C50 470 10 430 -16 396 Z",
        tone=-0.05,
        shadow=False,
    )
    lace = cloth.tone(0.75 if cloth.colour.light < 0.7 else -0.4).code
    for number in range(5):
        x, y = -52 + number * 27, 420 + number * 22
        cloth.raw(
            f'<path d="M{x - 16} {y + 20} L{x + 26} {y - 2}" stroke="{lace}" stroke-width="9" stroke-linecap="round"/>'
        )
    cloth.stitch("M-136 574 C-100 540 -40 560 20 566 C40 570 60 572 76 590")
    cloth.seam("M-216 410 C-190 420 -160 424 -150 414", strength=0.6)
    cloth.raw(
        f'<path d="M-222 598 C-60 616 120 620 238 602" fill="none" stroke="{BLACK.code}" stroke-opacity=".2" stroke-width="3"/>'
    )


def _boot(cloth: Cloth) -> None:
    cloth.piece(
        "M-180 606 L-180 648 L-86 648 L-76 622 L40 626 L56 640 L226 640 C238 630 238 612 232 602 Z",
        fill=_SOLE,
        shade="down",
    )
    cloth.piece(
        "M-176 610 C-190 520 -180 420 -186 296 Q-120 276 -44 292 C-40 360 -34 400 -10 440 C40 480 120 500 190 528 C226 546 240 580 232 608 C100 622 -60 620 -176 610 Z",
        shade="side",
    )
    cloth.piece(
        "M108 500 C150 512 230 540 232 606 C190 616 130 616 96 612 C84 570 88 530 108 500 Z",
        tone=0.05,
        shade="round",
        shadow=False,
    )
    cloth.seam("M-186 330 Q-116 312 -44 326", strength=0.5)
    cloth.piece(
        "M-50 292 C-46 360 -40 404 -14 444 L60 486 L40 520 C-30 480 -84 440 -96 300 Z",
        tone=-0.12,
        shadow=False,
    )
    lace = cloth.tone(-0.55 if cloth.colour.light > 0.35 else 0.45).code
    for number in range(6):
        x, y = -84 + number * 12, 318 + number * 31
        cloth.raw(
            f'<path d="M{x} {y + 10} L{x + 44} {y - 4}" stroke="{lace}" stroke-width="7" stroke-linecap="round"/><circle cx="{x - 4}" cy="{y + 12}" r="4" fill="{BRASS.code}"/>'
        )
    cloth.stitch("M-172 520 C-120 500 -90 540 -84 612")
    cloth.piece("M-172 280 L-142 276 L-140 330 L-170 334 Z", tone=-0.2, shade="", shadow=False)


def _loafer(cloth: Cloth) -> None:
    cloth.piece(
        "M-214 600 L-214 636 L-120 636 L-112 618 L224 622 C236 612 234 600 228 592 Z",
        fill=_SOLE,
        shade="down",
    )
    cloth.piece(
        "M-196 470 Q-110 500 -30 452 L-20 500 Q-110 540 -196 520 Z",
        tone=-0.45,
        shade="",
        plain=True,
    )
    cloth.piece(
        "M-214 604 C-224 560 -214 500 -200 462 C-170 500 -100 520 -40 484 C-10 446 40 442 80 462 C130 488 196 492 222 536 C238 564 238 588 228 602 C100 612 -100 614 -214 604 Z",
        shade="down",
    )
    cloth.piece(
        "M-36 482 C-8 446 40 442 80 462 C122 484 178 490 206 520 C160 546 60 556 -10 540 C-30 526 -40 506 -36 482 Z",
        tone=0.08,
        shade="round",
        shadow=False,
    )
    cloth.stitch("M-38 496 C-30 530 0 546 40 548 C100 552 160 546 198 540")
    cloth.piece(
        "M-62 500 C-30 470 30 466 66 478 L60 530 C20 520 -20 530 -50 554 Z",
        tone=-0.08,
        shadow=False,
    )
    cloth.raw(
        f'<path d="M-30 514 C-6 500 24 498 44 504" fill="none" stroke="{BRASS.code}" stroke-width="10" stroke-linecap="round"/><circle cx="-32" cy="516" r="9" fill="none" stroke="{BRASS.code}" stroke-width="5"/><circle cx="48" cy="506" r="9" fill="none" stroke="{BRASS.code}" stroke-width="5"/>'
    )


def _sandal(cloth: Cloth) -> None:
    cork = Colour("cork", 186, 148, 108)
    cloth.piece(
        "M-216 576 C-228 610 -222 634 -208 640 L206 640 C238 636 246 606 232 586 C150 604 60 560 -60 560 Q-150 556 -216 576 Z",
        fill=cork,
        shade="down",
    )
    cloth.raw(
        "".join(
            f'<path d="M{-200 + n * 27} {626 - (n % 3) * 5} l9 1" stroke="{_SOLE.code}" stroke-opacity=".5" stroke-width="3"/>'
            for n in range(15)
        )
    )
    cloth.piece(
        "M-212 578 C-150 548 -60 546 20 560 C100 574 170 590 226 582 C220 570 200 562 170 560 C90 556 -60 520 -160 540 Q-200 552 -212 578 Z",
        tone=-0.35,
        plain=True,
        shade="",
    )
    cloth.piece(
        "M34 566 C40 500 90 470 130 480 C170 490 206 520 214 578 C190 592 160 590 150 588 C140 550 120 540 104 542 C90 546 84 560 84 580 Z",
        shade="round",
    )
    cloth.piece(
        "M-110 552 C-110 480 -76 440 -32 444 C14 450 24 500 26 566 L-20 558 C-20 520 -30 496 -44 494 C-62 494 -70 520 -68 552 Z",
        shade="round",
        tone=0.03,
    )
    cloth.piece(
        "M-196 556 C-206 500 -196 440 -176 420 C-150 430 -90 452 -44 460 L-46 494 C-90 486 -130 474 -154 468 C-162 490 -162 530 -158 552 Z",
        tone=-0.06,
    )
    cloth.raw(
        f'<rect x="-92" y="440" width="34" height="40" rx="6" fill="none" stroke="{BRASS.code}" stroke-width="7" transform="rotate(12 -75 460)"/>'
    )
    cloth.stitch("M44 560 C52 506 96 484 128 490 C168 502 198 530 204 574")


def sneaker(cloth: Cloth, back: bool) -> None:
    """Trainers."""
    _pair(cloth, _sneaker, back=back)


def boot(cloth: Cloth, back: bool) -> None:
    """Laced boots."""
    _pair(cloth, _boot, back=back)


def loafer(cloth: Cloth, back: bool) -> None:
    """Loafers with a snaffle."""
    _pair(cloth, _loafer, back=back)


def sandal(cloth: Cloth, back: bool) -> None:
    """Sandals on a cork sole."""
    _pair(cloth, _sandal, back=back)


DRAWINGS: dict[str, Callable[[Cloth, bool], None]] = {
    "sneaker": sneaker,
    "boot": boot,
    "loafer": loafer,
    "sandal": sandal,
}
