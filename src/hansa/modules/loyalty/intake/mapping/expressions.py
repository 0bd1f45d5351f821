"""Expressions made into functions once per mapping, called once per record."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from hansa.modules.loyalty.intake.mapping import language as said
from hansa.modules.loyalty.intake.mapping.refusals import ColumnMissing, ValueWrong
from hansa.modules.loyalty.intake.mapping.values import (
    Terms,
    Value,
    moment_of,
    number_of,
    phone_of,
    rounded,
    text_of,
)

ROW = "#row"
"""The number of a row, beside its columns."""
DIGEST_BYTES = 20

Record = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression sees: a record, the record around a line, what came of the commands."""

    record: Record
    around: Record | None = None
    outcome: Mapping[str, Value] | None = None


Reader = Callable[[Scope], Value]


class Missing(ColumnMissing):
    """A field that is not there at all, or is empty where a value is needed."""


def digest_of(values: Sequence[str]) -> str:
    """Make a name of several values, the same for ever."""
    written = json.dumps(list(values), ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(written.encode(), digest_size=DIGEST_BYTES).hexdigest()


def rows_of(record: Record, path: str) -> list[Record]:
    """Give the rows of a nested list; one alone counts as a list of one."""
    found = find(record, path)
    listed = found if isinstance(found, list) else [found]
    rows = [one for one in listed if isinstance(one, Mapping)]
    if len(rows) != len(listed):
        raise ValueWrong(column=path, expected="a list of records")
    return rows


def find(record: Record, path: str) -> object:
    """Follow a path with points.

    Raises:
        Missing: there is nothing at all.
    """
    if path in record:
        return record[path]
    held: object = record
    for part in path.split("."):
        if not isinstance(held, Mapping) or part not in held:
            raise Missing(column=path)
        held = held[part]
    return held


def column_of(expression: said.Expression) -> str:
    """Name the first column an expression looks at, to say where something is wrong."""
    return next(iter(columns_of(expression)), "?")


def columns_of(expression: said.Expression) -> list[str]:
    """Give every column an expression looks at."""
    if isinstance(expression, str):
        return [expression]
    if isinstance(expression, said.Field):
        return [expression.name]
    return [column for part in parts_of(expression) for column in columns_of(part)]


def parts_of(expression: said.Expression) -> tuple[said.Expression, ...]:  # noqa: PLR0911 - the table of the language
    """Give the expressions an expression is made of."""
    match expression:
        case said.Concat(parts=parts) | said.Hash(parts=parts):
            return parts
        case said.Lookup(of=of, otherwise=otherwise):
            return (of,) if otherwise is None else (of, otherwise)
        case said.Default(of=of, to=to):
            return (of, to)
        case said.Minus(of=of, less=less):
            return (of, less)
        case said.Share(of=of, part=part, whole=whole):
            return (of, part, whole)
        case str() | said.Field() | said.Constant() | said.Outcome() | said.Sum():
            return ()
        case _:
            return (expression.of,)


def compile_expression(expression: said.Expression, terms: Terms) -> Reader:
    """Make the function of an expression."""
    match expression:
        case str():
            return _field(expression, up=False)
        case said.Field(name=name, up=up):
            return _field(name, up=up)
        case said.Constant(value=value):
            return lambda _scope: value
        case said.Outcome(name=name):
            return lambda scope: (scope.outcome or {}).get(name)
        case said.Sum():
            return _sum(expression, terms)
        case _:
            return _computed(expression, terms)


def text(expression: said.Expression, terms: Terms) -> Callable[[Scope], str]:
    """Make a function that gives a text, never an empty one."""
    read, column = compile_expression(expression, terms), column_of(expression)

    def give(scope: Scope) -> str:
        found = text_of(read(scope), column)
        if not found:
            raise ValueWrong(column=column, expected="something")
        return found

    return give


def number(expression: said.Expression, terms: Terms) -> Callable[[Scope], Decimal]:
    """Make a function that gives a number."""
    read, column = compile_expression(expression, terms), column_of(expression)
    return lambda scope: number_of(read(scope), column, terms.decimal)


def _field(name: str, *, up: bool) -> Reader:
    def read(scope: Scope) -> Value:
        record = scope.around if up and scope.around is not None else scope.record
        found = record[name] if name in record else find(record, name)
        if found is None or isinstance(found, str | int | Decimal):
            return str(found).lower() if isinstance(found, bool) else found
        if isinstance(found, float):
            return Decimal(repr(found))
        raise ValueWrong(column=name, expected="a single value")

    return read


def _sum(expression: said.Sum, terms: Terms) -> Reader:
    read, path = number(expression.of, terms), expression.each

    def total(scope: Scope) -> Value:
        rows = rows_of(scope.record, path)
        return sum((read(Scope(row, scope.record)) for row in rows), Decimal(0))

    return total


def _computed(expression: said.Expression, terms: Terms) -> Reader:  # noqa: C901, PLR0911, PLR0912 - the table of the language
    column = column_of(expression)
    match expression:
        case said.Concat(parts=parts, between=between):
            texts = [_plain_text(part, terms) for part in parts]
            return lambda scope: text_of(between.join(one(scope) for one in texts), column)
        case said.Hash(parts=parts):
            texts = [_plain_text(part, terms) for part in parts]
            return lambda scope: digest_of([one(scope) for one in texts])
        case said.Lookup():
            return _lookup(expression, terms)
        case said.Default(of=of, to=to):
            return _default(compile_expression(of, terms), compile_expression(to, terms))
        case said.Amount(of=of, unit=unit, rounding=rounding):
            read, factor = number(of, terms), terms.minor if unit == "major" else 1
            return lambda scope: rounded(read(scope) * factor, rounding, column)
        case said.Whole(of=of, rounding=rounding):
            read = number(of, terms)
            return lambda scope: rounded(read(scope), rounding, column)
        case said.Number(of=of):
            return number(of, terms)
        case said.Moment():
            return _moment(expression, terms)
        case said.Upper(of=of):
            given = text(of, terms)
            return lambda scope: "".join(given(scope).split()).upper()
        case said.Digits(of=of):
            given = text(of, terms)
            return lambda scope: "".join(sign for sign in given(scope) if "0" <= sign <= "9")
        case said.Phone(of=of, region=region):
            given = text(of, terms)
            return lambda scope: phone_of(given(scope), column, region)
        case said.Minus(of=of, less=less):
            read, taken = number(of, terms), number(less, terms)
            return lambda scope: read(scope) - taken(scope)
        case said.Share():
            return _share(expression, terms)
        case said.Worth(of=of):
            read = number(of, terms)
            return lambda scope: rounded(read(scope), "exact", column) * terms.point_minor
        case said.PointsFor(of=of, rounding=rounding):
            read = number(of, terms)
            return lambda scope: rounded(read(scope) / terms.point_minor, rounding, column)
        case _:
            raise AssertionError(f"no such expression: {expression}")


def _plain_text(expression: said.Expression, terms: Terms) -> Callable[[Scope], str]:
    read, column = compile_expression(expression, terms), column_of(expression)
    return lambda scope: text_of(read(scope), column)


def _lookup(expression: said.Lookup, terms: Terms) -> Reader:
    read, table = _plain_text(expression.of, terms), expression.table
    column = column_of(expression)
    otherwise = expression.otherwise
    fallback = None if otherwise is None else compile_expression(otherwise, terms)

    def look(scope: Scope) -> Value:
        found = table.get(read(scope))
        if found is not None:
            return found
        if fallback is None:
            raise ValueWrong(column=column, expected="one of the values in the mapping's table")
        return fallback(scope)

    return look


def _default(read: Reader, to: Reader) -> Reader:
    def give(scope: Scope) -> Value:
        try:
            found = read(scope)
        except Missing:
            return to(scope)
        return to(scope) if found is None or found == "" else found

    return give


def _moment(expression: said.Moment, terms: Terms) -> Reader:
    read, column = compile_expression(expression.of, terms), column_of(expression)
    formats, zone = expression.formats or terms.dates, expression.zone or terms.zone
    more = timedelta(days=expression.plus_days)
    return lambda scope: moment_of(read(scope), column, formats, zone) + more


def _share(expression: said.Share, terms: Terms) -> Reader:
    of, part, whole = (
        number(one, terms) for one in (expression.of, expression.part, expression.whole)
    )
    column, rounding = column_of(expression.whole), expression.rounding
    part_column = column_of(expression.part)

    def give(scope: Scope) -> Value:
        all_of_it, some = whole(scope), part(scope)
        if all_of_it <= 0:
            raise ValueWrong(column=column, expected="a number above zero")
        if not 0 <= some <= all_of_it:
            raise ValueWrong(column=part_column, expected="a part of the whole")
        return rounded(of(scope) * some / all_of_it, rounding, column)

    return give
