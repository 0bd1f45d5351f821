"""Devices: one address belongs to one member, silent ones fall out, strangers reach none."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from hansa.contracts.loyalty import (
    LoyaltyMembersMerged,
    LoyaltyMembersParted,
    MemberChanged,
)
from hansa.modules import notifications
from hansa.modules.loyalty import members as loyalty_members
from hansa.modules.notifications import ChannelName, Kind, NewDevice, Preference
from hansa.modules.notifications.devices import forget_unseen, remove_gone
from hansa.modules.notifications.subscribers import on_members, on_merges
from hansa.runtime.database import Transaction
from hansa.runtime.settings import Settings
from tests.support.loyalty import a_member, a_programme, phone
from tests.support.push import Person, a_person

TOKEN = NewDevice(channel=ChannelName.FCM, address="token:1", time_zone="Asia/Omsk", language="ru")


@pytest.fixture(autouse=True)
def _key_of_names(settings: Settings) -> None:
    loyalty_members.use_secret(settings.secret_key.reveal().encode())


async def register(
    tx: Transaction, person: Person, now: datetime, device: NewDevice = TOKEN
) -> object:
    return await notifications.register_device(
        tx, member_id=person.member_id, party_id=person.party_id, device=device, now=now
    )


async def devices_of(tx: Transaction, person: Person) -> tuple[notifications.Device, ...]:
    found = await notifications.list_devices(tx, member_ids=[person.member_id])
    return found.get(person.member_id, ())


async def test_the_same_token_is_the_same_device(tx: Transaction, now: datetime) -> None:
    person = await a_person(tx, now=now)

    first = await register(tx, person, now)
    again = await register(tx, person, now + timedelta(days=1), replace(TOKEN, app_version="2.0"))

    [device] = await devices_of(tx, person)
    assert first == again == device.id
    assert device.app_version == "2.0"
    assert device.seen_at == now + timedelta(days=1)
    assert device.created_at == now


async def test_a_token_belongs_to_whoever_signed_in_there_last(
    tx: Transaction, now: datetime
) -> None:
    anna, boris = await a_person(tx, now=now), await a_person(tx, now=now, name="Борис")
    await register(tx, anna, now)

    await register(tx, boris, now + timedelta(hours=1))

    assert await devices_of(tx, anna) == ()
    [device] = await devices_of(tx, boris)
    assert device.created_at == now + timedelta(hours=1)


async def test_a_telephone_may_have_several_tokens(tx: Transaction, now: datetime) -> None:
    person = await a_person(tx, now=now)
    await register(tx, person, now, replace(TOKEN, installation="phone"))
    await register(tx, person, now, replace(TOKEN, installation="phone", address="token:2"))

    assert len(await devices_of(tx, person)) == 2


async def test_a_device_is_stale_after_thirty_days_and_gone_after_two_hundred_and_seventy(
    tx: Transaction, now: datetime
) -> None:
    person = await a_person(tx, now=now)
    await register(tx, person, now)
    [device] = await devices_of(tx, person)

    assert not device.is_stale(now + timedelta(days=30) - timedelta(seconds=1))
    assert device.is_stale(now + timedelta(days=30))
    await forget_unseen(tx, now=now + timedelta(days=270))
    assert await devices_of(tx, person)
    await forget_unseen(tx, now=now + timedelta(days=270, seconds=1))
    assert not await devices_of(tx, person)


async def test_contact_refreshes_a_device_of_ones_own_only(tx: Transaction, now: datetime) -> None:
    anna, boris = await a_person(tx, now=now), await a_person(tx, now=now)
    await register(tx, anna, now)
    [device] = await devices_of(tx, anna)
    later = now + timedelta(days=29)

    with pytest.raises(notifications.NoSuchDevice):
        await notifications.refresh_device(
            tx, member_id=boris.member_id, device_id=device.id, now=later
        )
    await notifications.refresh_device(
        tx, member_id=anna.member_id, device_id=device.id, time_zone="Europe/Berlin", now=later
    )
    await notifications.remove_device(tx, member_id=boris.member_id, device_id=device.id)

    [device] = await devices_of(tx, anna)
    assert (device.seen_at, device.time_zone, device.language) == (later, "Europe/Berlin", "ru")


async def test_a_dead_token_is_forgotten_unless_it_came_back_meanwhile(
    tx: Transaction, now: datetime
) -> None:
    person = await a_person(tx, now=now)
    await register(tx, person, now)
    [device] = await devices_of(tx, person)

    await remove_gone(tx, device_id=device.id, sent_at=now - timedelta(minutes=1))
    assert await devices_of(tx, person)
    await remove_gone(tx, device_id=device.id, sent_at=now)
    assert not await devices_of(tx, person)


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": ""},
        {"address": "x" * 2001},
        {"address": "two words"},
        {"time_zone": "Mars/Olympus"},
        {"language": "russian"},
        {"channel": ChannelName.EDNA, "address": "+7 916"},
        {"channel": ChannelName.WEBPUSH, "address": "https://push.example/1"},
        {"channel": ChannelName.WEBPUSH, "address": "http://push.example/1"},
        {"channel": ChannelName.WEBPUSH, "address": "https://u@push.example/1"},
        {"channel": ChannelName.WEBPUSH, "address": "https://[push.example/1"},
    ],
)
async def test_what_is_no_device_is_refused(
    tx: Transaction, now: datetime, wrong: dict[str, str]
) -> None:
    person = await a_person(tx, now=now)

    with pytest.raises(notifications.DeviceInvalid):
        await register(tx, person, now, replace(TOKEN, **wrong))  # type: ignore[arg-type]


async def test_a_person_has_twenty_devices_at_most(tx: Transaction, now: datetime) -> None:
    person = await a_person(tx, now=now)
    for number in range(20):
        await register(tx, person, now, replace(TOKEN, address=f"token:{number}"))

    await register(tx, person, now, replace(TOKEN, address="token:3"))
    with pytest.raises(notifications.TooManyDevices):
        await register(tx, person, now, replace(TOKEN, address="token:20"))


async def test_whoever_is_erased_leaves_no_device(tx: Transaction, now: datetime) -> None:
    person, other = await a_person(tx, now=now), await a_person(tx, now=now)
    await register(tx, person, now)
    await register(tx, other, now, replace(TOKEN, address="token:2"))
    await notifications.set_preference(
        tx,
        member_id=person.member_id,
        party_id=person.party_id,
        preference=Preference(kind=Kind.OFFERS, channel=ChannelName.FCM, is_on=False),
        now=now,
    )
    event = MemberChanged(
        member_id=person.member_id,
        programme_id=uuid4(),
        what="erased",
        partner_id=None,
        changed_at=now,
    )

    await on_members(tx, [event], now)

    assert not await devices_of(tx, person)
    assert await devices_of(tx, other)
    assert not await notifications.list_preferences(tx, member_ids=[person.member_id])


def test_addresses_do_not_show() -> None:
    assert "token:1" not in repr(TOKEN)


async def test_whoever_leaves_one_programme_of_two_keeps_the_devices(
    tx: Transaction, now: datetime
) -> None:
    first = await a_programme(tx, now=now)
    second = await a_programme(tx, now=now, code="lemon", number=2)
    member = await a_member(tx, first, now=now, phone=phone(1))
    again = await a_member(tx, second, now=now, phone=phone(1))
    assert (member.id, member.party_id) == (again.id, again.party_id)
    assert member.party_id is not None
    person = Person(member.id, member.party_id)
    await register(tx, person, now)

    for programme, left in ((first, 1), (second, 0)):
        await loyalty_members.leave_programme(
            tx, member_id=member.id, programme_id=programme.id, by=None, now=now
        )
        event = MemberChanged(
            member_id=member.id, programme_id=programme.id, what="left", partner_id=None,
            changed_at=now,
        )  # fmt: skip
        await on_members(tx, [event], now)
        assert len(await devices_of(tx, person)) == left


async def test_devices_follow_a_merge_of_members_and_go_back(
    tx: Transaction, now: datetime
) -> None:
    programme = await a_programme(tx, now=now)
    anna, other = [await a_member(tx, programme, now=now) for _ in range(2)]
    assert anna.party_id is not None
    assert other.party_id is not None
    keep, absorb = Person(anna.id, anna.party_id), Person(other.id, other.party_id)
    await register(tx, keep, now)
    await register(tx, absorb, now, replace(TOKEN, address="token:2"))
    both = {"merge_id": uuid4(), "keep_id": anna.id, "absorb_id": other.id, "accounts": ()}

    await on_merges(tx, LoyaltyMembersMerged(**both, merged_at=now), now)
    assert (len(await devices_of(tx, keep)), len(await devices_of(tx, absorb))) == (2, 0)
    await on_merges(tx, LoyaltyMembersMerged(**both, merged_at=now), now)
    await on_merges(tx, LoyaltyMembersParted(**both, parted_at=now), now)

    [mine], [theirs] = await devices_of(tx, keep), await devices_of(tx, absorb)
    assert (mine.address, theirs.address) == ("token:1", "token:2")
