"""Parties: matching by exact keys, what they tell, merging and parting exactly."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from hansa.modules import parties
from tests.support.races import until_blocked

PHONE = parties.Identifier(kind="phone", value="8 (912) 345-67-89")
EMAIL = parties.Identifier(kind="email", value=" Anna@Example.COM ")
MINUTE = timedelta(minutes=1)


def a_person(name="Анна Ковалёва", **more):
    return parties.NewParty(kind="person", display_name=name, **more)


async def meet(tx, now, *identifiers, name="Анна Ковалёва", kind="person", trusted=False, **more):
    return await parties.match_or_create(
        tx,
        party=parties.NewParty(kind=kind, display_name=name, **more),
        identifiers=identifiers,
        now=now,
        trusted=trusted,
    )


def address(**more):
    return parties.Address(**({"id": uuid4(), "city": "Москва", "street": "Арбат"} | more))


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        ("phone", "8 (912) 345-67-89", "+79123456789"),
        ("phone", "+7 701 123 45 67", "+77011234567"),
        ("email", " Anna@Example.COM ", "anna@example.com"),
        ("inn", "7707083893", "7707083893"),
        ("ogrn", "1027700132195", "1027700132195"),
        ("kpp", "77360100a", None),
        ("kpp", "773601001", "773601001"),
        ("card", "ab 12-34", "AB1234"),
        ("phone", "12", None),
        ("phone", "+7 912 345", None),
        ("email", "anna@", None),
        ("email", "a@b@c.ru", None),
        ("email", "anna\n@example.com", None),
        ("inn", "7707083894", None),
        ("ogrn", "1027700132196", None),
        ("card", "<script>", None),
        ("outside", "123", None),
        ("telegram", "anna", None),
    ],
)
def test_identifiers_have_one_spelling_and_wrong_ones_are_refused(kind, given, kept):
    identifier = parties.Identifier(kind=kind, value=given)

    if kept is None:
        with pytest.raises(parties.IdentifierInvalid) as refused:
            parties.normalise(identifier)
        assert given.strip() not in str(refused.value)
    else:
        assert parties.normalise(identifier).value == kept


async def test_whoever_has_one_of_the_keys_is_found_again(tx, now):
    anna = await meet(tx, now, PHONE, EMAIL)

    by_phone = await meet(tx, now, parties.Identifier(kind="phone", value="+79123456789"))
    by_email = await meet(tx, now, parties.Identifier(kind="email", value="ANNA@example.com"))
    stranger = await meet(tx, now, parties.Identifier(kind="phone", value="+79123456780"))

    assert by_phone == by_email == anna
    assert stranger != anna


async def test_without_keys_everybody_is_new(tx, now):
    assert await meet(tx, now) != await meet(tx, now)


async def test_what_a_stranger_types_beside_a_known_telephone_does_not_become_a_key(tx, now):
    anna = await meet(tx, now, PHONE)
    other = parties.Identifier(kind="email", value="mallory@example.com")

    assert await meet(tx, now, PHONE, other, name="Mallory") == anna

    party = await parties.get_party(tx, party_id=anna)
    assert party.display_name == "Анна Ковалёва"
    assert party.value_of(parties.IdentifierKind.EMAIL) is None
    assert await meet(tx, now, PHONE, other, trusted=True) == anna
    party = await parties.get_party(tx, party_id=anna)
    assert party.value_of(parties.IdentifierKind.EMAIL) == "mallory@example.com"


async def test_two_parties_that_share_keys_stay_apart_and_are_listed(tx, now):
    anna = await meet(tx, now, PHONE)
    second = await meet(tx, now, EMAIL)

    assert await meet(tx, now, EMAIL, PHONE) == anna

    [conflict] = [
        one for one in await parties.list_conflicts(tx) if anna in (one.first_id, one.second_id)
    ]
    assert {conflict.first_id, conflict.second_id} == {anna, second}
    assert conflict.kinds == ("email", "phone")
    await parties.merge_parties(tx, keep=anna, absorb=second, by=None, now=now)
    assert conflict not in await parties.list_conflicts(tx)


async def test_branches_of_a_company_share_its_inn_but_are_not_one(tx, now):
    def inn():
        return parties.Identifier(kind="inn", value="7707083893")

    def kpp(value):
        return parties.Identifier(kind="kpp", value=value)

    head = await meet(tx, now, inn(), kpp("773601001"), kind="organisation", name="Банк")
    branch = await meet(tx, now, inn(), kpp("540602001"), kind="organisation", name="Филиал")
    again = await meet(tx, now, inn(), kpp("773601001"), kind="organisation", name="Банк")

    assert head == again
    assert head != branch


async def test_two_tills_that_meet_a_new_customer_at_once_make_one_party(
    committing, two_transactions, now
):
    first, second = two_transactions
    anna = await meet(first, now, PHONE)
    waiting = asyncio.create_task(meet(second, now, EMAIL, PHONE))

    await until_blocked(committing.dsn, waiting)
    await first.connection.commit()

    assert await waiting == anna


async def test_profile_addresses_and_consents(tx, now):
    anna = await meet(tx, now, PHONE)
    home, work = address(label="дом"), address(label="работа")

    profile = parties.Profile(display_name="Анна К.", given_name="Анна", language="ru")
    await parties.save_profile(tx, party_id=anna, profile=profile, now=now + MINUTE)
    await parties.save_address(tx, party_id=anna, address=home, now=now)
    await parties.save_address(tx, party_id=anna, address=work, now=now + MINUTE)
    await parties.save_address(
        tx, party_id=anna, address=replace(home, flat="7"), now=now + 2 * MINUTE
    )
    for granted, at in ((True, now), (False, now + MINUTE)):
        await parties.set_consent(
            tx, party_id=anna, purpose="marketing.email", is_granted=granted, now=at
        )

    party = await parties.get_party(tx, party_id=anna)
    assert (party.display_name, party.given_name, party.updated_at) == (
        "Анна К.",
        "Анна",
        now + MINUTE,
    )
    assert await parties.list_addresses(tx, party_id=anna) == (replace(home, flat="7"), work)
    [consent] = await parties.list_consents(tx, party_id=anna)
    assert not consent.is_granted
    assert len(await parties.consent_history(tx, party_id=anna)) == 2
    await parties.remove_address(tx, party_id=anna, address_id=home.id)
    assert await parties.list_addresses(tx, party_id=anna) == (work,)


async def test_nobody_changes_or_removes_anothers_address(tx, now):
    anna, boris = await meet(tx, now), await meet(tx, now)
    home = address()
    await parties.save_address(tx, party_id=anna, address=home, now=now)

    with pytest.raises(parties.AddressNotFound):
        await parties.save_address(tx, party_id=boris, address=replace(home, city="X"), now=now)
    await parties.remove_address(tx, party_id=boris, address_id=home.id)

    assert await parties.list_addresses(tx, party_id=anna) == (home,)


async def test_addresses_do_not_grow_without_end(tx, now):
    anna = await meet(tx, now)
    for _ in range(50):
        await parties.save_address(tx, party_id=anna, address=address(), now=now)

    with pytest.raises(parties.TooManyAddresses):
        await parties.save_address(tx, party_id=anna, address=address(), now=now)


async def test_an_identifier_of_another_cannot_be_added(tx, now):
    anna, boris = await meet(tx, now, PHONE), await meet(tx, now)

    with pytest.raises(parties.IdentifierTaken):
        await parties.add_identifier(tx, party_id=boris, identifier=PHONE, now=now)
    await parties.remove_identifier(tx, party_id=anna, identifier=PHONE)
    await parties.add_identifier(tx, party_id=boris, identifier=PHONE, now=now)

    assert await meet(tx, now, PHONE) == boris


async def test_roles_are_those_of_persons_in_organisations(tx, now):
    anna = await meet(tx, now)
    firm = await meet(tx, now, kind="organisation", name="ООО «Ромашка»")

    await parties.give_role(tx, person_id=anna, organisation_id=firm, role="buyer", now=now)
    await parties.give_role(tx, person_id=anna, organisation_id=firm, role="buyer", now=now)

    assert [role.role for role in await parties.list_roles(tx, party_id=firm)] == ["buyer"]
    with pytest.raises(parties.RoleImpossible):
        await parties.give_role(tx, person_id=firm, organisation_id=anna, role="buyer", now=now)
    await parties.take_role(tx, person_id=anna, organisation_id=firm, role="buyer")
    assert await parties.list_roles(tx, party_id=anna) == ()


async def everything(tx, party_id):
    """All that is known of one party alone, comparable."""
    party = await parties.get_party(tx, party_id=party_id)
    return (
        replace(party, updated_at=party.created_at),
        set(await parties.list_addresses(tx, party_id=party_id)),
        await parties.consent_history(tx, party_id=party_id),
        await parties.list_roles(tx, party_id=party_id),
    )


@pytest.fixture
async def a_pair(tx, now):
    """Two parties that are really one, each with things of its own."""
    anna = await meet(tx, now, PHONE, name="Анна Ковалёва")
    anya = await meet(tx, now, EMAIL, name="Аня", given_name="Анна", language="ru")
    firm = await meet(tx, now, kind="organisation", name="ООО «Ромашка»")
    for party_id in (anna, anya):
        await parties.save_address(tx, party_id=party_id, address=address(), now=now)
        await parties.give_role(tx, person_id=party_id, organisation_id=firm, role="buyer", now=now)
        await parties.set_consent(
            tx, party_id=party_id, purpose="marketing", is_granted=party_id == anna, now=now
        )
    return anna, anya


async def test_a_merge_lets_one_stand_for_both(tx, now, a_pair):
    anna, anya = a_pair

    await parties.merge_parties(tx, keep=anna, absorb=anya, by=None, now=now)

    party = await parties.get_party(tx, party_id=anya)
    assert party.id == anna
    assert party.display_name == "Анна Ковалёва"
    assert party.given_name == "Анна"
    assert {one.kind for one in party.identifiers} == {"phone", "email"}
    assert len(await parties.list_addresses(tx, party_id=anna)) == 2
    assert len(await parties.list_roles(tx, party_id=anna)) == 1
    assert await meet(tx, now, EMAIL) == anna
    assert await parties.resolve(tx, party_ids=[anna, anya]) == {anna: anna, anya: anna}
    found, _ = await parties.find_parties(tx, search="аня")
    assert found == ()


async def test_a_merge_undone_at_once_leaves_both_as_they_were(tx, now, a_pair):
    anna, anya = a_pair
    before = [await everything(tx, party_id) for party_id in a_pair]
    merge_id = await parties.merge_parties(tx, keep=anna, absorb=anya, by=None, now=now)

    undone = await parties.undo_merge(tx, merge_id=merge_id, by=None, now=now)

    assert undone.left_behind == ()
    assert [await everything(tx, party_id) for party_id in a_pair] == before
    await parties.undo_merge(tx, merge_id=merge_id, by=None, now=now)
    assert [await everything(tx, party_id) for party_id in a_pair] == before


async def test_a_merge_undone_after_changes_gives_back_what_was_and_keeps_what_is_new(
    tx, now, a_pair
):
    anna, anya = a_pair
    before = await everything(tx, anya)
    [anyas] = await parties.list_addresses(tx, party_id=anya)
    [annas] = await parties.list_addresses(tx, party_id=anna)
    merge_id = await parties.merge_parties(tx, keep=anna, absorb=anya, by=None, now=now)
    later = now + MINUTE
    new = address(city="Тверь")
    await parties.save_address(tx, party_id=anya, address=new, now=later)
    await parties.save_address(tx, party_id=anna, address=replace(anyas, city="Казань"), now=later)
    await parties.remove_identifier(tx, party_id=anna, identifier=EMAIL)
    await parties.set_consent(tx, party_id=anya, purpose="marketing", is_granted=True, now=later)
    profile = parties.Profile(display_name="Анна", given_name="Аннушка", language="ru")
    await parties.save_profile(tx, party_id=anna, profile=profile, now=later)

    await parties.undo_merge(tx, merge_id=merge_id, by=None, now=later)

    assert await everything(tx, anya) == before
    cities = {one.city for one in await parties.list_addresses(tx, party_id=anna)}
    assert cities == {annas.city, "Тверь", "Казань"}
    party = await parties.get_party(tx, party_id=anna)
    assert (party.given_name, party.language) == ("Аннушка", "")
    assert [one.kind for one in party.identifiers] == ["phone"]
    assert (await parties.list_consents(tx, party_id=anna))[0].is_granted


async def test_an_identifier_a_third_party_has_by_now_stays_there(tx, now, a_pair):
    anna, anya = a_pair
    merge_id = await parties.merge_parties(tx, keep=anna, absorb=anya, by=None, now=now)
    await parties.remove_identifier(tx, party_id=anna, identifier=EMAIL)
    third = await meet(tx, now, EMAIL)

    undone = await parties.undo_merge(tx, merge_id=merge_id, by=None, now=now)

    assert undone.left_behind == ("email",)
    assert await meet(tx, now, EMAIL) == third


async def test_merges_are_undone_from_the_last(tx, now, a_pair):
    anna, anya = a_pair
    olga = await meet(tx, now)
    first = await parties.merge_parties(tx, keep=anna, absorb=anya, by=None, now=now)
    second = await parties.merge_parties(tx, keep=olga, absorb=anna, by=None, now=now)
    assert (await parties.get_party(tx, party_id=anya)).id == olga

    with pytest.raises(parties.MergeNotLast):
        await parties.undo_merge(tx, merge_id=first, by=None, now=now)
    await parties.undo_merge(tx, merge_id=second, by=None, now=now)
    await parties.undo_merge(tx, merge_id=first, by=None, now=now)

    assert await parties.resolve(tx, party_ids=[anna, anya, olga]) == {
        anna: anna,
        anya: anya,
        olga: olga,
    }


async def test_what_cannot_be_merged(tx, now, a_pair):
    anna, anya = a_pair
    firm = await meet(tx, now, kind="organisation", name="Фирма")

    for absorb in (anna, firm):
        with pytest.raises(parties.MergeImpossible):
            await parties.merge_parties(tx, keep=anna, absorb=absorb, by=None, now=now)
    with pytest.raises(parties.PartyNotFound):
        await parties.merge_parties(tx, keep=anna, absorb=uuid4(), by=None, now=now)
    await parties.merge_parties(tx, keep=anna, absorb=anya, by=None, now=now)
    with pytest.raises(parties.AlreadyMerged):
        await parties.merge_parties(tx, keep=firm, absorb=anya, by=None, now=now)


async def test_people_are_found_by_name_or_key_page_by_page(tx, now):
    names = ["Ёлкина Вера", "Елкин Пётр", "Зуев 100%"]
    people = [await meet(tx, now, name=name) for name in names]
    anna = await meet(tx, now, PHONE, name="Анна")

    async def found(search, **more):
        page, following = await parties.find_parties(tx, search=search, **more)
        return [party.id for party in page], following

    assert await found("ёлкин") == ([people[1], people[0]], None)
    assert await found("100%") == ([people[2]], None)
    assert await found("100_") == ([], None)
    assert await found("+7 912 345-67-89") == ([anna], None)
    first, following = await found("елкин", limit=1)
    assert (first, await found("елкин", limit=1, after=following)) == (
        [people[1]],
        ([people[0]], None),
    )


def test_personal_data_does_not_show():
    texts = [
        repr(PHONE),
        repr(a_person(given_name="Анна")),
        repr(address(recipient="Анна", phone="+79123456789", flat="7")),
    ]

    for text in texts:
        for secret in ("Анна", "912", "Арбат", "Москва"):
            assert secret not in text
