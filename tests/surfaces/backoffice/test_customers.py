"""What staff do with customers: find, change, merge and part."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

from hansa.modules import accounts, parties, pricing
from hansa.modules.parties import Identifier, NewParty
from tests.conftest import NOON


async def a_party(site, name: str, *, phone: str = "", email: str = "") -> UUID:
    identifiers = [
        Identifier(kind=kind, value=value)
        for kind, value in (("phone", phone), ("email", email))
        if value
    ]
    async with site.context.database.transaction() as tx:
        return await parties.match_or_create(
            tx,
            party=NewParty(family_name=name, given_name="Анна"),
            identifiers=identifiers,
            now=NOON,
            trusted=True,
        )


async def values_of(site, party_id: UUID) -> set[str]:
    async with site.context.database.snapshot() as snap:
        party = await parties.get_party(snap, party_id=party_id)
    return {one.value for one in party.identifiers}


async def test_a_customer_is_made_and_found(root, site) -> None:
    made = await root.send(
        "/office/customers/new",
        {"kind": "person", "family_name": "Берёзова", "phone": "8 916 555-01-11"},
    )

    by_phone = await root.open("/office/customers?q=%2B7 (916) 555 01 11")
    by_name = await root.open("/office/customers?q=березов")
    company = await root.open("/office/customers?q=березов&kind=organisation")
    sheet = await root.open("/office/customers.csv?q=березов")
    sent = await root.client.get("/office/customers.csv")
    assert "Берёзова" in by_phone
    assert "Берёзова" in by_name
    assert "Берёзова" not in company
    assert "+79165550111" in sheet
    assert sent.headers["content-type"] == "text/csv; charset=utf-8"
    assert made.headers["location"].startswith("/office/customers/")


async def test_a_refused_form_keeps_what_was_typed(root) -> None:
    refused = await root.send(
        "/office/customers/new",
        {"kind": "person", "phone": "12", "email": "nobody", "given_name": ""},
        status=422,
    )

    assert 'value="12"' in refused.text
    assert 'value="nobody"' in refused.text
    for field in ("phone", "email", "given_name"):
        assert f'id="field-{field}-error"' in refused.text, field


async def test_who_is_known_already_is_opened(root, site) -> None:
    known = await a_party(site, "Кленова", phone="+79165550113")

    answer = await root.send(
        "/office/customers/new",
        {"kind": "person", "given_name": "Мария", "phone": "8 (916) 555-01-13"},
    )

    assert str(known) in answer.headers["location"]


async def test_names_identifiers_and_addresses_are_changed(root, site) -> None:
    party_id = await a_party(site, "Ясенев")
    path = f"/office/customers/{party_id}"

    await root.send(path, {"family_name": "Ясенев", "given_name": "Иван", "birth_on": "1990-02-03"})
    await root.send(f"{path}/identifiers", {"kind": "email", "value": "IVAN@Example.com"})
    wrong = await root.send(
        f"{path}/identifiers", {"kind": "inn", "value": "1234567890"}, status=422
    )
    await root.send(f"{path}/addresses", {"city": "Казань", "street": "Баумана", "house": "5"})
    nowhere = await root.send(f"{path}/addresses", {"street": "Баумана"}, status=422)
    page = await root.open(path)

    assert "1990-02-03" in page
    assert "ivan@example.com" in page
    assert "Казань, Баумана, 5" in page
    assert 'value="1234567890"' in wrong.text
    assert 'value="Баумана"' in nowhere.text
    assert await values_of(site, party_id) == {"ivan@example.com"}
    removal = re.search(r"/addresses/([0-9a-f-]{36})/remove", page)
    assert removal
    await root.send(f"{path}{removal[0]}")
    await root.send(f"{path}/identifiers/remove", {"kind": "email", "value": "ivan@example.com"})
    page = await root.open(path)
    assert "Баумана" not in page
    assert "ivan@example.com" not in page


async def test_what_somebody_else_has_is_refused_and_listed_as_a_conflict(root, site) -> None:
    first = await a_party(site, "Липова", phone="+79165550117")
    second = await a_party(site, "Осинин")

    refused = await root.send(
        f"/office/customers/{second}/identifiers",
        {"kind": "phone", "value": "+79165550117"},
        status=422,
    )

    assert "Another customer has it." in refused.text
    assert await values_of(site, first) == {"+79165550117"}


async def test_two_cards_become_one_and_two_again(root, site) -> None:
    keep = await a_party(site, "Рябинина", phone="+79165550115")
    absorb = await a_party(site, "Рябинина", email="elena@example.com")

    found = await root.open(f"/office/customers/{keep}/merge")
    merged = await root.send(f"/office/customers/{keep}/merge", {"absorb": str(absorb)})

    assert str(absorb) in found
    assert await values_of(site, keep) == {"+79165550115", "elena@example.com"}
    leads = await root.client.get(f"/office/customers/{absorb}")
    assert leads.headers["location"] == f"/office/customers/{keep}"
    told = await root.open(merged.headers["location"])
    undo = re.search(r'hx-post="(/office/customers/merges/[0-9a-f-]+/undo)"', told)
    assert undo, "the toast undoes it"

    await root.send(undo[1])

    assert await values_of(site, keep) == {"+79165550115"}
    assert await values_of(site, absorb) == {"elena@example.com"}


async def test_unlike_cards_are_not_merged(root, site) -> None:
    person = await a_party(site, "Дубов")

    refused = await root.send(
        f"/office/customers/{person}/merge", {"absorb": str(person)}, status=422
    )

    assert "Only two different persons" in refused.text


async def test_merging_needs_a_permission_of_its_own(sign_in, site) -> None:
    keep, absorb = await a_party(site, "Один"), await a_party(site, "Два")
    async with sign_in("parties.view", "parties.edit") as browser:
        page = await browser.open(f"/office/customers/{keep}")
        await browser.send(f"/office/customers/{keep}/merge", {"absorb": str(absorb)}, status=403)

    assert "/merge" not in page


async def test_price_group_and_consents(root, site, clock) -> None:
    party_id = await a_party(site, "Тополев")
    path = f"/office/customers/{party_id}"
    async with site.context.database.transaction() as tx:
        partners = pricing.CustomerGroup(code="partners", name={"en": "Partners"})
        await pricing.save_groups(tx, groups=[partners], now=NOON)

    await root.send(f"{path}/group", {"group": "partners"})
    await root.send(f"{path}/consents", {"purpose": "marketing.email", "is_granted": "true"})
    granted = await root.open(path)
    clock.advance(timedelta(minutes=1))
    await root.send(f"{path}/consents", {"purpose": "marketing.email", "is_granted": "false"})

    async with site.context.database.snapshot() as snap:
        assert await pricing.group_of_party(snap, party_id=party_id) == "partners"
        [consent] = await parties.list_consents(snap, party_id=party_id)
        audit = await accounts.list_audit(snap, subject_kind="party", subject_id=party_id)
    assert not consent.is_granted
    assert consent.source == "office"
    assert 'value="partners" selected' in granted
    assert "parties.set_consent" in {one.action for one in audit}


async def test_personal_data_stays_out_of_the_audit_log(root, site) -> None:
    party_id = await a_party(site, "Ольхова")
    path = f"/office/customers/{party_id}"
    await root.send(path, {"family_name": "Секретова", "given_name": "Анна"})
    await root.send(f"{path}/identifiers", {"kind": "email", "value": "hidden@example.com"})

    log = await root.open(f"/office/audit?subject_kind=party&subject_id={party_id}")

    assert "parties.add_identifier" in log
    assert "hidden@example.com" not in log
    assert "Секретова" not in log
