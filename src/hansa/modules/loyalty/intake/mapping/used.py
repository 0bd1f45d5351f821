"""Which columns a mapping looks at, so that others are noticed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from hansa.modules.loyalty.intake.mapping import language as said
from hansa.modules.loyalty.intake.mapping.expressions import ROW, Record, columns_of, parts_of

ROWS = "rows"
"""Under which a group of rows keeps them."""


@dataclass(frozen=True, slots=True)
class Used:
    """Columns by the list they stand in; the empty name is the record itself."""

    columns: dict[str, frozenset[str]] = field(default_factory=dict)
    personal: frozenset[str] = frozenset()

    def unknown_in(self, record: Record) -> set[str]:
        """Give the columns of a record nobody looks at."""
        found = set(self._beyond(record, self.columns.get("", frozenset()), ""))
        for each, known in self.columns.items():
            if not each or each == ROWS:
                continue
            for row in _rows(record, each):
                found |= {f"{each}.{name}" for name in self._beyond(row, known, "")}
        return found

    def _beyond(self, record: Record, known: frozenset[str], path: str) -> Iterator[str]:
        for name, value in record.items():
            full = f"{path}{name}"
            if name == ROW or full in known:
                continue
            if any(one.startswith(full + ".") for one in known):
                if isinstance(value, dict):
                    yield from self._beyond(value, known, full + ".")
                continue
            yield full


def used_by(document: said.MappingDocument) -> Used:
    """Find every column a mapping looks at."""
    groups: dict[str, set[str]] = {"": set(document.known_columns) | set(document.personal)}
    groups[""] |= set(document.source.group_by)
    personal = set(document.personal)
    grouped = bool(document.source.group_by)
    for rule in document.rules:
        for each, expression in _expressions(rule):
            for name, is_up in _fields(expression):
                groups.setdefault("" if is_up else each, set()).add(name)
            for inner in _sums(expression):
                groups[""].add(inner.each)
                groups.setdefault(inner.each, set()).update(columns_of(inner.of))
            if each:
                groups[""].add(each)
        for command in rule.commands:
            member = getattr(command, "member", None)
            if isinstance(member, said.Member):
                personal |= set(columns_of(member.value))
    if grouped:
        groups[""] |= {ROWS} | groups.get(ROWS, set())
    return Used({each: frozenset(names) for each, names in groups.items()}, frozenset(personal))


def _rows(record: Record, path: str) -> Iterable[Record]:
    held: object = record
    for part in path.split("."):
        held = held.get(part) if isinstance(held, dict) else None
    listed = held if isinstance(held, list) else [held]
    return [one for one in listed if isinstance(one, dict)]


def _fields(expression: said.Expression) -> Iterator[tuple[str, bool]]:
    if isinstance(expression, str):
        yield expression, False
    elif isinstance(expression, said.Field):
        yield expression.name, expression.up
    else:
        for part in parts_of(expression):
            yield from _fields(part)


def _sums(expression: said.Expression) -> Iterator[said.Sum]:
    if isinstance(expression, said.Sum):
        yield expression
    elif not isinstance(expression, str):
        for part in parts_of(expression):
            yield from _sums(part)


def _expressions(rule: said.Rule) -> Iterator[tuple[str, said.Expression]]:
    """Give every expression of a rule with the list it is read in."""
    for condition in rule.when:
        yield "", condition.of
    for told in rule.tell:
        yield "", told.path
        yield from (("", one) for one in told.body.values())
    for cleared in rule.clearing:
        yield "", cleared.matter
        yield "", cleared.amount
    for command in rule.commands:
        yield from _of_struct(command, "")


def _of_struct(held: msgspec.Struct, each: str) -> Iterator[tuple[str, said.Expression]]:
    if isinstance(held, said.Lines):
        each = held.each
    for name in held.__struct_fields__:
        value = getattr(held, name)
        if isinstance(value, said.Lines | said.Member | said.Due):
            yield from _of_struct(value, each)
        elif isinstance(value, tuple):
            yield from ((each, one) for one in value)
        elif isinstance(value, msgspec.Struct):
            yield each, value  # type: ignore[misc]  # every other struct in a command is an expression
        elif isinstance(value, str) and name not in _WORDS:
            yield each, value


_WORDS = frozenset({"kind", "each", "on_change", "uncovered", "what"})
