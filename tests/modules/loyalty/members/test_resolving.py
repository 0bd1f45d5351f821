"""From a name to an account: one statement, by index, with nothing readable in the tables."""

from __future__ import annotations

from uuid import UUID

import pytest

from hansa.kernel.identifiers import new_id
from hansa.modules.loyalty import members
from hansa.modules.loyalty.members import MemberRef, RefKind, naming
from hansa.modules.loyalty.members.store import membership
from hansa.runtime.database import Transaction
from tests.support.loyalty import a_member, a_partner, a_programme, coalition_of, phone

TABLES = (
    "loyalty_member",
    "loyalty_membership",
    "loyalty_reference",
    "loyalty_reference_past",
    "loyalty_card",
    "loyalty_member_merge",
    "loyalty_sign_in",
)


class Watched(Transaction):
    """A transaction that keeps what was asked of it."""

    __slots__ = ("asked",)

    def __init__(self, connection):
        super().__init__(connection)
        self.asked = []

    async def all(self, sql, params=None):
        self.asked.append((sql, params))
        return await super().all(sql, params)


async def fill(tx, programme_id):
    """Many members, written at once: enough for the planner to mind."""
    await tx.execute(
        """
        insert into loyalty_member (bucket, id, state, time_zone, joined_at, changed_at)
        select get_byte(uuid_send(id), 15), id, 'active', 'UTC', now(), now()
          from (select gen_random_uuid() as id from generate_series(1, 20000)) made
        """
    )
    await tx.execute(
        """
        insert into loyalty_membership
               (bucket, member_id, programme_id, account_id, enrolled_at, changed_at)
        select bucket, id, %(programme)s, nextval('loyalty_account_number'), now(), now()
          from loyalty_member
         where party_id is null
        """,
        {"programme": programme_id},
    )
    await tx.execute(
        """
        insert into loyalty_reference (value, kind, bucket, member_id, added_at)
        select sha256(uuid_send(id)), 'phone', bucket, id, now()
          from loyalty_member
         where party_id is null
        """
    )


async def a_batch(tx, now, size):
    """Refs of every kind, `size` of them, to people that exist."""
    programme = await a_programme(tx, now=now)
    partner = await a_partner(tx, programme, now=now)
    refs = []
    for number in range(size // 4):
        who = await a_member(
            tx, programme, now=now, partner=partner, phone=phone(number), partner_ref=f"c{number}"
        )
        card = await members.issue_card(tx, member_id=who.id, programme=programme, now=now)
        refs += [
            (programme.id, None, MemberRef(RefKind.ID, str(who.id))),
            (programme.id, partner.id, MemberRef(RefKind.PHONE, phone(number))),
            (programme.id, partner.id, MemberRef(RefKind.PARTNER, f"c{number}")),
            (programme.id, None, MemberRef(RefKind.CARD, card.number)),
        ]
    return programme, refs


async def test_a_batch_of_every_kind_is_one_statement(tx, now):
    _, refs = await a_batch(tx, now, 40)
    watched = Watched(tx.connection)

    found = await members.resolve(watched, programme_id_refs=refs)

    assert len(watched.asked) == 1
    assert set(found) == set(refs)
    assert len({one.member_id for one in found.values()}) == 10


@pytest.mark.parametrize("statistics", ["fresh", "none"])
@pytest.mark.parametrize("plan", ["force_custom_plan", "force_generic_plan"])
async def test_names_are_looked_up_by_index_whatever_the_planner_knows(tx, now, plan, statistics):
    programme, refs = await a_batch(tx, now, 8)
    await fill(tx, programme.id)
    if statistics == "fresh":
        await tx.execute("analyze loyalty_membership")
        await tx.execute("analyze loyalty_reference")
    watched = Watched(tx.connection)
    await members.resolve(watched, programme_id_refs=refs)
    [(sql, params)] = watched.asked
    await tx.execute("select set_config('plan_cache_mode', %(plan)s, true)", {"plan": plan})

    lines = [row[0] for row in await tx.all(f"explain {sql}", params)]

    read = " ".join(lines)
    assert "Seq Scan on loyalty" not in read
    assert "pk_loyalty_reference" in read
    assert read.count("pk_loyalty_membership") == 3
    assert sql is membership.RESOLVE


async def test_a_member_named_by_id_costs_no_look_up_of_names(tx, now):
    programme, refs = await a_batch(tx, now, 4)
    await fill(tx, programme.id)
    watched = Watched(tx.connection)
    await members.resolve(watched, programme_id_refs=refs[:1])
    [(sql, params)] = watched.asked

    lines = [row[0] for row in await tx.all(f"explain analyze {sql}", params)]

    [at] = [number for number, line in enumerate(lines) if "loyalty_reference r" in line]
    assert "never executed" in lines[at]


async def test_a_merged_member_leads_to_who_stands_for_them_however_often(tx, now):
    programme = await a_programme(tx, now=now)
    first, second, third = [await a_member(tx, programme, now=now) for _ in range(3)]
    coalition = await coalition_of(tx, now=now)
    for keep, absorb in ((second, first), (third, second)):
        await members.merge_members(
            tx, keep=keep.id, absorb=absorb.id, coalition=coalition, by=None, now=now
        )

    refs = [
        (programme.id, None, MemberRef(RefKind.ID, str(one.id))) for one in (first, second, third)
    ]
    found = await members.resolve(tx, programme_id_refs=refs)

    assert {one.member_id for one in found.values()} == {third.id}
    assert {one.account_id for one in found.values()} == {third.memberships[0].account_id}
    assert {one.state for one in found.values()} == {members.MemberState.ACTIVE}


async def test_accounts_lead_back_to_their_memberships(tx, now):
    programme = await a_programme(tx, now=now)
    people = [await a_member(tx, programme, now=now) for _ in range(3)]
    accounts = [one.memberships[0].account_id for one in people]

    found = await members.find_memberships(tx, account_ids=[*accounts, 10**9])

    assert found == {one.memberships[0].account_id: one.memberships[0] for one in people}


async def test_these_tables_hold_nothing_readable(tx, now):
    programme = await a_programme(tx, now=now)
    partner = await a_partner(tx, programme, now=now)
    who = await a_member(
        tx, programme, now=now, partner=partner, phone=phone(7), partner_ref="vip-77", name="Анна"
    )
    card = await members.issue_card(tx, member_id=who.id, programme=programme, now=now)
    await members.unlink_partner(tx, member_id=who.id, partner=partner, now=now)

    written = ""
    for table in TABLES:
        rows = await tx.all(f"select to_jsonb(t)::text as row from {table} t")
        written += " ".join(row.row for row in rows)

    assert str(who.id) in written
    for secret in (phone(7), phone(7)[1:], "vip-77", card.number, "Анна"):
        assert secret not in written
        assert secret.encode().hex() not in written


def test_a_hash_depends_on_the_secret_the_kind_and_the_scope():
    naming.use_secret(b"one secret of an installation, long enough")
    own = naming.value_of(RefKind.CARD, "", "9001")

    assert naming.value_of(RefKind.CARD, "", "9001") == own
    assert naming.value_of(RefKind.PHONE, "", "9001") != own
    assert naming.value_of(RefKind.PARTNER, "9", "001") != naming.value_of(
        RefKind.PARTNER, "90", "01"
    )
    naming.use_secret(b"another secret of an installation, long enough")
    assert naming.value_of(RefKind.CARD, "", "9001") != own


def test_a_bucket_is_the_last_byte_of_the_number(now):
    member_id = UUID("01930000-0000-7000-8000-0000000000fe")

    assert members.bucket_of(member_id) == 0xFE
    assert 0 <= members.bucket_of(new_id(now)) < members.BUCKETS
