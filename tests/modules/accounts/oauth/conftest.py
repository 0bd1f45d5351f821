"""A site with accounts and two addresses of partners, and clients that sign in to it."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from litestar import get, post

from hansa.modules import accounts
from hansa.modules.accounts.manifest import MODULE
from hansa.runtime.clock import FixedClock
from hansa.runtime.database import Database
from hansa.runtime.http import Request, authorise
from hansa.runtime.module import Module, Permission
from tests.support.http import Site, application

ISSUER = "http://127.0.0.1:8000"
ENDPOINT = f"{ISSUER}/oauth/token"
PARTNER = UUID(int=77)
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
FORM = {"grant_type": "client_credentials"}


@get("/loyalty/v1/whoami")
async def whoami(request: Request) -> dict[str, object]:
    """Tell a program who it is."""
    actor = authorise(request, "loyalty.read")
    return {
        "id": str(actor.id),
        "kind": actor.kind,
        "name": actor.name,
        "partner_id": str(actor.partner_id) if actor.partner_id else None,
        "is_sandbox": actor.is_sandbox,
        "permissions": sorted(actor.permissions),
    }


@post("/loyalty/v1/spend")
async def spend(request: Request) -> None:
    """Do something that asks for more."""
    authorise(request, "loyalty.spend")


TRIAL = Module(
    name="trial",
    routes=[whoami, spend],
    permissions=[
        Permission(code=code, title=code)
        for code in ("loyalty.read", "loyalty.earn", "loyalty.spend")
    ],
)


@dataclass(frozen=True)
class Program:
    """A program of a partner, with what it needs to sign in."""

    client: accounts.Client
    secret: str
    http: httpx.AsyncClient

    async def ask(self, **form: str) -> httpx.Response:
        """Ask for a token by secret in the form."""
        proof = {"client_id": self.client.public_id, "client_secret": self.secret}
        return await self.http.post("/oauth/token", data={**FORM, **proof, **form})

    async def ask_basic(self, secret: str | None = None, **form: str) -> httpx.Response:
        """Ask for a token by secret in the header."""
        pair = f"{self.client.public_id}:{self.secret if secret is None else secret}"
        header = {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
        return await self.http.post("/oauth/token", data={**FORM, **form}, headers=header)

    async def ask_signed(self, assertion: str, **form: str) -> httpx.Response:
        """Ask for a token by an assertion."""
        proof = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
        return await self.http.post("/oauth/token", data={**FORM, **proof, **form})

    async def token(self, **form: str) -> dict[str, str]:
        """Give the header of a new token."""
        answer = await self.ask(**form)
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    async def whoami(self, header: dict[str, str]) -> httpx.Response:
        """Call an address of partners."""
        return await self.http.get("/loyalty/v1/whoami", headers=header)

    def claims(self, clock: FixedClock, **changed: object) -> dict[str, Any]:
        """Give the claims of a right assertion, with changes; None leaves a claim out."""
        at = int(clock.now().timestamp())
        claims: dict[str, Any] = {
            "iss": self.client.public_id,
            "sub": self.client.public_id,
            "aud": ISSUER,
            "iat": at,
            "exp": at + 60,
            "jti": uuid4().hex,
        }
        claims.update(changed)
        return {name: value for name, value in claims.items() if value is not None}


def signed(key: Key, claims: dict[str, Any], *, alg: str, kid: str | None = "first") -> str:
    """Sign an assertion."""
    header = {"alg": alg, "typ": "JWT", **({"kid": kid} if kid else {})}
    return jwt.encode(header, claims, key, algorithms=[alg])


def public_part(key: Key, kid: str | None = "first") -> dict[str, object]:
    """Give the public part as JWK."""
    return {**key.as_dict(private=False), **({"kid": kid} if kid else {})}


@pytest_asyncio.fixture(loop_scope="session")
async def site(settings, committing, clock):
    async with application(settings, committing, clock=clock, modules=[MODULE, TRIAL]) as site:
        yield site


@pytest_asyncio.fixture(loop_scope="session")
async def http(site):
    async with site.client() as client:
        yield client


MakeProgram = Callable[..., Awaitable[Program]]


@pytest.fixture
def a_program(site: Site, committing: Database, http, now) -> MakeProgram:
    """Make a client and what it needs; arguments are those of `create_client`."""

    async def make(**wanted: Any) -> Program:
        values = {
            "name": "till",
            "scopes": ["loyalty.read", "loyalty.earn", "loyalty.spend"],
            "partner_id": PARTNER,
            **wanted,
        }
        async with committing.transaction() as tx:
            client, secret = await accounts.create_client(tx, by=None, now=now, **values)
        return Program(client, secret or "", http)

    return make


@pytest.fixture
def give_key(committing: Database, now) -> Callable[..., Awaitable[None]]:
    """Give a client a public key."""

    async def give(program: Program, jwk: dict[str, object]) -> None:
        async with committing.transaction() as tx:
            await accounts.add_client_key(
                tx, client_id=program.client.id, jwk=jwk, by=None, now=now
            )

    return give


@pytest.fixture(scope="session")
def ec_key() -> ECKey:
    """A key of the client."""
    return ECKey.generate_key("P-256")


@pytest.fixture(scope="session")
def rsa_key() -> RSAKey:
    """A key of the client."""
    return RSAKey.generate_key(2048)


@pytest.fixture(scope="session")
def ed_key() -> OKPKey:
    """A key of the client."""
    return OKPKey.generate_key("Ed25519")
