"""Devices and messages as values. Addresses of devices never show in `repr`."""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import available_timezones

from hansa.kernel.errors import Invalid, NotFound, Rejected

ADDRESS_CHARACTERS_MAX = 2000
DEVICES_MAX = 20
STALE_AFTER = timedelta(days=30)
REMOVED_AFTER = timedelta(days=270)
PUBLIC_KEY_BYTES, AUTH_BYTES = 65, 16

_LANGUAGE = re.compile(r"[a-z]{2,3}")
_EDNA = re.compile(r"\+?[0-9]{5,15}|[A-Za-z0-9:_-]{6,200}")


class ChannelName(StrEnum):
    """By which service a device is reached."""

    WEBPUSH = "webpush"
    FCM = "fcm"
    EDNA = "edna"


class Kind(StrEnum):
    """What a message is for. Offers and expiry warnings need consent and count against the cap."""

    TRANSACTIONAL = "transactional"
    OFFERS = "offers"
    EXPIRY = "expiry"

    @property
    def is_marketing(self) -> bool:
        """Tell whether it needs consent and counts against the cap."""
        return self is not Kind.TRANSACTIONAL


@dataclass(eq=False)
class DeviceInvalid(Invalid):
    """Something about a device is no such thing; the value is not repeated."""

    code: ClassVar[str] = "notifications.device_invalid"
    message: ClassVar[str] = "This device cannot be registered: {field} is not right."

    field: str


@dataclass(eq=False)
class NoSuchDevice(NotFound):
    """The member has no such device: it was removed, or never was theirs."""

    code: ClassVar[str] = "notifications.no_such_device"
    message: ClassVar[str] = "There is no such device. Register it anew."


@dataclass(eq=False)
class TooManyDevices(Rejected):
    """More devices than a person can own."""

    code: ClassVar[str] = "notifications.too_many_devices"
    message: ClassVar[str] = "At most {devices_max} devices can be registered. Remove one first."

    devices_max: int


@dataclass(eq=False)
class NotAMember(Rejected):
    """Whoever is signed in takes part in no programme."""

    code: ClassVar[str] = "notifications.not_a_member"
    message: ClassVar[str] = "Join the programme first."


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDevice:
    """A subscription as the app tells it; `installation` names the telephone or browser.

    `address` is an endpoint (with `key_public` and `key_auth`, base64url), a token, or at EDNA a
    telephone or push id. A device may have several.
    """

    channel: ChannelName
    address: str = field(repr=False)
    key_public: str = field(default="", repr=False)
    key_auth: str = field(default="", repr=False)
    installation: str = ""
    app_version: str = ""
    language: str = ""
    time_zone: str = ""

    @property
    def digest(self) -> bytes:
        """What is unique of the address."""
        return hashlib.sha256(self.address.encode()).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Device(NewDevice):
    """A registered subscription."""

    id: UUID
    member_id: UUID
    created_at: datetime
    seen_at: datetime

    def is_stale(self, now: datetime) -> bool:
        """Tell whether nothing was heard of it for so long that it does not count."""
        return self.seen_at <= now - STALE_AFTER


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """Whether a person wants messages of a kind by a channel; what is not said is yes."""

    kind: Kind
    channel: ChannelName
    is_on: bool


def check_device(device: NewDevice, *, practice_origin: str | None = None) -> None:
    """See that a device can be what it says; `practice_origin` may be reached without TLS.

    Raises:
        DeviceInvalid: a field is no such thing.
    """
    if not 0 < len(device.address) <= ADDRESS_CHARACTERS_MAX or not device.address.isprintable():
        raise DeviceInvalid("address")
    match device.channel:
        case ChannelName.WEBPUSH:
            _check_web(device, practice_origin)
        case ChannelName.EDNA:
            if not _EDNA.fullmatch(device.address):
                raise DeviceInvalid("address")
        case ChannelName.FCM:
            if " " in device.address:
                raise DeviceInvalid("address")
    if device.language and not _LANGUAGE.fullmatch(device.language):
        raise DeviceInvalid("language")
    if device.time_zone and device.time_zone not in available_timezones():
        raise DeviceInvalid("time_zone")


def unpadded(text: str) -> bytes:
    """Read base64url without its padding.

    Raises:
        ValueError: it is none.
    """
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("no base64url") from error


def _check_web(device: NewDevice, practice_origin: str | None) -> None:
    try:
        parts = urlsplit(device.address)
        _ = parts.port
    except ValueError as error:
        raise DeviceInvalid("address") from error
    is_practice = f"{parts.scheme}://{parts.netloc}" == practice_origin
    if (parts.scheme != "https" and not is_practice) or not parts.hostname or "@" in parts.netloc:
        raise DeviceInvalid("address")
    for name, text, size in (
        ("key_public", device.key_public, PUBLIC_KEY_BYTES),
        ("key_auth", device.key_auth, AUTH_BYTES),
    ):
        try:
            raw = unpadded(text)
        except ValueError as error:
            raise DeviceInvalid(name) from error
        if len(raw) != size:
            raise DeviceInvalid(name)
