"""Two members made one and parted again: exactly, whatever happened between."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from hansa.modules import parties
from hansa.modules.loyalty import members
from hansa.modules.loyalty.members import VOUCHED, CardState, MemberRef, RefKind
from hansa.runtime.database import Transaction
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

START = datetime(2026, 11, 29, 9, 0, tzinfo=UTC)
ANNA, DOUBLE = phone(1), phone(2)
TABLES = (
    ("loyalty_member", "id", "changed_at"),
    ("loyalty_membership", "member_id", "changed_at"),
    ("loyalty_reference", "member_id", "proven_at"),
    ("loyalty_card", "member_id", "ended_at"),
)


async def merge(tx, keep, absorb, now, **more):
    coalition = await coalition_of(tx, now=now)
    return await members.merge_members(
        tx, keep=keep.id, absorb=absorb.id, coalition=coalition, by=None, now=now, **more
    )


async def meant(tx, programme, kind, value, partner=None):
    asked = (programme.id, partner and partner.id, MemberRef(RefKind(kind), value))
    return (await members.resolve(tx, programme_id_refs=[asked])).get(asked)


async def picture(tx, *people):
    """Everything there is of members, but the instants of changes."""
    seen = {}
    for table, owner, instant in TABLES:
        rows = await tx.all(
            f"select to_jsonb(t) - '{instant}' as row from {table} t where {owner} = any(%(ids)s)"
            " order by to_jsonb(t)::text",
            {"ids": [one.id for one in people]},
        )
        seen[table] = sorted((row.row for row in rows), key=str)
    for one in people:
        party = (await parties.get_party(tx, party_id=one.party_id)).identifiers
        seen[one.id] = sorted(party, key=str)
    return seen


async def test_the_kept_member_stands_for_both_and_takes_part_where_either_did(tx, now):
    shared = await a_programme(tx, now=now)
    only = await a_programme(tx, now=now, code="network", number=2)
    bakery = await a_partner(tx, shared, now=now)
    anna = await a_member(tx, shared, now=now, phone=ANNA)
    double = await a_member(tx, shared, now=now, partner=bakery, phone=DOUBLE, partner_ref="c")
    double = await a_member(tx, only, now=now, phone=DOUBLE)
    card = await members.issue_card(tx, member_id=double.id, programme=shared, now=now)

    merged = await merge(tx, anna, double, now)

    kept = await members.get_member(tx, member_id=double.id)
    assert kept.id == anna.id
    for kind, value in (
        ("id", str(double.id)),
        ("phone", DOUBLE),
        ("partner", "c"),
        ("card", card.number),
    ):
        assert (await meant(tx, shared, kind, value, bakery)) == kept.membership(shared.id)
        assert (await meant(tx, only, kind, value, bakery)) == kept.membership(only.id)
    assert {
        (one.programme_id, one.absorb_account_id, one.keep_account_id) for one in merged.accounts
    } == {
        (one.id, double.membership(one.id).account_id, kept.membership(one.id).account_id)
        for one in (shared, only)
    }
    assert [one.id for one in await members.list_member_merges(tx, member_id=double.id)] == [
        merged.id
    ]
    assert await findings_of(tx) == []


async def test_what_points_must_do_is_told_by_the_events(tx, now):
    programme = await a_programme(tx, now=now)
    anna = await a_member(tx, programme, now=now)
    double = await a_member(tx, programme, now=now)

    merged = await merge(tx, anna, double, now)
    await members.undo_merge(tx, merge_id=merged.id, by=None, now=now)

    rows = await tx.all(
        "select type, payload from outbox_event where type like 'loyalty.LoyaltyMembers%%'"
        " order by serial"
    )
    assert [row.type for row in rows] == [
        "loyalty.LoyaltyMembersMerged",
        "loyalty.LoyaltyMembersParted",
    ]
    for row in rows:
        assert row.payload["merge_id"] == str(merged.id)
        assert row.payload["accounts"] == [
            {
                "programme_id": str(programme.id),
                "keep_account_id": anna.memberships[0].account_id,
                "absorb_account_id": double.memberships[0].account_id,
            }
        ]


async def test_members_that_are_blocked_gone_or_the_same_are_not_merged(tx, now):
    programme = await a_programme(tx, now=now)
    anna = await a_member(tx, programme, now=now)
    blocked = await a_member(tx, programme, now=now)
    half = await a_member(tx, programme, now=now)
    erased = await a_member(tx, programme, now=now)
    await members.block_member(tx, member_id=blocked.id, reason="a thief", now=now)
    await members.block_member(
        tx, member_id=half.id, reason="a thief", programme_id=programme.id, now=now
    )
    await members.erase_member(tx, member_id=erased.id, now=now)

    for other in (anna, blocked, half, erased):
        with pytest.raises(members.MergeImpossible):
            await merge(tx, anna, other, now)
        with pytest.raises(members.MergeImpossible):
            await merge(tx, other, anna, now)


async def test_a_merge_below_another_is_undone_after_it(tx, now):
    programme = await a_programme(tx, now=now)
    first, second, third = [await a_member(tx, programme, now=now) for _ in range(3)]
    inner = await merge(tx, second, first, now)
    outer = await merge(tx, third, second, now)

    with pytest.raises(members.MergeNotLast):
        await members.undo_merge(tx, merge_id=inner.id, by=None, now=now)
    with pytest.raises(members.MergeImpossible):
        await merge(tx, third, first, now)
    await members.undo_merge(tx, merge_id=outer.id, by=None, now=now)
    await members.undo_merge(tx, merge_id=inner.id, by=None, now=now)

    for one in (first, second, third):
        assert (await meant(tx, programme, "id", str(one.id))).member_id == one.id
    with pytest.raises(members.MergeNotFound):
        await members.undo_merge(tx, merge_id=uuid4(), by=None, now=now)


async def test_parties_merged_by_staff_before_stay_merged_after(tx, now):
    programme = await a_programme(tx, now=now)
    anna = await a_member(tx, programme, now=now, phone=ANNA)
    double = await a_member(tx, programme, now=now, phone=DOUBLE)
    await parties.merge_parties(tx, keep=double.party_id, absorb=anna.party_id, by=None, now=now)

    merged = await merge(tx, anna, double, now)
    await members.undo_merge(tx, merge_id=merged.id, by=None, now=now)

    party = await parties.get_party(tx, party_id=anna.party_id)
    assert party.id == double.party_id
    assert (await meant(tx, programme, "phone", DOUBLE)).member_id == double.id


async def test_what_was_lost_or_changed_since_does_not_come_back(tx, now):
    programme = await a_programme(tx, now=now)
    anna = await a_member(tx, programme, now=now, phone=ANNA)
    double = await a_member(tx, programme, now=now, phone=DOUBLE)
    card = await members.issue_card(tx, member_id=double.id, programme=programme, now=now)
    merged = await merge(tx, anna, double, now)
    await members.end_card(tx, member_id=anna.id, card_id=card.card_id, end=CardState.LOST, now=now)
    await members.change_phone(tx, member_id=anna.id, phone=phone(3), proof=VOUCHED, now=now)

    await members.undo_merge(tx, merge_id=merged.id, by=None, now=now)

    assert await meant(tx, programme, "card", card.number) is None
    assert await meant(tx, programme, "phone", DOUBLE) is None
    assert (await meant(tx, programme, "phone", phone(3))).member_id == anna.id
    party = await parties.get_party(tx, party_id=double.party_id)
    assert party.identifiers == ()
    next_owner = await a_member(tx, programme, now=now, phone=DOUBLE)
    assert next_owner.id not in {anna.id, double.id}
    assert await findings_of(tx) == []


async def test_a_merge_and_a_new_card_at_once_do_not_lose_the_card(
    committing, two_transactions, now
):
    async with committing.transaction() as tx:
        programme = await a_programme(tx, now=now)
        anna = await a_member(tx, programme, now=now)
        double = await a_member(tx, programme, now=now)
    first, second = two_transactions

    await merge(first, anna, double, now)
    waiting = asyncio.create_task(
        members.issue_card(second, member_id=double.id, programme=programme, now=now)
    )
    await until_blocked(committing.dsn, waiting)
    await first.connection.execute("commit")

    card = await waiting
    await second.connection.execute("commit")
    async with committing.snapshot() as snap:
        assert (await meant(snap, programme, "card", card.number)).member_id == anna.id
        assert await findings_of(snap) == []


# -- whatever happens ------------------------------------------------------------------------------

who = some.sampled_from([0, 1])
before = some.one_of(
    some.tuples(some.just("join"), who, some.integers(0, 2)),
    some.tuples(some.just("card"), who, some.integers(0, 2)),
    some.tuples(some.just("link"), who, some.integers(0, 1)),
    some.tuples(some.just("leave"), who, some.integers(0, 2)),
)
between = some.one_of(
    some.tuples(some.just("card"), some.just(0), some.integers(0, 2)),
    some.tuples(some.just("link"), some.just(0), some.just(2)),
)


class World:
    """Two people, three programmes, a partner."""

    def __init__(self, tx):
        self.tx = tx
        self.now = START
        self.programmes = []
        self.people = []

    async def begin(self):
        for number in (1, 2, 3):
            self.programmes.append(
                await a_programme(self.tx, now=self.now, code=f"points-{number}", number=number)
            )
        self.partner = await a_partner(self.tx, *self.programmes, now=self.now)
        for number in (ANNA, DOUBLE):
            self.people.append(
                await a_member(self.tx, self.programmes[0], now=self.now, phone=number)
            )

    async def step(self, what, person, number):
        self.now += timedelta(seconds=1)
        member = self.people[person]
        if what == "join":
            await a_member(
                self.tx, self.programmes[number], now=self.now, phone=(ANNA, DOUBLE)[person]
            )
        elif what == "card":
            await members.issue_card(
                self.tx, member_id=member.id, programme=self.programmes[number], now=self.now
            )
        elif what == "link":
            await members.link_partner(
                self.tx,
                member_id=member.id,
                partner=self.partner,
                partner_ref=f"{person}-{number}",
                proof=VOUCHED,
                consent=CONSENT,
                now=self.now,
            )
        elif (await members.get_member(self.tx, member_id=member.id)).membership(
            self.programmes[number].id
        ):
            await members.leave_programme(
                self.tx,
                member_id=member.id,
                programme_id=self.programmes[number].id,
                now=self.now,
            )


async def live_through(dsn, history, later):
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute("begin")
        try:
            world = World(Transaction(connection))
            await world.begin()
            for step in history:
                await world.step(*step)
            tx, (anna, double) = world.tx, world.people
            seen = await picture(tx, anna, double)

            merged = await merge(tx, anna, double, world.now)
            assert await findings_of(tx) == []
            assert (await picture(tx, double))["loyalty_reference"] == []
            await members.undo_merge(tx, merge_id=merged.id, by=None, now=world.now)
            assert without_opened(await picture(tx, anna, double), seen) == seen
            assert await findings_of(tx) == []

            again = await merge(tx, anna, double, world.now)
            for step in later:
                await world.step(*step)
            await members.undo_merge(tx, merge_id=again.id, by=None, now=world.now)
            assert await picture(tx, double) == part_of(seen, double)
            assert await findings_of(tx) == []
        finally:
            await connection.execute("rollback")


def without_opened(seen, was):
    """Leave out the memberships the kept one came into by the merge: those stay."""
    known = {(one["member_id"], one["programme_id"]) for one in was["loyalty_membership"]}
    return seen | {
        "loyalty_membership": [
            one
            for one in seen["loyalty_membership"]
            if (one["member_id"], one["programme_id"]) in known
        ]
    }


def part_of(seen, member):
    """What a picture shows of one of its members."""
    return {
        table: [one for one in seen[table] if one[owner] == str(member.id)]
        for table, owner, _ in TABLES
    } | {member.id: seen[member.id]}


QUIET = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


@settings(max_examples=25, deadline=None, suppress_health_check=QUIET)
@given(history=some.lists(before, max_size=10), later=some.lists(between, max_size=4))
def test_parting_gives_back_exactly_what_there_was(database_dsn, history, later):
    asyncio.run(live_through(database_dsn, history, later))


@pytest.mark.long
@pytest.mark.timeout(3600)
@settings(max_examples=600, deadline=None, suppress_health_check=QUIET)
@given(history=some.lists(before, max_size=30), later=some.lists(between, max_size=8))
def test_parting_gives_back_exactly_what_there_was_after_long_histories(
    database_dsn, history, later
):
    asyncio.run(live_through(database_dsn, history, later))
