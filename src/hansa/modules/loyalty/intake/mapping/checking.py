"""Reads a mapping as a person wrote it, and refuses what could not work."""

import string
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar
from zoneinfo import available_timezones

import msgspec

from hansa.kernel.errors import Invalid
from hansa.modules.loyalty.intake.mapping import language as said
from hansa.modules.loyalty.intake.mapping.used import ROWS

TEXT_BYTES_MAX = 128 * 1024
NODES_MAX = 2_000
DEPTH_MAX = 12
RULES_MAX = 50
TABLE_ROWS_MAX = 5_000
_DIRECTIVES = frozenset("YmdHMSfzyjbB%")


@dataclass(eq=False)
class MappingInvalid(Invalid):
    """What was written is no mapping; `place` says where."""

    code: ClassVar[str] = "intake.mapping_invalid"
    message: ClassVar[str] = "The mapping cannot be used: {reason} ({place})."

    reason: str
    place: str = "$"


def read_mapping(written: str) -> said.MappingDocument:
    """Read a mapping written as JSON or TOML.

    Raises:
        MappingInvalid: it is none.
    """
    if len(written.encode("utf-8", "surrogatepass")) > TEXT_BYTES_MAX:
        raise MappingInvalid("it is too long")
    try:
        if written.lstrip().startswith("{"):
            held = msgspec.json.decode(written)
        else:
            held = tomllib.loads(written)
        document = msgspec.convert(held, said.MappingDocument)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at ")
        raise MappingInvalid(reason, place.strip("`") or "$") from error
    except (msgspec.DecodeError, tomllib.TOMLDecodeError, UnicodeError) as error:
        raise MappingInvalid(str(error)) from error
    except RecursionError as error:
        raise MappingInvalid("it is nested too deeply") from error
    check(document)
    return document


def check(document: said.MappingDocument) -> None:
    """Check what types cannot say.

    Raises:
        MappingInvalid: something could not work.
    """
    source = document.source
    _check_source(source)
    if not 0 < len(document.rules) <= RULES_MAX:
        raise MappingInvalid(f"from one to {RULES_MAX} rules", "rules")
    names = [rule.name for rule in document.rules]
    if len(set(names)) != len(names):
        raise MappingInvalid("two rules have one name", "rules")
    for index, rule in enumerate(document.rules):
        for count, (expression, depth) in enumerate(_nodes(rule, 0)):
            _check_node(expression, depth, count, f"rules[{index}]")
        _check_commands(document, rule, f"rules[{index}]")


def _check_source(source: said.Source) -> None:
    if source.format == "csv" and source.delimiter == source.quote:
        raise MappingInvalid("the delimiter and the quote are the same", "source.delimiter")
    if source.format != "csv" and source.columns:
        raise MappingInvalid("only CSV has columns without names", "source.columns")
    if source.format == "xml" and not source.records:
        raise MappingInvalid("say which elements are records", "source.records")
    if source.format in {"csv", "ndjson"} and source.records:
        raise MappingInvalid("every row is a record here", "source.records")
    if len(set(source.columns)) != len(source.columns):
        raise MappingInvalid("a column is named twice", "source.columns")
    _check_dates(source.dates, "source.dates")
    if not source.dates:
        raise MappingInvalid("say how dates are written", "source.dates")
    if source.zone not in available_timezones():
        raise MappingInvalid("there is no such time zone", "source.zone")


def _check_dates(formats: tuple[str, ...], place: str) -> None:
    for form in formats:
        if form in {"iso", "epoch", "epoch_ms"}:
            continue
        signs = {after[:1] for after in form.split("%")[1:]}
        if (
            not signs
            or not signs <= _DIRECTIVES
            or "Y" not in signs | {"Y" if "y" in signs else ""}
        ):
            raise MappingInvalid(f"“{form}” is no form of a date", place)


def _check_commands(document: said.MappingDocument, rule: said.Rule, place: str) -> None:
    for command in rule.commands:
        for name in ("key", "hold", "of"):
            ids = getattr(command, name, None)
            if isinstance(ids, tuple) and not ids:
                raise MappingInvalid("a key needs at least one field", f"{place}.{name}")
        lines = getattr(command, "lines", None)
        if isinstance(lines, said.Lines) and lines.each == ROWS and not document.source.group_by:
            raise MappingInvalid("“rows” is there when rows are grouped", f"{place}.lines")
    for condition in rule.when:
        said_something = (condition.equals, condition.one_of, condition.matches, condition.is_empty)
        if all(one is None for one in said_something):
            raise MappingInvalid("a condition says nothing", f"{place}.when")
    if not rule.commands and (rule.tell or rule.clearing):
        raise MappingInvalid("a rule without commands tells nobody", place)


def _check_node(expression: object, depth: int, count: int, place: str) -> None:
    if depth > DEPTH_MAX or count > NODES_MAX:
        raise MappingInvalid("an expression is too large", place)
    match expression:
        case said.Lookup(table=table):
            if len(table) > TABLE_ROWS_MAX:
                raise MappingInvalid("a table is too long", place)
        case said.Moment(formats=formats, zone=zone):
            _check_dates(formats, place)
            if zone and zone not in available_timezones():
                raise MappingInvalid("there is no such time zone", place)
        case said.Concat(parts=parts) | said.Hash(parts=parts):
            if not parts:
                raise MappingInvalid("nothing is put together", place)
        case str():
            if not expression or any(sign in string.whitespace for sign in expression[:1]):
                raise MappingInvalid("a field without a name", place)
        case _:
            pass


def _nodes(held: object, depth: int) -> Iterator[tuple[object, int]]:
    """Give everything inside a rule that is an expression, with its depth."""
    if isinstance(held, tuple):
        for one in held:
            yield from _nodes(one, depth)
    elif isinstance(held, dict):
        for one in held.values():
            yield from _nodes(one, depth)
    elif isinstance(held, msgspec.Struct):
        yield held, depth
        for name in held.__struct_fields__:
            value = getattr(held, name)
            if not isinstance(value, str) and name != "table":
                yield from _nodes(value, depth + 1)
