"""Two at once: one name has one owner, nobody is merged twice, nothing is lost between."""

from __future__ import annotations

import asyncio

import pytest

from hansa.modules.loyalty import members
from hansa.modules.loyalty.members import VOUCHED, MemberRef, RefKind
from tests.support.loyalty import (
    CONSENT,
    a_member,
    a_partner,
    a_programme,
    coalition_of,
    findings_of,
    phone,
)
from tests.support.races import until_blocked


@pytest.fixture
def wait(committing):
    """Let the first transaction commit when the second waits for it; give what the second got."""

    async def both(first, second, work):
        waiting = asyncio.create_task(work)
        await until_blocked(committing.dsn, waiting)
        await first.connection.execute("commit")
        [outcome] = await asyncio.gather(waiting, return_exceptions=True)
        await second.connection.execute("commit")
        async with committing.snapshot() as snap:
            assert await findings_of(snap) == []
        return outcome

    return both


async def prepare(committing, now, count):
    async with committing.transaction() as tx:
        programme = await a_programme(tx, now=now)
        partner = await a_partner(tx, programme, now=now)
        people = [await a_member(tx, programme, now=now, phone=phone(n)) for n in range(count)]
        [number] = await members.print_cards(tx, programme=programme, count=1, now=now)
    return programme, partner, people, number


async def test_one_partners_id_goes_to_one_of_two_members(committing, two_transactions, now, wait):
    _, partner, (anna, boris), _ = await prepare(committing, now, 2)
    first, second = two_transactions

    def link(tx, who):
        return members.link_partner(
            tx,
            member_id=who.id,
            partner=partner,
            partner_ref="c-1",
            proof=VOUCHED,
            consent=CONSENT,
            now=now,
        )

    await link(first, anna)
    outcome = await wait(first, second, link(second, boris))

    assert isinstance(outcome, members.NameTaken)


async def test_one_printed_card_goes_to_one_of_two_members(committing, two_transactions, now, wait):
    _, _, (anna, boris), number = await prepare(committing, now, 2)
    first, second = two_transactions

    def add(tx, who):
        return members.add_card(tx, member_id=who.id, number=number, proof=VOUCHED, now=now)

    await add(first, anna)
    outcome = await wait(first, second, add(second, boris))

    assert isinstance(outcome, members.CardUnknown)


async def test_one_telephone_goes_to_one_of_two_members_who_change_to_it(
    committing, two_transactions, now, wait
):
    _, _, (anna, boris), _ = await prepare(committing, now, 2)
    first, second = two_transactions

    def change(tx, who):
        return members.change_phone(tx, member_id=who.id, phone=phone(9), proof=VOUCHED, now=now)

    await change(first, anna)
    outcome = await wait(first, second, change(second, boris))

    assert isinstance(outcome, members.NameTaken)


async def test_who_is_absorbed_is_not_absorbed_again(committing, two_transactions, now, wait):
    _, _, (anna, boris, double), _ = await prepare(committing, now, 3)
    first, second = two_transactions
    coalition = await coalition_of(first, now=now)

    def merge(tx, keep):
        return members.merge_members(
            tx, keep=keep.id, absorb=double.id, coalition=coalition, by=None, now=now
        )

    await merge(first, anna)
    outcome = await wait(first, second, merge(second, boris))

    assert isinstance(outcome, members.MergeImpossible)


async def test_a_telephone_enrolled_while_its_member_is_erased_is_somebody_new(
    committing, two_transactions, now, wait
):
    programme, _, [anna], _ = await prepare(committing, now, 1)
    first, second = two_transactions

    await members.erase_member(first, member_id=anna.id, now=now)
    made = await wait(first, second, a_member(second, programme, now=now, phone=phone(0)))

    asked = (programme.id, None, MemberRef(RefKind.PHONE, phone(0)))
    async with committing.snapshot() as snap:
        found = await members.resolve(snap, programme_id_refs=[asked])
    assert made.id != anna.id
    assert found[asked].member_id == made.id


async def test_a_name_given_while_its_member_is_merged_goes_to_who_stands_for_them(
    committing, two_transactions, now, wait
):
    programme, _, (anna, double), number = await prepare(committing, now, 2)
    first, second = two_transactions
    coalition = await coalition_of(first, now=now)
    await members.merge_members(
        first, keep=anna.id, absorb=double.id, coalition=coalition, by=None, now=now
    )

    async def enrol_and_add():
        made = await a_member(second, programme, now=now, phone=phone(1))
        card = await members.add_card(
            second, member_id=double.id, number=number, proof=VOUCHED, now=now
        )
        return made.id, card.state

    assert await wait(first, second, enrol_and_add()) == (anna.id, members.CardState.ACTIVE)


async def test_an_app_shown_by_a_merged_member_is_that_of_who_stands_for_them(tx, now):
    programme = await a_programme(tx, now=now)
    partner = await a_partner(tx, programme, now=now)
    anna, double = [await a_member(tx, programme, now=now, phone=phone(n)) for n in range(2)]
    coalition = await coalition_of(tx, now=now)
    await members.merge_members(
        tx, keep=anna.id, absorb=double.id, coalition=coalition, by=None, now=now
    )
    token = members.make_card_token(member_id=double.id, now=now)
    proof = members.Proof(kind=members.ProofKind.CARD, token=token)

    made = await a_member(
        tx, programme, now=now, partner=partner, phone=phone(0), partner_ref="c", proof=proof
    )
    assert made.id == anna.id
    await members.erase_member(tx, member_id=anna.id, now=now)

    with pytest.raises(members.ProofInvalid):
        await a_member(tx, programme, now=now, phone=phone(0), proof=proof)


async def test_a_merge_undone_twice_at_once_is_undone_once(committing, two_transactions, now, wait):
    _, _, (anna, double), _ = await prepare(committing, now, 2)
    async with committing.transaction() as tx:
        coalition = await coalition_of(tx, now=now)
        merged = await members.merge_members(
            tx, keep=anna.id, absorb=double.id, coalition=coalition, by=None, now=now
        )
    first, second = two_transactions

    await members.undo_merge(first, merge_id=merged.id, by=None, now=now)
    outcome = await wait(
        first, second, members.undo_merge(second, merge_id=merged.id, by=None, now=now)
    )

    assert outcome == merged
    async with committing.snapshot() as snap:
        count = await snap.scalar(
            "select count(*) from outbox_event where type = 'loyalty.LoyaltyMembersParted'"
        )
    assert count == 1


async def test_who_is_merged_into_a_person_while_they_are_erased_is_erased_too(
    committing, two_transactions, now, wait
):
    _, _, (anna, double), _ = await prepare(committing, now, 2)
    first, second = two_transactions
    coalition = await coalition_of(first, now=now)
    await members.merge_members(
        first, keep=anna.id, absorb=double.id, coalition=coalition, by=None, now=now
    )

    await wait(first, second, members.erase_member(second, member_id=anna.id, now=now))

    async with committing.snapshot() as snap:
        both = await members.get_members(snap, member_ids=[anna.id, double.id])
    assert [one.party_id for one in both.values()] == [None, None]
