"""A sample of every event ever published, kept for ever: `tests/contracts/events/TYPE.json`.

`python -m tests.codebase.event_samples` writes those that are missing and never changes one.
"""

from __future__ import annotations

import dataclasses
import enum
import importlib
import pkgutil
import types
import typing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from hansa import contracts
from hansa.kernel.message import Event
from tests.codebase.sources import ROOT

__all__ = ["FOLDER", "event_types", "sample_file"]

FOLDER = ROOT / "tests" / "contracts" / "events"
PLAIN: dict[Any, Any] = {
    str: "text",
    int: 12,
    bool: True,
    float: 1.5,
    Decimal: Decimal("12.500"),
    UUID: UUID("01930000-0000-7000-8000-000000000001"),
    datetime: datetime(2026, 11, 21, 12, 0, tzinfo=UTC),
    date: date(2026, 11, 21),
    type(None): None,
}


def event_types() -> dict[str, type[Event]]:
    """Every event of every contract, by its type."""
    found: dict[str, type[Event]] = {}
    for module in pkgutil.iter_modules(contracts.__path__, f"{contracts.__name__}."):
        for value in vars(importlib.import_module(module.name)).values():
            is_event = isinstance(value, type) and issubclass(value, Event)
            if is_event and not value.__subclasses__():  # a class others derive from is not sent
                found[value.type] = value
    return found


def sample_file(event_type: str) -> Path:
    """Where the sample of an event is kept."""
    return FOLDER / f"{event_type}.json"


def _example(kind: Any) -> Any:  # noqa: PLR0911 - one return per kind
    kind = getattr(kind, "__supertype__", kind)
    if kind in PLAIN:
        return PLAIN[kind]
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in {typing.Union, types.UnionType}:
        return _example(arguments[0])
    if origin is typing.Literal:
        return arguments[0]
    if origin is tuple:
        inner = arguments[:1] if arguments[-1] is Ellipsis else arguments
        return tuple(_example(each) for each in inner)
    if origin is not None and issubclass(origin, typing.Mapping):  # type: ignore[arg-type]
        return {_example(arguments[0]): _example(arguments[1])}
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return next(iter(kind))
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = typing.get_type_hints(kind)
        return kind(**{each.name: _example(hints[each.name]) for each in dataclasses.fields(kind)})
    raise TypeError(f"no example of {kind} known: write the sample by hand")


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, event in event_types().items():
        if not sample_file(name).exists():
            text = msgspec.json.format(msgspec.json.encode(_example(event)), indent=2)
            sample_file(name).write_bytes(text + b"\n")
