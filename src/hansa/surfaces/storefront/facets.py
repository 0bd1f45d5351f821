"""Groups of filters with their counts, put into the stencils of their macros.

A listing shows a hundred of such lines, and of each only the count changes.
"""

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import NamedTuple

from markupsafe import Markup, escape

from hansa.modules import search
from hansa.runtime.html.stencils import Stencil, mark
from hansa.runtime.http import Request
from hansa.runtime.http.visit import Renderer

LINES_SHOWN = 8
_COLOUR = "colour"


def draw_facets(request: Request, facets: Sequence[search.Facet]) -> Markup:
    """Draw every group."""
    renderer, language = request.visit.wiring.renderer, request.language
    return Markup("").join([_group(renderer, language, facet) for facet in facets])


class _Line(NamedTuple):
    """What decides the markup of a line, apart from its texts."""

    language: str
    is_colour: bool
    is_chosen: bool
    is_empty: bool


class _Group(NamedTuple):
    """What decides the markup of a group, apart from its title and lines."""

    language: str
    is_colour: bool
    has_more: bool


def _group(renderer: Renderer, language: str, facet: search.Facet) -> Markup:
    is_colour = facet.kind == _COLOUR and all(value.swatch for value in facet.values)
    lines = []
    for value in facet.values:
        shape = _Line(language, is_colour, value.is_chosen, value.count == 0)
        stencil: Stencil = renderer.stencil(
            "facet_line", shape, partial(_draw_line, renderer, shape)
        )
        texts = _texts(facet.code, value.value, value.label, value.swatch)
        lines.append(stencil.fill((*texts, str(value.count))))
    shown, more = (lines, []) if is_colour else (lines[:LINES_SHOWN], lines[LINES_SHOWN:])
    group = _Group(language, is_colour, bool(more))
    frame: Stencil = renderer.stencil("facet_group", group, partial(_draw_group, renderer, group))
    return frame.fill((str(escape(facet.name)), "".join(shown), "".join(more)))


def _draw_line(renderer: Renderer, shape: _Line) -> str:
    macros = renderer.macros(shape.language, "components/shop.html")
    count = 0 if shape.is_empty else mark(4)
    name, value, label, swatch = (mark(place) for place in range(4))
    return str(
        macros.facet_colour(name, value, label, swatch, count, shape.is_chosen)
        if shape.is_colour
        else macros.facet_line(name, value, label, count, shape.is_chosen)
    )


def _draw_group(renderer: Renderer, shape: _Group) -> str:
    macros = renderer.macros(shape.language, "components/shop.html")
    return str(
        macros.facet_colour_group(mark(0), mark(1))
        if shape.is_colour
        else macros.facet_group(mark(0), mark(1), mark(2) if shape.has_more else "")
    )


@lru_cache(maxsize=20_000)
def _texts(code: str, value: str, label: str, swatch: str | None) -> tuple[str, str, str, str]:
    """Give the texts of a line that do not change, safe to print."""
    return (str(escape(code)), str(escape(value)), str(escape(label)), str(escape(swatch or "")))
