"""Members in the back office: found, seen whole, blocked, merged; postings with their story."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any

import psycopg
import pytest
import pytest_asyncio

from hansa.modules.loyalty import members, points
from tests.conftest import NOON
from tests.surfaces.backoffice.loyalty_world import PHONE, World, a_world, enrol, money

HOME = "/office/loyalty/members"


@pytest_asyncio.fixture(loop_scope="session")
async def world(site) -> World:
    return await a_world(site)


async def test_pages_say_so_while_there_is_nobody(site, sign_in):
    async with sign_in("loyalty.view") as browser:
        assert "No members yet" in await browser.open(HOME)
        await browser.open(f"{HOME}/01900000-0000-7000-8000-000000000000", status=404)


async def test_members_are_found_by_telephone_name_and_number(world, sign_in):
    other = await enrol(world.site, world.programme, 2)
    async with sign_in("loyalty.view", "parties.view") as browser:
        by_phone = await browser.open(f"{HOME}?q=8%20916%20123-45-67")
        by_name = await browser.open(f"{HOME}?q=Petrova")
        by_number = await browser.open(f"{HOME}?q={other.id}")
        nobody = await browser.open(f"{HOME}?q=Ivanov")
        everybody = await browser.open(HOME)

    assert by_phone.count("table-link") == 1
    assert PHONE in by_phone
    assert by_name.count("table-link") == everybody.count("table-link") == 2
    assert f"{HOME}/{other.id}" in by_number
    assert "Nobody found" in nobody


async def test_names_and_telephones_are_whole_only_for_who_may_see_customers(world, sign_in):
    async with sign_in("loyalty.view") as browser:
        for path in (HOME, world.url, f"{HOME}?q={world.member.id}"):
            page = await browser.open(path)
            assert PHONE not in page
            assert "Petrova" not in page
            assert "+7916 ··· 67" in page
    async with sign_in("loyalty.view", "parties.view", email="all@example.com") as browser:
        assert PHONE in await browser.open(world.url)


async def test_a_member_shows_what_the_balance_is_made_of(world, sign_in):
    async with sign_in("loyalty.view") as browser:
        page = await browser.open(world.url)

    for said in ("Purchase", "Spent", "r-1", "+100", "Fuel", "10 %", "Percents, and why", "Plus"):
        assert said in page
    assert '<span class="kpi-value">70</span>' in page
    assert "Block the member" not in page


async def test_a_posting_tells_its_story(world, sign_in):
    async with sign_in("loyalty.view") as browser:
        page = await browser.open(world.url)
        links = re.findall(r'href="([^"]+/postings/[^"]+)"', page)
        stories = [await browser.open(one) for one in dict.fromkeys(links)]
        foreign = await enrol(world.site, world.programme, 3)
        await browser.open(links[0].replace(str(world.member.id), str(foreign.id)), status=404)

    spent, bought = stories
    for said in ("r-1", "k1", "issued: Fuel", "the member", "1,000", "10 %", "Fuel"):
        assert said in bought
    for said in ("k2", "spent at: Fuel", "30"):
        assert said in spent


async def test_a_posting_says_why_a_return_that_came_early_does_not_count(world, sign_in):
    said = {"owner": world.shop.id, "programme_id": world.programme.id, "receipt": "r-2"}
    ref = members.MemberRef(members.RefKind.ID, str(world.member.id))
    before = NOON - timedelta(days=1)
    await world.post(points.Return(key="k3", happened_at=before, **said))
    bought = points.Purchase(key="k4", member=ref, lines=money(5_000), happened_at=NOON, **said)
    posting = await world.post(bought)
    async with sign_in("loyalty.view") as browser:
        page = await browser.open(
            f"{world.url}/programmes/{world.programme.id}/postings/{posting.posting_id}"
        )

    assert "A return that came before its purchase does not count" in page
    assert "The return is dated before the purchase of" in page


async def test_a_member_is_blocked_and_let_again(world, sign_in):
    async with sign_in("loyalty.view", "loyalty.correct") as browser:
        await browser.send(f"{world.url}/block", {"reason": " "}, status=422)
        await browser.send(f"{world.url}/block", {"reason": "A stolen card"})
        blocked = await browser.open(world.url)
        await browser.send(f"{world.url}/unblock", {"reason": "It is back"})
        free = await browser.open(world.url)

    assert "A stolen card" in blocked
    assert "Let earn and spend again" in blocked
    assert "Block the member" in free


async def test_two_members_are_merged_after_a_look_and_parted_again(world, sign_in):
    other = await enrol(world.site, world.programme, 2)
    async with sign_in("loyalty.view", "loyalty.correct") as browser:
        found = await browser.open(f"{world.url}/merge?q={other.id}")
        look = await browser.open(f"{world.url}/merge?with={other.id}")
        await browser.send(f"{world.url}/merge", {"absorb": str(world.member.id)}, status=422)
        answer = await browser.send(f"{world.url}/merge", {"absorb": str(other.id)})
        merged = await browser.open(answer.headers["location"])
        as_other = await browser.open(f"{HOME}/{other.id}")
        undo = re.search(r"/office/loyalty/merges/[0-9a-f-]+/undo", merged)
        assert undo
        await browser.send(undo[0])

    assert "Look at both" in found
    assert "What would become of the points" in look
    assert "Two members are one now." in merged
    assert "stands for" in as_other
    async with world.site.context.database.snapshot() as snap:
        again = await members.get_member(snap, member_id=other.id)
    assert again.id == other.id


async def test_whoever_may_not_sees_and_changes_nothing(world, sign_in):
    async with sign_in("loyalty.view") as browser:
        for path in ("block", "unblock", "merge"):
            await browser.send(f"{world.url}/{path}", {"reason": "x"}, status=403)
        await browser.open(f"{world.url}/merge", status=403)
    async with sign_in("catalog.view", email="other@example.com") as browser:
        await browser.open(HOME, status=403)
        await browser.open(world.url, status=403)


async def test_pages_are_russian_for_russians(world, sign_in):
    async with sign_in("loyalty.view", language="ru") as browser:
        page = await browser.open(world.url)

    assert "Покупка" in page
    assert "Топливо" in page
    assert "Почему" in page


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note the statements this test's own requests send; what runs beside them does not count."""
    seen: list[str] = []
    execute = psycopg.AsyncCursor.execute

    async def noted(self: Any, query: Any, *given: Any, **named: Any) -> Any:
        task = asyncio.current_task()
        if task is not None and task.get_name() == "reader":
            seen.append(str(query))
        return await execute(self, query, *given, **named)

    monkeypatch.setattr(psycopg.AsyncCursor, "execute", noted)
    return seen


async def test_lists_ask_as_often_for_many_as_for_one(world, sign_in, statements):
    async def count(browser: Any, path: str) -> int:
        statements.clear()
        await asyncio.create_task(browser.open(path), name="reader")
        return len(statements)

    paths = (HOME, world.url, "/office/loyalty/corrections", "/office/loyalty/disputes")
    async with sign_in("loyalty.view", "parties.view") as browser:
        await world.propose()
        for path in paths:
            await browser.open(path)
        few = [await count(browser, path) for path in paths]
        for number in range(2, 12):
            await enrol(world.site, world.programme, number)
            await world.propose(number)
            await world.accrue(number)
        many = [await count(browser, path) for path in paths]

    assert min(few) > 0
    assert many == few
