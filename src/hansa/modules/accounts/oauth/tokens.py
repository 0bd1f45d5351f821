"""Access tokens: `hat_<key>.<content>.<signature>`, checked in memory and good for 15 minutes.

A token says all that a request must know of its client, signed with HMAC-SHA-256 under a key that
is derived from `secret_key`; the key's name is in the token, so one of another key is told at once.
Whether what it came from has ended since, only `ended` knows.
"""

import functools
import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from datetime import timedelta
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PREFIX = "hat_"
LIFETIME = timedelta(minutes=15)
PURPOSE = b"hansa.accounts.oauth.access-token"
KEY_BYTES = 32
TOKEN_CHARACTERS_MAX = 16_000


class Grant(msgspec.Struct, frozen=True, array_like=True):
    """What a token says. `credential_id` is the secret or key that got it."""

    client_id: UUID
    credential_id: UUID
    terms_id: UUID
    expires_at: int
    scopes: list[str]
    name: str
    partner_id: UUID | None
    is_sandbox: bool
    requests_per_minute: int | None
    networks: list[str]


class AccessTokens:
    """Writes and reads tokens under one key."""

    def __init__(self, secret: bytes) -> None:
        self._key = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=PURPOSE).derive(
            secret
        )
        name = hashlib.sha256(b"name:" + self._key).hexdigest()[:8]
        self._head = f"{PREFIX}{name}."
        self._encoder = msgspec.json.Encoder()
        self._decoder = msgspec.json.Decoder(Grant)

    def write(self, grant: Grant) -> str:
        """Give the token that says this."""
        content = urlsafe_b64encode(self._encoder.encode(grant)).rstrip(b"=").decode("ascii")
        signed = f"{self._head}{content}"
        return f"{signed}.{self._signature(signed)}"

    def read(self, token: str) -> Grant | None:
        """Give what a token says, or None if it is not ours. It may have run out."""
        if not token.startswith(self._head) or len(token) > TOKEN_CHARACTERS_MAX:
            return None
        signed, _, signature = token.rpartition(".")
        if not hmac.compare_digest(
            self._signature(signed).encode("ascii"), signature.encode("utf-8", "replace")
        ):
            return None
        content = signed[len(self._head) :]
        try:
            return self._decoder.decode(urlsafe_b64decode(content + "=" * (-len(content) % 4)))
        except (NotBase64, ValueError):  # signed by a Hansa that wrote tokens otherwise
            return None

    def _signature(self, signed: str) -> str:
        mac = hmac.digest(self._key, signed.encode("utf-8", "replace"), "sha256")
        return urlsafe_b64encode(mac).rstrip(b"=").decode("ascii")


@functools.lru_cache(maxsize=4)
def tokens_of(secret: bytes) -> AccessTokens:
    """Give the tokens of an application's secret; deriving the key is done once."""
    return AccessTokens(secret)
