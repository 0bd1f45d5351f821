"""A mapping ready to work: records in, commands out; the same record gives the same commands."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import msgspec

from hansa.modules.loyalty.intake.mapping import language as said
from hansa.modules.loyalty.intake.mapping.building import Builder, Owner, build, key_of
from hansa.modules.loyalty.intake.mapping.expressions import (
    ROW,
    Missing,
    Record,
    Scope,
    column_of,
    compile_expression,
    number,
    text,
)
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
from hansa.modules.loyalty.intake.mapping.refusals import ColumnUnknown, NoRule, ValueWrong
from hansa.modules.loyalty.intake.mapping.used import Used, used_by
from hansa.modules.loyalty.intake.mapping.values import Terms, Value, fits, rounded, text_of
from hansa.modules.loyalty.points.commands import AMOUNT_MINOR_MAX

_DIGEST_BYTES = 16
_SHAPES_KEPT_MAX = 1_000

Test = Callable[[Scope], bool]


@dataclass(frozen=True, slots=True)
class _Rule:
    index: int
    name: str
    tests: tuple[Test, ...]
    builders: tuple[Builder, ...]


class Engine:
    """A compiled mapping."""

    def __init__(self, document: said.MappingDocument, owner: Owner, terms: Terms) -> None:
        self.document = document
        self._terms = terms
        self._rules = tuple(
            _Rule(
                index,
                rule.name,
                tuple(_test(one, terms) for one in rule.when),
                tuple(build(one, owner, terms) for one in rule.commands),
            )
            for index, rule in enumerate(document.rules)
        )
        self._used: Used = used_by(document)
        self._shapes: dict[tuple[str, ...], tuple[str, ...]] = {}

    @property
    def personal(self) -> frozenset[str]:
        """Columns that tell who somebody is: never shown."""
        return self._used.personal

    @property
    def has_orders(self) -> bool:
        """Tell whether orders are told of, so that their returns are set off against them."""
        return any(
            isinstance(command, said.PurchaseOf)
            for rule in self.document.rules
            for command in rule.commands
        )

    def understand(self, record: Record) -> Understood | None:
        """Make commands of a record; None if the mapping passes it over.

        Raises:
            RecordRefused: it cannot be; says the column and what was expected.
        """
        unknown = self._unknown(record)
        if unknown and self.document.unknown_columns == "stop":
            raise ColumnUnknown(column=unknown[0])
        scope = Scope(record)
        rule = next((one for one in self._rules if all(test(scope) for test in one.tests)), None)
        if rule is None and self.document.otherwise == "refuse":
            raise NoRule
        if rule is None or not rule.builders:
            return None
        planned = tuple(make(scope) for make in rule.builders)
        return Understood(
            rule=rule.name,
            rule_index=rule.index,
            key=_key(planned),
            digest=_digest(rule.name, planned),
            planned=planned,
            warnings=unknown if self.document.unknown_columns == "warn" else (),
        )

    def tell(self, record: Record, rule_index: int, outcome: Mapping[str, Value]) -> list[Told]:
        """Give the calls to the partner about what came of a record.

        Raises:
            RecordRefused: the mapping cannot say it.
        """
        scope, made = Scope(record, outcome=outcome), []
        for one in self.document.rules[rule_index].tell:
            if outcome.get("state") in one.on:
                path = text(one.path, self._terms)(scope)
                if not path.startswith("/") or path.startswith("//"):
                    # A whole address would lead away from the partner's.
                    raise ValueWrong(column=column_of(one.path), expected="a path")
                body = {name: self._said(value, scope) for name, value in one.body.items()}
                made.append(Told(path=path, body=body))
        return made

    def clear(self, record: Record, rule_index: int, outcome: Mapping[str, Value]) -> list[Cleared]:
        """Give the money that goes beside the points of a record.

        Raises:
            RecordRefused: an amount is none.
        """
        scope, made = Scope(record, outcome=outcome), []
        for one in self.document.rules[rule_index].clearing:
            column = column_of(one.amount)
            amount = rounded(number(one.amount, self._terms)(scope), "exact", column)
            if not 0 <= amount <= AMOUNT_MINOR_MAX:
                raise ValueWrong(column=column, expected="an amount in minor units")
            if amount:
                matter = text(one.matter, self._terms)(scope)
                made.append(Cleared(matter=matter, amount_minor=amount, sign=-1 if one.back else 1))
        return made

    def _said(self, expression: said.Expression, scope: Scope) -> str | int:
        try:
            found = compile_expression(expression, self._terms)(scope)
        except Missing:
            return ""
        return found if isinstance(found, int) else text_of(found, column_of(expression))

    def _unknown(self, record: Record) -> tuple[str, ...]:
        if self.document.unknown_columns == "ignore":
            return ()
        if self.document.source.format != "csv":
            return tuple(sorted(self._used.unknown_in(record)))
        shape = tuple(record)
        known = self._shapes.get(shape)
        if known is None:
            known = tuple(sorted(self._used.unknown_in(record)))
            if len(self._shapes) < _SHAPES_KEPT_MAX:
                self._shapes[shape] = known
        return known


def _test(condition: said.Condition, terms: Terms) -> Test:
    read, column = compile_expression(condition.of, terms), column_of(condition.of)

    def test(scope: Scope) -> bool:
        try:
            found = text_of(read(scope), column)
        except Missing:
            if condition.is_empty is None:
                raise
            found = ""
        holds = (
            (condition.is_empty is None or condition.is_empty == (not found))
            and (condition.equals is None or found == condition.equals)
            and (condition.one_of is None or found in condition.one_of)
            and (condition.matches is None or fits(condition.matches, found))
        )
        return holds != condition.negate

    return test


def _key(planned: Iterable[Planned]) -> str:
    """Name the matter a record is about: that of its first command."""
    for one in planned:
        match one:
            case Direct(command=command):
                return command.key
            case OrderReturn(key=key):
                return key
            case OrderState(receipt=receipt):
                return key_of("order", (receipt,))
            case BalanceAsked(member=member):
                return key_of("balance", (member.kind, member.value))
    raise AssertionError("a rule with builders makes commands")


def _digest(rule: str, planned: tuple[Planned, ...]) -> bytes:
    content = msgspec.json.encode([rule, *planned])
    return hashlib.blake2b(content, digest_size=_DIGEST_BYTES).digest()


__all__ = ["ROW", "Engine", "Owner"]
