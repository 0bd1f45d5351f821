"""Files of every kind are read in pieces; what is broken is told by its row, the rest is read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa.modules.loyalty.intake.mapping import ROW, ROWS, Source
from hansa.modules.loyalty.intake.reading import SourceBroken, read_records


async def pieces(content: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def read(content: bytes, size: int = 7, **source: Any) -> list[Any]:
    """Give records without their row's number; a broken row as `row: reason`."""
    held = []
    async for found in read_records(pieces(content, size), msgspec.convert(source, Source)):
        if found.fault is not None:
            held.append(f"{found.row}: {found.fault}")
        else:
            held.append({name: one for name, one in found.record.items() if name != ROW})
    return held


async def test_a_csv_in_windows_1251_is_read() -> None:
    content = 'id;имя\r\n1;Анна\r\n2;"О; ""Б"""\r\n'.encode("cp1251")

    found = await read(content, format="csv", encoding="windows-1251")

    assert found == [{"id": "1", "имя": "Анна"}, {"id": "2", "имя": 'О; "Б"'}]


async def test_rows_of_a_csv_are_told_by_their_line_and_the_good_ones_go_on() -> None:
    content = "\ufeffa,b\n1,2\n3\n4,5,6\n7,\x01\n8,9\n".encode()

    found = await read(content, format="csv", delimiter=",")

    assert found == [
        {"a": "1", "b": "2"},
        "3: The row cannot be read: it has 1 cells where 2 were expected.",
        "4: The row cannot be read: it has 3 cells where 2 were expected.",
        "5: The row cannot be read: it holds characters that are no text in this encoding.",
        {"a": "8", "b": "9"},
    ]


async def test_bytes_that_are_no_text_spoil_their_row_alone() -> None:
    found = await read(b"a;b\n1;\xff\xfe\n2;x\n", format="csv")

    assert isinstance(found[0], str)
    assert found[1] == {"a": "2", "b": "x"}


async def test_a_quotation_mark_never_closed_spoils_its_row_alone() -> None:
    found = await read(b'a;b\n1;"x\n2;y\n', format="csv")

    assert found == [
        "2: The row cannot be read: a quotation mark in it is never closed.",
        {"a": "2", "b": "y"},
    ]


async def test_a_row_may_hold_lines() -> None:
    assert await read(b'a;b\n1;"x\ny"\n2;z\n', format="csv") == [
        {"a": "1", "b": "x\ny"},
        {"a": "2", "b": "z"},
    ]


async def test_columns_may_be_named_by_the_mapping() -> None:
    assert await read(b"1;2\n", format="csv", columns=["x", "y"]) == [{"x": "1", "y": "2"}]


@pytest.mark.parametrize("header", [b"a;a\n", b"a;\n", b"\xff;b\n"])
async def test_a_header_that_cannot_be_used_stops_all(header: bytes) -> None:
    with pytest.raises(SourceBroken):
        await read(header + b"1;2\n", format="csv")


async def test_rows_of_a_receipt_come_as_one_record() -> None:
    content = b"order;line\n1;1\n1;2\n2;1\n1;3\n"

    found = await read(content, format="csv", group_by=["order"])

    assert [(one["order"], [row["line"] for row in one[ROWS]]) for one in found] == [
        ("1", ["1", "2"]),
        ("2", ["1"]),
        ("1", ["3"]),
    ]


async def test_a_broken_row_spoils_the_receipt_it_stands_in() -> None:
    content = b"order;line\n1;1\n1\n1;2\n2;1\n"

    found = await read(content, format="csv", group_by=["order"])

    assert [str(one)[:60] for one in found[:2]] == [
        "3: The row cannot be read: it has 1 cells where 2 were expec",
        "2: The row cannot be read: row 3 of the same receipt cannot ",
    ]
    assert found[2]["order"] == "2"


async def test_a_record_a_line() -> None:
    content = '{"a": 1.10}\n\nno\n[1]\n{"a": "ж"}'.encode()

    found = await read(content, format="ndjson")

    assert str(found[0]["a"]) == "1.10"
    assert found[1].startswith("3: The row cannot be read: it is no JSON")
    assert found[2] == "4: The row cannot be read: it is no record with fields."
    assert found[3] == {"a": "ж"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    st.lists(st.dictionaries(st.text(max_size=4), JSON, max_size=4), max_size=4),
    st.dictionaries(st.sampled_from(["x", "items", "y[{"]), JSON, max_size=2),
    st.integers(1, 9),
)
async def test_a_list_is_found_wherever_it_stands(
    records: list[dict[str, Any]], beside: dict[str, Any], size: int
) -> None:
    content = msgspec.json.encode({"meta": beside, "page": {"a": '\\"', "items": records}})

    found = await read(content, size, format="json", records="page.items")

    clean = [one for one in found if not isinstance(one, str)]
    assert len(found) == len(records)
    assert all(one in records for one in clean)


async def test_a_document_may_be_a_list_or_one_record() -> None:
    assert await read(b'[{"a": 1}, {"a": 2}]', format="json") == [{"a": 1}, {"a": 2}]
    assert await read(b'{"a": {"b": []}}', format="json") == [{"a": {"b": []}}]
    assert await read(b'{"items": []}', format="json", records="items") == []


async def test_what_is_no_record_in_a_list_is_told_by_its_place() -> None:
    content = b'{"items": [1, {"a": 1}, "x", [{"a": 2}], null, {"a": 3}]}'

    found = await read(content, 3, format="json", records="items")

    odd = "The row cannot be read: it is no record with fields."
    assert found == [f"1: {odd}", {"a": 1}, f"3: {odd}", f"4: {odd}", f"5: {odd}", {"a": 3}]


@pytest.mark.parametrize(
    "content", [b"", b"[", b'[{"a": 1}', b'[{"a": 1}}', b'{"x": 1}', b"[" * 99]
)
async def test_json_that_ends_too_early_or_has_no_list_says_so(content: bytes) -> None:
    with pytest.raises(SourceBroken):
        await read(content, format="json", records="items" if b"x" in content else "")


async def test_good_records_before_the_fault_are_given() -> None:
    reading = read_records(pieces(b'[{"a": 1}, {"a": 2}, {"a": ', 5), Source(format="json"))

    assert [(await anext(reading)).record["a"] for _ in range(2)] == [1, 2]
    with pytest.raises(SourceBroken, match="after row 2"):
        await anext(reading)


XML = """<?xml version="1.0" encoding="windows-1251"?>
<orders xmlns="urn:x"><head><order>no</order></head>
<order id="1"><who>Анна</who><item n="1">10</item><item n="2">20</item></order>
<order id="2"><who/></order></orders>"""


async def test_xml_is_read_with_attributes_and_lists() -> None:
    found = await read(XML.encode("cp1251"), format="xml", records="orders/order")

    assert found == [
        {
            "@id": "1",
            "who": "Анна",
            "item": [{"@n": "1", "#text": "10"}, {"@n": "2", "#text": "20"}],
        },
        {"@id": "2", "who": ""},
    ]


async def test_xml_brings_nothing_from_outside() -> None:
    bomb = """<!DOCTYPE a [<!ENTITY x "aaaaaaaaaa"><!ENTITY y "&x;&x;&x;&x;">
    <!ENTITY z SYSTEM "file:///etc/passwd">]><a><b><c>&y;&z;</c></b></a>"""

    assert await read(bomb.encode(), format="xml", records="a/b") == [{"c": ""}]


@pytest.mark.parametrize("content", [b"", b"<a><b>", b"<a></b>", b"no"])
async def test_what_is_no_xml_says_so(content: bytes) -> None:
    with pytest.raises(SourceBroken):
        await read(content, format="xml", records="a/b")
