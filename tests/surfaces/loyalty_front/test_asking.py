"""What the front reads of a request, and which cell it chooses."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest

from hansa.modules.loyalty import members
from hansa.modules.loyalty.members.buckets import new_id_here, use_buckets
from hansa.runtime.settings.cells import SettingsInvalid, Span, read_table
from hansa.surfaces.loyalty_front.asking import Name, Wanted, wanted_of
from hansa.surfaces.loyalty_front.cells import Cells
from hansa.surfaces.loyalty_front.places import Found, choose
from hansa.surfaces.loyalty_front.sending import Answer, Refused
from hansa.surfaces.loyalty_front.splitting import Split

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SECRET = b"a key that only tests use, long enough"
MEMBER = "018f2f5e-0000-7000-8000-0000000000ff"
LOW = "018f2f5e-0000-7000-8000-000000000001"
CELLS = Cells([(Span(0, 127), "http://home"), (Span(128, 255), "http://other")])
HOME, OTHER = CELLS.all


def wanted(path: str, *, method: str = "POST", key: str = "k", **body: object) -> Wanted | None:
    return wanted_of(method, path, key, msgspec.json.encode(body), NOON)


@pytest.mark.parametrize(
    "texts",
    [
        ("0-127=http://a",),
        ("0-127=http://a", "127-255=http://b"),
        ("0-100=http://a", "102-255=http://b"),
        ("128-255=http://a", "0-127=http://b"),
        ("0-256=http://a",),
        ("0-255=ftp://a",),
        ("0-255=http://a/path",),
    ],
)
def test_a_table_that_leaves_a_bucket_out_or_has_it_twice_is_refused(texts) -> None:
    with pytest.raises(SettingsInvalid):
        read_table(texts)


def test_the_shares_of_all_cells_sum_to_the_whole() -> None:
    spans = [Span(0, 99), Span(100, 100), Span(101, 255)]
    for total in (0, 1, 2, 255, 256, 1_000_003):
        assert sum(span.share_of(total) for span in spans) == total
    assert Span(0, 255).share_of(7) == 7


def test_members_made_here_are_of_our_buckets() -> None:
    use_buckets(Span(10, 12))
    try:
        made = {members.bucket_of(new_id_here(NOON)) for _ in range(200)}
    finally:
        use_buckets(Span(0, 255))
    assert made == {10, 11, 12}


def test_a_member_named_by_number_needs_no_question() -> None:
    assert wanted("purchases", member={"id": MEMBER}) == Wanted(member_id=UUID(MEMBER))
    assert wanted(f"members/{MEMBER}/balance", method="GET") is not None
    assert cell(wanted("purchases", member={"id": MEMBER})) == OTHER
    assert cell(wanted(f"members/{LOW}/postings", method="GET")) == HOME
    assert cell(wanted("members/percents", member={"kind": "id", "value": LOW})) == HOME


def test_a_scanned_token_of_the_app_says_whose_it_is() -> None:
    members.use_secret(SECRET)
    token = members.make_card_token(member_id=UUID(MEMBER), now=NOON)
    assert cell(wanted("members/search", kind="scan", value=token)) == OTHER
    assert wanted("members/search", kind="scan", value=token[:-2] + "xx") is None


def test_a_telephone_chooses_the_same_cell_however_it_is_spelt() -> None:
    plain, spelt = (
        wanted("holds", member={"phone": phone}) for phone in ("+79161234567", "8 916 123-45-67")
    )
    assert plain is not None
    assert spelt is not None
    assert plain.fallback == spelt.fallback
    assert plain.names == (Name("phone", "+79161234567"),)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("webhooks", {"url": "https://a"}),
        ("offers", {}),
        ("purchases", {}),
        ("purchases", {"member": 1}),
        ("purchases", {"member": {"id": "no number"}}),
        ("purchases", {"member": {"phone": "not one"}}),
        ("holds/post", {}),
        ("members", {"programme": "apelsin"}),
        ("members/nobody/balance", {}),
    ],
)
def test_what_is_the_programmes_or_cannot_be_read_goes_home(path, body) -> None:
    assert wanted(path, **body) is None


def test_whoever_knows_a_name_gets_the_request() -> None:
    asked = wanted("holds/post", key="post-1", hold_key="hold-1")
    assert asked is not None
    assert asked.names == (Name("key", "post-1"), Name("hold", "hold-1"))
    assert cell(asked, Found({asked.names[1]: {OTHER}})) == OTHER
    # What the key has got before counts before the hold.
    assert cell(asked, Found({asked.names[0]: {HOME}, asked.names[1]: {OTHER}})) == HOME
    assert cell(asked, Found({asked.names[1]: {OTHER}}, away={HOME})) == OTHER


def test_what_nobody_knows_waits_for_a_cell_that_is_away() -> None:
    asked = wanted("accruals", member={"phone": "+79161234567"})
    assert asked is not None
    assert cell(asked) == CELLS.of_text(asked.fallback)
    assert refusal(asked, Found(away={OTHER})).status == 503


def test_a_return_of_an_unknown_receipt_goes_to_all() -> None:
    asked = wanted("returns", receipt="1")
    to, counts = choose(asked, Found(), CELLS)
    assert (to, counts) == (CELLS.all, CELLS.of_text("receipt|1"))
    assert choose(asked, Found({Name("receipt", "1"): {HOME}}), CELLS) == ([HOME], HOME)


def test_names_of_two_cells_are_a_conflict_and_receipts_that_wait_are_none() -> None:
    asked = wanted("members", phone="+79161234567", partner_ref="7")
    assert asked is not None
    by_phone, by_ref, waiting = asked.names
    assert waiting.kind == "waiting"
    assert refusal(asked, Found({by_phone: {HOME}, by_ref: {OTHER}})).status == 409
    assert cell(asked, Found({waiting: {OTHER}})) == OTHER
    assert cell(asked, Found({by_phone: {HOME}, waiting: {OTHER}})) == HOME
    assert refusal(asked, Found({by_phone: {HOME}}, away={OTHER})).status == 503
    added = wanted(f"members/{LOW}/cards", number="9001")
    assert added is not None
    assert refusal(added, Found({Name("card", "9001"): {OTHER}})).status == 409
    assert cell(added, Found({Name("card", "9001"): {HOME}})) == HOME


def test_a_batch_is_taken_apart_and_put_together_in_order() -> None:
    give = {"type": "accrual", "points": 1}
    items = [
        {"key": "a", "command": {**give, "member": {"id": MEMBER}}},
        {"key": "b", "command": {**give, "member": {"id": LOW}}},
        {"key": "c", "command": {"type": "hold", "points": 1, "member": {"id": MEMBER}}},
        {"key": "d", "command": {"type": "post", "hold_key": "c"}},
        {"key": "e", "command": {"type": "return", "receipt": "unknown"}},
    ]
    split = Split.read("batches", msgspec.json.encode({"items": items, "dry_run": True}), NOON)
    assert split is not None
    split.place(Found(), CELLS)
    contents = {one: msgspec.json.decode(text) for one, text in split.contents().items()}
    assert [one["key"] for one in contents[OTHER]["items"]] == ["a", "c", "d", "e"]
    assert [one["key"] for one in contents[HOME]["items"]] == ["b", "e"]
    assert all(one["dry_run"] for one in contents.values())

    answers = {
        one: Answer(200, [], msgspec.json.encode({"items": [f"{one.number}{i}" for i in range(n)]}))
        for one, n in ((HOME, 2), (OTHER, 4))
    }
    together = msgspec.json.decode(split.together(answers).body)["items"]
    counts = CELLS.of_text("receipt|unknown")
    assert together == ["10", "00", "11", "12", "01" if counts == HOME else "13"]


def test_items_of_a_cell_that_is_away_are_refused_one_by_one() -> None:
    items = [{"key": key, "member": {"kind": "id", "value": key}} for key in (MEMBER, LOW)]
    content = msgspec.json.encode({"programme": "apelsin", "actions": items})
    split = Split.read("actions", content, NOON)
    assert split is not None
    split.place(Found(), CELLS)
    away = Answer(503, [], b'{"code": "loyalty.cell_away", "detail": "away"}')
    good = Answer(200, [], b'{"items": [{"key": "done"}]}')
    together = msgspec.json.decode(split.together({OTHER: away, HOME: good}).body)["items"]
    assert together == [
        {"key": MEMBER, "error": "loyalty.cell_away", "detail": "away"},
        {"key": "done"},
    ]
    assert split.together({OTHER: away, HOME: away}) == away


def cell(asked: Wanted | None, found: Found | None = None) -> object:
    to, counts = choose(asked, found or Found(), CELLS)
    assert to == [counts]
    return counts


def refusal(asked: Wanted, found: Found) -> Answer:
    with pytest.raises(Refused) as refused:
        choose(asked, found, CELLS)
    return refused.value.answer
