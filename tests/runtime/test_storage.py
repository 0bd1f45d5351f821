"""One contract for both kinds of file store."""

from __future__ import annotations

import asyncio
import hashlib
import urllib.request
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from hansa.runtime.storage import (
    BadFileName,
    ChecksumMismatch,
    FileMissing,
    FileTooLarge,
    LocalStorage,
    S3Storage,
    Storage,
    StorageFailed,
)

MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["local", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "local":
        return LocalStorage(tmp_path / "files")
    endpoint = request.getfixturevalue("s3_endpoint")
    bucket = f"bucket-{hashlib.sha256(str(tmp_path).encode()).hexdigest()[:16]}"
    boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
    ).create_bucket(Bucket=bucket)
    return S3Storage(
        bucket,
        endpoint=endpoint,
        region="us-east-1",
        access_key="key",
        secret_key="secret",
        prefix="shop",
    )


async def pieces(number: int, size: int = MEBIBYTE) -> AsyncIterator[bytes]:
    for place in range(number):
        yield bytes([place]) * size


async def broken() -> AsyncIterator[bytes]:
    yield b"x" * 6 * MEBIBYTE
    raise ConnectionResetError("the sender went away")


async def test_what_was_written_is_read(storage: Storage) -> None:
    written = await storage.put("media/a-1/Dress_01.webp", b"content")

    assert await storage.get("media/a-1/Dress_01.webp") == b"content"
    assert (written.size, written.content_type) == (7, "image/webp")
    assert written.sha256 == hashlib.sha256(b"content").hexdigest()
    facts = await storage.facts("media/a-1/Dress_01.webp")
    assert (facts.size, facts.content_type) == (7, "image/webp")
    assert abs(facts.modified_at - datetime.now(UTC)) < timedelta(minutes=1)


async def test_large_files_pass_in_pieces_both_ways(storage: Storage) -> None:
    written = await storage.put("exchange/import.xml", pieces(12))

    digest, sizes = hashlib.sha256(), []
    async for piece in storage.stream("exchange/import.xml"):
        digest.update(piece)
        sizes.append(len(piece))
    assert sum(sizes) == written.size == 12 * MEBIBYTE
    assert digest.hexdigest() == written.sha256


async def test_a_file_replaces_the_one_of_its_name(storage: Storage) -> None:
    await storage.put("a.txt", b"old and long")
    await storage.put("a.txt", b"new")

    assert await storage.get("a.txt") == b"new"


@pytest.mark.parametrize("failure", ["checksum", "size", "sender"])
async def test_a_file_that_fails_on_its_way_changes_nothing(storage: Storage, failure: str) -> None:
    await storage.put("a.txt", b"old")

    if failure == "checksum":
        with pytest.raises(ChecksumMismatch):
            await storage.put("a.txt", pieces(7), sha256="0" * 64)
        with pytest.raises(ChecksumMismatch):
            await storage.put("a.txt", b"new", sha256="0" * 64)
    elif failure == "size":
        with pytest.raises(FileTooLarge):
            await storage.put("a.txt", pieces(7), size_max=6 * MEBIBYTE)
    else:
        with pytest.raises(ConnectionResetError):
            await storage.put("a.txt", broken())

    assert await storage.get("a.txt") == b"old"
    assert [name async for name in storage.names()] == ["a.txt"]


async def test_the_right_checksum_is_accepted(storage: Storage) -> None:
    await storage.put(
        "a.txt", b"abc", sha256=hashlib.sha256(b"abc").hexdigest().upper(), size_max=3
    )

    assert await storage.exists("a.txt")


async def test_missing_files_are_told(storage: Storage) -> None:
    assert not await storage.exists("none.txt")
    with pytest.raises(FileMissing):
        await storage.get("none.txt")
    with pytest.raises(FileMissing):
        await storage.facts("none.txt")
    with pytest.raises(FileMissing):
        async for _ in storage.stream("none.txt"):
            pass


async def test_deleting_twice_is_once(storage: Storage) -> None:
    await storage.put("a/b.txt", b"1")

    await storage.delete("a/b.txt")
    await storage.delete("a/b.txt")

    assert not await storage.exists("a/b.txt")


async def test_names_of_a_folder(storage: Storage) -> None:
    for name in ("a/1.txt", "a/b/2.txt", "c/3.txt"):
        await storage.put(name, b"1")

    assert sorted([name async for name in storage.names("a")]) == ["a/1.txt", "a/b/2.txt"]
    assert sorted([name async for name in storage.names()]) == ["a/1.txt", "a/b/2.txt", "c/3.txt"]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/",
        "/etc/passwd",
        "../x",
        "a/../b",
        "a//b",
        "a/",
        ".hidden",
        "a/.b",
        "a b",
        "a\\b",
        "a\0b",
        "a%2e",
        "имя.txt",
        "a" * 600,
        "-x",
        "a:b",
        "con\n",
    ],
)
async def test_names_that_could_leave_the_folder_are_refused(storage: Storage, name: str) -> None:
    for refused in (
        storage.get(name),
        storage.put(name, b""),
        storage.delete(name),
        storage.exists(name),
        storage.url(name),
    ):
        with pytest.raises(BadFileName):
            await refused


async def test_addresses_lead_to_the_file(storage: Storage) -> None:
    await storage.put("a/b.txt", b"hello")

    url = await storage.url("a/b.txt", valid_for=timedelta(minutes=5))

    if isinstance(storage, LocalStorage):
        assert url == "/media/a/b.txt"
    else:
        answer = await asyncio.to_thread(urllib.request.urlopen, url)
        with answer:
            assert answer.read() == b"hello"
            assert answer.headers["content-type"] == "text/plain"


async def test_a_store_that_is_away_is_told() -> None:
    storage = S3Storage(
        "none",
        endpoint="http://127.0.0.1:1",
        region="us-east-1",
        access_key="k",
        secret_key="s",
        retries=0,
    )

    with pytest.raises(StorageFailed):
        await storage.get("a.txt")
