"""JSON API of notifications for the app: own devices, wishes, and what was opened."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, delete, get, post, put
from litestar.params import FromPath, JSONBody

from hansa.modules import loyalty
from hansa.modules.notifications import devices, opening
from hansa.modules.notifications.channels.registry import Channels
from hansa.modules.notifications.model import (
    ADDRESS_CHARACTERS_MAX,
    ChannelName,
    Device,
    Kind,
    NewDevice,
    NotAMember,
    Preference,
)
from hansa.runtime.database import Snapshot, Transaction
from hansa.runtime.http import Request, signed_in

TAGS = ["Member: notifications"]
ROOT = "/api/v1/notifications"

_Short = Annotated[str, msgspec.Meta(max_length=100)]
_Key = Annotated[str, msgspec.Meta(max_length=200)]


class DeviceBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A subscription: of a browser the endpoint and its keys, of an app the token.

    `installation` is the app's own number of the telephone or browser, `time_zone` an IANA name.
    """

    channel: ChannelName
    address: Annotated[str, msgspec.Meta(min_length=1, max_length=ADDRESS_CHARACTERS_MAX)]
    key_public: _Key = ""
    key_auth: _Key = ""
    installation: _Short = ""
    app_version: _Short = ""
    language: _Short = ""
    time_zone: _Short = ""


class ContactBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What an app tells of itself when it is opened; what is left out stays."""

    app_version: _Short | None = None
    language: _Short | None = None
    time_zone: _Short | None = None


class DeviceView(msgspec.Struct, kw_only=True):
    """A device of one's own; its address is not shown."""

    id: UUID
    channel: ChannelName
    installation: str
    app_version: str
    language: str
    time_zone: str
    created_at: datetime
    seen_at: datetime

    @classmethod
    def of(cls, device: Device) -> "DeviceView":
        """Make it of a device."""
        return cls(
            id=device.id,
            channel=device.channel,
            installation=device.installation,
            app_version=device.app_version,
            language=device.language,
            time_zone=device.time_zone,
            created_at=device.created_at,
            seen_at=device.seen_at,
        )


class DeviceList(msgspec.Struct):
    """One's own devices, the one heard of last first."""

    items: list[DeviceView]


class Registered(msgspec.Struct):
    """The number under which a device is known."""

    id: UUID


class WishView(msgspec.Struct):
    """Whether messages of a kind are wanted by a channel."""

    kind: Kind
    channel: ChannelName
    is_on: bool


class WishList(msgspec.Struct):
    """What one wants to get: every kind by every channel."""

    items: list[WishView]


class PushKey(msgspec.Struct):
    """What a browser needs to subscribe: `applicationServerKey`."""

    key: str


@get(ROOT + "/webpush-key", tags=TAGS, summary="Key for browsers")
async def get_key(request: Request) -> PushKey:
    """Give the public key of this installation."""
    signed_in(request)
    return PushKey(await request.context.service(Channels).webpush.public_key())


@get(ROOT + "/devices", tags=TAGS, summary="List own devices")
async def list_own(request: Request) -> DeviceList:
    """Give one's own devices."""
    party_id = _party(request)
    async with request.snapshot() as snap:
        member_id = await _member(snap, party_id)
        found = await devices.list_devices(snap, member_ids=[member_id])
    return DeviceList([DeviceView.of(one) for one in found.get(member_id, ())])


@post(ROOT + "/devices", tags=TAGS, summary="Register a device")
async def register(request: Request, data: JSONBody[DeviceBody]) -> Response[Registered]:
    """Register a device, or tell anew of one; the same address is the same device."""
    party_id = _party(request)

    async def keep(tx: Transaction) -> Registered:
        device_id = await devices.register_device(
            tx,
            member_id=await _member(tx, party_id),
            party_id=party_id,
            device=NewDevice(**msgspec.structs.asdict(data)),
            practice_origin=request.context.settings.webpush_practice_url,
            now=request.received_at,
        )
        return Registered(device_id)

    return await request.once(keep)


@post(
    ROOT + "/devices/{device_id:uuid}/contact",
    tags=TAGS,
    summary="Tell that a device is in use",
    status_code=204,
)
async def contact(request: Request, device_id: FromPath[UUID], data: JSONBody[ContactBody]) -> None:
    """Note that a device was heard of; one that is silent for 30 days gets nothing."""
    party_id = _party(request)
    async with request.transaction(request.idempotency_key) as tx:
        await devices.refresh_device(
            tx,
            member_id=await _member(tx, party_id),
            device_id=device_id,
            app_version=data.app_version,
            language=data.language,
            time_zone=data.time_zone,
            now=request.received_at,
        )


@delete(ROOT + "/devices/{device_id:uuid}", tags=TAGS, summary="Remove a device")
async def remove(request: Request, device_id: FromPath[UUID]) -> None:
    """Forget a device, as at signing out there."""
    party_id = _party(request)
    async with request.transaction(request.idempotency_key) as tx:
        await devices.remove_device(tx, member_id=await _member(tx, party_id), device_id=device_id)


@get(ROOT + "/wishes", tags=TAGS, summary="See what one wants to get")
async def list_wishes(request: Request) -> WishList:
    """Give every kind by every channel; offers and warnings also need the consent."""
    party_id = _party(request)
    async with request.snapshot() as snap:
        member_id = await _member(snap, party_id)
        declined = await devices.list_preferences(snap, member_ids=[member_id])
    mine = declined.get(member_id, frozenset())
    return WishList(
        [
            WishView(kind, channel, (kind, channel) not in mine)
            for kind in Kind
            for channel in ChannelName
        ]
    )


@put(ROOT + "/wishes", tags=TAGS, summary="Say what one wants to get", status_code=204)
async def save_wish(request: Request, data: JSONBody[WishView]) -> None:
    """Want messages of a kind by a channel, or not."""
    party_id = _party(request)
    async with request.transaction(request.idempotency_key) as tx:
        await devices.set_preference(
            tx,
            member_id=await _member(tx, party_id),
            party_id=party_id,
            preference=Preference(kind=data.kind, channel=data.channel, is_on=data.is_on),
            now=request.received_at,
        )


@post(
    ROOT + "/messages/{message_id:uuid}/opening",
    tags=TAGS,
    summary="Tell that a message was opened",
    status_code=204,
)
async def note_opening(request: Request, message_id: FromPath[UUID]) -> None:
    """Note that a message of one's own was opened; the first time counts."""
    party_id = _party(request)
    async with request.transaction(request.idempotency_key) as tx:
        await opening.note_opening(
            tx,
            message_id=message_id,
            member_id=await _member(tx, party_id),
            now=request.received_at,
        )


def _party(request: Request) -> UUID:
    """Give the party of whoever is signed in.

    Raises:
        SignInNeeded: nobody is signed in.
        NotAMember: whoever is has no party.
    """
    actor = signed_in(request)
    if actor.party_id is None:
        raise NotAMember
    return actor.party_id


async def _member(snap: Snapshot, party_id: UUID) -> UUID:
    member = await loyalty.members.find_member_of_party(snap, party_id=party_id)
    if member is None:
        raise NotAMember
    return member.id


ROUTES = (
    get_key,
    list_own,
    register,
    contact,
    remove,
    list_wishes,
    save_wish,
    note_opening,
)
