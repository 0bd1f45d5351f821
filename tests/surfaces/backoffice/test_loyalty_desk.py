"""Corrections, cases, programmes and numbers in the back office."""

from __future__ import annotations

import re

import pytest
import pytest_asyncio

from hansa.modules.loyalty import desk, programmes
from hansa.modules.loyalty.desk.jobs import run_post_correction
from tests.conftest import NOON
from tests.surfaces.backoffice.loyalty_world import World, a_world

HOME = "/office/loyalty"


@pytest_asyncio.fixture(loop_scope="session")
async def world(site) -> World:
    return await a_world(site)


async def correction_of(world: World, answer: object) -> desk.Correction:
    async with world.site.context.database.snapshot() as snap:
        found = await desk.list_corrections(snap, limit=1)
    return found[0]


@pytest.mark.parametrize("language", ["en", "ru"])
async def test_pages_say_so_while_there_is_nothing(site, sign_in, language):
    async with sign_in("*", language=language) as browser:
        for page in ("corrections", "disputes", "disputes/new", "programmes", "reports"):
            assert "<h1>" in await browser.open(f"{HOME}/{page}")
        for page in ("programmes/new", "partners/new"):
            assert "<form" in await browser.open(f"{HOME}/{page}")


async def test_one_proposes_another_approves_and_points_move(world, sign_in):
    async with sign_in("loyalty.view", "loyalty.correct", "loyalty.approve") as first:
        await first.send(world.correction_url, {"points": "0", "reason": "x"}, status=422)
        answer = await first.send(
            world.correction_url,
            {"points": "−50", "reason": "Counted twice", "attachment": "Letter 5"},
        )
        path = answer.headers["location"].partition("?")[0]
        own = await first.open(path)
        await first.send(f"{path}/approve", status=403)
        await first.send(f"{path}/refuse", {"note": "No"}, status=403)
    async with sign_in("loyalty.view", "loyalty.approve", email="second@example.com") as second:
        listed = await second.open(f"{HOME}/corrections")
        seen = await second.open(path)
        await second.send(f"{path}/approve")
        await second.send(f"{path}/approve")
        await second.send(f"{path}/refuse", {"note": "No"}, status=422)
        made = await correction_of(world, answer)
        await run_post_correction(world.site.context, desk.PostCorrection(correction_id=made.id))
        posted = await second.open(path)

    assert "somebody else has to decide" in own
    assert "Counted twice" in listed
    assert "Letter 5" in seen
    assert "1 correction waits for a decision" in listed
    assert await world.posted() == 20
    assert "/postings/" in posted


async def test_whoever_may_not_proposes_and_decides_nothing(world, sign_in):
    made = await world.propose()
    async with sign_in("loyalty.view") as browser:
        await browser.send(world.correction_url, {"points": "5", "reason": "x"}, status=403)
        for act in ("approve", "refuse"):
            await browser.send(f"{HOME}/corrections/{made.id}/{act}", status=403)
        for path in ("disputes/new", "programmes/new", "partners/new"):
            await browser.send(f"{HOME}/{path}", status=403)
    async with sign_in("catalog.view", email="other@example.com") as browser:
        for path in ("corrections", "disputes", "programmes", "reports"):
            await browser.open(f"{HOME}/{path}", status=403)


async def test_a_correction_is_refused_with_a_reason(world, sign_in):
    made = await world.propose()
    path = f"{HOME}/corrections/{made.id}"
    async with sign_in("loyalty.view", "loyalty.approve") as browser:
        await browser.send(f"{path}/refuse", {"note": ""}, status=422)
        await browser.send(f"{path}/refuse", {"note": "No receipt"})
        page = await browser.open(path)

    assert "No receipt" in page
    assert "not approved" in page


async def test_a_case_is_opened_asked_about_and_answered(world, sign_in):
    case = {
        "member": str(world.member.id),
        "programme": str(world.programme.id),
        "kind": "missing",
        "partner": str(world.shop.id),
        "receipt": "r-9",
        "said": "Nothing came for bread",
    }
    async with sign_in("loyalty.view", "loyalty.correct") as browser:
        await browser.send(f"{HOME}/disputes/new", {**case, "said": ""}, status=422)
        await browser.send(f"{HOME}/disputes/new", {**case, "member": "odd"}, status=422)
        answer = await browser.send(f"{HOME}/disputes/new", case)
        path = answer.headers["location"].partition("?")[0]
        again = await browser.send(f"{HOME}/disputes/new", case)
        await browser.send(path, {"act": "note", "said": "Known for it"})
        await browser.send(path, {"act": "ask", "said": "Was it sold?"})
        asked = await browser.open(path)
        await browser.send(path, {"act": "give", "said": "Given", "points": ""}, status=422)
        given = await browser.send(path, {"act": "give", "said": "Given", "points": "40"})
        waits = await browser.send(path, {"act": "refuse", "said": "No"}, status=422)
        listed = await browser.open(f"{HOME}/disputes")
        none = await browser.open(f"{HOME}/disputes?state=late")
        odd = await browser.open(f"{HOME}/disputes?state=odd&kind=odd&partner=odd&member=odd")

    assert again.headers["location"].startswith(path)
    for said in ("Nothing came for bread", "Known for it", "Was it sold?", "only staff sees this"):
        assert said in asked
    assert "/office/loyalty/corrections/" in given.headers["location"]
    assert "waits to be decided" in waits.text
    assert "1 case to be answered" in listed
    assert "No case fits these filters." in none
    assert "Points missing" in odd


async def test_programmes_partners_and_terms_are_changed_by_forms(world, sign_in):
    async with sign_in("loyalty.view", "loyalty.edit") as browser:
        listed = await browser.open(f"{HOME}/programmes")
        path = f"{HOME}/programmes/{world.programme.id}"
        shown = await browser.open(path)
        values = {"name_en": "Plus", "percent": "12,5", "percent_max": "20", "pending_days": "3"}
        fields = {**values, "time_zone": "Europe/Moscow", "is_open": "1", "code": "other"}
        await browser.send(path, {**fields, "percent": "30"}, status=422)
        await browser.send(path, fields)
        partner = {"name_en": "Bakery", "code": "bakery", "number": "5", "is_active": "1"}
        await browser.send(f"{HOME}/partners/new", {**partner, "code": "Кот"}, status=422)
        made = await browser.send(f"{HOME}/partners/new", partner)
        home = made.headers["location"].partition("?")[0]
        terms = f"{home}/programmes/{world.programme.id}"
        await browser.open(terms)
        agreed = {"is_active": "1", "earns": "1", "percent": "3", "share_max": "50",
                  "issue_price": "0,9", "redeem_price": "0,8"}  # fmt: skip
        await browser.send(terms, {**agreed, "share_max": "500"}, status=422)
        await browser.send(terms, agreed)
        page = await browser.open(home)
        new = {"name_ru": "Мили", "code": "miles", "number": "2", "percent": "1",
               "percent_max": "5", "is_open": "1"}  # fmt: skip
        await browser.send(f"{HOME}/programmes/new", new)
        await browser.open(f"{HOME}/partners/{world.programme.id}", status=404)

    assert "Plus" in listed
    assert 'value="10"' in shown
    coalition = world.site.context.service(programmes.Directory).coalition
    changed = coalition.programmes[world.programme.id]
    assert (changed.percent, changed.percent_max, changed.code) == (1250, 2000, "plus")
    bakery = coalition.partner("bakery")
    assert bakery is not None
    terms_now = coalition.of(world.programme.id, bakery.id)
    assert terms_now is not None
    assert (terms_now.percent, terms_now.may_earn, terms_now.may_spend) == (300, True, False)
    assert terms_now.participation.issue_price == 90
    assert "gives" in page
    assert coalition.programme("miles") is not None


async def test_numbers_are_drawn_and_exported(world, sign_in, committing):
    async with committing.transaction() as tx:
        await tx.execute(
            "insert into loyalty_daily (programme_id, day, partner_id, kind, given, taken,"
            " postings) values (%(p)s, %(d)s, %(s)s, 'purchase', 1000, 0, 1),"
            " (%(p)s, %(d)s, %(s)s, 'spend', 0, 30, 1), (%(p)s, %(d)s, %(s)s, 'expiry', 0, 10, 1)",
            {"p": world.programme.id, "d": NOON.date(), "s": world.shop.id},
        )
        await tx.execute(
            "insert into loyalty_cohort (programme_id, cohort, month, members)"
            " values (%(p)s, %(m)s, %(m)s, 4)",
            {"p": world.programme.id, "m": NOON.date().replace(day=1)},
        )
    async with sign_in("loyalty.view") as browser:
        page = await browser.open(f"{HOME}/reports?days=90")
        csv = await browser.open(f"{HOME}/reports/{world.programme.id}/days.csv?days=30")
        await browser.open(f"{HOME}/reports/{world.shop.id}/days.csv", status=404)

    assert "25 %" in page
    assert "960" in page
    assert "Fuel" in page
    assert re.search(r"data-chart", page)
    assert f"{NOON.date().isoformat()};960;1000;30;10;3" in csv
    assert len(csv.splitlines()) == 31


async def test_the_overview_has_the_figures_and_the_parts_that_may_be_opened(world, sign_in):
    await world.propose()
    async with sign_in("loyalty.view") as browser:
        page = await browser.open(HOME)
        member = await browser.open(world.url)
    async with sign_in("loyalty.view", "notifications.view", email="other@example.com") as other:
        wider = await other.open(HOME)
    figures = dict(re.findall(r'kpi-label">([^<]+)</span><span class="kpi-value">([^<]+)<', page))

    assert figures["Corrections that wait"] == "1"
    assert figures["Open alerts"] == figures["Open disputes"] == "0"
    assert figures["Members"] == "1"
    assert "Points members have" in figures
    assert "Postings today" in figures
    assert "What members say went wrong, and the answers" in page
    assert "Groups of members by what they do" not in page
    assert "Groups of members by what they do" in wider
    assert sections_of(page) == [HOME]
    assert sections_of(member) == [f"{HOME}/members"]


def sections_of(page: str) -> list[str]:
    """Give the links of the side bar that are where one is."""
    return re.findall(r'class="office-link" href="([^"]+)" aria-current="page"', page)
