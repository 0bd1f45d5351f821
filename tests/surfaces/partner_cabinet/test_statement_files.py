"""A partner's statements as files: its own, in its language, and nobody else's."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import pytest_asyncio

from hansa.modules import ledger
from hansa.modules.loyalty import settlement
from hansa.modules.loyalty.programmes import Directory
from tests.conftest import NOON
from tests.surfaces.partner_cabinet.conftest import HOME, HTML

NOVEMBER = date(2026, 11, 1)
STARTS = {
    "xlsx": b"PK",
    "pdf": b"%PDF",
    "csv": b"\xef\xbb\xbf",
}


@pytest_asyncio.fixture(loop_scope="session")
async def statement(site, world, bought) -> str:
    """Close November; the address of the shop's statement."""
    async with site.context.database.transaction() as tx:
        while await ledger.roll(tx):
            continue
    closed = await settlement.close_month(
        site.context.database,
        coalition=site.context.service(Directory).coalition,
        programme=world.programme,
        first=NOVEMBER,
        by=None,
        now=NOON + timedelta(days=12),
    )
    async with site.context.database.snapshot() as snap:
        found = await settlement.statements_of_closing(snap, closed=closed)
    [mine] = [one for one in found if one.partner_id == world.shop.id]
    return f"{HOME}/statements/{mine.id}"


@pytest.mark.parametrize("kind", ["xlsx", "pdf", "csv"])
async def test_a_statement_is_downloaded_by_its_own_partner(anna, boris, statement, kind) -> None:
    page = await anna.open(statement)
    mine = await anna.client.get(f"{statement}/file/{kind}")
    others = await boris.client.get(f"{statement}/file/{kind}", headers=HTML)

    assert f"{statement}/file/{kind}" in page
    assert mine.status_code == 200
    assert mine.content.startswith(STARTS[kind])
    assert mine.headers["content-disposition"].endswith(f'-2026-11.{kind}"')
    assert mine.headers["cache-control"] == "no-store"
    assert others.status_code == 404


async def test_the_lines_speak_the_language_of_the_page(anna, statement) -> None:
    english = (await anna.client.get(f"{statement}/file/csv")).content.decode("utf-8-sig")
    russian = (
        await anna.client.get(f"{statement.replace('/en/', '/ru/')}/file/csv")
    ).content.decode("utf-8-sig")

    assert english.splitlines()[0].startswith("Recorded;Happened;Key")
    assert "receipt-77" in english
    assert russian.splitlines()[0].startswith("Записано;")


async def test_there_are_no_files_of_other_kinds(anna, statement) -> None:
    await anna.open(f"{statement}/file/exe", status=404)


async def test_statements_are_listed_with_the_page_that_follows(anna, statement) -> None:
    listed = await anna.open(f"{HOME}/statements")

    assert statement in listed
    assert 'rel="next"' not in listed
