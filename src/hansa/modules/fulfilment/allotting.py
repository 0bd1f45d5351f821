"""Finding places for what an order still needs, and asking their shops."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any
from uuid import UUID

from hansa.contracts.fulfilment import ShopAsked
from hansa.kernel.identifiers import new_id
from hansa.modules import orders, stock
from hansa.modules.fulfilment import locked, opening, parts, rows
from hansa.modules.fulfilment.facts import load_facts, load_rules
from hansa.modules.fulfilment.locked import Asked, LockedCase
from hansa.modules.fulfilment.model import (
    PartState,
    Policy,
    QuestionState,
    Shop,
    WhenClosed,
)
from hansa.modules.fulfilment.rules import Facts, Plan, Rule, Taken, Want
from hansa.modules.fulfilment.shops import get_shop
from hansa.modules.fulfilment.sourcing import source
from hansa.modules.fulfilment.store import cases as sql
from hansa.modules.fulfilment.work import SendQuestion
from hansa.runtime.database import Transaction

_ATTEMPTS = 5
_VERDICTS_MAX = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What an order still needs, and how it may be looked for; `until` ends every question."""

    order: orders.Order
    policy: Policy
    need: Mapping[UUID, Decimal]
    until: datetime | None
    cause: str


@dataclass(frozen=True, slots=True)
class _Lot:
    """Pieces to be taken, and in which lane: lane 1 asks beside lane 0 for the same pieces."""

    taken: Taken
    lane: int
    is_certain: bool


async def allot(tx: Transaction, case: LockedCase, search: Search, *, now: datetime) -> bool:
    """Take goods of warehouses at once and ask shops for the rest, as many as the policy wants.

    Pieces are set aside on their shelves. If somebody takes them in the same moment, it is decided
    again on the shelves as they are then; False if that happened again and again.
    """
    if case.shop_id is not None:
        await _ask_for_pickup(tx, case, search, now=now)
        return True
    rules = await load_rules(tx, market=case.market)
    for _ in range(_ATTEMPTS):
        facts = await load_facts(
            tx, order=search.order, wants=tuple(search.need.items()), rules=rules, now=now
        )
        lots, plan = _plan(case, search, facts, rules)
        try:
            is_bound = await set_aside(tx, case, [lot.taken for lot in lots], now=now)
        except stock.ShelfShort:
            continue
        if lots or plan.short:
            await keep_decision(tx, case, facts, plan, cause=search.cause, now=now)
        await _write(tx, case, search, lots, is_bound=is_bound, now=now)
        return True
    return False


async def may_come_free(
    tx: Transaction, case: LockedCase, variants: Iterable[UUID]
) -> frozenset[UUID]:
    """Say of which variants pieces may come free soon: other orders ask for them side by side.

    Shops that have said no to this order do not count. Each such question ends by its clock, so
    nobody waits for ever.
    """
    if case.shop_id is not None:
        return frozenset()
    asked = {"variants": list(variants), "order_id": case.order_id}
    refused = case.refused()
    return frozenset(
        row.variant_id
        for row in await tx.all(sql.ASKED_BY_OTHERS, asked)
        if (row.warehouse_id, row.variant_id) not in refused
    )


async def set_aside(
    tx: Transaction, case: LockedCase, pieces: Sequence[Taken], *, now: datetime
) -> bool:
    """Bind pieces to their shelves; False if the stock does not count them for the order any more.

    That is so when the ERP's own number is less by the order already.

    Raises:
        stock.ShelfShort: somebody else has taken them.
    """
    parts = [stock.Binding(one.variant_id, one.place_id, one.quantity) for one in pieces]
    try:
        await stock.bind(tx, order_id=case.order_id, parts=locked.merged(parts), now=now)
    except (stock.OrderNeedsLess, stock.NoReservation):
        return False
    return True


def _plan(
    case: LockedCase, search: Search, facts: Facts, rules: Sequence[Rule]
) -> tuple[list[_Lot], Plan]:
    """Decide lane by lane; the first plan is the one that is explained."""
    need = dict(search.need)
    asked = {(part.warehouse_id, part.variant_id) for part in case.pending()}
    own = {place.id for place in facts.places if place.is_own or not search.policy.asks_shops}
    shelves = dict(facts.shelves)
    lots: list[_Lot] = []
    first: Plan | None = None
    for lane in range(search.policy.width):
        wants = _lacking(case, need, lots, lane)
        if not wants:
            continue
        known = replace(
            facts,
            wants=wants,
            shelves=shelves,
            refused=case.refused(),
            asked=frozenset(asked),
            places=tuple(one for one in facts.places if lane == 0 or one.id not in own),
        )
        plan = _plan_lane(known, rules, search.policy)
        first = first or plan
        if not plan.taken:
            break
        for taken in plan.taken:
            certain = taken.place_id in own
            lots.append(_Lot(taken, lane, certain))
            shelves[taken.place_id, taken.variant_id] -= taken.quantity
            if certain:
                need[taken.variant_id] -= taken.quantity
            else:
                asked.add((taken.place_id, taken.variant_id))
    return lots, first or Plan(taken=(), short=(), verdicts=())


def _lacking(
    case: LockedCase, need: Mapping[UUID, Decimal], lots: Sequence[_Lot], lane: int
) -> tuple[Want, ...]:
    """Say what nobody is asked for in a lane."""
    left = dict(need)
    for part in case.pending():
        if part.lane == lane and part.variant_id in left:
            left[part.variant_id] -= part.quantity
    for lot in lots:
        if lot.lane == lane and not lot.is_certain:
            left[lot.taken.variant_id] -= lot.taken.quantity
    return tuple(Want(variant, quantity) for variant, quantity in left.items() if quantity > 0)


def _plan_lane(facts: Facts, rules: Sequence[Rule], policy: Policy) -> Plan:
    """Decide; shops that are closed now come only when no open one has the goods."""
    if policy.when_closed is WhenClosed.WAIT:
        return source(facts, rules)
    awake = source(facts, [replace(rule, must_be_open=True) for rule in rules])
    if not awake.short:
        return awake
    left = dict(facts.shelves)
    for one in awake.taken:
        left[one.place_id, one.variant_id] -= one.quantity
    asleep = source(replace(facts, wants=awake.short, shelves=left), rules)
    return Plan(
        taken=(*awake.taken, *asleep.taken),
        short=asleep.short,
        verdicts=(*awake.verdicts, *asleep.verdicts),
        compared=awake.compared + asleep.compared,
    )


async def _ask_for_pickup(
    tx: Transaction, case: LockedCase, search: Search, *, now: datetime
) -> None:
    """Ask the shop in which the order is fetched; its reservation lies on that shelf already."""
    assert case.shop_id is not None, "the caller has looked"
    kinds = {one.id: one.kind for one in await stock.list_warehouses(tx)}
    certain = not search.policy.asks_shops or kinds.get(case.shop_id) != "shop"
    refused = case.refused()
    lots = [
        _Lot(Taken(case.shop_id, want.variant_id, want.quantity), 0, certain)
        for want in _lacking(case, search.need, (), 0)
        if (case.shop_id, want.variant_id) not in refused
    ]
    await _write(tx, case, search, lots, is_bound=False, now=now)


async def keep_decision(
    tx: Transaction, case: LockedCase, facts: Facts, plan: Plan, *, cause: str, now: datetime
) -> None:
    """Keep why goods come from here and not from there."""
    body = {
        "wants": [[str(want.variant_id), want.quantity] for want in facts.wants],
        "taken": [[str(one.place_id), str(one.variant_id), one.quantity] for one in plan.taken],
        "short": [[str(want.variant_id), want.quantity] for want in plan.short],
        "verdicts": [
            [one.rule, str(one.place_id), str(one.variant_id), one.reason.name, one.quantity]
            for one in plan.verdicts[:_VERDICTS_MAX]
        ],
        "compared": plan.compared,
    }
    await tx.execute(
        sql.ADD_DECISION,
        {"order_id": case.order_id, "now": now, "cause": cause, "body": rows.text_of(body)},
    )


async def _write(
    tx: Transaction,
    case: LockedCase,
    search: Search,
    lots: Iterable[_Lot],
    *,
    is_bound: bool,
    now: datetime,
) -> None:
    """Write parts, and a question for each shop."""
    items = parts.items_of(search.order)
    in_order = sorted(lots, key=lambda lot: (lot.is_certain, lot.lane, lot.taken.place_id))
    for (certain, lane, place_id), group in groupby(
        in_order, key=lambda lot: (lot.is_certain, lot.lane, lot.taken.place_id)
    ):
        pieces = [(lot.taken.variant_id, lot.taken.quantity) for lot in group]
        if certain:
            taken = [Taken(place_id, *one) for one in pieces]
            await take_at_once(tx, case, taken, items, is_bound=is_bound, now=now)
            continue
        shop = await get_shop(tx, warehouse_id=place_id)
        await ask_shop(
            tx,
            case,
            shop,
            pieces,
            search,
            items=items,
            lane=lane,
            is_bound=is_bound,
            now=now,
        )


async def take_at_once(
    tx: Transaction,
    case: LockedCase,
    taken: Sequence[Taken],
    items: Mapping[UUID, Mapping[str, Any]],
    *,
    is_bound: bool,
    now: datetime,
) -> None:
    """Take pieces nobody has to look for first."""
    for one in taken:
        part = parts.new_part(
            one.variant_id, one.place_id, one.quantity, items, PartState.CONFIRMED, now=now
        )
        part.is_bound = is_bound
        await parts.add_part(tx, case, part, now=now)
    for place_id in dict.fromkeys(one.place_id for one in taken):
        await locked.tell(tx, case, "taken", now=now, warehouse_id=place_id)


async def ask_shop(  # noqa: PLR0913 - a question has that many sides
    tx: Transaction,
    case: LockedCase,
    shop: Shop,
    pieces: Sequence[tuple[UUID, Decimal]],
    search: Search,
    *,
    items: Mapping[UUID, Mapping[str, Any]],
    lane: int = 0,
    is_bound: bool = True,
    is_by_hand: bool = False,
    now: datetime,
) -> Asked:
    """Ask a shop for pieces that are set aside there; if it is closed, when it opens."""
    begins = opening.next_opening(shop, now) or now
    answer_by = opening.add_open_minutes(shop, begins, search.policy.answer_minutes)
    if search.until is not None:
        answer_by = max(begins, min(answer_by, search.until))
    asks_now = begins <= now
    asked = Asked(
        id=new_id(now),
        warehouse_id=shop.warehouse_id,
        state=QuestionState.OPEN if asks_now else QuestionState.WAITING,
        is_by_hand=is_by_hand,
        asked_at=begins,
        answer_by=answer_by,
        because="",
    )
    await tx.execute(
        sql.ADD_QUESTION,
        {
            "id": asked.id,
            "order_id": case.order_id,
            "warehouse_id": shop.warehouse_id,
            "state": asked.state,
            "is_by_hand": is_by_hand,
            "asked_at": begins,
            "answer_by": answer_by,
        },
    )
    case.questions[asked.id] = asked
    state = PartState.ASKED if asks_now else PartState.PROPOSED
    for number, (variant_id, quantity) in enumerate(pieces, start=1):
        part = parts.new_part(variant_id, shop.warehouse_id, quantity, items, state, now=now)
        part.lane, part.is_bound = lane, is_bound
        part.question_id, part.number = asked.id, number
        await parts.add_part(tx, case, part, now=now)
    if asks_now:
        await announce(tx, case, asked, now=now)
    else:
        await locked.tell(
            tx,
            case,
            "waits",
            now=now,
            warehouse_id=shop.warehouse_id,
            question_id=asked.id,
            details={"until": begins},
        )
    return asked


async def announce(tx: Transaction, case: LockedCase, asked: Asked, *, now: datetime) -> None:
    """Send a question that is open now."""
    parts = case.of_question(asked.id)
    await locked.tell(
        tx,
        case,
        "asked",
        now=now,
        warehouse_id=asked.warehouse_id,
        question_id=asked.id,
        details={"answer_by": asked.answer_by},
    )
    await tx.publish(
        ShopAsked(
            order_id=case.order_id,
            number=case.order_number,
            market=case.market,
            question_id=asked.id,
            warehouse_id=asked.warehouse_id,
            variant_ids=tuple(part.variant_id for part in parts),
            quantities=tuple(part.asked for part in parts),
            answer_by=asked.answer_by,
        )
    )
    await tx.enqueue(SendQuestion(question_id=asked.id))
