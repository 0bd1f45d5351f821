"""Any order of arrival and any repetition end in one state; random rows never break anything."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hansa.modules.erp.rest.model import Heard, Verdict, hear, judge
from tests.modules.erp.rest.conftest import at

PLACES = ("central", "corner", "spare")
TRIED = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@st.composite
def messages(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Rows about three things, numbered in the order they were formed."""
    rows = []
    for key in range(3):
        for sequence in range(draw(st.integers(1, 5))):
            named = draw(st.sets(st.sampled_from(PLACES), min_size=1))
            rows.append(
                {
                    "key": key,
                    "sequence": sequence,
                    # Several may be formed within a second.
                    "as_of": at(sequence // 2),
                    "stock": {place: draw(st.integers(-2, 9)) for place in sorted(named)},
                }
            )
    return rows


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[list[dict[str, Any]]]]:
    """The rows, and an arrival of them: in any order, some twice, in batches."""
    rows = draw(messages())
    repeated = draw(st.lists(st.sampled_from(rows), max_size=6))
    order = draw(st.permutations([*rows, *repeated]))
    cuts = sorted(draw(st.sets(st.integers(1, len(order)), max_size=3)))
    bounds = [0, *cuts, len(order)]
    return rows, [order[a:b] for a, b in pairwise(bounds)]


def expected(rows: Sequence[dict[str, Any]]) -> dict[tuple[int, str], int]:
    """Give the last word about each place."""
    found: dict[tuple[int, str], int] = {}
    for row in sorted(rows, key=lambda row: row["sequence"]):
        found |= {(row["key"], place): number for place, number in row["stock"].items()}
    return found


@given(arrivals())
@settings(max_examples=300, deadline=None)
def test_the_last_words_do_not_depend_on_the_order_of_arrival(
    arrival: tuple[list[dict[str, Any]], list[list[dict[str, Any]]]],
) -> None:
    rows, batches = arrival
    heard: dict[int, Heard] = {}
    known: dict[tuple[int, str], int] = {}

    for row in (row for batch in batches for row in batch):
        parts = frozenset(row["stock"])
        digest = json.dumps(row).encode()
        before = heard.get(row["key"])
        verdict, takes = judge(before, sequence=row["sequence"], digest=digest, parts=parts)
        assert verdict is not Verdict.REUSED
        if verdict is Verdict.NEWS:
            known |= {(row["key"], place): row["stock"][place] for place in takes}
            heard[row["key"]] = hear(
                before, sequence=row["sequence"], digest=digest, parts=parts, takes=takes
            )

    assert known == expected(rows)


@pytest_asyncio.fixture
async def named(sender):
    """Make fresh items for each example."""

    async def make(count: int) -> list[str]:
        keys = [f"{uuid4().hex}" for _ in range(count)]
        await sender.items(*keys)
        return keys

    return make


@given(arrival=arrivals())
@TRIED
async def test_any_arrival_over_http_ends_in_one_state(sender, named, arrival):
    rows, batches = arrival
    keys = await named(3)

    for batch in batches:
        await sender.send("stock", *({**row, "key": keys[row["key"]]} for row in batch))

    wanted = {(keys[key], place): number for (key, place), number in expected(rows).items()}
    levels = await sender.levels(*keys)
    assert {place: levels[place] for place in wanted} == wanted


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["NaN", "-Infinity", "1e999", "1.5", "0", at(), at(9999), "central", "RUB"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
fields = st.sampled_from(
    ["key", "sequence", "as_of", "stock", "contains", "watermark", "name", "groups", "unit",
     "options", "is_deleted", "has_variants", "prices", "state", "is_paid", "order", "lines",
     "warehouse", "erp_number"]
)  # fmt: skip
random_rows = st.dictionaries(fields, anything, max_size=6) | anything
half_right = st.builds(
    lambda wild, key, sequence: {**wild, "key": key, "sequence": sequence, "as_of": at()},
    st.dictionaries(fields, anything, max_size=4),
    st.text(min_size=1, max_size=12),
    st.integers(0, 2**63 - 1),
)
GOOD = {
    "items": lambda key: {"key": key, "sequence": 9, "name": "Fine"},
    "stock": lambda key: {"key": key, "sequence": 9, "as_of": at(), "stock": {"central": 3}},
    "prices": lambda key: {"key": key, "sequence": 9, "prices": [{"type": "retail", "amount": 3}]},
}


@given(
    kind=st.sampled_from(["items", "stock", "prices", "order-statuses", "shipments"]),
    rows=st.lists(random_rows | half_right, max_size=8),
)
@TRIED
async def test_random_rows_are_answered_and_spoil_no_other(sender, named, kind, rows):
    (key,) = await named(1)
    sent = [*rows, GOOD[kind](key)] if kind in GOOD else rows

    answer = await sender.post(kind, {"rows": sent})

    assert answer.status_code == 200, answer.text
    told = answer.json()["rows"]
    assert len(told) == len(sent)
    assert all(one["outcome"] for one in told)
    assert all(one.get("code") for one in told if one["outcome"] == "refused")
    if kind in GOOD:
        assert told[-1]["outcome"] == "applied"
