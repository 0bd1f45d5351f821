"""The app's API: a member's own devices and wishes, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import httpx

from hansa.modules import accounts
from hansa.modules.loyalty import members as loyalty_members
from tests.modules.notifications.conftest import Post
from tests.support.loyalty import a_member, a_programme
from tests.support.push import Person

ROOT = "/api/v1/notifications"
PASSWORD = "a long enough secret"
DEVICE = {"channel": "fcm", "address": "token:1", "language": "ru", "time_zone": "Asia/Omsk"}


@asynccontextmanager
async def signed_in(
    post: Post, party_id: UUID | None, email: str = "anna@example.com"
) -> AsyncIterator[httpx.AsyncClient]:
    async with post.context.database.transaction() as tx:
        await accounts.create_user(
            tx, email=email, password=PASSWORD, kind="shopper", party_id=party_id, now=post.now
        )
    async with post.site.client() as client:
        answer = await client.post("/api/v1/sign-in", json={"email": email, "password": PASSWORD})
        client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        yield client


async def a_member_of(post: Post) -> loyalty_members.Member:
    async with post.context.database.transaction() as tx:
        programme = await a_programme(tx, now=post.now)
        return await a_member(tx, programme, now=post.now)


async def test_a_member_registers_refreshes_and_removes_devices(post: Post) -> None:
    member = await a_member_of(post)
    async with signed_in(post, member.party_id) as client:
        made = await client.post(f"{ROOT}/devices", json=DEVICE)
        again = await client.post(f"{ROOT}/devices", json=DEVICE)
        device = made.json()["id"]
        told = await client.post(f"{ROOT}/devices/{device}/contact", json={"app_version": "2.0"})
        listed = (await client.get(f"{ROOT}/devices")).json()["items"]
        gone = await client.delete(f"{ROOT}/devices/{device}")
        left = (await client.get(f"{ROOT}/devices")).json()["items"]

    assert (made.status_code, again.json()["id"]) == (201, device)
    assert (told.status_code, gone.status_code) == (204, 204)
    assert [(one["app_version"], one["time_zone"]) for one in listed] == [("2.0", "Asia/Omsk")]
    assert "token:1" not in str(listed)
    assert left == []


async def test_wishes_are_kept(post: Post) -> None:
    member = await a_member_of(post)
    wish = {"kind": "offers", "channel": "fcm", "is_on": False}
    async with signed_in(post, member.party_id) as client:
        before = (await client.get(f"{ROOT}/wishes")).json()["items"]
        saved = await client.put(f"{ROOT}/wishes", json=wish)
        after = (await client.get(f"{ROOT}/wishes")).json()["items"]

    assert saved.status_code == 204
    assert len(before) == 9
    assert all(one["is_on"] for one in before)
    assert [one for one in after if not one["is_on"]] == [wish]


async def test_ones_own_message_is_opened_once(post: Post) -> None:
    member = await a_member_of(post)
    assert member.party_id is not None
    key = await post.tell(Person(member.id, member.party_id))
    other = await post.tell(await post.person())
    async with signed_in(post, member.party_id) as client:
        for message in (await post.fate(key), await post.fate(other)):
            answer = await client.post(f"{ROOT}/messages/{message.id}/opening")
            assert answer.status_code == 204

    async with post.context.database.snapshot() as snap:
        opened = await snap.all(
            "select dedup_key from notifications_message where opened_at is not null"
        )
    assert [row.dedup_key for row in opened] == [key]


async def test_a_browser_gets_the_key_to_subscribe_with(post: Post) -> None:
    member = await a_member_of(post)
    async with signed_in(post, member.party_id) as client:
        first = (await client.get(f"{ROOT}/webpush-key")).json()["key"]
        again = (await client.get(f"{ROOT}/webpush-key")).json()["key"]

    assert first == again
    assert len(first) == 87


async def test_nobody_but_members_comes_in(post: Post) -> None:
    async with post.site.client() as guest:
        assert (await guest.get(f"{ROOT}/devices")).status_code == 401
        assert (await guest.post(f"{ROOT}/devices", json=DEVICE)).status_code == 401
    stranger = await post.person(device=False)
    async with signed_in(post, stranger.party_id) as client:
        refused = await client.post(f"{ROOT}/devices", json=DEVICE)
    assert refused.json()["code"] == "notifications.not_a_member"


async def test_what_is_no_device_is_told(post: Post) -> None:
    member = await a_member_of(post)
    async with signed_in(post, member.party_id) as client:
        zone = await client.post(f"{ROOT}/devices", json={**DEVICE, "time_zone": "Mars"})
        plain = {"channel": "webpush", "address": "http://10.0.0.1/x"}
        browser = await client.post(f"{ROOT}/devices", json=plain)
        odd = await client.post(f"{ROOT}/devices", json={**DEVICE, "colour": "red"})

    assert zone.json()["code"] == browser.json()["code"] == "notifications.device_invalid"
    assert odd.status_code == 400
