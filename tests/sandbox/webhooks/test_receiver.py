"""The practice receiver: what it verifies, how it misbehaves, what it shows, run as a program."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from standardwebhooks import Webhook

from tests.support.http import free_port
from tests.support.processes import Program, eventually

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty two bytes....").decode()
BODY = '{"type":"points.changed","id":"m-1"}'


@pytest.fixture(scope="module")
def program() -> Iterator[str]:
    port = free_port()
    with Program.started(
        "-m", "sandbox.webhooks", "--port", str(port), "--box", f"anna={SECRET}", environment={}
    ):
        url = f"http://127.0.0.1:{port}"

        def answers() -> bool:
            try:
                return httpx.get(f"{url}/received/nobody", trust_env=False).is_success
            except httpx.TransportError:
                return False

        eventually(answers, what="the receiver never answered")
        yield url


@pytest.fixture
def client(program: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=program, trust_env=False, timeout=30) as client:
        yield client


def signed(message_id: str = "m-1", *, secret: str = SECRET, at: float = 0) -> dict[str, str]:
    moment = datetime.fromtimestamp(at or time.time(), UTC)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, moment, BODY),
    }


def test_it_takes_what_is_signed_and_shows_it(client: httpx.Client) -> None:
    first = client.post("/in/anna", content=BODY, headers=signed("shown"))
    again = client.post("/in/anna", content=BODY, headers=signed("shown"))

    got = client.get("/received/anna").json()
    assert (first.status_code, again.status_code) == (204, 204)
    assert got["ids"].count("shown") == 1
    assert [one["is_repeat"] for one in got["deliveries"] if one["id"] == "shown"] == [False, True]
    page = client.get("/boxes/anna").text
    assert "points.changed" in page
    assert "signature holds" in page


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed(secret="whsec_" + base64.b64encode(b"x" * 32).decode()),
        signed(at=time.time() - 3600),
        signed("other") | {"webhook-id": "m-1"},
        signed() | {"webhook-signature": "v1,!!!"},
        signed() | {"webhook-signature": "v2," + base64.b64encode(b"x" * 32).decode()},
    ],
)
def test_it_refuses_what_is_not_signed(client: httpx.Client, headers: dict[str, str]) -> None:
    assert client.post("/in/anna", content=BODY, headers=headers).status_code == 401


def test_it_verifies_by_a_public_key(client: httpx.Client) -> None:
    private = Ed25519PrivateKey.generate()
    public = "whpk_" + base64.b64encode(private.public_key().public_bytes_raw()).decode()
    client.post("/control/pair", json={"secrets": [public]})
    headers = signed()
    content = f"m-1.{headers['webhook-timestamp']}.{BODY}".encode()
    headers["webhook-signature"] = "v1a," + base64.b64encode(private.sign(content)).decode()

    assert client.post("/in/pair", content=BODY, headers=headers).status_code == 204
    assert client.post("/in/pair", content=BODY + " ", headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("mood", "status"),
    [("fail", 500), ("gone", 410), ("too_many", 429), ("unavailable", 503), ("redirect", 302)],
)
def test_it_misbehaves_as_told(client: httpx.Client, mood: str, status: int) -> None:
    client.post("/control/anna", json={mood: 1, "retry_after": 7})

    answer = client.post("/in/anna", content=BODY, headers=signed())

    assert answer.status_code == status
    if status in {429, 503}:
        assert answer.headers["retry-after"] == "7"
    assert client.post("/in/anna", content=BODY, headers=signed()).status_code == 204


@pytest.mark.parametrize(("mood", "is_taken"), [("cut", False), ("lose_answers", True)])
def test_it_closes_connections(client: httpx.Client, mood: str, is_taken: bool) -> None:  # noqa: FBT001 - a fact of the case
    client.post("/control/anna", data={mood: "1"})

    with pytest.raises(httpx.RemoteProtocolError):
        client.post("/in/anna", content=BODY, headers=signed(f"closed by {mood}"))

    assert (f"closed by {mood}" in client.get("/received/anna").json()["ids"]) is is_taken


def test_a_mood_nobody_knows_is_refused(client: httpx.Client) -> None:
    assert client.post("/control/anna", json={"sulk": 1}).status_code == 400
