"""Reading a body: rows one by one, so that a bad one is refused by itself."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeVar

import msgspec

from hansa.modules.erp.rest.errors import BatchTooLarge, BatchWithoutRows, RowInvalid
from hansa.modules.erp.rest.model import (
    BATCH_BYTES_MAX,
    KEY_CHARACTERS_MAX,
    SEQUENCE_MAX,
    Fate,
    Outcome,
    Told,
)
from hansa.runtime.http import TextInvalid
from hansa.runtime.http.bodies import BodyInvalid, check_texts
from hansa.runtime.http.faults import body_faults

LOOKED_THROUGH_BYTES = 128 * 1024
"""After so many bytes others get their turn: pages of this process must not wait for a batch."""

Key = Annotated[
    str,
    msgspec.Meta(
        min_length=1, max_length=KEY_CHARACTERS_MAX, description="What the sender calls the thing"
    ),
]
Sequence_ = Annotated[
    int,
    msgspec.Meta(
        ge=0,
        le=SEQUENCE_MAX,
        description="Grows with each row about this key; gaps are fine",
    ),
]


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every row has."""

    key: Key
    sequence: Sequence_
    as_of: Annotated[
        datetime | None,
        msgspec.Meta(
            description="When it was so; without an offset in the time zone of the connection"
        ),
    ] = None


R = TypeVar("R", bound=Row)


class _Envelope(msgspec.Struct):
    rows: list[msgspec.Raw]


class _Head(msgspec.Struct):
    key: Key
    sequence: Sequence_


@dataclass(slots=True, kw_only=True)
class RawRow:
    """A row that is not read yet."""

    fate: Fate
    raw: msgspec.Raw
    weight: int


_envelope = msgspec.json.Decoder(_Envelope)
_head = msgspec.json.Decoder(_Head)


async def read_rows(body: bytes, *, limit: int) -> tuple[list[RawRow], list[Fate]]:
    """Cut a body into rows; give those that have a key, and the fate of every row.

    Raises:
        BodyInvalid: it is not JSON at all.
        BatchWithoutRows: it is no object with rows.
        BatchTooLarge: it has more than `limit` rows.
    """
    raws = _cut(body)
    if len(raws) > limit:
        raise BatchTooLarge(BATCH_BYTES_MAX, limit)
    rows: list[RawRow] = []
    fates: list[Fate] = []
    looked_through = 0
    for place, raw in enumerate(raws):
        fate = Fate(place=place)
        fates.append(fate)
        weight = len(memoryview(raw))
        head = _read(raw, _head, _Head, fate)
        if head is not None:
            fate.key, fate.sequence = head.key, head.sequence
            rows.append(RawRow(fate=fate, raw=raw, weight=weight))
        looked_through += weight
        if looked_through > LOOKED_THROUGH_BYTES:
            looked_through = 0
            await asyncio.sleep(0)
    return rows, fates


def _cut(body: bytes) -> list[msgspec.Raw]:
    if not body:
        raise BodyInvalid("it is empty where JSON was expected")
    try:
        return _envelope.decode(body).rows
    except msgspec.ValidationError as error:
        raise BatchWithoutRows from error
    except UnicodeDecodeError as error:
        raise BodyInvalid("it is not UTF-8") from error
    except RecursionError as error:
        raise BodyInvalid("it is nested too deeply") from error
    except msgspec.DecodeError as error:
        raise BodyInvalid(f"it is not JSON ({str(error).rstrip('.')})") from error


def read_row(raw: RawRow, decoder: "msgspec.json.Decoder[R]", kind: type[R]) -> R | None:
    """Read a row as its kind says; None if it was refused."""
    return _read(raw.raw, decoder, kind, raw.fate)


T = TypeVar("T")


def _read(
    raw: msgspec.Raw, decoder: "msgspec.json.Decoder[T]", kind: type[T], fate: Fate
) -> T | None:
    text = bytes(raw)
    try:
        row = decoder.decode(text)
        if b"\\u" in text or b"\x7f" in text:
            check_texts(msgspec.json.decode(text))
    except msgspec.ValidationError as error:
        _refuse(fate, text, kind, str(error))
    except TextInvalid as error:
        fate.refuse(error, error.field)
    except RecursionError:
        fate.refuse(RowInvalid("it is nested too deeply"))
    except (UnicodeDecodeError, msgspec.DecodeError) as error:
        fate.refuse(RowInvalid(str(error).rstrip(".")))
    else:
        return row
    return None


def _refuse(fate: Fate, text: bytes, kind: Any, reason: str) -> None:
    """Name the first wrong field of a row, and its key as far as it can be known."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        fate.refuse(RowInvalid(reason.rstrip(".")))
        return
    if isinstance(value, dict) and isinstance(key := value.get("key"), str):
        fate.key = key[:KEY_CHARACTERS_MAX]
    fault = next(iter(body_faults(value, kind, strict=True)), None)
    if fault is None:
        fate.refuse(RowInvalid(reason.rstrip(".")))
        return
    fate.outcome = Outcome.REFUSED
    at = fault.field.replace(".[", "[")
    fate.told = Told(f"request.{fault.code}", fault.message, fault.data, at)


def in_order(rows: Sequence[RawRow]) -> list[list[RawRow]]:
    """Divide rows into rounds in which each key comes once, by sequence."""
    by_key: dict[str, list[RawRow]] = {}
    for row in rows:
        by_key.setdefault(row.fate.key, []).append(row)
    if len(by_key) == len(rows):
        return [list(rows)]
    rounds: list[list[RawRow]] = []
    for group in by_key.values():
        group.sort(key=lambda row: (row.fate.sequence or 0, row.fate.place))
        for number, row in enumerate(group):
            if number == len(rounds):
                rounds.append([])
            rounds[number].append(row)
    return rounds
