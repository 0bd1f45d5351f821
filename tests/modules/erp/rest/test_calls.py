"""Calls of /erp/v1 as a whole: keys, sizes, bodies, repeats, dry runs, what is written down."""

import asyncio
import contextlib
from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest

from hansa.modules import accounts, erp
from hansa.modules.erp.jobs import run_finish_idle_exchanges
from hansa.modules.erp.jobs_data import FinishIdleExchanges
from hansa.modules.erp.rest.kinds import KINDS
from hansa.modules.erp.rest.model import BATCH_BYTES_MAX, BATCH_ROWS_MAX, DRY_ROWS_MAX
from tests.modules.erp.rest.conftest import at
from tests.modules.erp.rest.test_stock import row


async def counted(sender) -> tuple[int, ...]:
    """Give how many rows the tables have that a batch may change."""
    async with sender.context.database.snapshot() as snap:
        found = await snap.one(
            "select (select count(*) from stock_level) as levels,"
            " (select count(*) from stock_movement) as movements,"
            " (select count(*) from erp_received) as received,"
            " (select count(*) from erp_waiting) as waiting,"
            " (select count(*) from erp_reference) as named,"
            " (select count(*) from catalog_variant) as variants,"
            " (select count(*) from outbox_event) as events"
        )
    return tuple(found)


async def test_a_caller_without_a_key_of_a_connection_is_refused(sender, stranger_key, now):
    body = {"rows": [row("coat", 1, stock={"central": 1})]}

    nobody = await sender.client.post("/erp/v1/stock", json=body)
    wrong = await sender.post("stock", body, Authorization="Bearer hk_aa_bb")
    stray = await sender.post("stock", body, Authorization=f"Bearer {stranger_key}")
    async with sender.context.database.transaction() as tx:
        _, other = await accounts.create_api_key(
            tx, name="files", scopes=("erp.exchange",), by=None, now=now
        )
    scopeless = await sender.post("stock", body, Authorization=f"Bearer {other}")

    assert (nobody.status_code, nobody.json()["code"]) == (401, "access.sign_in_needed")
    assert (wrong.status_code, wrong.json()["code"]) == (401, "access.bad_credentials")
    assert (stray.status_code, stray.json()["code"]) == (403, "erp.key_without_connection")
    assert (scopeless.status_code, scopeless.json()["code"]) == (403, "access.permission_missing")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "request.body_invalid"),
        (b'{"rows": [', 400, "request.body_invalid"),
        (b'{"rows": [{"key": NaN}]}', 400, "request.body_invalid"),
        (b'{"rows": [{"key": "\\ud800"}]}', 400, "request.body_invalid"),
        (b"[" * 100_000, 400, "erp.no_rows"),
        (b'{"rows": ' + b"[" * 100_000, 400, "request.body_invalid"),
        (b"[]", 400, "erp.no_rows"),
        (b'{"rows": {}}', 400, "erp.no_rows"),
        (b"{}", 400, "erp.no_rows"),
        (b'{"rows": [' + b" " * BATCH_BYTES_MAX + b"]}", 413, "erp.batch_too_large"),
        (b'{"rows": [' + b"1," * BATCH_ROWS_MAX + b"1]}", 413, "erp.batch_too_large"),
    ],
)
async def test_a_body_that_is_no_batch_is_refused_as_a_whole(sender, body, status, code):
    answer = await sender.post("stock", body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_body_of_another_kind_is_refused(sender):
    answer = await sender.post("stock", b"<rows/>", **{"Content-Type": "text/xml"})

    assert (answer.status_code, answer.json()["code"]) == (415, "request.content_type")


async def test_a_batch_without_rows_is_answered(sender):
    answer = await sender.post("stock", {"rows": []})

    assert answer.status_code == 200
    assert answer.json()["rows"] == []


async def test_rows_with_monstrous_texts_are_refused_alone(sender):
    await sender.items("coat")

    told = await sender.send(
        "items",
        {"key": "a", "sequence": 1, "name": "x" * 600_000},
        {"key": "k" * 501_000, "sequence": 1, "name": "x"},
        {"key": "b", "sequence": 1, "name": "b", "description": "y" * 501_000},
        {"key": "c", "sequence": 1, "name": "bell\u0007"},
        {"key": "d\u0000", "sequence": 1, "name": "d"},
        {"key": "e", "sequence": 2**64, "name": "e"},
        {"key": "fine", "sequence": 1, "name": "Fine"},
    )

    assert [one["outcome"] for one in told] == ["refused"] * 6 + ["applied"]
    assert [one["code"] for one in told[:6]] == [
        "request.long",
        "request.long",
        "request.long",
        "request.control_character",
        "request.control_character",
        "request.large",
    ]
    assert len(told[1]["key"]) == 200


async def test_a_repeated_call_gets_the_same_answer(sender):
    await sender.items("coat")
    body = {"rows": [row("coat", 1, stock={"central": 5})]}
    key = {"Idempotency-Key": uuid4().hex}

    first = await sender.post("stock", body, **key)
    again = await sender.post("stock", body, **key)
    other = await sender.post("stock", {"rows": []}, **key)

    assert first.json()["rows"][0]["outcome"] == "applied"
    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "idempotency.mismatch")


async def test_a_call_that_died_is_finished_by_its_repeat(sender, clock):
    await sender.items("coat")
    body = {"rows": [row("coat", 1, stock={"central": 5})]}
    key = {"Idempotency-Key": uuid4().hex}
    await sender.post("stock", body, **key)
    async with sender.context.database.transaction() as tx:
        await tx.execute(
            "update erp_batch set state = 'running', answer = null"
            " where idempotency_key is not null"
        )

    early = await sender.post("stock", body, **key)
    clock.advance(timedelta(minutes=2))
    late = await sender.post("stock", body, **key)

    assert (early.status_code, early.json()["code"]) == (409, "idempotency.running")
    assert late.json()["rows"][0]["outcome"] == "duplicate"


@pytest.mark.parametrize("address", ["stock?dry_run=true", "dry-run/stock"])
async def test_a_dry_run_tells_what_would_happen_and_changes_nothing(sender, address):
    await sender.items("coat", "hat")
    await sender.send("stock", row("coat", 5, stock={"central": 5}))
    rows = [
        row("coat", 6, 1, stock={"central": 4, "moon": 1}),
        row("coat", 7, 2, stock={"central": 4}),
        row("coat", 5, stock={"central": 5}),
        row("hat", 1, stock={"central": "1.5"}),
        row("scarf", 1, stock={"central": 1}),
    ]
    before = await counted(sender)

    dry = await sender.post(address, {"rows": rows})

    assert await counted(sender) == before
    assert dry.json()["is_dry_run"] is True
    wet = await sender.post("stock", {"rows": rows})
    assert dry.json()["rows"] == wet.json()["rows"]
    assert [one["outcome"] for one in wet.json()["rows"]] == [
        "applied", "unchanged", "duplicate", "refused", "deferred",
    ]  # fmt: skip


async def test_a_dry_run_takes_fewer_rows(sender):
    rows = [row("coat", number, stock={}) for number in range(DRY_ROWS_MAX + 1)]

    answer = await sender.post("dry-run/stock", {"rows": rows})

    assert answer.status_code == 413
    assert answer.json()["data"]["limit_rows"] == DRY_ROWS_MAX


async def test_every_batch_is_written_down_with_what_it_refused(sender):
    await sender.items("coat")
    await sender.send(
        "stock",
        row("coat", 1, stock={"central": 5, "moon": 1}),
        row("coat", "x", stock={}),
        row("scarf", 1, stock={"central": 1}),
    )

    async with sender.context.database.snapshot() as snap:
        batch, *_ = await erp.list_batches(snap, connection_id=sender.connection.id, kind="stock")
        log = await erp.list_log(snap, connection_id=sender.connection.id, file_id=batch.id)

    assert batch.counts == {"rows": 3, "applied": 1, "refused": 1, "deferred": 1, "noted": 1}
    assert batch.state == "done"
    told = sorted((line.ordinal, str(line.action), line.code) for line in log)
    assert told == [
        (1, "noted", "erp.unknown_warehouse"),
        (2, "refused", "request.type"),
        (3, "deferred", "erp.item_awaited"),
    ]


async def test_what_was_received_can_be_compared_page_by_page(sender):
    await sender.items(*"abc")
    await sender.send("stock", *(row(key, 7, stock={"central": 1}) for key in "abc"))

    headers = {"Authorization": f"Bearer {sender.secret}"}
    first = await sender.client.get("/erp/v1/received?kind=stock&limit=2", headers=headers)
    second = await sender.client.get(
        "/erp/v1/received",
        params={"kind": "stock", "after": first.json()["next"]},
        headers=headers,
    )
    later = await sender.client.get(
        "/erp/v1/received", params={"kind": "stock", "from": at(1)}, headers=headers
    )
    wrong = await sender.client.get("/erp/v1/received?kind=stars", headers=headers)

    assert [(one["key"], one["sequence"]) for one in first.json()["items"]] == [("a", 7), ("b", 7)]
    assert [one["key"] for one in second.json()["items"]] == ["c"]
    assert second.json()["next"] is None
    assert later.json()["items"] == []
    assert (wrong.status_code, wrong.json()["code"]) == (400, "erp.no_such_kind")


async def test_after_a_restore_of_the_erp_sequences_begin_anew(sender):
    await sender.items("coat", "hat")
    await sender.send("stock", *(row(key, 900, stock={"central": 5}) for key in ("coat", "hat")))
    sent = [row(key, 12, 1, stock={"central": 4}) for key in ("coat", "hat")]
    assert {one["outcome"] for one in await sender.send("stock", *sent)} == {"stale"}

    answer = await sender.post(
        "sequence-resets", {"kind": "stock", "keys": ["coat"], "reason": "restored from a copy"}
    )

    assert (answer.status_code, answer.json()) == (200, {"forgotten": 1})
    told = await sender.send("stock", *sent)
    assert [one["outcome"] for one in told] == ["applied", "stale"]


async def test_outgoing_messages_may_be_asked_for_again(sender):
    wrong = await sender.post("resend", {"from": at(0), "until": at(-1)})
    right = await sender.post("resend", {"kind": "order", "from": at(-60), "until": at(0)})

    assert (wrong.status_code, wrong.json()["code"]) == (400, "erp.period_backwards")
    # This connection has no queue; what is sent again of one is shown with the queue itself.
    assert (right.status_code, right.json()["code"]) == (404, "erp.no_outgoing")


async def test_batches_at_once_do_not_lose_each_other(sender):
    keys = [f"k{number}" for number in range(20)]
    await sender.items(*keys)

    await asyncio.gather(
        *(
            sender.send("stock", *(row(key, n, n, stock={"central": n}) for key in keys))
            for n in (3, 1, 5, 2, 4)
        )
    )

    assert set((await sender.levels()).values()) == {5}


async def test_the_addresses_are_described_with_examples(sender):
    described = (await sender.client.get("/api/openapi.json")).json()["paths"]

    for kind in KINDS:
        operation = described[f"/erp/v1/{kind}"]["post"]
        content = operation["requestBody"]["content"]["application/json"]
        example = content["examples"]["batch"]["value"]
        assert content["schema"]["properties"]["rows"]["items"]["properties"]["key"]
        assert {"400", "401", "403", "413"} <= operation["responses"].keys()
        answer = await sender.post(f"dry-run/{kind}", example)
        assert answer.status_code == 200
        told = answer.json()["rows"][0]
        assert not told.get("code", "").startswith("request."), told


async def test_rows_whose_item_is_linked_by_hand_are_taken(sender, site):
    _, _, shop, _ = site
    await sender.send("stock", row("dress", 1, stock={"corner": 5}))
    async with sender.context.database.transaction() as tx:
        await erp.link_references(
            tx, connection=sender.connection, kind="variant", links={"dress": shop.variant}
        )

    await run_finish_idle_exchanges(sender.context, FinishIdleExchanges())

    assert (await sender.levels())["dress", "corner"] == 5


async def test_a_batch_that_breaks_off_is_finished_by_sending_it_again(sender):
    keys = [f"k{number}" for number in range(1_200)]
    await sender.items(*keys)
    rows = [row(key, 1, stock={"central": 5, "corner": 1}) for key in keys]
    sending = asyncio.create_task(sender.post("stock", {"rows": rows}))

    async def begun() -> int:
        async with sender.context.database.snapshot(single=True) as snap:
            return await snap.scalar("select count(*) from erp_received where kind = 'stock'")

    async with asyncio.timeout(60):
        while not await begun():
            await asyncio.sleep(0)
    sending.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await sending
    before = await begun()

    told = await sender.send("stock", *rows)

    assert 0 < before < len(keys)
    outcomes = Counter(one["outcome"] for one in told)
    assert outcomes == {"duplicate": before, "applied": len(keys) - before}
    levels = await sender.levels()
    assert len(levels) == 2 * len(keys)
    assert set(levels.values()) == {5, 1}


async def test_many_batches_at_once_leave_connections_for_pages(sender):
    keys = [f"k{number}" for number in range(60)]
    await sender.items(*keys)

    answers = await asyncio.gather(
        *(
            sender.post("stock", {"rows": [row(key, n, n, stock={"central": n}) for key in keys]})
            for n in range(1, 31)
        ),
        *(sender.client.get("/health/ready") for _ in range(30)),
    )

    assert {answer.status_code for answer in answers} == {200}
    assert set((await sender.levels()).values()) == {30}


async def test_rows_that_are_no_text_are_refused_alone(sender):
    answer = await sender.post(
        "items",
        b'{"rows":[{"key":"\xff","sequence":1,"name":"x"},'
        b'{"key":"deep","sequence":1,"name":' + b"[" * 500 + b"]" * 500 + b"},"
        b'{"key":"fine","sequence":1,"name":"Fine"}]}',
    )

    assert answer.status_code == 200, answer.text
    assert [one["outcome"] for one in answer.json()["rows"]] == ["refused"] * 2 + ["applied"]
