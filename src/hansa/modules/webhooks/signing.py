"""Secrets of endpoints and the signatures made with them, by Standard Webhooks 1.0.0.

What is signed is `id.timestamp.body`; with every secret in force, so that a receiver may go from
one to the next without missing anything.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hansa.modules.webhooks.model import SecretKind

SECRET_BYTES = 32
HMAC_PREFIX, PRIVATE_PREFIX, PUBLIC_PREFIX = "whsec_", "whsk_", "whpk_"


@dataclass(frozen=True, slots=True)
class Made:
    """A new secret: what is kept, what is shown once, what may always be shown."""

    kept: str = field(repr=False)
    shown: str = field(repr=False)
    public_key: str = ""


def make_secret(kind: SecretKind) -> Made:
    """Make a secret at random. Of an ed25519 pair only the public half ever leaves."""
    if kind is SecretKind.HMAC:
        text = HMAC_PREFIX + _text(secrets.token_bytes(SECRET_BYTES))
        return Made(kept=text, shown=text)
    private = Ed25519PrivateKey.generate()
    public = PUBLIC_PREFIX + _text(private.public_key().public_bytes_raw())
    return Made(
        kept=PRIVATE_PREFIX + _text(private.private_bytes_raw()), shown=public, public_key=public
    )


def signature(kept: str, *, message_id: str, at: datetime, body: bytes) -> str:
    """Sign a message with one secret.

    Raises:
        ValueError: this is no secret.
    """
    content = b".".join([message_id.encode(), str(int(at.timestamp())).encode(), body])
    if kept.startswith(HMAC_PREFIX):
        key = base64.b64decode(kept.removeprefix(HMAC_PREFIX), validate=True)
        return "v1," + _text(hmac.new(key, content, hashlib.sha256).digest())
    if kept.startswith(PRIVATE_PREFIX):
        seed = base64.b64decode(kept.removeprefix(PRIVATE_PREFIX), validate=True)
        return "v1a," + _text(Ed25519PrivateKey.from_private_bytes(seed).sign(content))
    raise ValueError("a secret of no known kind")


def headers_of(
    kept: Iterable[str], *, message_id: str, at: datetime, body: bytes
) -> dict[str, str]:
    """Give the headers that a message carries, signed with each secret in turn.

    Raises:
        ValueError: one is no secret.
    """
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(
            signature(one, message_id=message_id, at=at, body=body) for one in kept
        ),
    }


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
