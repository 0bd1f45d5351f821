"""Files (pictures, labels, documents): one port over a local folder and S3-compatible stores.

A file is written whole or not at all and replaces the one of the same name. Its content type
follows from its name, so that both kinds of store and every web server agree on it.
"""

import hashlib
import mimetypes
import re
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar, Protocol
from urllib.parse import quote

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, S3Store

from hansa.kernel.errors import Invalid, NotFound, Unavailable

CHUNK_BYTES = 256 * 1024
_NAME_LENGTH_MAX = 512
_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}")
_TYPES = mimetypes.MimeTypes()  # of Python alone, not of the machine
for _suffix, _type in ((".webp", "image/webp"), (".avif", "image/avif"), (".zpl", "text/plain")):
    _TYPES.add_type(_type, _suffix)

Content = bytes | AsyncIterable[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """What a store knows of a file. `size` is in bytes."""

    name: str
    size: int
    content_type: str
    modified_at: datetime
    etag: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was written: `size` in bytes and the SHA-256 of the content, in hexadecimal."""

    name: str
    size: int
    sha256: str
    content_type: str


class BadFileName(Invalid):
    """The name could leave its folder, or some store could not hold it."""

    code: ClassVar[str] = "storage.bad_file_name"
    message: ClassVar[str] = "This file name cannot be used."


class FileMissing(NotFound):
    """No file of that name."""

    code: ClassVar[str] = "storage.file_missing"
    message: ClassVar[str] = "There is no such file."


class ChecksumMismatch(Invalid):
    """The content is not what its sender said it was; nothing was written."""

    code: ClassVar[str] = "storage.checksum_mismatch"
    message: ClassVar[str] = "The file was damaged on its way. Send it again."


class FileTooLarge(Invalid):
    """The content is longer than the caller allowed; nothing was written."""

    code: ClassVar[str] = "storage.file_too_large"
    message: ClassVar[str] = "The file is too large."


class StorageFailed(Unavailable):
    """The store did not answer, or refused."""

    code: ClassVar[str] = "storage.failed"
    message: ClassVar[str] = "The file store does not answer. Try again in a minute."


class Storage(Protocol):
    """Keep files by name: segments of letters, digits, `.`, `_`, `-`, parted by `/`."""

    async def put(
        self,
        name: str,
        content: Content,
        *,
        sha256: str | None = None,
        size_max: int | None = None,
    ) -> Written:
        """Write a file whole, replacing one of that name; `size_max` in bytes.

        Raises:
            BadFileName: the name is not one.
            ChecksumMismatch: the content has another SHA-256 than the one given.
            FileTooLarge: the content is longer than `size_max`.
            StorageFailed: the store does not work.
        """

    async def get(self, name: str) -> bytes:
        """Read a small file into memory.

        Raises:
            FileMissing: there is none.
        """

    def stream(self, name: str) -> AsyncIterator[bytes]:
        """Read a file in pieces of about `CHUNK_BYTES`.

        Raises:
            FileMissing: there is none; raised when the first piece is asked for.
        """

    async def facts(self, name: str) -> FileFacts:
        """Tell size, type and age of a file.

        Raises:
            FileMissing: there is none.
        """

    async def exists(self, name: str) -> bool:
        """Tell whether there is a file of that name."""

    async def delete(self, name: str) -> None:
        """Remove a file; it is not an error if there is none."""

    def names(self, prefix: str = "") -> AsyncIterator[str]:
        """Give the names of the files in a folder and below, in no promised order."""

    async def url(self, name: str, *, valid_for: timedelta = timedelta(hours=1)) -> str:
        """Give an address to read the file from; addresses of a private store expire."""


def check_name(name: str) -> str:
    """Give the name back if a file may have it.

    Raises:
        BadFileName: it may not.
    """
    segments = name.split("/")
    if len(name) > _NAME_LENGTH_MAX or not all(_SEGMENT.fullmatch(part) for part in segments):
        raise BadFileName
    return name


def content_type_of(name: str) -> str:
    """Tell the content type from the suffix of a name."""
    return _TYPES.guess_type(name, strict=False)[0] or "application/octet-stream"


class _ObjectStorage:
    """What both kinds of store have in common, through obstore."""

    def __init__(self, store: LocalStore | S3Store, *, with_attributes: bool) -> None:
        self._store = store
        # The local store refuses attributes instead of ignoring them.
        self._with_attributes = with_attributes

    async def put(
        self,
        name: str,
        content: Content,
        *,
        sha256: str | None = None,
        size_max: int | None = None,
    ) -> Written:
        check_name(name)
        measured = _Measured(content, sha256=sha256, size_max=size_max)
        kind = content_type_of(name)
        try:
            await obstore.put_async(
                self._store,
                name,
                measured.pieces() if not isinstance(content, bytes) else await measured.whole(),
                attributes={"Content-Type": kind} if self._with_attributes else None,
            )
        except BaseError as error:
            if measured.refusal is not None:
                raise measured.refusal from None
            raise StorageFailed from error
        return Written(
            name=name, size=measured.size, sha256=measured.digest.hexdigest(), content_type=kind
        )

    async def get(self, name: str) -> bytes:
        check_name(name)
        try:
            answer = await obstore.get_async(self._store, name)
            return bytes(await answer.bytes_async())
        except (NotFoundError, FileNotFoundError) as error:
            raise FileMissing from error
        except BaseError as error:
            raise StorageFailed from error

    async def stream(self, name: str) -> AsyncIterator[bytes]:
        check_name(name)
        try:
            answer = await obstore.get_async(self._store, name)
            async for piece in answer.stream(min_chunk_size=CHUNK_BYTES):
                yield bytes(piece)
        except (NotFoundError, FileNotFoundError) as error:
            raise FileMissing from error
        except BaseError as error:
            raise StorageFailed from error

    async def facts(self, name: str) -> FileFacts:
        check_name(name)
        try:
            meta = await obstore.head_async(self._store, name)
        except (NotFoundError, FileNotFoundError) as error:
            raise FileMissing from error
        except BaseError as error:
            raise StorageFailed from error
        return FileFacts(
            name=name,
            size=meta["size"],
            content_type=content_type_of(name),
            modified_at=meta["last_modified"],
            etag=meta["e_tag"],
        )

    async def exists(self, name: str) -> bool:
        try:
            await self.facts(name)
        except FileMissing:
            return False
        return True

    async def delete(self, name: str) -> None:
        check_name(name)
        try:
            await obstore.delete_async(self._store, name)
        except (NotFoundError, FileNotFoundError):
            return
        except BaseError as error:
            raise StorageFailed from error

    async def names(self, prefix: str = "") -> AsyncIterator[str]:
        if prefix:
            check_name(prefix.rstrip("/"))
        try:
            async for found in obstore.list(self._store, prefix=prefix or None):
                for meta in found:
                    yield meta["path"]
        except BaseError as error:
            raise StorageFailed from error


class LocalStorage(_ObjectStorage):
    """Files in a folder of this machine, served by the web role under `base_url`."""

    def __init__(self, directory: Path, *, base_url: str = "/media") -> None:
        directory.mkdir(parents=True, exist_ok=True)
        super().__init__(LocalStore(directory), with_attributes=False)
        self.directory = directory
        self._base_url = base_url.rstrip("/")

    async def url(self, name: str, *, valid_for: timedelta = timedelta(hours=1)) -> str:
        """Give the lasting address of the file; `valid_for` is of no matter here."""
        del valid_for
        return f"{self._base_url}/{quote(check_name(name))}"


class S3Storage(_ObjectStorage):
    """Files in one bucket of an S3-compatible store."""

    def __init__(
        self,
        bucket: str,
        *,
        endpoint: str | None,
        region: str,
        access_key: str,
        secret_key: str,
        prefix: str = "",
        retries: int = 3,
    ) -> None:
        store = S3Store(
            bucket,
            prefix=prefix or None,
            endpoint=endpoint,
            region=region,
            access_key_id=access_key,
            secret_access_key=secret_key,
            virtual_hosted_style_request=endpoint is None,
            client_options={
                "allow_http": bool(endpoint and endpoint.startswith("http://")),
                "timeout": "60s",
                "connect_timeout": "5s",
            },
            retry_config={
                "max_retries": retries,
                "retry_timeout": timedelta(seconds=30),
            },
        )
        super().__init__(store, with_attributes=True)
        self._s3 = store

    async def url(self, name: str, *, valid_for: timedelta = timedelta(hours=1)) -> str:
        """Give a signed address that reads the file until `valid_for` has passed."""
        return await obstore.sign_async(self._s3, "GET", check_name(name), valid_for)


class _Measured:
    """Counts and hashes content on its way, and breaks it off when it is not as told."""

    def __init__(self, content: Content, *, sha256: str | None, size_max: int | None) -> None:
        self._content = content
        self._sha256 = sha256
        self._size_max = size_max
        self.size = 0
        self.digest = hashlib.sha256()
        self.refusal: Invalid | None = None

    async def whole(self) -> bytes:
        pieces = [piece async for piece in self.pieces()]
        return b"".join(pieces)

    async def pieces(self) -> AsyncIterator[bytes]:
        async for piece in _pieces(self._content):
            self.size += len(piece)
            self.digest.update(piece)
            if self._size_max is not None and self.size > self._size_max:
                self.refusal = FileTooLarge()
                raise self.refusal
            yield piece
        if self._sha256 is not None and self.digest.hexdigest() != self._sha256.lower():
            self.refusal = ChecksumMismatch()
            raise self.refusal


async def _pieces(content: Content) -> AsyncIterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    async for piece in content:
        yield piece
