"""Schemathesis against our own OpenAPI: each answer is one we declared, and never 500."""

from __future__ import annotations

import asyncio
import collections
import itertools
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from hansa.modules import accounts, markets
from hansa.runtime.database import Database
from tests.support.http import web_server

SECONDS_MAX = 75
EXAMPLES = 40
EXAMPLES_MIN = 3
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
MARKET = markets.Market(
    code="ru",
    name={"ru": "Россия", "en": "Russia"},
    currency="RUB",
    country="RU",
    languages=("ru", "en"),
    default_language="ru",
    tax_rate=Decimal("0.2"),
    prices_include_tax=True,
    phone_region="RU",
    time_zone="Europe/Moscow",
    legal_entity={},
    is_open=True,
)


async def _prepare(dsn: str) -> str:
    database = Database(dsn)
    await database.open()
    try:
        async with database.transaction() as tx:
            await markets.save_market(tx, market=MARKET, by=None, now=datetime.now(UTC))
            _, secret = await accounts.create_api_key(
                tx, name="fuzz", scopes=["*"], by=None, now=datetime.now(UTC)
            )
    finally:
        await database.close()
    return secret


def _told(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__} {error}".split())[:600]


@pytest.fixture
def server(settings, test_database_server, tmp_path) -> Iterator[tuple[str, str, str]]:
    with test_database_server.temporary("fuzz") as dsn:
        key = asyncio.run(_prepare(dsn))
        log = tmp_path / "server.log"
        with web_server(settings, dsn, log=log) as address:
            yield address, key, str(log)


@pytest.mark.timeout(1200)
def test_the_api_keeps_its_word(server: tuple[str, str, str]) -> None:
    address, key, log = server
    schema = schemathesis.openapi.from_url(f"{address}/api/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    budget = SECONDS_MAX / len(operations)
    faults: list[str] = []
    statuses: collections.Counter[int] = collections.Counter()

    for operation in operations:
        ends, sent = time.monotonic() + budget, itertools.count()

        @hypothesis.settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(hypothesis.HealthCheck),
            phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        )
        @hypothesis.given(case=operation.as_strategy())
        def send(case: schemathesis.Case) -> None:
            # However slow the machine is, a few are sent.
            if next(sent) >= EXAMPLES_MIN and time.monotonic() > ends:  # noqa: B023 - of this turn
                return
            answer = case.call(
                base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=60
            )
            statuses[answer.status_code] += 1
            case.validate_response(answer, checks=CHECKS)

        try:
            send()
        except BaseExceptionGroup as group:
            faults.append(f"{operation.label}: {[_told(one) for one in group.exceptions]}")
        except AssertionError as error:
            faults.append(f"{operation.label}: {error}")

    assert not faults, "\n\n".join(faults) + f"\n\nlog of the server: {log}"
    assert statuses.total() > len(operations), "the budget was too small to send anything"
    done = sum(statuses[status] for status in (200, 201, 204))
    assert done > len(operations) / 2, statuses
    print(f"{statuses.total()} requests to {len(operations)} operations: {dict(statuses)}")
