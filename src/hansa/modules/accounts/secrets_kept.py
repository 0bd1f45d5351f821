"""Secrets: made at random, kept as digests; those we must read again are kept encrypted."""

import hashlib
import hmac
import secrets

TOKEN_BYTES = 32
NONCE_BYTES = 16
TAG_BYTES = 32


def new_token() -> str:
    """Make a secret that nobody guesses."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest(token: str) -> bytes:
    """Give what is kept of a token. It is random, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()


def seal(key: bytes, plain: bytes) -> bytes:
    """Encrypt a short secret: HMAC-SHA-256 as a stream cipher under a random nonce, then a tag."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    body = _mixed(key, nonce, plain)
    return nonce + body + _tag(key, nonce + body)


def unseal(key: bytes, sealed: bytes) -> bytes:
    """Decrypt what `seal` gave.

    Raises:
        ValueError: it was changed, or sealed with another key.
    """
    nonce, body, tag = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:-TAG_BYTES], sealed[-TAG_BYTES:]
    if not hmac.compare_digest(tag, _tag(key, nonce + body)):
        raise ValueError("a kept secret was sealed with another key")
    return _mixed(key, nonce, body)


def sign(key: bytes, purpose: str, text: str) -> str:
    """Sign a text that goes out and comes back."""
    return hmac.new(key, f"{purpose}:{text}".encode(), hashlib.sha256).hexdigest()


def _mixed(key: bytes, nonce: bytes, text: bytes) -> bytes:
    stream = b""
    block = 0
    while len(stream) < len(text):
        stream += hmac.new(key, b"stream:" + nonce + bytes([block]), hashlib.sha256).digest()
        block += 1
    return bytes(left ^ right for left, right in zip(text, stream, strict=False))


def _tag(key: bytes, text: bytes) -> bytes:
    return hmac.new(key, b"tag:" + text, hashlib.sha256).digest()
