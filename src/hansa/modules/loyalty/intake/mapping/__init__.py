"""Mappings: what a partner sends, told as data, becomes commands. No code, nothing that loops."""

from hansa.modules.loyalty.intake.mapping.building import Owner, key_of
from hansa.modules.loyalty.intake.mapping.checking import MappingInvalid, read_mapping
from hansa.modules.loyalty.intake.mapping.engine import Engine
from hansa.modules.loyalty.intake.mapping.expressions import ROW, Record
from hansa.modules.loyalty.intake.mapping.language import MappingDocument, Source
from hansa.modules.loyalty.intake.mapping.planned import (
    BalanceAsked,
    Cleared,
    Direct,
    OrderReturn,
    OrderState,
    Planned,
    Told,
    Understood,
)
from hansa.modules.loyalty.intake.mapping.refusals import (
    ColumnMissing,
    ColumnUnknown,
    NoRule,
    RecordRefused,
    RowUnreadable,
    ValueWrong,
)
from hansa.modules.loyalty.intake.mapping.used import ROWS
from hansa.modules.loyalty.intake.mapping.values import Terms, Value

__all__ = [
    "ROW",
    "ROWS",
    "BalanceAsked",
    "Cleared",
    "ColumnMissing",
    "ColumnUnknown",
    "Direct",
    "Engine",
    "MappingDocument",
    "MappingInvalid",
    "NoRule",
    "OrderReturn",
    "OrderState",
    "Owner",
    "Planned",
    "Record",
    "RecordRefused",
    "RowUnreadable",
    "Source",
    "Terms",
    "Told",
    "Understood",
    "Value",
    "ValueWrong",
    "key_of",
    "read_mapping",
]
