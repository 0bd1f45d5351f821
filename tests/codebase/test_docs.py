"""Links in the documentation lead somewhere, and generated pages are what is generated."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from hansa.assembly.reference import pages
from tests.codebase.sources import ROOT

LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)(?:\s+\"[^\"]*\")?\)")
IMAGE = re.compile(r"<(?:img|source|a)\b[^>]*\b(?:src|href|srcset)=\"(?P<target>[^\"]+)\"")
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
HEADING = re.compile(r"^#+\s+(.+?)\s*$", re.MULTILINE)


def documents() -> list[Path]:
    """Every page: those at the top and all below docs, deploy, benchmarks."""
    below = [
        page
        for folder in ("docs", "deploy", "benchmarks")
        for page in (ROOT / folder).rglob("*.md")
    ]
    return sorted([*ROOT.glob("*.md"), *below])


def anchors(page: Path) -> set[str]:
    """Anchors of the headings, made as GitHub makes them."""
    text = CODE.sub(lambda found: found[0].strip("`"), page.read_text(encoding="utf-8"))
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in HEADING.findall(text)
    }


def dead_links(page: Path) -> list[str]:
    """Targets inside the repository that are not there."""
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    dead = []
    for found in [*LINK.finditer(text), *IMAGE.finditer(text)]:
        target = unquote(found["target"])
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        place, _, anchor = target.partition("#")
        file = (page.parent / place).resolve() if place else page
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file)):
            dead.append(target)
    return dead


@pytest.mark.parametrize("page", documents(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    assert dead_links(page) == []


def test_dead_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One thing\n[a](#one-thing) [b](other.md) [c](https://example.org) `[d](none)` [e](#two)"
    )

    assert dead_links(page) == ["other.md", "#two"]


@pytest.mark.parametrize("name", sorted(pages()))
def test_generated_page_is_current(name: str) -> None:
    kept = ROOT / "docs" / "reference" / name

    assert kept.is_file(), "run `make docs`"
    assert kept.read_text(encoding="utf-8") == pages()[name], "run `make docs`"
