"""JSON, one record a line or a long list, and XML: read in pieces, one record in memory."""

import re
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from typing import TypeAlias, cast

import msgspec
from lxml import etree

from hansa.modules.loyalty.intake.mapping import ROW, Source
from hansa.modules.loyalty.intake.reading.found import (
    RECORD_BYTES_MAX,
    Chunks,
    Found,
    SourceBroken,
    has_bad_text,
    unreadable,
)

DEPTH_MAX = 40
Element: TypeAlias = etree._Element  # noqa: SLF001 - lxml gives its class no public name
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}:,]')
_ESCAPES = re.compile(rb"\\u00[01]|\\u007f|\\ud[89a-f]|\x7f", re.IGNORECASE)
_decoder = msgspec.json.Decoder(float_hook=Decimal)


async def read_json_lines(chunks: Chunks, source: Source) -> AsyncIterator[Found]:
    """Read a record from every line."""
    rest, row = b"", 0
    async for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            row += 1
            if line.strip():
                yield _record(row, line, source)
        if len(rest) > RECORD_BYTES_MAX:
            raise SourceBroken(row, "a line is longer than a record may be")
    if rest.strip():
        yield _record(row + 1, rest, source)


async def read_json(chunks: Chunks, source: Source) -> AsyncIterator[Found]:
    """Read the records of a list somewhere in a document, without holding the document.

    Raises:
        SourceBroken: from here on it is no JSON, or the list is not there.
    """
    scanner = _Scanner(source)
    async for chunk in chunks:
        for found in scanner.feed(chunk):
            yield found
    if not scanner.is_done:
        raise SourceBroken(scanner.row, "the document ends too early, or has no such list")


class _Scanner:
    """Finds records in a stream: knows strings, brackets, and the names on the way to the list."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._path = [part for part in source.records.split(".") if part]
        self._buffer = bytearray()
        self._place = 0
        self._begin: int | None = None
        self._inside = 0
        self._names: list[str | None] = []
        self._kinds: list[bytes] = []
        self._name: str | None = None
        self._last: bytes = b""
        self._is_odd = False
        self.row = 0
        self.is_done = False

    def feed(self, chunk: bytes) -> Iterator[Found]:
        self._buffer += chunk
        while not self.is_done:
            token = _TOKEN.search(self._buffer, self._place)
            if token is None:
                break
            if self._buffer.find(b'"', self._place, token.start()) >= 0:
                break  # a string that is not whole yet stands before the token
            between = self._buffer[self._place : token.start()].strip()
            self._place = token.end()
            word = bytes(token.group())
            if self._begin is None and self._kinds and self._is_in_list():
                yield from self._notice(word, has_more=bool(between))
            yield from self._take(word, token.start())
        keep = self._place if self._begin is None else self._begin
        del self._buffer[:keep]
        self._place -= keep
        if self._begin is not None:
            self._begin -= keep
        if len(self._buffer) > RECORD_BYTES_MAX + len(chunk):
            raise SourceBroken(self.row, "a record is longer than a record may be")

    def _notice(self, token: bytes, *, has_more: bool) -> Iterator[Found]:
        """Notice what stands in the list and is no record: a number, a text, another list."""
        self._is_odd = self._is_odd or has_more or token[:1] == b'"' or token == b"["
        if self._is_odd and token in b",]":
            self.row, self._is_odd = self.row + 1, False
            yield unreadable(self.row, "it is no record with fields")

    def _take(self, token: bytes, at: int) -> Iterator[Found]:
        if token[:1] == b'"':
            self._last = token
        elif token == b":":
            if self._begin is None and self._kinds and self._kinds[-1] == b"{":
                self._name = _text(self._last)
        elif token in b"[{":
            if token == b"{" and self._begin is None and self._is_in_list():
                self._begin, self._inside = at, len(self._kinds)
            self._kinds.append(token)
            self._names.append(self._name)
            self._name = None
            if len(self._kinds) > DEPTH_MAX:
                raise SourceBroken(self.row, "it is nested too deeply")
        elif token in b"]}":
            yield from self._close(token, at)

    def _close(self, token: bytes, at: int) -> Iterator[Found]:
        if not self._kinds or (self._kinds[-1] == b"{") != (token == b"}"):
            raise SourceBroken(self.row, "its brackets do not fit")
        was_list = self._begin is None and self._is_in_list()
        self._kinds.pop()
        self._names.pop()
        if self._begin is not None and len(self._kinds) == self._inside:
            self.row += 1
            piece = bytes(self._buffer[self._begin : at + 1])
            self._begin, self.is_done = None, not self._kinds
            yield _record(self.row, piece, self._source)
        elif was_list or not self._kinds:
            self.is_done = was_list or not self._path

    def _is_in_list(self) -> bool:
        """Tell whether what begins here is a record: in the list, or the whole document."""
        if not self._kinds:
            return not self._path
        names = [name for name in self._names[1:] if name is not None]
        depth = len(self._path) + 1
        return self._kinds[-1] == b"[" and len(self._kinds) == depth and names == self._path


def _record(row: int, piece: bytes, source: Source) -> Found:
    try:
        held = _decoder.decode(piece if source.encoding == "utf-8"
                               else piece.decode(source.encoding).encode())  # fmt: skip
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        return unreadable(row, f"it is no JSON ({str(error).rstrip('.')})")
    if not isinstance(held, dict):
        return unreadable(row, "it is no record with fields")
    if _ESCAPES.search(piece) and _has_bad(held):
        return unreadable(row, "it holds characters that are no text")
    return Found(row, {ROW: row, **held})


def _has_bad(held: object) -> bool:
    if isinstance(held, str):
        return has_bad_text(held)
    if isinstance(held, dict):
        return any(has_bad_text(name) or _has_bad(one) for name, one in held.items())
    return isinstance(held, list) and any(_has_bad(one) for one in held)


def _text(token: bytes) -> str:
    try:
        return msgspec.json.decode(token, type=str)
    except (msgspec.DecodeError, UnicodeError):
        return ""


# -- XML -------------------------------------------------------------------------------------------


async def read_xml(chunks: Chunks, source: Source) -> AsyncIterator[Found]:
    """Read elements at a path such as `orders/order`; attributes are `@name`.

    Raises:
        SourceBroken: from here on it is no XML.
    """
    path = [part for part in source.records.replace(".", "/").split("/") if part]
    parser = etree.XMLPullParser(
        events=("start", "end"), resolve_entities=False, no_network=True, huge_tree=False
    )
    row, names, held_bytes = 0, list[str](), 0
    async for chunk in chunks:
        try:
            parser.feed(chunk)
            events = list(parser.read_events())
        except etree.XMLSyntaxError as error:
            raise SourceBroken(row, f"it is no XML ({error.msg})") from error
        held_bytes += len(chunk)
        for event, read in events:
            element = cast("Element", read)
            if event == "start":
                names.append(_name(element))
                if len(names) > DEPTH_MAX:
                    raise SourceBroken(row, "it is nested too deeply")
                continue
            if names == path:
                row, held_bytes = row + 1, 0
                yield _element(row, element)
                _forget(element)
            names.pop()
        if held_bytes > RECORD_BYTES_MAX + len(chunk):
            raise SourceBroken(row, "a record is longer than a record may be")
    try:
        parser.close()
    except etree.XMLSyntaxError as error:
        raise SourceBroken(row, "the document ends too early") from error


def _forget(element: Element) -> None:
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _element(row: int, element: Element) -> Found:
    held = _tree(element)
    if not isinstance(held, dict):
        return unreadable(row, "it is no record with fields")
    if _has_bad(held):
        return unreadable(row, "it holds characters that are no text")
    return Found(row, {ROW: row, **held})


def _tree(element: Element) -> object:
    held: dict[str, object] = {f"@{name!s}": str(value) for name, value in element.items()}
    for child in element:
        if callable(child.tag):  # a comment, an instruction to some program
            continue
        name, inner = _name(child), _tree(child)
        known = held.get(name)
        if known is None:
            held[name] = inner
        elif isinstance(known, list):
            known.append(inner)
        else:
            held[name] = [known, inner]
    text = (element.text or "").strip()
    if not held:
        return text
    if text:
        held["#text"] = text
    return held


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
