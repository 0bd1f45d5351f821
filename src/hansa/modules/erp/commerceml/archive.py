"""What arrives by name or in an archive: nothing may leave the folder it is put in."""

import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, BinaryIO, ClassVar, Final, cast

from hansa.kernel.errors import Invalid

_NAME_LENGTH_MAX: Final = 240
_PART_BYTES_MAX: Final = 200
_ENCRYPTED: Final = 0x1
_NAME_IS_UTF8: Final = 0x800
_ARCHIVE_SIGNATURES: Final = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!")
# Everything that zipfile lets out when bytes are not what they should be.
_DAMAGE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
)
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


@dataclass(eq=False)
class UnsafeName(Invalid):
    """A file name that could lead out of the exchange folder, or cannot be stored."""

    code: ClassVar[str] = "erp.unsafe_name"
    message: ClassVar[str] = "The file name “{name}” cannot be used: {why}"

    name: str
    why: str


@dataclass(eq=False)
class UnsafeArchive(Invalid):
    """An archive that is damaged, or was made to do harm."""

    code: ClassVar[str] = "erp.unsafe_archive"
    message: ClassVar[str] = "The archive cannot be unpacked: {why} ({entry})"

    entry: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveLimits:
    """Bounds of an archive. `ratio_max` counts for entries above `ratio_from_bytes` only."""

    total_bytes_max: int = 8 * 1024**3
    entry_bytes_max: int = 4 * 1024**3
    entries_max: int = 200_000
    ratio_max: int = 200
    ratio_from_bytes: int = 16 * 1024**2


@dataclass(frozen=True, slots=True)
class UnpackedFile:
    """An entry: its safe name, its size and the stream to read it from until the next one."""

    name: str
    size_bytes: int
    stream: IO[bytes]


_DEFAULT_LIMITS: Final = ArchiveLimits()


def safe_name(filename: str) -> str:
    """Check the `filename` of an exchange and give it in composed Unicode.

    Folders (`import_files/ab/picture.jpg`) are kept.

    Raises:
        UnsafeName: empty, absolute, with `..`, a drive, a backslash, control characters, or too
            long.
    """
    shown = "".join(c if c.isprintable() else "?" for c in filename[:80])
    name = unicodedata.normalize("NFC", filename)
    why = _why_unsafe(name)
    if why is not None:
        raise UnsafeName(shown, why)
    return name


def _why_unsafe(name: str) -> str | None:  # noqa: C901, PLR0911 - one line a rule
    if not name.strip():
        return "it is empty"
    if len(name) > _NAME_LENGTH_MAX:
        return f"it is longer than {_NAME_LENGTH_MAX} characters"
    if any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} for c in name):
        return "it has control characters"
    if "\\" in name:
        return "it has a backslash"
    if ":" in name:
        return "it has a colon"
    if name.startswith("/"):
        return "it is absolute"
    for part in name.split("/"):
        if not part:
            return "it has an empty folder name"
        if part != part.strip() or part.endswith("."):
            return "a part of it begins or ends with a blank or ends with a dot"
        if len(part.encode()) > _PART_BYTES_MAX:
            return f"a part of it is longer than {_PART_BYTES_MAX} bytes"
    return None


def unpack(stream: BinaryIO, *, limits: ArchiveLimits = _DEFAULT_LIMITS) -> Iterator[UnpackedFile]:
    """Give the files of a zip archive one after another; nothing is given if any entry is unsafe.

    `stream` must be seekable. Folders are passed over.

    Raises:
        UnsafeArchive: damaged, encrypted, too large, packed too tightly, with links, archives in
            the archive or two entries of one name.
        UnsafeName: an entry whose name leads elsewhere.
    """
    try:
        archive = zipfile.ZipFile(stream)
    except _DAMAGE as error:
        raise UnsafeArchive("-", f"it is not a zip archive: {error}") from error
    with archive:
        entries = _checked_entries(archive, limits)
        for name, entry in entries:
            yield from _unpack_entry(archive, name, entry)


def _unpack_entry(
    archive: zipfile.ZipFile, name: str, entry: zipfile.ZipInfo
) -> Iterator[UnpackedFile]:
    try:
        with archive.open(entry) as source:
            if source.read(4).startswith(_ARCHIVE_SIGNATURES):
                raise UnsafeArchive(name, "an archive in the archive")
            source.seek(0)
            guarded = cast("IO[bytes]", _Guarded(source, name))
            yield UnpackedFile(name, entry.file_size, guarded)
    except _DAMAGE as error:
        raise UnsafeArchive(name, f"it is damaged: {error}") from error


class _Guarded:
    """Turns faults met while an entry is read into ours."""

    def __init__(self, source: IO[bytes], name: str) -> None:
        self._source = source
        self._name = name

    def read(self, size: int = -1) -> bytes:
        try:
            return self._source.read(size)
        except _DAMAGE as error:
            raise UnsafeArchive(self._name, f"it is damaged: {error}") from error


def _checked_entries(
    archive: zipfile.ZipFile, limits: ArchiveLimits
) -> list[tuple[str, zipfile.ZipInfo]]:
    entries = archive.infolist()
    if len(entries) > limits.entries_max:
        raise UnsafeArchive("-", f"more than {limits.entries_max} entries")
    total = 0
    seen: set[str] = set()
    checked = []
    for entry in entries:
        raw = _entry_name(entry)
        if raw.endswith("/"):
            safe_name(raw.rstrip("/"))
            continue
        name = safe_name(raw)
        if name.casefold() in seen:
            raise UnsafeArchive(name, "two entries have one name")
        seen.add(name.casefold())
        _check_entry(name, entry, limits)
        total += entry.file_size
        if total > limits.total_bytes_max:
            raise UnsafeArchive(name, f"it unpacks to more than {limits.total_bytes_max} bytes")
        checked.append((name, entry))
    return checked


def _check_entry(name: str, entry: zipfile.ZipInfo, limits: ArchiveLimits) -> None:
    mode = entry.external_attr >> 16
    if mode and stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
        raise UnsafeArchive(name, "a link or a device, not a file")
    if entry.flag_bits & _ENCRYPTED:
        raise UnsafeArchive(name, "it is encrypted")
    if entry.compress_type not in _METHODS:
        raise UnsafeArchive(name, "it is packed in a way that is not supported")
    if entry.file_size > limits.entry_bytes_max:
        raise UnsafeArchive(name, f"it unpacks to more than {limits.entry_bytes_max} bytes")
    tight = entry.file_size > limits.ratio_max * max(1, entry.compress_size)
    if entry.file_size > limits.ratio_from_bytes and tight:
        raise UnsafeArchive(name, f"it is packed more than {limits.ratio_max} times")
    if name.casefold().endswith((".zip", ".rar", ".7z", ".gz")):
        raise UnsafeArchive(name, "an archive in the archive")


def _entry_name(entry: zipfile.ZipInfo) -> str:
    """Give the name; Windows packers write it in the DOS code page without saying so."""
    # `filename` stops at a NUL; `orig_filename` shows what was really there.
    name = entry.orig_filename
    if entry.flag_bits & _NAME_IS_UTF8 or name.isascii():
        return name
    try:
        return name.encode("cp437").decode("cp866")
    except UnicodeError:
        return name
