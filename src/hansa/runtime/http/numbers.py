"""Decimal numbers must be numbers: not NaN, not endless, not written with a giant exponent.

msgspec reads all of these, PostgreSQL keeps NaN, and arithmetic with `1e1000000` never ends. They
are refused before a handler sees them; bodies without decimal fields pay nothing for it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

import msgspec
from msgspec import inspect

from hansa.kernel.errors import Invalid

EXPONENT_MAX = 30

Checker = Callable[[Any, str], None]


@dataclass(eq=False)
class NumberInvalid(Invalid):
    """A decimal number is not an ordinary one."""

    code: ClassVar[str] = "request.number"
    message: ClassVar[str] = "“{field}” must be an ordinary number."

    field: str


def checker_of(annotation: Any) -> Checker | None:
    """Make a function that checks decoded JSON of a type; None if the type holds no decimals."""
    return _checker(inspect.type_info(annotation), {})


def check_decimal(value: Any, field: str) -> None:
    """Refuse a text that is no ordinary number.

    Raises:
        NumberInvalid: it is not.
    """
    if not isinstance(value, str):
        return
    try:
        number = Decimal(value)
    except InvalidOperation:
        return  # the type's own check says better what is wrong
    if not number.is_finite() or abs(number.adjusted()) > EXPONENT_MAX:
        raise NumberInvalid(field or "body")


def _checker(  # noqa: PLR0911 - one per kind of type
    kind: inspect.Type, known: dict[type[msgspec.Struct], Checker | None]
) -> Checker | None:
    if isinstance(kind, inspect.DecimalType):
        return check_decimal
    if isinstance(kind, inspect.Metadata):
        return _checker(kind.type, known)
    if isinstance(kind, inspect.UnionType):
        parts = [found for one in kind.types if (found := _checker(one, known)) is not None]
        return parts[0] if parts else None
    if isinstance(kind, inspect.ListType | inspect.VarTupleType | inspect.SetType):
        return _of_items(_checker(kind.item_type, known))
    if isinstance(kind, inspect.DictType):
        return _of_values(_checker(kind.value_type, known))
    if isinstance(kind, inspect.StructType):
        return _of_struct(kind, known)
    return None


def _of_items(item: Checker | None) -> Checker | None:
    if item is None:
        return None

    def check(value: Any, field: str) -> None:
        if isinstance(value, list):
            for index, part in enumerate(value):
                item(part, f"{field}[{index}]")

    return check


def _of_values(item: Checker | None) -> Checker | None:
    if item is None:
        return None

    def check(value: Any, field: str) -> None:
        if isinstance(value, dict):
            for name, part in value.items():
                item(part, f"{field}.{name}" if field else str(name))

    return check


def _of_struct(
    kind: inspect.StructType, known: dict[type[msgspec.Struct], Checker | None]
) -> Checker | None:
    if kind.cls in known:
        return known[kind.cls]
    known[kind.cls] = None  # a struct that holds itself ends here
    fields = {
        one.encode_name: found
        for one in kind.fields
        if (found := _checker(one.type, known)) is not None
    }
    if not fields:
        return None

    def check(value: Any, field: str) -> None:
        if isinstance(value, dict):
            for name, found in fields.items():
                if name in value:
                    found(value[name], f"{field}.{name}" if field else name)

    known[kind.cls] = check
    return check
