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
            assert program.process.wait(timeout=10) == 0
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
        async with asyncio.timeout(10):
            while len(taken) < expected:
                await asyncio.sleep(0.02)
    server.close()

    assert len({call.body for call in taken}) == 1
    signature = hmac.new(SECRET.encode(), taken[0].body, hashlib.sha256).hexdigest()
    assert taken[0].headers["x-acquirer-signature"] == signature
