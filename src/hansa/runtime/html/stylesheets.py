"""One text per page out of the hand-written stylesheets.

The sources import one another so that each stays short; a browser would fetch such imports one
after the other. `bundle` puts them into one text, drops comments and white space, and gives fonts
the same address that a page preloads.
"""

import re
from collections.abc import Callable
from pathlib import Path
from posixpath import dirname, join, normpath

_IMPORT = re.compile(r'@import url\("([^"]+)"\);\s*')
_URL = re.compile(r'url\("([^"]+)"\)')
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def bundle(static: Path, name: str, resolve: Callable[[str], str]) -> str:
    """Return the stylesheet `name` with its imports inside, minified.

    `name` and the argument of `resolve` are paths below `static`; `resolve` returns the address
    a browser is to ask for.
    """
    return minify(_collect(static, name, resolve))


def minify(text: str) -> str:
    """Drop comments and the white space that means nothing in our stylesheets."""
    text = _COMMENT.sub("", text)
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r" ?([{};,]) ?", r"\1", text)
    text = re.sub(r"(?<=[a-z-]): (?=[^{}]*[;}])", ":", text)
    return text.replace(";}", "}").strip()


def _collect(static: Path, name: str, resolve: Callable[[str], str]) -> str:
    text = (static / name).read_text(encoding="utf-8")

    def imported(match: re.Match[str]) -> str:
        return _collect(static, normpath(join(dirname(name), match[1])), resolve)

    def addressed(match: re.Match[str]) -> str:
        return f'url("{resolve(normpath(join(dirname(name), match[1])))}")'

    body = _IMPORT.sub("", text)
    head = "".join(imported(match) for match in _IMPORT.finditer(text))
    return head + _URL.sub(addressed, body)
