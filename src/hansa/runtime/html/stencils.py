"""Macros drawn once with marks in place of their texts; after that, filling one is a single join.

Lists are made of the same few lines, each drawn by a macro that does nothing with its texts but
print them. Calling it two hundred times a page costs more than the rest of the page. A stencil
calls it once for each shape (with or without a struck price ...), and keeps what is between the
texts. The macro stays the only place that knows the markup. What a stencil takes must be safe
already: texts go through `escape` or `escape_all` first.
"""

import re
from collections.abc import Callable, Hashable, Sequence
from operator import itemgetter
from typing import Any

from markupsafe import Markup, escape

SHAPES_MAX = 2_000
_SEPARATOR = "\x1f"
_FIRST, _LAST = "\ue000", "\ue001"
_MARK = re.compile(f"{_FIRST}([0-9]+){_LAST}")


def mark(number: int) -> Markup:
    """Give what stands in the place of a text while a shape is drawn; no text of ours holds it."""
    return Markup(f"{_FIRST}{number}{_LAST}")  # noqa: S704 - two private characters and a number


def _nothing(_: Sequence[str]) -> tuple[str, ...]:
    return ()


def escape_all(texts: Sequence[str]) -> Sequence[str]:
    """Escape texts in one call: one for each would cost more than filling a stencil."""
    safe = str(escape(_SEPARATOR.join(texts))).split(_SEPARATOR)
    return safe if len(safe) == len(texts) else [str(escape(text)) for text in texts]


class Stencil:
    """A drawn shape: its texts are given by number, as they were marked."""

    __slots__ = ("_choose", "_count", "_pattern")

    def __init__(self, drawn: str) -> None:
        pieces = _MARK.split(drawn)
        numbers = [int(number) for number in pieces[1::2]]
        self._pattern = "%s".join(piece.replace("%", "%%") for piece in pieces[0::2])
        self._count = len(numbers)
        # Of one index itemgetter gives a bare value: ask for two, use the first.
        self._choose = itemgetter(*numbers, *numbers[:1]) if numbers else _nothing

    def fill(self, texts: Sequence[str]) -> Markup:
        """Put texts, which must be safe, into the places of the marks."""
        chosen = self._choose(texts)
        return Markup(self._pattern % chosen[: self._count])  # noqa: S704 - the texts are safe


class Stencils:
    """The shapes of one process; without keeping any while templates are being worked on."""

    def __init__(self, *, is_kept: bool = True) -> None:
        self._shapes: dict[tuple[str, Hashable], Stencil] = {}
        self._is_kept = is_kept

    def of(self, macro: str, shape: Hashable, draw: Callable[[], Any]) -> Stencil:
        """Give the stencil of a macro's shape; `draw` is called the first time, and prints marks.

        The macro is named because shapes are tuples, and tuples of two classes may be equal.
        """
        found = self._shapes.get((macro, shape))
        if found is None:
            found = Stencil(str(draw()))
            if self._is_kept:
                if len(self._shapes) >= SHAPES_MAX:
                    self._shapes.clear()
                self._shapes[macro, shape] = found
        return found
