"""1C's goods are found, bought, reported back and shipped, all over real processes and HTTP."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from hansa.modules import accounts, erp
from hansa.runtime.database import Database
from sandbox.onec.client import Dropped, OneC
from sandbox.onec.mischief import Mischief
from sandbox.onec.papers import Goods
from sandbox.onec.world import World
from tests.support.commerceml import Sizes, Style, write_catalog
from tests.support.installation import Installation, installed
from tests.support.processes import ROOT, eventually
from tests.support.shop import a_shop

REAL = ROOT.parent / "shared" / "data" / "commerceml"
CHUNK_BYTES = 20_000
FORM = {
    "recipient_name": "Анна Иванова",
    "phone": "8 916 123-45-67",
    "delivery_method": "courier",
    "address": {"city": "Москва", "street": "Мясницкая", "house": "1"},
    "payment_method": "cash",
    "accepts_terms": True,
}


@pytest.fixture(scope="module")
def running() -> Iterator[Installation]:
    async def prepare(database: Database) -> None:
        async with database.transaction() as tx:
            await a_shop(tx, now=datetime.now(UTC))

    with installed() as installation:
        installation.prepare(prepare)
        with installation.serving():
            yield installation


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    """What a real 1C exported; in a lone checkout, what looks like it."""
    folder = tmp_path / "exports"
    folder.mkdir()
    if REAL.is_dir():
        for name in ("import0_1.xml", "offers0_1.xml"):
            (folder / name).write_bytes((REAL / f"dobromyslov-{name}").read_bytes())
        return folder
    formed_at = datetime.now(UTC) - timedelta(days=1)
    style = Style(changes_only=False, bom=True, formed_at=f"{formed_at:%Y-%m-%dT%H:%M:%S}")
    write_catalog(folder, Sizes(80, warehouses=3), style)
    return folder


@dataclass
class Story:
    """A 1C with its password, and a shop to call."""

    installation: Installation
    url: str
    password: str
    world: World
    onec: OneC
    api: httpx.Client
    ids: dict[str, UUID] = field(default_factory=dict)

    def learn_ids(self, connection_id: UUID) -> None:
        async def read(database: Database) -> dict[str, UUID]:
            async with database.snapshot(single=True) as snap:
                rows = await snap.all(
                    "select external_id, internal_id from erp_reference"
                    " where connection_id = %(id)s and kind = 'variant'",
                    {"id": connection_id},
                )
            return {row.external_id: row.internal_id for row in rows}

        self.ids = self.installation.in_database(read)

    def available(self, goods: Goods) -> Decimal:
        answer = self.api.get(
            "/api/v1/stock/availability",
            params={"channel": "ru", "variant_id": str(self.ids[goods.id])},
        )
        assert answer.status_code == 200, answer.text
        return Decimal(answer.json()["items"][0]["available"])

    def send_stock(self, content: bytes, name: str) -> None:
        self.onec.check_auth()
        self.onec.init()
        self.onec.send_file(content, name, chunk=CHUNK_BYTES)
        self.onec.import_file(name)
        self.onec.complete()

    def reservation(self, order_id: str) -> str:
        sql = "select state from stock_reservation where order_id = %(id)s"
        return str(self.installation.scalar(sql, id=order_id))


@dataclass
class Connected:
    story: Story
    connection_id: UUID


@pytest.fixture
def connected(running: Installation, exports: Path, tmp_path: Path) -> Iterator[Connected]:
    code = f"c{uuid4().hex[:8]}"

    async def connect(database: Database) -> tuple[UUID, str]:
        now = datetime.now(UTC)
        async with database.transaction() as tx:
            made = await erp.ensure_connection(tx, market="ru", now=now, code=code)
            scopes = ("erp.exchange", "stock.view")
            _, secret = await accounts.create_api_key(
                tx, name="1C", scopes=scopes, by=None, now=now
            )
        return made.id, secret

    connection_id, password = running.in_database(connect)
    url = f"{running.address}/1c_exchange/{code}"
    world = World(tmp_path / "onec")
    world.read_folder(exports)
    with (
        OneC(url, "1c", password) as onec,
        httpx.Client(
            base_url=running.address,
            headers={"Authorization": f"Bearer {password}"},
            trust_env=False,
            timeout=30,
        ) as api,
    ):
        yield Connected(Story(running, url, password, world, onec, api), connection_id)


# -- how the goods come ------------------------------------------------------------------------


def send_by_program(story: Story, folder: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "sandbox.onec", "--url", story.url, "--user", "1c"),
            *("send", str(folder), "--chunk", str(CHUNK_BYTES)),
        ],
        cwd=ROOT,
        env={**os.environ, "ONEC_PASSWORD": story.password},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "success: 2 files imported" in done.stdout


def send_with_a_cut(story: Story, folder: Path) -> None:
    """The connection breaks in the middle of the second chunk of each file, which is repeated."""
    onec = story.onec
    onec.check_auth()
    onec.init()
    for path in sorted(folder.glob("*.xml")):
        content = path.read_bytes()
        assert len(content) > CHUNK_BYTES
        onec.send_file(content[:CHUNK_BYTES], path.name, chunk=CHUNK_BYTES)
        onec.mischief = Mischief(cut_at_byte=CHUNK_BYTES // 3)
        with pytest.raises(Dropped):
            onec.send_file(content[CHUNK_BYTES:], path.name, chunk=CHUNK_BYTES)
        onec.mischief = Mischief()
        onec.send_file(content[CHUNK_BYTES:], path.name, chunk=CHUNK_BYTES)
        onec.import_file(path.name)
    onec.complete()


# -- how the order travels ---------------------------------------------------------------------


def pull(story: Story) -> None:
    story.world.pull(story.onec)


def pull_without_success(story: Story) -> None:
    """`success` never reaches the shop: the order is sent again and entered once."""
    story.onec.mischief = Mischief(repeat_query=True)
    story.world.pull(story.onec)
    story.onec.mischief = Mischief()
    story.world.pull(story.onec)
    (order,) = story.world.orders.values()
    assert order.times_received == 2


# -- what a shopper does -----------------------------------------------------------------------


def choose(story: Story) -> Goods:
    """Take a piece of which there are few but more than one."""
    known = [one for one in story.world.goods.values() if one.id in story.ids]
    fit = [one for one in known if sum(one.stock.values()) > 1 and one.price.strip("0,. ")]
    return min(fit, key=lambda one: sum(one.stock.values()))


def find(story: Story, guest: httpx.Client, goods: Goods) -> dict[str, Any] | None:
    """Look for it by its name, as a shopper does; give the variant as it is shown."""
    name = story.installation.scalar(
        "select product.name ->> 'ru' from catalog_product as product"
        "  join catalog_variant as variant on variant.product_id = product.id"
        " where variant.id = %(id)s",
        id=story.ids[goods.id],
    )
    listing = guest.get("/api/v1/catalog/items", params={"q": name, "limit": 100})
    assert listing.status_code == 200, listing.text
    for item in listing.json()["items"]:
        page = guest.get(f"/api/v1/catalog/items/{item['slug']}").json()
        for variant in page["variants"]:
            if variant["id"] == str(story.ids[goods.id]):
                return dict(variant)
    return None


def buy(guest: httpx.Client, variant_id: UUID, quantity: int) -> dict[str, Any]:
    line = {"variant_id": str(variant_id), "quantity": quantity}
    headers = {"Idempotency-Key": uuid4().hex}
    kept = guest.post("/api/v1/basket/lines", json=line, headers=headers)
    assert kept.status_code == 201, kept.text
    headers = {"X-Basket-Token": kept.json()["token"], "Idempotency-Key": uuid4().hex}
    placed = guest.post("/api/v1/orders", json={"details": FORM}, headers=headers)
    assert placed.status_code == 201, placed.text
    return dict(placed.json())


@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("send", "take_orders"),
    [
        pytest.param(send_by_program, pull, id="as it should be"),
        pytest.param(send_with_a_cut, pull, id="connection cut in a chunk"),
        pytest.param(send_by_program, pull_without_success, id="success lost"),
    ],
)
def test_a_piece_of_1c_is_sold_once_and_shipped(connected, exports, send, take_orders) -> None:
    story = connected.story
    send(story, exports)
    story.learn_ids(connected.connection_id)
    goods = choose(story)
    stock = Decimal(str(sum(goods.stock.values())))
    assert story.available(goods) == stock
    with httpx.Client(base_url=story.installation.address, trust_env=False, timeout=30) as guest:
        eventually(
            lambda: find(story, guest, goods) is not None,
            within_seconds=60,
            what=f"{goods.name} is not found in the shop",
        )

        # A slow 1C begins to write its whole stock just before the piece is sold.
        late = story.world.rests(full=True)
        placed = buy(guest, story.ids[goods.id], 1)
        assert story.available(goods) == stock - 1
        take_orders(story)
        assert story.reservation(placed["order_id"]) == "sent"
        (order,) = story.world.orders.values()
        assert (order.number, [line.id for line in order.lines]) == (placed["number"], [goods.id])

        story.send_stock(late, "rests-late.xml")
        assert story.available(goods) == stock - 1, "the sold piece is back on sale"

        story.world.report(story.onec, [story.world.ship(placed["number"])])
        assert story.available(goods) == stock - 1
        story.send_stock(late, "rests-later.xml")
        assert story.available(goods) == stock - 1, "the shipped piece is back on sale"

        story.send_stock(story.world.rests(full=True), "rests-new.xml")
        assert story.available(goods) == stock - 1
        assert story.reservation(placed["order_id"]) == "contained"
        page = guest.get(f"/ru/orders/{placed['token']}")
        assert "Заказ в пути" in page.text
        eventually(
            lambda: (find(story, guest, goods) or {}).get("available") == float(stock - 1),
            within_seconds=60,
            what="the shop shows another number",
        )
    report = story.installation.check("stock", "orders", "erp")
    assert [found for check in report["checks"] for found in check["findings"]] == []
