"""Why a record is refused: what is wrong, in which column, and what was expected there."""

from dataclasses import dataclass
from typing import ClassVar

from hansa.kernel.errors import Invalid


@dataclass(eq=False)
class RecordRefused(Invalid):
    """A record cannot become commands. `row` says which of its rows, if it has several."""

    code: ClassVar[str] = "intake.record_refused"
    message: ClassVar[str] = "The record cannot be read."

    row: int | None = None


@dataclass(eq=False)
class RowUnreadable(RecordRefused):
    """The row itself is broken."""

    code: ClassVar[str] = "intake.row_unreadable"
    message: ClassVar[str] = "The row cannot be read: {reason}."

    reason: str = ""


@dataclass(eq=False)
class ColumnMissing(RecordRefused):
    """A column the mapping needs is not there."""

    code: ClassVar[str] = "intake.column_missing"
    message: ClassVar[str] = "The column “{column}” is missing."

    column: str = ""


@dataclass(eq=False)
class ColumnUnknown(RecordRefused):
    """A column is there that the mapping does not know, and the mapping says to stop then."""

    code: ClassVar[str] = "intake.column_unknown"
    message: ClassVar[str] = "The column “{column}” is not known to the mapping."

    column: str = ""


@dataclass(eq=False)
class ValueWrong(RecordRefused):
    """A value is not what it should be. The value itself is not told: it may be personal."""

    code: ClassVar[str] = "intake.value_wrong"
    message: ClassVar[str] = "“{column}” is wrong: {expected} was expected."

    column: str = ""
    expected: str = ""


@dataclass(eq=False)
class NoRule(RecordRefused):
    """No rule of the mapping fits the record."""

    code: ClassVar[str] = "intake.no_rule"
    message: ClassVar[str] = "No rule of the mapping fits this record."
