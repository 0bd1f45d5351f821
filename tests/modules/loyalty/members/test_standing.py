"""Blocked, gone, erased: what is left of a member, and what never is."""

from __future__ import annotations

from uuid import uuid4

import pytest

from hansa.modules import ledger, parties
from hansa.modules.loyalty import members
from hansa.modules.loyalty.members import VOUCHED, MemberRef, MemberState, RefKind
from tests.support.loyalty import (
    CONSENT,
    a_member,
    a_partner,
    a_programme,
    coalition_of,
    findings_of,
    phone,
)


async def state_of(tx, programme, member):
    asked = (programme.id, None, MemberRef(RefKind.ID, str(member.id)))
    return (await members.resolve(tx, programme_id_refs=[asked]))[asked].state


async def give(tx, membership, points, *, held=0):
    """Put points on an account; how they are posted is the business of points."""
    await tx.execute(
        """
        update ledger_account
           set posted = %(points)s, held = %(held)s
         where bucket = %(bucket)s and id = %(id)s
        """,
        {
            "points": points,
            "held": held,
            "bucket": membership.bucket,
            "id": membership.account_id,
        },
    )


async def test_an_account_of_points_is_opened_with_the_membership(tx, now):
    programme = await a_programme(tx, now=now, number=7)

    anna = await a_member(tx, programme, now=now)

    [mine] = anna.memberships
    place = (anna.bucket, mine.account_id)
    account = (await ledger.read_balances(tx, places=[place]))[place]
    assert (account.ledger, account.floor, account.posted) == (7, 0, 0)


async def test_a_blocked_member_is_so_in_every_programme_and_names_lead_there(tx, now):
    first = await a_programme(tx, now=now)
    second = await a_programme(tx, now=now, code="network", number=2)
    anna = await a_member(tx, first, now=now, phone=phone(1))
    await a_member(tx, second, now=now, phone=phone(1))

    for _ in range(2):
        await members.block_member(tx, member_id=anna.id, reason="a thief", now=now)
    assert {await state_of(tx, one, anna) for one in (first, second)} == {MemberState.BLOCKED}
    assert (await members.get_member(tx, member_id=anna.id)).blocked_reason == "a thief"
    assert await findings_of(tx) == []
    await members.unblock_member(tx, member_id=anna.id, reason="found", now=now)

    assert {await state_of(tx, one, anna) for one in (first, second)} == {MemberState.ACTIVE}
    actions = [one.action for one in await members.list_history(tx, member_id=anna.id)]
    assert actions.count("loyalty.member_blocked") == 1
    assert actions.count("loyalty.member_unblocked") == 1


async def test_a_member_can_be_blocked_in_one_programme_alone(tx, now):
    first = await a_programme(tx, now=now)
    second = await a_programme(tx, now=now, code="network", number=2)
    anna = await a_member(tx, first, now=now, phone=phone(1))
    await a_member(tx, second, now=now, phone=phone(1))

    await members.block_member(
        tx, member_id=anna.id, reason="velocity", programme_id=first.id, now=now
    )

    assert await state_of(tx, first, anna) is MemberState.BLOCKED
    assert await state_of(tx, second, anna) is MemberState.ACTIVE
    with pytest.raises(members.MemberNotFound):
        await members.block_member(
            tx, member_id=anna.id, reason="velocity", programme_id=uuid4(), now=now
        )


async def test_a_blocked_member_gets_no_new_names(tx, now):
    programme = await a_programme(tx, now=now)
    other = await a_programme(tx, now=now, code="network", number=2)
    bakery = await a_partner(tx, programme, now=now)
    anna = await a_member(tx, programme, now=now, phone=phone(1))
    await members.block_member(tx, member_id=anna.id, reason="a thief", now=now)

    assert (await a_member(tx, programme, now=now, phone=phone(1))).id == anna.id
    with pytest.raises(members.MemberBlocked):
        await a_member(tx, other, now=now, phone=phone(1))
    with pytest.raises(members.MemberBlocked):
        await members.link_partner(
            tx,
            member_id=anna.id,
            partner=bakery,
            partner_ref="c",
            proof=VOUCHED,
            consent=CONSENT,
            now=now,
        )
    with pytest.raises(members.MemberBlocked):
        await members.change_phone(tx, member_id=anna.id, phone=phone(2), proof=VOUCHED, now=now)
    with pytest.raises(members.MemberBlocked):
        await members.issue_card(tx, member_id=anna.id, programme=programme, now=now)


async def test_who_leaves_gives_up_points_by_name_and_comes_back_to_the_same_account(tx, now):
    programme = await a_programme(tx, now=now)
    anna = await a_member(tx, programme, now=now, phone=phone(1))
    [mine] = anna.memberships
    await give(tx, mine, 120)

    with pytest.raises(members.PointsLeft) as refused:
        await members.leave_programme(tx, member_id=anna.id, programme_id=programme.id, now=now)
    await members.leave_programme(
        tx, member_id=anna.id, programme_id=programme.id, forfeit=True, now=now
    )

    assert refused.value.points == 120
    assert await state_of(tx, programme, anna) is MemberState.LEFT
    back = await a_member(tx, programme, now=now, phone=phone(1))
    assert back.memberships == anna.memberships


async def test_nobody_leaves_while_points_are_set_aside(tx, now):
    programme = await a_programme(tx, now=now)
    anna = await a_member(tx, programme, now=now)
    await give(tx, anna.memberships[0], 50, held=50)

    for forfeit in (False, True):
        with pytest.raises(members.PointsHeld):
            await members.leave_programme(
                tx, member_id=anna.id, programme_id=programme.id, forfeit=forfeit, now=now
            )
    with pytest.raises(members.PointsHeld):
        await members.erase_member(tx, member_id=anna.id, now=now)


async def test_of_an_erased_person_the_number_alone_is_left(tx, now):
    programme = await a_programme(tx, now=now)
    bakery = await a_partner(tx, programme, now=now)
    anna = await a_member(tx, programme, now=now, partner=bakery, phone=phone(1), partner_ref="c-1")
    card = await members.issue_card(tx, member_id=anna.id, programme=programme, now=now)
    await members.unlink_partner(tx, member_id=anna.id, partner=bakery, now=now)

    for _ in range(2):
        await members.erase_member(tx, member_id=anna.id, now=now)

    left = await members.get_member(tx, member_id=anna.id)
    assert (left.party_id, left.state, left.erased_at) == (None, MemberState.LEFT, now)
    assert left.memberships[0].account_id == anna.memberships[0].account_id
    refs = [
        (programme.id, bakery.id, MemberRef(RefKind.PHONE, phone(1))),
        (programme.id, bakery.id, MemberRef(RefKind.CARD, card.number)),
        (programme.id, bakery.id, MemberRef(RefKind.PARTNER, "c-1")),
    ]
    assert await members.resolve(tx, programme_id_refs=refs) == {}
    party = await parties.get_party(tx, party_id=anna.party_id)
    assert party.identifiers == ()
    rows = await tx.all("select value from loyalty_reference_past where value is not null")
    assert rows == []
    assert await findings_of(tx) == []
    assert await members.list_cards(tx, member_id=anna.id) != ()
    assert [one.number for one in await members.list_cards(tx, member_id=anna.id)] == [None]


async def test_a_customer_of_the_shop_keeps_their_name_when_they_are_erased_here(tx, now):
    programme = await a_programme(tx, now=now)
    anna = await a_member(tx, programme, now=now, phone=phone(1), name="Анна Орлова")
    only_here = await a_member(tx, programme, now=now, phone=phone(2), name="Борис Котов")
    mail = parties.Identifier(kind="email", value="anna@example.org")
    await parties.add_identifier(tx, party_id=anna.party_id, identifier=mail, now=now)
    home = parties.Address(id=uuid4(), city="Омск")
    await parties.save_address(tx, party_id=only_here.party_id, address=home, now=now)

    for one in (anna, only_here):
        await members.erase_member(tx, member_id=one.id, now=now)

    customer = await parties.get_party(tx, party_id=anna.party_id)
    assert (customer.display_name, customer.identifiers) == ("Анна Орлова", (mail,))
    nobody = await parties.get_party(tx, party_id=only_here.party_id)
    assert (nobody.display_name, nobody.identifiers) == ("", ())
    assert await parties.list_addresses(tx, party_id=only_here.party_id) == ()


async def test_an_erased_person_who_comes_back_is_new(tx, now):
    programme = await a_programme(tx, now=now)
    anna = await a_member(tx, programme, now=now, phone=phone(1))
    await members.erase_member(tx, member_id=anna.id, now=now)

    again = await a_member(tx, programme, now=now, phone=phone(1))

    assert again.id != anna.id
    assert again.memberships[0].account_id != anna.memberships[0].account_id


async def test_erasing_takes_those_who_were_merged_into_the_person_along(tx, now):
    programme = await a_programme(tx, now=now)
    anna = await a_member(tx, programme, now=now, phone=phone(1))
    double = await a_member(tx, programme, now=now, phone=phone(2))
    coalition = await coalition_of(tx, now=now)
    merge = await members.merge_members(
        tx, keep=anna.id, absorb=double.id, coalition=coalition, by=None, now=now
    )

    await members.erase_member(tx, member_id=double.id, now=now)

    both = await members.get_members(tx, member_ids=[anna.id, double.id])
    assert [one.party_id for one in both.values()] == [None, None]
    with pytest.raises(members.MergeNotFound):
        await members.undo_merge(tx, merge_id=merge.id, by=None, now=now)
    assert await findings_of(tx) == []


async def test_the_checks_see_what_is_broken(tx, now):
    programme = await a_programme(tx, now=now)
    anna = await a_member(tx, programme, now=now, phone=phone(1))
    boris = await a_member(tx, programme, now=now, phone=phone(2))
    gone = await a_member(tx, programme, now=now, phone=phone(3))
    blocked = await a_member(tx, programme, now=now, phone=phone(4))
    erased = await a_member(tx, programme, now=now, phone=phone(5))
    await members.erase_member(tx, member_id=erased.id, now=now)
    await members.issue_card(tx, member_id=anna.id, programme=programme, now=now)
    assert await findings_of(tx) == []

    for statement, member in (
        ("update loyalty_membership set account_id = 999999 where member_id = %(id)s", anna),
        ("update loyalty_card set state = 'lost' where member_id = %(id)s", anna),
        (
            (
                "insert into loyalty_reference (value, kind, scope, bucket, member_id, added_at)"
                " select value, 'partner', 'x', bucket, %(id)s, added_at from loyalty_reference"
                "  where kind = 'phone' and member_id = %(id)s"
            ),
            boris,
        ),
        (
            (
                "update loyalty_membership set state = 'merged', merged_into = gen_random_uuid()"
                " where member_id = %(id)s"
            ),
            boris,
        ),
        (
            (
                "update loyalty_member set state = 'merged', merged_into = gen_random_uuid()"
                " where id = %(id)s"
            ),
            gone,
        ),
        ("update loyalty_member set state = 'blocked' where id = %(id)s", blocked),
        ("update loyalty_reference_past set value = 'x' where member_id = %(id)s", erased),
    ):
        await tx.execute(statement, {"id": member.id})

    found = {one.partition(":")[0] for one in await findings_of(tx)}
    assert found == {
        "loyalty.accounts",
        "loyalty.cards",
        "loyalty.names",
        "loyalty.merged_memberships",
        "loyalty.merged_members",
        "loyalty.owners",
        "loyalty.blocked",
        "loyalty.erased",
    }
