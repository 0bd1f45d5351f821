"""Archives and names made to do harm change nothing."""

import contextlib
import io
import stat
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa.modules.erp.commerceml import (
    ArchiveLimits,
    UnsafeArchive,
    UnsafeName,
    safe_name,
    unpack,
)


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> io.BytesIO:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    stream.seek(0)
    return stream


LIMITS = ArchiveLimits()


def unpacked(stream, limits=LIMITS) -> dict[str, bytes]:
    return {one.name: one.stream.read() for one in unpack(stream, limits=limits)}


def test_files_and_folders_are_given():
    stream = zipped(("import_files/", b""), ("import_files/ab/1.jpg", b"j"), ("импорт.xml", b"x"))

    assert unpacked(stream) == {"import_files/ab/1.jpg": b"j", "импорт.xml": b"x"}


def test_names_in_the_dos_code_page_are_understood():
    entry = zipfile.ZipInfo("x" * 6 + ".xml")
    content = zipped((entry, b"x")).getvalue().replace(b"x" * 6, "импорт".encode("cp866"))

    assert list(unpacked(io.BytesIO(content))) == ["импорт.xml"]


@pytest.mark.parametrize(
    "name",
    ["../a.xml", "a/../../b", "/etc/passwd", "C:/a.xml", "a\\b.xml", "a//b", "a/./b", "a\nb", ""],
)
def test_names_that_lead_elsewhere_are_refused(name):
    with pytest.raises(UnsafeName):
        safe_name(name)
    if name:
        with pytest.raises(UnsafeName):
            unpacked(zipped(("good.xml", b"1"), (name, b"x")))


@pytest.mark.parametrize(
    "name", ["a\0.xml", "x" * 300, "й" * 120, " ", "a /b", "a.", "\u202egpj.xml"]
)
def test_names_that_cannot_be_stored_are_refused(name):
    with pytest.raises(UnsafeName):
        safe_name(name)


@pytest.mark.parametrize(
    "name", ["import.xml", "import_files/ab/a-b_1.jpg", "rests_1_3_х.xml", "a b.xml"]
)
def test_ordinary_names_are_kept(name):
    assert safe_name(name) == name


@given(st.text(max_size=60))
def test_a_safe_name_never_leaves_its_folder(name):
    try:
        safe = safe_name(name)
    except UnsafeName:
        return
    assert not safe.startswith("/")
    assert not {"", ".", ".."} & set(safe.split("/"))
    assert "\0" not in safe


def test_links_are_refused():
    entry = zipfile.ZipInfo("link")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16

    with pytest.raises(UnsafeArchive, match="link"):
        unpacked(zipped((entry, b"/etc/passwd")))


def test_two_entries_of_one_name_are_refused():
    with pytest.warns(UserWarning, match="Duplicate"):
        stream = zipped(("a.xml", b"1"), ("a.xml", b"2"))
    with pytest.raises(UnsafeArchive, match="one name"):
        unpacked(stream)


def test_an_archive_in_the_archive_is_refused():
    inner = zipped(("a", b"b")).getvalue()

    for name in ("inner.zip", "inner.xml"):
        with pytest.raises(UnsafeArchive, match="archive in"):
            unpacked(zipped((name, inner)))


def test_bombs_are_refused_before_anything_is_given():
    stream = zipped(("good.xml", b"1"), ("bomb.xml", b"\0" * 20_000_000))

    with pytest.raises(UnsafeArchive, match="packed more than"):
        next(unpack(stream))


@pytest.mark.parametrize(
    "limits",
    [
        ArchiveLimits(entries_max=1),
        ArchiveLimits(entry_bytes_max=3),
        ArchiveLimits(total_bytes_max=7),
    ],
)
def test_limits_hold(limits):
    with pytest.raises(UnsafeArchive):
        unpacked(zipped(("a", b"1234"), ("b", b"1234")), limits)


def test_an_encrypted_entry_is_refused():
    content = bytearray(zipped(("a.xml", b"1234")).getvalue())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1

    with pytest.raises(UnsafeArchive, match="encrypted"):
        unpacked(io.BytesIO(bytes(content)))


def test_a_damaged_archive_is_refused_wherever_it_is_damaged():
    content = zipped(("a.xml", b"hello" * 50), ("b.xml", b"world" * 50)).getvalue()
    good = unpacked(io.BytesIO(content))

    for cut in range(len(content)):
        with pytest.raises((UnsafeArchive, UnsafeName)):
            unpacked(io.BytesIO(content[:cut]))
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        with contextlib.suppress(UnsafeArchive, UnsafeName):
            assert set(unpacked(io.BytesIO(bytes(damaged))).values()) <= set(good.values())
