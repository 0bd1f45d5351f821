"""The acquirer as a program of its own: page, keys, moods, notices, memory over a restart."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import signal
from functools import partial

import httpx
import pytest

from sandbox.acquirer.wire import Answer, Call, serve_connection
from tests.support.acquirer import SECRET, a_bank
from tests.support.http import free_port
from tests.support.processes import Program, eventually

API = {"Authorization": f"Bearer {SECRET}", "X-Shop": "demo"}


@pytest.fixture
def acquirer(tmp_path):
    """Start it as often as asked, always on the same state."""

    def start(port):
        return Program.started(
            "-m",
            "sandbox.acquirer",
            "--port",
            str(port),
            "--state",
            str(tmp_path / "payments.sqlite"),
            environment={"ACQUIRER_SECRET": SECRET},
        )

    return start


def ready(client):
    def answers():
        try:
            return client.get("/health").status_code == 200
        except httpx.TransportError:
            return False

    eventually(answers, what="the acquirer never answered")


def create(client, key="k1", amount=1000, **more):
    body = {"amount": amount, "currency": "RUB", "description": "RU-1", "language": "ru", **more}
    return client.post("/v1/payments", json=body, headers={**API, "Idempotency-Key": key})


def test_a_payment_is_made_once_paid_on_its_page_and_kept_over_a_restart(acquirer):
    port = free_port()
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        with acquirer(port) as program:
            ready(client)
            first, again = create(client).json(), create(client).json()
            assert first["id"] == again["id"]
            assert create(client, amount=5).status_code == 422
            page = client.get(first["payment_url"])
            assert "10,00\u00a0₽" in page.text
            assert 'lang="ru"' in page.text
            client.post(first["payment_url"], data={"action": "pay"})
            program.process.send_signal(signal.SIGTERM)
            assert program.process.wait(timeout=60) == 0
        with acquirer(port):
            ready(client)
            kept = client.get(f"/v1/payments/{first['id']}", headers=API).json()
    assert kept["state"] == "captured"


def test_what_may_not_be_is_refused(acquirer):
    port = free_port()
    with (
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
        acquirer(port),
    ):
        ready(client)
        assert client.get("/v1/payments/x").status_code == 401
        assert client.get("/v1/payments/x", headers=API).status_code == 404
        assert create(client, amount=-1).status_code == 422
        assert create(client, key="").status_code == 400
        assert (
            client.post(
                "/v1/payments", content=b"{", headers={**API, "Idempotency-Key": "b"}
            ).status_code
            == 400
        )
        payment = create(client, capture=False).json()
        path = f"/v1/payments/{payment['id']}"
        refused = client.post(f"{path}/capture", json={"amount": 1000}, headers=API)
        assert refused.status_code == 409
        assert refused.json()["payment"]["state"] == "pending"
        client.post(f"/pay/{payment['id']}", data={"action": "pay"})
        assert client.post(f"{path}/capture", json={"amount": 1001}, headers=API).status_code == 422
        assert (
            client.post(f"{path}/capture", json={"amount": 700}, headers=API).json()["captured"]
            == 700
        )
        for _ in range(2):
            given = client.post(
                f"{path}/refunds", json={"amount": 300}, headers={**API, "Idempotency-Key": "r"}
            ).json()
        assert given["refunded"] == 300
        over = client.post(
            f"{path}/refunds", json={"amount": 401}, headers={**API, "Idempotency-Key": "r2"}
        )
        assert over.status_code == 422
        assert client.post(f"{path}/cancellation", json={}, headers=API).status_code == 409


def test_a_lost_answer_charges_and_cuts_the_connection(acquirer):
    port = free_port()
    with (
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
        acquirer(port),
    ):
        ready(client)
        client.post("/control", json={"lose_answers": 1})
        with pytest.raises(httpx.TransportError):
            create(client)
        assert client.get("/health").json() == {"payments": 1}
        assert create(client).status_code == 200

        client.post("/control", json={"fail": 1})
        assert create(client, key="k2").status_code == 500
        assert client.get("/health").json() == {"payments": 1}


@pytest.mark.parametrize(("action", "expected"), [("pay", 1), ("twice", 2), ("decline", 1)])
async def test_notices_are_signed_and_repeated_until_taken(action, expected):
    taken: list[Call] = []
    refusals = [500]

    async def shop(call):
        if refusals:
            return Answer(status=refusals.pop())
        taken.append(call)
        return Answer.of({})

    server = await asyncio.start_server(partial(serve_connection, shop), "127.0.0.1", 0)
    notice_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/notice"
    async with a_bank() as bank:
        bank.misbehave(notices=1)
        payment = bank.service.ledger.create("demo", "k", {"amount": 100, "notice_url": notice_url})
        await bank.act(f"{bank.url}/pay/{payment.id}", action)
        async with asyncio.timeout(60):
            while len(taken) < expected:
                await asyncio.sleep(0.02)
    server.close()

    assert len({call.body for call in taken}) == 1
    signature = hmac.new(SECRET.encode(), taken[0].body, hashlib.sha256).hexdigest()
    assert taken[0].headers["x-acquirer-signature"] == signature


def held(client, key="h1", amount=1000):
    """Make a payment of two stages and pay it."""
    payment = create(client, key=key, amount=amount, capture=False).json()
    client.post(payment["payment_url"], data={"action": "pay"})
    return payment["id"]


def state_of(client, payment_id):
    return client.get(f"/v1/payments/{payment_id}", headers=API).json()


def take(client, payment_id, amount, key):
    return client.post(
        f"/v1/payments/{payment_id}/capture",
        json={"amount": amount},
        headers={**API, "Idempotency-Key": key},
    )


def test_a_part_of_what_is_held_is_taken_once_and_the_rest_let_go(acquirer):
    port = free_port()
    with (
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
        acquirer(port),
    ):
        ready(client)
        payment_id = held(client)
        assert take(client, payment_id, 1001, "k0").status_code == 422
        assert take(client, payment_id, 0, "k0").status_code == 422

        first = take(client, payment_id, 600, "k1").json()
        again = take(client, payment_id, 600, "k1")
        other = take(client, payment_id, 300, "k2")

    assert (first["captured"], first["released"], first["authorised"]) == (600, 400, 600)
    assert (again.status_code, again.json()["captured"]) == (200, 600)
    assert other.status_code == 409, "a hold is captured once"
    assert other.json()["payment"]["captured"] == 600


def test_a_hold_ends_by_the_clock_that_can_be_moved_and_is_kept(acquirer):
    port = free_port()
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        with acquirer(port):
            ready(client)
            client.post("/control/clock", json={"stands_at": "2026-11-21T12:00:00Z"})
            client.post("/control", json={"hold_seconds": 600})
            payment_id = held(client)
            assert state_of(client, payment_id)["expires_at"] == "2026-11-21T12:10:00Z"
            client.post("/control/clock", json={"stands_at": "2026-11-21T12:09:59Z"})
            assert state_of(client, payment_id)["state"] == "authorised"
            client.post("/control/clock", json={"stands_at": "2026-11-21T12:10:00Z"})
            gone = state_of(client, payment_id)
            refused = take(client, payment_id, 1000, "k1")
            assert client.post("/control/clock", json={"stands": 1}).status_code == 400
        with acquirer(port):
            ready(client)
            kept = state_of(client, payment_id)

    assert (gone["state"], gone["reason"], gone["authorised"]) == (
        "expired",
        "expired_on_capture",
        0,
    )
    assert refused.status_code == 409
    assert kept["state"] == "expired"
