"""The exchange with 1C as staff see it: files brought by hand, the log, repeats, held removals."""

from __future__ import annotations

import asyncio
import contextlib
import io
import re
import zipfile
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from hansa.assembly.modules import all_modules
from hansa.modules import catalog, erp
from hansa.runtime.jobs.worker import run_worker
from tests.support.commerceml import generate_catalog

SECONDS_MAX = 60


@contextlib.asynccontextmanager
async def working(site) -> AsyncIterator[None]:
    """Let a worker run beside the site."""
    stop = asyncio.Event()
    task = asyncio.create_task(run_worker(site.context, all_modules(), stop=stop, poll_seconds=0.1))
    try:
        yield
    finally:
        stop.set()
        await task


async def connect(root) -> UUID:
    """Make a connection by its form."""
    answer = await root.send(
        "/office/exchange/connections/new",
        {
            "code": "1c",
            "name": "1С Ольха",
            "market": "ru",
            "publishes_products": "1",
            "activates_warehouses": "1",
            "is_active": "1",
        },
    )
    return UUID(re.search(r"connection=([0-9a-f-]+)", answer.headers["location"])[1])


async def bring(root, *files: tuple[str, bytes], status: int = 303, clock=None):
    """Send files by the form, a minute after what happened before."""
    if clock is not None:
        clock.advance(timedelta(minutes=1))
    page = await root.open("/office/exchange")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    answer = await root.client.post(
        "/office/exchange/files",
        data={"csrf_token": token[1]},
        files=[("files", (name, content, "text/xml")) for name, content in files],
    )
    assert answer.status_code == status, answer.text[:800]
    return answer


async def settled(committing, connection: UUID, count: int) -> dict[str, erp.ImportedFile]:
    """Wait until so many files are done or failed; give them by name, the newest of a name."""
    async with asyncio.timeout(SECONDS_MAX):
        while True:
            async with committing.snapshot() as snap:
                files = await erp.list_files(snap, connection_id=connection)
            over = [one for one in files if one.state in {"done", "failed"}]
            if len(over) >= count:
                return {one.name: one for one in reversed(over)}
            await asyncio.sleep(0.05)


async def test_pages_ask_for_their_permission(sign_in, root) -> None:
    connection = await connect(root)
    paths = {
        "/office/exchange": "erp.view",
        "/office/exchange/sessions": "erp.view",
        f"/office/exchange/connections/{connection}": "erp.view",
        "/office/exchange/connections/new": "erp.edit",
    }

    async with sign_in() as nobody:
        for path in paths:
            await nobody.open(path, status=403)
    async with sign_in("erp.view", email="looks@example.com") as looker:
        assert "1С Ольха" in await looker.open("/office/exchange")
        await looker.open("/office/exchange/connections/new", status=403)
        await looker.send("/office/exchange/files", status=403)


async def test_without_a_connection_the_page_says_what_to_do(root) -> None:
    assert "No 1C is connected" in await root.open("/office/exchange")


async def test_a_refused_connection_keeps_what_was_typed(root, committing) -> None:
    refused = await root.send(
        "/office/exchange/connections/new",
        {"code": "1c", "name": "Наша 1С", "market": "ru", "time_zone": "Луна"},
        status=422,
    )

    assert 'value="Наша 1С"' in refused.text
    assert "This time zone is not known." in refused.text
    async with committing.snapshot() as snap:
        assert await erp.list_connections(snap) == ()


async def test_files_brought_by_hand_are_imported_shown_and_repeated(
    root, committing, site, clock
) -> None:
    connection = await connect(root)
    goods, offers = generate_catalog(3, 2)

    async with working(site):
        await bring(root, ("offers.xml", offers), ("import.xml", goods))
        files = await settled(committing, connection, 2)
        page = await root.open(f"/office/exchange/files/{files['import.xml'].id}")
        listed = await root.open("/office/exchange")
        sessions = await root.open("/office/exchange/sessions")
        session = re.search(r"session=([0-9a-f-]+)", sessions)
        assert session is not None
        assert "offers.xml" in await root.open(f"/office/exchange?session={session[1]}")
        clock.advance(timedelta(minutes=1))
        repeated = await root.send(f"/office/exchange/files/{files['import.xml'].id}/repeat")
        again = (await settled(committing, connection, 3))["import.xml"]

    assert files["import.xml"].counts["created"] >= 3
    assert "import.xml" in listed
    assert "offers.xml" in listed
    assert "created" in page
    assert "/office/catalogue/products/" in page
    assert str(again.id) in repeated.headers["location"]
    assert again.repeats_id == files["import.xml"].id
    assert again.counts.get("created", 0) == 0
    async with committing.snapshot() as snap:
        held = await catalog.list_products(snap, search="", status=catalog.Status.ACTIVE)
    assert len(held.products) >= 3


async def test_a_zip_of_a_folder_is_taken_apart_and_a_harmful_one_refused(
    root, committing, site
) -> None:
    connection = await connect(root)
    goods, offers = generate_catalog(2)

    def packed(**entries: bytes) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in entries.items():
                archive.writestr(name.replace("__", "/") + ".xml", content)
        return file.getvalue()

    harmful = packed(**{"..__..__import": goods})
    refused = await bring(root, ("export.zip", harmful), status=422)
    nothing = await bring(root, ("notes.txt", b"no export"), status=422)
    async with working(site):
        folder = packed(webdata__import=goods, webdata__offers=offers)
        await bring(root, ("export.zip", folder))
        files = await settled(committing, connection, 2)

    assert "field-error" in refused.text
    assert "Choose XML files of 1C" in nothing.text
    assert {name: str(file.state) for name, file in files.items()} == {
        "import.xml": "done",
        "offers.xml": "done",
    }


async def test_a_broken_file_says_why_and_what_was_refused_is_listed(
    root, committing, site
) -> None:
    connection = await connect(root)
    goods, offers = generate_catalog(2)

    async with working(site):
        await bring(root, ("import.xml", goods[: len(goods) // 2]), ("offers.xml", offers))
        files = await settled(committing, connection, 2)
        broken = await root.open(f"/office/exchange/files/{files['import.xml'].id}")
        other = f"/office/exchange/files/{files['offers.xml'].id}"
        await root.open(f"{other}?action=refused")
        await root.open(f"{other}?action=created&kind=offer&q=nothing")

    assert files["import.xml"].state == "failed"
    assert "The file was not imported" in broken


async def test_a_held_removal_is_applied_when_a_person_says_so(
    root, committing, site, clock
) -> None:
    connection = await connect(root)
    many, _ = generate_catalog(30)
    few, _ = generate_catalog(4)

    async with working(site):
        await bring(root, ("import0_1.xml", many))
        await settled(committing, connection, 1)
        await bring(root, ("import0_1.xml", few), clock=clock)
        await settled(committing, connection, 2)
        removal = await held_removal(committing, connection)
        page = await root.open("/office/exchange")
        await root.send(f"/office/exchange/removals/{removal.id}", {"decision": "apply"})
        archived = await archived_products(committing, at_least=26)
    twice = await root.send(
        f"/office/exchange/removals/{removal.id}", {"decision": "apply"}, status=409
    )

    assert "A full export leaves out 26 of 30 products" in page
    assert archived == 26
    assert twice.status_code == 409


async def held_removal(committing, connection: UUID) -> erp.Removal:
    """Wait until the exchange has been finished and something is held."""
    async with asyncio.timeout(SECONDS_MAX):
        while True:
            async with committing.snapshot() as snap:
                found = await erp.list_removals(snap, connection_id=connection, only_held=True)
            if found:
                return found[0]
            await asyncio.sleep(0.05)


async def archived_products(committing, *, at_least: int) -> int:
    """Wait until so many products are archived; give how many are."""
    async with asyncio.timeout(SECONDS_MAX):
        while True:
            async with committing.snapshot() as snap:
                counts = await catalog.count_products_by_status(snap)
            if counts[catalog.Status.ARCHIVED] >= at_least:
                return counts[catalog.Status.ARCHIVED]
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("decision", ["dismiss", ""])
async def test_nothing_is_taken_away_unless_a_person_says_so(
    root, committing, site, clock, decision: str
) -> None:
    connection = await connect(root)
    many, _ = generate_catalog(30)
    few, _ = generate_catalog(4)
    async with working(site):
        await bring(root, ("import0_1.xml", many))
        await settled(committing, connection, 1)
        await bring(root, ("import0_1.xml", few), clock=clock)
        await settled(committing, connection, 2)
        removal = await held_removal(committing, connection)

        await root.send(f"/office/exchange/removals/{removal.id}", {"decision": decision})

    async with committing.snapshot() as snap:
        counts = await catalog.count_products_by_status(snap)
        left = await erp.list_removals(snap, connection_id=connection, only_held=True)
    assert counts[catalog.Status.ARCHIVED] == 0
    assert left == ()
