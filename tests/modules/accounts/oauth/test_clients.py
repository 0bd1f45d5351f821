"""Clients over HTTP, and by the functions a partner's cabinet calls."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from hansa.modules import accounts
from hansa.modules.accounts.oauth import model
from hansa.runtime.http import Actor, PermissionMissing
from tests.modules.accounts.oauth.conftest import FORM, PARTNER, public_part

PATH = "/api/v1/oauth/clients"
NEW = {"name": "Till of a shop", "scopes": ["loyalty.read"]}


@pytest_asyncio.fixture(loop_scope="session")
async def root(site, committing, now):
    async with committing.transaction() as tx:
        _, key = await accounts.create_api_key(tx, name="root", scopes=["*"], by=None, now=now)
    async with site.client(headers={"Authorization": f"Bearer {key}"}) as client:
        yield client


async def _token_status(http, client_id: str, secret: str) -> int:
    proof = {"client_id": client_id, "client_secret": secret}
    answer = await http.post("/oauth/token", data={**FORM, **proof})
    return int(answer.status_code)


async def test_the_life_of_a_client(root, http, ec_key, clock) -> None:
    made = (
        await root.post(
            PATH, json={**NEW, "partner_id": str(PARTNER), "networks": ["127.0.0.1", "::1/128"]}
        )
    ).json()
    one = f"{PATH}/{made['client']['id']}"
    name, first = made["client"]["client_id"], made["secret"]
    clock.advance(timedelta(seconds=1))

    rotated = (await root.post(f"{one}/secrets", json={"overlap_hours": 1})).json()
    key = await root.post(f"{one}/keys", json={"jwk": public_part(ec_key)})
    same_key = await root.post(f"{one}/keys", json={"jwk": public_part(ec_key)})
    shown = (await root.get(one)).json()
    both = [await _token_status(http, name, secret) for secret in (first, rotated["secret"])]
    old = next(secret for secret in shown["secrets"] if secret["expires_at"])
    ended = await root.delete(f"{one}/secrets/{old['id']}")
    after = [await _token_status(http, name, secret) for secret in (first, rotated["secret"])]
    no_key = await root.delete(f"{one}/keys/first")
    revoked = await root.delete(one)
    again = await root.delete(one)

    assert name.startswith("hc_")
    assert first.startswith("hcs_")
    assert made["client"]["networks"] == ["127.0.0.1/32", "::1/128"]
    assert (key.status_code, same_key.status_code) == (201, 409)
    assert [secret["hint"] for secret in shown["secrets"]] == [rotated["secret"][-4:], first[-4:]]
    assert [one["kid"] for one in shown["keys"]] == ["first"]
    assert (both, after) == ([200, 200], [401, 200])
    assert [answer.status_code for answer in (ended, no_key, revoked)] == [204, 204, 204]
    assert again.json()["code"] == "accounts.no_such_client"
    assert await _token_status(http, name, rotated["secret"]) == 401
    assert (await root.get(one)).json()["revoked_at"] is not None


async def test_every_change_is_in_the_audit_log_without_secrets(root, ec_key) -> None:
    made = (await root.post(PATH, json=NEW)).json()
    one = f"{PATH}/{made['client']['id']}"
    await root.post(f"{one}/secrets", json={})
    await root.post(f"{one}/keys", json={"jwk": public_part(ec_key)})
    await root.patch(one, json={"requests_per_minute": 60})
    await root.delete(f"{one}/keys/first")
    await root.delete(f"{one}/secrets/{made['client']['secrets'][0]['id']}")
    await root.delete(one)

    answer = await root.get("/api/v1/audit", params={"subject_id": made["client"]["id"]})

    assert {entry["action"] for entry in answer.json()["items"]} == {
        "accounts.create_client",
        "accounts.rotate_client_secret",
        "accounts.add_client_key",
        "accounts.change_client",
        "accounts.remove_client_key",
        "accounts.revoke_client_secret",
        "accounts.revoke_client",
    }
    assert made["secret"] not in answer.text


async def test_a_secret_is_kept_as_a_digest(root, committing) -> None:
    made = (await root.post(PATH, json=NEW)).json()

    async with committing.snapshot(single=True) as snapshot:
        row = await snapshot.one("select secret_hash from account_oauth_secret")
    listed = await root.get(PATH)

    assert len(bytes(row.secret_hash)) == 32
    assert made["secret"] not in listed.text


async def test_a_repeat_does_not_show_a_secret_again(root) -> None:
    key = {"Idempotency-Key": "the-same"}

    first = await root.post(PATH, json=NEW, headers=key)
    second = await root.post(PATH, json=NEW, headers=key)

    assert first.status_code == 201
    assert second.json()["code"] == "idempotency.answer_not_kept"
    assert len((await root.get(PATH)).json()["items"]) == 1


async def test_clients_are_listed_page_by_page_and_by_partner(root, clock) -> None:
    for number in range(3):
        clock.advance(timedelta(seconds=1))
        await root.post(PATH, json={**NEW, "name": f"n{number}", "partner_id": str(PARTNER)})
    await root.post(PATH, json=NEW)

    first = (await root.get(PATH, params={"partner_id": str(PARTNER), "limit": 2})).json()
    rest = (
        await root.get(
            PATH, params={"partner_id": str(PARTNER), "limit": 2, "after": first["next"]}
        )
    ).json()

    assert [one["name"] for one in first["items"]] == ["n2", "n1"]
    assert [one["name"] for one in rest["items"]] == ["n0"]
    assert rest["next"] is None
    assert len((await root.get(PATH)).json()["items"]) == 4


async def test_what_is_left_out_of_a_change_stays(root) -> None:
    wanted = {**NEW, "requests_per_minute": 100, "networks": ["192.0.2.0/24"]}
    made = (await root.post(PATH, json=wanted)).json()
    one = f"{PATH}/{made['client']['id']}"

    renamed = (await root.patch(one, json={"name": "Another"})).json()
    unlimited = (await root.patch(one, json={"requests_per_minute": None})).json()
    opened = (await root.patch(one, json={"networks": [], "scopes": ["loyalty.earn"]})).json()

    assert (renamed["name"], renamed["requests_per_minute"]) == ("Another", 100)
    assert (unlimited["name"], unlimited["requests_per_minute"]) == ("Another", None)
    assert (opened["networks"], opened["scopes"]) == ([], ["loyalty.earn"])


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"scopes": ["no.such"]}, "accounts.client_invalid"),
        ({"scopes": ["*"]}, "accounts.client_invalid"),
        ({"scopes": []}, "request.invalid"),
        ({"networks": ["192.0.2.1/24"]}, "accounts.client_invalid"),
        ({"networks": ["somewhere"]}, "accounts.client_invalid"),
        ({"name": "  "}, "accounts.client_invalid"),
        ({"requests_per_minute": 0}, "request.invalid"),
        ({"partner_id": "x"}, "request.invalid"),
    ],
)
async def test_a_client_that_cannot_be_is_refused(root, changed, code) -> None:
    answer = await root.post(PATH, json={**NEW, **changed})

    assert answer.status_code == 400
    assert answer.json()["code"] == code


async def test_only_who_may_manage_clients_does(site, committing, now) -> None:
    async with committing.transaction() as tx:
        _, key = await accounts.create_api_key(
            tx, name="reader", scopes=["accounts.view", "accounts.edit"], by=None, now=now
        )
    async with site.client(headers={"Authorization": f"Bearer {key}"}) as client:
        answers = [
            await client.get(PATH),
            await client.post(PATH, json=NEW),
            await client.delete(f"{PATH}/{uuid4()}"),
        ]

    assert {answer.status_code for answer in answers} == {403}
    assert answers[0].json()["data"] == {"permission": "accounts.manage_clients"}


async def test_nobody_gives_a_client_more_than_they_have(tx, now) -> None:
    giver = Actor(id=UUID(int=5), kind="staff", permissions=frozenset({"loyalty.read"}))

    with pytest.raises(PermissionMissing):
        await accounts.create_client(tx, name="x", scopes=["loyalty.spend"], by=giver, now=now)


async def test_a_partner_gives_what_it_is_offered_and_touches_its_own_clients_only(tx, now) -> None:
    partner = Actor(id=UUID(int=5), kind="shopper")
    offered = {"loyalty.read", "loyalty.earn"}

    client, _ = await accounts.create_client(
        tx,
        name="mine",
        scopes=["loyalty.earn"],
        partner_id=PARTNER,
        at_most=offered,
        by=partner,
        now=now,
    )
    with pytest.raises(accounts.ScopeNotOffered):
        await accounts.create_client(
            tx, name="x", scopes=["loyalty.spend"], at_most=offered, by=partner, now=now
        )

    other = {"client_id": client.id, "partner_id": UUID(int=78), "by": partner, "now": now}
    own = {**other, "partner_id": PARTNER}
    for refused in (
        accounts.rotate_secret(tx, **other),
        accounts.revoke_secret(tx, secret_id=client.secrets[0].id, **other),
        accounts.remove_client_key(tx, kid="first", **other),
        accounts.change_client(tx, name="x", **other),
        accounts.revoke_client(tx, **other),
    ):
        with pytest.raises(accounts.NoSuchClient):
            await refused
    await accounts.revoke_client(tx, **own)
    listed = await accounts.list_clients(tx, partner_id=PARTNER, now=now)
    assert [(one.id, one.revoked_at) for one in listed] == [(client.id, now)]


async def test_secrets_and_keys_are_few(tx, now, ec_key) -> None:
    client, _ = await accounts.create_client(tx, name="x", scopes=["a.b"], by=None, now=now)
    one = {"client_id": client.id, "by": None, "now": now}

    for _ in range(model.SECRETS_MAX - 1):
        await accounts.rotate_secret(tx, **one)
    with pytest.raises(accounts.TooManyProofs):
        await accounts.rotate_secret(tx, **one)
    await accounts.rotate_secret(tx, overlap=timedelta(0), **one)
    for number in range(model.KEYS_MAX):
        await accounts.add_client_key(tx, jwk=public_part(ec_key, str(number)), **one)
    with pytest.raises(accounts.TooManyProofs):
        await accounts.add_client_key(tx, jwk=public_part(ec_key, "more"), **one)
    shown = await accounts.get_client(tx, client_id=client.id, now=now)

    assert len(shown.secrets) == 1


async def test_the_name_of_a_removed_key_is_not_given_again(tx, now, ec_key) -> None:
    client, _ = await accounts.create_client(tx, name="x", scopes=["a.b"], by=None, now=now)
    one = {"client_id": client.id, "by": None, "now": now}
    await accounts.add_client_key(tx, jwk=public_part(ec_key), **one)
    await accounts.remove_client_key(tx, kid="first", **one)

    with pytest.raises(accounts.KeyThere):
        await accounts.add_client_key(tx, jwk=public_part(ec_key), **one)
    with pytest.raises(accounts.NoSuchClientKey):
        await accounts.remove_client_key(tx, kid="first", **one)


@pytest.mark.parametrize(
    ("address", "is_in"),
    [
        ("192.0.2.7", True),
        ("::ffff:192.0.2.7", True),
        ("192.0.3.7", False),
        ("2001:db8::1", True),
        ("2001:db9::1", False),
        ("", False),
        ("unix", False),
    ],
)
def test_an_address_is_in_its_networks(address: str, *, is_in: bool) -> None:
    assert model.is_inside(address, ["192.0.2.0/24", "2001:db8::/32"]) is is_in
    assert model.is_inside(address, [])
