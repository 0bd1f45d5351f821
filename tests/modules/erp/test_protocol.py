"""The exchange over real HTTP, driven by the sandbox 1C, with a worker beside it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from hansa.modules import erp
from sandbox.onec.client import Dropped, Refused
from sandbox.onec.mischief import Mischief
from tests.modules.erp.test_import import available, goods, ids_of, offer, offers, prove, rest
from tests.support.commerceml import Style, generate_catalog


async def in_thread(action: Callable, *arguments, **options):
    return await asyncio.to_thread(action, *arguments, **options)


def a_folder(path: Path, **files: bytes | str) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (path / f"{name}.xml").write_bytes(data)
    return path


async def files_of(site) -> list[erp.ImportedFile]:
    async with site.context.database.snapshot() as snap:
        return list(await erp.list_files(snap, connection_id=site.connection.id))


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("chunk", [1_000, 100_000])
async def test_a_folder_goes_over_in_chunks_or_packed(site, tmp_path, zipped, chunk):
    made, priced = generate_catalog(20, 3, 4, style=Style(encoding="windows-1251"))
    folder = a_folder(tmp_path / "export", **{"import": made, "offers": priced})

    with site.onec() as onec:
        await in_thread(onec.exchange_catalog, folder, zipped=zipped, chunk=chunk)

    assert len(await ids_of(site.context, site.connection, "variant")) == 60
    states = {file.name: file.state for file in await files_of(site) if file.name.endswith("xml")}
    assert states == {"import.xml": "done", "offers.xml": "done"}
    await prove(site.context)


async def test_real_exports_go_over_http(site, real_exports, tmp_path):
    for name in ("dobromyslov-import0_1.xml", "dobromyslov-offers0_1.xml"):
        a_folder(tmp_path / "export", **{name[:-4]: (real_exports / name).read_bytes()})

    with site.onec() as onec:
        await in_thread(onec.exchange_catalog, tmp_path / "export", chunk=4096)

    assert (
        await available(site.context, site.connection, "bd8c4e15-18f9-11e7-80c2-0cc47ab29cd1")
        == 377
    )
    async with site.context.database.snapshot() as snap:
        log = await erp.list_log(snap, connection_id=site.connection.id, action=erp.Action.REFUSED)
    assert len(log) == 9
    assert all(row.reason for row in log)


@pytest.mark.parametrize(
    "switches",
    [
        {"chunk_twice": True},
        {"lose_answer": True},
        {"duplicate_file": True},
        {"post_instead_of_get": True},
        {"sessid_in_query": True},
        {"reorder_files": True},
        {"skip_complete": True},
    ],
    ids=lambda switches: next(iter(switches)),
)
async def test_a_misbehaving_1c_does_no_harm(site, tmp_path, switches):
    made, priced = generate_catalog(10, 2, 2)
    folder = a_folder(tmp_path / "export", **{"import": made, "offers": priced})

    with site.onec(**switches) as onec:
        await in_thread(onec.exchange_catalog, folder, chunk=1000)

    assert len(await ids_of(site.context, site.connection, "variant")) == 20
    await prove(site.context)


async def test_a_chunk_cut_off_at_any_byte_leaves_the_file_as_it_was(site):
    content = goods("a", "b").encode()
    with site.onec() as onec:
        await in_thread(onec.check_auth)
        await in_thread(onec.init)
        await in_thread(onec.send_file, content[:100], "import.xml")
        for cut in (0, 1, 57, len(content) - 101):
            onec.mischief = Mischief(cut_at_byte=cut)
            with pytest.raises(Dropped):
                await in_thread(onec.send_file, content[100:], "import.xml")
        onec.mischief = Mischief()
        await in_thread(onec.send_file, content[100:], "import.xml")

        await in_thread(onec.import_file, "import.xml")

    assert set(await ids_of(site.context, site.connection, "product")) == {"a", "b"}


async def test_wrong_passwords_and_missing_cookies_are_refused(site):
    with site.onec(wrong_password=True) as onec, pytest.raises(Refused) as caught:
        await in_thread(onec.check_auth)
    assert caught.value.status == 401

    with site.onec(no_cookie=True) as onec:
        await in_thread(onec.check_auth)
        for step in (onec.init, onec.complete, onec.query_orders):
            with pytest.raises(Refused) as caught:
                await in_thread(step)
            assert caught.value.status == 200
            assert "checkauth" in caught.value.reason
    assert await files_of(site) == []


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("../a.xml", b"x", "не подходит"),
        ("a.xml", b"", "пустым"),
        ("a.xml", b"x" * 300_000, "не больше"),
        ("/etc/passwd", b"x", "absolute"),
    ],
)
async def test_bad_files_are_refused_when_they_come(site, name, content, reason):
    with site.onec() as onec:
        await in_thread(onec.check_auth)
        await in_thread(onec.init)
        onec.terms = replace(onec.terms, file_limit=1_000_000)
        with pytest.raises(Refused, match=reason):
            await in_thread(onec.send_file, content, name, chunk=1_000_000)

    assert await files_of(site) == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("<КоммерческаяИнформация><Каталог>", "breaks off"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><КоммерческаяИнформация/>', "document type"),
        ("<html/>", "root element"),
        ('<?xml version="1.0" encoding="windows-1251"?><КоммерческаяИнформация/>', "character set"),
    ],
)
async def test_bad_contents_are_refused_at_import(site, content, reason):
    with site.onec() as onec:
        await in_thread(onec.check_auth)
        await in_thread(onec.init)
        await in_thread(onec.send_file, content.encode(), "import.xml")
        with pytest.raises(Refused, match=reason):
            await in_thread(onec.import_file, "import.xml")


async def test_unknown_files_steps_and_types_are_refused(site):
    with site.onec() as onec:
        await in_thread(onec.check_auth)
        with pytest.raises(Refused, match="не приходил"):
            await in_thread(onec.import_file, "import.xml")
        cookie = {"Cookie": "=".join(onec.cookie)}
    async with httpx.AsyncClient(base_url=site.address, headers=cookie) as client:
        for query in ("type=reference&mode=init", "type=catalog&mode=dance", "type=catalog"):
            answer = await client.get(f"/1c_exchange?{query}")
            assert answer.status_code == 200
            assert answer.text.startswith("failure\n")
            assert "не поддерживается" in answer.text
        elsewhere = await client.get("/bitrix/admin/1c_exchange.php?type=catalog&mode=init")
        assert elsewhere.text.startswith("zip=yes\nfile_limit=200000")


async def test_a_new_exchange_forgets_what_was_not_imported(site):
    with site.onec() as onec:
        await in_thread(onec.check_auth)
        await in_thread(onec.init)
        await in_thread(onec.send_file, b"half of a fi", "import.xml")
        await in_thread(onec.check_auth)
        await in_thread(onec.init)
        await in_thread(onec.send_file, goods("a").encode(), "import.xml")

        await in_thread(onec.import_file, "import.xml")

    assert [file.state for file in await files_of(site)] == ["done", "abandoned"]


async def test_a_file_can_be_repeated_from_the_log(site):
    with site.onec() as onec:
        await in_thread(onec.check_auth)
        await in_thread(onec.send_file, offers(offer("a", rest("3"))).encode(), "offers.xml")
        await in_thread(onec.import_file, "offers.xml")
        await in_thread(onec.send_file, goods("a").encode(), "import.xml")
        await in_thread(onec.import_file, "import.xml")
    assert await available(site.context, site.connection, "a") == 3
    first = (await files_of(site))[-1]

    async with site.context.database.transaction() as tx:
        again = await erp.repeat_file(tx, file_id=first.id, now=site.context.clock.now())

    for _ in range(1200):
        async with site.context.database.snapshot() as snap:
            file = await erp.get_file(snap, file_id=again)
        if file.state == "done":
            break
        await asyncio.sleep(0.05)
    assert (file.state, file.counts.get("refused", 0)) == ("done", 0)
