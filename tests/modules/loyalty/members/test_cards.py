"""Cards: numbers with a check digit, several per person, lost and replaced, expired; QR tokens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import assume, given
from hypothesis import strategies as some

from hansa.modules import parties
from hansa.modules.loyalty import members
from hansa.modules.loyalty.members import (
    VOUCHED,
    CardState,
    MemberRef,
    ProofInvalid,
    RefKind,
    numbers,
)
from hansa.modules.loyalty.members.jobs import TidyMembers, tidy_members
from tests.support.http import application
from tests.support.loyalty import a_member, a_programme, findings_of, phone

MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


async def meant(tx, programme, number):
    asked = (programme.id, None, MemberRef(RefKind.CARD, number))
    return (await members.resolve(tx, programme_id_refs=[asked])).get(asked)


@given(programme=some.integers(1, 999), place=some.integers(0, 15), step=some.integers(1, 9))
def test_a_number_has_its_programme_and_one_wrong_digit_is_noticed(programme, place, step):
    number = numbers.draw_number(programme)
    wrong = number[:place] + str((int(number[place]) + step) % 10) + number[place + 1 :]

    assert number.startswith(f"9{programme:03d}")
    assert numbers.is_number(number)
    assert not numbers.is_number(wrong)


async def test_a_printed_card_becomes_the_members_that_shows_it_first(tx, now):
    programme = await a_programme(tx, now=now)
    [number, _] = await members.print_cards(tx, programme=programme, count=2, now=now)

    spaced = f"{number[:4]} {number[4:8]}-{number[8:]}"
    anna = await a_member(tx, programme, now=now, card=spaced)

    assert (await meant(tx, programme, number)).member_id == anna.id
    [card] = await members.list_cards(tx, member_id=anna.id)
    assert (card.state, card.last_digits, card.number) == ("active", number[-4:], number)
    assert await findings_of(tx) == []


async def test_a_card_of_another_programme_enrols_nobody(tx, now):
    one = await a_programme(tx, now=now)
    other = await a_programme(tx, now=now, code="network", number=2)
    [number] = await members.print_cards(tx, programme=one, count=1, now=now)

    with pytest.raises(members.CardUnknown):
        await a_member(tx, other, now=now, card=number)


async def test_two_cards_of_one_person_lead_to_one_account(tx, now):
    programme = await a_programme(tx, now=now)
    anna = await a_member(tx, programme, now=now)
    first = await members.issue_card(tx, member_id=anna.id, programme=programme, now=now)
    [printed] = await members.print_cards(tx, programme=programme, count=1, now=now)

    await members.add_card(tx, member_id=anna.id, number=printed, proof=VOUCHED, now=now)
    again = await members.add_card(tx, member_id=anna.id, number=printed, proof=None, now=now)

    assert again.state is CardState.ACTIVE
    assert await meant(tx, programme, first.number) == await meant(tx, programme, printed)
    assert len(await members.list_cards(tx, member_id=anna.id)) == 2


async def test_a_card_is_added_to_a_member_with_a_proof_alone(tx, now):
    programme = await a_programme(tx, now=now)
    anna = await a_member(tx, programme, now=now)
    boris = await a_member(tx, programme, now=now)
    [printed] = await members.print_cards(tx, programme=programme, count=1, now=now)
    of_boris = members.Proof(
        kind=members.ProofKind.CARD, token=members.make_card_token(member_id=boris.id, now=now)
    )

    with pytest.raises(members.ProofNeeded):
        await members.add_card(tx, member_id=anna.id, number=printed, proof=None, now=now)
    with pytest.raises(ProofInvalid):
        await members.add_card(tx, member_id=anna.id, number=printed, proof=of_boris, now=now)

    assert await meant(tx, programme, printed) is None


async def test_a_lost_card_names_nobody_and_its_replacement_the_same_account(tx, now):
    programme = await a_programme(tx, now=now)
    anna = await a_member(tx, programme, now=now)
    lost = await members.issue_card(tx, member_id=anna.id, programme=programme, now=now)

    new = await members.replace_card(
        tx, member_id=anna.id, card_id=lost.card_id, programme=programme, now=now
    )

    assert await meant(tx, programme, lost.number) is None
    assert await meant(tx, programme, new.number) == anna.memberships[0]
    states = {card.id: card for card in await members.list_cards(tx, member_id=anna.id)}
    assert states[lost.card_id].state is CardState.LOST
    assert states[lost.card_id].replaced_by == new.card_id
    party = await parties.get_party(tx, party_id=anna.party_id)
    assert lost.number not in {one.value for one in party.identifiers}
    with pytest.raises(members.CardUnknown):
        await a_member(tx, programme, now=now, card=lost.number)
    assert await findings_of(tx) == []


async def test_a_card_can_be_ended_once_and_by_its_owner_alone(tx, now):
    programme = await a_programme(tx, now=now)
    anna = await a_member(tx, programme, now=now)
    boris = await a_member(tx, programme, now=now)
    card = await members.issue_card(tx, member_id=anna.id, programme=programme, now=now)

    with pytest.raises(members.MemberNotFound):
        await members.end_card(
            tx, member_id=boris.id, card_id=card.card_id, end=CardState.LOST, now=now
        )
    for end in (CardState.LOST, CardState.ENDED):
        await members.end_card(tx, member_id=anna.id, card_id=card.card_id, end=end, now=now)

    [kept] = await members.list_cards(tx, member_id=anna.id)
    assert kept.state is CardState.LOST
    with pytest.raises(members.CardUnknown):
        await members.replace_card(
            tx, member_id=anna.id, card_id=card.card_id, programme=programme, now=now
        )


async def test_a_member_has_at_most_twenty_cards_in_use(tx, now):
    programme = await a_programme(tx, now=now)
    anna = await a_member(tx, programme, now=now)
    for _ in range(20):
        await members.issue_card(tx, member_id=anna.id, programme=programme, now=now)

    with pytest.raises(members.TooManyCards):
        await members.issue_card(tx, member_id=anna.id, programme=programme, now=now)


async def test_nobody_is_given_the_card_of_another(tx, now):
    programme = await a_programme(tx, now=now)
    anna = await a_member(tx, programme, now=now)
    boris = await a_member(tx, programme, now=now)
    card = await members.issue_card(tx, member_id=anna.id, programme=programme, now=now)

    with pytest.raises(members.CardUnknown):
        await members.add_card(tx, member_id=boris.id, number=card.number, proof=VOUCHED, now=now)
    with pytest.raises(members.MemberNotFound):
        await members.issue_card(tx, member_id=uuid4(), programme=programme, now=now)


async def test_cards_end_when_their_time_is_over(settings, committing, clock, now):
    async with committing.transaction() as tx:
        programme = await a_programme(tx, now=now)
        anna = await a_member(tx, programme, now=now, phone=phone(1))
        card = await members.issue_card(
            tx, member_id=anna.id, programme=programme, expires_at=now + MINUTE, now=now
        )
        kept = await members.issue_card(tx, member_id=anna.id, programme=programme, now=now)
    async with application(settings, committing, clock=clock) as site:
        await tidy_members(site.context, TidyMembers())
        async with committing.snapshot() as snap:
            assert await meant(snap, programme, card.number) is not None

        clock.advance(2 * MINUTE)
        await tidy_members(site.context, TidyMembers())

        async with committing.snapshot() as snap:
            assert await meant(snap, programme, card.number) is None
            assert await meant(snap, programme, kept.number) is not None
            states = {
                one.id: one.state for one in await members.list_cards(snap, member_id=anna.id)
            }
            assert states[card.card_id] is CardState.EXPIRED


@pytest.mark.parametrize("minutes", [0, 1, 5])
def test_the_code_of_the_app_names_its_member_for_five_minutes(now, minutes):
    member_id = uuid4()

    token = members.make_card_token(member_id=member_id, now=now)

    assert len(token) == 58
    assert members.scanned(token, at=now + minutes * MINUTE) == MemberRef(
        RefKind.ID, str(member_id)
    )


@pytest.mark.parametrize("minutes", [-10, 7, 60 * 24])
def test_the_code_of_the_app_is_worth_nothing_later(now, minutes):
    token = members.make_card_token(member_id=uuid4(), now=now)

    with pytest.raises(ProofInvalid):
        members.scanned(token, at=now + minutes * MINUTE)


@given(place=some.integers(4, 57), letter=some.sampled_from("AZaz09-_."))
def test_a_token_changed_anywhere_is_none(place, letter):
    token = members.make_card_token(member_id=uuid4(), now=NOON)
    forged = token[:place] + letter + token[place + 1 :]
    assume(forged != token)

    with pytest.raises(ProofInvalid):
        members.read_card_token(forged, at=NOON)


@pytest.mark.parametrize("text", ["HL1.", "HL1.AAAA", "HL1." + "A" * 54, "HL1." + "й" * 54])
def test_what_is_no_token_is_refused(now, text):
    with pytest.raises(ProofInvalid):
        members.scanned(text, at=now)


def test_a_static_number_is_a_card_in_any_spelling(now):
    assert members.scanned("9001 2345-6789 0123", at=now) == MemberRef(
        RefKind.CARD, "9001234567890123"
    )
