"""Signing up, in and out over HTTP."""

from __future__ import annotations

import httpx
import pyotp
import pytest_asyncio

from hansa.modules import accounts
from hansa.modules.accounts.manifest import MODULE
from tests.support.http import application

PASSWORD = "a long enough secret"


@pytest_asyncio.fixture(loop_scope="session")
async def site(settings, committing, clock):
    async with application(settings, committing, clock=clock, modules=[MODULE]) as site:
        yield site


@pytest_asyncio.fixture(loop_scope="session")
async def client(site):
    async with site.client() as client:
        yield client


async def _sign_up(client: httpx.AsyncClient, email: str = "anna@example.com") -> httpx.Response:
    return await client.post("/api/v1/sign-up", json={"email": email, "password": PASSWORD})


async def _sign_in(client: httpx.AsyncClient, email: str = "anna@example.com") -> httpx.Response:
    answer = await client.post("/api/v1/sign-in", json={"email": email, "password": PASSWORD})
    if answer.status_code == 200:
        client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
    return answer


async def test_who_signed_up_can_sign_in_and_out(client: httpx.AsyncClient) -> None:
    signed_up = await _sign_up(client)
    assert signed_up.status_code == 201, signed_up.text

    signed_in = await _sign_in(client)
    assert signed_in.status_code == 200, signed_in.text
    assert (await client.get("/api/v1/me")).json()["kind"] == "shopper"

    left = await client.post("/api/v1/sign-out")
    assert left.status_code == 204, left.text
    assert (await client.get("/api/v1/me")).json()["kind"] == "guest"


async def test_signing_in_gives_the_browser_another_token(client: httpx.AsyncClient) -> None:
    await _sign_up(client)
    client.cookies.set("hansa_session", "chosen-by-an-attacker", domain="hansa.test")

    refused = await _sign_in(client)  # a cookie makes it a browser's call, which needs the token
    assert refused.json()["code"] == "form.expired"

    me = await client.get("/api/v1/me")
    client.headers["X-CSRF-Token"] = me.json()["csrf_token"]
    signed_in = await _sign_in(client)

    assert signed_in.status_code == 200
    assert "chosen-by-an-attacker" not in signed_in.headers["set-cookie"]


async def test_wrong_password_and_unknown_address_are_told_alike(client: httpx.AsyncClient) -> None:
    await _sign_up(client)

    wrong = await client.post(
        "/api/v1/sign-in", json={"email": "anna@example.com", "password": "not the secret"}
    )
    unknown = await client.post(
        "/api/v1/sign-in", json={"email": "boris@example.com", "password": "not the secret"}
    )

    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json()["code"] == unknown.json()["code"] == "accounts.wrong_password"
    assert wrong.json()["detail"] == unknown.json()["detail"]


async def test_guessing_is_stopped_after_ten_attempts(client: httpx.AsyncClient) -> None:
    await _sign_up(client)
    guess = {"email": "anna@example.com", "password": "not the secret"}

    codes = [(await client.post("/api/v1/sign-in", json=guess)).status_code for _ in range(12)]
    right = await _sign_in(client)

    assert codes == [401] * 10 + [429] * 2
    assert right.status_code == 429
    assert int(right.headers["retry-after"]) <= 60


async def test_an_address_signs_up_once(client: httpx.AsyncClient) -> None:
    await _sign_up(client, "anna@example.com")

    again = await _sign_up(client, "Anna@Example.com ")

    assert again.status_code == 409
    assert again.json()["code"] == "accounts.email_taken"


async def test_weak_passwords_are_refused_in_the_language_of_the_reader(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post(
        "/api/v1/sign-up", json={"email": "anna@example.com", "password": "qwerty123"}
    )

    assert answer.status_code == 400
    assert answer.json()["code"] == "accounts.password_weak"
    assert answer.json()["data"]["characters_min"] == 10


async def test_another_browser_can_be_signed_out(site) -> None:
    async with site.client() as here, site.client() as there:
        await _sign_up(here)
        await _sign_in(here)
        await _sign_in(there)
        mine = (await here.get("/api/v1/me/sessions")).json()
        other = next(one["id"] for one in mine if not one["is_this"])

        gone = await here.delete(f"/api/v1/me/sessions/{other}")

        assert gone.status_code == 204, gone.text
        assert (await there.get("/api/v1/me")).json()["kind"] == "guest"
        assert (await here.get("/api/v1/me")).json()["kind"] == "shopper"


async def test_a_second_factor_is_asked_for_and_a_code_works_once(client, clock) -> None:
    await _sign_up(client)
    await _sign_in(client)
    begun = (await client.post("/api/v1/me/two-factor")).json()
    telephone = pyotp.TOTP(begun["secret"])
    assert begun["picture"].startswith("<svg")
    assert "style=" not in begun["picture"]
    confirmed = await client.post(
        "/api/v1/me/two-factor/confirmation", json={"code": telephone.at(clock.now())}
    )
    recovery = confirmed.json()["codes"]
    await client.post("/api/v1/sign-out")
    client.headers["X-CSRF-Token"] = (await client.get("/api/v1/me")).json()["csrf_token"]

    asked = await _sign_in(client)
    assert asked.json()["code"] == "accounts.second_factor_needed"
    ticket = asked.json()["data"]["ticket"]

    async def finish(code: str) -> httpx.Response:
        return await client.post(
            "/api/v1/sign-in/second-factor", json={"ticket": ticket, "code": code}
        )

    assert (await finish(telephone.at(clock.now()))).json()["code"] == "accounts.code_wrong"  # used
    assert (await finish(recovery[0])).status_code == 200
    client.headers["X-CSRF-Token"] = (await client.get("/api/v1/me")).json()["csrf_token"]
    assert (await finish(recovery[0])).json()["code"] == "accounts.code_wrong"


async def test_a_forgotten_password_is_set_by_a_link_that_works_once(
    client, committing, now
) -> None:
    await _sign_up(client)
    asked = await client.post("/api/v1/password-resets", json={"email": "anna@example.com"})
    assert asked.status_code == 204
    async with committing.transaction() as tx:
        user = await accounts.find_user(tx, email="anna@example.com", kind="shopper")
        token = await accounts.make_link_token(tx, user_id=user.id, purpose="password", now=now)
    body = {"token": token, "password": "another long secret"}

    first = await client.post("/api/v1/password-resets/confirmation", json=body)
    second = await client.post("/api/v1/password-resets/confirmation", json=body)

    assert first.status_code == 204, first.text
    assert second.json()["code"] == "accounts.link_used_up"
    assert (await _sign_in(client)).status_code == 401
