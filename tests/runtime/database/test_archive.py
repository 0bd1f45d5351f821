"""What was backed up can be restored, whole, into another installation.

What is damaged is refused.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import psycopg
import pytest

from hansa.runtime.database import Database
from hansa.runtime.database.archive import ArchiveRefused, back_up, restore
from hansa.runtime.database.schema import dump_schema
from hansa.runtime.storage import LocalStorage


@pytest.fixture
def files(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "files")


@pytest.fixture
def elsewhere(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "elsewhere")


@pytest.fixture
async def archive(committing: Database, files: LocalStorage, tmp_path: Path, now: datetime) -> Path:
    """A backup of an installation with one row and two files."""
    async with committing.transaction() as tx:
        await tx.execute("create table precious (word text, found tsvector)")
        await tx.execute("insert into precious values ('Ёлка', to_tsvector('ru', 'Ёлка'))")
    await files.put("pictures/one.webp", b"\x00" * 300_000)
    await files.put("two.txt", "слово".encode())
    target = tmp_path / "backups" / "hansa.tar"

    done = await back_up(committing.dsn, files, target, now=now)

    assert done.file_count == 2
    assert done.bytes == target.stat().st_size
    assert target.stat().st_mode & 0o777 == 0o600
    return target


async def test_backup_is_restored_whole(
    archive: Path, committing: Database, empty_database_dsn: str, elsewhere: LocalStorage
) -> None:
    await restore(empty_database_dsn, elsewhere, archive)

    assert dump_schema(empty_database_dsn) == dump_schema(committing.dsn)
    with psycopg.connect(empty_database_dsn) as connection:
        found = connection.execute(
            "select word from precious where found @@ to_tsquery('ru', 'елки')"
        )
        assert found.fetchall() == [("Ёлка",)]
    assert await elsewhere.get("two.txt") == "слово".encode()
    assert await elsewhere.get("pictures/one.webp") == b"\x00" * 300_000


async def test_secret_key_that_was_made_here_travels_with_the_backup(
    committing: Database,
    files: LocalStorage,
    elsewhere: LocalStorage,
    empty_database_dsn: str,
    tmp_path: Path,
    now: datetime,
) -> None:
    (tmp_path / "secret_key").write_text("key of this installation")
    target = tmp_path / "hansa.tar"
    await back_up(committing.dsn, files, target, now=now, secret_key=tmp_path / "secret_key")

    restored = tmp_path / "new" / "secret_key"
    await restore(empty_database_dsn, elsewhere, target, secret_key=restored)

    assert restored.read_text() == "key of this installation"
    assert restored.stat().st_mode & 0o777 == 0o600


async def test_installation_in_use_is_not_overwritten_unless_asked(
    archive: Path, committing: Database, files: LocalStorage
) -> None:
    async with committing.transaction() as tx:
        await tx.execute("update precious set word = 'later'")

    with pytest.raises(ArchiveRefused, match="not empty"):
        await restore(committing.dsn, files, archive)
    async with committing.snapshot() as snapshot:
        assert await snapshot.scalar("select word from precious") == "later"

    await restore(committing.dsn, files, archive, replace=True)
    async with committing.snapshot() as snapshot:
        assert await snapshot.scalar("select word from precious") == "Ёлка"


@pytest.mark.parametrize("keep", [0, 100, 5_000, -20_000])
async def test_archive_cut_short_is_refused(
    archive: Path, empty_database_dsn: str, elsewhere: LocalStorage, keep: int
) -> None:
    archive.write_bytes(archive.read_bytes()[:keep])

    with pytest.raises(ArchiveRefused, match="damaged"):
        await restore(empty_database_dsn, elsewhere, archive)

    with psycopg.connect(empty_database_dsn) as connection:
        assert connection.execute("select to_regclass('alembic_version')").fetchone() == (None,)


async def test_archive_with_a_changed_byte_is_refused(
    archive: Path, empty_database_dsn: str, elsewhere: LocalStorage
) -> None:
    content = bytearray(archive.read_bytes())
    place = content.index("слово".encode())
    content[place] ^= 1
    archive.write_bytes(bytes(content))

    with pytest.raises(ArchiveRefused, match=r"files/two.txt is not what was backed up"):
        await restore(empty_database_dsn, elsewhere, archive)


async def test_archive_of_a_newer_release_is_refused(
    archive: Path, empty_database_dsn: str, elsewhere: LocalStorage
) -> None:
    content = archive.read_bytes()
    place = content.index(b'"revision": "') + len(b'"revision": "')
    archive.write_bytes(content[:place] + b"9999" + content[place + 4 :])

    with pytest.raises(ArchiveRefused, match="newer release"):
        await restore(empty_database_dsn, elsewhere, archive)


async def test_backup_that_fails_leaves_the_former_one(
    archive: Path, files: LocalStorage, now: datetime
) -> None:
    before = archive.read_bytes()

    with pytest.raises(ArchiveRefused, match="pg_dump failed"):
        await back_up("postgresql:///nothing?host=/nowhere", files, archive, now=now)

    assert archive.read_bytes() == before
    assert not archive.with_name(archive.name + ".part").exists()
