"""Colours and sizes of a product, put into the stencils of their macros."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from markupsafe import Markup

from hansa.runtime.html.stencils import Stencil, escape_all, mark
from hansa.runtime.http import Request
from hansa.runtime.http.visit import Renderer
from hansa.surfaces.storefront.forms import translator

FIELD = "variant_id"
_MACROS = "components/shop.html"


class Colour(NamedTuple):
    """A colour to choose: where its page is, what it is called and looks like."""

    href: str
    label: str
    swatch: str
    is_current: bool


class Size(NamedTuple):
    """A variant to choose within a colour; the note says what is special about its stock."""

    value: str
    label: str
    note: str
    is_available: bool


class _Shape(NamedTuple):
    """What decides the markup of a size, apart from its texts."""

    language: str
    has_note: bool
    is_checked: bool
    is_available: bool


def draw_colours(request: Request, colours: Sequence[Colour]) -> Markup:
    """Draw links to the same product in each colour."""
    renderer, language = request.visit.wiring.renderer, request.language
    drawn = []
    for colour in colours:
        shape = (language, colour.is_current)
        draw = partial(_draw_colour, renderer, language, is_current=colour.is_current)
        stencil: Stencil = renderer.stencil("colour_link", shape, draw)
        drawn.append(stencil.fill(escape_all(colour[:3])))
    group: Stencil = renderer.stencil(
        "colour_link_group",
        language,
        lambda: str(renderer.macros(language, _MACROS).colour_link_group(mark(0), mark(1))),
    )
    return group.fill((*escape_all([translator(request)("Colour")]), "".join(drawn)))


def draw_sizes(request: Request, sizes: Sequence[Size]) -> Markup:
    """Draw sizes to choose one of; the only one that is there is chosen already."""
    renderer, language = request.visit.wiring.renderer, request.language
    is_single = sum(size.is_available for size in sizes) == 1
    drawn = []
    for size in sizes:
        shape = _Shape(
            language, bool(size.note), is_single and size.is_available, size.is_available
        )
        stencil: Stencil = renderer.stencil(
            "size_choice", shape, partial(_draw_size, renderer, shape)
        )
        drawn.append(stencil.fill(escape_all(size[:3])))
    group: Stencil = renderer.stencil(
        "size_group",
        language,
        lambda: str(renderer.macros(language, _MACROS).size_group(mark(0), mark(1))),
    )
    return group.fill((*escape_all([translator(request)("Size")]), "".join(drawn)))


def _draw_colour(renderer: Renderer, language: str, *, is_current: bool) -> str:
    macros = renderer.macros(language, _MACROS)
    return str(macros.colour_link(mark(0), mark(1), mark(2), is_current))


def _draw_size(renderer: Renderer, shape: _Shape) -> str:
    macros = renderer.macros(shape.language, _MACROS)
    return str(
        macros.size_choice(
            FIELD,
            mark(0),
            mark(1),
            mark(2) if shape.has_note else None,
            shape.is_checked,
            not shape.is_available,
        )
    )
