"""What is sent to a device, and what can come of it."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from hansa.modules.notifications.model import Device

TTL_SECONDS_MAX = 2_419_200
_TOPIC_CHARACTERS = 32


class Urgency(StrEnum):
    """Whether a device is woken for it (RFC 8030, section 5.3)."""

    NORMAL = "normal"
    HIGH = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A message for one device, its text complete.

    `id` is the same each time it is sent; `collapse_key` tells which earlier ones it replaces.
    `link` is where a tap leads, below the site or the app.
    """

    id: UUID
    message_id: UUID
    collapse_key: str
    title: str = field(repr=False)
    body: str = field(repr=False)
    link: str = ""
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    urgency: Urgency = Urgency.NORMAL
    ttl_seconds: int = TTL_SECONDS_MAX

    @property
    def topic(self) -> str:
        """The collapse key as 32 characters that every service takes."""
        digest = hashlib.sha256(self.collapse_key.encode()).digest()
        return base64.urlsafe_b64encode(digest).decode()[:_TOPIC_CHARACTERS]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The push service has taken it; `reference` is its number there."""

    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """The device is no more: forget it."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """Not now; `is_unknown` if it may have been taken all the same."""

    reason: str
    retry_after_seconds: float = 0
    is_unknown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """It will never be taken as it is: a fault of ours or of the settings."""

    reason: str


Outcome = Sent | Gone | Later | Refused


class Channel(Protocol):
    """Sends to the devices of one push service."""

    async def send(self, push: Push, device: Device) -> Outcome:
        """Send a message to a device; whatever happens is an outcome."""
