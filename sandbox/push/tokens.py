"""Reading signed tokens as the receiving side does: signature, audience, life."""

import base64
import binascii
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256


class TokenWrong(ValueError):
    """A token that does not prove what it says."""


def decode(text: str) -> bytes:
    """Read base64url without its padding."""
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise TokenWrong("no base64url") from error


def claims_of(token: str, key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> dict[str, Any]:
    """Give the claims of a token that was signed with this key."""
    head, _, rest = token.partition(".")
    payload, _, signature = rest.partition(".")
    expected = "ES256" if isinstance(key, ec.EllipticCurvePublicKey) else "RS256"
    try:
        header = msgspec.json.decode(decode(head), type=dict[str, Any])
        if header.get("alg") != expected:
            raise TokenWrong(f"alg is not {expected}")
        raw, signed = decode(signature), f"{head}.{payload}".encode()
        if isinstance(key, ec.EllipticCurvePublicKey):
            if len(raw) != 64:  # noqa: PLR2004 - two numbers of the curve
                raise TokenWrong("a signature of another length")
            r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
            key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))
        else:
            key.verify(raw, signed, padding.PKCS1v15(), SHA256())
        return msgspec.json.decode(decode(payload), type=dict[str, Any])
    except InvalidSignature as error:
        raise TokenWrong("the signature is wrong") from error
    except msgspec.DecodeError as error:
        raise TokenWrong("no token") from error
