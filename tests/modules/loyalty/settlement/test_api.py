"""What staff and partners' programs can ask of settlement, and what partners never see."""

from __future__ import annotations

import csv
import io
import logging
import zipfile
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import pytest_asyncio

from hansa.modules import accounts
from hansa.modules.loyalty import settlement
from hansa.runtime.clock import FixedClock
from tests.modules.loyalty.settlement.conftest import BEGIN, OCTOBER, SEPTEMBER, Play, Stage
from tests.support.http import application

HOME = "/api/v1/loyalty/settlement"
OWN = "/loyalty/v1/statements"


@dataclass
class Desk:
    """An application with a play on it, and keys of staff and of two partners."""

    play: Play
    http: httpx.AsyncClient
    secrets: dict[str, tuple[str, str]]
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    keys: int = 0

    @property
    def programme(self) -> str:
        return f"{HOME}/programmes/{self.play.programme.code}"

    async def get(self, path: str, who: str = "staff", **query: Any) -> httpx.Response:
        return await self.http.get(path, params=query, headers=self.headers[who])

    async def send(self, path: str, method: str = "POST", **body: Any) -> httpx.Response:
        self.keys += 1
        headers = {**self.headers["staff"], "Idempotency-Key": f"key-{self.keys}"}
        return await self.http.request(method, path, json=body, headers=headers)


@pytest_asyncio.fixture(loop_scope="session")
async def desk(settings, committing):
    clock = FixedClock(BEGIN)
    async with application(settings, committing, clock=clock) as site, site.client() as http:
        play = await Stage(site.context, clock).play()
        wanted = {
            "staff": (["loyalty.view", "loyalty.settle"], None),
            "giver": (["loyalty.statements"], play.partners[0].id),
            "taker": (["loyalty.statements"], play.partners[1].id),
        }
        secrets = {}
        async with committing.transaction() as tx:
            for name, (scopes, partner_id) in wanted.items():
                client, secret = await accounts.create_client(
                    tx,
                    name=name,
                    scopes=scopes,
                    partner_id=partner_id,
                    is_sandbox=False,
                    by=None,
                    now=clock.now(),
                )
                secrets[name] = (client.public_id, secret)
        yield Desk(play, http, secrets)


async def sign_in(desk: Desk) -> None:
    """Get tokens; they live minutes, so after the clock has moved."""
    for name, (public_id, secret) in desk.secrets.items():
        form = {
            "grant_type": "client_credentials",
            "client_id": public_id,
            "client_secret": secret,
        }
        given = (await desk.http.post("/oauth/token", data=form)).json()
        desk.headers[name] = {"Authorization": f"Bearer {given['access_token']}"}


async def closed(desk: Desk) -> list[settlement.Statement]:
    await desk.play.accrue(0, 100, reference="=1+1")
    await desk.play.spend(1, 40)
    made = await desk.play.close(SEPTEMBER)
    await sign_in(desk)
    return made


async def test_a_partner_reads_its_own_statements_and_no_others(desk):
    giver, taker, _ = await closed(desk)

    listed = (await desk.get(OWN, "giver")).json()
    assert [one["id"] for one in listed["items"]] == [str(giver.id)]
    assert listed["items"][0]["due_minor"] == 10_000
    assert (await desk.get(f"{OWN}/{giver.id}", "giver")).status_code == 200
    for path in ("", "/lines", "/file"):
        assert (await desk.get(f"{OWN}/{taker.id}{path}", "giver")).status_code == 404
        assert (await desk.get(f"{OWN}/{taker.id}{path}", "taker")).status_code == 200
    assert (await desk.get(OWN, "staff")).status_code == 403
    assert (await desk.get(f"{HOME}/statements/{giver.id}", "giver")).status_code == 403


async def test_lines_come_in_pages_that_together_are_the_statement(desk):
    for number in range(5):
        await desk.play.accrue(0, 10 + number)
    statement, _, _ = await desk.play.close(SEPTEMBER)
    await sign_in(desk)

    points, after = [], None
    while True:
        query = {"limit": 2} | ({"after": after} if after else {})
        page = (await desk.get(f"{HOME}/statements/{statement.id}/lines", **query)).json()
        points += [one["points"] for one in page["items"]]
        after = page["next"]
        if after is None:
            break

    assert sorted(points) == [10, 11, 12, 13, 14]


async def test_blocks_are_ordered_paid_and_seen(desk):
    await sign_in(desk)
    blocks = f"{desk.programme}/partners/{desk.play.partners[0].code}/blocks"

    ordered = await desk.send(blocks, points=1000, amount_minor=90_000, invoice="A-1")
    assert ordered.status_code == 201, ordered.text
    paid = await desk.send(f"{blocks}/{ordered.json()['id']}/paid")
    again = await desk.send(blocks, points=1000, amount_minor=90_000, invoice="A-1")
    over = await desk.send(f"{blocks}/{ordered.json()['id']}/cancelled")

    assert (paid.json()["state"], paid.json()["number"]) == ("paid", 1)
    assert (again.status_code, again.json()["code"]) == (409, "loyalty.invoice_taken")
    assert (over.status_code, over.json()["code"]) == (409, "loyalty.block_ended")
    assert [one["points"] for one in (await desk.get(blocks)).json()] == [1000]


async def test_a_month_that_has_not_ended_is_not_closed(desk):
    await sign_in(desk)

    early = await desk.send(f"{desk.programme}/closings", month="2026-09")
    wrong = await desk.send(f"{desk.programme}/closings", month="2026-13")

    assert (early.status_code, early.json()["code"]) == (422, "ledger.period_not_over")
    assert wrong.status_code == 400


async def test_a_closed_month_shows_its_proofs_its_payments_and_what_is_owed(desk):
    giver, _, _ = await closed(desk)
    statement = f"{HOME}/statements/{giver.id}"

    note = {"amount_minor": 4_000, "paid_on": "2026-10-02", "reference": "PP-1"}
    assert (await desk.send(f"{statement}/payments", **note)).status_code == 201
    shown = (await desk.get(statement)).json()
    closings = (await desk.get(f"{desk.programme}/closings")).json()["items"]
    standings = (await desk.get(f"{desk.programme}/standings")).json()["items"]
    liability = (await desk.get(f"{desk.programme}/liability")).json()

    assert (shown["paid_minor"], shown["state"]) == (4_000, "part_paid")
    assert len(closings[0]["digest"]) == len(closings[0]["chain"]) == 64
    assert standings[0]["balance_minor"] == 6_000
    issuer = next(one for one in liability["issuers"] if one["partner"] is not None)
    assert (issuer["points"]["opening"], issuer["points"]["closing"]) == (60, 60)
    draft = (await desk.get(f"{desk.programme}/drafts/2026-10")).json()
    assert [one["id"] for one in draft] == [None] * 3


@pytest.mark.parametrize(
    ("language", "given", "sheet"), [("ru", "Начислено", "Записи"), ("en", "Given", "Entries")]
)
async def test_the_excel_file_has_every_line_and_no_formula(desk, language, given, sheet):
    giver, _, _ = await closed(desk)
    headers = {**desk.headers["staff"], "Accept-Language": language}

    answer = await desk.http.get(
        f"{HOME}/statements/{giver.id}/file", params={"format": "xlsx"}, headers=headers
    )

    assert answer.headers["content-type"] == settlement.EXCEL
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        parts = {name: book.read(name).decode() for name in book.namelist()}
    sheets = [parts[f"xl/worksheets/sheet{number}.xml"] for number in (1, 2)]
    assert given in sheets[0]
    assert giver.digest.hex() in sheets[0]
    assert sheet in parts["xl/workbook.xml"]
    assert "=1+1" in sheets[1]
    assert "<f>" not in sheets[1]


async def test_the_lines_come_as_csv_that_spreadsheets_open_without_formulas(desk):
    giver, _, _ = await closed(desk)
    headers = {**desk.headers["staff"], "Accept-Language": "en"}

    answer = await desk.http.get(
        f"{HOME}/statements/{giver.id}/file", params={"format": "csv"}, headers=headers
    )

    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert answer.headers["content-type"] == f"{settlement.CSV}; charset=utf-8"
    assert answer.headers["content-disposition"].endswith('.csv"')
    assert rows[0][:3] == ["Recorded", "Happened", "Key"]
    assert len(rows) - 1 == len(await lines_of(desk, giver))
    assert "'=1+1" in {row[3] for row in rows}
    assert all(not cell.startswith("=") for row in rows for cell in row)


async def lines_of(desk, statement):
    async with desk.play.context.database.snapshot() as snap:
        return await settlement.list_lines(
            snap, coalition=desk.play.coalition, statement=statement, limit=500
        )


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_the_pdf_prints_every_letter_it_has(desk, language, caplog):
    giver, _, _ = await closed(desk)
    headers = {**desk.headers["staff"], "Accept-Language": language}

    with caplog.at_level(logging.WARNING, logger="fpdf"):
        answer = await desk.http.get(
            f"{HOME}/statements/{giver.id}/file", params={"format": "pdf"}, headers=headers
        )

    assert answer.content.startswith(b"%PDF")
    assert b"GolosText" in answer.content
    assert [one for one in caplog.records if one.name.startswith("fpdf")] == []


async def test_breakage_is_the_share_not_spent_after_so_many_months(desk):
    await closed(desk)  # 100 given, 40 spent
    await desk.play.spend(1, 20)
    await desk.play.accrue(1, 300)
    await desk.play.close(OCTOBER)
    await sign_in(desk)

    found = (await desk.get(f"{desk.programme}/breakage")).json()

    assert [one["unspent"] for one in found["cohorts"]] == [["0.6000", "0.4000"], ["1.0000"]]
    assert found["unspent"] == ["0.9000", "0.4000"]  # (60 + 300) of 400; 40 of 100


async def test_how_a_programme_settles_is_said_and_read(desk):
    await sign_in(desk)
    rule = {"when_exhausted": "stop", "due_days": 20, "vat_percent": "22.00"}

    said = await desk.send(f"{desk.programme}/rule", "PUT", **rule)
    wrong = await desk.send(f"{desk.programme}/rule", "PUT", **{**rule, "vat_percent": "100"})

    assert said.status_code == 200, said.text
    assert (await desk.get(f"{desk.programme}/rule")).json() == rule
    assert (wrong.status_code, wrong.json()["code"]) == (400, "loyalty.block_invalid")
