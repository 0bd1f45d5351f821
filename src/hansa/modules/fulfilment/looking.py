"""The look at a case: whatever happened, bring it to its next step. Safe to repeat."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from hansa.contracts.fulfilment import CaseChanged
from hansa.modules import orders, payments, stock
from hansa.modules.fulfilment import allotting, locked, shelving
from hansa.modules.fulfilment.allotting import Search
from hansa.modules.fulfilment.answering import wanted_of
from hansa.modules.fulfilment.locked import Asked, LockedCase, Part
from hansa.modules.fulfilment.model import (
    CASE_TRANSITIONS,
    CaseState,
    Nobody,
    PartState,
    Policy,
    QuestionState,
)
from hansa.modules.fulfilment.reasons import (
    CANCELLED,
    HOLD_ENDS,
    LED_ON,
    LEFT,
    NO_ANSWER,
    NOBODY_HAS_IT,
    PAYMENT_GONE,
    WAITS_FOR_OTHERS,
)
from hansa.modules.fulfilment.shops import get_policy
from hansa.modules.fulfilment.store import cases as sql
from hansa.modules.fulfilment.work import LookAtCase, UpdateQuestion
from hansa.modules.orders import By, OrderState, PaymentStanding
from hansa.runtime.database import Transaction

READY = frozenset(
    {
        PaymentStanding.DUE,
        PaymentStanding.AUTHORISED,
        PaymentStanding.PAID,
        PaymentStanding.DEFERRED,
    }
)
"""How the payment of an order must stand before its goods are looked for."""
BEFORE_LEAVING = frozenset({OrderState.PLACED, OrderState.CONFIRMED})
_TRY_AGAIN = timedelta(minutes=1)


async def begin_case(tx: Transaction, *, order_id: UUID, now: datetime) -> bool:
    """Open the case of an order whose goods may be looked for; a job does the rest.

    Again, whatever the order looks like by then, it has the case looked at. False if it is not time
    yet.
    """
    order = await orders.get_order(tx, order_id=order_id)
    if order.state in BEFORE_LEAVING and order.payment_state in READY:
        await tx.execute(
            sql.ADD_CASE,
            {
                "order_id": order.id,
                "order_number": order.number,
                "market": order.market,
                "channel": order.channel,
                "shop_id": order.delivery.warehouse_id,
                "now": now,
            },
        )
    if await tx.maybe(sql.FIND_CASE, {"order_id": order_id}) is None:
        return False
    await locked.look_soon(tx, order_id=order_id, now=now)
    return True


async def look_at_case(tx: Transaction, *, order_id: UUID, now: datetime) -> CaseState | None:
    """Do whatever is due for an order: end what ran out, look for the rest, finish, ask for help.

    Gives the state of the case then, or nothing if there is no case.
    """
    case = await locked.lock_case(tx, order_id=order_id)
    if case is None or case.state is CaseState.ENDED:
        return None if case is None else case.state
    order = await orders.lock_order(tx, order_id=order_id)
    await stock.lock_orders(tx, order_ids=[order_id])
    ending = _ending(case, order)
    if ending is not None:
        return await _end(tx, case, ending, now=now)
    policy = await get_policy(tx, market=case.market)
    await _run_clocks(tx, case, now=now)
    await shelving.drop_surplus(tx, case, wanted_of(order), now=now)
    await shelving.repair(tx, case, now=now)
    hold = await _hold_of(tx, case, order)
    state, reason = await _proceed(tx, case, order, policy, hold, now=now)
    return await _settle(tx, case, state, reason, policy, hold, now=now)


def _ending(case: LockedCase, order: orders.Order) -> str | None:
    """Say why the case is over, if it is."""
    if order.state is OrderState.CANCELLED:
        return CANCELLED
    if order.state in BEFORE_LEAVING:
        return None
    if order.state is OrderState.PACKED:
        return None if case.state is CaseState.CONFIRMED else LED_ON
    return LEFT


async def _end(tx: Transaction, case: LockedCase, because: str, *, now: datetime) -> CaseState:
    for asked in list(case.questions.values()):
        if asked.state in {QuestionState.OPEN, QuestionState.WAITING}:
            await locked.end_question(
                tx, case, asked, QuestionState.WITHDRAWN, because=because, now=now
            )
    if because == CANCELLED:
        kept = [part for part in case.parts if part.state is PartState.CONFIRMED]
        freed = [(part, part.quantity) for part in kept]
        for part in kept:
            await locked.move_part(tx, part, PartState.WITHDRAWN, now=now)
            if part.question_id is not None:
                await tx.enqueue(UpdateQuestion(question_id=part.question_id))
        await locked.free(tx, case, freed, now=now)
    await change_state(tx, case, CaseState.ENDED, because, now=now)
    await locked.save_case(tx, case, now=now, state=CaseState.ENDED, reason=because, look_at=None)
    return CaseState.ENDED


async def _run_clocks(tx: Transaction, case: LockedCase, *, now: datetime) -> None:
    """End questions whose time is up, ask those whose shop has opened."""
    for asked in list(case.questions.values()):
        if asked.state is QuestionState.OPEN and asked.answer_by <= now:
            await locked.end_question(
                tx, case, asked, QuestionState.EXPIRED, because=NO_ANSWER, now=now
            )
        elif asked.state is QuestionState.WAITING and asked.asked_at <= now:
            await _open(tx, case, asked, now=now)


async def _open(tx: Transaction, case: LockedCase, asked: Asked, *, now: datetime) -> None:
    await locked.move_question(tx, asked, QuestionState.OPEN, now=now)
    for part in case.of_question(asked.id):
        if part.state is PartState.PROPOSED:
            await locked.move_part(tx, part, PartState.ASKED, quantity=part.quantity, now=now)
    await allotting.announce(tx, case, asked, now=now)


def needed(case: LockedCase, order: orders.Order) -> dict[UUID, Decimal]:
    """Say how many pieces nobody has confirmed yet."""
    wanted = wanted_of(order)
    left = {variant: quantity - case.confirmed(variant) for variant, quantity in wanted.items()}
    return {variant: quantity for variant, quantity in left.items() if quantity > 0}


async def _hold_of(tx: Transaction, case: LockedCase, order: orders.Order) -> datetime | None:
    """Give the instant at which the bank lets the held money of the order go."""
    if order.payment_state is not PaymentStanding.AUTHORISED:
        return None
    attempts = await payments.list_of_subject(
        tx, subject_kind=orders.SUBJECT, subject_id=case.order_id
    )
    ends = [
        one.hold_expires_at
        for one in attempts
        if one.state is payments.PaymentState.AUTHORISED and one.wanted is payments.Wanted.PAID
        if one.hold_expires_at is not None
    ]
    return min(ends, default=None)


def round_ends(hold: datetime | None, policy: Policy) -> tuple[datetime | None, datetime | None]:
    """Say when an operator hears that a hold ends, and when the round ends by itself."""
    if hold is None:
        return None, None
    margin = timedelta(minutes=policy.hold_margin_minutes)
    last = hold - margin / 4
    return (hold - margin, last) if policy.nobody is Nobody.OPERATOR else (None, hold - margin)


async def _proceed(  # noqa: PLR0911 - each is a way a look can end
    tx: Transaction,
    case: LockedCase,
    order: orders.Order,
    policy: Policy,
    hold: datetime | None,
    *,
    now: datetime,
) -> tuple[CaseState, str]:
    """Look for what is needed, and finish if nothing is; say where the case stands then."""
    had = case.state
    need = needed(case, order)
    if need and order.state is OrderState.PLACED and order.payment_state not in READY:
        return CaseState.OPERATOR, PAYMENT_GONE
    warned, last = round_ends(hold, policy)
    if need and last is not None and now >= last:
        await _end_round(tx, case, now=now)
        return await _give_up(tx, case, order, need, HOLD_ENDS, now=now)
    if need:
        count = len(_certain(case))
        search = Search(order=order, policy=policy, need=need, until=last, cause=_cause(case))
        if not await allotting.allot(tx, case, search, now=now):
            return CaseState.ASKING, ""
        await shelving.drop_surplus(tx, case, wanted_of(order), now=now)
        need = needed(case, order)
        if need and len(_certain(case)) > count:
            await orders.touch(tx, order_id=order.id, now=now)
    if not need:
        return await _finish(tx, order, had, now=now)
    uncovered = {
        variant: quantity for variant, quantity in need.items() if not case.pending(variant)
    }
    awaited = await allotting.may_come_free(tx, case, uncovered)
    waits = bool(awaited)
    uncovered = {one: count for one, count in uncovered.items() if one not in awaited}
    if uncovered and policy.nobody is Nobody.GIVE_UP:
        return await _give_up(tx, case, order, uncovered, NOBODY_HAS_IT, now=now)
    if uncovered:
        return CaseState.OPERATOR, NOBODY_HAS_IT
    if warned is not None and now >= warned:
        return CaseState.OPERATOR, HOLD_ENDS
    return CaseState.ASKING, WAITS_FOR_OTHERS if waits else ""


def _certain(case: LockedCase) -> list[Part]:
    return [part for part in case.parts if part.state is PartState.CONFIRMED]


def _cause(case: LockedCase) -> str:
    if not case.parts:
        return "placed"
    return "rest"


async def _end_round(tx: Transaction, case: LockedCase, *, now: datetime) -> None:
    for asked in list(case.questions.values()):
        if asked.state in {QuestionState.OPEN, QuestionState.WAITING}:
            await locked.end_question(
                tx, case, asked, QuestionState.WITHDRAWN, because=HOLD_ENDS, now=now
            )


async def _give_up(
    tx: Transaction,
    case: LockedCase,
    order: orders.Order,
    pieces: Mapping[UUID, Decimal],
    because: str,
    *,
    now: datetime,
) -> tuple[CaseState, str]:
    given = await give_up_pieces(tx, case, pieces, because, by=By.SYSTEM, by_id=None, now=now)
    if given.is_cancelled:
        await _end(tx, case, CANCELLED, now=now)
        return CaseState.ENDED, CANCELLED
    order = await orders.get_order(tx, order_id=order.id)
    if needed(case, order):
        waiting = case.pending()
        return (CaseState.ASKING, "") if waiting else (CaseState.OPERATOR, because)
    return await _finish(tx, order, case.state, now=now)


async def give_up_pieces(
    tx: Transaction,
    case: LockedCase,
    pieces: Mapping[UUID, Decimal],
    because: str,
    *,
    by: By,
    by_id: UUID | None,
    now: datetime,
) -> orders.GivenUp:
    """Give up pieces nobody has: totals and money follow, the shopper is told on the order."""
    given = await orders.give_up(
        tx,
        order_id=case.order_id,
        lines=list(pieces.items()),
        reason=because,
        by=by,
        by_id=by_id,
        now=now,
    )
    await locked.tell(
        tx,
        case,
        "given_up",
        now=now,
        details={
            "because": because,
            "lines": [[str(variant), quantity] for variant, quantity in pieces.items()],
        },
    )
    return given


async def _finish(
    tx: Transaction, order: orders.Order, had: CaseState, *, now: datetime
) -> tuple[CaseState, str]:
    """Confirm the order and let its money follow; nothing if both are done already."""
    if order.payment_state not in READY and order.state is OrderState.PLACED:
        return CaseState.OPERATOR, PAYMENT_GONE
    if order.state is OrderState.PLACED:
        await orders.advance(tx, order_id=order.id, to=OrderState.CONFIRMED, by=By.SYSTEM, now=now)
    elif had is not CaseState.CONFIRMED:
        await orders.touch(tx, order_id=order.id, now=now)
    if order.payment_state is PaymentStanding.AUTHORISED:
        await payments.request_capture(
            tx, subject_kind=orders.SUBJECT, subject_id=order.id, amount=order.total, now=now
        )
    elif order.payment_state is PaymentStanding.DEFERRED:
        await payments.allow_payment(
            tx, subject_kind=orders.SUBJECT, subject_id=order.id, amount=order.total, now=now
        )
    return CaseState.CONFIRMED, ""


async def change_state(
    tx: Transaction, case: LockedCase, state: CaseState, reason: str, *, now: datetime
) -> None:
    """Tell of another state; the row is written by the caller."""
    if state is case.state and reason == case.reason:
        return
    assert state is case.state or state in CASE_TRANSITIONS[case.state], (case.state, state)
    await locked.tell(tx, case, f"case_{state}", now=now, details={"because": reason})
    await tx.publish(
        CaseChanged(
            order_id=case.order_id,
            number=case.order_number,
            market=case.market,
            state=state,
            reason=reason,
            changed_at=now,
        )
    )


async def _settle(  # noqa: PLR0917 - where it stands and what its clocks are
    tx: Transaction,
    case: LockedCase,
    state: CaseState,
    reason: str,
    policy: Policy,
    hold: datetime | None,
    *,
    now: datetime,
) -> CaseState:
    """Write where the case stands and when it is to be looked at again."""
    if state is CaseState.ENDED:
        return state
    look_at = _next_look(case, state, policy, hold, now=now)
    if reason == WAITS_FOR_OTHERS:
        look_at = min(look_at or now + _TRY_AGAIN, now + _TRY_AGAIN)
    await change_state(tx, case, state, reason, now=now)
    await locked.save_case(
        tx, case, now=now, state=state, reason=reason, look_at=look_at, hold_ends_at=hold
    )
    if look_at is not None:
        await tx.enqueue(LookAtCase(order_id=case.order_id), run_at=look_at)
    return state


def _next_look(
    case: LockedCase, state: CaseState, policy: Policy, hold: datetime | None, *, now: datetime
) -> datetime | None:
    """Give the next instant at which something is due by itself."""
    if state is CaseState.CONFIRMED:
        return None
    clocks = [one.answer_by for one in case.questions.values() if one.state is QuestionState.OPEN]
    clocks += [
        one.asked_at for one in case.questions.values() if one.state is QuestionState.WAITING
    ]
    if state is CaseState.ASKING and not clocks:
        clocks.append(now + _TRY_AGAIN)
    clocks += [end for end in round_ends(hold, policy) if end is not None and end > now]
    return min(clocks, default=None)
