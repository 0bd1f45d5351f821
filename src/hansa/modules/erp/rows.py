"""Rows of the tables as values."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from hansa.modules.erp.model import Connection, Exchange, FileState, ImportedFile, Kind, Removal
from hansa.runtime.database import Row


def connection_of(row: Row) -> Connection:
    """Make a connection of its row."""
    values = row._asdict()
    return Connection(**(values | {"owned_fields": tuple(values["owned_fields"])}))


def exchange_of(row: Row) -> Exchange:
    """Make a session of its row."""
    return Exchange(**(row._asdict() | {"kind": Kind(row.kind)}))


def file_of(row: Row) -> ImportedFile:
    """Make a file of its row."""
    values = row._asdict()
    values |= {"kind": Kind(row.kind), "state": FileState(row.state)}
    return ImportedFile(**values)


def removal_of(row: Row) -> Removal:
    """Make a removal of its row."""
    return Removal(**(row._asdict() | {"warehouse_ids": tuple(row.warehouse_ids)}))


def to_json(value: Mapping[str, Any]) -> str:
    """Write a mapping as JSON text for a parameter."""
    return msgspec.json.encode(value).decode()


def texts(ids: Any) -> list[str]:
    """Give distinct texts in a stable order."""
    return sorted(set(ids))


def uuids(ids: Any) -> list[UUID]:
    """Give distinct ids in a stable order."""
    return sorted(set(ids))
