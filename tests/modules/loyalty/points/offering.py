"""Offers of the shop, put in force and switched."""

from __future__ import annotations

from uuid import UUID

from hansa.modules.loyalty import offers, programmes
from tests.support.loyalty import put_in_force

OFTEN = offers.Condition(kind=offers.ConditionKind.PURCHASE, amount_minor=500_00)


async def an_offer(play, code: str, *, reward, condition=OFTEN, limit=None, ask=False) -> UUID:
    """Put an offer of the shop in force."""
    content = offers.OfferContent(
        wording=offers.Wording(title={"en": code}, text={"en": code}),
        condition=condition,
        reward=reward,
        limits=offers.Limits(per_member=limit),
        needs_activation=ask,
    )
    async with play.context.database.transaction() as tx:
        offer_id = await put_in_force(
            tx, play.programme, play.shop, code=code, content=content, now=play.clock.now()
        )
    await play.context.service(offers.Rulebook).refresh()
    play.later(minutes=1)
    return offer_id


async def switch(play, member, offer_id: UUID, *, is_on: bool) -> None:
    turn = offers.switch_on if is_on else offers.switch_off
    async with play.context.database.transaction() as tx:
        await turn(
            tx,
            coalition=play.context.service(programmes.Directory).coalition,
            member=(play.programme.id, member.id),
            offer_id=offer_id,
            now=play.clock.now(),
        )
    play.later(minutes=1)
