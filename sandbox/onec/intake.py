"""What this 1C takes by its HTTP service: every message it ever got, and what it made of it.

A message is applied once, known by its id. Of one subject a later message has a higher number; the
service applies what comes and writes down as a fault whatever a sender must never do: another
content under the same id, an older message of a subject after a newer one.
"""

import hashlib
import json
import random
import threading
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sandbox.onec.moods import Moods
from sandbox.onec.papers import Line, Order
from sandbox.onec.world import WAITS_SECONDS, World

_PROMISED = frozenset({"confirmed", "packed", "shipped", "delivered", "completed"})


@dataclass
class Record:
    """One message in one call."""

    at: str
    id: str
    number: int
    kind: str
    subject: str
    contract: str
    order_number: str
    digest: str
    outcome: str
    code: str = ""
    is_repeat: bool = False


@dataclass(frozen=True)
class Reply:
    """What goes back; without a status the connection is cut."""

    status: int | None
    body: bytes = b""


class Intake:
    """The HTTP service's side of one 1C. Safe to use from several threads."""

    def __init__(
        self, world: World, state: Path | None = None, *, ship_after_seconds: float = 1e12
    ) -> None:
        self.world = world
        self.ship_after_seconds = ship_after_seconds
        self.moods = Moods()
        self.records: list[Record] = []
        self.customers: dict[str, dict[str, Any]] = {}
        self.corrections: dict[str, dict[str, Any]] = {}
        self.orders: dict[str, dict[str, Any]] = {}
        self.calls = 0
        self.lock = threading.RLock()
        self._accepted: dict[str, Record] = {}
        self._journal = None if state is None else state / "received.jsonl"
        if self._journal is not None and self._journal.exists():
            self._read_journal(self._journal)

    def _read_journal(self, path: Path) -> None:
        for line in path.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            record = Record(**entry["record"])
            self.records.append(record)
            if record.outcome == "accepted":
                self._accepted.setdefault(record.id, record)
                if entry["payload"] is not None:
                    self._apply(record, entry["payload"])

    def now(self) -> datetime:
        """Give the instant by this 1C's clock."""
        ahead = timedelta(seconds=self.moods.wrong_clock_seconds)
        return datetime.now(UTC) + ahead + self.world.moved

    def take(self, version: str, body: bytes) -> Reply:  # noqa: PLR0911 - one line a mood
        """Answer a call of `v1/messages` or `v2/messages`."""
        moods = self.moods
        if moods.cut:
            return Reply(None)
        if moods.down:
            return Reply(503, b"the base is being updated")
        try:
            messages = json.loads(body)["messages"]
            numbers = {str(one["payload"].get("number", "")) for one in messages}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return Reply(400, f"not understood: {error}".encode())
        if numbers & moods.break_on:
            return Reply(500, b"division by zero in the module of the object")
        if numbers & moods.malformed_on:
            return Reply(400, b"the call cannot be read")
        answers = [self._take_one(version, one) for one in messages]
        with self.lock:
            if self.moods.lose_answers > 0:
                self.moods = self.moods.switched({"lose_answers": self.moods.lose_answers - 1})
                return Reply(None)
        if moods.nonsense:
            return Reply(200, b"<html>the licence has run out</html>")
        return Reply(200, json.dumps({"answers": self._spoilt(answers)}).encode())

    def _spoilt(self, answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
        moods = self.moods
        if moods.forget:
            answers = answers[:-1]
        if moods.twice:
            answers = [*answers, *answers]
        if moods.invent:
            answers = [*answers, {"id": str(uuid.uuid4()), "outcome": "accepted"}]
        if moods.shuffle:
            random.shuffle(answers)
        return answers

    def _take_one(self, version: str, message: dict[str, Any]) -> dict[str, Any]:
        payload = message["payload"]
        record = Record(
            at=self.now().isoformat(),
            id=message["id"],
            number=message["number"],
            kind=message["kind"],
            subject=message["subject"],
            contract=message["contract"],
            order_number=str(payload.get("number", "")),
            digest=_digest(payload),
            outcome="accepted",
        )
        with self.lock:
            known = self._accepted.get(record.id)
            if known is not None:
                record.is_repeat = True
            else:
                record.outcome, record.code = self._judge(version, record)
            self._write(record, payload if known is None else None)
            if record.outcome == "accepted" and known is None:
                self._accepted[record.id] = record
                self._apply(record, payload)
        answer: dict[str, Any] = {"id": record.id, "outcome": record.outcome}
        if record.code:
            answer |= {"code": record.code, "detail": f"1C says: {record.code}"}
        if record.outcome == "accepted":
            answer["received_at"] = (known or record).at
        return answer

    def _judge(self, version: str, record: Record) -> tuple[str, str]:
        moods = self.moods
        taken = moods.contracts
        if moods.contracts_from is not None and self.now() >= moods.contracts_from:
            taken = moods.contracts_then
        if version not in taken:
            return "refused", "contract_unsupported"
        if record.order_number and moods.refuse & {record.order_number, "*"}:
            return "refused", moods.refuse_code
        if record.order_number and moods.later & {record.order_number, "*"}:
            return "retry", "locked"
        return "accepted", ""

    def _write(self, record: Record, payload: dict[str, Any] | None) -> None:
        self.records.append(record)
        if self._journal is not None:
            self._journal.parent.mkdir(parents=True, exist_ok=True)
            with self._journal.open("a", encoding="utf-8") as journal:
                entry = {"record": asdict(record), "payload": payload}
                journal.write(json.dumps(entry, ensure_ascii=False) + "\n")

    def _apply(self, record: Record, payload: dict[str, Any]) -> None:
        if record.kind == "customer":
            self.customers[record.subject] = payload
        elif record.kind == "correction":
            self.corrections[record.subject] = payload
            self.world.tell(f"a shop corrects {payload['kind']} {payload['quantity']}")
        elif record.kind == "order":
            self.orders[payload["number"]] = payload
            order = order_of(payload)
            self.world.take_orders([order], due_in_seconds=WAITS_SECONDS)
            if is_ready(payload):
                self.world.make_ready(order, ship_after_seconds=self.ship_after_seconds)

    def faults(self) -> list[str]:
        """Give what a sender must never do and did."""
        with self.lock:
            return find_faults(self.records)

    def told(self) -> dict[str, Any]:
        """Give everything for JSON."""
        with self.lock:
            return {
                "records": [asdict(one) for one in self.records],
                "faults": find_faults(self.records),
                "orders": self.orders,
                "customers": self.customers,
                "corrections": self.corrections,
            }


def find_faults(records: Iterable[Record]) -> list[str]:
    """Find ids with two meanings, and subjects whose messages came in a wrong order."""
    faults: list[str] = []
    meanings: dict[str, Record] = {}
    newest: dict[tuple[str, str], Record] = {}
    for one in records:
        first = meanings.setdefault(one.id, one)
        if (first.digest, first.number, first.subject) != (one.digest, one.number, one.subject):
            faults.append(f"message {one.id} of {one.subject} came with another content")
        if one is not first:
            continue
        lane = (one.subject, one.contract)
        last = newest.get(lane)
        if last is not None and one.number < last.number:
            faults.append(f"message {one.number} of {one.subject} came after {last.number}")
        newest[lane] = one
    return faults


def order_of(payload: dict[str, Any]) -> Order:
    """Make this 1C's own paper of an order in either contract."""
    if payload["contract"] == "order.v1":
        lines = [
            Line(
                one["erp_id"] or one["variant_id"],
                one["name"],
                float(one["quantity"]) - float(one["given_up"]),
                one["price"],
                one["amount"],
                _place_of(payload, one["variant_id"]),
            )
            for one in payload["lines"]
        ]
        state, payment = payload["state"], payload["payment_state"]
        total, currency = payload["total"], payload["currency"]
        buyer, place = payload["recipient"], payload["pickup_warehouse_id"] or None
    else:
        lines = [
            Line(
                one["item"]["erp_id"] or one["item"]["id"],
                one["item"]["name"],
                float(one["quantity"]) - float(one["given_up"]),
                one["price"]["amount"] if "price" in one else "0",
                one["amount"]["amount"] if "amount" in one else "0",
                _first_place(one["parts"]),
            )
            for one in (*payload["lines"], *payload["gifts"])
        ]
        state, payment = payload["status"]["order"], payload["status"]["payment"]
        total, currency = payload["total"]["amount"], payload["total"]["currency"]
        buyer, pickup = payload["recipient"]["name"], payload["delivery"]["pickup"]
        place = None if pickup is None else pickup["erp_id"] or pickup["id"]
    return Order(
        id=payload["id"],
        number=payload["number"],
        date=payload["placed_at"][:10],
        total=total,
        currency=currency,
        buyer=buyer,
        lines=lines,
        warehouse=place,
        cancelled=state == "cancelled",
        paid=payment in {"paid", "authorised"},
    )


def is_ready(payload: dict[str, Any]) -> bool:
    """Say whether the site has promised the goods: every shop that was asked said yes."""
    if payload["contract"] == "order.v1":
        state, parts = payload["state"], payload["allocations"]
    else:
        lines = (*payload["lines"], *payload["gifts"])
        state, parts = payload["status"]["order"], [part for one in lines for part in one["parts"]]
    return state in _PROMISED and all(part["state"] == "confirmed" for part in parts)


def _place_of(payload: dict[str, Any], variant_id: str) -> str | None:
    parts = [one for one in payload["allocations"] if one["variant_id"] == variant_id]
    return (parts[0]["erp_warehouse_id"] or None) if parts else None


def _first_place(parts: list[dict[str, Any]]) -> str | None:
    return parts[0]["warehouse"]["erp_id"] if parts else None


def _digest(payload: dict[str, Any]) -> str:
    text = json.dumps(payload, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
