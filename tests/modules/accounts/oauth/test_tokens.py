"""Tokens: what they cost, when they end, and that nobody else can make one."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from hansa.kernel.errors import Unavailable
from hansa.modules import accounts
from hansa.modules.accounts.jobs import ForgetOld, forget_old
from hansa.modules.accounts.manifest import MODULE
from hansa.modules.accounts.oauth.ended import KEPT
from hansa.modules.accounts.oauth.tokens import AccessTokens, Grant
from tests.modules.accounts.oauth.conftest import TRIAL, Program, public_part, signed
from tests.support.http import Site, application

SECRET = b"one secret of the application, long"

GRANT = Grant(
    client_id=UUID(int=1),
    credential_id=UUID(int=2),
    terms_id=UUID(int=3),
    expires_at=2_000_000_000,
    scopes=["loyalty.read"],
    name="касса",
    partner_id=None,
    is_sandbox=False,
    requests_per_minute=None,
    networks=[],
)


def test_a_token_is_read_as_it_was_written() -> None:
    token = AccessTokens(SECRET).write(GRANT)

    assert AccessTokens(SECRET).read(token) == GRANT
    assert token.isascii()


def test_a_token_that_was_changed_or_is_of_another_key_is_none() -> None:
    tokens = AccessTokens(SECRET)
    token = tokens.write(GRANT)
    head, content, signature = token.split(".")
    wider = base64.urlsafe_b64encode(
        base64.urlsafe_b64decode(content + "==").replace(b"loyalty.read", b"loyalty.edit")
    ).decode()

    changed = [
        f"{head}.{wider.rstrip('=')}.{signature}",
        f"{head}.{content}.{signature[:-2]}AA",
        f"{head}.{content}.",
        f"{head}.{content}",
        f"{head}..{signature}",
        f"hat_00000000.{content}.{signature}",
        AccessTokens(SECRET + b"!").write(GRANT),
        token + "é",
        "hat_",
        token + "A" * 20_000,
    ]

    assert [tokens.read(one) for one in changed] == [None] * len(changed)


async def test_a_token_runs_out_after_a_quarter_of_an_hour(a_program, clock) -> None:
    program = await a_program()
    header = await program.token()

    clock.advance(timedelta(minutes=14, seconds=59))
    late = await program.whoami(header)
    clock.advance(timedelta(seconds=1))
    too_late = await program.whoami(header)

    assert (late.status_code, too_late.status_code) == (200, 401)
    assert too_late.json()["code"] == "access.bad_credentials"


async def test_a_token_is_no_api_key_and_no_key_a_token(a_program, http) -> None:
    program = await a_program()
    header = await program.token()
    token = header["Authorization"].removeprefix("Bearer ")

    answers = [
        await http.get("/loyalty/v1/whoami", headers={"Authorization": value})
        for value in (
            f"Basic {base64.b64encode(b'x:' + token.encode()).decode()}",
            f"Bearer {program.secret}",
            f"Bearer {program.client.public_id}",
            f"Bearer x{token}",
        )
    ]

    assert {answer.status_code for answer in answers} == {401}


async def test_a_token_is_refused_elsewhere_even_while_it_is_remembered(a_program, site) -> None:
    program = await a_program(networks=["127.0.0.1"])
    header = await program.token()
    near = await program.whoami(header)

    transport = httpx.ASGITransport(app=site.app, client=("192.0.2.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://hansa.test") as elsewhere:
        far = await elsewhere.get("/loyalty/v1/whoami", headers=header)

    assert (near.status_code, far.status_code) == (200, 403)
    assert far.json()["code"] == "access.address_refused"


async def test_a_token_costs_no_statement(a_program, site, monkeypatch) -> None:
    program = await a_program()
    header = await program.token()
    assert (await program.whoami(header)).status_code == 200
    database = site.context.database
    statements: list[str] = []
    snapshot = database.snapshot
    monkeypatch.setattr(
        database, "snapshot", lambda **given: statements.append("one") or snapshot(**given)
    )

    answers = [await program.whoami(header) for _ in range(200)]

    assert {answer.status_code for answer in answers} == {200}
    assert len(statements) <= 2, "only the list of what has ended is read, now and then"


async def _ends_client(site: Site, program: Program) -> None:
    async with site.context.database.transaction() as tx:
        await accounts.revoke_client(
            tx, client_id=program.client.id, by=None, now=site.context.clock.now()
        )


async def _ends_secret(site: Site, program: Program) -> None:
    async with site.context.database.transaction() as tx:
        await accounts.revoke_secret(
            tx,
            client_id=program.client.id,
            secret_id=program.client.secrets[0].id,
            by=None,
            now=site.context.clock.now(),
        )


async def _replaces_secret_at_once(site: Site, program: Program) -> None:
    async with site.context.database.transaction() as tx:
        await accounts.rotate_secret(
            tx,
            client_id=program.client.id,
            overlap=timedelta(0),
            by=None,
            now=site.context.clock.now(),
        )


async def _takes_scopes_away(site: Site, program: Program) -> None:
    async with site.context.database.transaction() as tx:
        await accounts.change_client(
            tx,
            client_id=program.client.id,
            scopes=["loyalty.earn"],
            by=None,
            now=site.context.clock.now(),
        )


@pytest.mark.parametrize(
    "end", [_ends_client, _ends_secret, _replaces_secret_at_once, _takes_scopes_away]
)
async def test_what_has_ended_is_refused_by_another_process_within_five_seconds(
    settings,
    committing,
    clock,
    site,
    a_program,
    end: Callable[[Site, Program], Awaitable[None]],
) -> None:
    program, other = await a_program(), await a_program(name="other")
    header, header_of_other = await program.token(), await other.token()
    parts = [MODULE, TRIAL]
    async with (
        application(settings, committing, clock=clock, modules=parts) as second,
        second.client() as http,
    ):
        assert (await http.get("/loyalty/v1/whoami", headers=header)).status_code == 200

        await end(site, program)
        await _until_refused(http, header)

        unharmed = await http.get("/loyalty/v1/whoami", headers=header_of_other)
        assert unharmed.status_code == 200


async def _until_refused(http: httpx.AsyncClient, header: dict[str, str]) -> None:
    async with asyncio.timeout(60):
        while (await http.get("/loyalty/v1/whoami", headers=header)).status_code == 200:
            await asyncio.sleep(0.02)


async def test_tokens_of_another_secret_or_key_stay_good(
    a_program, give_key, ec_key, clock, site
) -> None:
    program = await a_program()
    await give_key(program, public_part(ec_key))
    assertion = signed(ec_key, program.claims(clock), alg="ES256")
    by_key = (await program.ask_signed(assertion)).json()["access_token"]
    by_secret = await program.token()

    await _ends_secret(site, program)
    await _until_refused(program.http, by_secret)
    kept = await program.whoami({"Authorization": f"Bearer {by_key}"})

    assert kept.status_code == 200


async def test_without_the_list_of_what_has_ended_nobody_is_let_in(
    a_program, site, monkeypatch
) -> None:
    program = await a_program()
    header = await program.token()

    def is_away(**_: object) -> None:
        raise Unavailable

    monkeypatch.setattr(site.context.database, "snapshot", is_away)
    answer = await program.whoami(header)

    assert answer.status_code == 503
    assert "retry-after" in answer.headers


async def test_what_has_ended_is_kept_for_longer_than_any_token(
    a_program, site, clock, committing
) -> None:
    program = await a_program()
    await _ends_client(site, program)

    async def kept() -> int:
        await forget_old(site.context, ForgetOld())
        async with committing.snapshot(single=True) as snapshot:
            return int(await snapshot.scalar("select count(*) from account_oauth_ended"))

    clock.advance(KEPT)
    before = await kept()
    clock.advance(KEPT + timedelta(seconds=1))
    after = await kept()

    assert (before, after) == (1, 0)
