"""The grant of client credentials by secret: RFC 6749 4.4, 5.1, 5.2, and RFC 8414."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hansa.modules import accounts
from tests.modules.accounts.oauth.conftest import ENDPOINT, FORM, ISSUER, PARTNER

HEAD = {"Content-Type": "application/x-www-form-urlencoded"}


async def test_a_secret_in_the_form_or_in_the_header_gets_a_token(a_program) -> None:
    program = await a_program(is_sandbox=True)

    answers = [await program.ask(), await program.ask_basic()]

    for answer in answers:
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-type"] == "application/json"
        body = answer.json()
        assert body.pop("access_token").startswith("hat_")
        assert body == {
            "token_type": "Bearer",
            "expires_in": 900,
            "scope": "loyalty.earn loyalty.read loyalty.spend",
        }


async def test_a_token_says_who_calls_for_which_partner(a_program) -> None:
    program = await a_program(is_sandbox=True)

    seen = await program.whoami(await program.token(scope="loyalty.read"))

    assert seen.json() == {
        "id": str(program.client.id),
        "kind": "key",
        "name": "till",
        "partner_id": str(PARTNER),
        "is_sandbox": True,
        "permissions": ["loyalty.read"],
    }


async def test_scopes_are_narrowed_and_never_widened(a_program) -> None:
    program = await a_program(scopes=["loyalty.read", "loyalty.earn"])

    narrowed = await program.ask(scope="loyalty.earn")
    widened = await program.ask(scope="loyalty.earn loyalty.spend")
    unknown = await program.ask(scope="everything")
    malformed = await program.ask(scope="loyalty.earn  loyalty.read")
    header = {"Authorization": f"Bearer {narrowed.json()['access_token']}"}

    assert narrowed.json()["scope"] == "loyalty.earn"
    assert (await program.whoami(header)).json()["code"] == "access.permission_missing"
    for answer in (widened, unknown, malformed):
        assert answer.status_code == 400
        assert answer.json()["error"] == "invalid_scope"
        assert "access_token" not in answer.json()


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": "password", "username": "a", "password": "b"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code", "code": "a"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, "unsupported_grant_type"),
    ],
)
async def test_other_grants_are_refused(a_program, http, form, error) -> None:
    program = await a_program()
    proof = {"client_id": program.client.public_id, "client_secret": program.secret}

    answer = await http.post("/oauth/token", data={**proof, **form})

    assert answer.status_code == 400
    assert answer.json()["error"] == error
    assert answer.headers["cache-control"] == "no-store"


async def test_a_wrong_proof_is_an_invalid_client(a_program, http) -> None:
    program, other = await a_program(), await a_program(name="other")
    public_id = program.client.public_id
    header = {"Authorization": "Bearer x"}

    answers = [
        await program.ask(client_secret="hcs_wrong"),
        await program.ask_basic("hcs_wrong"),
        await program.ask_basic(""),
        await program.ask(client_secret=other.secret),
        await program.ask(client_id="hc_00000000000000000000"),
        await program.ask(client_secret=""),
        await http.post("/oauth/token", data=FORM),
        await http.post("/oauth/token", data={**FORM, "client_id": public_id}),
        await http.post("/oauth/token", data=FORM, headers=header),
        await http.post("/oauth/token", data=FORM, headers={"Authorization": "Basic ???"}),
    ]

    for answer in answers:
        assert answer.status_code == 401, answer.text
        assert answer.json()["error"] == "invalid_client"
        assert answer.headers["www-authenticate"].startswith("Basic ")
        assert answer.headers["cache-control"] == "no-store"


async def test_two_proofs_at_once_are_refused(a_program) -> None:
    program = await a_program()

    answer = await program.ask_basic(
        client_id=program.client.public_id, client_secret=program.secret
    )

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("body", "head"),
    [
        (b"grant_type=client_credentials&grant_type=client_credentials", HEAD),
        (b'{"grant_type": "client_credentials"}', {"Content-Type": "application/json"}),
        (b"grant_type=client_credentials", {}),
        (b"&".join(b"a%d=1" % number for number in range(50)), HEAD),
        (b"grant_type=%ff%fe\xff", HEAD),
        (b"grant_type=client_credentials&scope=" + b"x" * 20_000, HEAD),
        (b"nonsense", HEAD),
    ],
)
async def test_what_is_no_form_is_an_invalid_request(http, body, head) -> None:
    answer = await http.post("/oauth/token", content=body, headers=head)

    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_request"


async def test_a_secret_of_the_address_does_not_count(a_program, http) -> None:
    program = await a_program()
    query = {"client_id": program.client.public_id, "client_secret": program.secret}

    answer = await http.post("/oauth/token", params=query, data=FORM)

    assert answer.json()["error"] == "invalid_client"


async def test_a_program_is_answered_as_a_program_even_if_it_takes_pages(a_program) -> None:
    program = await a_program()

    refused = await program.http.get(
        "/loyalty/v1/whoami", headers={"Accept": "text/html", "Authorization": "Bearer hat_x"}
    )
    nowhere = await program.http.get("/loyalty/v1/nowhere", headers={"Accept": "text/html"})

    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["www-authenticate"] == 'Bearer realm="Hansa", error="invalid_token"'
    assert nowhere.headers["content-type"] == "application/problem+json"


async def test_old_and_new_secret_work_side_by_side_until_the_old_one_ends(
    a_program, committing, clock
) -> None:
    program = await a_program()
    async with committing.transaction() as tx:
        _, new = await accounts.rotate_secret(
            tx,
            client_id=program.client.id,
            overlap=timedelta(hours=1),
            by=None,
            now=clock.now(),
        )

    during = [await program.ask(), await program.ask(client_secret=new)]
    clock.advance(timedelta(minutes=55))
    near_the_end = await program.ask()
    clock.advance(timedelta(minutes=5))
    after = [await program.ask(), await program.ask(client_secret=new)]

    assert [answer.status_code for answer in during] == [200, 200]
    assert near_the_end.json()["expires_in"] == 300
    assert [answer.status_code for answer in after] == [401, 200]


async def test_a_client_calls_from_its_own_addresses_only(a_program, committing, now) -> None:
    near = await a_program(networks=["127.0.0.0/8", "2001:db8::/32"])
    far = await a_program(networks=["192.0.2.0/24"])
    moved = await a_program()

    answers = [await near.ask(), await far.ask()]
    async with committing.transaction() as tx:
        await accounts.change_client(
            tx, client_id=moved.client.id, networks=["192.0.2.1"], by=None, now=now
        )
    refused = await moved.ask()

    assert (await near.whoami(await near.token())).status_code == 200
    assert [answer.status_code for answer in answers] == [200, 401]
    assert refused.json()["error_description"] == "the client may not call from this address"


async def test_spending_can_be_kept_for_those_who_sign(a_program) -> None:
    program = await a_program(spend_needs_key=True)

    everything = await program.ask()
    asked = await program.ask(scope="loyalty.spend")
    only_spending = await (await a_program(spend_needs_key=True, scopes=["loyalty.spend"])).ask()

    assert everything.json()["scope"] == "loyalty.earn loyalty.read"
    for answer in (asked, only_spending):
        assert answer.json()["error"] == "invalid_scope"
        assert "private_key_jwt" in answer.json()["error_description"]


async def test_the_server_describes_itself(http) -> None:
    answer = (await http.get("/.well-known/oauth-authorization-server")).json()

    assert answer["issuer"] == ISSUER
    assert answer["token_endpoint"] == ENDPOINT
    assert answer["grant_types_supported"] == ["client_credentials"]
    assert answer["token_endpoint_auth_methods_supported"] == [
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
    ]
    assert answer["token_endpoint_auth_signing_alg_values_supported"] == [
        "ES256",
        "RS256",
        "EdDSA",
    ]
    assert "loyalty.spend" in answer["scopes_supported"]
