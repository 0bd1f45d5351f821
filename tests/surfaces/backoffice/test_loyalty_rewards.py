"""The catalogue of rewards in the back office: written, filled, paused, and who took what."""

from __future__ import annotations

import io
import re
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from PIL import Image

from hansa.modules import accounts
from hansa.modules.loyalty import members, rewards
from tests.conftest import NOON
from tests.surfaces.backoffice.loyalty_world import World, a_world

HOME = "/office/loyalty/rewards"
MUG: dict[str, Any] = {
    "programme": "plus",
    "partner": "fuel",
    "code": "mug",
    "kind": "goods",
    "name_ru": "Кружка",
    "name_en": "A mug",
    "points": "10",
    "stock": "2",
    "per_member": "3",
    "position": "5",
}
COUPON = {**MUG, "code": "coupon", "kind": "certificate", "name_en": "A coupon", "stock": ""}


@pytest_asyncio.fixture(loop_scope="session")
async def world(site) -> World:
    return await a_world(site)


async def made(browser, form: dict[str, Any]) -> str:
    """Make a reward and give the address of its page."""
    answer = await browser.send(f"{HOME}/new", form)
    return str(answer.headers["location"]).partition("?")[0]


async def kept(site, url: str) -> rewards.Reward:
    async with site.context.database.snapshot() as snap:
        return await rewards.get_reward(snap, reward_id=UUID(url.rpartition("/")[2]))


async def take(world, url: str, site) -> rewards.Order:
    async with site.context.database.snapshot() as snap:
        [membership] = (await members.get_member(snap, member_id=world.member.id)).memberships
    reward = await kept(site, url)
    return await rewards.order_reward(
        site.context, order_id=uuid4(), membership=membership, reward_id=reward.id, now=NOON
    )


async def test_a_reward_is_written_listed_found_and_changed(root, world, site) -> None:
    empty = await root.open(HOME)
    url = await made(root, MUG)
    page = await root.open(url)
    found = await root.open(f"{HOME}?q=круж")
    missed = await root.open(f"{HOME}?q=teapot%25")
    form = await root.open(f"{url}/text")
    await root.send(f"{url}/text", {**MUG, "points": "15", "per_member": ""})
    reward = await kept(site, url)

    assert "No rewards yet" in empty
    assert "A mug" in page
    assert ">can be taken<" in page
    assert "A mug" in found
    assert "Nothing found" in missed
    assert 'value="10"' in form
    assert (reward.points, reward.stock, reward.per_member, reward.position) == (15, 2, None, 5)
    assert reward.name == {"ru": "Кружка", "en": "A mug"}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name_ru": "", "name_en": ""}, "name_ru"),
        ({"programme": "x"}, "programme"),
        ({"partner": ""}, "partner"),
        ({"code": ""}, "code"),
        ({"points": "0"}, "points"),
        ({"kind": "donation", "amounts": "ten"}, "amounts"),
        ({"kind": "donation", "amounts": "0"}, "amounts"),
        ({"stock": "-1"}, "stock"),
        ({"per_member": "0"}, "per_member"),
        ({"starts_at": "2026-02-01T10:00", "ends_at": "2026-01-01T10:00"}, "ends_at"),
    ],
)
async def test_what_is_wrong_is_said_at_its_field(root, world, site, wrong, field) -> None:
    answer = await root.send(f"{HOME}/new", {**MUG, **wrong}, status=422)

    assert f'id="field-{field}-error"' in answer.text
    async with site.context.database.snapshot() as snap:
        assert not await rewards.list_catalogue(snap, programme_id=world.programme.id, limit=5)


async def test_a_code_is_taken_once_in_a_programme(root, world) -> None:
    await made(root, MUG)
    again = await root.send(f"{HOME}/new", MUG, status=422)

    assert "is taken already" in again.text


async def test_a_donation_has_amounts_to_choose_from(root, world, site) -> None:
    url = await made(root, {**MUG, "kind": "donation", "amounts": "500, 100", "points": "7"})
    reward = await kept(site, url)

    assert (reward.amounts, reward.points, reward.stock) == ((100, 500), 0, 2)


async def test_codes_are_added_sealed_and_each_counts_once(root, world, site) -> None:
    url = await made(root, COUPON)
    await root.send(f"{url}/codes", {"codes": "AAA-1\n\n AAA-2 \nAAA-1"})
    await root.send(f"{url}/codes", {"codes": "AAA-2\nAAA-3"})
    wrong = await root.send(f"{url}/codes", {"codes": "x" * 101}, status=422)
    page = await root.open(url)
    form = await root.send(f"{url}/stock", {"pieces": "5"}, status=422)
    order = await take(world, url, site)
    async with site.context.database.snapshot() as snap:
        told = await accounts.list_audit(snap, subject_kind="loyalty_reward")

    assert (await kept(site, url)).stock == 2
    assert order.state is rewards.OrderState.DONE
    assert 'id="field-codes-error"' in wrong.text
    assert "xxxxx" not in wrong.text
    assert "is not right" in form.text
    assert "AAA" not in page
    assert "AAA" not in str([one.after for one in told])
    assert {one.action for one in told} == {"loyalty.save_reward", "loyalty.add_reward_codes"}


async def test_goods_of_a_certificate_get_no_codes(root, world) -> None:
    url = await made(root, MUG)

    await root.send(f"{url}/codes", {"codes": "AAA-1"}, status=404)


async def test_the_stock_is_changed_by_so_many_and_a_change_of_words_leaves_it(
    root, world, site
) -> None:
    url = await made(root, MUG)
    await take(world, url, site)
    await root.send(f"{url}/stock", {"pieces": "4"})
    await root.send(f"{url}/stock", {"pieces": "-2"})
    below = await root.send(f"{url}/stock", {"pieces": "-9"}, status=422)
    await root.send(f"{url}/text", {**MUG, "stock": "77"})

    assert (await kept(site, url)).stock == 3
    assert 'id="field-pieces-error"' in below.text


async def test_a_paused_reward_is_taken_by_nobody_until_it_is_resumed(root, world, site) -> None:
    url = await made(root, MUG)
    await root.send(f"{url}/switch")
    paused = await root.open(url)
    with pytest.raises(rewards.RewardClosed):
        await take(world, url, site)
    await root.send(f"{url}/switch")
    await take(world, url, site)
    page = await root.open(url)

    assert ">paused<" in paused
    assert f"/office/loyalty/members/{world.member.id}" in page
    assert ">the member has it<" in page


async def test_a_picture_is_kept_and_shown(root, world, site) -> None:
    drawn = io.BytesIO()
    Image.new("RGB", (40, 50), "red").save(drawn, "PNG")
    page = await root.open("/office/me")
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    data = {"csrf_token": found[1], **MUG}
    answers = [
        await root.client.post(
            f"{HOME}/new",
            data={**data, "code": f"mug-{number}"},
            files={"picture": ("mug.png", content, "image/png")},
            headers={"Accept": "text/html"},
        )
        for number, content in enumerate((drawn.getvalue(), b"no picture"))
    ]
    shown = await root.open(answers[0].headers["location"])
    key = re.search(r'src="(/media/[^"]+)"', shown)

    assert [one.status_code for one in answers] == [303, 422]
    assert key
    assert (await root.client.get(key[1])).status_code == 200
    assert "This picture cannot be read." in answers[1].text


async def test_only_who_may_change_the_programme_changes_rewards(
    root, sign_in, site, world
) -> None:
    url = await made(root, MUG)
    async with sign_in("loyalty.view", email="looks@example.com") as browser:
        page = await browser.open(url)
        await browser.open(HOME)
        for path in (f"{HOME}/new", f"{url}/text", f"{url}/switch", f"{url}/codes", f"{url}/stock"):
            await browser.send(path, MUG, status=403)
        await browser.open(f"{HOME}/new", status=403)
    async with sign_in("orders.view", email="orders@example.com") as browser:
        await browser.open(HOME, status=403)
        await browser.open(url, status=403)
    async with site.client(keyed=False) as client:
        nobody = await client.get(url, headers={"Accept": "text/html"})

    assert "Pieces to add" not in page
    assert nobody.status_code == 303
    await root.open(f"{HOME}/{world.member.id}", status=404)


RULE = "/office/loyalty/settlement/programmes/plus/rule"


async def test_how_a_programme_settles_is_changed_by_a_form(root, world, site) -> None:
    before = await root.open(RULE)
    await root.send(RULE, {"when_exhausted": "stop", "due_days": "5", "vat_percent": "22"})
    after = await root.open(RULE)
    wrong = await root.send(RULE, {"due_days": "500", "when_exhausted": "stop"}, status=422)
    much = await root.send(RULE, {"vat_percent": "101", "when_exhausted": "stop"}, status=422)

    assert 'value="10"' in before
    assert 'value="22"' in after
    assert '<option value="stop" selected>' in after
    assert 'id="field-due_days-error"' in wrong.text
    assert 'id="field-vat_percent-error"' in much.text
    await root.open("/office/loyalty/settlement/programmes/another/rule", status=404)


async def test_only_who_settles_changes_how_it_is_done(sign_in, world) -> None:
    async with sign_in("loyalty.view", "loyalty.edit") as browser:
        page = await browser.open(RULE)
        await browser.send(RULE, {"due_days": "5"}, status=403)

    assert "You may look, not change." in page
