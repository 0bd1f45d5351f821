"""The kinds of clothes of the demo.

Russian names are built from a noun and a detail that needs no agreement, so that every combination
reads as a shop would write it.
"""

from hansa.assembly.demo.kinds.accessories import ACCESSORIES
from hansa.assembly.demo.kinds.kind import Kind
from hansa.assembly.demo.kinds.men import MEN
from hansa.assembly.demo.kinds.shoes import SHOES
from hansa.assembly.demo.kinds.women import WOMEN

__all__ = ["KINDS", "Kind"]

KINDS = (*WOMEN, *MEN, *SHOES, *ACCESSORIES)
