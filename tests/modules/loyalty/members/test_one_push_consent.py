"""The migration that made two consents to push messages one: the last decision counts as before."""

from __future__ import annotations

import importlib.util
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from hansa.modules import parties
from hansa.modules.loyalty import members
from tests.support.loyalty import a_member, a_programme

MIGRATION = Path(__file__).parents[4] / "migrations" / "versions" / "0037_one_push_consent.py"
FORMER = "loyalty.push"


def statements() -> list[str]:
    """Give what the migration runs."""
    spec = importlib.util.spec_from_file_location("one_push_consent", MIGRATION)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [one for one in module.ONE_NAME.split(";") if one.strip()]


@pytest.mark.parametrize(
    ("decided", "granted", "rows"),
    [
        ([(FORMER, True, 0)], True, 1),
        ([(FORMER, True, 0), (members.PUSH, True, 0)], True, 1),  # as the app wrote them
        ([(members.PUSH, True, 0), (FORMER, False, 1)], False, 2),
        ([(FORMER, False, 0), (members.PUSH, True, 1)], True, 2),
        ([(members.PUSH, False, 0)], False, 1),
    ],
)
async def test_the_last_decision_under_either_name_counts(tx, now, decided, granted, rows) -> None:
    programme = await a_programme(tx, now=now)
    anna = await a_member(tx, programme, now=now)
    assert anna.party_id is not None
    for purpose, is_granted, minutes in decided:
        await parties.set_consent(
            tx,
            party_id=anna.party_id,
            purpose=purpose,
            is_granted=is_granted,
            now=now + timedelta(minutes=minutes),
        )

    for statement in statements():
        await tx.connection.execute(statement.encode())

    kept = {one.purpose: one for one in await members.list_consents(tx, member_id=anna.id)}
    assert kept[members.PUSH].is_granted is granted
    assert FORMER not in kept
    assert await _count(tx, anna.party_id) == rows


async def _count(tx, party_id: UUID) -> int:
    return await tx.scalar(
        "select count(*) from parties_consent"
        " where party_id = %(id)s and purpose = 'marketing.push'",
        {"id": party_id},
    )
