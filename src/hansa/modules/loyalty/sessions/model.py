"""Sessions of the members' app as values."""

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from hansa.kernel.errors import Forbidden, NotFound
from hansa.modules.loyalty.members import bucket_of

LIFETIME = timedelta(days=90)
HANDOVER_LIFETIME = timedelta(seconds=60)
SEEN_AFTER = timedelta(minutes=5)
TOKEN_BYTES = 32
TOKEN_CHARACTERS_MAX = 100
KEY_PREFIX = "hmk_"
HANDOVER_PREFIX = "hmh_"
_BUCKET = re.compile(f"(?:{KEY_PREFIX}|{HANDOVER_PREFIX})?([0-9a-f]{{2}})\\.")


class SessionKind(StrEnum):
    """A browser with a cookie, or a native shell with a key."""

    BROWSER = "browser"
    SHELL = "shell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Where a member is signed in. A browser inside a shell has the shell's session as parent."""

    id: UUID
    kind: SessionKind
    member_id: UUID
    parent_id: UUID | None
    agent: str
    started_at: datetime
    seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A session just begun, with the secret that stands for it, told this once."""

    id: UUID
    expires_at: datetime
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """A token that makes one session of a web view."""

    expires_at: datetime
    token: str = field(repr=False)


@dataclass(eq=False)
class KeyWrong(Forbidden):
    """The app's key is wrong, has ended or was taken back."""

    code: ClassVar[str] = "loyalty.app_key_wrong"
    message: ClassVar[str] = "Sign in again."


@dataclass(eq=False)
class HandoverWrong(Forbidden):
    """The token was used, is older than a minute, or is none of ours."""

    code: ClassVar[str] = "loyalty.handover_wrong"
    message: ClassVar[str] = "This link was used or is too old. Open the page from the app again."


@dataclass(eq=False)
class NotJoined(NotFound):
    """Nobody of a programme has this telephone, and no consent to join was sent."""

    code: ClassVar[str] = "loyalty.not_joined"
    message: ClassVar[str] = "Nobody has joined by this telephone yet. Agree to the rules to join."


@dataclass(eq=False)
class NoProgramme(NotFound):
    """There is no programme, or none is open."""

    code: ClassVar[str] = "loyalty.no_programme"
    message: ClassVar[str] = "There is no programme to join yet."


def token_of(prefix: str, member_id: UUID) -> str:
    """Make a secret that says which bucket its member is in: `hmk_a7.` and what nobody guesses.

    So the front before several cells finds the cell of a cookie or key without asking anybody.
    """
    return f"{prefix}{bucket_of(member_id):02x}.{secrets.token_urlsafe(TOKEN_BYTES)}"


def bucket_in(token: str) -> int | None:
    """Read the bucket in a cookie, key or token, or None if it says none."""
    found = _BUCKET.match(token)
    return int(found[1], 16) if found and len(token) <= TOKEN_CHARACTERS_MAX else None


def digest(token: str) -> bytes:
    """Give what is kept of a secret. They are drawn by us and long, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()
