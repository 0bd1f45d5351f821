"""Secrets: made at random, kept as digests; those we must read again are kept encrypted."""

import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

TOKEN_BYTES = 32
NONCE_BYTES = 12
SEAL_KEY_BYTES = 32
SEAL_PURPOSE = b"hansa.accounts.kept-secret"


def new_token() -> str:
    """Make a secret that nobody guesses."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest(token: str) -> bytes:
    """Give what is kept of a token. It is random, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()


def seal(key: bytes, plain: bytes) -> bytes:
    """Encrypt a short secret with AES-256-GCM under a random nonce, which comes first."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + _cipher(key).encrypt(nonce, plain, SEAL_PURPOSE)


def unseal(key: bytes, sealed: bytes) -> bytes:
    """Decrypt what `seal` gave.

    Raises:
        ValueError: it was changed, or sealed with another key.
    """
    try:
        return _cipher(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], SEAL_PURPOSE)
    except InvalidTag as error:
        raise ValueError("a kept secret was sealed with another key") from error


def sign(key: bytes, purpose: str, text: str) -> str:
    """Sign a text that goes out and comes back."""
    return hmac.new(key, f"{purpose}:{text}".encode(), hashlib.sha256).hexdigest()


def _cipher(key: bytes) -> AESGCM:
    """Derive a key for this purpose alone: the application's secret also signs."""
    derived = HKDF(algorithm=SHA256(), length=SEAL_KEY_BYTES, salt=None, info=SEAL_PURPOSE)
    return AESGCM(derived.derive(key))
