"""Changes: versions, undo, audit, people in audiences, files."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from hansa.contracts.parties import PartiesMerged
from hansa.kernel.identifiers import new_id
from hansa.modules import parties, rollout
from hansa.modules.rollout import Rules, State
from hansa.modules.rollout.audiences import on_merged
from hansa.modules.rollout.checks import CHECKS
from hansa.runtime.http import Actor
from tests.conftest import NOON
from tests.modules.rollout.conftest import FEATURE, KNOWN, an_audience
from tests.support.races import until_blocked

ANNA, BORIS = UUID(int=1), UUID(int=2)
STAFF = Actor(id=UUID(int=9), kind="staff", name="Vera", permissions=frozenset({"*"}))


async def save(tx, rules: Rules, *, version: int | None = None) -> rollout.Setting:
    return await rollout.save_rules(
        tx, feature=FEATURE, rules=rules, version=version, known=KNOWN, by=STAFF, now=NOON
    )


async def audited(tx, kind: str) -> list[tuple[str, object, object]]:
    rows = await tx.all(
        """
        select action, before, after
          from account_audit
         where subject_kind = %(kind)s
         order by at, id
        """,
        {"kind": kind},
    )
    return [(row.action, row.before, row.after) for row in rows]


async def findings(tx) -> list[str]:
    return [found.check for check in CHECKS for found in await check.run(tx)]


async def test_every_change_is_a_version_and_stands_in_the_audit_log(tx):
    await save(tx, Rules(state=State.SOME, parts=500))
    await save(tx, Rules(state=State.SOME, parts=2_500))
    again = await save(tx, Rules(state=State.SOME, parts=2_500))

    versions = await rollout.list_versions(tx, feature=FEATURE)
    assert [(one.version, one.rules.parts, one.actor_name) for one in versions] == [
        (2, 2_500, "Vera"),
        (1, 500, "Vera"),
    ]
    assert again.version == 2
    assert ("rollout.change_feature", {"parts": 500}, {"parts": 2_500}) in await audited(
        tx, "rollout_feature"
    )
    assert await findings(tx) == []


async def test_undo_puts_all_of_the_earlier_rules_back(tx):
    first = await save(tx, Rules(state=State.SOME, parts=500, allowed=(ANNA,), markets=("ru",)))
    await save(tx, Rules(state=State.ON))

    restored = await rollout.restore_version(
        tx, feature=FEATURE, version=1, known=KNOWN, by=STAFF, now=NOON
    )

    assert restored.rules == first.rules
    [last, *_] = await rollout.list_versions(tx, feature=FEATURE)
    assert (last.version, last.restored_version) == (3, 1)
    with pytest.raises(rollout.NoSuchVersion):
        await rollout.restore_version(
            tx, feature=FEATURE, version=77, known=KNOWN, by=STAFF, now=NOON
        )


async def test_the_kill_switch_keeps_the_rules(tx):
    await save(tx, Rules(state=State.SOME, parts=500))

    killed = await rollout.set_killed(
        tx, feature=FEATURE, is_killed=True, known=KNOWN, by=STAFF, now=NOON
    )
    back = await rollout.set_killed(
        tx, feature=FEATURE, is_killed=False, known=KNOWN, by=STAFF, now=NOON
    )

    assert (killed.rules.is_killed, killed.rules.parts) == (True, 500)
    assert back.rules == Rules(state=State.SOME, parts=500)


async def test_whoever_read_an_older_version_is_refused(tx):
    await save(tx, Rules(state=State.SOME), version=0)
    with pytest.raises(rollout.FeatureChanged) as refusal:
        await save(tx, Rules(state=State.ON), version=0)

    assert refusal.value.version == 1


async def test_of_two_first_changes_at_once_one_is_refused(two_transactions, committing):
    first, second = two_transactions
    await save(first, Rules(state=State.ON))
    waiting = asyncio.create_task(save(second, Rules(state=State.SOME)))

    await until_blocked(committing.dsn, waiting)
    await first.connection.execute("commit")

    with pytest.raises(rollout.FeatureChanged):
        await waiting


async def test_of_two_later_changes_of_one_version_one_is_refused(two_transactions, committing):
    async with committing.transaction() as tx:
        await save(tx, Rules(state=State.SOME))
    first, second = two_transactions
    await save(first, Rules(state=State.ON), version=1)
    waiting = asyncio.create_task(save(second, Rules(parts=1), version=1))

    await until_blocked(committing.dsn, waiting)
    await first.connection.execute("commit")

    with pytest.raises(rollout.FeatureChanged):
        await waiting


async def test_only_declared_features_and_known_audiences_are_taken(tx):
    with pytest.raises(rollout.NoSuchFeature):
        await rollout.save_rules(
            tx, feature="nobody.knows", rules=Rules(), known=KNOWN, by=STAFF, now=NOON
        )
    with pytest.raises(rollout.NoSuchAudience):
        await save(tx, Rules(state=State.SOME, audience_ids=(ANNA,)))


async def test_people_are_found_by_number_e_mail_and_telephone(tx):
    party_id = await parties.match_or_create(
        tx,
        party=parties.NewParty(display_name="Anna"),
        identifiers=[
            parties.Identifier(kind="email", value="anna@example.com"),
            parties.Identifier(kind="phone", value="+79161234567"),
        ],
        now=NOON,
    )
    audience = await an_audience(tx)

    added = await rollout.add_people(
        tx,
        audience_id=audience.id,
        entries=rollout.read_text(
            f"ANNA@example.com, 8 916 123-45-67; {BORIS}\nnobody, x@y.example"
        ),
        by=STAFF,
        now=NOON,
    )

    held = await rollout.list_members(tx, audience_id=audience.id)
    assert {one for one, _ in held} == {party_id, BORIS}
    assert (added.added, added.present) == (2, 0)
    assert [(one.line, one.why) for one in added.faults] == [
        (4, "not_understood"),
        (5, "not_known"),
    ]
    assert await findings(tx) == []
    [(before, after)] = [
        (before, after)
        for action, before, after in await audited(tx, "rollout_audience")
        if action == "rollout.add_people"
    ]
    assert before == {"members": 0}
    assert after["members"] == 2
    assert "anna@example.com" not in str(after)


async def test_adding_again_changes_nothing_and_taking_out_counts_back(tx):
    audience = await an_audience(tx, ANNA, BORIS)
    again = await rollout.add_people(
        tx, audience_id=audience.id, entries=rollout.read_text(str(ANNA)), by=STAFF, now=NOON
    )
    gone = await rollout.take_people(
        tx, audience_id=audience.id, subject_ids=[ANNA, UUID(int=77)], by=STAFF, now=NOON
    )

    after = await rollout.get_audience(tx, audience_id=audience.id)
    assert (again.added, again.present) == (0, 1)
    assert (gone, after.members) == (1, 1)
    assert after.revision > audience.revision
    assert await findings(tx) == []


async def test_an_audience_in_use_stays(tx):
    audience = await an_audience(tx, ANNA)
    await save(tx, Rules(state=State.SOME, audience_ids=(audience.id,)))
    with pytest.raises(rollout.AudienceInUse):
        await rollout.remove_audience(tx, audience_id=audience.id, by=STAFF, now=NOON)

    await save(tx, Rules())
    await rollout.remove_audience(tx, audience_id=audience.id, by=STAFF, now=NOON)

    with pytest.raises(rollout.NoSuchAudience):
        await rollout.get_audience(tx, audience_id=audience.id)
    with pytest.raises(rollout.NoSuchAudience):
        await rollout.restore_version(
            tx, feature=FEATURE, version=1, known=KNOWN, by=STAFF, now=NOON
        )


async def test_an_audience_cannot_go_while_a_feature_takes_it(two_transactions, committing):
    async with committing.transaction() as tx:
        audience = await an_audience(tx, ANNA)
    first, second = two_transactions
    await save(first, Rules(state=State.SOME, audience_ids=(audience.id,)))
    waiting = asyncio.create_task(
        rollout.remove_audience(second, audience_id=audience.id, by=STAFF, now=NOON)
    )

    await until_blocked(committing.dsn, waiting)
    await first.connection.execute("commit")

    with pytest.raises(rollout.AudienceInUse):
        await waiting


async def test_two_audiences_cannot_have_one_code(tx):
    await an_audience(tx, code="family")
    with pytest.raises(rollout.AudienceTaken):
        await an_audience(tx, code="family")
    with pytest.raises(rollout.AudienceInvalid):
        await an_audience(tx, code="Not a code")


async def test_there_is_an_end_to_an_audience(tx, monkeypatch):
    monkeypatch.setattr("hansa.modules.rollout.audiences.ALL_MEMBERS_MAX", 3)
    audience = await an_audience(tx, ANNA, BORIS)
    with pytest.raises(rollout.TooManyPeople):
        await an_audience(tx, UUID(int=3), UUID(int=4), code="more")

    assert audience.members == 2


async def test_whoever_stands_for_a_merged_party_is_where_it_was(tx):
    audience = await an_audience(tx, ANNA)
    event = PartiesMerged(keep_id=BORIS, absorb_id=ANNA)

    await on_merged(tx, event, NOON)
    await on_merged(tx, event, NOON)

    held = await rollout.list_members(tx, audience_id=audience.id)
    assert {one for one, _ in held} == {ANNA, BORIS}
    assert await findings(tx) == []


@pytest.mark.parametrize(
    "lines",
    [
        ["id,name\n", f"{ANNA},Anna\n", f"{BORIS},Boris\n"],
        [
            "\ufeffparty_id;name\r\n",
            f"{ANNA};Anna\r\n",
            "\r\n",
            f'"{BORIS}";"Boris; the second"\r\n',
        ],
        [f"{ANNA}\n", f"  {BORIS}  "],
    ],
)
async def test_files_of_usual_kinds_are_read(tx, lines):
    found = await rollout.find_people(tx, tuple(rollout.read_csv(lines)))

    assert set(found.subject_ids) == {ANNA, BORIS}
    assert not found.faults


@pytest.mark.parametrize(
    "lines",
    [
        ["\x00\x01binary"],
        ['"never closed\n', "x\n"],
        ["x" * 200_000],
    ],
)
def test_a_file_that_is_none_is_refused(lines):
    with pytest.raises(rollout.FileUnreadable):
        list(rollout.read_csv(lines))


async def test_lines_that_are_nobody_are_told_by_number(tx):
    lines = ["email\n", "x" * 300 + "\n", "=cmd()\n", "a@b\n", f"{ANNA}\n", "+7\n"]

    found = await rollout.find_people(tx, tuple(rollout.read_csv(lines)))

    assert found.subject_ids == (ANNA,)
    assert [one.line for one in found.faults] == [2, 3, 4, 6]


async def test_a_long_file_is_put_in_piece_by_piece(tx):
    audience = await an_audience(tx)
    lines = (f"{new_id(NOON)}\n" for _ in range(12_345))

    added = await rollout.add_people(
        tx,
        audience_id=audience.id,
        entries=rollout.read_csv(lines),
        source="people.csv",
        by=STAFF,
        now=NOON,
    )

    assert added.added == 12_345
    assert await findings(tx) == []
    assert (
        "rollout.add_people",
        {"members": 0},
        {"members": 12_345, "source": "people.csv"},
    ) in await audited(tx, "rollout_audience")
