"""Codes and tokens: sent once, tried five times, good for one spend."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from hansa.modules.loyalty import guard, members
from hansa.modules.loyalty.guard import Decision, Rules
from tests.conftest import NOON
from tests.modules.loyalty.guard.conftest import ANNA, BORIS, PROGRAMME, run, spend
from tests.support.http import application
from tests.support.loyalty import a_member, a_partner, a_programme
from tests.support.races import until_blocked

RULES = Rules(new_device_points=0)
TEN_MINUTES = timedelta(minutes=10)
MOMENT = timedelta(microseconds=1)


async def make(tx, member_id: UUID = ANNA, *, device: str = "", now=NOON) -> guard.Made:
    return await guard.make_challenge(
        tx, programme_id=PROGRAMME, member_id=member_id, device=device, now=now
    )


async def finish(tx, made: guard.Made, code: str | None = None, *, now=NOON) -> guard.Finished:
    return await guard.finish_step_up(
        tx, challenge_id=made.challenge.id, code=code or made.code, now=now
    )


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


async def token_of(tx, member_id: UUID = ANNA, *, device: str = "", now=NOON) -> str:
    done = await finish(tx, await make(tx, member_id, device=device, now=now), now=now)
    assert done.token
    return done.token


async def test_the_code_gives_a_token_for_one_spend(tx):
    token = await token_of(tx)
    wanted = spend(device="phone", token=token)

    first = await run(tx, RULES, [wanted])
    again = await run(tx, RULES, [wanted])

    assert first[0].used_token
    assert again[0].decision is Decision.STEP_UP


async def test_two_spends_of_one_batch_cannot_share_a_token(tx):
    wanted = spend(device="phone", token=await token_of(tx))

    verdicts = await run(tx, RULES, [wanted, wanted])

    assert [one.decision for one in verdicts] == [Decision.ALLOW, Decision.STEP_UP]


async def test_of_two_processes_one_gets_to_use_the_token(two_transactions, committing):
    async with committing.transaction() as tx:
        wanted = spend(device="phone", token=await token_of(tx))
    first, second = two_transactions
    assert (await run(first, RULES, [wanted], members_locked=True))[0].is_allowed
    waiting = asyncio.create_task(run(second, RULES, [wanted], members_locked=True))

    await until_blocked(committing.dsn, waiting)
    await first.connection.execute("commit")

    assert (await waiting)[0].decision is Decision.STEP_UP


async def test_a_token_is_its_members_and_ends_after_ten_minutes(tx):
    token = await token_of(tx)
    others = spend(device="phone", token=token, member_id=BORIS)
    late = spend(device="phone", token=token, at=NOON + TEN_MINUTES)
    in_time = spend(device="phone", token=token, at=NOON + TEN_MINUTES - MOMENT)

    for attempt, is_allowed in ((others, False), (late, False), (in_time, True)):
        assert (await run(tx, RULES, [attempt]))[0].is_allowed is is_allowed


async def test_the_device_of_a_step_up_is_trusted_from_then_on(tx):
    await token_of(tx, device="phone")

    verdicts = await run(
        tx, RULES, [spend(device="phone"), spend(device="tablet"), spend(10, device="phone")]
    )

    assert [one.is_allowed for one in verdicts] == [True, False, True]


async def test_the_fifth_wrong_code_ends_it_and_tells_a_person(tx):
    made = await make(tx)
    wrong = [await finish(tx, made, other_than(made.code)) for _ in range(5)]

    assert [one.tries_left for one in wrong] == [4, 3, 2, 1, 0]
    assert not [one.token for one in wrong if one.token]
    with pytest.raises(guard.NoSuchChallenge):
        await finish(tx, made)
    [alert] = await guard.list_alerts(tx, chosen=guard.AlertFilter())
    assert (alert.kind, alert.member_id) == (guard.Kind.STEP_UP_FAILED, ANNA)


async def test_a_code_is_over_after_ten_minutes_or_once_it_was_right(tx):
    made = await make(tx)
    with pytest.raises(guard.NoSuchChallenge):
        await finish(tx, made, now=NOON + TEN_MINUTES)
    assert (await finish(tx, made, f" {made.code} ", now=NOON + TEN_MINUTES - MOMENT)).token
    with pytest.raises(guard.NoSuchChallenge):
        await finish(tx, made, now=NOON + TEN_MINUTES - MOMENT)


async def test_a_new_code_makes_the_earlier_worthless(tx):
    earlier = await make(tx)
    later = await make(tx, now=NOON + timedelta(seconds=1))

    with pytest.raises(guard.NoSuchChallenge):
        await finish(tx, earlier, now=NOON + timedelta(seconds=2))
    assert (await finish(tx, later, now=NOON + timedelta(seconds=2))).token


async def test_three_codes_in_ten_minutes_are_enough(tx):
    for _ in range(3):
        await make(tx)
    with pytest.raises(guard.TooManyCodes):
        await make(tx)

    await make(tx, BORIS)
    await make(tx, now=NOON + TEN_MINUTES)


async def test_two_requests_at_once_see_each_others_codes(two_transactions, committing):
    async with committing.transaction() as tx:
        await make(tx)
        await make(tx)
    first, second = two_transactions
    await make(first)
    waiting = asyncio.create_task(make(second))

    await until_blocked(committing.dsn, waiting)
    await first.connection.execute("commit")

    with pytest.raises(guard.TooManyCodes):
        await waiting


async def test_neither_code_nor_token_is_kept_in_the_clear(tx):
    made = await make(tx)
    token = (await finish(tx, made)).token
    kept = await tx.scalar("select row_to_json(c)::text from loyalty_guard_challenge as c")

    assert made.code not in repr(made)
    assert token
    assert token not in kept
    assert made.code.encode().hex() not in kept


async def test_a_code_goes_to_the_members_telephone_after_the_commit(settings, committing, clock):
    sent = []

    class Telephone:
        async def send(self, context, message: members.CodeMessage) -> None:
            del context
            async with committing.snapshot() as snap:  # it is there already
                assert await snap.scalar("select count(*) from loyalty_guard_challenge") == 1
            sent.append(message)

    async with committing.transaction() as tx:
        programme = await a_programme(tx, now=NOON)
        member = await a_member(tx, programme, now=NOON, phone="+79161234567")
    async with application(settings, committing, clock=clock) as site:
        site.context.service(members.Codes).sender = Telephone()
        challenge = await guard.start_step_up(
            site.context, programme_id=programme.id, member_id=member.id, now=NOON
        )
        [message] = sent
        async with committing.transaction() as tx:
            done = await guard.finish_step_up(
                tx, challenge_id=challenge.id, code=message.code, now=NOON
            )

    assert (message.phone, message.challenge_id) == ("+79161234567", challenge.id)
    assert done.token


async def test_a_member_without_a_telephone_gets_no_code(settings, committing, clock):
    async with committing.transaction() as tx:
        programme = await a_programme(tx, now=NOON)
        partner = await a_partner(tx, programme, now=NOON)
        member = await a_member(
            tx, programme, now=NOON, partner=partner, partner_ref="their-number-7"
        )
    async with application(settings, committing, clock=clock) as site:
        with pytest.raises(guard.CannotSend):
            await guard.start_step_up(
                site.context, programme_id=programme.id, member_id=member.id, now=NOON
            )
        with pytest.raises(members.MemberNotFound):
            await guard.start_step_up(
                site.context, programme_id=programme.id, member_id=ANNA, now=NOON
            )
