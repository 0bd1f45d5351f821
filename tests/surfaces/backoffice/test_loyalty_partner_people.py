"""People of a partner's cabinet as staff see them: invited, sent a link again, shut out."""

from __future__ import annotations

import re

import pytest
import pytest_asyncio

from hansa.modules import accounts
from tests.conftest import NOON
from tests.surfaces.backoffice.loyalty_world import World, a_world

ANNA = {"email": "anna@fuel.example", "name": "Anna", "language": "en"}


@pytest_asyncio.fixture(loop_scope="session")
async def world(site) -> World:
    return await a_world(site, with_postings=False)


@pytest.fixture
def people(world) -> str:
    return f"/office/loyalty/partners/{world.shop.id}/people"


async def anna_of(site) -> accounts.User:
    async with site.context.database.snapshot() as snap:
        found = await accounts.find_user(snap, email=ANNA["email"], kind="partner")
    assert found is not None
    return found


async def links_to(site, user: accounts.User) -> int:
    async with site.context.database.snapshot() as snap:
        jobs = await snap.all(
            "select args from jobs.procrastinate_jobs where task_name = 'accounts.send_link'"
        )
    return sum(one.args["job"]["user_id"] == str(user.id) for one in jobs)


async def test_the_first_person_is_invited_and_can_set_a_password_and_come_in(
    site, sign_in, world, people
) -> None:
    async with sign_in("loyalty.view", "loyalty.edit") as browser:
        partner = await browser.open(people.removesuffix("/people"))
        empty = await browser.open(people)
        made = await browser.send(people, ANNA)
        listed = await browser.open(made.headers["location"])
    anna = await anna_of(site)

    assert people in partner
    assert "Invite the first person below" in empty
    assert "A letter with a link is on its way." in listed
    assert "anna@fuel.example" in listed
    assert ">invited<" in listed
    assert (anna.partner_id, anna.kind, anna.language) == (world.shop.id, "partner", "en")
    assert await links_to(site, anna) == 1
    async with site.context.database.transaction() as tx:
        token = await accounts.make_link_token(tx, user_id=anna.id, purpose="password", now=NOON)
    password = "a long password nobody guesses"
    async with site.client(keyed=False) as client:
        page = await client.get("/en/partner/sign-in", headers={"Accept": "text/html"})
        found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        assert found
        form = {"csrf_token": found[1], "token": token, "password": password}
        await client.post("/en/partner/new-password", data=form, headers={"Accept": "text/html"})
        form = {"csrf_token": found[1], "email": ANNA["email"], "password": password}
        await client.post("/en/partner/sign-in", data=form, headers={"Accept": "text/html"})
        cabinet = await client.get("/en/partner", headers={"Accept": "text/html"})
    assert cabinet.status_code == 200
    assert "Fuel" in cabinet.text


async def test_what_is_wrong_with_an_invitation_is_said_at_its_field(
    root, world, people, site
) -> None:
    await root.send(people, ANNA)
    taken = await root.send(people, ANNA, status=422)
    empty = await root.send(people, {**ANNA, "email": ""}, status=422)
    wrong = await root.send(people, {**ANNA, "email": "not an address"}, status=422)
    strange = await root.send(people, {**ANNA, "language": "xx"}, status=422)

    assert "signed up already" in taken.text
    for answer in (taken, empty, wrong, strange):
        assert "field-error" in answer.text
    async with site.context.database.snapshot() as snap:
        found = await accounts.list_users(snap, kind="partner", partner_id=world.shop.id)
    assert len(found) == 1


async def test_somebody_is_shut_out_and_let_in_again_and_it_is_in_the_audit(
    root, site, people
) -> None:
    await root.send(people, ANNA)
    anna = await anna_of(site)
    await root.send(f"{people}/{anna.id}/link")
    await root.send(f"{people}/{anna.id}/switch")
    out = await anna_of(site)
    page = await root.open(people)
    await root.send(f"{people}/{anna.id}/switch")
    async with site.context.database.snapshot() as snap:
        told = await accounts.list_audit(snap, subject_kind="user", subject_id=anna.id)

    assert await links_to(site, anna) == 2
    assert not out.is_active
    assert "Let in again" in page
    assert (await anna_of(site)).is_active
    assert {one.actor_id for one in told if one.action == "accounts.save_user"} == {root.user.id}


async def test_people_of_others_are_out_of_reach(root, world, people) -> None:
    theirs = f"{people}/{root.user.id}/switch"
    await root.send(theirs, status=404)
    await root.send(f"{people}/{root.user.id}/link", status=404)
    await root.open(f"/office/loyalty/partners/{world.programme.id}/people", status=404)


async def test_only_who_may_change_partners_invites(site, sign_in, people) -> None:
    async with sign_in("loyalty.view", email="looks@example.com") as browser:
        page = await browser.open(people)
        await browser.send(people, ANNA, status=403)
        await browser.send(f"{people}/{browser.user.id}/switch", status=403)
        await browser.send(f"{people}/{browser.user.id}/link", status=403)
    async with sign_in("orders.view", email="orders@example.com") as browser:
        await browser.open(people, status=403)
    async with site.client(keyed=False) as client:
        nobody = await client.get(people, headers={"Accept": "text/html"})

    assert "Send the invitation" not in page
    assert nobody.status_code == 303
