"""The sandbox 1C speaks the protocol, keeps its book, and misbehaves on demand."""

import io
import threading
import time
import zipfile
from dataclasses import fields, replace

import httpx
import pytest

from hansa.modules.erp import commerceml
from sandbox.onec.__main__ import main
from sandbox.onec.client import Dropped, OneC, Refused, import_order
from sandbox.onec.control import Control, make_server
from sandbox.onec.mischief import Mischief
from sandbox.onec.papers import Goods
from sandbox.onec.world import World
from tests.sandbox.onec.stub_site import running_stub
from tests.support.commerceml import generate_catalog


@pytest.fixture
def stub():
    with running_stub() as site:
        yield site


@pytest.fixture
def onec(stub):
    with OneC(stub.url, "onec", "secret") as client:
        yield client


@pytest.fixture
def folder(tmp_path):
    exports = tmp_path / "exports"
    (exports / "import_files" / "ab").mkdir(parents=True)
    goods, offers = generate_catalog(4, 1, 2)
    (exports / "import.xml").write_bytes(goods)
    (exports / "offers.xml").write_bytes(offers)
    (exports / "import_files" / "ab" / "1.jpg").write_bytes(b"picture")
    return exports


def a_world(tmp_path) -> World:
    world = World(tmp_path / "state")
    world.goods["g1"] = Goods("g1", "Платье", stock={"w1": 5.0, "w2": 9.0})
    world.warehouses = {"w1": "Север", "w2": "Юг"}
    world.save()
    return world


def records(content: bytes):
    return list(commerceml.read(io.BytesIO(content)))


def test_a_folder_goes_over_in_chunks_and_is_imported_in_order(stub, onec, folder):
    stub.progress_left = 3
    progress: list[str] = []

    imported = onec.exchange_catalog(folder, chunk=500, on_progress=progress.append)

    assert imported == ["import.xml", "offers.xml"]
    assert progress == ["прочитано 5"] * 3
    for name in ("import.xml", "offers.xml", "import_files/ab/1.jpg"):
        assert stub.files[name] == (folder / name).read_bytes()
    steps = stub.steps()
    assert steps[:2] == ["catalog/checkauth", "catalog/init"]
    assert steps[-1] == "catalog/complete"
    assert steps.count("catalog/import") == 5


def test_chunks_respect_the_sites_limit(stub, onec):
    onec.check_auth()
    onec.init()

    assert onec.send_file(b"x" * 2500, "a.xml") == 3


def test_an_archive_is_sent_when_the_site_takes_one(stub, onec, folder):
    onec.exchange_catalog(folder, zipped=True)

    with zipfile.ZipFile(io.BytesIO(stub.files["v8_exchange.zip"])) as archive:
        assert set(archive.namelist()) == {"import.xml", "offers.xml", "import_files/ab/1.jpg"}


def test_files_are_ordered_as_1c_orders_them():
    names = ["rests___1.xml", "prices___1.xml", "goods_1_2_x.xml", "offers0_1.xml", "import0_1.xml"]

    assert import_order([*names, "groups.xml"]) == [
        "import0_1.xml",
        "groups.xml",
        "goods_1_2_x.xml",
        "offers0_1.xml",
        "prices___1.xml",
        "rests___1.xml",
    ]
    assert import_order(["shop-offers.xml", "shop-import0_1.xml"])[0] == "shop-import0_1.xml"


def test_a_refused_import_is_told_with_its_reason(stub, onec, folder):
    stub.refuse_import = "файл обрывается"

    with pytest.raises(Refused, match="файл обрывается"):
        onec.exchange_catalog(folder)


def test_orders_are_taken_once_and_confirmed(stub, onec, tmp_path):
    world = a_world(tmp_path)

    (order,) = world.pull(onec)
    again = world.pull(onec)

    assert (order.number, order.buyer, order.warehouse) == ("H-1", "Пётр", "w1")
    assert [(line.id, line.quantity) for line in order.lines] == [("g1", 2.0)]
    assert again == []
    assert world.orders["H-1"].times_received == 2
    assert stub.steps() == ["sale/checkauth", "sale/init", "sale/query", "sale/success"] * 2


def test_a_shipment_lowers_the_book_and_goes_back_with_its_stock(stub, onec, tmp_path):
    world = a_world(tmp_path)

    world.step(onec, ship_after_seconds=0)

    assert world.goods["g1"].stock == {"w1": 3.0, "w2": 9.0}
    names = list(stub.files)
    document = next(r for r in records(stub.files[names[0]]) if isinstance(r, commerceml.Document))
    assert document.flag("Отгружен") is True
    assert document.number_1c == "ЦБ-000001"
    header, rest = records(stub.files[names[1]])
    assert rest.stock == (("w1", 3), ("w2", 9))
    shipped_at = document.requisite("Дата отгрузки по 1С")
    assert header.formed_at.isoformat() >= shipped_at
    assert header.changes_only


def test_the_book_survives_a_restart(onec, tmp_path):
    world = a_world(tmp_path)
    world.pull(onec)
    world.confirm("H-1")

    again = World(tmp_path / "state")

    assert again.orders == world.orders
    assert again.goods == world.goods
    with pytest.raises(ValueError, match="cannot become"):
        again.confirm("H-1")


def test_stale_stock_has_its_old_numbers_and_time(onec, tmp_path):
    world = a_world(tmp_path)
    world.pull(onec)
    world.ship("H-1")

    stale = records(world.rests(full=True, mischief=Mischief(stale_rests=True)))
    fresh = records(world.rests(full=True))

    assert stale[1].stock == (("w1", 5), ("w2", 9))
    assert fresh[1].stock == (("w1", 3), ("w2", 9))
    assert stale[0].formed_at <= fresh[0].formed_at
    assert not fresh[0].changes_only


@pytest.mark.parametrize("dialect", ["rests", "attributes", "changes"])
def test_stock_is_written_in_every_dialect(tmp_path, dialect):
    world = a_world(tmp_path)

    offer = records(world.rests(full=True, dialect=dialect))[1]

    assert offer.stock == (("w1", 5), ("w2", 9))


def test_a_world_is_read_from_exports(folder, tmp_path):
    world = World()

    world.read_folder(folder)

    assert len(world.goods) == 4
    assert len(world.warehouses) == 2
    assert all(len(one.stock) == 2 for one in world.goods.values())


def misbehaving(stub, **switches) -> OneC:
    return OneC(stub.url, "onec", "secret", mischief=replace(Mischief(), **switches))


def test_misbehaviour_repeat_query(stub, tmp_path):
    with misbehaving(stub, repeat_query=True) as onec:
        a_world(tmp_path).pull(onec)

    assert stub.steps()[2:] == ["sale/query", "sale/query"]


def test_misbehaviour_chunk_twice(stub):
    with misbehaving(stub, chunk_twice=True) as onec:
        onec.check_auth()
        onec.init()
        onec.send_file(b"abc", "a.xml")

    assert stub.files["a.xml"] == b"abcabc"


def test_misbehaviour_cut_connection(stub):
    with misbehaving(stub, cut_at_byte=2) as onec:
        onec.check_auth()
        with pytest.raises(Dropped):
            onec.send_file(b"abcdef", "a.xml")

    deadline = time.monotonic() + 60
    while stub.cut_bodies == 0 and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    assert stub.cut_bodies == 1
    assert stub.files == {}


def test_misbehaviour_lost_answer(stub):
    with misbehaving(stub, lose_answer=True) as onec:
        onec.check_auth()
        onec.send_file(b"abc", "a.xml")
        onec.query_orders()

    assert stub.files["a.xml"] == b"abcabc"
    assert stub.steps().count("sale/query") == 2


def test_misbehaviour_duplicate_and_reordered_files(stub, folder):
    with misbehaving(stub, duplicate_file=True, reorder_files=True, skip_complete=True) as onec:
        onec.exchange_catalog(folder)

    imported = [q["filename"] for q in stub.queries if q["mode"] == "import"]
    assert imported == ["offers.xml", "import.xml"] * 2
    assert stub.files["import.xml"] == (folder / "import.xml").read_bytes() * 2
    assert "catalog/complete" not in stub.steps()


def test_misbehaviour_wrong_password_and_no_cookie(stub):
    with misbehaving(stub, wrong_password=True) as onec, pytest.raises(Refused) as caught:
        onec.check_auth()
    assert (caught.value.status, caught.value.reason) == (401, "wrong password")

    with misbehaving(stub, no_cookie=True) as onec:
        onec.check_auth()
        with pytest.raises(Refused, match="no session"):
            onec.init()


def test_misbehaviour_post_and_sessid(stub):
    with misbehaving(stub, post_instead_of_get=True, sessid_in_query=True) as onec:
        onec.check_auth("sale")
        onec.init("sale")

    assert {method for method, _, _ in stub.calls} == {"POST"}
    assert stub.queries[1]["sessid"] == "feed"


def test_misbehaviour_windows_1251(stub, tmp_path):
    world = a_world(tmp_path)
    with misbehaving(stub, windows_1251=True) as onec:
        world.step(onec, ship_after_seconds=0)

    assert all(b"windows-1251" in content[:60] for content in stub.files.values())
    assert all(records(content) for content in stub.files.values())


def test_the_command_line_sends_and_tells(stub, folder, capsys):
    common = ["--url", stub.url, "--user", "onec", "--password", "secret"]

    assert main([*common, "send", str(folder), "--chunk", "100"]) == 0
    assert "success: 2 files imported" in capsys.readouterr().out

    stub.refuse_import = "нет места"
    assert main([*common, "send", str(folder)]) == 1
    assert "failure: import: нет места" in capsys.readouterr().out
    assert main([*common, "--misbehave", "no-such", "info"]) == 2
    assert main([*common, "--misbehave", "cut-at-byte=3", "send", str(folder)]) == 3


def test_the_command_line_answers_orders(stub, tmp_path, capsys):
    state = ["--state", str(tmp_path / "state")]
    common = ["--url", stub.url, "--user", "onec", "--password", "secret", *state]

    assert main([*common, "orders", "--answer", "ship"]) == 0
    assert main([*common, "orders"]) == 0
    assert main([*common, "info"]) == 0

    out = capsys.readouterr().out
    assert "order H-1 200.00 RUB Пётр: Платье x 2" in out
    assert "success: 0 new orders" in out
    assert "N: Новый" in out


def test_watching_goes_on_when_the_site_refuses(stub, onec, tmp_path):
    world = a_world(tmp_path)
    onec.mischief = Mischief(wrong_password=True)
    stop = threading.Event()

    def tell(text: str) -> None:
        World.tell(world, text)
        if "refused" in text:
            onec.mischief = Mischief()
        if "sent stock" in text:
            stop.set()

    world.tell = tell
    world.watch(onec, every_seconds=0.01, ship_after_seconds=0, stop=stop)

    assert world.orders["H-1"].status == "shipped"


def test_the_control_page_drives_everything(stub, onec, tmp_path):
    world = a_world(tmp_path)
    server = make_server(Control(world, onec), "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{server.server_address[1]}", follow_redirects=True
        ) as page:
            assert "H-1" in page.post("/pull").text
            assert "confirmed" in page.post("/confirm", data={"number": "H-1"}).text
            assert "shipped" in page.post("/ship", data={"number": "H-1"}).text
            row = {"goods": "g1", "warehouse": "w2"}
            page.post("/set", data={**row, "n": "4"})
            page.post("/receive", data={**row, "n": "3"})
            page.post("/full")
            page.post("/delta")
            refused = page.post("/cancel", data={"number": "H-1"}).text
            for field in fields(Mischief):
                value = "7" if field.name == "cut_at_byte" else "on"
                page.post("/switch", data={"name": field.name, "value": value})
            broken = page.post("/pull").text
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

    assert world.goods["g1"].stock == {"w1": 3.0, "w2": 7.0}
    assert "cannot become cancelled" in refused
    assert "wrong password" in broken
    assert all(getattr(onec.mischief, field.name) for field in fields(Mischief))
