"""Rules of sourcing as kept, and trying them out on an order or a basket."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

import msgspec

from hansa.kernel.errors import Invalid, NotFound
from hansa.modules import accounts, orders, stock
from hansa.modules.fulfilment import facts, rows
from hansa.modules.fulfilment.rules import Facts, Plan, Rule, Want
from hansa.modules.fulfilment.sourcing import source
from hansa.modules.fulfilment.store import rules as sql
from hansa.runtime.database import Row, Snapshot, Transaction
from hansa.runtime.http import Actor

SEARCH_MAX = 10_000
PARTS_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRule:
    """A rule of a market and its place among them."""

    id: UUID
    market: str
    position: int
    rule: Rule


@dataclass(eq=False)
class RuleInvalid(Invalid):
    """The rule cannot be as it is described."""

    code: ClassVar[str] = "fulfilment.rule_invalid"
    message: ClassVar[str] = (
        "A rule needs a name, one to twenty parts, and at most 10,000 comparisons."
    )


@dataclass(eq=False)
class RuleNotFound(NotFound):
    """No such rule."""

    code: ClassVar[str] = "fulfilment.rule_not_found"
    message: ClassVar[str] = "There is no such rule."


async def list_rules(snap: Snapshot, *, market: str) -> tuple[StoredRule, ...]:
    """Give the rules of a market in their order, those switched off too."""
    return tuple(_stored(row) for row in await snap.all(sql.LIST_RULES, {"market": market}))


async def get_rule(snap: Snapshot, *, rule_id: UUID) -> StoredRule:
    """Give a rule.

    Raises:
        RuleNotFound: there is none.
    """
    row = await snap.maybe(sql.GET_RULE, {"id": rule_id})
    if row is None:
        raise RuleNotFound
    return _stored(row)


def _stored(row: Row) -> StoredRule:
    rule = replace(msgspec.convert(row.body, Rule), name=row.name, is_active=row.is_active)
    return StoredRule(id=row.id, market=row.market, position=row.position, rule=rule)


async def save_rule(
    tx: Transaction, *, stored: StoredRule, by: Actor | None = None, now: datetime
) -> None:
    """Make or change a rule; orders that are being sourced already stay as they are.

    Raises:
        RuleInvalid: no name, or limits that are not possible.
    """
    rule = stored.rule
    if (
        not rule.name.strip()
        or not 1 <= rule.max_parts <= PARTS_MAX
        or not 0 <= rule.search_limit <= SEARCH_MAX
        or not rule.stock_depth_min.is_finite()
        or rule.stock_depth_min < 0
    ):
        raise RuleInvalid
    body = msgspec.to_builtins(rule)
    await tx.execute(
        sql.SAVE_RULE,
        {
            "id": stored.id,
            "market": stored.market,
            "position": stored.position,
            "name": rule.name.strip(),
            "is_active": rule.is_active,
            "body": rows.text_of(body),
            "now": now,
        },
    )
    await _note(tx, by, "fulfilment.save_rule", stored.id, body, now)


async def remove_rule(
    tx: Transaction, *, rule_id: UUID, by: Actor | None = None, now: datetime
) -> None:
    """Remove a rule; again changes nothing."""
    if await tx.execute(sql.DELETE_RULE, {"id": rule_id}):
        await _note(tx, by, "fulfilment.remove_rule", rule_id, None, now)


async def _note(  # noqa: PLR0917 - private: who did what to which rule
    tx: Transaction,
    by: Actor | None,
    action: str,
    rule_id: UUID,
    after: dict[str, object] | None,
    now: datetime,
) -> None:
    if by is not None:
        await accounts.record(
            tx,
            actor=by,
            action=action,
            subject_kind="fulfilment_rule",
            subject_id=rule_id,
            after=after,
            now=now,
        )


async def try_order(snap: Snapshot, *, order_id: UUID, now: datetime) -> Plan:
    """Say where an order would go now and why, as if nobody had been asked; nothing is changed.

    Raises:
        orders.OrderNotFound: there is none.
    """
    order = await orders.get_order(snap, order_id=order_id)
    rules = await facts.load_rules(snap, market=order.market)
    wants = [(line.variant_id, line.left) for line in order.lines if line.left > 0]
    known = await facts.load_facts(snap, order=order, wants=wants, rules=rules, now=now)
    shelves = dict(known.shelves)
    for one in await stock.list_bindings(snap, order_ids=[order_id]):
        shelf = (one.warehouse_id, one.variant_id)
        shelves[shelf] = shelves.get(shelf, Decimal(0)) + one.quantity
    return source(replace(known, shelves=shelves), rules)


async def try_basket(
    snap: Snapshot,
    *,
    market: str,
    wants: Sequence[tuple[UUID, Decimal]],
    city: str,
    delivery_kind: str,
    total_minor: int,
    now: datetime,
) -> Plan:
    """Say where goods would come from for somebody in a city; nothing is changed."""
    places = await facts.load_places(snap, channel=market, now=now)
    latitude, longitude = facts.middle_of(places, city)
    shelves = await stock.shelves(
        snap, channel=market, variant_ids=[variant_id for variant_id, _ in wants]
    )
    known = Facts(
        wants=tuple(Want(*one) for one in wants),
        places=places,
        shelves={(one.warehouse_id, one.variant_id): one.available for one in shelves},
        total_minor=total_minor,
        delivery_kind=delivery_kind,
        city=city,
        latitude=latitude,
        longitude=longitude,
    )
    return source(known, await facts.load_rules(snap, market=market))
