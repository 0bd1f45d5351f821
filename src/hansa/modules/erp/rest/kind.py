"""A kind of rows: its struct, what a row is about, and how rows are applied."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec

from hansa.modules.erp.rest.intake import Intake, Message
from hansa.modules.erp.rest.model import WHOLE
from hansa.modules.erp.rest.rows import Row
from hansa.runtime.database import Transaction

R = TypeVar("R", bound=Row)


def as_one(_row: Row) -> frozenset[str]:
    """Say that a row is one piece."""
    return WHOLE


@dataclass(frozen=True, kw_only=True)
class Kind(Generic[R]):
    """One address under /erp/v1, `name`, and what its rows do.

    `row` is the struct of a row. `owned` is what a connection must own for its rows to count,
    nothing if it is asked part by part. `parts` names the parts of a row that are ordered by
    themselves: the warehouses of a stock row, the fields of an item. `first` puts rows before
    others that point to them.

    `apply` gets rows of different keys, in a transaction, and settles the fate of each: `applied`,
    `unchanged`, `refused`, or `Intake.wait`. It takes of a row only `Message.takes`. What it raises
    undoes all of it; the rows are then tried one by one, so that the bad one alone is refused.
    """

    name: str
    title: str
    row: type[R]
    apply: Callable[[Transaction, Intake, Sequence[Message[R]]], Awaitable[None]]
    example: Mapping[str, Any]
    owned: str = ""
    parts: Callable[[R], frozenset[str]] = as_one
    first: Callable[[str], bool] = field(default=lambda _key: True)
    rows_per_transaction: int = 500
    bytes_per_transaction: int = 12 * 1024

    @property
    def decoder(self) -> "msgspec.json.Decoder[R]":
        """Give what reads a row."""
        return msgspec.json.Decoder(self.row)
