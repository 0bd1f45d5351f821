"""What people do by hand: choose a shop, ask again, give up, extend, withdraw, take back."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from hansa.modules import accounts, orders, stock
from hansa.modules.fulfilment import allotting, locked, looking, parts
from hansa.modules.fulfilment.allotting import Search
from hansa.modules.fulfilment.answering import open_early
from hansa.modules.fulfilment.locked import Asked, LockedCase
from hansa.modules.fulfilment.model import ZERO, Answerer, CaseState, PartState, QuestionState
from hansa.modules.fulfilment.reasons import WITHDRAWN_BY_HAND
from hansa.modules.fulfilment.refusals import (
    AnswerInvalid,
    AskedAlready,
    CaseNotFound,
    CaseRefuses,
    NotNeeded,
    OtherShop,
    QuestionNotFound,
)
from hansa.modules.fulfilment.rules import Taken
from hansa.modules.fulfilment.shops import get_policy, get_shop
from hansa.modules.fulfilment.store import cases as sql
from hansa.modules.fulfilment.work import UpdateQuestion
from hansa.modules.orders import By
from hansa.runtime.database import Transaction
from hansa.runtime.http import Actor

EXTEND_MINUTES_MAX = 7 * 24 * 60


async def ask_by_hand(
    tx: Transaction,
    *,
    order_id: UUID,
    warehouse_id: UUID,
    pieces: Sequence[tuple[UUID, Decimal]],
    by: Actor,
    now: datetime,
) -> None:
    """Ask a shop of one's own choice for pieces (variant, quantity); a warehouse gives at once.

    Raises:
        CaseNotFound: nobody looks for goods of this order.
        CaseRefuses: it is over.
        OtherShop: the order is fetched in another shop.
        AskedAlready: the shop is being asked for these goods.
        NotNeeded: that many are not needed.
        stock.ShelfShort: the goods do not lie there.
    """
    case, order = await _take(tx, order_id)
    if case.shop_id not in {None, warehouse_id}:
        raise OtherShop
    need = looking.needed(case, order)
    for variant_id, quantity in pieces:
        if not quantity.is_finite() or not 0 < quantity <= need.get(variant_id, ZERO):
            raise NotNeeded
        if any(part.warehouse_id == warehouse_id for part in case.pending(variant_id)):
            raise AskedAlready
    if not pieces:
        raise NotNeeded
    policy = await get_policy(tx, market=case.market)
    taken = [Taken(warehouse_id, variant_id, quantity) for variant_id, quantity in pieces]
    is_bound = case.shop_id is None and await allotting.set_aside(tx, case, taken, now=now)
    items = parts.items_of(order)
    search = Search(order=order, policy=policy, need=need, until=None, cause="by hand")
    is_shop = any(
        one.id == warehouse_id and one.kind is stock.WarehouseKind.SHOP
        for one in await stock.list_warehouses(tx)
    )
    if is_shop and policy.asks_shops:
        shop = await get_shop(tx, warehouse_id=warehouse_id)
        await allotting.ask_shop(
            tx,
            case,
            shop,
            pieces,
            search,
            items=items,
            is_bound=is_bound,
            is_by_hand=True,
            now=now,
        )
    else:
        await allotting.take_at_once(tx, case, taken, items, is_bound=is_bound, now=now)
    await _note(tx, case, "chosen_by_hand", by, {"warehouse_id": str(warehouse_id)}, now)


async def ask_again(tx: Transaction, *, order_id: UUID, by: Actor, now: datetime) -> None:
    """Look for what is needed once more, also in shops that have said no or nothing.

    Raises:
        CaseNotFound: nobody looks for goods of this order.
        CaseRefuses: it is over.
    """
    case, _ = await _take(tx, order_id)
    await locked.save_case(tx, case, now=now, forgiven_at=now)
    await _note(tx, case, "asked_again", by, {}, now)


async def give_up_by_hand(
    tx: Transaction,
    *,
    order_id: UUID,
    pieces: Sequence[tuple[UUID, Decimal]],
    reason: str,
    by: Actor,
    now: datetime,
) -> orders.GivenUp:
    """Give up pieces (variant, quantity) nobody has; money follows, the shopper is told.

    Raises:
        CaseNotFound: nobody looks for goods of this order.
        CaseRefuses: it is over.
        NotNeeded: more than is still looked for.
    """
    case, order = await _take(tx, order_id)
    need = looking.needed(case, order)
    for variant_id, quantity in pieces:
        if not quantity.is_finite() or not 0 < quantity <= need.get(variant_id, ZERO):
            raise NotNeeded
    if not pieces:
        raise NotNeeded
    given = await looking.give_up_pieces(
        tx, case, dict(pieces), reason, by=By.STAFF, by_id=by.id, now=now
    )
    await _note(tx, case, "given_up_by_hand", by, {"reason": reason}, now)
    return given


async def extend_question(
    tx: Transaction, *, question_id: UUID, minutes: int, by: Actor, now: datetime
) -> datetime:
    """Give a shop more time; answers the new deadline.

    Raises:
        QuestionNotFound: there is none.
        CaseRefuses: it is not open any more.
    """
    case, asked = await _take_question(tx, question_id)
    if asked.state is not QuestionState.OPEN or not 0 < minutes <= EXTEND_MINUTES_MAX:
        raise CaseRefuses(asked.state)
    asked.answer_by = max(asked.answer_by, now) + timedelta(minutes=minutes)
    await locked.move_question(tx, asked, QuestionState.OPEN, now=now)
    await _note(tx, case, "extended", by, {"minutes": minutes}, now, asked=asked)
    return asked.answer_by


async def withdraw_question(
    tx: Transaction, *, question_id: UUID, by: Actor, now: datetime
) -> None:
    """Ask a shop no longer; the goods are looked for elsewhere. Again changes nothing.

    Raises:
        QuestionNotFound: there is none.
    """
    case, asked = await _take_question(tx, question_id)
    if asked.state not in {QuestionState.OPEN, QuestionState.WAITING}:
        return
    for part in case.of_question(asked.id):
        if part.state is PartState.PROPOSED:
            await open_early(tx, case, asked, now=now)
            break
    await locked.end_question(
        tx, case, asked, QuestionState.EXPIRED, because=WITHDRAWN_BY_HAND, now=now
    )
    await _note(tx, case, "withdrawn_by_hand", by, {}, now, asked=asked)


async def take_back(
    tx: Transaction,
    *,
    part_id: UUID,
    order_id: UUID,
    defective: Decimal,
    missing: Decimal,
    by: Actor,
    now: datetime,
) -> None:
    """Take back what was confirmed: it turns out to be defective or is not found after all.

    Raises:
        CaseNotFound: nobody looks for goods of this order.
        CaseRefuses: the order has left or ended.
        AnswerInvalid: not that many were confirmed.
    """
    case, _ = await _take(tx, order_id, also={CaseState.CONFIRMED})
    part = next((one for one in case.parts if one.id == part_id), None)
    if not (defective.is_finite() and missing.is_finite()):
        raise AnswerInvalid
    gone = defective + missing
    if part is None or part.state is not PartState.CONFIRMED or min(defective, missing) < 0:
        raise AnswerInvalid
    if not 0 < gone <= part.quantity:
        raise AnswerInvalid
    for kind, quantity in (
        (stock.CorrectionKind.DEFECTIVE, defective),
        (stock.CorrectionKind.MISSING, missing),
    ):
        if quantity:
            await stock.correct(
                tx,
                warehouse_id=part.warehouse_id,
                variant_id=part.variant_id,
                kind=kind,
                quantity=quantity,
                reference=f"part:{part.id}:{part.quantity.normalize():f}:{kind}",
                note=by.name,
                now=now,
                by=by.id,
            )
    left = part.quantity - gone
    state = PartState.CONFIRMED if left else PartState.REFUSED
    await locked.free(tx, case, [(part, gone)], now=now)
    await locked.move_part(tx, part, state, quantity=left or None, now=now)
    if part.question_id is not None:
        await tx.enqueue(UpdateQuestion(question_id=part.question_id))
    details = {"defective": defective, "missing": missing}
    await _note(tx, case, "taken_back", by, details, now, warehouse_id=part.warehouse_id)


async def _take(
    tx: Transaction, order_id: UUID, *, also: set[CaseState] | None = None
) -> tuple[LockedCase, orders.Order]:
    case = await locked.lock_case(tx, order_id=order_id)
    if case is None:
        raise CaseNotFound
    if case.state not in {CaseState.ASKING, CaseState.OPERATOR} | (also or set()):
        raise CaseRefuses(case.state)
    order = await orders.lock_order(tx, order_id=order_id)
    await stock.lock_orders(tx, order_ids=[order_id])
    if order.state not in looking.BEFORE_LEAVING:
        raise CaseRefuses(order.state)
    return case, order


async def _take_question(tx: Transaction, question_id: UUID) -> tuple[LockedCase, Asked]:
    order_id = await tx.scalar(sql.ORDER_OF_QUESTION, {"question_id": question_id})
    case = None if order_id is None else await locked.lock_case(tx, order_id=order_id)
    if case is None:
        raise QuestionNotFound
    await orders.lock_order(tx, order_id=case.order_id)
    await stock.lock_orders(tx, order_ids=[case.order_id])
    return case, case.questions[question_id]


async def _note(  # noqa: PLR0913, PLR0917 - private: who did what to what
    tx: Transaction,
    case: LockedCase,
    kind: str,
    by: Actor,
    details: dict[str, Any],
    now: datetime,
    *,
    asked: Asked | None = None,
    warehouse_id: UUID | None = None,
) -> None:
    """Write down who did what, in the story and in the audit log; then look what comes next."""
    await locked.tell(
        tx,
        case,
        kind,
        now=now,
        warehouse_id=asked.warehouse_id if asked else warehouse_id,
        question_id=asked.id if asked else None,
        details=details,
        by=answerer_of(by),
    )
    await accounts.record(
        tx,
        actor=by,
        action=f"fulfilment.{kind}",
        subject_kind="order",
        subject_id=case.order_id,
        after=msgspec.to_builtins(details),
        now=now,
    )
    await locked.look_soon(tx, order_id=case.order_id, now=now)


def answerer_of(by: Actor) -> Answerer:
    """Give a member of staff as one who answers for a shop."""
    return Answerer(channel="office", user=str(by.id), name=by.name, user_id=by.id)
