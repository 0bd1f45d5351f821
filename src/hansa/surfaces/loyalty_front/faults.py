"""What the front refuses itself; everything else is said by a cell."""

from dataclasses import dataclass
from typing import ClassVar

from hansa.kernel.errors import Unavailable


@dataclass(eq=False)
class CellAway(Unavailable):
    """The cell that keeps this, or that might, does not answer."""

    code: ClassVar[str] = "loyalty.cell_away"
    message: ClassVar[str] = (
        "The part of the installation that keeps this does not answer. Repeat with the same key."
    )
