"""How a person becomes a member, and what a name then leads to."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest

from hansa.modules import parties
from hansa.modules.loyalty import members
from hansa.modules.loyalty.members import MemberRef, NewMember, RefKind
from tests.support.loyalty import CONSENT, a_member, a_partner, a_programme, phone
from tests.support.races import until_blocked

ANNA = phone(1)
BORIS = phone(2)


async def enrol(tx, programme, now, *, partner=None, consent=CONSENT, **names):
    return await members.enrol(
        tx, programme=programme, partner=partner, new=NewMember(**names), consent=consent, now=now
    )


async def meant(tx, programme, kind, value, partner=None):
    asked = (programme.id, partner and partner.id, MemberRef(RefKind(kind), value))
    found = await members.resolve(tx, programme_id_refs=[asked])
    return found.get(asked)


async def test_a_telephone_in_any_spelling_makes_one_member_with_one_account(tx, now):
    programme = await a_programme(tx, now=now)

    anna = await enrol(tx, programme, now, phone="8 (916) 000-00-01")
    again = await enrol(tx, programme, now, phone=ANNA)

    assert again == anna
    assert anna.membership(programme.id).state == "active"
    assert await meant(tx, programme, "phone", ANNA) == anna.membership(programme.id)
    assert await meant(tx, programme, "id", str(anna.id)) == anna.membership(programme.id)


async def test_one_person_is_one_member_in_two_programmes_with_an_account_each(tx, now):
    first = await a_programme(tx, now=now)
    second = await a_programme(tx, now=now, code="network", number=2)

    await enrol(tx, first, now, phone=ANNA)
    anna = await enrol(tx, second, now, phone=ANNA)

    assert len(anna.memberships) == 2
    assert len({one.account_id for one in anna.memberships}) == 2
    assert await meant(tx, second, "phone", ANNA) == anna.membership(second.id)


async def test_a_partners_own_id_counts_within_the_partner_alone(tx, now):
    programme = await a_programme(tx, now=now)
    bakery = await a_partner(tx, programme, now=now)
    florist = await a_partner(tx, programme, now=now, code="florist", number=2)

    anna = await enrol(tx, programme, now, partner=bakery, partner_ref="c-77")
    boris = await enrol(tx, programme, now, partner=florist, partner_ref="c-77")

    assert anna.id != boris.id
    assert (await meant(tx, programme, "partner", "c-77", bakery)).member_id == anna.id
    assert (await meant(tx, programme, "partner", "c-77", florist)).member_id == boris.id
    assert await meant(tx, programme, "partner", "c-77") is None


async def test_names_of_two_members_are_a_conflict_that_tells_nobody(tx, now):
    programme = await a_programme(tx, now=now)
    bakery = await a_partner(tx, programme, now=now)
    anna = await enrol(tx, programme, now, phone=ANNA)
    boris = await enrol(tx, programme, now, partner=bakery, partner_ref="b")

    with pytest.raises(members.NamesTwoMembers) as refused:
        await enrol(tx, programme, now, partner=bakery, phone=ANNA, partner_ref="b")

    told = f"{refused.value} {refused.value.data()}"
    assert str(anna.id) not in told
    assert str(boris.id) not in told


async def test_what_is_typed_beside_a_known_telephone_becomes_no_key_without_proof(tx, now):
    programme = await a_programme(tx, now=now)
    bakery = await a_partner(tx, programme, now=now)
    anna = await enrol(tx, programme, now, phone=ANNA)

    same = await enrol(tx, programme, now, partner=bakery, phone=ANNA, partner_ref="mallory")

    assert same.id == anna.id
    assert await meant(tx, programme, "partner", "mallory", bakery) is None


async def test_with_the_token_of_the_app_a_partners_id_is_added(tx, now):
    programme = await a_programme(tx, now=now)
    bakery = await a_partner(tx, programme, now=now)
    anna = await enrol(tx, programme, now, phone=ANNA)
    token = members.make_card_token(member_id=anna.id, now=now)
    proof = members.Proof(kind=members.ProofKind.CARD, token=token)

    await enrol(tx, programme, now, partner=bakery, partner_ref="c-1", proof=proof)

    assert (await meant(tx, programme, "partner", "c-1", bakery)).member_id == anna.id


async def test_a_token_of_somebody_else_is_a_conflict(tx, now):
    programme = await a_programme(tx, now=now)
    await enrol(tx, programme, now, phone=ANNA)
    boris = await enrol(tx, programme, now, phone=BORIS)
    token = members.make_card_token(member_id=boris.id, now=now)
    proof = members.Proof(kind=members.ProofKind.CARD, token=token)

    with pytest.raises(members.NamesTwoMembers):
        await enrol(tx, programme, now, phone=ANNA, proof=proof)


async def test_a_known_customer_becomes_a_member_of_the_same_party(tx, now):
    programme = await a_programme(tx, now=now)
    customer = await parties.match_or_create(
        tx,
        party=parties.NewParty(display_name="Анна"),
        identifiers=[parties.Identifier(kind="phone", value=ANNA)],
        now=now,
    )

    anna = await enrol(tx, programme, now, phone=ANNA, name="Somebody else")

    assert anna.party_id == customer
    assert (await parties.get_party(tx, party_id=customer)).display_name == "Анна"


async def test_a_second_telephone_of_a_party_leads_to_the_same_member(tx, now):
    programme = await a_programme(tx, now=now)
    both = [parties.Identifier(kind="phone", value=one) for one in (ANNA, BORIS)]
    await parties.match_or_create(tx, party=parties.NewParty(), identifiers=both, now=now)

    first = await enrol(tx, programme, now, phone=ANNA)
    second = await enrol(tx, programme, now, phone=BORIS)

    assert first.id == second.id
    assert (await meant(tx, programme, "phone", BORIS)).member_id == first.id


async def test_a_party_merged_into_another_keeps_its_member(tx, now):
    programme = await a_programme(tx, now=now)
    anna = await enrol(tx, programme, now, phone=ANNA)
    other = await parties.match_or_create(
        tx,
        party=parties.NewParty(),
        identifiers=[parties.Identifier(kind="phone", value=BORIS)],
        now=now,
    )
    await parties.merge_parties(tx, keep=other, absorb=anna.party_id, by=None, now=now)

    assert (await enrol(tx, programme, now, phone=BORIS)).id == anna.id


async def test_enrolling_keeps_what_was_agreed_to(tx, now):
    programme = await a_programme(tx, now=now)
    consent = members.ConsentGiven(document="rules", version="7", source="till")

    anna = await enrol(tx, programme, now, phone=ANNA, consent=consent)

    [kept] = await parties.list_consents(tx, party_id=anna.party_id)
    assert (kept.purpose, kept.is_granted, kept.document, kept.source) == (
        members.RULES,
        True,
        "rules@7",
        "till",
    )


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"phone": ""}, members.NothingNamed),
        ({"phone": "", "partner_ref": "without a partner"}, members.NothingNamed),
        ({"phone": "12"}, parties.IdentifierInvalid),
        ({"card": "9001000000000000"}, members.CardUnknown),
        ({"consent": replace(CONSENT, version="")}, members.ConsentNeeded),
        (
            {"proof": members.Proof(kind=members.ProofKind.CARD, token="HL1.no")},
            members.ProofInvalid,
        ),
        ({"proof": members.Proof(kind=members.ProofKind.CODE, token="no")}, members.ProofInvalid),
    ],
)
async def test_what_cannot_be_is_refused_and_nobody_is_made(tx, now, changes, error):
    programme = await a_programme(tx, now=now)

    with pytest.raises(error):
        await enrol(tx, programme, now, **{"phone": ANNA, **changes})


async def test_a_closed_programme_takes_nobody_in(tx, now):
    programme = await a_programme(tx, now=now, is_open=False)

    with pytest.raises(members.ProgrammeClosed):
        await enrol(tx, programme, now, phone=ANNA)


async def test_unknown_names_are_left_out_and_known_ones_given_in_one_batch(tx, now):
    programme = await a_programme(tx, now=now)
    people = [await a_member(tx, programme, now=now) for _ in range(5)]
    known = [(programme.id, None, MemberRef(RefKind.ID, str(one.id))) for one in people]
    unknown = [
        (programme.id, None, MemberRef(RefKind.ID, str(uuid4()))),
        (programme.id, None, MemberRef(RefKind.ID, "no number")),
        (programme.id, None, MemberRef(RefKind.PHONE, phone(9))),
        (uuid4(), None, known[0][2]),
    ]

    found = await members.resolve(tx, programme_id_refs=[*unknown, *known, *known])

    assert set(found) == set(known)
    assert {one.member_id for one in found.values()} == {one.id for one in people}
    assert await members.resolve(tx, programme_id_refs=[]) == {}


async def test_two_tills_that_enrol_one_telephone_at_once_make_one_member(
    committing, two_transactions, now
):
    async with committing.transaction() as tx:
        programme = await a_programme(tx, now=now)
    first, second = two_transactions

    one = await enrol(first, programme, now, phone=ANNA)
    waiting = asyncio.create_task(enrol(second, programme, now, phone=ANNA))
    await until_blocked(committing.dsn, waiting)
    await first.connection.execute("commit")

    assert (await waiting).id == one.id


async def test_two_telephones_of_one_party_enrolled_at_once_make_one_member(
    committing, two_transactions, now
):
    async with committing.transaction() as tx:
        programme = await a_programme(tx, now=now)
        both = [parties.Identifier(kind="phone", value=one) for one in (ANNA, BORIS)]
        await parties.match_or_create(tx, party=parties.NewParty(), identifiers=both, now=now)
    first, second = two_transactions

    one = await enrol(first, programme, now, phone=ANNA)
    waiting = asyncio.create_task(enrol(second, programme, now, phone=BORIS))
    await until_blocked(committing.dsn, waiting)
    await first.connection.execute("commit")

    assert (await waiting).id == one.id
