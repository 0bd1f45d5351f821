"""1C's HTTP service: takes each message once, tells what a sender must never do, misbehaves."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from sandbox.onec.intake import Intake
from sandbox.onec.service import Service
from sandbox.onec.world import World, waits
from tests.support.onec_service import PASSWORD, USER, onec_service


def order(number: str = "RU-1", **changes: Any) -> dict[str, Any]:
    line = {
        "variant_id": str(UUID(int=1)),
        "erp_id": "dress#40",
        "name": "Платье",
        "quantity": "1",
        "given_up": "0",
        "price": "1990",
        "amount": "1990",
    }
    return {
        "contract": "order.v1",
        "id": str(UUID(int=7)),
        "number": number,
        "state": "placed",
        "payment_state": "due",
        "placed_at": "2026-11-22T09:00:00Z",
        "currency": "RUB",
        "total": "1990",
        "recipient": "Анна",
        "pickup_warehouse_id": "",
        "lines": [line],
        "allocations": [],
        **changes,
    }


def message(at: int, payload: dict[str, Any], *, number: int | None = None) -> dict[str, Any]:
    return {
        "id": str(UUID(int=at)),
        "number": at if number is None else number,
        "kind": "order",
        "subject": payload["id"],
        "contract": payload["contract"],
        "created_at": "2026-11-22T09:00:00Z",
        "payload": payload,
    }


def send(intake: Intake, *messages: dict[str, Any], version: str = "v1") -> list[dict[str, Any]]:
    reply = intake.take(version, json.dumps({"messages": messages}).encode())
    assert reply.status == 200
    answers: list[dict[str, Any]] = json.loads(reply.body)["answers"]
    return answers


def test_a_repeat_is_accepted_and_applied_once() -> None:
    intake = Intake(World())

    first = send(intake, message(1, order()))
    again = send(intake, message(1, order()))

    assert [one["outcome"] for one in (*first, *again)] == ["accepted", "accepted"]
    assert first[0]["received_at"] == again[0]["received_at"]
    assert intake.world.orders["RU-1"].times_received == 1
    assert intake.faults() == []


def test_another_content_under_the_same_id_is_a_fault() -> None:
    intake = Intake(World())

    send(intake, message(1, order()))
    send(intake, message(1, order(state="cancelled")))

    assert len(intake.faults()) == 1
    assert intake.orders["RU-1"]["state"] == "placed"


def test_an_older_message_after_a_newer_one_is_a_fault() -> None:
    intake = Intake(World())

    send(intake, message(5, order(state="confirmed")), message(4, order()))

    assert len(intake.faults()) == 1


def test_a_contract_ends_by_the_clock_of_1c() -> None:
    intake = Intake(World())
    at = (intake.now() + timedelta(hours=1)).isoformat()
    intake.moods = intake.moods.switched({"contracts_from": at, "contracts_then": ["v2"]})

    before = send(intake, message(1, order()))
    intake.world.move_clock(timedelta(hours=2))
    after = send(intake, message(2, order("RU-2", id=str(UUID(int=8)))))

    assert before[0]["outcome"] == "accepted"
    assert (after[0]["outcome"], after[0]["code"]) == ("refused", "contract_unsupported")


def test_goods_are_shipped_when_every_shop_that_was_asked_said_yes() -> None:
    intake = Intake(World(), ship_after_seconds=0)
    part = {
        "variant_id": str(UUID(int=1)),
        "erp_warehouse_id": "petrovka",
        "quantity": "1",
        "state": "asked",
    }

    send(intake, message(1, order(state="confirmed", allocations=[part])))
    assert waits(intake.world.orders["RU-1"])
    assert intake.world.due() == []
    said_yes = {**part, "state": "confirmed"}
    send(intake, message(2, order(state="confirmed", allocations=[said_yes])))

    [due] = intake.world.due()
    assert (due.number, due.status, due.lines[0].warehouse) == ("RU-1", "confirmed", "petrovka")


def test_what_came_is_known_after_a_restart(tmp_path: Path) -> None:
    first = Intake(World(tmp_path), tmp_path)
    send(first, message(1, order()))

    again = Intake(World(tmp_path), tmp_path)
    send(again, message(1, order(state="cancelled")))

    assert len(again.records) == 2
    assert again.faults(), "the content differs from that before the restart"


def test_strangers_are_not_let_in() -> None:
    service = Service(Intake(World()), "site", "a word")

    reply = service.answer("POST", "/hs/hansa/v1/messages", "Basic c2l0ZTp3cm9uZw==", b"{}")

    assert reply.status == 401


@pytest.mark.parametrize(
    ("mood", "status"), [({"down": True}, 503), ({"nonsense": True}, 200), ({}, 200)]
)
def test_moods_are_set_over_the_wire(mood: dict[str, Any], status: int) -> None:
    with onec_service() as onec:
        base = onec.address.removesuffix("/hs/hansa")
        with httpx.Client(auth=(USER, PASSWORD), trust_env=False) as client:
            assert client.post(f"{base}/hs/moods", json=mood).status_code == 200
            answer = client.post(
                f"{onec.address}/v1/messages", json={"messages": [message(1, order())]}
            )
            assert answer.status_code == status
            assert client.post(f"{base}/hs/moods", json={"unknown": 1}).status_code == 400
            assert len(client.get(f"{base}/hs/received").json()["records"]) == (status == 200)
