"""The source files the rules of this folder are about."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["ROOT", "Source", "sources"]

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("src/hansa", "sandbox", "benchmarks", "migrations", "tests")


@dataclass(frozen=True)
class Source:
    """One Python file; `path` is relative to the root, with slashes."""

    path: str
    text: str
    tree: ast.Module


@cache
def sources() -> tuple[Source, ...]:
    """Read and parse every file of ours."""
    found = []
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            relative = path.relative_to(ROOT).as_posix()
            found.append(Source(path=relative, text=text, tree=ast.parse(text, relative)))
    return tuple(found)
