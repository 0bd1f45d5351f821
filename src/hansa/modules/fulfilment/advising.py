"""What checkout must know before it takes money."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from hansa.modules import stock
from hansa.modules.fulfilment import opening
from hansa.modules.fulfilment.facts import load_places, load_rules
from hansa.modules.fulfilment.model import Advice, Policy, Shop
from hansa.modules.fulfilment.rules import Facts, Want
from hansa.modules.fulfilment.shops import get_policy, get_shop
from hansa.modules.fulfilment.sourcing import source
from hansa.runtime.database import Snapshot

# Checkout asks with every order, so the search for the best is short here.
_SEARCH_LIMIT = 100


async def advice(
    snap: Snapshot,
    *,
    market: str,
    lines: Sequence[tuple[UUID, Decimal]],
    shop_id: UUID | None,
    now: datetime,
) -> Advice:
    """Say whether shops will have to confirm goods, and what that means for the payment.

    `shop_id` is the shop in which the goods are to be fetched. It is what sourcing would decide now
    of an order whose delivery is not known yet; the order itself is decided anew.
    """
    policy = await get_policy(snap, market=market)
    quiet = Advice(asks_shops=False, answer_by=None, one_stage=str(policy.one_stage))
    if not policy.asks_shops or not lines:
        return quiet
    places = await load_places(snap, channel=market, now=now)
    own = {place.id for place in places if place.is_own}
    if shop_id is not None:
        asked = set() if shop_id in own else {shop_id}
        is_short = False
    else:
        shelves = await stock.shelves(
            snap, channel=market, variant_ids=[variant_id for variant_id, _ in lines]
        )
        facts = Facts(
            wants=tuple(Want(*line) for line in lines),
            places=places,
            shelves={(one.warehouse_id, one.variant_id): one.available for one in shelves},
        )
        rules = await load_rules(snap, market=market)
        plan = source(facts, [replace(rule, search_limit=_SEARCH_LIMIT) for rule in rules])
        asked = {one.place_id for one in plan.taken} - own
        is_short = bool(plan.short)
    if not asked and not is_short:
        return quiet
    shops = [await get_shop(snap, warehouse_id=one) for one in sorted(asked)]
    answers = [_answer_by(shop, policy, now) for shop in shops]
    return Advice(
        asks_shops=True,
        answer_by=max(answers, default=None),
        one_stage=str(policy.one_stage),
    )


def _answer_by(shop: Shop, policy: Policy, now: datetime) -> datetime:
    begins = opening.next_opening(shop, now) or now
    return opening.add_open_minutes(shop, begins, policy.answer_minutes)
