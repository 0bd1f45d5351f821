"""Garments drawn as vectors: silhouettes, cloth, seams; every one in any colour, from the front and the back.

Each drawing function takes a `Cloth` and lays pieces on it from behind to front. Coordinates: x from the middle (-400..400), y down
(0..1000). `KINDS` names them all.
"""

from collections.abc import Callable

from hansa.assembly.demo.garments import accessories, bottoms, dresses, outerwear, shoes, tops
from hansa.assembly.demo.garments.cloth import Cloth, Colour

Drawing = Callable[[Cloth, bool], None]

KINDS: dict[str, Drawing] = {
    **outerwear.DRAWINGS,
    **dresses.DRAWINGS,
    **tops.DRAWINGS,
    **bottoms.DRAWINGS,
    **shoes.DRAWINGS,
    **accessories.DRAWINGS,
}

__all__ = ["KINDS", "Cloth", "Colour", "Drawing"]
