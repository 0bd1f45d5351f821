"""Feeds as staff see them: health, refused records tried again, mappings tried first."""

from __future__ import annotations

import re

import pytest_asyncio

from hansa.modules.loyalty import intake
from hansa.modules.loyalty.intake.examples import example
from tests.support.feeds import Coalition, a_coalition, a_feed, run, write_mapping
from tests.support.loyalty import a_member

HOME = "/office/loyalty/feeds"
HEADER = (
    "Заказ;Статус;Версия;Телефон;Размещён;Доставлен;Изменён;Строка;Артикул;Категория;"
    "Количество;Сумма;Возвращено"
)
GOOD = "F-1;Доставлен;2;+79161230001;;01.11.2026 12:00:00;01.11.2026 12:00:00;1;S;d;1;1000,00;0,00"
BAD = GOOD.replace("F-1", "F-2").replace("1000,00", "дорого")


@pytest_asyncio.fixture(loop_scope="session")
async def coalition(site) -> Coalition:
    return await a_coalition(site.context, now=site.context.clock.now())


@pytest_asyncio.fixture(loop_scope="session")
async def feed(site, coalition: Coalition) -> intake.Feed:
    """A nightly file with a good and a bad row."""
    context = site.context
    async with context.database.transaction() as tx:
        await a_member(tx, coalition.programme, now=context.clock.now(), phone="+79161230001")
    made = await a_feed(context, coalition, example("fashion-csv"), code="nightly")
    await context.storage.put("feeds/nightly/a.csv", f"{HEADER}\n{GOOD}\n{BAD}\n".encode("cp1251"))
    await run(context, made)
    return made


async def test_without_feeds_the_page_says_so(root) -> None:
    assert "No feeds yet" in await root.open(HOME)


async def test_the_list_and_the_feed_say_what_is_refused_and_why(root, feed) -> None:
    assert "has refused records" in await root.open(HOME)

    page = await root.open(f"{HOME}/{feed.id}")

    assert "“Сумма” is wrong: a number such as 1234,50 was expected." in page
    assert "Row 3" in page
    assert "1230001" not in page
    assert re.search(r'class="is-number">2<.*>1<.*>1<', page, re.DOTALL)


async def test_a_refused_record_is_tried_again_by_the_mapping_of_now(site, root, feed) -> None:
    mended = example("fashion-csv").replace(
        '"do": "money", "of":', '"do": "money", "rounding": "down", "of":'
    )
    lookup = '{"do": "lookup", "of": "Сумма", "table": {"дорого": "500"}, "otherwise": "Сумма"}'
    mended = mended.replace('"of": "Сумма"', f'"of": {lookup}')
    async with site.context.database.transaction() as tx:
        await write_mapping(tx, site.context, feed, mended)
    page = await root.open(f"{HOME}/{feed.id}")
    found = re.search(r"/items/([0-9a-f-]{36})/retry", page)
    assert found

    await root.send(f"{HOME}/{feed.id}/items/{found[1]}/retry")

    page = await root.open(f"{HOME}/{feed.id}")
    assert "Nothing is refused" in page
    assert "loyalty.try_record" in await root.open("/office/audit")
    await root.send(f"{HOME}/{feed.id}/items/{found[1]}/retry", status=404)


async def test_a_mapping_is_tried_on_a_sample_before_it_is_put_in_force(site, root, feed) -> None:
    here = f"{HOME}/{feed.id}/mapping"
    assert "fashion" not in await root.open(here)
    typed = {"written": example("fashion-csv"), "sample": f"{HEADER}\n{GOOD}\n{BAD}"}

    tried = (await root.send(here, {**typed, "action": "try"}, status=200)).text
    wrong = (await root.send(here, {**typed, "written": "{", "action": "try"}, status=422)).text
    await root.send(here, {**typed, "action": "save"})

    assert "F-1" in tried
    assert "a number such as 1234,50" in tried
    assert "The mapping cannot be used" in wrong
    async with site.context.database.snapshot(single=True) as snap:
        assert (await intake.get_feed(snap, feed_id=feed.id)).mapping_version == 2


async def test_a_feed_is_made_and_its_secrets_are_never_shown(site, root, coalition) -> None:
    fields = {
        "name": "Insurer",
        "code": "insurer",
        "participation": f"{coalition.programme.id} {coalition.partner.id}",
        "kind": "webhook",
        "settings": '{"answers": "later"}',
        "secret_signing": "very secret indeed",
    }
    wrong = {**fields, "settings": '{"no": 1}'}
    assert "no" in (await root.send(f"{HOME}/new", wrong, status=422)).text
    await root.send(f"{HOME}/new", {**fields, "cron": "every day"}, status=422)

    made = await root.send(f"{HOME}/new", fields)

    here = made.headers["location"].partition("?")[0]
    assert "/loyalty/v1/feeds/insurer/events" in await root.open(here)
    assert "very secret" not in await root.open(f"{here}/settings")
    await root.send(f"{here}/settings", {"name": "Insurer", "settings": "{}", "is_active": "1"})
    async with site.context.database.snapshot(single=True) as snap:
        kept = await intake.get_feed_by_code(snap, code="insurer")
    sealer = site.context.service(intake.Intake).sealer
    assert kept.is_active
    assert sealer.credentials(kept).secret == "very secret indeed"
    assert "very secret" not in await root.open("/office/audit")


async def test_looking_now_and_changing_ask_for_their_permission(sign_in, feed) -> None:
    async with sign_in("loyalty.view") as reader:
        await reader.open(f"{HOME}/{feed.id}")
        await reader.open(f"{HOME}/{feed.id}/mapping")
        await reader.open(f"{HOME}/new", status=403)
        for path in ("run", "retry", "mapping", "settings"):
            await reader.send(f"{HOME}/{feed.id}/{path}", status=403)
    async with sign_in("loyalty.edit", "loyalty.view", email="two@example.com") as editor:
        await editor.send(f"{HOME}/{feed.id}/run")
        await editor.send(f"{HOME}/{feed.id}/retry")


async def test_reasons_are_told_in_russian_too(root, feed) -> None:
    root.client.cookies.set("hansa_language", "ru")

    page = await root.open(f"{HOME}/{feed.id}")

    assert "Неверное значение «Сумма», ожидалось: число вроде 1234,50." in page
