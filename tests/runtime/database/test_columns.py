"""Columns of a batch arrive as they were written, whatever is in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hansa.runtime.database.transaction import Transaction

INSTANTS = st.datetimes(timezones=st.just(UTC)).filter(lambda one: 1 < one.year < 9999)
WITHOUT_ZONE = datetime(2026, 11, 29, 12, tzinfo=UTC).replace(tzinfo=None)
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
KINDS: dict[str, st.SearchStrategy[Any]] = {
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "uuid": st.uuids(),
    "text": TEXTS,
    "bytea": st.binary(),
    "timestamptz": INSTANTS,
}


class Colour(StrEnum):
    RED = "red"


class Number(IntEnum):
    TWO = 2


async def back(tx: Transaction, values: list[Any], kind: str) -> list[Any]:
    found: list[Any] = await tx.scalar(f"select %(values)b::{kind}[]", {"values": values})
    return found


@pytest.mark.parametrize("kind", KINDS)
async def test_columns_come_back_as_they_were(tx: Transaction, kind: str) -> None:
    drawn: list[list[Any]] = []

    @settings(max_examples=60, suppress_health_check=list(HealthCheck), database=None)
    @given(st.lists(st.none() | KINDS[kind], max_size=8) | st.lists(KINDS[kind], max_size=8))
    def draw(values: list[Any]) -> None:
        drawn.append(values)

    draw()
    for values in drawn:
        assert await back(tx, values, kind) == values


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2, -3], "smallint"),
        ([1, None, 70_000], "integer"),
        ([True, False], "boolean"),
        ([1, True], "bigint"),
        ([Decimal("1.5"), None], "numeric"),
        ([Colour.RED, "blue"], "text"),
        ([Number.TWO, 3], "integer"),
        ([[1, 2], [3, 4]], "integer"),
        ([[None, None], [None, None]], "uuid"),
        ([None, None, None], "uuid"),
        ([None, 2, None, None, 3], "bigint"),
        ([WITHOUT_ZONE], "timestamp"),
    ],
)
async def test_other_lists_go_the_usual_way(tx: Transaction, values: list[Any], kind: str) -> None:
    assert await back(tx, values, kind) == values


async def test_an_instant_of_another_zone_is_the_same_instant(tx: Transaction) -> None:
    there = datetime(2026, 11, 29, 12, 30, 1, 5, tzinfo=timezone(timedelta(hours=3)))

    assert await back(tx, [there, None], "timestamptz") == [there, None]


@pytest.mark.parametrize(
    "values",
    [
        [1, "two"],
        [UUID(int=1), "two"],
        ["one", 2],
        [b"one", 2],
        [b"one", "two"],
        [datetime(2026, 1, 1, tzinfo=UTC), WITHOUT_ZONE],
        [1, 2**63],
    ],
    ids=str,
)
async def test_what_is_not_of_one_kind_is_refused(committing: Any, values: list[Any]) -> None:
    async with committing.connection() as connection:
        with pytest.raises(psycopg.DataError):
            await connection.execute("select %(values)b", {"values": values})
