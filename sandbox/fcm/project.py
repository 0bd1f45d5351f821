"""A Firebase project: its service account, access tokens, telephones and their messages."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

TOKEN_SECONDS = 3600
DATA_BYTES_MAX = 4096
TTL_SECONDS_MAX = 2_419_200
_KEY_BITS = 2048


@dataclass(frozen=True)
class Arrived:
    """A message on a telephone."""

    name: str
    title: str
    body: str
    tag: str
    at: float
    message: dict[str, Any]


@dataclass
class Telephone:
    """An app on a telephone; `is_gone`: it was removed. `project` registered the token."""

    token: str
    name: str
    project: str
    is_gone: bool = False
    arrived: list[Arrived] = field(default_factory=list)

    def shown(self) -> list[Arrived]:
        """What stands on the screen, newest first: one of each tag."""
        by_tag = {one.tag or one.name: one for one in self.arrived}
        return sorted(by_tag.values(), key=lambda one: -one.at)


@dataclass
class Project:
    """Everything Google knows of a project."""

    id: str
    origin: str
    email: str = "push@practice.iam.gserviceaccount.com"
    key: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(65537, _KEY_BITS)
    )
    telephones: dict[str, Telephone] = field(default_factory=dict)
    access: dict[str, float] = field(default_factory=dict)
    granted: int = 0
    time: Callable[[], float] = time.time

    def account(self) -> str:
        """Give the service account's file."""
        pem = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return msgspec.json.encode(
            {
                "type": "service_account",
                "project_id": self.id,
                "private_key_id": "practice",
                "private_key": pem.decode(),
                "client_email": self.email,
                "token_uri": f"{self.origin}/token",
            }
        ).decode()

    def add(self, name: str, *, project: str = "") -> Telephone:
        """Install the app on a telephone."""
        token = f"{secrets.token_urlsafe(16)}:{secrets.token_urlsafe(100)}"
        self.telephones[token] = Telephone(token, name or "Telephone", project or self.id)
        return self.telephones[token]

    def grant(self) -> str:
        """Give an access token for an hour."""
        self.granted += 1
        token = f"ya29.{secrets.token_urlsafe(40)}"
        self.access[token] = self.time() + TOKEN_SECONDS
        return token

    def may(self, token: str) -> bool:
        """Tell whether an access token holds."""
        return self.time() < self.access.get(token, 0)
