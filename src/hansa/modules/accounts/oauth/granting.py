"""The grant of client credentials (RFC 6749 4.4): who asks, what proves it, what they get."""

import base64
import binascii
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from urllib.parse import parse_qsl, unquote_plus
from uuid import UUID

from hansa.kernel.errors import Rejected
from hansa.modules.accounts.oauth import model, queries, store
from hansa.modules.accounts.oauth.assertions import AssertionWrong, check_assertion, subject_of
from hansa.modules.accounts.oauth.tokens import LIFETIME, Grant
from hansa.modules.accounts.secrets_kept import digest
from hansa.runtime.database import Database

FORM = "application/x-www-form-urlencoded"
GRANT_TYPE = "client_credentials"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
FORM_FIELDS_MAX = 30
VALUE_CHARACTERS_MAX = 10_000
TOUCH_AFTER = timedelta(minutes=5)
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*\Z")


@dataclass(eq=False)
class TokenRefused(Rejected):
    """No token: `error` is one of RFC 6749 5.2, `reason` is for whoever writes the client."""

    code: ClassVar[str] = "oauth.refused"
    message: ClassVar[str] = "No token is given: {reason}."

    error: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """What was asked, read and checked for form; nothing of it is believed yet."""

    client_id: str
    method: model.Method
    proof: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Proven:
    """By which secret or key it was proven; `ends_at` is when that ends, if it does."""

    credential_id: UUID
    ends_at: datetime | None = None
    jti_hash: bytes | None = None
    jti_kept_until: datetime | None = None


def _wrong(reason: str) -> TokenRefused:
    return TokenRefused("invalid_request", reason)


def _unknown(reason: str = "the client is unknown or its proof is wrong") -> TokenRefused:
    return TokenRefused("invalid_client", reason)


def read_request(*, content_type: str, body: bytes, authorization: bytes | None) -> TokenRequest:
    """Read a call of the token endpoint.

    Raises:
        TokenRefused: it is not one; or it is of another grant, or proves the client in no way or
            in two.
    """
    if content_type.partition(";")[0].strip().lower() != FORM:
        raise _wrong(f"send the parameters as {FORM}")
    form = _form_of(body)
    if "grant_type" not in form:
        raise _wrong("grant_type is missing")
    if form["grant_type"] != GRANT_TYPE:
        raise TokenRefused("unsupported_grant_type", f"only {GRANT_TYPE} is offered")
    client_id, method, proof = _proof_of(form, authorization)
    scope = form.get("scope", "")
    if scope and not _SCOPE.match(scope):
        raise TokenRefused("invalid_scope", "scope is names separated by single spaces")
    return TokenRequest(
        client_id=client_id,
        method=method,
        proof=proof,
        scopes=frozenset(scope.split(" ")) if scope else frozenset(),
    )


def _form_of(body: bytes) -> dict[str, str]:
    """Read the form; what is empty counts as left out (RFC 6749 3.2), what comes twice is wrong."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"), errors="strict", max_num_fields=FORM_FIELDS_MAX, separator="&"
        )
    except ValueError as error:
        raise _wrong("the form cannot be read") from error
    form = dict(pairs)
    if len(form) != len(pairs):
        raise _wrong("a parameter came twice")
    if any(len(value) > VALUE_CHARACTERS_MAX for value in form.values()):
        raise _wrong("a parameter is too long")
    return form


def _proof_of(form: dict[str, str], authorization: bytes | None) -> tuple[str, model.Method, str]:
    """Give the client, how it proves itself, and the secret or assertion."""
    ways = [authorization is not None, "client_secret" in form, "client_assertion" in form]
    if sum(ways) > 1:
        raise _wrong("prove the client in one way only")
    if authorization is not None:
        client_id, secret = _basic(authorization)
        if form.get("client_id", client_id) != client_id:
            raise _wrong("client_id is another than that of the Authorization header")
        return client_id, "client_secret_basic", secret
    if "client_assertion" in form:
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise _wrong(f"client_assertion_type must be {ASSERTION_TYPE}")
        assertion = form["client_assertion"]
        try:
            subject = subject_of(assertion)
        except AssertionWrong as error:
            raise _unknown(str(error)) from error
        if form.get("client_id", subject) != subject:
            raise _unknown("client_id is another than the sub of the assertion")
        return subject, "private_key_jwt", assertion
    if "client_id" not in form or "client_secret" not in form:
        raise _unknown("the client has not proven who it is")
    return form["client_id"], "client_secret_post", form["client_secret"]


def _basic(authorization: bytes) -> tuple[str, str]:
    """Read name and secret, which are form-encoded before they are put together (2.3.1)."""
    scheme, _, value = authorization.partition(b" ")
    if scheme.lower() != b"basic":
        raise _unknown("the Authorization header must be Basic")
    try:
        pair = base64.b64decode(value.strip(), validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise _unknown("the Authorization header cannot be read") from error
    client_id, colon, secret = pair.partition(":")
    if not colon:
        raise _unknown("the Authorization header cannot be read")
    return unquote_plus(client_id), unquote_plus(secret)


async def grant(
    database: Database,
    asked: TokenRequest,
    *,
    audiences: Collection[str],
    address: str,
    now: datetime,
) -> Grant:
    """Give what the client's token will say.

    Raises:
        TokenRefused: the client is not who it says, calls from elsewhere, or asks for too much.
    """
    async with database.snapshot() as snap:
        row = await snap.maybe(store.FIND_CLIENT, {"public_id": asked.client_id})
        if row is None:
            raise _unknown()
        client = queries.client_of(row)
        if asked.method == "private_key_jwt":
            keys = await queries.keys_of(snap, client_id=client.id)
            secret = None
        else:
            keys = []
            secret = await snap.maybe(
                store.FIND_SECRET,
                {"client_id": client.id, "secret_hash": digest(asked.proof), "now": now},
            )
    if asked.method == "private_key_jwt":
        proven = _by_assertion(asked, client, keys, audiences, now)
    elif secret is None:
        raise _unknown()
    else:
        proven = _Proven(credential_id=secret.id, ends_at=secret.expires_at)
    if not model.is_inside(address, client.networks):
        raise _unknown("the client may not call from this address")
    await _note_use(database, client, proven, now)
    scopes, refused = model.granted(client, asked=asked.scopes, method=asked.method)
    if refused or not scopes:
        raise TokenRefused("invalid_scope", _scope_reason(client, refused))
    ends_at = now + LIFETIME
    if proven.ends_at is not None:
        ends_at = min(ends_at, proven.ends_at)
    return Grant(
        client_id=client.id,
        credential_id=proven.credential_id,
        terms_id=client.terms_id,
        expires_at=int(ends_at.timestamp()),
        scopes=scopes,
        name=client.name,
        partner_id=client.partner_id,
        is_sandbox=client.is_sandbox,
        requests_per_minute=client.requests_per_minute,
        networks=list(client.networks),
    )


def _scope_reason(client: model.Client, refused: list[str]) -> str:
    """Say why scopes are refused; those beyond the client's are named as they were asked."""
    by_key = [scope for scope in refused if scope in client.scopes]
    if by_key or not refused:
        return "some scopes of this client are given by private_key_jwt only"
    return "the client does not have all of these scopes"


def _by_assertion(
    asked: TokenRequest,
    client: model.Client,
    keys: list[model.ClientKey],
    audiences: Collection[str],
    now: datetime,
) -> _Proven:
    try:
        key, jti_hash, kept_until = check_assertion(
            asked.proof, public_id=client.public_id, keys=keys, audiences=audiences, now=now
        )
    except AssertionWrong as error:
        raise _unknown(str(error)) from error
    return _Proven(credential_id=key.id, jti_hash=jti_hash, jti_kept_until=kept_until)


async def _note_use(
    database: Database, client: model.Client, proven: _Proven, now: datetime
) -> None:
    """Write down an assertion, so that it counts once, and now and then when the client came."""
    is_due = client.used_at is None or now - client.used_at > TOUCH_AFTER
    if proven.jti_hash is None and not is_due:
        return
    async with database.transaction() as tx:
        if proven.jti_hash is not None:
            used = await tx.execute(
                store.USE_ASSERTION,
                {
                    "client_id": client.id,
                    "jti_hash": proven.jti_hash,
                    "expires_at": proven.jti_kept_until,
                },
            )
            if used == 0:
                raise _unknown("this assertion was used before; make a new one each time")
        if is_due:
            await tx.execute(store.TOUCH_CLIENT, {"id": client.id, "now": now})
