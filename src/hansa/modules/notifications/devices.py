"""Registering devices, hearing of them, forgetting them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from hansa.kernel.identifiers import new_id
from hansa.modules.notifications.model import (
    DEVICES_MAX,
    REMOVED_AFTER,
    ChannelName,
    Device,
    Kind,
    NewDevice,
    NoSuchDevice,
    Preference,
    TooManyDevices,
    check_device,
)
from hansa.modules.notifications.store import devices as store
from hansa.runtime.database import Row, Snapshot, Transaction

_SLICE = 1000


async def register_device(
    tx: Transaction,
    *,
    member_id: UUID,
    party_id: UUID,
    device: NewDevice,
    now: datetime,
    practice_origin: str | None = None,
) -> UUID:
    """Keep a device of a member; give its number.

    The same address again is the same device: what is told of it counts, and it belongs to whoever
    signed in there last. `practice_origin` is a push service that may be reached without TLS.

    Raises:
        DeviceInvalid: a field is no such thing.
        TooManyDevices: the member has as many as one may have.
    """
    device = _normalised(device)
    check_device(device, practice_origin=practice_origin)
    await tx.execute(store.SAVE_PERSON, {"member_id": member_id, "party_id": party_id, "now": now})
    await tx.all(store.LOCK_PERSONS, {"member_ids": [member_id]})
    row = await tx.one(
        store.SAVE_DEVICE,
        {
            "id": new_id(now),
            "member_id": member_id,
            "party_id": party_id,
            "channel": device.channel,
            "address": device.address,
            "digest": device.digest,
            "key_public": device.key_public,
            "key_auth": device.key_auth,
            "installation": device.installation,
            "app_version": device.app_version,
            "language": device.language,
            "time_zone": device.time_zone,
            "now": now,
        },
    )
    if await tx.scalar(store.COUNT_DEVICES, {"member_id": member_id}) > DEVICES_MAX:
        raise TooManyDevices(DEVICES_MAX)
    found: UUID = row.id
    return found


async def refresh_device(
    tx: Transaction,
    *,
    member_id: UUID,
    device_id: UUID,
    app_version: str | None = None,
    language: str | None = None,
    time_zone: str | None = None,
    now: datetime,
) -> None:
    """Note that a device was heard of, and what it tells of itself; None leaves as it was.

    Raises:
        NoSuchDevice: the member has no such device.
        DeviceInvalid: a field is no such thing.
    """
    told = NewDevice(
        channel=ChannelName.FCM, address="-", language=language or "", time_zone=time_zone or ""
    )
    check_device(told)
    changed = await tx.execute(
        store.TOUCH_DEVICE,
        {
            "id": device_id,
            "member_id": member_id,
            "app_version": app_version,
            "language": language,
            "time_zone": time_zone,
            "now": now,
        },
    )
    if not changed:
        raise NoSuchDevice


async def remove_device(tx: Transaction, *, member_id: UUID, device_id: UUID) -> None:
    """Forget a device. One that is not there is forgotten already."""
    await tx.execute(store.REMOVE_DEVICE, {"id": device_id, "member_id": member_id})


async def remove_gone(tx: Transaction, *, device_id: UUID, sent_at: datetime) -> None:
    """Forget a device of which its push service says that it is no more.

    One that was heard of after `sent_at` stays: it was registered anew.
    """
    await tx.execute(store.REMOVE_GONE, {"id": device_id, "sent_at": sent_at})


async def forget_unseen(tx: Transaction, *, now: datetime) -> int:
    """Forget some devices of which nothing was heard for 270 days; give how many went."""
    return await tx.execute(store.FORGET_UNSEEN, {"before": now - REMOVED_AFTER, "limit": _SLICE})


async def list_devices(
    snap: Snapshot, *, member_ids: Sequence[UUID]
) -> dict[UUID, tuple[Device, ...]]:
    """Give the devices of members, the one heard of last first; stale ones too."""
    found: dict[UUID, list[Device]] = defaultdict(list)
    for row in await snap.all(store.LIST_DEVICES, {"member_ids": list(member_ids)}):
        found[row.member_id].append(_device(row))
    return {member_id: tuple(devices) for member_id, devices in found.items()}


async def set_preference(
    tx: Transaction,
    *,
    member_id: UUID,
    party_id: UUID,
    preference: Preference,
    now: datetime,
) -> None:
    """Keep what a member wants to get by a channel."""
    await tx.execute(store.SAVE_PERSON, {"member_id": member_id, "party_id": party_id, "now": now})
    await tx.execute(
        store.SAVE_PREFERENCE,
        {
            "member_id": member_id,
            "kind": preference.kind,
            "channel": preference.channel,
            "is_on": preference.is_on,
            "now": now,
        },
    )


async def list_preferences(
    snap: Snapshot, *, member_ids: Sequence[UUID]
) -> dict[UUID, frozenset[tuple[Kind, ChannelName]]]:
    """Give, of each member, the kinds and channels that were declined."""
    declined: dict[UUID, set[tuple[Kind, ChannelName]]] = defaultdict(set)
    for row in await snap.all(store.LIST_PREFERENCES, {"member_ids": list(member_ids)}):
        if not row.is_on:
            declined[row.member_id].add((Kind(row.kind), ChannelName(row.channel)))
    return {member_id: frozenset(pairs) for member_id, pairs in declined.items()}


def _normalised(device: NewDevice) -> NewDevice:
    """Give a device with its address as it is compared: a telephone without its plus."""
    if device.channel is ChannelName.EDNA:
        return replace(device, address=device.address.removeprefix("+"))
    return device


def _device(row: Row) -> Device:
    fields: dict[str, Any] = row._asdict()
    return Device(**{**fields, "channel": ChannelName(row.channel)})
