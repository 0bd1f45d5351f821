"""Proof by a signed assertion: RFC 7523, and the ways to cheat that are known."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from hansa.modules import accounts
from hansa.modules.accounts.jobs import ForgetOld, forget_old
from hansa.modules.accounts.oauth.public_keys import read_public_key
from tests.modules.accounts.oauth.conftest import ENDPOINT, ISSUER, public_part, signed


@pytest.mark.parametrize(
    ("kind", "alg"),
    [("ec_key", "ES256"), ("rsa_key", "RS256"), ("ed_key", "Ed25519")],
)
async def test_an_assertion_gets_a_token(a_program, give_key, clock, request, kind, alg) -> None:
    key = request.getfixturevalue(kind)
    program = await a_program(spend_needs_key=True)
    await give_key(program, public_part(key))

    answers = [
        await program.ask_signed(signed(key, program.claims(clock), alg=alg)),
        await program.ask_signed(signed(key, program.claims(clock, aud=ENDPOINT), alg=alg)),
        await program.ask_signed(signed(key, program.claims(clock, aud=[ISSUER]), alg=alg)),
        await program.ask_signed(signed(key, program.claims(clock), alg=alg, kid=None)),
    ]

    for answer in answers:
        assert answer.status_code == 200, answer.text
        assert answer.json()["scope"] == "loyalty.earn loyalty.read loyalty.spend"
    token = {"Authorization": f"Bearer {answers[0].json()['access_token']}"}
    spent = await program.http.post("/loyalty/v1/spend", headers=token)
    assert spent.status_code == 201


async def test_eddsa_is_known_by_its_old_name(a_program, give_key, ed_key, clock) -> None:
    program = await a_program()
    await give_key(program, public_part(ed_key))
    head = {"alg": "EdDSA", "kid": "first"}
    content = json.dumps(program.claims(clock)).encode()
    with pytest.warns(UserWarning, match="RFC 9864"):
        assertion = jws.serialize_compact(head, content, ed_key, algorithms=["EdDSA"])

    answer = await program.ask_signed(assertion)

    assert answer.status_code == 200, answer.text


async def test_an_assertion_counts_once(a_program, give_key, ec_key, clock) -> None:
    program = await a_program()
    await give_key(program, public_part(ec_key))
    assertion = signed(ec_key, program.claims(clock), alg="ES256")
    raced = signed(ec_key, program.claims(clock), alg="ES256")

    first, second = await program.ask_signed(assertion), await program.ask_signed(assertion)
    at_once = await asyncio.gather(*(program.ask_signed(raced) for _ in range(8)))

    assert (first.status_code, second.status_code) == (200, 401)
    assert second.json()["error"] == "invalid_client"
    assert sorted(answer.status_code for answer in at_once) == [200] + [401] * 7


async def test_the_same_jti_of_another_client_is_another_one(
    a_program, give_key, ec_key, clock
) -> None:
    answers = []
    for name in ("one", "two"):
        program = await a_program(name=name)
        await give_key(program, public_part(ec_key))
        claims = program.claims(clock, jti="the same")
        answers.append(await program.ask_signed(signed(ec_key, claims, alg="ES256")))

    assert [answer.status_code for answer in answers] == [200, 200]


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": -31},
        {"exp": 331},
        {"exp": 3600},
        {"iat": 31},
        {"nbf": 31},
    ],
)
async def test_an_assertion_is_of_now(a_program, give_key, ec_key, clock, changed) -> None:
    program = await a_program()
    await give_key(program, public_part(ec_key))
    at = int(clock.now().timestamp())
    claims = program.claims(clock, **{name: at + seconds for name, seconds in changed.items()})

    answer = await program.ask_signed(signed(ec_key, claims, alg="ES256"))

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("changed", [{"exp": -29}, {"exp": 329}, {"iat": 29}, {"nbf": 29}])
async def test_half_a_minute_between_clocks_is_forgiven(
    a_program, give_key, ec_key, clock, changed
) -> None:
    program = await a_program()
    await give_key(program, public_part(ec_key))
    at = int(clock.now().timestamp())
    claims = program.claims(clock, **{name: at + seconds for name, seconds in changed.items()})

    answer = await program.ask_signed(signed(ec_key, claims, alg="ES256"))

    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "https://elsewhere.example"},
        {"aud": f"{ISSUER}/"},
        {"aud": [ISSUER, "https://elsewhere.example"]},
        {"aud": []},
        {"aud": None},
        {"iss": "hc_somebody_else"},
        {"sub": "hc_somebody_else"},
        {"iss": None},
        {"exp": None},
        {"exp": "soon"},
        {"jti": None},
        {"jti": ""},
        {"jti": "x" * 301},
    ],
)
async def test_claims_must_be_ours(a_program, give_key, ec_key, clock, changed) -> None:
    program = await a_program()
    await give_key(program, public_part(ec_key))
    head = {"alg": "ES256", "kid": "first"}
    content = json.dumps(program.claims(clock, **changed)).encode()

    answer = await program.ask_signed(jws.serialize_compact(head, content, ec_key))

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_the_message_does_not_choose_the_algorithm(
    a_program, give_key, rsa_key, clock
) -> None:
    program = await a_program()
    await give_key(program, public_part(rsa_key))
    claims = program.claims(clock)
    known = rsa_key.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    unsigned = _encoded({"alg": "none", "kid": "first"}), _encoded(claims)
    own = RSAKey.generate_key(2048)
    embedded = {"alg": "RS256", "kid": "first", "jwk": own.as_dict(private=False)}

    answers = [
        await program.ask_signed(assertion)
        for assertion in (
            ".".join((*unsigned, "")),
            ".".join(unsigned),
            _hmac(known, claims),
            _hmac(json.dumps(rsa_key.as_dict(private=False)).encode(), claims),
            signed(rsa_key, claims, alg="PS256"),
            signed(rsa_key, claims, alg="RS512"),
            jws.serialize_compact(embedded, json.dumps(claims).encode(), own),
            signed(own, claims, alg="RS256"),
            signed(rsa_key, claims, alg="RS256", kid="second"),
            signed(rsa_key, claims, alg="RS256")[:-4] + "AAAA",
            "a.b.c",
            "nonsense",
            "é.é.é",
        )
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert {answer.json()["error"] for answer in answers} == {"invalid_client"}
    right = await program.ask_signed(signed(rsa_key, claims, alg="RS256"))
    assert right.status_code == 200, "none of the forgeries used the jti up"


async def test_a_critical_header_that_nobody_understands_is_refused(
    a_program, give_key, ec_key, clock
) -> None:
    program = await a_program()
    await give_key(program, public_part(ec_key))
    head = _encoded({"alg": "ES256", "kid": "first", "crit": ["exp"], "exp": 1})
    content = _encoded(program.claims(clock))
    good = signed(ec_key, program.claims(clock), alg="ES256")

    answer = await program.ask_signed(f"{head}.{content}.{good.rpartition('.')[2]}")

    assert answer.json()["error"] == "invalid_client"


async def test_the_form_of_an_assertion_is_checked(a_program, give_key, ec_key, clock) -> None:
    program = await a_program()
    await give_key(program, public_part(ec_key))
    assertion = signed(ec_key, program.claims(clock), alg="ES256")

    kind = await program.ask_signed(assertion, client_assertion_type="jwt")
    other = await program.ask_signed(assertion, client_id="hc_somebody_else")
    right = await program.ask_signed(assertion, client_id=program.client.public_id)

    assert (kind.status_code, kind.json()["error"]) == (400, "invalid_request")
    assert (other.status_code, other.json()["error"]) == (401, "invalid_client")
    assert right.status_code == 200


async def test_keys_rotate_side_by_side(a_program, give_key, ec_key, ed_key, committing, clock):
    program = await a_program()
    await give_key(program, public_part(ec_key, "old"))
    await give_key(program, public_part(ed_key, "new"))

    def old() -> str:
        return signed(ec_key, program.claims(clock), alg="ES256", kid="old")

    both = [
        await program.ask_signed(old()),
        await program.ask_signed(signed(ed_key, program.claims(clock), alg="Ed25519", kid="new")),
    ]
    async with committing.transaction() as tx:
        await accounts.remove_client_key(
            tx, client_id=program.client.id, kid="old", by=None, now=clock.now()
        )
    gone = await program.ask_signed(old())

    assert [answer.status_code for answer in both] == [200, 200]
    assert gone.status_code == 401


async def test_used_assertions_are_forgotten_when_they_have_run_out(
    a_program, give_key, ec_key, clock, site, committing
) -> None:
    program = await a_program()
    await give_key(program, public_part(ec_key))
    await program.ask_signed(signed(ec_key, program.claims(clock), alg="ES256"))
    count = "select count(*) from account_oauth_assertion"

    async def kept() -> int:
        await forget_old(site.context, ForgetOld())
        async with committing.snapshot(single=True) as snapshot:
            return int(await snapshot.scalar(count))

    clock.advance(timedelta(seconds=89))
    before = await kept()
    clock.advance(timedelta(seconds=2))
    after = await kept()

    assert (before, after) == (1, 0)


@pytest.mark.parametrize(
    ("jwk", "reason"),
    [
        ({}, "kty"),
        ({"kty": "oct", "k": "AAAA"}, "private"),
        ({"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"}, "numbers"),
        ({"kty": "RSA", "n": "!", "e": "AQAB"}, "bits"),
        ({"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}, "numbers"),
        (ECKey.generate_key("P-256").as_dict(private=True), "private"),
        (ECKey.generate_key("P-384").as_dict(private=False), "curve"),
        ({**ECKey.generate_key("P-256").as_dict(private=False), "use": "enc"}, "use"),
        ({**ECKey.generate_key("P-256").as_dict(private=False), "alg": "RS256"}, "alg"),
        ({**ECKey.generate_key("P-256").as_dict(private=False), "kid": ""}, "kid"),
        ({"kty": "RSA", "n": base64.urlsafe_b64encode(b"\xff" * 128).decode(), "e": "AQAB"}, "bit"),
    ],
)
def test_unfit_keys_are_refused(jwk, reason) -> None:
    with pytest.raises(accounts.KeyUnfit, match=reason):
        read_public_key(jwk)


def test_a_key_without_a_name_is_named_by_its_digest(ec_key) -> None:
    kid, kept = read_public_key(public_part(ec_key, None))

    assert kid == ec_key.thumbprint()
    assert set(kept) == {"kty", "crv", "x", "y"}


def _encoded(value: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _hmac(secret: bytes, claims: dict[str, object]) -> str:
    """Sign with what everybody knows, as if it were a shared secret."""
    head = _encoded({"alg": "HS256", "kid": "first"})
    content = f"{head}.{_encoded(claims)}"
    mac = hmac.digest(secret, content.encode(), "sha256")
    return f"{content}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
