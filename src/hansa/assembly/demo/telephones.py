"""Telephones of the demo's members, and the practice push service that shows what they are sent.

The load makes browsers for most members and writes down what only a browser knows; the practice
service reads it, so that it can open what was sealed for them.
"""

import asyncio
import base64
import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hansa.assembly.demo.notes import read_note, write_note
from hansa.modules import notifications
from hansa.modules.loyalty import members
from hansa.modules.notifications import ChannelName, NewDevice
from hansa.runtime.context import Context
from hansa.runtime.database import Transaction
from hansa.runtime.settings import Settings
from hansa.runtime.supervision import Program

PUSH_PORT = 9530
_FILE = "practice-telephones.json"
_MEMBERS_MAX = 100
_WITHOUT_EVERY = 6
_DOCUMENT, _VERSION, _SOURCE = "push", "1", "demo"


class Kept(msgspec.Struct):
    """A member's browser: `secret` is its private key in hexadecimal digits, `auth` in base64."""

    token: str
    name: str
    secret: str
    auth: str
    member_id: UUID
    party_id: UUID


class Known(msgspec.Struct):
    """The browsers, and where they were subscribed last."""

    url: str = ""
    browsers: list[Kept] = []


async def connect(context: Context, now: datetime) -> None:
    """Subscribe the telephones where the push service is this time; the first start makes them.

    What they were subscribed to before goes: that address is no push service any more.
    """
    url = context.settings.webpush_practice_url
    known = await asyncio.to_thread(read_note, context.settings, _FILE, Known)
    if url is None or url == known.url:
        return
    is_first = not known.url
    if not known.browsers:
        # Before the commit: keys that were not written down could never be read again.
        known.browsers = await _made(context)
        await asyncio.to_thread(write_note, context.settings, _FILE, known)
    async with context.database.transaction() as tx:
        await _unsubscribe(tx, known.browsers)
        for one in known.browsers:
            if is_first:
                await members.set_consent(
                    tx,
                    member_id=one.member_id,
                    purpose=members.PUSH,
                    is_granted=True,
                    document=_DOCUMENT,
                    version=_VERSION,
                    source=_SOURCE,
                    now=now,
                )
            await notifications.register_device(
                tx,
                member_id=one.member_id,
                party_id=one.party_id,
                device=_device(one, url),
                now=now,
                practice_origin=url,
            )
    known.url = url
    await asyncio.to_thread(write_note, context.settings, _FILE, known)


async def _unsubscribe(tx: Transaction, browsers: Sequence[Kept]) -> None:
    ours = {_installation(one) for one in browsers}
    held = await notifications.list_devices(tx, member_ids=[one.member_id for one in browsers])
    for device in (one for devices in held.values() for one in devices):
        if device.installation in ours:
            await notifications.remove_device(tx, member_id=device.member_id, device_id=device.id)


async def _made(context: Context) -> list[Kept]:
    """Make a browser for most of the members, those who joined first among them."""
    async with context.database.snapshot() as snap:
        found, _ = await members.list_members(snap, limit=_MEMBERS_MAX)
    made = []
    for place, one in enumerate(reversed(found)):
        if one.party is None or place % _WITHOUT_EVERY == _WITHOUT_EVERY - 1:
            continue
        key = ec.generate_private_key(ec.SECP256R1())
        made.append(
            Kept(
                token=secrets.token_urlsafe(24),
                name=one.party.display_name or f"Участник {place + 1}",
                secret=f"{key.private_numbers().private_value:064x}",
                auth=_written(os.urandom(16)),
                member_id=one.member.id,
                party_id=one.party.id,
            )
        )
    return made


def _installation(kept: Kept) -> str:
    return kept.token[:16]


def _device(kept: Kept, url: str) -> NewDevice:
    key = ec.derive_private_key(int(kept.secret, 16), ec.SECP256R1())
    public = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return NewDevice(
        channel=ChannelName.WEBPUSH,
        address=f"{url}/push/{kept.token}",
        key_public=_written(public),
        key_auth=kept.auth,
        installation=_installation(kept),
        language="ru",
        time_zone="Europe/Moscow",
    )


def program(settings: Settings, environment: Mapping[str, str]) -> Program:
    """Give the push service as a program."""
    return Program(
        name="push",
        command=[
            *(sys.executable, "-m", "sandbox.webpush"),
            *("--port", str(urlsplit(settings.webpush_practice_url or "").port or PUSH_PORT)),
            *("--browsers", str(settings.data_dir / _FILE)),
        ],
        environment=dict(environment),
        stage=1,
    )


def _written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
