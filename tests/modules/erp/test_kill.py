"""An import survives the death of its worker at any moment, and does everything exactly once."""

import asyncio
import time

from hansa.modules import erp
from hansa.modules.erp import sessions
from hansa.modules.erp.folder import receive
from hansa.modules.erp.importing import run
from hansa.modules.erp.model import FileState, Kind
from tests.modules.erp.test_import import ids_of, prove
from tests.support.commerceml import Sizes, Style, write_catalog
from tests.support.erp import load
from tests.support.processes import Program

PRODUCTS, VARIANTS, WAREHOUSES = 3_000, 4, 4


async def test_a_killed_import_goes_on_behind_what_it_had_done(
    context, connection, settings, tmp_path
):
    made, priced = write_catalog(tmp_path, Sizes(PRODUCTS, VARIANTS, WAREHOUSES), Style())
    await load(context, connection, tmp_path, **{"import": made.read_bytes()})
    now = context.clock.now()
    async with context.database.transaction() as tx:
        opened = await sessions.open_exchange(
            tx, connection=connection, kind=Kind.CATALOG, address="", now=now
        )
    await receive(context, opened, "offers.xml", priced)
    async with context.database.transaction() as tx:
        exchange = await sessions.find_exchange(tx, token=opened.token, now=now)
        file = await sessions.request_import(
            tx, exchange=exchange, kind=Kind.CATALOG, name="offers.xml", now=now
        )
    environment = {
        "HANSA_DATABASE_URL": context.database.dsn,
        "HANSA_DATA_DIR": str(tmp_path),
        "HANSA_SECRET_KEY": settings.secret_key.reveal(),
    }

    with Program.started("-m", "hansa", "run-role", "worker", environment=environment) as worker:
        killed_at = await _position_above(context, file.id, 0)
        worker.process.kill()
        worker.process.wait()

    assert 0 < killed_at < PRODUCTS * VARIANTS
    await run.run_import(context, file.id)
    async with context.database.snapshot() as snap:
        done = await erp.get_file(snap, file_id=file.id)
        movements = await snap.scalar("select count(*) from stock_movement where kind = 'level'")
        logged = await snap.scalar(
            "select count(*) from erp_log where file_id = %(id)s and action = 'created'"
            " and kind = 'offer'",
            {"id": file.id},
        )
        levels = await snap.scalar("select count(*) from stock_level where on_hand <> 0")
    assert done.state is FileState.DONE
    assert len(await ids_of(context, connection, "variant")) == PRODUCTS * VARIANTS
    assert logged == PRODUCTS * VARIANTS
    assert movements == levels
    assert done.counts["levels"] == levels
    assert done.counts["prices"] == PRODUCTS * VARIANTS
    await prove(context)


async def _position_above(context, file_id, least: int) -> int:
    until = time.monotonic() + 200
    while time.monotonic() < until:
        async with context.database.snapshot(single=True) as snap:
            file = await erp.get_file(snap, file_id=file_id)
        if file.position > least:
            return file.position
        await asyncio.sleep(0.02)
    raise AssertionError("the worker never began")
