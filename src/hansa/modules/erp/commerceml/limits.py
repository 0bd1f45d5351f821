"""Bounds of what a file may demand of us, and the error for files that cannot be read on."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from hansa.kernel.errors import Invalid

Fault = Literal[
    "syntax", "truncated", "charset", "doctype", "not_commerceml", "too_deep", "too_large"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds per record. The whole file may be of any size: it is never held.

    `record_bytes_max` bounds what may be read between two finished records, and so the memory.
    Elements deeper than 256 are refused by the parser itself.
    """

    record_bytes_max: int = 16 * 1024 * 1024
    text_length_max: int = 500_000
    name_length_max: int = 2_000
    identifier_length_max: int = 255
    values_max: int = 10_000
    quantity_max: int = 1_000_000_000
    price_max: int = 1_000_000_000_000
    depth_max: int = 64


@dataclass(eq=False)
class MalformedFile(Invalid):
    """The file breaks off or is no CommerceML; the records before `line` were read."""

    code: ClassVar[str] = "erp.malformed_file"
    message: ClassVar[str] = "The file cannot be read at line {line}, column {column}: {what}"

    line: int
    column: int
    what: str
    fault: Fault = "syntax"
