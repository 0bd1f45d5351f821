"""Builds commands from records, by what the mapping says of each field."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from hansa.modules.loyalty.intake.mapping import language as said
from hansa.modules.loyalty.intake.mapping.expressions import (
    ROW,
    Record,
    Scope,
    column_of,
    compile_expression,
    digest_of,
    number,
    rows_of,
    text,
)
from hansa.modules.loyalty.intake.mapping.planned import (
    BalanceAsked,
    Direct,
    OrderReturn,
    OrderState,
    Planned,
)
from hansa.modules.loyalty.intake.mapping.refusals import RecordRefused, ValueWrong
from hansa.modules.loyalty.intake.mapping.values import Terms, moment_of, rounded, text_of
from hansa.modules.loyalty.members import MemberRef, RefKind
from hansa.modules.loyalty.points.commands import (
    AMOUNT_MINOR_MAX,
    HOLD_SECONDS_MAX,
    LINES_MAX,
    POINTS_MAX,
    REFERENCE_CHARACTERS_MAX,
    Accrue,
    HoldPoints,
    PostHold,
    PurchaseLine,
    ReturnLine,
    Reverse,
    Spend,
    VoidHold,
)

LINE_NUMBER_MAX = 10**6
VERSION_DIGITS = 30
RECEIPT_CHARACTERS_MAX = 100
CATEGORY_CHARACTERS_MAX = 60
HOLD_MINUTES_USUAL = 60
_MEMBER_CHARACTERS_MAX = 100

Builder = Callable[[Scope], Planned]


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """In whose name commands are made."""

    partner_id: UUID
    programme_id: UUID


def key_of(what: str, ids: tuple[str, ...]) -> str:
    """Make the key of a command of the partner's ids; it is the same by whatever way they come."""
    return f"{what}:{digest_of(ids)}"


def build(command: said.CommandOf, owner: Owner, terms: Terms) -> Builder:  # noqa: C901, PLR0911 - the table of commands
    """Make the builder of a command."""
    match command:
        case said.AccrueOf():
            return _accrue(command, owner, terms)
        case said.PurchaseOf():
            return _purchase(command, terms)
        case said.CancelOf():
            return _cancel(command, terms)
        case said.ReturnOf():
            return _return(command, terms)
        case said.HoldOf():
            return _hold(command, owner, terms)
        case said.PostOf():
            return _post(command, owner, terms)
        case said.VoidOf():
            return _void(command, owner, terms)
        case said.SpendOf():
            return _spend(command, owner, terms)
        case said.ReverseOf():
            return _reverse(command, owner, terms)
        case said.BalanceOf(member=member):
            who = _member(member, terms)
            return lambda scope: BalanceAsked(member=who(scope))


def _ids(what: str, ids: said.Ids, terms: Terms) -> Callable[[Scope], str]:
    texts = [text(one, terms) for one in ids]
    return lambda scope: key_of(what, tuple(one(scope) for one in texts))


def _moment(expression: said.Expression, terms: Terms) -> Callable[[Scope], datetime]:
    read, column = compile_expression(expression, terms), column_of(expression)
    return lambda scope: moment_of(read(scope), column, terms.dates, terms.zone)


def _optional_moment(
    expression: said.Expression | None, terms: Terms
) -> Callable[[Scope], datetime | None]:
    return (lambda _scope: None) if expression is None else _moment(expression, terms)


def _words(
    expression: said.Expression | None, terms: Terms, longest: int
) -> Callable[[Scope], str]:
    if expression is None:
        return lambda _scope: ""
    read, column = compile_expression(expression, terms), column_of(expression)

    def give(scope: Scope) -> str:
        found = text_of(read(scope), column)
        if len(found) > longest:
            raise ValueWrong(column=column, expected=f"a text of at most {longest} characters")
        return found

    return give


def _whole(
    expression: said.Expression, terms: Terms, *, what: str, least: int, most: int
) -> Callable[[Scope], int]:
    read, column = number(expression, terms), column_of(expression)

    def give(scope: Scope) -> int:
        found = read(scope)
        if found != found.to_integral_value() or not least <= found <= most:
            raise ValueWrong(column=column, expected=f"{what} from {least} to {most}")
        return rounded(found, "exact", column)

    return give


def _points(expression: said.Expression, terms: Terms) -> Callable[[Scope], int]:
    return _whole(expression, terms, what="a whole number of points", least=1, most=POINTS_MAX)


def _member(member: said.Member, terms: Terms) -> Callable[[Scope], MemberRef]:
    kind, value = RefKind(member.kind), text(member.value, terms)
    column = column_of(member.value)

    def give(scope: Scope) -> MemberRef:
        found = value(scope)
        if len(found) > _MEMBER_CHARACTERS_MAX:
            raise ValueWrong(column=column, expected="what names a member")
        return MemberRef(kind, found)

    return give


def _accrue(command: said.AccrueOf, owner: Owner, terms: Terms) -> Builder:
    key, at = _ids("accrue", command.key, terms), _moment(command.at, terms)
    member, points = _member(command.member, terms), _points(command.points, terms)
    reference = _words(command.reference, terms, REFERENCE_CHARACTERS_MAX)
    active_at = _optional_moment(command.active_at, terms)
    expires_at = _optional_moment(command.expires_at, terms)
    return lambda scope: Direct(
        command=Accrue(
            owner=owner.partner_id,
            programme_id=owner.programme_id,
            key=key(scope),
            happened_at=at(scope),
            member=member(scope),
            points=points(scope),
            reference=reference(scope),
            active_at=active_at(scope),
            expires_at=expires_at(scope),
        )
    )


def _hold(command: said.HoldOf, owner: Owner, terms: Terms) -> Builder:
    key, at = _ids("hold", command.key, terms), _moment(command.at, terms)
    member, points = _member(command.member, terms), _points(command.points, terms)
    reference = _words(command.reference, terms, REFERENCE_CHARACTERS_MAX)
    device = _words(command.device, terms, REFERENCE_CHARACTERS_MAX)
    until = _optional_moment(command.until, terms)
    until_column = "?" if command.until is None else column_of(command.until)
    length = timedelta(minutes=command.minutes or HOLD_MINUTES_USUAL)

    def give(scope: Scope) -> Planned:
        happened_at = at(scope)
        expires_at = until(scope) or happened_at + length
        if not 0 < (expires_at - happened_at).total_seconds() <= HOLD_SECONDS_MAX:
            raise ValueWrong(column=until_column, expected="an instant after, within 400 days")
        return Direct(
            command=HoldPoints(
                owner=owner.partner_id,
                programme_id=owner.programme_id,
                key=key(scope),
                happened_at=happened_at,
                member=member(scope),
                points=points(scope),
                expires_at=expires_at,
                reference=reference(scope),
                device=device(scope),
            )
        )

    return give


def _post(command: said.PostOf, owner: Owner, terms: Terms) -> Builder:
    key, hold = _ids("post", command.key, terms), _ids("hold", command.hold, terms)
    at = _moment(command.at, terms)
    points = None if command.points is None else _points(command.points, terms)
    return lambda scope: Direct(
        command=PostHold(
            owner=owner.partner_id,
            programme_id=owner.programme_id,
            key=key(scope),
            happened_at=at(scope),
            hold_key=hold(scope),
            points=None if points is None else points(scope),
        )
    )


def _void(command: said.VoidOf, owner: Owner, terms: Terms) -> Builder:
    key, hold = _ids("void", command.key, terms), _ids("hold", command.hold, terms)
    at = _moment(command.at, terms)
    return lambda scope: Direct(
        command=VoidHold(
            owner=owner.partner_id,
            programme_id=owner.programme_id,
            key=key(scope),
            happened_at=at(scope),
            hold_key=hold(scope),
        )
    )


def _spend(command: said.SpendOf, owner: Owner, terms: Terms) -> Builder:
    key, at = _ids("spend", command.key, terms), _moment(command.at, terms)
    member, points = _member(command.member, terms), _points(command.points, terms)
    reference = _words(command.reference, terms, REFERENCE_CHARACTERS_MAX)
    device = _words(command.device, terms, REFERENCE_CHARACTERS_MAX)
    return lambda scope: Direct(
        command=Spend(
            owner=owner.partner_id,
            programme_id=owner.programme_id,
            key=key(scope),
            happened_at=at(scope),
            member=member(scope),
            points=points(scope),
            reference=reference(scope),
            device=device(scope),
        ),
        uncovered=command.uncovered,
    )


def _reverse(command: said.ReverseOf, owner: Owner, terms: Terms) -> Builder:
    key, posting = _ids("reverse", command.key, terms), _ids(command.what, command.of, terms)
    at = _moment(command.at, terms)
    points = None if command.points is None else _points(command.points, terms)
    return lambda scope: Direct(
        command=Reverse(
            owner=owner.partner_id,
            programme_id=owner.programme_id,
            key=key(scope),
            happened_at=at(scope),
            posting_key=posting(scope),
            points=None if points is None else points(scope),
        )
    )


# -- orders ----------------------------------------------------------------------------------------


def _version(expression: said.Expression | None, terms: Terms) -> Callable[[Scope], str]:
    """Give versions as texts that sort: a number filled with zeros, an instant in UTC."""
    if expression is None:
        return lambda _scope: ""
    if isinstance(expression, said.Moment):
        moment = _moment(expression, terms)
        return lambda scope: moment(scope).isoformat(timespec="microseconds")
    whole = _whole(expression, terms, what="a version", least=0, most=10**VERSION_DIGITS - 1)
    return lambda scope: f"{whole(scope):0{VERSION_DIGITS}d}"


def _purchase(command: said.PurchaseOf, terms: Terms) -> Builder:
    receipt = _receipt(command.receipt, terms)
    at, member = _moment(command.at, terms), _member(command.member, terms)
    lines, version = _lines(command.lines, terms), _version(command.version, terms)
    due = None if command.due is None else _moment(command.due.after, terms)
    days = timedelta(days=0 if command.due is None else command.due.days)
    hold = None if command.hold is None else _ids("hold", command.hold, terms)
    return lambda scope: OrderState(
        receipt=receipt(scope),
        at=at(scope),
        version=version(scope),
        member=member(scope),
        lines=tuple(one for one in lines(scope) if one.amount_minor > 0),
        due_at=None if due is None else due(scope) + days,
        may_revise=command.on_change == "revise",
        hold_key=None if hold is None else hold(scope),
    )


def _cancel(command: said.CancelOf, terms: Terms) -> Builder:
    receipt, at = _receipt(command.receipt, terms), _moment(command.at, terms)
    version = _version(command.version, terms)
    return lambda scope: OrderState(
        receipt=receipt(scope), at=at(scope), version=version(scope), member=None, lines=()
    )


def _return(command: said.ReturnOf, terms: Terms) -> Builder:
    key, receipt = _ids("return", command.key, terms), _receipt(command.receipt, terms)
    at = _moment(command.at, terms)
    lines = None if command.lines is None else _lines(command.lines, terms, pieces=Decimal(0))

    def give(scope: Scope) -> Planned:
        back = () if lines is None else tuple(one for one in lines(scope) if one.amount_minor > 0)
        if lines is not None and not back:
            column = command.lines.each if command.lines else ""
            raise ValueWrong(column=column or "?", expected="an amount that comes back")
        return OrderReturn(
            key=key(scope),
            receipt=receipt(scope),
            at=at(scope),
            lines=tuple(
                ReturnLine(line=one.line, amount_minor=one.amount_minor, quantity=one.quantity)
                for one in back
            ),
        )

    return give


def _receipt(expression: said.Expression, terms: Terms) -> Callable[[Scope], str]:
    given, column = text(expression, terms), column_of(expression)

    def give(scope: Scope) -> str:
        found = given(scope)
        if len(found) > RECEIPT_CHARACTERS_MAX:
            raise ValueWrong(column=column, expected="the number of a receipt")
        return found

    return give


def _lines(
    lines: said.Lines, terms: Terms, *, pieces: Decimal = Decimal(1)
) -> Callable[[Scope], list[PurchaseLine]]:
    line = _whole(lines.line, terms, what="the number of a line", least=0, most=LINE_NUMBER_MAX)
    amount = _whole(
        lines.amount, terms, what="an amount in minor units", least=0, most=AMOUNT_MINOR_MAX
    )
    quantity = None if lines.quantity is None else number(lines.quantity, terms)
    category = _words(lines.category, terms, CATEGORY_CHARACTERS_MAX)
    item = _words(lines.item, terms, REFERENCE_CHARACTERS_MAX)
    each = lines.each
    quantity_column = "?" if lines.quantity is None else column_of(lines.quantity)

    def one(scope: Scope) -> PurchaseLine:
        count = pieces if quantity is None else quantity(scope)
        if count < 0:
            raise ValueWrong(column=quantity_column, expected="a quantity above zero")
        return PurchaseLine(
            line=line(scope),
            amount_minor=amount(scope),
            quantity=count,
            category=category(scope),
            item=item(scope),
        )

    def give(scope: Scope) -> list[PurchaseLine]:
        if not each:
            return [one(scope)]
        rows = rows_of(scope.record, each)
        if len(rows) > LINES_MAX:
            raise ValueWrong(column=each, expected=f"at most {LINES_MAX} lines")
        made = [_at_row(one, row, scope.record) for row in rows]
        if len({found.line for found in made}) != len(made):
            raise ValueWrong(column=column_of(lines.line), expected="each line once")
        return made

    return give


def _at_row(one: Callable[[Scope], PurchaseLine], row: Record, around: Record) -> PurchaseLine:
    try:
        return one(Scope(row, around))
    except RecordRefused as refusal:
        if refusal.row is None and isinstance(row.get(ROW), int):
            refusal.row = int(str(row[ROW]))
        raise
