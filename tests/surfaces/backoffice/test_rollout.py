"""Pages about roll-out: rules are typed, explained and taken back; audiences are filled."""

from __future__ import annotations

import re
from uuid import UUID

import pytest

from hansa.modules import parties, rollout
from hansa.modules.rollout import State
from tests.conftest import NOON

FEATURE = "loyalty.app"
URL = f"/office/rollout/features/{FEATURE}"
AUDIENCES = "/office/rollout/audiences"
ANNA = UUID(int=1)


async def anna(committing) -> UUID:
    async with committing.transaction() as tx:
        return await parties.match_or_create(
            tx,
            party=parties.NewParty(display_name="Anna Petrova"),
            identifiers=[parties.Identifier(kind="email", value="anna@example.com")],
            now=NOON,
        )


async def held(committing) -> rollout.Setting:
    async with committing.snapshot() as snap:
        return await rollout.get_setting(snap, feature=FEATURE)


async def make_audience(browser) -> str:
    answer = await browser.send(
        f"{AUDIENCES}/new", {"code": "family", "name": "Friends and family"}
    )
    return str(answer.headers["location"]).partition("?")[0]


async def upload(browser, path: str, content: bytes, *, status: int = 200) -> str:
    page = await browser.open("/office/me")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    answer = await browser.client.post(
        f"{path}/file",
        data={"csrf_token": token[1]},
        files={"file": ("people.csv", content, "text/csv")},
        headers={"Accept": "text/html"},
    )
    assert answer.status_code == status, answer.text[:500]
    return str(answer.text)


async def test_rules_are_typed_shown_explained_and_taken_back(committing, shop, sign_in):
    party_id = await anna(committing)
    async with sign_in("rollout.view", "rollout.edit", "parties.view") as browser:
        assert "Loyalty app" in await browser.open("/office/rollout")
        path = await make_audience(browser)
        await browser.send(
            URL,
            {
                "state": "some",
                "percent": "12,5",
                "percent_in_ru": "20",
                "allow": "anna@example.com",
                "audience_ids": path.rpartition("/")[2],
                "starts_at": "2026-11-21T15:00",
                "version": "0",
            },
        )
        first = await held(committing)
        page = await browser.open(URL)
        why = await browser.send(f"{URL}/answer", {"who": "anna@example.com"}, status=200)
        other = await browser.send(f"{URL}/answer", {"who": str(ANNA), "market": "ru"}, status=200)
        await browser.send(f"{URL}/kill-switch", {"is_killed": "1"})
        killed = await browser.open(URL)
        history = await browser.open(f"{URL}/history")
        await browser.send(f"{URL}/history/1/restore")

    assert (first.rules.parts, first.rules.market_parts) == (1_250, {"ru": 2_000})
    assert first.rules.allowed == (party_id,)
    assert first.rules.starts_at == NOON
    assert "Anna Petrova" in page
    assert 'value="12.5"' in page
    assert "This person is on the allow list." in why.text
    assert "those below 20 % have it" in other.text or "This person's place" in other.text
    assert "nobody has it" in killed
    assert "Back to this" in history
    assert "Anna Petrova" in history
    assert "Friends and family" in history
    assert (await held(committing)).rules == first.rules


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"percent": "100.01"}, "0 to 100"),
        ({"percent": "1.234"}, "0 to 100"),
        ({"percent": "many"}, "0 to 100"),
        ({"percent_in_ru": "-1"}, "0 to 100"),
        ({"allow": "who is that"}, "neither a number"),
        ({"allow": "nobody@example.com"}, "Nobody is known"),
        ({"starts_at": "2026-11-22T00:00", "ends_at": "2026-11-21T00:00"}, "is not right"),
        ({"audience_ids": str(ANNA)}, "no such audience"),
        ({"version": "7"}, "changed this feature meanwhile"),
    ],
)
async def test_what_cannot_be_saved_is_told(committing, shop, sign_in, change, said):
    async with sign_in("rollout.view", "rollout.edit") as browser:
        answer = await browser.send(URL, {"state": "some", "version": "0"} | change, status=422)

    assert said in answer.text
    assert (await held(committing)).version == 0


async def test_people_come_by_hand_and_by_file_and_are_found(committing, shop, sign_in):
    party_id = await anna(committing)
    async with sign_in("rollout.view", "rollout.edit", "parties.view") as browser:
        path = await make_audience(browser)
        by_hand = await browser.send(
            f"{path}/people", {"people": f"{ANNA}\nnobody@example.com"}, status=200
        )
        by_file = await upload(
            browser, path, f"email;name\r\nanna@example.com;Анна\r\n{ANNA};x\r\n".encode()
        )
        found = await browser.send(f"{path}/search", {"who": "anna@example.com"}, status=200)
        missing = await browser.send(f"{path}/search", {"who": str(UUID(int=5))}, status=200)
        csv = await browser.client.get(f"{path}/members.csv")
        await browser.send(f"{path}/people/{ANNA}/remove")
        left = await browser.open(path)

    assert "Added: 1. Already there: 0. Not found: 1." in by_hand.text
    assert "Nobody is known by this e-mail or telephone." in by_hand.text
    assert "Added: 1. Already there: 1. Not found: 0." in by_file
    assert "Anna Petrova" in found.text
    assert "Not in this audience." in missing.text
    assert {line.partition(",")[0] for line in csv.text.split()[1:]} == {str(party_id), str(ANNA)}
    assert str(ANNA) not in left


async def test_a_file_that_is_exported_can_be_imported(committing, shop, sign_in):
    async with sign_in("rollout.view", "rollout.edit") as browser:
        path = await make_audience(browser)
        await browser.send(f"{path}/people", {"people": str(ANNA)}, status=200)
        csv = await browser.client.get(f"{path}/members.csv")
        again = await upload(browser, path, csv.content)

    assert "Added: 0. Already there: 1. Not found: 0." in again


@pytest.mark.parametrize("content", [b"\x00\x01\x02", "Анна\n".encode("cp1251"), b'"open\nx'])
async def test_a_file_that_is_none_changes_nothing(committing, shop, sign_in, content):
    async with sign_in("rollout.view", "rollout.edit") as browser:
        path = await make_audience(browser)
        page = await upload(browser, path, f"{ANNA}\n".encode() + content, status=422)

    assert "This file cannot be read" in page
    async with committing.snapshot() as snap:
        [audience] = await rollout.list_audiences(snap)
    assert audience.members == 0


async def test_an_audience_in_use_cannot_be_removed(committing, shop, sign_in):
    async with sign_in("rollout.view", "rollout.edit") as browser:
        path = await make_audience(browser)
        audience_id = path.rpartition("/")[2]
        await browser.send(URL, {"state": "some", "audience_ids": audience_id, "version": "0"})
        refused = await browser.send(f"{path}/remove", status=422)
        await browser.send(URL, {"state": "off", "version": "1"})
        await browser.send(f"{path}/remove")

    assert "in use" in refused.text
    assert (await held(committing)).rules.state is State.OFF


async def test_whoever_may_only_view_sees_no_names_and_changes_nothing(committing, shop, sign_in):
    await anna(committing)
    async with sign_in("rollout.view", "rollout.edit", email="editor@example.com") as browser:
        path = await make_audience(browser)
        await browser.send(f"{path}/people", {"people": "anna@example.com"}, status=200)
    async with sign_in("rollout.view") as browser:
        page = await browser.open(path)
        await browser.open(URL)
        await browser.open(f"{URL}/history")
        for target in (URL, f"{URL}/kill-switch", f"{path}/people", f"{path}/remove", path):
            await browser.send(target, {"state": "on"}, status=403)
    async with sign_in("catalog.view", email="other@example.com") as browser:
        await browser.open("/office/rollout", status=403)

    assert "Anna Petrova" not in page


async def test_pages_are_russian_for_russians(committing, shop, sign_in):
    async with sign_in("rollout.view", language="ru") as browser:
        page = await browser.open("/office/rollout")
        feature = await browser.open(URL)

    assert "Приложение лояльности" in page
    assert "выключена" in feature or "выкл" in feature
    assert "Включена ли она для этого человека?" in feature
