"""Keyset paging: a page names where the next one begins, not how many rows to skip.

A cursor is opaque and signed, so that it cannot be made up to read past what a list shows.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Generic, TypeVar
from uuid import UUID

import msgspec
from litestar.params import QueryParameter

from hansa.kernel.errors import Invalid

T = TypeVar("T")

LIMIT_DEFAULT = 50
LIMIT_MAX = 200
CURSOR_CHARACTERS_MAX = 500
_SIGNATURE_BYTES = 10

Limit = Annotated[int, QueryParameter(ge=1, le=LIMIT_MAX, description="How many to give at most.")]
Cursor = Annotated[
    str | None,
    QueryParameter(
        max_length=CURSOR_CHARACTERS_MAX, description="`next` of the page before, as it was given."
    ),
]


@dataclass(eq=False)
class CursorInvalid(Invalid):
    """A cursor was made up, changed, or is of another list."""

    code: ClassVar[str] = "paging.cursor_invalid"
    message: ClassVar[str] = "This is not a cursor of this list. Begin again without it."


class ListPage(msgspec.Struct, Generic[T], frozen=True):
    """Some of a list, and the cursor of what follows, if anything."""

    items: list[T]
    next: str | None = None


def write_cursor(secret: bytes, values: Sequence[Any], *, of: str) -> str:
    """Write the sort key of the last row as a cursor of the list named `of`."""
    body = msgspec.json.encode(list(values))
    return base64.urlsafe_b64encode(_sign(secret, of, body) + body).decode().rstrip("=")


def read_cursor(secret: bytes, cursor: str | None, *, of: str, types: Sequence[Any]) -> Any:
    """Read a cursor back into values of the given types, or None without one.

    Raises:
        CursorInvalid: it is not ours, or not of this list.
    """
    if cursor is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except ValueError as error:
        raise CursorInvalid from error
    signature, body = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _sign(secret, of, body)):
        raise CursorInvalid
    try:
        values = msgspec.json.decode(body)
        if len(values) != len(types):
            raise CursorInvalid
        return tuple(
            msgspec.convert(value, kind, strict=False)
            for value, kind in zip(values, types, strict=True)
        )
    except msgspec.MsgspecError as error:
        raise CursorInvalid from error


def page_of(
    rows: Sequence[T],
    *,
    limit: int,
    secret: bytes,
    of: str,
    key: Callable[[T], Sequence[UUID | datetime | Decimal | str | int]],
) -> tuple[list[T], str | None]:
    """Cut `limit + 1` rows to a page; the row too many only tells that there is more."""
    shown = list(rows[:limit])
    more = len(rows) > limit and bool(shown)
    return shown, write_cursor(secret, key(shown[-1]), of=of) if more else None


def _sign(secret: bytes, of: str, body: bytes) -> bytes:
    message = b"cursor:" + of.encode() + b":" + body
    return hmac.new(secret, message, hashlib.sha256).digest()[:_SIGNATURE_BYTES]
