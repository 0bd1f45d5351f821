"""Partners' own webhooks: set up by their programs, told once what happens, never another's."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from hansa.contracts.loyalty import (
    MemberChanged,
    OfferSwitched,
    PercentChanged,
    PointsPosted,
    TaskCompleted,
)
from hansa.kernel.identifiers import new_id
from hansa.modules.loyalty.partner_api import telling
from hansa.modules.loyalty.partner_api.subscribers import SUBSCRIPTIONS
from tests.support.loyalty import a_member

HOME = "/loyalty/v1"
HOOKS = f"{HOME}/webhooks"
HOOK = {"url": "https://partner.example/hooks", "event_types": ["loyalty.*"]}


@pytest.fixture
async def shop(place, coalition):
    async with place.client(headers=await coalition.token(place, "shop")) as client:
        yield client


@pytest.fixture
async def bank(place, coalition):
    async with place.client(headers=await coalition.token(place, "bank")) as client:
        yield client


async def tell(place, *events) -> None:
    """Give events to the subscriptions that want them, as the relay does."""
    for subscription in SUBSCRIPTIONS:
        wanted = [one for one in events if isinstance(one, subscription.events)]
        if wanted:
            async with place.context.database.transaction() as tx:
                await subscription.handle(tx, wanted, place.context.clock.now())


async def posted_events(place) -> list[PointsPosted]:
    async with place.context.database.snapshot() as snap:
        rows = await snap.all(
            "select payload from outbox_event where type = %(type)s order by id",
            {"type": PointsPosted.type},
        )
    return [msgspec.convert(row.payload, PointsPosted, strict=False) for row in rows]


async def messages(client, **params) -> list[dict]:
    answer = await client.get(f"{HOOKS}/messages", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_an_endpoint_lives_by_the_partners_calls(shop) -> None:
    made = (await shop.post(HOOKS, json=HOOK)).json()
    here = f"{HOOKS}/{made['webhook']['id']}"
    changed = await shop.patch(here, json={"event_types": ["*"], "is_active": False})
    off = await shop.post(f"{here}/tests")
    on = await shop.patch(here, json={"is_active": True})
    rotated = await shop.post(f"{here}/secrets", json={"overlap_hours": 0})
    pinged = await shop.post(f"{here}/tests")
    whole = await shop.get(f"{HOOKS}/messages/{pinged.json()['message_id']}")
    replayed = await shop.post(f"{HOOKS}/messages/{pinged.json()['message_id']}/replays")
    listed = await shop.get(HOOKS)
    removed = await shop.delete(here)

    assert made["secret"]["secret"].startswith("whsec_")
    assert (changed.json()["event_types"], changed.json()["state"]) == (["*"], "disabled")
    assert (off.status_code, off.json()["code"]) == (409, "webhooks.endpoint_off")
    assert on.json()["state"] == "active"
    assert rotated.json()["secret"].startswith("whsec_")
    assert whole.json()["body"]["type"] == "webhooks.ping"
    assert replayed.status_code == 200
    assert made["secret"]["secret"] not in listed.text
    assert removed.status_code == 204
    assert (await shop.get(here)).status_code == 404


async def test_a_secret_is_shown_once_and_a_repeat_adds_no_second_endpoint(shop) -> None:
    headers = {"Idempotency-Key": "hook-1"}
    first = await shop.post(HOOKS, json=HOOK, headers=headers)
    again = await shop.post(HOOKS, json=HOOK, headers=headers)

    assert first.status_code == 201
    assert again.status_code == 409
    assert "whsec_" not in again.text
    assert len((await shop.get(HOOKS)).json()["items"]) == 1


async def test_nothing_of_another_partners_is_found(shop, bank, place, coalition) -> None:
    made = (await shop.post(HOOKS, json=HOOK)).json()["webhook"]["id"]
    pinged = (await shop.post(f"{HOOKS}/{made}/tests")).json()["message_id"]
    since = {"since": "2026-01-01T00:00:00Z"}

    answers = [
        await bank.get(f"{HOOKS}/{made}"),
        await bank.patch(f"{HOOKS}/{made}", json={"url": "https://other.example/"}),
        await bank.delete(f"{HOOKS}/{made}"),
        await bank.post(f"{HOOKS}/{made}/secrets", json={}),
        await bank.post(f"{HOOKS}/{made}/tests"),
        await bank.post(f"{HOOKS}/{made}/replays", json=since),
        await bank.post(f"{HOOKS}/{made}/replays", json=since | {"dry_run": False}),
        await bank.get(f"{HOOKS}/messages/{pinged}"),
        await bank.post(f"{HOOKS}/messages/{pinged}/replays"),
    ]
    async with place.client(headers=await coalition.token(place, "reader")) as reader:
        refused = await reader.get(HOOKS)

    assert [one.status_code for one in answers] == [404] * 9
    assert (await bank.get(HOOKS)).json()["items"] == []
    assert await messages(bank) == []
    assert await messages(bank, webhook_id=made) == []
    assert refused.status_code == 403
    assert (await shop.get(f"{HOOKS}/{made}")).json()["url"] == HOOK["url"]


async def test_a_sandbox_key_is_answered_and_keeps_nothing(place, coalition, shop) -> None:
    async with place.client(headers=await coalition.token(place, "sandbox")) as sandbox:
        made = await sandbox.post(HOOKS, json=HOOK)

    assert made.status_code == 201
    assert made.json()["secret"]["secret"].startswith("whsec_")
    assert (await shop.get(HOOKS)).json()["items"] == []


async def test_a_posting_is_told_once_to_the_partner_it_came_from(
    place, coalition, shop, bank
) -> None:
    for client in (shop, bank):
        await client.post(HOOKS, json=HOOK)
    body = {"member": {"id": str(coalition.member.id)}, "points": 7, "reference": "till-3"}
    await shop.post(f"{HOME}/accruals", json=body)

    events = await posted_events(place)
    await tell(place, *events)
    await tell(place, *events)

    [message] = await messages(shop)
    whole = (await shop.get(f"{HOOKS}/messages/{message['id']}")).json()["body"]
    assert await messages(bank) == []
    assert (whole["type"], whole["subject"]) == (telling.POSTED, str(coalition.member.id))
    assert whole["data"]["programme"] == coalition.programme.code
    assert (whole["data"]["points"], whole["data"]["balance"]) == (7, 7)
    assert whole["data"]["reference"] == "till-3"


async def test_a_percent_is_told_to_the_partners_that_name_the_member(
    place, coalition, shop, bank, now
) -> None:
    for client in (shop, bank):
        await client.post(HOOKS, json=HOOK)
    async with place.context.database.transaction() as tx:
        linked = await a_member(
            tx, coalition.programme, now=now, partner=coalition.bank, partner_ref="client-9"
        )
    changed = [
        PercentChanged(
            member_id=member_id,
            programme_id=coalition.programme.id,
            category="coffee",
            percent=700,
            until=now + timedelta(days=30),
            changed_at=now,
        )
        for member_id in (linked.id, coalition.member.id)
    ]
    await tell(place, *changed)
    await tell(place, *changed)

    [message] = await messages(bank)
    whole = (await bank.get(f"{HOOKS}/messages/{message['id']}")).json()["body"]
    assert await messages(shop) == []
    assert (whole["type"], whole["subject"]) == (telling.PERCENT, str(linked.id))
    assert (whole["data"]["category"], whole["data"]["percent"]) == ("coffee", 700)
    assert "client-9" not in str(whole)


async def test_offers_tasks_and_links_are_told_to_their_partner(
    place, coalition, shop, bank, now
) -> None:
    for client in (shop, bank):
        await client.post(HOOKS, json=HOOK)
    member_id, offer_id, partner_id = coalition.member.id, new_id(now), coalition.shop.id
    common = {"member_id": member_id, "programme_id": coalition.programme.id, "changed_at": now}
    await tell(
        place,
        OfferSwitched(
            member_id=member_id,
            offer_id=offer_id,
            partner_id=partner_id,
            is_on=True,
            switched_at=now,
        ),
        TaskCompleted(
            member_id=member_id, offer_id=offer_id, partner_id=partner_id, completed_at=now
        ),
        MemberChanged(**common, what="linked", partner_id=partner_id),
        MemberChanged(**common, what="unlinked", partner_id=partner_id),
        MemberChanged(**common, what="phone_changed", partner_id=None),
    )

    assert await messages(bank) == []
    assert {one["type"] for one in await messages(shop)} == set(telling.TYPES) - {
        telling.POSTED,
        telling.PERCENT,
    }
    assert {one["subject"] for one in await messages(shop)} == {str(member_id)}


async def test_an_endpoint_gets_the_types_it_asked_for(place, coalition, shop, now) -> None:
    await shop.post(HOOKS, json=HOOK | {"event_types": [telling.LINKED]})
    body = {"member": {"id": str(coalition.member.id)}, "points": 7}
    await shop.post(f"{HOME}/accruals", json=body)
    await tell(place, *await posted_events(place))

    assert await messages(shop) == []
