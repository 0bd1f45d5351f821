"""Orders as values: what is kept of them, what was posted, and the one thing to do next.

Whatever order states and returns come in, the same set of them leads to the same end: a state
counts by its version, a return by its key, and what is posted is brought to what is kept.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from hansa.modules.loyalty.intake.mapping import OrderReturn, OrderState, key_of
from hansa.modules.loyalty.intake.model import OrderChanged, ReturnedTooMuch
from hansa.modules.loyalty.members import MemberRef, RefKind
from hansa.modules.loyalty.points.commands import (
    Command,
    Purchase,
    PurchaseLine,
    Return,
    ReturnLine,
)


class Line(msgspec.Struct, frozen=True):
    """A line as it was bought or came back."""

    line: int
    amount: int
    quantity: Decimal = Decimal(1)
    category: str = ""
    item: str = ""


class Back(msgspec.Struct, frozen=True):
    """A return; without lines all of it."""

    at: datetime
    lines: tuple[Line, ...] = ()


class Posted(msgspec.Struct, frozen=True):
    """A receipt that went through the door, and the amount that is left on each line."""

    receipt: str
    left: dict[int, int]


class Order(msgspec.Struct, frozen=True):
    """An order of a partner as far as we were told."""

    receipt: str
    at: datetime
    version: str = ""
    member: tuple[str, str] | None = None
    lines: tuple[Line, ...] = ()
    is_cancelled: bool = False
    returns: dict[str, Back] = {}
    due_at: datetime | None = None
    may_revise: bool = False
    hold_key: str | None = None
    posted: tuple[Posted, ...] = ()
    steps: int = 0


def told_state(order: Order | None, state: OrderState) -> Order | None:
    """Take over a state; None if it says nothing new.

    Raises:
        OrderChanged: amounts differ from those accounted for, and may not.
    """
    if order is None:
        order = Order(receipt=state.receipt, at=state.at)
    is_known = order.member is not None or order.is_cancelled
    if is_known and state.version < order.version:
        return None
    lines = tuple(
        Line(one.line, one.amount_minor, one.quantity, one.category, one.item)
        for one in state.lines
    )
    if state.member is None:
        changed = msgspec.structs.replace(order, is_cancelled=True, version=state.version)
        return None if changed == order else changed
    changed = msgspec.structs.replace(
        order,
        at=state.at,
        version=state.version,
        member=(str(state.member.kind), state.member.value),
        lines=lines,
        is_cancelled=False,
        due_at=state.due_at,
        may_revise=state.may_revise,
        hold_key=state.hold_key,
    )
    if changed == order:
        return None
    if order.posted and not state.may_revise and _amounts(lines) != _amounts(order.lines):
        raise OrderChanged(state.receipt)
    check_returns(changed)
    return changed


def told_return(order: Order | None, back: OrderReturn) -> Order | None:
    """Take over a return; None if it is known. It may come before its order.

    Raises:
        ReturnedTooMuch: more comes back than was bought.
    """
    if order is None:
        order = Order(receipt=back.receipt, at=back.at)
    if back.key in order.returns:
        return None
    lines = tuple(Line(one.line, one.amount_minor, one.quantity) for one in back.lines)
    returns = {**order.returns, back.key: Back(back.at, lines)}
    changed = msgspec.structs.replace(order, returns=returns)
    check_returns(changed)
    return changed


def check_returns(order: Order) -> None:
    """Check that no more comes back than was bought.

    Raises:
        ReturnedTooMuch: it does.
    """
    if order.member is None:
        return
    bought = _amounts(order.lines)
    for line, amount in _returned(order).items():
        if amount > bought.get(line, 0):
            raise ReturnedTooMuch(order.receipt, line)


def kept(order: Order) -> dict[int, int]:
    """Give the amounts by line that count: bought, not returned, not cancelled."""
    everything_back = any(not back.lines for back in order.returns.values())
    if order.is_cancelled or everything_back:
        return {}
    returned = _returned(order)
    left = {one.line: one.amount - returned.get(one.line, 0) for one in order.lines}
    return {line: amount for line, amount in left.items() if amount > 0}


def _amounts(lines: tuple[Line, ...]) -> dict[int, int]:
    return {one.line: one.amount for one in lines if one.amount > 0}


def _returned(order: Order) -> dict[int, int]:
    returned: dict[int, int] = {}
    for back in order.returns.values():
        for one in back.lines:
            returned[one.line] = returned.get(one.line, 0) + one.amount
    return returned


def is_settled(order: Order) -> bool:
    """Tell whether what is posted is what is kept."""
    live = [one for one in order.posted if one.left]
    wanted = kept(order)
    if order.member is None and not order.posted:
        return True
    return (not live and not wanted) or (len(live) == 1 and live[0].left == wanted)


def next_step(
    order: Order, *, partner_id: UUID, programme_id: UUID, now: datetime
) -> Purchase | Return | None:
    """Give the one command that brings what is posted nearer to what is kept; None if none now.

    What grew is bought anew under a number of its own before the former receipt is returned: if the
    purchase is refused, nothing is half done.
    """
    is_early = order.due_at is not None and order.due_at > now and not order.posted
    if is_settled(order) or is_early:
        return None
    wanted, live = kept(order), [one for one in order.posted if one.left]
    command = Command(
        owner=partner_id,
        programme_id=programme_id,
        key=key_of("order", (order.receipt, str(order.steps))),
        happened_at=order.at,
    )
    if len(live) > 1:
        return _give_back(command, live[0], {}, order)
    if live and all(live[0].left.get(line, 0) >= amount for line, amount in wanted.items()):
        return _give_back(command, live[0], wanted, order)
    return _buy(command, order, wanted)


def _buy(command: Command, order: Order, wanted: Mapping[int, int]) -> Purchase:
    assert order.member is not None
    kind, value = order.member
    receipt = order.receipt if not order.posted else f"{order.receipt}~{len(order.posted)}"
    return Purchase(
        owner=command.owner,
        key=command.key,
        programme_id=command.programme_id,
        happened_at=command.happened_at,
        member=MemberRef(RefKind(kind), value),
        receipt=receipt,
        lines=tuple(
            PurchaseLine(
                line=one.line,
                amount_minor=wanted[one.line],
                quantity=one.quantity or Decimal(1),
                category=one.category,
                item=one.item,
            )
            for one in order.lines
            if one.line in wanted
        ),
        hold_key=None if order.posted else order.hold_key,
    )


def _give_back(command: Command, posted: Posted, wanted: Mapping[int, int], order: Order) -> Return:
    back = {line: left - wanted.get(line, 0) for line, left in posted.left.items()}
    latest = max([order.at, *(one.at for one in order.returns.values())])
    return Return(
        owner=command.owner,
        key=command.key,
        programme_id=command.programme_id,
        happened_at=latest,
        receipt=posted.receipt,
        lines=tuple(
            ReturnLine(line=line, amount_minor=amount)
            for line, amount in sorted(back.items())
            if amount > 0
        ),
    )


def done(order: Order, step: Purchase | Return) -> Order:
    """Note that a step went through."""
    if isinstance(step, Purchase):
        left = {one.line: one.amount_minor for one in step.lines}
        posted = (*order.posted, Posted(step.receipt, left))
        return msgspec.structs.replace(order, posted=posted, steps=order.steps + 1)
    taken = {one.line: one.amount_minor for one in step.lines}
    posted = tuple(
        Posted(one.receipt, _less(one.left, taken)) if one.receipt == step.receipt else one
        for one in order.posted
    )
    return msgspec.structs.replace(order, posted=posted, steps=order.steps + 1)


def _less(left: Mapping[int, int], taken: Mapping[int, int]) -> dict[int, int]:
    found = {line: amount - taken.get(line, 0) for line, amount in left.items()}
    return {line: amount for line, amount in found.items() if amount > 0}


class _Step(msgspec.Struct, frozen=True):
    purchase: Purchase | None = None
    back: Return | None = None


def write_step(step: Purchase | Return) -> bytes:
    """Write a command under way."""
    is_purchase = isinstance(step, Purchase)
    kept_step = _Step(purchase=step) if is_purchase else _Step(back=step)  # type: ignore[arg-type]  # told apart
    return msgspec.json.encode(kept_step)


def read_step(written: bytes) -> Purchase | Return:
    """Read what `write_step` wrote."""
    found = msgspec.json.decode(written, type=_Step)
    step = found.purchase or found.back
    assert step is not None
    # A named tuple of JSON is a list; the kind of a member comes back as the word it is.
    if isinstance(step, Purchase):
        return replace(step, member=MemberRef(RefKind(step.member.kind), step.member.value))
    return step
