"""How much a program may ask: a bucket each, told in the headers of the IETF draft."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
import pytest_asyncio

from hansa.modules import accounts
from hansa.modules.accounts.manifest import MODULE
from hansa.runtime.http.limits import ClientBuckets, Taken
from tests.modules.accounts.oauth.conftest import FORM, TRIAL
from tests.support.http import application

ONE, TWO = UUID(int=1), UUID(int=2)


def _take(buckets: ClientBuckets, who: UUID, at_seconds: float, limit: int | None = None) -> Taken:
    taken = buckets.take(who, limit, at_seconds)
    assert taken is not None
    return taken


def _headers(taken: Taken) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in taken.headers}


def test_a_bucket_empties_and_fills() -> None:
    buckets = ClientBuckets(per_minute=120)

    first = _take(buckets, ONE, 0.0)
    for _ in range(18):
        _take(buckets, ONE, 0.0)
    last, refused = _take(buckets, ONE, 0.0), _take(buckets, ONE, 0.0)
    later = _take(buckets, ONE, 5.0)

    assert _headers(first) == {
        "ratelimit-policy": '"client";q=20;w=10',
        "ratelimit": '"client";r=19;t=1',
    }
    assert (last.retry_seconds, _headers(last)["ratelimit"]) == (0, '"client";r=0;t=10')
    assert (refused.retry_seconds, _headers(refused)["ratelimit"]) == (1, '"client";r=0;t=10')
    assert (later.retry_seconds, _headers(later)["ratelimit"]) == (0, '"client";r=9;t=6')


def test_each_program_has_its_own_bucket_and_limit() -> None:
    buckets = ClientBuckets(per_minute=60)

    taken = [_take(buckets, ONE, 0.0, 1), _take(buckets, ONE, 0.0, 1), _take(buckets, TWO, 0.0)]

    assert [one.retry_seconds for one in taken] == [0, 60, 0]
    assert _headers(taken[0])["ratelimit-policy"] == '"client";q=1;w=60'


def test_a_new_limit_counts_at_once() -> None:
    buckets = ClientBuckets(per_minute=1)

    _take(buckets, ONE, 0.0)
    assert _take(buckets, ONE, 0.0).retry_seconds
    assert not _take(buckets, ONE, 0.0, 100).retry_seconds


def test_nought_is_no_limit() -> None:
    assert ClientBuckets(per_minute=0).take(ONE, None, 0.0) is None


async def test_the_answers_to_a_partner_say_what_is_left(a_program) -> None:
    program = await a_program(requests_per_minute=3)
    header = await program.token()

    answers = [await program.whoami(header) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert {answer.headers["ratelimit-policy"] for answer in answers} == {'"client";q=3;w=60'}
    assert [answer.headers["ratelimit"].split(";")[1] for answer in answers] == [
        "r=2",
        "r=1",
        "r=0",
        "r=0",
    ]
    refused = answers[-1]
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["code"] == "request.too_many"
    assert 1 <= int(refused.headers["retry-after"]) <= 20


async def test_an_own_limit_counts_everywhere_and_headers_are_for_partners(a_program, http) -> None:
    program = await a_program(requests_per_minute=2, scopes=["accounts.view"])
    header = await program.token()

    answers = [await http.get("/api/v1/users", headers=header) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "ratelimit" not in answers[0].headers


async def test_a_failure_too_says_what_is_left(a_program) -> None:
    program = await a_program(scopes=["loyalty.earn"])
    header = await program.token()

    refused = await program.whoami(header)
    keyless = await program.http.request(
        "POST", "/loyalty/v1/spend", headers={**header, "Idempotency-Key": ""}
    )

    assert refused.status_code == 403
    assert refused.headers["ratelimit"].startswith('"client";r=')
    assert keyless.json()["code"] == "idempotency.invalid"
    assert keyless.headers["ratelimit"].startswith('"client";r=')


@pytest_asyncio.fixture(loop_scope="session")
async def narrow_site(settings, committing, clock):
    narrow = replace(settings, rate_limit_requests_per_minute=60)
    async with application(narrow, committing, clock=clock, modules=[MODULE, TRIAL]) as site:
        yield site


async def test_programs_behind_one_address_do_not_share_its_limit(
    narrow_site, committing, now
) -> None:
    headers = []
    async with narrow_site.client() as http:
        for name in ("one", "two"):
            async with committing.transaction() as tx:
                client, secret = await accounts.create_client(
                    tx, name=name, scopes=["loyalty.read"], by=None, now=now
                )
            proof = {"client_id": client.public_id, "client_secret": secret}
            token = (await http.post("/oauth/token", data={**FORM, **proof})).json()
            headers.append({"Authorization": f"Bearer {token['access_token']}"})

        right = [
            (await http.get("/loyalty/v1/whoami", headers=header)).status_code
            for _ in range(20)
            for header in headers
        ]
        forged = [
            (
                await http.get("/loyalty/v1/whoami", headers={"Authorization": "Bearer hat_x"})
            ).status_code
            for _ in range(30)
        ]

    assert set(right) == {200}
    assert set(forged) == {401, 429}, "who is not known is counted by address"


@pytest.mark.parametrize("path", ["/loyalty/v1/spend", "/api/v1/oauth/clients"])
async def test_unsafe_calls_need_a_key(a_program, site, path) -> None:
    program = await a_program()
    header = await program.token()

    async with site.client(keyed=False, headers=header) as http:
        answer = await http.post(path, json={})

    assert answer.status_code == 400
    assert answer.json()["code"] == "idempotency.missing"
