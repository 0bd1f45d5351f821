"""What the CRM remembers over a restart: everything, in one file, written whole after a change."""

import json
from dataclasses import asdict, fields
from pathlib import Path

from sandbox.retailcrm.books import Books

_BY_NUMBER = ("orders", "customers", "payments")
_LEFT_OUT = {"clock_offset", "sites"}


def read(path: Path | None) -> Books:
    """Open the books as they were, or new ones."""
    books = Books()
    if path is None or not path.exists():
        return books
    kept = json.loads(path.read_text(encoding="utf-8"))
    for name in _BY_NUMBER:
        kept[name] = {int(number): one for number, one in kept[name].items()}
    for one in fields(Books):
        if one.name in kept:
            setattr(books, one.name, kept[one.name])
    return books


def write(books: Books, path: Path | None) -> None:
    """Write the books down; a half-written file never stands in the place of a whole one."""
    if path is None:
        return
    kept = {name: one for name, one in asdict(books).items() if name not in _LEFT_OUT}
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
    draft.replace(path)
