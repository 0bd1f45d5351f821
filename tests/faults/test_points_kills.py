"""`kill -9` of the web role and of PostgreSQL under load loses no acknowledged points."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import httpx
import pytest

from hansa.modules import accounts
from hansa.modules.loyalty import members
from hansa.runtime.database import Database
from tests.support.installation import Installation, installed
from tests.support.loyalty import a_member, a_partner, a_programme
from tests.support.processes import eventually

pytestmark = pytest.mark.usefixtures("whole_machine")

_log = logging.getLogger(__name__)

TILLS = 6
MEMBERS = 8
VICTIMS = ("web", "postgresql", "web worker")
SCOPES = ("loyalty.earn", "loyalty.spend", "loyalty.read")
COME_AGAIN = {401, 409, 425, 429, 500, 502, 503, 504}
PATIENCE_SECONDS = 150.0
ANSWERS_BEFORE_A_KILL = 60


@dataclass
class World:
    """Who is asked for points, and the partner whose program asks."""

    partner_id: UUID
    client_id: str
    secret: str
    programme_id: UUID
    members: list[UUID]


@dataclass(frozen=True)
class Said:
    """A call that was answered: kept outside of the installation."""

    path: str
    key: str
    body: dict[str, object]
    member: UUID
    content: bytes
    points: int


@dataclass
class Notes:
    """What all tills were told."""

    said: list[Said] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    repeats: int = 0


async def lay(database: Database) -> World:
    members.use_secret(b"of tests" * 4)
    now = datetime.now(UTC)
    async with database.transaction() as tx:
        programme = await a_programme(tx, now=now, percent=1000, percent_max=2000)
        partner = await a_partner(tx, programme, now=now)
        people = [await a_member(tx, programme, now=now) for _ in range(MEMBERS)]
        client, secret = await accounts.create_client(
            tx,
            name="till",
            scopes=SCOPES,
            partner_id=partner.id,
            is_sandbox=False,
            by=None,
            now=now,
        )
    return World(partner.id, client.public_id, secret, programme.id, [one.id for one in people])


class Till(threading.Thread):
    """Calls one thing after the other; what gets no answer it sends again, to the byte."""

    def __init__(self, address: str, world: World, notes: Notes, number: int) -> None:
        super().__init__(name=f"till {number}")
        self.http = httpx.Client(base_url=address, timeout=20, trust_env=False)
        self.world, self.notes, self.number = world, notes, number
        self.chance = random.Random(number)
        self.closing = threading.Event()
        self.mine: list[Said] = []
        self.count = 0

    def run(self) -> None:
        with self.http:
            try:
                while not self.closing.is_set():
                    self.act()
            except Exception as error:  # noqa: BLE001 - it is told by the test's own thread
                self.notes.faults.append(repr(error))

    def act(self) -> None:
        if self.mine and self.chance.random() < 0.2:
            earlier = self.chance.choice(self.mine)
            again = self.ask(earlier.path, earlier.key, earlier.body)
            assert again.content == earlier.content, (earlier, again.text)
            self.notes.repeats += 1
            return
        self.count += 1
        key = f"t{self.number}-{self.count}"
        path, body, member = self.wish(key)
        answer = self.ask(path, key, body)
        if answer.status_code == httpx.codes.OK:
            said = Said(path, key, body, member, answer.content, answer.json()["points"])
            self.mine.append(said)
            self.notes.said.append(said)

    def wish(self, key: str) -> tuple[str, dict[str, object], UUID]:
        member = self.chance.choice(self.world.members)
        named = {"member": {"id": str(member)}}
        draw = self.chance.random()
        bought = [one for one in self.mine if one.path == "purchases"]
        if draw < 0.2 and bought:
            one = self.chance.choice(bought)
            lines = [{"line": 1, "amount_minor": 1_000}]
            return "returns", {"receipt": one.body["receipt"], "lines": lines}, one.member
        if draw < 0.6:
            lines = [{"line": 1, "amount_minor": self.chance.randint(10_000, 90_000)}]
            return "purchases", named | {"receipt": key, "lines": lines}, member
        if draw < 0.7:
            return "accruals", named | {"points": 5}, member
        return "spendings", named | {"points": self.chance.randint(1, 20)}, member

    def ask(self, path: str, key: str, body: dict[str, object]) -> httpx.Response:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                answer = self.http.post(
                    f"/loyalty/v1/{path}", json=body, headers={"Idempotency-Key": key}
                )
                self.notes.statuses[answer.status_code] += 1
                if answer.status_code == httpx.codes.UNAUTHORIZED:
                    self.sign_in()
                elif answer.status_code not in COME_AGAIN:
                    return answer
            except httpx.TransportError:
                self.notes.statuses[0] += 1
            time.sleep(0.05)  # as a till does: come back in a moment
        raise AssertionError(f"no answer to {path} {key}: {self.notes.statuses}")

    def sign_in(self) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.world.client_id,
            "client_secret": self.world.secret,
        }
        self.http.headers.pop("Authorization", None)
        answer = self.http.post("/oauth/token", data=form)
        if answer.status_code == httpx.codes.OK:
            self.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"


def kill_again_and_again(
    installation: Installation, world: World, victims: Sequence[str], *, seed: int
) -> Notes:
    """Kill while tills call; give what they were told."""
    chance = random.Random(seed)
    notes = Notes()
    tills = [Till(installation.address, world, notes, number) for number in range(TILLS)]
    for till in tills:
        till.start()
    try:
        for victim in victims:
            goal = len(notes.said) + chance.randint(1, ANSWERS_BEFORE_A_KILL)
            eventually(lambda goal=goal: len(notes.said) >= goal or notes.faults, within_seconds=90)
            assert not notes.faults, notes.faults[:3]
            installation.kill(victim)
            _log.info("killed %s after %d answers", victim, len(notes.said))
        goal = len(notes.said) + ANSWERS_BEFORE_A_KILL
        eventually(lambda: len(notes.said) >= goal or notes.faults, within_seconds=90)
    finally:
        for till in tills:
            till.closing.set()
        for till in tills:
            till.join(timeout=PATIENCE_SECONDS + 30)
    assert not notes.faults, notes.faults[:3]
    return notes


async def _kept(database: Database, world: World) -> dict[str, bytes]:
    async with database.snapshot() as snap:
        rows = await snap.all(
            "select key, answer from ledger_posting where owner = %(owner)s and refusal is null",
            {"owner": world.partner_id},
        )
    return {row.key: bytes(row.answer) for row in rows}


def prove(installation: Installation, world: World, notes: Notes) -> None:
    """Each answer is there once, to the byte, and there are no others; the books agree."""
    kept = installation.in_database(lambda database: _kept(database, world))
    assert kept == {one.key: one.content for one in notes.said}
    sums: Counter[UUID] = Counter()
    for one in notes.said:
        sums[one.member] += one.points
    for member in world.members:
        posted = installation.scalar(
            "select a.posted from ledger_account a join loyalty_membership m"
            " on m.bucket = a.bucket and m.account_id = a.id where m.member_id = %(member)s",
            member=member,
        )
        assert posted == sums[member]
    report = installation.check("ledger", "loyalty")
    assert [finding for check in report["checks"] for finding in check["findings"]] == []
    assert report["ok"]
    assert notes.repeats
    _log.info("%d answers, %d repeats, %s", len(notes.said), notes.repeats, notes.statuses)


def run(victims: Sequence[str], *, seed: int) -> None:
    with installed(shutdown_grace_seconds="10") as installation:
        world = installation.prepare(lay)
        with installation.serving():
            notes = kill_again_and_again(installation, world, victims, seed=seed)
            prove(installation, world, notes)


@pytest.mark.timeout(1200)
def test_kills_lose_no_points() -> None:
    run(VICTIMS, seed=1)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_many_kills_lose_no_points() -> None:
    victims = list(VICTIMS) * 8
    random.Random(2).shuffle(victims)
    run(victims, seed=2)
