"""Signed assertions (RFC 7523): a client proves by its private key that it is itself."""

import hashlib
from base64 import urlsafe_b64decode
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwa import JWSAlgModel

from hansa.modules.accounts.oauth.model import ClientKey, KeyUnfit
from hansa.modules.accounts.oauth.public_keys import algorithms_of, key_of

LIFETIME_MAX = timedelta(minutes=5)
SKEW = timedelta(seconds=30)
JTI_CHARACTERS_MAX = 300


class _Claims(msgspec.Struct):
    """What an assertion must say; whatever else it says is left aside."""

    iss: str
    sub: str
    aud: str | list[str]
    exp: float
    jti: str
    nbf: float | None = None
    iat: float | None = None


class _Header(msgspec.Struct):
    kid: str | None = None


_claims = msgspec.json.Decoder(_Claims)
_header = msgspec.json.Decoder(_Header)


class _Registry(jws.JWSRegistry):
    """Knows EdDSA by the name of its one curve here: RFC 9864 gave each curve its own."""

    def get_alg(self, name: str) -> JWSAlgModel:
        return super().get_alg("Ed25519" if name == "EdDSA" else name)


class AssertionWrong(Exception):
    """The assertion proves nothing; the sentence says why, for whoever wrote the client."""


def subject_of(assertion: str) -> str:
    """Give the client an assertion speaks of, before anything of it is believed.

    Raises:
        AssertionWrong: it cannot be read.
    """
    return _claims_of(assertion).sub


def check_assertion(
    assertion: str,
    *,
    public_id: str,
    keys: Sequence[ClientKey],
    audiences: Collection[str],
    now: datetime,
) -> tuple[ClientKey, bytes, datetime]:
    """Give the key that signed, the digest of `jti`, and when the assertion has run out.

    Raises:
        AssertionWrong: it is not signed by a key of the client, is not for us, or not of now.
    """
    key = _verified(assertion, keys)
    claims = _claims_of(assertion)
    if claims.iss != public_id or claims.sub != public_id:
        raise AssertionWrong("iss and sub must both be the client_id")
    wanted = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    # One audience only: whoever else were named could use the assertion here.
    if len(wanted) != 1 or wanted[0] not in audiences:
        raise AssertionWrong("aud must be the issuer or the token endpoint, and nothing else")
    ends_at = _check_times(claims, now)
    if not 1 <= len(claims.jti) <= JTI_CHARACTERS_MAX:
        raise AssertionWrong(f"jti must have 1 to {JTI_CHARACTERS_MAX} characters")
    return key, hashlib.sha256(claims.jti.encode("utf-8", "surrogatepass")).digest(), ends_at


def _check_times(claims: _Claims, now: datetime) -> datetime:
    """Give the instant after which the assertion is refused anyway."""
    at, skew = now.timestamp(), SKEW.total_seconds()
    if claims.exp <= at - skew:
        raise AssertionWrong("the assertion has expired")
    if claims.exp > at + LIFETIME_MAX.total_seconds() + skew:
        raise AssertionWrong("exp must be at most five minutes ahead")
    if claims.nbf is not None and claims.nbf > at + skew:
        raise AssertionWrong("the assertion is not valid yet")
    if claims.iat is not None and claims.iat > at + skew:
        raise AssertionWrong("the assertion is from the future; check the clock")
    return datetime.fromtimestamp(claims.exp, UTC) + SKEW


def _verified(assertion: str, keys: Sequence[ClientKey]) -> ClientKey:
    """Give the key that signed; the key says which algorithms may be used, not the message."""
    try:
        kid = _header.decode(_part(assertion, 0)).kid
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise AssertionWrong("the assertion cannot be read") from error
    for one in keys:
        if kid is not None and one.kid != kid:
            continue
        try:
            key = key_of(one.jwk)
            registry = _Registry(algorithms=algorithms_of(key), strict_check_header=False)
            jws.deserialize_compact(assertion, key, registry=registry)
        except (JoseError, KeyUnfit, ValueError, TypeError, KeyError):
            continue
        return one
    raise AssertionWrong("no key of the client has signed this assertion")


def _claims_of(assertion: str) -> _Claims:
    try:
        return _claims.decode(_part(assertion, 1))
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise AssertionWrong(
            "the assertion must be a JWT with iss, sub, aud, exp and jti"
        ) from error


def _part(assertion: str, index: int) -> bytes:
    parts = assertion.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, content, signature
        raise AssertionWrong("the assertion must be a signed JWT")
    try:
        part = parts[index].encode("ascii")
        return urlsafe_b64decode(part + b"=" * (-len(part) % 4))
    except ValueError as error:
        raise AssertionWrong("the assertion cannot be read") from error
