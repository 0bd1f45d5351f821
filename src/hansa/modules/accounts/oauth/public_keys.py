"""Public keys of clients: which ones we take, and the algorithm that goes with each.

The algorithm is the key's, never the message's: `none`, or HMAC with a public key as its secret,
cannot even be named.
"""

from base64 import urlsafe_b64decode
from collections.abc import Mapping

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey, import_key

from hansa.modules.accounts.oauth.model import KeyUnfit

ALGORITHMS = ("ES256", "RS256", "EdDSA")
RSA_BITS_MIN = 2048
RSA_BITS_MAX = 8192
KID_CHARACTERS_MAX = 200
_PUBLIC_PARTS = {
    "EC": ("kty", "crv", "x", "y"),
    "RSA": ("kty", "n", "e"),
    "OKP": ("kty", "crv", "x"),
}
_PRIVATE_PARTS = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")


def read_public_key(jwk: Mapping[str, object]) -> tuple[str, dict[str, str]]:
    """Give the name and the parts of a public key; the name is its RFC 7638 digest if it has none.

    Raises:
        KeyUnfit: it is not one, is private, or is of a kind we do not take.
    """
    if any(part in jwk for part in _PRIVATE_PARTS):
        raise KeyUnfit("it holds the private part; send the public key alone and make a new pair")
    parts = _PUBLIC_PARTS.get(str(jwk.get("kty")))
    if parts is None:
        raise KeyUnfit("its kty is none of EC, RSA and OKP")
    if jwk.get("use", "sig") != "sig":
        raise KeyUnfit("its use is not sig")
    kept = {part: str(jwk.get(part, "")) for part in parts}
    if jwk["kty"] == "RSA":
        _check_size(kept["n"])
    key = _imported(kept)
    algorithms = algorithms_of(key)
    wanted = jwk.get("alg")
    if wanted is not None and wanted not in algorithms:
        raise KeyUnfit(f"its alg does not go with it; {algorithms[0]} does")
    kid = jwk.get("kid")
    if kid is None:
        return str(key.thumbprint()), kept
    if not isinstance(kid, str) or not 1 <= len(kid) <= KID_CHARACTERS_MAX or not kid.isprintable():
        raise KeyUnfit(f"its kid is a text of 1 to {KID_CHARACTERS_MAX} characters")
    return kid, kept


def algorithms_of(key: Key) -> list[str]:
    """Give the algorithms that go with a key; the first is the usual name.

    Raises:
        KeyUnfit: none does.
    """
    if isinstance(key, ECKey) and key.curve_name == "P-256":
        return ["ES256"]
    if isinstance(key, OKPKey) and key.curve_name == "Ed25519":
        return ["EdDSA", "Ed25519"]
    if isinstance(key, RSAKey):
        return ["RS256"]
    raise KeyUnfit("its curve is neither P-256 nor Ed25519")


def _check_size(modulus: str) -> None:
    """Refuse an RSA key by its size, before anybody calculates with it."""
    try:
        number = int.from_bytes(urlsafe_b64decode(modulus + "=" * (-len(modulus) % 4)))
    except ValueError as error:
        raise KeyUnfit("its numbers are not those of a key") from error
    if not RSA_BITS_MIN <= number.bit_length() <= RSA_BITS_MAX:
        raise KeyUnfit(f"RSA keys have {RSA_BITS_MIN} to {RSA_BITS_MAX} bits")


def _imported(jwk: dict[str, str]) -> Key:
    try:
        key = import_key(dict[str, str | list[str]](jwk))
        # joserfc reads the numbers only when they are needed, and only then finds them wrong.
        assert key.raw_value is not None
    except (JoseError, ValueError, TypeError) as error:
        raise KeyUnfit("its numbers are not those of a key") from error
    return key


def key_of(jwk: Mapping[str, str]) -> Key:
    """Give the key that was kept.

    Raises:
        KeyUnfit: it cannot be read.
    """
    return _imported(dict(jwk))
