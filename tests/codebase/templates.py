"""Rules for templates: what the content security policy forbids fails here, not in the browser."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tests.codebase.sources import ROOT

__all__ = ["RULES", "TemplateRule", "find", "templates"]


@dataclass(frozen=True)
class TemplateRule:
    """`pattern` must not be found; `unless`, if given, must be found beside it in the same tag."""

    name: str
    pattern: re.Pattern[str]
    good: tuple[str, ...]
    bad: tuple[str, ...]
    unless: re.Pattern[str] | None = None


TAG = r"<{name}\b(?:[^>\"'{{]|\"[^\"]*\"|'[^']*'|{{[{{%#].*?[}}%#]}}|{{)*>"


def tag(name: str) -> re.Pattern[str]:
    """Match a whole opening tag, attributes with Jinja expressions included."""
    return re.compile(TAG.format(name=name), re.IGNORECASE | re.DOTALL)


RULES = (
    TemplateRule(
        name="no hx-on, which needs eval",
        pattern=re.compile(r"\bhx-on\b|\bhx-vals\s*=\s*[\"']js:", re.IGNORECASE),
        good=('<a hx-get="/x">', "<a hx-vals='{\"a\": 1}'>"),
        bad=('<a hx-on:click="x()">', '<a hx-vals="js:{a: 1}">'),
    ),
    TemplateRule(
        name="no js: values, which need eval",
        pattern=re.compile(r"[\"'](js|javascript):", re.IGNORECASE),
        good=("<a href='/js:x'>",),
        bad=('<a hx-headers="js:{a: b()}">', '<a href="javascript:void(0)">'),
    ),
    TemplateRule(
        name="no trigger filters, which need eval",
        pattern=re.compile(r"hx-trigger\s*=\s*([\"'])(?:(?!\1).)*\[", re.IGNORECASE | re.DOTALL),
        good=('<a hx-trigger="keyup changed delay:200ms">',),
        bad=('<a hx-trigger="click[ctrlKey]">',),
    ),
    TemplateRule(
        name="no style attributes",
        pattern=re.compile(r"<[a-z][^>]*\sstyle\s*=", re.IGNORECASE),
        good=('<p class="style">', '<link rel="stylesheet" href="x">'),
        bad=('<p style="color: red">',),
    ),
    TemplateRule(
        name="no style elements",
        pattern=re.compile(r"<style\b", re.IGNORECASE),
        good=("<p>style</p>",),
        bad=("<style>p {}</style>",),
    ),
    TemplateRule(
        name="no event attributes",
        pattern=re.compile(r"<[a-z][^>]*\son[a-z]+\s*=", re.IGNORECASE),
        good=('<p data-on="x">', "<p>on = off</p>"),
        bad=('<button onclick="x()">',),
    ),
    TemplateRule(
        name="no scripts in the page",
        pattern=tag("script"),
        unless=re.compile(r"\bsrc\s*=|type\s*=\s*[\"']application/(ld\+)?json", re.IGNORECASE),
        good=("<script src=\"{{ asset('a.js') }}\" defer></script>",),
        bad=("<script>x()</script>", '<script type="module">x()</script>'),
    ),
    TemplateRule(
        name="pictures have words",
        pattern=tag("img"),
        unless=re.compile(r"\balt\s*=|\{\{|\{%", re.IGNORECASE),
        good=('<img src="x" alt="">', '<img {{ attributes }} src="x">'),
        bad=('<img src="x">',),
    ),
)


def templates() -> list[Path]:
    """Every template of ours."""
    return sorted(
        path
        for path in (ROOT / "src" / "hansa").rglob("*.html")
        if "templates" in path.parts and "static" not in path.parts
    )


def find(rule: TemplateRule, text: str) -> list[int]:
    """Answer the lines on which the rule is broken. Comments do not count."""
    text = re.sub(r"\{#.*?#\}", lambda found: "\n" * found[0].count("\n"), text, flags=re.DOTALL)
    return [
        text.count("\n", 0, found.start()) + 1
        for found in rule.pattern.finditer(text)
        if rule.unless is None or rule.unless.search(found[0]) is None
    ]
