"""Partners' own ids, changed telephones, consents: what names a person, and with whose word."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hansa.modules import parties
from hansa.modules.loyalty import members
from hansa.modules.loyalty.members import (
    VOUCHED,
    MemberRef,
    Proof,
    ProofInvalid,
    ProofKind,
    RefKind,
    naming,
    proofs,
)
from tests.support.loyalty import CONSENT, a_member, a_partner, a_programme, findings_of, phone

ANNA, BORIS, NEW = phone(1), phone(2), phone(3)


async def meant(tx, programme, kind, value, partner=None):
    asked = (programme.id, partner and partner.id, MemberRef(RefKind(kind), value))
    found = (await members.resolve(tx, programme_id_refs=[asked])).get(asked)
    return found and found.member_id


async def link(tx, member, partner, ref, now, *, proof=VOUCHED, consent=CONSENT):
    return await members.link_partner(
        tx,
        member_id=member.id,
        partner=partner,
        partner_ref=ref,
        proof=proof,
        consent=consent,
        now=now,
    )


def of_phone(number, now):
    value = naming.value_of(RefKind.PHONE, "", number)
    return Proof(kind=ProofKind.CODE, token=proofs.make_phone_proof(phone_value=value, now=now))


async def told(tx, member):
    rows = await tx.all(
        "select payload from outbox_event where type = 'loyalty.MemberChanged' order by serial"
    )
    return [row.payload["what"] for row in rows if row.payload["member_id"] == str(member.id)]


async def consent_to(tx, member, partner):
    kept = await members.list_consents(tx, member_id=member.id)
    return {one.purpose: one for one in kept}.get(members.purpose_of(partner))


async def test_a_linked_member_is_named_by_the_partners_own_id(tx, now):
    programme = await a_programme(tx, now=now)
    bakery = await a_partner(tx, programme, now=now)
    anna = await a_member(tx, programme, now=now, phone=ANNA)

    await link(tx, anna, bakery, "c-1", now, proof=of_phone(ANNA, now))
    await link(tx, anna, bakery, "c-1", now, proof=of_phone(ANNA, now))

    assert await meant(tx, programme, "partner", "c-1", bakery) == anna.id
    assert (await consent_to(tx, anna, bakery)).is_granted
    assert (await told(tx, anna)).count("linked") == 1
    [linked] = await members.list_links(tx, member_id=anna.id)
    assert (linked.partner_id, linked.partner_ref, linked.proven_by) == (bakery.id, "c-1", "code")


@pytest.mark.parametrize("proof", ["of another telephone", "of another app", "too old", "forged"])
async def test_nobody_is_linked_on_the_word_of_another(tx, now, proof):
    programme = await a_programme(tx, now=now)
    bakery = await a_partner(tx, programme, now=now)
    anna = await a_member(tx, programme, now=now, phone=ANNA)
    boris = await a_member(tx, programme, now=now, phone=BORIS)
    shown = {
        "of another telephone": of_phone(BORIS, now),
        "of another app": Proof(
            kind=ProofKind.CARD, token=members.make_card_token(member_id=boris.id, now=now)
        ),
        "too old": of_phone(ANNA, now - timedelta(hours=1)),
        "forged": Proof(kind=ProofKind.CODE, token=of_phone(ANNA, now).token[:-1] + "x"),
    }[proof]

    with pytest.raises(ProofInvalid):
        await link(tx, anna, bakery, "c-1", now, proof=shown)

    assert await meant(tx, programme, "partner", "c-1", bakery) is None
    assert await consent_to(tx, anna, bakery) is None


async def test_an_id_of_another_member_is_not_taken_over(tx, now):
    programme = await a_programme(tx, now=now)
    bakery = await a_partner(tx, programme, now=now)
    anna = await a_member(tx, programme, now=now, partner=bakery, partner_ref="c-1")
    boris = await a_member(tx, programme, now=now, phone=BORIS)

    with pytest.raises(members.NameTaken):
        await link(tx, boris, bakery, "c-1", now)

    assert await meant(tx, programme, "partner", "c-1", bakery) == anna.id


async def test_a_link_needs_consent_and_there_are_not_more_than_five(tx, now):
    programme = await a_programme(tx, now=now)
    bakery = await a_partner(tx, programme, now=now)
    anna = await a_member(tx, programme, now=now)

    with pytest.raises(members.ConsentNeeded):
        await link(
            tx, anna, bakery, "c", now, consent=members.ConsentGiven(document="", version="1")
        )
    for number in range(5):
        await link(tx, anna, bakery, f"c-{number}", now)
    with pytest.raises(members.TooManyLinks):
        await link(tx, anna, bakery, "c-5", now)


async def test_unlinking_ends_the_id_and_the_consent_and_nothing_else(tx, now):
    programme = await a_programme(tx, now=now)
    bakery = await a_partner(tx, programme, now=now)
    anna = await a_member(tx, programme, now=now, phone=ANNA)
    await link(tx, anna, bakery, "c-1", now)
    await link(tx, anna, bakery, "c-2", now)

    await members.unlink_partner(tx, member_id=anna.id, partner=bakery, partner_ref="c-1", now=now)
    assert (await consent_to(tx, anna, bakery)).is_granted
    await members.unlink_partner(tx, member_id=anna.id, partner=bakery, now=now)
    await members.unlink_partner(tx, member_id=anna.id, partner=bakery, now=now)

    assert await meant(tx, programme, "partner", "c-1", bakery) is None
    assert await meant(tx, programme, "phone", ANNA) == anna.id
    later = now + timedelta(minutes=1)
    await members.unlink_partner(tx, member_id=anna.id, partner=bakery, now=later)
    assert (await told(tx, anna)).count("unlinked") == 2
    assert [one.reason for one in await members.list_past_names(tx, member_id=anna.id)] == [
        "unlinked",
        "unlinked",
    ]
    # The partner's next customer with this id is somebody else.
    boris = await a_member(tx, programme, now=now, partner=bakery, partner_ref="c-1")
    assert boris.id != anna.id


async def test_a_changed_telephone_ends_the_old_one_whose_next_owner_is_somebody_else(tx, now):
    programme = await a_programme(tx, now=now)
    anna = await a_member(tx, programme, now=now, phone=ANNA)

    await members.change_phone(
        tx, member_id=anna.id, phone="8 916 000-00-03", proof=of_phone(NEW, now), now=now
    )
    await members.change_phone(tx, member_id=anna.id, phone=NEW, proof=of_phone(NEW, now), now=now)
    next_owner = await a_member(tx, programme, now=now, phone=ANNA)

    assert await meant(tx, programme, "phone", NEW) == anna.id
    assert next_owner.id != anna.id
    assert next_owner.party_id != anna.party_id
    party = await parties.get_party(tx, party_id=anna.party_id)
    assert party.value_of(parties.IdentifierKind.PHONE) == NEW
    assert (await told(tx, anna)).count("phone_changed") == 1
    assert await findings_of(tx) == []


async def test_a_telephone_is_changed_only_by_who_has_the_new_one(tx, now):
    programme = await a_programme(tx, now=now)
    anna = await a_member(tx, programme, now=now, phone=ANNA)
    await a_member(tx, programme, now=now, phone=BORIS)
    app = Proof(kind=ProofKind.CARD, token=members.make_card_token(member_id=anna.id, now=now))

    for proof in (of_phone(ANNA, now), app):
        with pytest.raises(ProofInvalid):
            await members.change_phone(tx, member_id=anna.id, phone=NEW, proof=proof, now=now)
    with pytest.raises(members.NameTaken):
        await members.change_phone(tx, member_id=anna.id, phone=BORIS, proof=VOUCHED, now=now)

    assert await meant(tx, programme, "phone", ANNA) == anna.id


async def test_consents_are_kept_with_their_versions_and_the_last_one_counts(tx, now):
    programme = await a_programme(tx, now=now)
    anna = await a_member(tx, programme, now=now)

    async def decide(purpose, granted, version="1", minutes=0):
        await members.set_consent(
            tx,
            member_id=anna.id,
            purpose=purpose,
            is_granted=granted,
            document="marketing" if granted else "",
            version=version if granted else "",
            source="app",
            now=now + timedelta(minutes=minutes),
        )

    await decide(members.PUSH, True)
    await decide(members.PUSH, True)
    await decide(members.SMS, True)
    await decide(members.SMS, False, minutes=1)

    kept = {one.purpose: one for one in await members.list_consents(tx, member_id=anna.id)}
    assert (kept[members.PUSH].document, kept[members.PUSH].version) == ("marketing", "1")
    assert not kept[members.SMS].is_granted
    assert kept[members.RULES].is_granted
    assert (await told(tx, anna)).count("consent_changed") == 3
    with pytest.raises(members.PurposeUnknown):
        await decide("loyalty.everything", True)
    with pytest.raises(members.ConsentNeeded):
        await decide(members.RULES, False)
    with pytest.raises(members.ConsentNeeded):
        await decide(members.PUSH, True, version="")


async def test_settings_are_a_language_and_a_time_zone(tx, now):
    programme = await a_programme(tx, now=now)
    anna = await a_member(tx, programme, now=now)

    await members.save_settings(
        tx, member_id=anna.id, language="en", time_zone="Asia/Omsk", now=now
    )

    kept = await members.get_member(tx, member_id=anna.id)
    assert (kept.language, kept.time_zone) == ("en", "Asia/Omsk")
    for wrong in ({"language": "1"}, {"time_zone": "Mars/Base"}):
        with pytest.raises(members.SettingInvalid):
            await members.save_settings(
                tx,
                member_id=anna.id,
                **{"language": "en", "time_zone": "Asia/Omsk", **wrong},
                now=now,
            )
