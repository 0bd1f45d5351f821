"""The outbound client against a server that misbehaves."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import structlog

from hansa.runtime.database import Database
from hansa.runtime.outbound import (
    AddressRefused,
    AnswerTooLarge,
    CircuitOpen,
    Destination,
    DestinationFailed,
    NoAnswer,
    Outbound,
    Patience,
    TooManyRequests,
    TransactionOpen,
)
from tests.runtime.outbound.server import Server, answer, serving


@contextlib.asynccontextmanager
async def calling(server: Server, **changes: Any) -> AsyncIterator[Outbound]:
    known = {"pause_seconds": 0.01, "read_seconds": 1.0, "total_seconds": 20.0} | changes
    outbound = Outbound([Destination(name="bank", base_url=server.url, **known)])
    try:
        yield outbound
    finally:
        await outbound.close()


async def test_a_request_arrives_as_given_and_the_answer_comes_back() -> None:
    async with (
        serving(answer(201, b'{"id": 5}', x_kind="new")) as server,
        calling(server, headers={"Authorization": "Bearer abcdef"}) as outbound,
    ):
        got = await outbound.send(
            "bank",
            "POST",
            "/payments?x=1",
            json={"sum": 100},
            idempotency_key="order-7",
            headers={"X-Extra": "yes"},
        )

    (request,) = server.received
    assert (got.status, got.ok, got.headers["x-kind"]) == (201, True, "new")
    assert got.json(dict[str, int]) == {"id": 5}
    assert (request.method, request.target, request.body) == (
        "POST",
        "/payments?x=1",
        b'{"sum":100}',
    )
    assert request.headers["authorization"] == "Bearer abcdef"
    assert request.headers["idempotency-key"] == "order-7"
    assert request.headers["x-extra"] == "yes"
    assert request.headers["content-type"] == "application/json"


async def test_a_refusal_is_an_answer_and_not_repeated() -> None:
    async with serving(answer(404, b"no")) as server, calling(server) as outbound:
        got = await outbound.send("bank", "GET", "/")

    assert (got.status, got.ok, got.body, len(server.received)) == (404, False, b"no", 1)


@pytest.mark.parametrize("trouble", [answer(500), answer(503), "lost", "cut", "slow"])
async def test_trouble_is_repeated_where_that_is_safe(trouble: bytes | str) -> None:
    async with serving(trouble, answer()) as server, calling(server) as outbound:
        assert (await outbound.send("bank", "GET", "/")).ok
    async with serving(trouble, answer()) as server, calling(server) as outbound:
        assert (await outbound.send("bank", "POST", "/", idempotency_key="k")).ok

        keys = [request.headers["idempotency-key"] for request in server.received]
        assert keys == ["k", "k"]


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        (answer(500), DestinationFailed),
        ("lost", NoAnswer),
        ("cut", NoAnswer),
        ("slow", NoAnswer),
    ],
)
async def test_a_post_without_key_is_sent_once_and_its_fate_told(
    trouble: bytes | str, error: type[Exception]
) -> None:
    async with serving(trouble, answer()) as server, calling(server) as outbound:
        with pytest.raises(error) as caught:
            await outbound.send("bank", "POST", "/")

    assert len(server.received) == 1
    if isinstance(caught.value, NoAnswer):
        assert caught.value.maybe_done


async def test_a_post_that_was_surely_not_received_is_repeated() -> None:
    async with (
        serving(answer(429, retry_after="0"), answer()) as server,
        calling(server) as outbound,
    ):
        assert (await outbound.send("bank", "POST", "/")).ok
    async with calling(server, attempts=2) as outbound:  # nobody listens there any more
        with pytest.raises(NoAnswer) as caught:
            await outbound.send("bank", "POST", "/")

    assert not caught.value.maybe_done


async def test_repeating_ends() -> None:
    async with serving(answer(502, b"broken")) as server, calling(server, attempts=3) as outbound:
        with pytest.raises(DestinationFailed) as caught:
            await outbound.send("bank", "GET", "/")

    assert (caught.value.status, caught.value.body, len(server.received)) == (502, b"broken", 3)


async def test_a_destination_without_patience_of_its_own_has_the_usual() -> None:
    async with serving(answer(502)) as server:
        outbound = Outbound(
            [
                Destination(name="bank", base_url=server.url, pause_seconds=0.01),
                Destination(name="post", base_url=server.url, pause_seconds=0.01, attempts=3),
            ],
            patience=Patience(attempts=2),
        )
        for name in ("bank", "post"):
            with pytest.raises(DestinationFailed):
                await outbound.send(name, "GET", f"/{name}")
        await outbound.close()

    assert [one.target for one in server.received] == ["/bank"] * 2 + ["/post"] * 3


async def test_the_wait_that_was_asked_for_is_kept() -> None:
    loop = asyncio.get_running_loop()
    async with (
        serving(answer(429, retry_after="1"), answer()) as server,
        calling(server) as outbound,
    ):
        started = loop.time()
        await outbound.send("bank", "GET", "/")

        assert loop.time() - started >= 1


@pytest.mark.parametrize("status", [429, 503])
async def test_a_wait_longer_than_the_call_may_take_is_told(status: int) -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)
    async with serving(answer(status, retry_after=at)) as server, calling(server) as outbound:
        with pytest.raises((TooManyRequests, DestinationFailed)) as caught:
            await outbound.send("bank", "GET", "/")

    assert len(server.received) == 1
    assert isinstance(caught.value, TooManyRequests | DestinationFailed)
    assert 590 < caught.value.retry_after_seconds <= 600


async def test_an_endless_answer_is_cut_off() -> None:
    async with serving("drip") as server, calling(server, answer_bytes_max=50_000) as outbound:
        with pytest.raises(AnswerTooLarge):
            await outbound.send("bank", "GET", "/")


async def test_an_endless_answer_is_read_in_part_where_only_its_beginning_counts() -> None:
    async with (
        serving("drip") as server,
        calling(server, answer_bytes_max=50_000, cuts_answers=True) as outbound,
    ):
        given = await outbound.send("bank", "GET", "/")

    assert given.ok
    assert len(given.body) == 50_000


async def test_a_destination_that_is_down_is_left_alone_then_probed_by_one() -> None:
    async with (
        serving(answer(500), answer(500), answer(500), "slow", answer()) as server,
        calling(
            server, attempts=1, failures_to_open=3, open_seconds=1.5, open_seconds_max=1.5
        ) as outbound,
    ):
        for _ in range(3):
            with pytest.raises(DestinationFailed):
                await outbound.send("bank", "GET", "/")
        with pytest.raises(CircuitOpen):
            await outbound.send("bank", "GET", "/")
        assert len(server.received) == 3

        async with asyncio.timeout(60):
            while outbound.circuit_state("bank") == "open":
                await asyncio.sleep(0.01)
        probes = await asyncio.gather(
            *(outbound.send("bank", "GET", "/") for _ in range(3)), return_exceptions=True
        )
        assert sorted(type(probe).__name__ for probe in probes) == [
            "CircuitOpen",
            "CircuitOpen",
            "NoAnswer",
        ]

        async with asyncio.timeout(60):
            while outbound.circuit_state("bank") == "open":
                await asyncio.sleep(0.01)
        assert (await outbound.send("bank", "GET", "/")).ok
        assert outbound.circuit_state("bank") == "closed"


async def test_a_cancelled_probe_lets_another_one_through() -> None:
    async with (
        serving(answer(500), "slow", answer()) as server,
        calling(
            server, attempts=1, failures_to_open=1, open_seconds=0.05, read_seconds=30
        ) as outbound,
    ):
        with pytest.raises(DestinationFailed):
            await outbound.send("bank", "GET", "/")
        async with asyncio.timeout(60):
            while outbound.circuit_state("bank") == "open":
                await asyncio.sleep(0.01)
        probe = asyncio.create_task(outbound.send("bank", "GET", "/"))
        async with asyncio.timeout(60):
            while len(server.received) < 2:
                await asyncio.sleep(0.01)
        probe.cancel()
        await asyncio.gather(probe, return_exceptions=True)

        assert (await outbound.send("bank", "GET", "/")).ok


async def test_the_rate_is_kept() -> None:
    loop = asyncio.get_running_loop()
    async with (
        serving(answer()) as server,
        calling(server, rate_per_second=20, burst=2) as outbound,
    ):
        started = loop.time()
        await asyncio.gather(*(outbound.send("bank", "GET", "/") for _ in range(8)))

        assert loop.time() - started >= 6 / 20 * 0.95


async def test_waiting_for_a_turn_longer_than_the_call_may_take_is_told() -> None:
    async with (
        serving(answer()) as server,
        calling(server, rate_per_second=0.01, burst=1) as outbound,
    ):
        await outbound.send("bank", "GET", "/")
        with pytest.raises(TooManyRequests):
            await outbound.send("bank", "GET", "/")

        assert outbound.circuit_state("bank") == "closed"


async def test_nothing_is_sent_while_a_transaction_is_open(database: Database) -> None:
    async with serving(answer()) as server, calling(server) as outbound:
        async with database.transaction():
            with pytest.raises(TransactionOpen):
                await outbound.send("bank", "GET", "/")
        assert server.received == []
        assert (await outbound.send("bank", "GET", "/")).ok


async def test_the_log_holds_no_secrets() -> None:
    async with (
        serving(answer(200, b'{"token": "t0psecret", "phone": "+7 916 123-45-67"}')) as server,
        calling(server, headers={"X-Api-Key": "k3y"}, log_bodies=True) as outbound,
    ):
        with structlog.testing.capture_logs() as lines:
            await outbound.send(
                "bank",
                "POST",
                "/pay?access_token=abc&page=2",
                json={"card": "4111 1111 1111 1111", "mail": "anna@example.com", "n": 12},
            )

    (line,) = lines
    text = repr(line)
    assert (line["destination"], line["status"], line["outcome"]) == ("bank", 200, "answered")
    assert "page=2" in text
    assert '"n":12' in text
    for secret in ("t0psecret", "123-45", "k3y", "abc", "4111 1111", "anna@"):
        assert secret not in text


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "172.16.5.5",
        "169.254.169.254",
        "0.0.0.0",
        "100.64.0.1",
        "224.0.0.1",
        "::1",
        "fc00::1",
        "fe80::1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "::",
        "255.255.255.255",
    ],
)
async def test_addresses_of_users_do_not_lead_inside(address: str) -> None:
    async def resolver(host: str, port: int) -> list[str]:
        return ["93.184.215.14", address]

    outbound = Outbound(resolver=resolver)

    with pytest.raises(AddressRefused, match="private network"):
        await outbound.fetch("https://shop.example/hook")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "file:///etc/passwd",
        "//example.com",
        "http://",
        "http://[::1",
        "https://user:pw@example.com/",
        "not an address",
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://localhost/",
        "https://" + "a" * 3000,
    ],
)
async def test_odd_addresses_are_refused(url: str) -> None:
    outbound = Outbound()

    with pytest.raises(AddressRefused):
        await outbound.fetch(url)


async def test_a_name_is_resolved_once_and_connected_to_as_resolved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    async def resolver(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["127.0.0.1"]

    async with serving(answer(302, location="/next?a=b"), answer(200, b"there")) as server:
        # The only way to have a "public" server on this machine.
        monkeypatch.setattr("hansa.runtime.outbound.guard.is_public", lambda _: True)
        outbound = Outbound(resolver=resolver)
        got = await outbound.fetch(f"http://shop.example:{server.port}/start")

    assert got.body == b"there"
    assert [request.target for request in server.received] == ["/start", "/next?a=b"]
    assert server.received[0].headers["host"] == f"shop.example:{server.port}"
    assert asked == [("shop.example", server.port)] * 2


async def test_one_dead_host_of_the_web_does_not_close_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def resolver(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    monkeypatch.setattr("hansa.runtime.outbound.guard.is_public", lambda _: True)
    async with serving(answer()) as server:
        outbound = Outbound(resolver=resolver)
        outbound.configure(
            Destination(name="web", attempts=1, failures_to_open=1, pause_seconds=0.01)
        )
        with pytest.raises(NoAnswer):
            await outbound.fetch("http://dead.example:1/")
        with pytest.raises(CircuitOpen):
            await outbound.fetch("http://dead.example:1/")

        assert (await outbound.fetch(f"http://alive.example:{server.port}/")).ok
