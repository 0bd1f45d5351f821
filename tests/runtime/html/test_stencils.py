"""Stencils: a macro drawn once prints what it would print each time."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment
from markupsafe import escape

from hansa.runtime.html.stencils import Stencil, Stencils, escape_all, mark

TEMPLATE = """{% macro line(name, price, was=None, colours=()) -%}
<p title="{{ name }}">100 % {{ name }} {{ price }}{% if was %}<s>{{ was }}</s>{% endif %}
{%- for colour in colours %}<i class="{{ colour }}"></i>{% endfor %}</p>
{%- endmacro %}"""
line = Environment(autoescape=True).from_string(TEMPLATE).module.line  # type: ignore[attr-defined]  # a macro


@given(st.text(), st.text(), st.text(min_size=1), st.lists(st.text(), max_size=4))
def test_a_filled_stencil_is_what_the_macro_prints(
    name: str, price: str, was: str, colours: Sequence[str]
) -> None:
    stencil = Stencil(
        line(mark(0), mark(1), mark(2), [mark(3 + place) for place in range(len(colours))])
    )

    filled = stencil.fill(escape_all([name, price, was, *colours]))

    assert filled == line(name, price, was, colours)


@given(st.lists(st.text()))
def test_escaping_all_at_once_is_escaping_each(texts: list[str]) -> None:
    assert list(escape_all(texts)) == [str(escape(text)) for text in texts]


@pytest.mark.parametrize("drawn", ["", "nothing to fill", "50 %", "%s"])
def test_a_shape_without_texts_stays_as_it_was_drawn(drawn: str) -> None:
    assert Stencil(drawn).fill([]) == drawn


def test_a_shape_is_drawn_once_unless_templates_are_being_worked_on() -> None:
    calls: list[str] = []

    def draw() -> str:
        calls.append("drawn")
        return f"<b>{mark(0)}</b>"

    kept, unkept = Stencils(), Stencils(is_kept=False)
    for stencils, times in ((kept, 1), (unkept, 2)):
        calls.clear()
        for text in ("one", "two"):
            assert stencils.of("bold", (True,), draw).fill([text]) == f"<b>{text}</b>"
        assert len(calls) == times


def test_equal_shapes_of_two_macros_are_kept_apart() -> None:
    stencils = Stencils()

    bold = stencils.of("bold", ("ru", True), lambda: f"<b>{mark(0)}</b>")
    quiet = stencils.of("quiet", ("ru", True), lambda: f"<i>{mark(0)}</i>")

    assert (bold.fill(["one"]), quiet.fill(["one"])) == ("<b>one</b>", "<i>one</i>")
