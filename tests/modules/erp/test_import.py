"""What files of 1C make of the shop."""

from decimal import Decimal

import pytest

from hansa.modules import catalog, erp, pricing, stock
from hansa.runtime.module import Check
from tests.support.commerceml import Style, generate_catalog
from tests.support.erp import load


async def prove(context) -> None:
    """Run the checks of the modules an import writes to."""
    from hansa.modules.erp.checks import CHECKS as OWN
    from hansa.modules.stock.checks import CHECKS as STOCK

    async with context.database.snapshot() as snap:
        for check in (*OWN, *STOCK):
            assert isinstance(check, Check)
            assert await check.run(snap) == []


async def ids_of(context, connection, kind: str) -> dict[str, object]:
    async with context.database.snapshot() as snap:
        rows = await snap.all(
            "select external_id, internal_id from erp_reference where connection_id = %(c)s"
            " and kind = %(k)s",
            {"c": connection.id, "k": kind},
        )
    return {row.external_id: row.internal_id for row in rows}


async def test_a_generated_export_is_loaded_whole(context, connection, tmp_path):
    goods, offers = generate_catalog(20, 3, 4)

    loaded = await load(context, connection, tmp_path, **{"import": goods, "offers": offers})

    assert [file.state for file in loaded.files] == ["done", "done"]
    assert loaded.actions("group") == {"created": 12}
    assert loaded.actions("product") == {"created": 20}
    assert loaded.actions("offer") == {"created": 60}
    assert loaded.actions("warehouse") == {"created": 4}
    assert loaded["offers.xml"].counts["levels"] > 200
    await prove(context)
    variants = await ids_of(context, connection, "variant")
    async with context.database.snapshot() as snap:
        found = await catalog.get_variants(snap, variant_ids=list(variants.values()))
        lists = await pricing.list_price_lists(snap)
        availability = await stock.availability(
            snap, channel="ru", variant_ids=list(variants.values())
        )
    assert len(found) == 60
    one = next(iter(found.values()))
    assert set(one.options) == {"colour", "size"}
    assert one.sku.startswith("A-")
    assert [(each.name["ru"], each.is_active) for each in lists] == [("Розничная", True)]
    assert sum(each.available for each in availability.values()) > 0


async def test_the_same_export_again_changes_nothing(context, connection, tmp_path):
    goods, offers = generate_catalog(10, 2, 2)
    await load(context, connection, tmp_path, **{"import": goods, "offers": offers})

    again = await load(context, connection, tmp_path, **{"import": goods, "offers": offers})

    assert {row.action for row in again.log} <= {"noted"}
    assert again["import.xml"].counts["unchanged"] == 10 + 12
    assert again["offers.xml"].counts.get("levels", 0) == 0
    await prove(context)
