"""Browsers with their subscriptions, and what was pushed to them."""

import base64
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_SALT, _RECORD, _KEY_LENGTH = 16, 4, 1


class CannotDecrypt(ValueError):
    """A browser cannot read what was sent to it."""


@dataclass(frozen=True)
class Pushed:
    """A message that a browser has read."""

    title: str
    body: str
    tag: str
    topic: str
    urgency: str
    ttl: int
    at: float
    payload: dict[str, Any]


@dataclass
class Browser:
    """A subscription with the keys only the browser knows; `application_key` is whose it is."""

    token: str
    name: str
    application_key: str = ""
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    auth: bytes = field(default_factory=lambda: os.urandom(16))
    is_gone: bool = False
    pushed: list[Pushed] = field(default_factory=list)

    @property
    def public(self) -> bytes:
        """The browser's public key."""
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def shown(self) -> list[Pushed]:
        """What stands on the screen, newest first: one of each tag."""
        by_tag = {one.tag: one for one in self.pushed}
        return sorted(by_tag.values(), key=lambda one: -one.at)

    def read(self, body: bytes) -> dict[str, Any]:
        """Decrypt a body of the coding aes128gcm.

        Raises:
            CannotDecrypt: it was not encrypted for this browser.
        """
        begin = _SALT + _RECORD + _KEY_LENGTH
        if len(body) < begin or len(body) < begin + body[begin - 1]:
            raise CannotDecrypt("cut short")
        salt, length = body[:_SALT], body[begin - 1]
        sender_raw, sealed = body[begin : begin + length], body[begin + length :]
        try:
            sender = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender_raw)
            shared = self.key.exchange(ec.ECDH(), sender)
            info = b"WebPush: info\0" + self.public + sender_raw
            secret = _derive(shared, self.auth, info, 32)
            key = _derive(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
            nonce = _derive(secret, salt, b"Content-Encoding: nonce\0", 12)
            plain = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\0")
        except (ValueError, InvalidTag) as error:
            raise CannotDecrypt("not for this browser") from error
        if not plain.endswith(b"\x02"):
            raise CannotDecrypt("no last record")
        return msgspec.json.decode(plain[:-1], type=dict[str, Any])


class Kept(msgspec.Struct):
    """A browser as whoever made it wrote it down; `secret` in hexadecimal, `auth` in base64url."""

    token: str
    name: str
    secret: str
    auth: str


class KeptBrowsers(msgspec.Struct):
    """A file of browsers."""

    browsers: list[Kept] = []


@dataclass
class Browsers:
    """Everybody who has subscribed."""

    known: dict[str, Browser] = field(default_factory=dict)
    time: Callable[[], float] = time.time

    def add(self, name: str, application_key: str = "") -> Browser:
        """Make a browser that subscribes."""
        browser = Browser(secrets.token_urlsafe(24), name or "Browser", application_key)
        self.known[browser.token] = browser
        return browser

    def restore(self, kept: Kept) -> None:
        """Take a browser that was made elsewhere."""
        key = ec.derive_private_key(int(kept.secret, 16), ec.SECP256R1())
        auth = base64.urlsafe_b64decode(kept.auth + "=" * (-len(kept.auth) % 4))
        self.known[kept.token] = Browser(kept.token, kept.name, key=key, auth=auth)


def written(raw: bytes) -> str:
    """Write bytes as base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _derive(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(secret)
