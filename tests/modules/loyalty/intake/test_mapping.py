"""A mapping makes the same commands of the same record, always ends, and says what is wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hansa.modules.loyalty.intake.mapping import (
    Direct,
    Engine,
    MappingInvalid,
    NoRule,
    OrderReturn,
    OrderState,
    Owner,
    RecordRefused,
    Terms,
    ValueWrong,
    key_of,
    read_mapping,
)
from hansa.modules.loyalty.intake.mapping.values import fits
from hansa.modules.loyalty.members import MemberRef, RefKind
from hansa.modules.loyalty.points.commands import Accrue, HoldPoints, PostHold, Reverse

PARTNER = UUID(int=1)
PROGRAMME = UUID(int=2)


def engine(document: dict[str, Any]) -> Engine:
    read = read_mapping(msgspec.json.encode(document).decode())
    source = read.source
    terms = Terms(decimal=source.decimal, dates=source.dates, zone=source.zone)
    return Engine(read, Owner(partner_id=PARTNER, programme_id=PROGRAMME), terms)


def accruing(**changes: Any) -> dict[str, Any]:
    command = {
        "command": "accrue",
        "key": ["id"],
        "at": {"do": "date", "of": "at"},
        "member": {"kind": "phone", "value": {"do": "phone", "of": "phone"}},
        "points": "points",
        **changes.pop("command", {}),
    }
    return {
        "source": {"format": "json", **changes.pop("source", {})},
        "rules": [{"name": "bonus", "commands": [command]}],
        **changes,
    }


RECORD = {"id": "A-1", "at": "2026-11-20T10:00:00", "phone": "8 (916) 123-45-67", "points": 150}


def test_a_record_becomes_a_command() -> None:
    understood = engine(accruing()).understand(RECORD)

    assert understood is not None
    (direct,) = understood.planned
    assert direct == Direct(
        command=Accrue(
            owner=PARTNER,
            programme_id=PROGRAMME,
            key=key_of("accrue", ("A-1",)),
            happened_at=datetime(2026, 11, 20, 7, 0, tzinfo=UTC),  # Moscow
            member=MemberRef(RefKind.PHONE, "+79161234567"),
            points=150,
        )
    )
    assert understood.key == key_of("accrue", ("A-1",))


def test_a_mapping_may_be_written_as_toml() -> None:
    document = read_mapping(
        """
        [source]
        format = "csv"
        encoding = "windows-1251"
        decimal = ","
        dates = ["%d.%m.%Y"]

        [[rules]]
        name = "bonus"

        [[rules.commands]]
        command = "accrue"
        key = ["id"]
        at = { do = "date", of = "at" }
        points = "points"
        member = { kind = "card", value = "card" }
        """
    )

    assert document.source.encoding == "windows-1251"
    assert document.rules[0].name == "bonus"


@pytest.mark.parametrize(
    ("change", "column", "expected"),
    [
        ({"points": 0}, "points", "a whole number of points from 1"),
        ({"points": -5}, "points", "a whole number of points from 1"),
        ({"points": "1.5"}, "points", "a whole number of points from 1"),
        ({"points": 10**13}, "points", "a whole number of points from 1"),
        ({"points": 10**40}, "points", "a number"),
        ({"points": "much"}, "points", "a number such as 1234.50"),
        ({"points": None}, "points", "a number"),
        ({"points": "1,5"}, "points", "a number such as 1234.50"),
        ({"points": "NaN"}, "points", "a number"),
        ({"points": [1]}, "points", "a single value"),
        ({"phone": "12"}, "phone", "a telephone"),
        ({"phone": ""}, "phone", "something"),
        ({"at": "20.11.2026"}, "at", "a date as iso"),
        ({"at": "0001-01-01"}, "at", "a date as iso"),
        ({"id": " "}, "id", "something"),
    ],
)
def test_a_wrong_value_says_its_column_and_what_was_expected(
    change: dict[str, Any], column: str, expected: str
) -> None:
    with pytest.raises(ValueWrong) as refusal:
        engine(accruing()).understand({**RECORD, **change})

    assert refusal.value.column == column
    assert refusal.value.expected.startswith(expected)
    assert "916" not in str(refusal.value)


def test_a_missing_column_is_told_by_its_name() -> None:
    without = {name: value for name, value in RECORD.items() if name != "points"}

    with pytest.raises(RecordRefused, match="“points” is missing"):
        engine(accruing()).understand(without)


def test_an_unknown_column_is_ignored_warned_of_or_refused() -> None:
    record = {**RECORD, "mood": "good"}

    ignored = engine(accruing(unknown_columns="ignore")).understand(record)
    warned = engine(accruing(unknown_columns="warn")).understand(record)
    known = engine(accruing(unknown_columns="stop", known_columns=["mood"])).understand(record)

    assert ignored is not None
    assert ignored.warnings == ()
    assert warned is not None
    assert warned.warnings == ("mood",)
    assert known is not None
    with pytest.raises(RecordRefused, match="“mood” is not known"):
        engine(accruing(unknown_columns="stop")).understand(record)


def test_nested_fields_are_known_as_far_as_they_are_used() -> None:
    document = accruing(
        command={"member": {"kind": "card", "value": "who.card"}}, unknown_columns="warn"
    )
    record = {**RECORD, "who": {"card": "77", "name": "Ann"}}

    understood = engine(document).understand(record)

    assert understood is not None
    assert understood.warnings == ("phone", "who.name")


def test_rules_are_tried_in_order_and_what_fits_none_is_refused_or_passed_over() -> None:
    document = accruing()
    document["rules"][0]["when"] = [{"of": "points", "one_of": ["150", "200"]}]
    document["rules"].append({"name": "old", "when": [{"of": "id", "matches": "OLD-*"}]})

    made = engine(document)

    assert made.understand(RECORD) is not None
    assert made.understand({**RECORD, "points": 3, "id": "OLD-7"}) is None
    with pytest.raises(NoRule):
        made.understand({**RECORD, "points": 3})
    assert engine({**document, "otherwise": "skip"}).understand({**RECORD, "points": 3}) is None


def value_of(expression: Any, record: dict[str, Any], **source: Any) -> str:
    """Give what an expression makes of a record: it is put in the reference of an accrual."""
    document = accruing(command={"reference": expression}, source=source, unknown_columns="ignore")
    understood = engine(document).understand({**RECORD, **record})
    assert understood is not None
    (direct,) = understood.planned
    assert isinstance(direct, Direct)
    assert isinstance(direct.command, Accrue)
    return direct.command.reference


@pytest.mark.parametrize(
    ("expression", "record", "expected"),
    [
        ({"do": "constant", "value": "x"}, {}, "x"),
        ({"do": "concat", "parts": ["a", "b"], "between": "-"}, {"a": "1", "b": 2}, "1-2"),
        ({"do": "lookup", "of": "a", "table": {"1": "one"}}, {"a": 1}, "one"),
        ({"do": "lookup", "of": "a", "table": {}, "otherwise": "b"}, {"a": 1, "b": "z"}, "z"),
        ({"do": "default", "of": "nothing", "to": "a"}, {"a": "here"}, "here"),
        ({"do": "money", "of": "a"}, {"a": "12.34"}, "1234"),
        ({"do": "money", "of": "a", "rounding": "half_up"}, {"a": "0.125"}, "13"),
        ({"do": "money", "of": "a", "rounding": "down"}, {"a": "0.129"}, "12"),
        ({"do": "money", "of": "a", "unit": "minor"}, {"a": 1234}, "1234"),
        ({"do": "whole", "of": "a", "rounding": "up"}, {"a": "1.1"}, "2"),
        ({"do": "upper", "of": "a"}, {"a": " ab 12 c"}, "AB12C"),
        ({"do": "digits", "of": "a"}, {"a": "N 12-34"}, "1234"),
        ({"do": "minus", "of": "a", "less": "b"}, {"a": "3.5", "b": 1}, "2.5"),
        ({"do": "share", "of": "a", "part": "b", "whole": "c"}, {"a": 100, "b": 1, "c": 3}, "33"),
        ({"do": "worth", "of": "a"}, {"a": 15}, "1500"),
        ({"do": "points_for", "of": "a"}, {"a": 1599}, "15"),
        ({"do": "sum", "each": "l", "of": "n"}, {"l": [{"n": 1}, {"n": "2.5"}]}, "3.5"),
        (
            {"do": "date", "of": "a", "formats": ["%d.%m.%Y %H:%M"], "zone": "Asia/Tokyo"},
            {"a": "01.02.2026 09:00"},
            "2026-02-01T00:00:00+00:00",
        ),
        (
            {"do": "date", "of": "a", "formats": ["epoch"]},
            {"a": 10**9},
            "2001-09-09T01:46:40+00:00",
        ),
    ],
)
def test_expressions(expression: Any, record: dict[str, Any], expected: str) -> None:
    assert value_of(expression, record) == expected


def test_a_decimal_comma_is_a_matter_of_the_source() -> None:
    amount = {"do": "money", "of": "a"}

    assert value_of(amount, {"a": "1 234,50"}, decimal=",") == "123450"
    with pytest.raises(ValueWrong, match="1234,50"):
        value_of(amount, {"a": "1234.50"}, decimal=",")


def test_a_hold_and_what_ends_it_meet_by_the_partners_ids() -> None:
    when = {"at": {"do": "date", "of": "at"}}
    member = {"kind": "card", "value": {"do": "upper", "of": "card"}}
    document = {
        "source": {"format": "json"},
        "unknown_columns": "ignore",
        "rules": [
            {"name": "quote", "when": [{"of": "event", "equals": "quote"}], "commands": [
                {"command": "hold", "key": ["quote"], **when, "member": member, "points": "points",
                 "minutes": 30}]},
            {"name": "issued", "when": [{"of": "event", "equals": "issued"}], "commands": [
                {"command": "post", "key": ["policy"], "hold": ["quote"], **when}]},
            {"name": "cancelled", "when": [{"of": "event", "equals": "cancelled"}], "commands": [
                {"command": "reverse", "key": ["policy"], "what": "post", "of": ["policy"], **when,
                 "points": {"do": "share", "of": "points", "part": "left", "whole": "days"}}]},
        ],
    }  # fmt: skip
    made = engine(document)

    def one(event: str, **fields: Any) -> Any:
        understood = made.understand({"event": event, "at": "2026-11-20T10:00:00Z", **fields})
        assert understood is not None
        (direct,) = understood.planned
        assert isinstance(direct, Direct)
        return direct.command

    hold = one("quote", quote="Q1", card="ab 1", points=100)
    post = one("issued", quote="Q1", policy="P1")
    back = one("cancelled", policy="P1", points=100, left=100, days=365)

    assert isinstance(hold, HoldPoints)
    assert hold.member == MemberRef(RefKind.CARD, "AB1")
    assert (hold.expires_at - hold.happened_at).total_seconds() == 1800
    assert isinstance(post, PostHold)
    assert post.hold_key == hold.key
    assert isinstance(back, Reverse)
    assert back.posting_key == post.key
    assert back.points == 27


@pytest.mark.parametrize("path", ["http://10.0.0.1/x", "//10.0.0.1/x", "x"])
def test_a_partner_cannot_lead_our_calls_elsewhere(path: str) -> None:
    document = accruing(known_columns=["where"])
    document["rules"][0]["tell"] = [{"path": "where", "body": {"id": "id"}}]
    made = engine(document)

    with pytest.raises(ValueWrong, match="a path"):
        made.tell({**RECORD, "where": path}, 0, {"state": "taken"})
    (told,) = made.tell({**RECORD, "where": "/x"}, 0, {"state": "taken"})
    assert (told.path, told.body) == ("/x", {"id": "A-1"})


ORDER = {
    "source": {"format": "json"},
    "unknown_columns": "stop",
    "rules": [
        {
            "name": "delivered",
            "commands": [
                {
                    "command": "purchase",
                    "receipt": "number",
                    "at": {"do": "date", "of": "delivered"},
                    "version": {"do": "date", "of": "changed"},
                    "member": {"kind": "phone", "value": {"do": "phone", "of": "phone"}},
                    "due": {"after": {"do": "date", "of": "delivered"}, "days": 14},
                    "on_change": "revise",
                    "lines": {
                        "each": "items",
                        "line": "n",
                        "amount": {
                            "do": "money",
                            "of": {"do": "minus", "of": "sum", "less": "back"},
                        },
                        "quantity": "count",
                        "item": {"do": "field", "name": "number", "up": True},
                    },
                }
            ],
        }
    ],
}


def an_order(**changes: Any) -> dict[str, Any]:
    return {
        "number": "L-1",
        "delivered": "2026-11-01T12:00:00Z",
        "changed": "2026-11-01T13:00:00Z",
        "phone": "+79161234567",
        "items": [
            {"n": 1, "sum": "1000", "back": "0", "count": 1},
            {"n": 2, "sum": "500.50", "back": "500.50", "count": 2},
        ],
        **changes,
    }


def test_an_order_is_what_is_kept_of_it() -> None:
    understood = engine(ORDER).understand(an_order())

    assert understood is not None
    (state,) = understood.planned
    assert isinstance(state, OrderState)
    assert [(one.line, one.amount_minor, one.item) for one in state.lines] == [(1, 100_000, "L-1")]
    assert state.due_at == datetime(2026, 11, 15, 12, 0, tzinfo=UTC)
    assert state.may_revise


def test_unknown_columns_of_lines_are_noticed() -> None:
    order = an_order()
    order["items"][0]["colour"] = "red"

    with pytest.raises(RecordRefused, match=r"“items\.colour” is not known"):
        engine(ORDER).understand(order)


def test_a_line_twice_is_refused() -> None:
    order = an_order()
    order["items"][1]["n"] = 1

    with pytest.raises(ValueWrong, match="each line once"):
        engine(ORDER).understand(order)


def test_a_later_version_sorts_behind_an_earlier_one() -> None:
    made = engine(ORDER)

    versions = []
    for changed in ("2026-11-01T13:00:00.5Z", "2026-11-01T16:00:01+03:00", "2026-11-02T00:00:00Z"):
        understood = made.understand(an_order(changed=changed))
        assert understood is not None
        (state,) = understood.planned
        assert isinstance(state, OrderState)
        versions.append(state.version)

    assert versions == sorted(versions)


def test_a_return_names_its_lines() -> None:
    document = {
        "source": {"format": "json"},
        "rules": [{"name": "back", "commands": [{
            "command": "return", "key": ["id"], "receipt": "order",
            "at": {"do": "date", "of": "at"},
            "lines": {"each": "items", "line": "n", "amount": {"do": "money", "of": "sum"}},
        }]}],
    }  # fmt: skip
    record = {"id": 7, "order": "L-1", "at": "2026-11-03T00:00:00Z", "items": {"n": 2, "sum": "1"}}

    understood = engine(document).understand(record)

    assert understood is not None
    (back,) = understood.planned
    assert isinstance(back, OrderReturn)
    assert [(one.line, one.amount_minor, one.quantity) for one in back.lines] == [
        (2, 100, Decimal(0))
    ]


@pytest.mark.parametrize(
    "written",
    [
        "",
        "{",
        "{}",
        "source = 1",
        '{"source": {"format": "json"}, "rules": []}',
        '{"source": {"format": "exe"}, "rules": [{"name": "x"}]}',
        '{"source": {"format": "xml"}, "rules": [{"name": "x"}]}',
        '{"source": {"format": "json", "zone": "Mars/Base"}, "rules": [{"name": "x"}]}',
        '{"source": {"format": "json", "dates": ["%Q"]}, "rules": [{"name": "x"}]}',
        '{"source": {"format": "json", "dates": []}, "rules": [{"name": "x"}]}',
        '{"source": {"format": "csv", "delimiter": "ab"}, "rules": [{"name": "x"}]}',
        '{"source": {"format": "json"}, "rules": [{"name": "x"}, {"name": "x"}]}',
        '{"source": {"format": "json"}, "rules": [{"name": "x", "code": "import os"}]}',
        '{"source": {"format": "json"}, "rules": [{"name": "x", "when": [{"of": "a"}]}]}',
        "{" * 100_000,
        '{"source": {"format": "json"}, "rules": [{"name": "\\ud800"}]}',
        "x" * 200_000,
    ],
)
def test_what_is_no_mapping_is_refused_with_its_place(written: str) -> None:
    with pytest.raises(MappingInvalid) as refusal:
        read_mapping(written)

    assert refusal.value.reason


def test_an_expression_has_a_depth() -> None:
    expression: Any = "a"
    for _ in range(20):
        expression = {"do": "upper", "of": expression}

    with pytest.raises(MappingInvalid, match="too large"):
        engine(accruing(command={"reference": expression}))


@given(st.text("ab*?", max_size=12), st.text("ab", max_size=12))
def test_patterns_fit_as_a_shell_would_say(pattern: str, text: str) -> None:
    def slow(pattern: str, text: str) -> bool:
        if not pattern:
            return not text
        if pattern[0] == "*":
            return slow(pattern[1:], text) or (bool(text) and slow(pattern, text[1:]))
        return bool(text) and pattern[0] in {"?", text[0]} and slow(pattern[1:], text[1:])

    assert fits(pattern, text) == slow(pattern, text)


def test_a_pattern_made_to_hurt_ends_soon() -> None:
    assert not fits("*a" * 100, "a" * 99 + "b" * 3900)


FIELDS = st.sampled_from(["a", "b", "c.d", "none"])
EXPRESSIONS = st.recursive(
    FIELDS
    | st.builds(lambda v: {"do": "constant", "value": v}, st.text(max_size=5) | st.integers()),
    lambda inner: st.one_of(
        st.builds(lambda p: {"do": "concat", "parts": p}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda p: {"do": "hash", "parts": p}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda o, t: {"do": "default", "of": o, "to": t}, inner, inner),
        st.builds(lambda o, t: {"do": "minus", "of": o, "less": t}, inner, inner),
        st.builds(
            lambda d, o: {"do": d, "of": o},
            st.sampled_from(["money", "whole", "number", "date", "upper", "digits", "phone",
                             "worth", "points_for"]),
            inner,
        ),
        st.builds(lambda o, t: {"do": "lookup", "of": o, "table": {"1": "x"}, "otherwise": t},
                  inner, inner),
        st.builds(lambda o, p, w: {"do": "share", "of": o, "part": p, "whole": w},
                  inner, inner, inner),
        st.builds(lambda o: {"do": "sum", "each": "rows", "of": o}, inner),
    ),
    max_leaves=8,
)  # fmt: skip
VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.decimals()


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    EXPRESSIONS,
    EXPRESSIONS,
    st.fixed_dictionaries(
        {},
        optional={
            "a": VALUES,
            "b": VALUES,
            "c": st.fixed_dictionaries({"d": VALUES}),
            "rows": st.lists(st.fixed_dictionaries({"a": VALUES}), max_size=3) | VALUES,
        },
    ),
)
def test_every_accepted_mapping_ends_and_says_the_same_again(
    key: Any, reference: Any, record: dict[str, Any]
) -> None:
    document = accruing(
        command={
            "key": [key],
            "reference": reference,
            "at": {"do": "constant", "value": "2026-11-20"},
            "points": {"do": "constant", "value": 1},
            "member": {"kind": "card", "value": {"do": "constant", "value": "1"}},
        }
    )

    def outcome() -> Any:
        try:
            return engine(document).understand(record)
        except RecordRefused as refusal:
            return type(refusal), refusal.data()

    try:
        engine(document)
    except MappingInvalid:
        return
    first = outcome()
    assert outcome() == first
