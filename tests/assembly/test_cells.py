"""Members on two databases: two cells, a front before them, and a part that reads its own."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

from hansa.assembly.following import CELL
from hansa.modules import accounts
from hansa.modules.loyalty import members, points, programmes
from hansa.modules.loyalty.members import bucket_of
from hansa.modules.loyalty.members.signing_in import code_of
from hansa.runtime.database import Database
from hansa.runtime.database.following import follow
from hansa.runtime.database.migrate import migrate
from hansa.runtime.settings.cells import Span
from hansa.surfaces.loyalty_front.cells import Cells as Table
from tests.support.cells import READY_SECONDS, SECRET, Cells, hansa, served, two_cells
from tests.support.http import free_port
from tests.support.loyalty import a_partner, a_programme, phone
from tests.support.processes import eventually

pytestmark = pytest.mark.usefixtures("whole_machine")

HOME = "/loyalty/v1"
SCOPES = ("loyalty.earn", "loyalty.spend", "loyalty.read", "loyalty.members", "loyalty.bulk")
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
TABLE = Table([(Span(0, 127), "http://home"), (Span(128, 255), "http://other")])


async def coalition(database: Database) -> tuple[str, str]:
    """Write a programme and a partner with a program."""
    now = datetime.now(UTC)
    members.use_secret(SECRET.encode())
    async with database.transaction() as tx:
        programme = await a_programme(tx, now=now, percent=1000)
        shop = await a_partner(tx, programme, now=now, code="shop")
        client, secret = await accounts.create_client(
            tx, name="till", scopes=SCOPES, partner_id=shop.id, by=None, now=now
        )
    assert secret is not None
    return client.public_id, secret


async def a_card(database: Database) -> str:
    """Print a card; it is known in the cell it was printed in."""
    now = datetime.now(UTC)
    members.use_secret(SECRET.encode())
    async with database.transaction() as tx:
        known = await programmes.read_coalition(tx, now=now)
        [programme] = known.programmes.values()
        [card] = await members.print_cards(tx, programme=programme, count=1, by=None, now=now)
    return card


async def another_percent(database: Database) -> None:
    """Let a purchase at the shop earn a fifth instead of a tenth."""
    now = datetime.now(UTC)
    async with database.transaction() as tx:
        known = await programmes.read_coalition(tx, now=now)
        [terms] = known.terms.values()
        changed = programmes.Participation(
            programme_id=terms.programme.id, partner_id=terms.partner.id, percent=2000
        )
        await programmes.save_participation(tx, participation=changed, by=None, now=now)


def names_of(cell: int, how: str) -> list[str]:
    """Give names nobody has, whose hash chooses a cell."""
    made = (phone(number) if how == "phone" else f"ref-{number}" for number in range(200))
    return [one for one in made if TABLE.of_text(f"{how}|{one}").number == cell]


def enrolled(cells: Cells, **named: str) -> str:
    """Enrol somebody; give the number."""
    consent = {"document": "rules", "version": "1"}
    body = {"programme": "apelsin", "consent": consent, **named}
    return str(cells.good("POST", f"{HOME}/members", json=body)["member_id"])


def receipt(number: str, **member: str) -> dict[str, Any]:
    return {"member": member, "receipt": number, "lines": [{"line": 1, "amount_minor": 100_00}]}


def balance(cells: Cells, member: str) -> int:
    return int(cells.good("GET", f"{HOME}/members/{member}/balance")["posted"])


def sums(dsn: str) -> tuple[int, int]:
    """Give what one cell's ledger has: the partner's accounts by transfers, and its members'."""
    accounts_of_partner = [points.issued_account(1), points.spent_account(1)]
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            """
            select (select coalesce(sum(amount) filter (where debit = any(%(ids)s)), 0)
                         - coalesce(sum(amount) filter (where credit = any(%(ids)s)), 0)
                      from ledger_transfer),
                   (select coalesce(sum(posted), 0) from ledger_account)
            """,
            {"ids": accounts_of_partner},
        ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


@pytest.mark.timeout(600)
def test_members_of_two_databases_are_served_as_one() -> None:
    with two_cells() as cells:
        client = cells.home.shop.in_database(coalition)
        home, other = cells.home.shop.dsn, cells.other.shop.dsn
        hansa(cells.home.shop.environment, "rollout", "set", "loyalty.app", "--state", "on")
        hansa(cells.other.shop.environment, "cells", "join", "--home", home)
        follow(other, leader=home, what=CELL, within_seconds=READY_SECONDS)  # again changes nothing
        cells.start()
        cells.sign_in(client)

        here, there = people_are_found_by_every_name(cells)
        commands_without_a_member_find_their_cell(cells, here, there)
        many_at_once_are_answered_in_order(cells, here, there)
        what_comes_before_its_member_or_purchase_meets_it(cells)
        what_is_changed_at_home_reaches_the_other_cell(cells, there)
        a_part_reads_a_database_of_its_own(cells, there)
        people = the_app_is_served_by_the_cell_of_whoever_signs_in(cells, here, there)
        a_shell_hands_its_sign_in_over(cells, there)
        nothing_but_the_app_is_let_through(cells)
        a_cell_that_dies_takes_its_members_alone(cells, here, there, people)

        for cell in (cells.home, cells.other):
            report = cell.shop.check("ledger", "loyalty")
            assert report["ok"], report
        # What runs may just be beginning again on a machine that is busy.
        eventually(lambda: cells.other.shop.check("cells")["ok"], within_seconds=READY_SECONDS)
        given = [sums(cell.shop.dsn) for cell in (cells.home, cells.other)]
        assert all(of_partner == of_members > 0 for of_partner, of_members in given), given


def people_are_found_by_every_name(cells: Cells) -> tuple[str, str]:
    """A name leads to the member wherever they are; two cells never share one."""
    phones = [names_of(cell, "phone")[0] for cell in (0, 1)]
    made = [enrolled(cells, phone=phones[0]), enrolled(cells, phone=phones[1])]
    assert bucket_of(UUID(made[0])) < 128 <= bucket_of(UUID(made[1]))
    for place, member in enumerate(made):
        # Enrolled again by the same telephone it is the same person.
        assert enrolled(cells, phone=phones[place], partner_ref=f"mine-{place}") == member
        spelt = f"8 ({phones[place][2:5]}) {phones[place][5:]}"
        for number, named in enumerate(
            ({"id": member}, {"phone": phones[place]}, {"phone": spelt})
        ):
            body = receipt(f"first-{place}-{number}", **named)
            key = f"receipt-{place}-{number}"
            once = cells.ask("POST", f"{HOME}/purchases", json=body, key=key)
            again = cells.ask("POST", f"{HOME}/purchases", json=body, key=key)
            assert once.status_code == 200, once.text
            assert once.json()["member_id"] == member
            assert again.content == once.content
            assert again.headers["Idempotency-Replayed"] == "true"
        search = {"programme": "apelsin", "kind": "phone", "value": phones[place]}
        assert cells.good("POST", f"{HOME}/members/search", json=search)["member_id"] == member
        assert balance(cells, member) == 30
    for place, cell in enumerate((cells.home, cells.other)):
        card = cell.shop.in_database(a_card)
        holder = enrolled(cells, card=card)
        assert (bucket_of(UUID(holder)) >= 128) == (place == 1)
        bought = cells.good("POST", f"{HOME}/purchases", json=receipt(card, card=card))
        assert bought["member_id"] == holder
        consent = {"document": "rules", "version": "1"}
        both = {
            "programme": "apelsin",
            "consent": consent,
            "phone": phones[1 - place],
            "card": card,
        }
        answer = cells.ask("POST", f"{HOME}/members", json=both)
        assert (answer.status_code, answer.json()["code"]) == (409, "loyalty.names_two_members")
    return made[0], made[1]


def commands_without_a_member_find_their_cell(cells: Cells, here: str, there: str) -> None:
    """Holds, what becomes of them, reversals and returns go where they began."""
    for member in (here, there):
        held = {"member": {"id": member}, "points": 10}
        for key, what in (("spent", "post"), ("freed", "void")):
            hold = f"{key}-{member}"
            assert cells.good("POST", f"{HOME}/holds", json=held, key=hold)["points"] == 0
            body = {"hold_key": hold}
            done = cells.good("POST", f"{HOME}/holds/{what}", json=body, key=f"{hold}-done")
            assert done["member_id"] == member
        spent = cells.good(
            "POST",
            f"{HOME}/spendings",
            json={"member": {"id": member}, "points": 5},
            key=f"s-{member}",
        )
        assert (spent["points"], spent["balance"]) == (-5, 15)
        taken_back = cells.good("POST", f"{HOME}/reversals", json={"posting_key": f"s-{member}"})
        assert (taken_back["member_id"], taken_back["balance"]) == (member, 20)
    for place, member in enumerate((here, there)):
        read = cells.good("GET", f"{HOME}/receipts/first-{place}-0")
        assert (read["member_id"], read["earned"]) == (member, 10)
        body = {"receipt": f"first-{place}-0"}
        once = cells.ask("POST", f"{HOME}/returns", json=body, key=f"back-{place}")
        again = cells.ask("POST", f"{HOME}/returns", json=body, key=f"back-{place}")
        assert (once.status_code, once.json()["balance"]) == (200, 10)
        assert again.content == once.content
    unknown = cells.ask("POST", f"{HOME}/holds/post", json={"hold_key": "nobody's"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "loyalty.hold_unknown")
    wrong = cells.ask("POST", f"{HOME}/purchases", json={"member": 1})
    assert (wrong.status_code, wrong.headers["Content-Type"]) == (400, "application/problem+json")
    assert "RateLimit-Limit" not in wrong.headers or wrong.headers["RateLimit-Limit"]


def many_at_once_are_answered_in_order(cells: Cells, here: str, there: str) -> None:
    """A batch is taken apart by cells; each item has its answer at its place, again the same."""
    items: list[dict[str, Any]] = []
    for number in range(6):
        give = {"type": "accrual", "member": {"id": (here, there)[number % 2]}, "points": 1}
        items.append({"key": f"many-{number}", "command": give})
    held = {"type": "hold", "member": {"id": there}, "points": 1}
    items.append({"key": "many-hold", "command": held})
    items.append({"key": "many-post", "command": {"type": "post", "hold_key": "many-hold"}})
    nobody = {"type": "accrual", "member": {"phone": phone(999)}, "points": 1}
    items.append({"key": "many-nobody", "command": nobody})

    once = cells.good("POST", f"{HOME}/batches", json={"items": items})["items"]
    again = cells.good("POST", f"{HOME}/batches", json={"items": items})["items"]

    assert [one["key"] for one in once] == [one["key"] for one in items]
    assert [one["status"] for one in once] == [200] * 8 + [404]
    assert [one["answer"]["member_id"] for one in once[:6]] == [here, there] * 3
    assert once[-1]["problem"]["code"] == "loyalty.member_unknown"
    assert [one["answer"] for one in again[:8]] == [one["answer"] for one in once[:8]]
    assert all(one["is_repeat"] for one in again[:8])
    assert (balance(cells, here), balance(cells, there)) == (13, 12)


def what_comes_before_its_member_or_purchase_meets_it(cells: Cells) -> None:
    """A receipt waits where its buyer will be; a return waits everywhere."""
    ref = names_of(1, "partner")[0]
    early = {**receipt("early", partner_ref=ref), "keep_unclaimed": True}
    assert cells.good("POST", f"{HOME}/purchases", json=early, key="early")["is_waiting"]
    # The hash of the telephone is for the home cell; the receipt waits in the other.
    member = enrolled(cells, phone=names_of(0, "phone")[1], partner_ref=ref)
    assert bucket_of(UUID(member)) >= 128
    eventually(
        lambda: balance(cells, member) == 10,
        within_seconds=READY_SECONDS,
        what="the receipt that waited was never posted",
    )

    before = datetime.now(UTC)
    back = {"receipt": "late", "lines": [{"line": 1, "amount_minor": 100_00}]}
    first = cells.ask("POST", f"{HOME}/returns", json=back, key="back-first")
    assert first.json()["is_waiting"]
    bought = {**receipt("late", id=member), "happened_at": before.isoformat()}
    cells.good("POST", f"{HOME}/purchases", json=bought)
    assert balance(cells, member) == 10
    again = cells.ask("POST", f"{HOME}/returns", json=back, key="back-first")
    assert again.content == first.content


def what_is_changed_at_home_reaches_the_other_cell(cells: Cells, there: str) -> None:
    """Partners' terms are written in one database and hold in both."""
    cells.home.shop.in_database(another_percent)
    asked = receipt("dear", id=there)

    def earns_more() -> bool:
        answer = cells.good("POST", f"{HOME}/purchases", params={"dry_run": "true"}, json=asked)
        return int(answer["points"]) == 20

    eventually(earns_more, within_seconds=READY_SECONDS, what="the percent never changed there")


def a_part_reads_a_database_of_its_own(cells: Cells, there: str) -> None:
    """Balances of the other cell are read from a database that follows it, on another server."""
    own = cells.home.shop.dsn.replace("/hansa?", "/balances?")
    with psycopg.connect(cells.home.shop.dsn, autocommit=True) as connection:
        connection.execute("create database balances template template0")
    migrate(own)
    environment = {**cells.other.shop.environment, "HANSA_DATABASE_URL": own}
    hansa(
        environment, "cells", "join", "--home", cells.other.shop.dsn, "--part", "loyalty.balances"
    )
    port = free_port()
    log = cells.folder / "balances.log"
    with served(environment, "loyalty.balances", port, log):
        path = f"{HOME}/members/{there}/balance"

        def read() -> int:
            answer = cells.send("GET", path, port=port)
            return int(answer.json()["posted"]) if answer.status_code == 200 else -1

        eventually(lambda: read() == 12, within_seconds=READY_SECONDS)
        cells.good("POST", f"{HOME}/accruals", json={"member": {"id": there}, "points": 2})
        eventually(lambda: read() == 14, within_seconds=READY_SECONDS, what="nothing follows")
        assert cells.send("GET", f"{HOME}/receipts/first-1-0", port=port).json()["earned"] == 0
        assert cells.send("POST", f"{HOME}/accruals", port=port, json={}).status_code == 404


def code_for(challenge: str) -> str:
    """Give the code that a telephone would get."""
    members.use_secret(SECRET.encode())
    return code_of(UUID(challenge))


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match is not None, text
    return match[1]


def answered(send: Callable[[], httpx.Response]) -> httpx.Response:
    """Do as a person does who is told to wait, because a machine is busy: try again."""
    answers: list[httpx.Response] = []

    def is_answered() -> bool:
        answers.append(send())
        return answers[-1].status_code != httpx.codes.SERVICE_UNAVAILABLE

    eventually(is_answered, within_seconds=READY_SECONDS, what="the front stays busy")
    return answers[-1]


class Visitor:
    """A person with a browser at the front."""

    def __init__(self, cells: Cells) -> None:
        address = f"http://127.0.0.1:{cells.front}"
        self.browser = httpx.Client(base_url=address, timeout=60, trust_env=False)
        cells.stack.callback(self.browser.close)
        self.browser.headers["Accept-Language"] = "en"

    def get(self, path: str) -> httpx.Response:
        return answered(lambda: self.browser.get(f"/en/loyalty{path}"))

    def send_once(self, path: str, **form: str) -> httpx.Response:
        page = self.get("/sign-in")
        form["csrf_token"] = found('name="csrf_token" value="([^"]+)"', page.text)
        return self.browser.post(f"/en/loyalty{path}", data=form)

    def send(self, path: str, **form: str) -> httpx.Response:
        return answered(lambda: self.send_once(path, **form))

    def sign_in(self, telephone: str) -> httpx.Response:
        """Ask for a code and answer it, the second time with the right one."""
        asked = self.send("/sign-in", phone=telephone)
        assert asked.status_code == 200, asked.text
        challenge = found('name="challenge" value="([^"]+)"', asked.text)
        right = code_for(challenge)
        wrong = f"{(int(right) + 1) % 1_000_000:06}"
        more = {"phone": telephone, "challenge": challenge, "next": "//elsewhere.test/"}
        assert self.send("/sign-in/code", code=wrong, **more).status_code == 422
        return self.send("/sign-in/code", code=right, **more)

    def who(self) -> str:
        """Give the number of whoever is signed in; nothing if nobody is."""
        answer = self.get("/my-data.json")
        return str(answer.json()["member"]["id"]) if answer.status_code == 200 else ""


def the_app_is_served_by_the_cell_of_whoever_signs_in(
    cells: Cells, here: str, there: str
) -> tuple[Visitor, Visitor]:
    """A telephone leads to the cell that keeps its owner; whoever is new joins in one cell."""
    people = Visitor(cells), Visitor(cells)
    for place, (person, member) in enumerate(zip(people, (here, there), strict=True)):
        entrance = person.browser.get("/?next=//elsewhere.test")
        assert (entrance.status_code, entrance.headers["Location"]) == (303, "/en/loyalty")
        assert person.who() == ""
        came = person.sign_in(names_of(place, "phone")[0])
        assert (came.status_code, came.headers["Location"]) == (303, "/en/loyalty"), came.text
        cookie = next(one for one in came.headers.get_list("Set-Cookie") if "hansa_member" in one)
        assert {"HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
        eventually(lambda: person.who() == member, within_seconds=READY_SECONDS)  # noqa: B023 - at once
        home = person.get("")
        assert home.status_code == 200
        style = found('href="(/static/[^"]+loyalty.css)"', home.text)
        assert person.browser.get(style).headers["Content-Type"].startswith("text/css")
        assert person.get("/worker.js").headers["Service-Worker-Allowed"] == "/en/loyalty"
        token = found('"X-CSRF-Token": "([^"]+)"', home.text)
        key = person.get("/push/key").json()["key"]
        told = {"endpoint": f"https://push.test/{member}", "key_public": key, "key_auth": AUTH}
        subscribed = person.browser.post(
            "/en/loyalty/push/subscription", json=told, headers={"X-CSRF-Token": token}
        )
        assert subscribed.status_code == 204, subscribed.text

    for place in (0, 1):
        newcomer, telephone = Visitor(cells), names_of(place, "phone")[5]
        page = newcomer.sign_in(telephone)
        proof = found('name="proof" value="([^"]+)"', page.text)
        joined = newcomer.send("/sign-in/join", phone=telephone, proof=proof, agrees="1")
        assert joined.status_code == 303, joined.text
        member = newcomer.who()
        assert (bucket_of(UUID(member)) >= 128) == (place == 1)
        assert enrolled(cells, phone=telephone) == member
        # The same browser, another person, who is kept by the other cell.
        newcomer.sign_in(names_of(1 - place, "phone")[0])
        assert newcomer.who() == (here, there)[1 - place]
        newcomer.send("/sign-out")
        assert newcomer.who() == ""
    return people


def a_shell_hands_its_sign_in_over(cells: Cells, there: str) -> None:
    """A native app signs in by a code, gives its web view a token and ends both."""
    telephone, app = names_of(1, "phone")[0], f"{HOME}/app"
    with httpx.Client(
        base_url=f"http://127.0.0.1:{cells.front}", timeout=60, trust_env=False
    ) as shell:
        asked = answered(lambda: shell.post(f"{app}/sign-ins", json={"phone": telephone})).json()
        answer = {"phone": telephone, "code": code_for(asked["id"]), "agrees": True}
        path = f"{app}/sign-ins/{asked['id']}/answer"
        given = answered(lambda: shell.post(path, json=answer))
        assert given.status_code == 200, given.text
        assert given.json()["member_id"] == there
        shell.headers["Authorization"] = f"Bearer {given.json()['key']}"
        token = shell.post(f"{app}/sessions").json()["token"]
        view = Visitor(cells)
        form = {"token": token, "next": "/en/loyalty/card"}
        came = view.browser.post("/en/loyalty/shell/session", data=form)
        assert (came.status_code, came.headers["Location"]) == (303, "/en/loyalty/card")
        assert view.who() == there
        assert view.browser.post("/en/loyalty/shell/session", data=form).status_code == 403
        assert shell.delete(f"{app}/sessions/current").status_code == 204
        assert view.who() == ""
        # Whoever is kept where is said to fronts alone.
        things = {"things": [{"kind": "phone", "value": telephone}]}
        assert shell.post(f"{app}/places", json=things).status_code == 404
        for cell in (cells.home, cells.other):
            forged = {"X-Hansa-Sibling": f"{int(time.time())}.{'0' * 64}"}
            told = httpx.post(f"{cell.address}{app}/places", json=things, headers=forged)
            assert told.status_code == 403


def nothing_but_the_app_is_let_through(cells: Cells) -> None:
    """Offices and the shop are not there, however their address is written."""
    for path in (
        "/en/office",
        "/en/cabinet",
        "/en/cart",
        "/api/v1/products",
        "/en/loyalty/../../health/live",
        "/en/loyalty/%2e%2e/%2e%2e/health/live",
        "/loyalty/v1/../../health/live",
        "/static/../health/live",
    ):
        with closing(HTTPConnection("127.0.0.1", cells.front, timeout=60)) as connection:
            connection.request("GET", path)
            assert connection.getresponse().status == 404, path
    twice = b"phone=%2B79160000001&phone=%2B79160000002"
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    person = Visitor(cells)
    for content, status in ((twice, 400), (b"x" * 70_000, 413)):
        answer = person.browser.post("/en/loyalty/sign-in", content=content, headers=kind)
        assert answer.status_code == status
        assert answer.headers["Content-Type"].startswith("text/html")


def the_app_of_a_cell_that_is_away(cells: Cells, people: tuple[Visitor, Visitor]) -> None:
    """Its members see a page that says so, new people must wait, and the others look on."""
    here, there = people
    assert here.who()
    for away in (
        there.browser.get("/en/loyalty"),
        there.send_once("/sign-in", phone=phone(998)),
    ):
        assert (away.status_code, away.headers["Content-Type"]) == (
            503,
            "text/html; charset=utf-8",
        )
        assert int(away.headers["Retry-After"]) > 0
    assert there.get("/offline").status_code == 200
    known = Visitor(cells).send("/sign-in", phone=names_of(0, "phone")[0])
    assert known.status_code == 200, known.text


def a_cell_that_dies_takes_its_members_alone(
    cells: Cells, here: str, there: str, people: tuple[Visitor, Visitor]
) -> None:
    """Its members are told to wait; the others go on; afterwards a repeat is answered as before."""
    body = {"member": {"id": there}, "points": 1}
    before = cells.ask("POST", f"{HOME}/accruals", json=body, key="before")
    assert before.status_code == 200
    cells.other.kill()

    away = cells.send("POST", f"{HOME}/accruals", json=body, key="before")
    assert (away.status_code, away.json()["code"]) == (503, "loyalty.cell_away")
    assert int(away.headers["Retry-After"]) > 0
    for member in ({"id": here}, {"phone": names_of(0, "phone")[0]}):
        given = cells.send("POST", f"{HOME}/accruals", json={"member": member, "points": 1})
        assert given.status_code == 200, given.text
    two = [
        {"key": f"half-{one}", "command": {"type": "accrual", "member": {"id": one}, "points": 1}}
        for one in (here, there)
    ]
    half = cells.send("POST", f"{HOME}/batches", json={"items": two})
    assert [one["status"] for one in half.json()["items"]] == [200, 503]
    the_app_of_a_cell_that_is_away(cells, people)

    cells.other.roles = "web"
    cells.other.start()
    after = cells.ask("POST", f"{HOME}/accruals", json=body, key="before")
    assert after.content == before.content
    whole: list[Any] = []

    def is_whole() -> bool:
        whole[:] = cells.good("POST", f"{HOME}/batches", json={"items": two})["items"]
        return [one["status"] for one in whole] == [200, 200]

    eventually(is_whole, within_seconds=READY_SECONDS)
    assert people[1].who() == there
    assert whole[0]["is_repeat"]
    assert whole[0]["answer"] == half.json()["items"][0]["answer"]
