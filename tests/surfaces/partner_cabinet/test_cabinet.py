"""The partners' cabinet: one's own figures, postings, keys, webhooks and people; nobody else's."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from hansa.modules import accounts, webhooks
from hansa.modules.loyalty import members, offers, points, programmes
from hansa.modules.loyalty.programmes import Directory
from hansa.surfaces.partner_cabinet.manifest import SURFACE
from tests.conftest import NOON
from tests.surfaces.partner_cabinet.conftest import HOME, HTML, Browser

OPEN = {"sign-in", "forgotten", "password-reset", "new-password"}
URL = "https://partner.example/hooks"


def routes() -> list[tuple[str, str]]:
    """Give every method and path of the cabinet that is not open to all."""
    return [
        (method, path)
        for route in SURFACE.routes
        for path in sorted(route.paths)
        for method in sorted(route.http_methods)
        if method in {"GET", "POST"} and not OPEN & set(path.split("/"))
    ]


async def test_a_partner_sees_where_it_stands(anna, boris, bought) -> None:
    mine = await anna.open(HOME)
    russian = await anna.open("/ru/partner")
    others = await boris.open(HOME)

    assert re.search(r"Points given</span><span class=\"kpi-value\">10<", mine)
    assert "Выдано баллов" in russian
    assert re.search(r"Points given</span><span class=\"kpi-value\">0<", others)


async def test_a_receipt_and_a_posting_are_found_by_their_own_partner_alone(
    anna, boris, bought
) -> None:
    receipt = await anna.open(f"{HOME}/postings?q={bought}")
    posting = await anna.open(f"{HOME}/postings?q=receipt-77")
    others = [await boris.open(f"{HOME}/postings?q={one}") for one in (bought, "receipt-77")]

    assert "Receipt 77" in receipt
    assert "Bread" in receipt
    assert "Posting receipt-77" in posting
    assert all("Nothing of yours has this number" in one for one in others)


async def test_a_receipt_says_why_a_return_that_came_early_does_not_count(
    anna, site, world
) -> None:
    said = {"owner": world.shop.id, "programme_id": world.programme.id, "receipt": "78"}
    ref = members.MemberRef(members.RefKind.ID, str(world.member.id))
    before = NOON - timedelta(days=1)
    poster = site.context.service(points.Poster)
    await poster.submit(points.Return(key="back", happened_at=before, **said))
    waiting = await anna.open(f"{HOME}/postings?q=78")
    lines = (points.PurchaseLine(line=1, amount_minor=100_00, item="Bread"),)
    await poster.submit(
        points.Purchase(key="buy", member=ref, happened_at=NOON, lines=lines, **said)
    )
    page = await anna.open(f"{HOME}/postings?q=78")

    assert "waits for it" in waiting
    assert "does not count" not in waiting
    assert "A return that came before its purchase does not count" in page
    assert "The return is dated before the purchase of" in page


async def test_a_key_is_made_with_scopes_of_partners_only(anna, site, world) -> None:
    form = {"name": "Tills", "scopes": ["loyalty.earn", "loyalty.read"], "is_sandbox": "1"}
    made = await anna.send(f"{HOME}/keys", status=200, **form)
    refused = await anna.send(
        f"{HOME}/keys", status=422, name="More", scopes=["accounts.manage_clients"]
    )

    async with site.context.database.snapshot() as snap:
        clients = await accounts.list_clients(snap, partner_id=world.shop.id, now=NOON)
    assert re.search(r"hcs_\w+", made.text)
    assert made.headers["cache-control"] == "no-store"
    assert [(one.name, one.is_sandbox) for one in clients] == [("Tills", True)]
    assert "accounts.manage_clients" in refused.text


async def test_a_key_is_rotated_and_ended(anna) -> None:
    await anna.send(f"{HOME}/keys", status=200, name="Tills", scopes=["loyalty.read"])
    listed = await anna.open(f"{HOME}/keys")
    [key] = set(re.findall(r"/en/partner/keys/[0-9a-f-]{36}", listed))
    rotated = await anna.send(f"{key}/secrets", status=200, overlap_hours="24")
    await anna.send(f"{key}/revoke")

    assert re.search(r"hcs_\w+", rotated.text)
    assert "This key has ended" in await anna.open(key)


async def test_an_endpoint_is_added_tested_and_its_message_shown(anna) -> None:
    made = await anna.send(f"{HOME}/webhooks", status=200, url=URL, event_types="loyalty.*")
    wrong = await anna.send(f"{HOME}/webhooks", status=422, url="ftp://x", event_types="a b")
    [hook] = set(re.findall(r"/en/partner/webhooks/[0-9a-f-]{36}", made.text))
    tested = await anna.send(f"{hook}/test")
    message = await anna.open(tested.headers["location"])
    await anna.send(f"{hook}/switch")
    off = await anna.send(f"{hook}/test", status=409)

    assert "whsec_" in made.text
    assert "https://" in wrong.text
    assert "webhooks.ping" in message
    assert "The endpoint is disabled" in off.text


async def test_a_colleague_is_invited_and_shut_out(anna, site, world) -> None:
    await anna.send(f"{HOME}/people", email="clara@example.com", name="Clara")
    again = await anna.send(f"{HOME}/people", status=422, email="clara@example.com")
    async with site.context.database.snapshot() as snap:
        clara = await accounts.find_user(snap, email="clara@example.com", kind="partner")
    assert clara is not None
    await anna.send(f"{HOME}/people/{clara.id}/switch")
    async with site.context.database.snapshot() as snap:
        after = await accounts.get_user(snap, user_id=clara.id)

    assert clara.partner_id == world.shop.id
    assert "signed up already" in again.text
    assert not after.is_active
    await anna.send(f"{HOME}/people/{world.users['anna'].id}/switch", status=404)


async def test_a_new_password_is_set_by_the_link(anna, site, world) -> None:
    async with site.context.database.transaction() as tx:
        token = await accounts.make_link_token(
            tx, user_id=world.users["boris"].id, purpose="password", now=NOON
        )
    async with site.client(keyed=False) as client:
        browser = Browser(client)
        assert "New password" in await browser.open(f"{HOME}/password-reset/{token}")
        weak = await browser.send(f"{HOME}/new-password", status=422, token=token, password="1234")
        await browser.send(f"{HOME}/new-password", token=token, password="quite another long one")
        used = await browser.send(
            f"{HOME}/new-password", status=422, token=token, password="quite another long one"
        )

    assert "Choose a password" in weak.text
    assert "has been used or is too old" in used.text


async def test_a_link_is_sent_and_nobody_is_told_who_there_is(site, world) -> None:
    async with site.client(keyed=False) as client:
        browser = Browser(client)
        known = await browser.send(f"{HOME}/forgotten", status=200, email="anna@example.com")
        unknown = await browser.send(f"{HOME}/forgotten", status=200, email="zoe@example.com")
    async with site.context.database.snapshot() as snap:
        jobs = await snap.all(
            "select args from jobs.procrastinate_jobs where task_name = 'accounts.send_link'"
        )

    assert "a letter with a link is on its way" in known.text
    assert "a letter with a link is on its way" in unknown.text
    assert [one.args["job"]["user_id"] for one in jobs] == [str(world.users["anna"].id)]


async def test_every_page_of_another_partners_things_is_not_found(
    anna, boris, site, world, bought
) -> None:
    async with site.context.database.transaction() as tx:
        client, _ = await accounts.create_client(
            tx,
            name="Secret till",
            scopes=["loyalty.read"],
            partner_id=world.shop.id,
            at_most=["loyalty.read"],
            by=None,
            now=NOON,
        )
        endpoint, _ = await webhooks.add_endpoint(
            tx,
            owner=world.shop.id,
            url="https://secret-till.example/",
            event_types=["*"],
            key=b"a key that only tests use, long enough",
            is_production=False,
            by=None,
            now=NOON,
        )
        message = await webhooks.send_test(tx, endpoint_id=endpoint.id, now=NOON)
        offer = await offers.write_offer(
            tx,
            programme_id=world.programme.id,
            partner_id=world.shop.id,
            code="secret-till",
            content=offers.OfferContent(
                wording=offers.Wording(title={"en": "Secret till"}),
                condition=offers.Condition(kind=offers.ConditionKind.PURCHASE),
                reward=offers.Reward(kind=offers.RewardKind.POINTS, points=5),
            ),
            by=None,
            now=NOON,
        )
    ids = {
        "offer_id": offer.id,
        "client_id": client.id,
        "endpoint_id": endpoint.id,
        "message_id": message,
        "user_id": world.users["anna"].id,
        "statement_id": client.id,
    }
    seen = set()
    for method, path in routes():
        named = re.findall(r"\{(\w+):uuid\}", path)
        where = re.sub(r"\{(\w+):uuid\}", lambda found: str(ids[found[1]]), path)
        where = where.replace("{file_format:str}", "xlsx")
        if method == "GET":
            text = await boris.open(where, status=404 if named else 200)
            assert "ecret till" not in text, path
            assert "secret-till" not in text, path
            assert "anna@example.com" not in text, path
        elif named:
            await boris.send(where, status=404, overlap_hours="24")
        seen.add(path)

    assert len(seen) > 40
    async with site.context.database.snapshot() as snap:
        kept = await webhooks.get_endpoint(snap, endpoint_id=endpoint.id)
        user = await accounts.get_user(snap, user_id=world.users["anna"].id)
        still = await accounts.get_client(snap, client_id=client.id, now=NOON)
        same = await offers.get_offer(snap, offer_id=offer.id)
    assert same == offer
    assert kept.state is webhooks.EndpointState.ACTIVE
    assert user.is_active
    assert still.revoked_at is None


@pytest.mark.parametrize("who", ["nobody", "staff", "shopper"])
async def test_whoever_is_no_partners_person_is_led_to_the_sign_in(site, world, who) -> None:
    entrances = {"staff": "/office/sign-in", "shopper": "/en/sign-in"}
    async with site.client(keyed=False) as client:
        browser = Browser(client)
        if who in entrances:
            await browser.enter(f"{who}@example.com", entrances[who])
        token = await browser.token()
        for method, path in routes():
            where = re.sub(r"\{\w+:uuid\}", str(world.member.id), path)
            where = where.replace("{file_format:str}", "xlsx")
            answer = await client.request(
                method,
                where,
                data={"csrf_token": token} if method == "POST" else None,
                headers=HTML,
            )
            language = path[1:3]
            assert answer.status_code == 303, f"{method} {path}: {answer.status_code}"
            assert answer.headers["location"].startswith(f"/{language}/partner/sign-in")


async def test_a_partner_that_is_no_longer_in_shuts_its_people_out(anna, site, world) -> None:
    async with site.context.database.transaction() as tx:
        await programmes.save_partner(
            tx, partner=replace(world.shop, is_active=False), by=None, now=NOON
        )
    await site.context.service(Directory).refresh()

    await anna.open(HOME, status=303)


async def test_a_session_of_a_partner_may_do_nothing_by_the_apis(anna, world) -> None:
    for path in (
        "/loyalty/v1/webhooks",
        f"/loyalty/v1/members/{world.member.id}/balance",
        "/api/v1/users",
        "/api/v1/webhooks/endpoints",
    ):
        assert (await anna.client.get(path)).status_code == 403, path
