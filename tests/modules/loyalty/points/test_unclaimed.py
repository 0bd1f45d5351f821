"""Receipts of people nobody knows yet wait for them, if their partner asks for it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hansa.modules.loyalty import members, points
from hansa.modules.loyalty.points.claim_jobs import run_claim_purchases
from hansa.modules.loyalty.points.work import ClaimPurchases
from tests.support.loyalty import CONSENT

STRANGER = members.MemberRef(members.RefKind.PARTNER, "client 7")


async def link(play, partner=None) -> None:
    async with play.context.database.transaction() as tx:
        await members.link_partner(
            tx,
            member_id=play.member.id,
            partner=partner or play.shop,
            partner_ref="client 7",
            proof=members.VOUCHED,
            consent=CONSENT,
            now=play.clock.now(),
        )


async def claim(play) -> None:
    await run_claim_purchases(play.context, ClaimPurchases(member_id=play.member.id))
    await run_claim_purchases(play.context, ClaimPurchases())


async def waiting(play) -> int:
    async with play.context.database.snapshot() as snap:
        return int(await snap.scalar("select count(*) from loyalty_unclaimed"))


async def keep(play, receipt: str, *amounts: int, **fields):
    fields = {"member": STRANGER, "keep_unclaimed": True} | fields
    return await play.buy(receipt, *amounts, **fields)


async def test_a_receipt_waits_for_its_buyer_and_earns_from_when_it_was(play) -> None:
    at = play.clock.now()
    answer = await keep(play, "r1", 100_00, key="k")
    assert (answer.is_waiting, answer.member_id, answer.points) == (True, None, 0)
    await play.bring_back("r1", (1, 40_00))
    play.later(days=10)

    await link(play)
    await claim(play)

    assert (await play.balance()).posted == 6
    assert await keep(play, "r1", 100_00, key="k", happened_at=at) == answer
    async with play.context.database.snapshot() as snap:
        kept = await points.find_receipt(snap, partner_id=play.shop.id, receipt="r1")
    assert kept is not None
    assert kept.happened_at == at
    assert await waiting(play) == 0
    assert await play.findings() == []


async def test_only_if_asked_and_only_for_the_partners_own_names(play) -> None:
    with pytest.raises(points.MemberUnknown):
        await keep(play, "r1", 100_00, keep_unclaimed=False)
    card = members.MemberRef(members.RefKind.CARD, "9000000000000001")
    with pytest.raises(points.MemberUnknown):
        await keep(play, "r1", 100_00, member=card)
    with pytest.raises(points.MemberUnknown):
        await keep(play, "r1", 100_00, happened_at=play.clock.now() - timedelta(days=61))
    assert await waiting(play) == 0


async def test_a_receipt_is_kept_once_and_another_partners_link_does_not_claim_it(play) -> None:
    await keep(play, "r1", 100_00)
    with pytest.raises(points.ReceiptExists):
        await keep(play, "r1", 100_00)
    await link(play, play.bank)
    await claim(play)

    assert (await play.balance()).posted == 0
    assert await waiting(play) == 1


async def test_sent_again_once_the_buyer_is_known_it_earns_once(play) -> None:
    await keep(play, "r1", 100_00)
    await link(play)
    assert (await keep(play, "r1", 100_00)).points == 10

    await claim(play)

    assert (await play.balance()).posted == 10
    assert await waiting(play) == 0


async def test_what_nobody_claims_is_forgotten(play) -> None:
    await keep(play, "r1", 100_00)
    play.later(days=89)
    await claim(play)
    assert await waiting(play) == 1
    play.later(days=2)
    await claim(play)
    assert await waiting(play) == 0
