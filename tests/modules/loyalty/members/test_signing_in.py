"""One-time codes: the same answers for anybody, five attempts, five minutes, limits."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from hansa.modules import parties
from hansa.modules.loyalty import members
from hansa.modules.loyalty.members import MemberRef, NewMember, RefKind, signing_in
from hansa.modules.loyalty.members.jobs import TidyMembers, tidy_members
from hansa.runtime.clock import FixedClock
from hansa.runtime.context import Context
from hansa.runtime.http import TooManyRequests
from tests.support.http import application
from tests.support.loyalty import CONSENT, a_member, a_programme, phone

KNOWN, UNKNOWN = phone(1), phone(2)


@dataclass
class Desk:
    """A running application that knows one member."""

    context: Context
    clock: FixedClock
    programme: Any
    member: members.Member

    async def ask(self, number: str, address: str = "10.0.0.1") -> members.Challenge:
        challenge = await members.start_sign_in(
            self.context, phone=number, address=address, language="ru", now=self.clock.now()
        )
        await members.send_code(self.context, members.SendCode(challenge_id=challenge.id))
        return challenge

    async def shown(self) -> dict[str, str]:
        async with self.context.database.snapshot(single=True) as snap:
            shown = await members.list_shown_codes(snap)
        return {one.phone: one.code for one in reversed(shown)}

    async def answer(self, challenge: members.Challenge, code: str) -> members.SignedIn:
        return await members.finish_sign_in(
            self.context, challenge_id=challenge.id, code=code, now=self.clock.now()
        )


@pytest_asyncio.fixture
async def desk(settings, committing, clock, now):
    async with committing.transaction() as tx:
        programme = await a_programme(tx, now=now)
        member = await a_member(tx, programme, now=now, phone=KNOWN)
    async with application(settings, committing, clock=clock) as site:
        yield Desk(site.context, clock, programme, member)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


async def test_who_has_the_code_signs_in_once(desk):
    challenge = await desk.ask("8 (916) 000-00-01")
    code = (await desk.shown())[KNOWN]

    signed_in = await desk.answer(challenge, f" {code} ")

    assert signed_in.member_id == desk.member.id
    with pytest.raises(members.CodeWrong):
        await desk.answer(challenge, code)


async def test_an_unknown_telephone_is_answered_alike_and_its_owner_may_enrol(desk):
    known, unknown = await desk.ask(KNOWN), await desk.ask(UNKNOWN)
    codes = await desk.shown()
    assert known.expires_at == unknown.expires_at
    refusals = []
    for challenge, number in ((known, KNOWN), (unknown, UNKNOWN)):
        with pytest.raises(members.CodeWrong) as refused:
            await desk.answer(challenge, wrong(codes[number]))
        refusals.append((str(refused.value), refused.value.data()))
    assert refusals[0] == refusals[1]

    stranger = await desk.answer(unknown, codes[UNKNOWN])

    assert stranger.member_id is None
    async with desk.context.database.transaction() as tx:
        made = await members.enrol(
            tx,
            programme=desk.programme,
            new=NewMember(phone=UNKNOWN, proof=stranger.proof),
            consent=CONSENT,
            now=desk.clock.now(),
        )
        with pytest.raises(members.ProofInvalid):
            await members.enrol(
                tx,
                programme=desk.programme,
                new=NewMember(phone=phone(3), proof=stranger.proof),
                consent=CONSENT,
                now=desk.clock.now(),
            )
    assert made.id != desk.member.id


async def test_five_wrong_codes_end_a_challenge(desk):
    challenge = await desk.ask(KNOWN)
    code = (await desk.shown())[KNOWN]

    for _ in range(5):
        with pytest.raises(members.CodeWrong):
            await desk.answer(challenge, wrong(code))

    with pytest.raises(members.CodeWrong):
        await desk.answer(challenge, code)


async def test_guesses_at_once_are_counted_each(desk):
    challenge = await desk.ask(KNOWN)
    code = (await desk.shown())[KNOWN]

    await asyncio.gather(
        *(desk.answer(challenge, wrong(code)) for _ in range(8)), return_exceptions=True
    )

    async with desk.context.database.snapshot(single=True) as snap:
        row = await snap.one(
            "select attempts from loyalty_sign_in where id = %(id)s", {"id": challenge.id}
        )
    assert row.attempts == 5


async def test_a_code_is_good_for_five_minutes(desk):
    challenge = await desk.ask(KNOWN)
    code = (await desk.shown())[KNOWN]

    desk.clock.advance(timedelta(minutes=5))

    with pytest.raises(members.CodeWrong):
        await desk.answer(challenge, code)


async def test_codes_are_counted_per_telephone_and_per_address(desk):
    for _ in range(5):
        await desk.ask(KNOWN, "10.0.0.1")
    with pytest.raises(TooManyRequests):
        await desk.ask(KNOWN, "10.0.0.2")
    await desk.ask(UNKNOWN, "10.0.0.1")

    for number in range(24):
        await desk.ask(phone(100 + number), "10.0.0.1")
    with pytest.raises(TooManyRequests):
        await desk.ask(phone(200), "10.0.0.1")
    desk.clock.advance(timedelta(hours=1, seconds=1))
    await desk.ask(KNOWN, "10.0.0.1")


async def test_askers_at_once_do_not_slip_past_the_limit(desk):
    given = await asyncio.gather(
        *(desk.ask(KNOWN, f"10.0.0.{number}") for number in range(9)), return_exceptions=True
    )

    assert sum(isinstance(one, TooManyRequests) for one in given) == 4


async def test_neither_the_code_nor_the_telephone_is_kept(desk):
    await desk.ask(KNOWN)
    code = (await desk.shown())[KNOWN]

    async with desk.context.database.snapshot() as snap:
        kept = await snap.one(
            "select to_jsonb(s)::text as row, sealed_phone from loyalty_sign_in s",
        )
        jobs = await snap.all("select args::text as row from jobs.procrastinate_jobs")

    assert kept.sealed_phone is None
    for text in (kept.row, *(job.row for job in jobs)):
        assert KNOWN[1:] not in text
        assert f'"{code}"' not in text


async def test_a_code_asked_for_too_late_is_not_sent(desk):
    challenge = await members.start_sign_in(
        desk.context, phone=KNOWN, address="10.0.0.1", language="ru", now=desk.clock.now()
    )
    desk.clock.advance(timedelta(minutes=6))

    await members.send_code(desk.context, members.SendCode(challenge_id=challenge.id))

    assert await desk.shown() == {}


async def test_production_without_a_way_to_send_refuses_to_begin(desk, settings):
    strict = replace(settings, environment="production")
    codes = members.Codes(
        Context(
            settings=strict,
            database=desk.context.database,
            storage=desk.context.storage,
            outbound=desk.context.outbound,
            clock=desk.clock,
        )
    )

    with pytest.raises(members.CodesNotSent):
        codes.check()


async def test_a_telephone_that_is_none_is_told_so(desk):
    with pytest.raises(parties.IdentifierInvalid):
        await desk.ask("12")


async def test_signing_in_proves_the_telephone(desk):
    challenge = await desk.ask(KNOWN)
    await desk.answer(challenge, (await desk.shown())[KNOWN])

    async with desk.context.database.snapshot() as snap:
        row = await snap.one("select proven_by, proven_at from loyalty_reference")
    assert (row.proven_by, row.proven_at) == ("code", desk.clock.now())


async def test_old_challenges_are_forgotten(desk):
    await desk.ask(KNOWN)
    desk.clock.advance(timedelta(days=2))
    await desk.ask(KNOWN)

    await tidy_members(desk.context, TidyMembers())

    async with desk.context.database.snapshot() as snap:
        assert await snap.scalar("select count(*) from loyalty_sign_in") == 1


def test_codes_have_six_digits_and_differ(now):
    codes = {signing_in.code_of(signing_in.new_id_here(now)) for _ in range(200)}

    assert all(len(code) == 6 and code.isdigit() for code in codes)
    assert len(codes) > 190


async def test_finding_members_by_what_staff_know(desk, now):
    async with desk.context.database.transaction() as tx:
        for number, name in ((10, "Анна Ковалёва"), (11, "Анна Орлова"), (12, "Борис")):
            who = await a_member(
                tx,
                desk.programme,
                now=now + timedelta(seconds=number),
                phone=phone(number),
                name=name,
            )
        card = await members.issue_card(tx, member_id=who.id, programme=desk.programme, now=now)
        # A customer of the shop who is no member.
        await parties.match_or_create(
            tx, party=parties.NewParty(display_name="Анна Чужая"), identifiers=[], now=now
        )

        found, following = await members.find_members(tx, search="анна")
        assert [one.party.display_name for one in found] == ["Анна Ковалёва", "Анна Орлова"]
        assert following is None
        first, following = await members.find_members(tx, search="анна", limit=1)
        rest, _ = await members.find_members(tx, search="анна", limit=5, after=following)
        assert [one.party.display_name for one in (*first, *rest)] == [
            "Анна Ковалёва",
            "Анна Орлова",
        ]
        for search in ("8 916 000-00-12", card.number, str(who.id)):
            [only], _ = await members.find_members(tx, search=search)
            assert only.member.id == who.id
        assert await members.find_members(tx, search="nobody of this name") == ((), None)

        newest, following = await members.list_members(tx, limit=3)
        oldest, end = await members.list_members(tx, limit=3, after=following)
        assert newest[0].member.id == who.id
        assert [one.member.id for one in oldest] == [desk.member.id]
        assert end is None
        ref = MemberRef(RefKind.PHONE, "8 916 000-00-12")
        assert (await members.find_member(tx, ref=ref, partner_id=None)).id == who.id
        assert (await members.find_member_of_party(tx, party_id=who.party_id)).id == who.id
        with pytest.raises(members.MemberNotFound):
            await members.find_member(tx, ref=MemberRef(RefKind.ID, "x"), partner_id=None)
