"""Signed tokens (RFC 7519): ES256 to push services of browsers, RS256 to Google."""

import base64
from collections.abc import Mapping

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

_P256_BYTES = 32


def sign(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    claims: Mapping[str, str | int],
    *,
    key_id: str = "",
) -> str:
    """Sign claims with a key of the curve P-256 or an RSA key."""
    is_elliptic = isinstance(key, ec.EllipticCurvePrivateKey)
    header = {"typ": "JWT", "alg": "ES256" if is_elliptic else "RS256"}
    if key_id:
        header["kid"] = key_id
    signed = f"{_encode(msgspec.json.encode(header))}.{_encode(msgspec.json.encode(claims))}"
    if isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(SHA256())))
        signature = r.to_bytes(_P256_BYTES, "big") + s.to_bytes(_P256_BYTES, "big")
    else:
        signature = key.sign(signed.encode(), padding.PKCS1v15(), SHA256())
    return f"{signed}.{_encode(signature)}"


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
