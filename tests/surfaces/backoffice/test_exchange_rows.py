"""Rows an ERP sent, as staff see them."""

from __future__ import annotations

import re
from datetime import UTC
from typing import Any

from hansa.modules import erp
from tests.conftest import NOON


async def send(site, secret: str, kind: str, *rows: dict[str, Any]) -> None:
    async with site.client(keyed=False) as client:
        answer = await client.post(
            f"/erp/v1/{kind}",
            json={"rows": list(rows)},
            headers={"Authorization": f"Bearer {secret}"},
        )
        assert answer.status_code == 200, answer.text


async def test_batches_are_shown_with_what_was_refused(site, shop, sign_in) -> None:
    async with site.context.database.transaction() as tx:
        connection = await erp.ensure_connection(tx, market="ru", now=NOON, code="1c")
        await erp.link_references(
            tx, connection=connection, kind="warehouse", links={"central": shop.central}
        )
        _, secret = await erp.make_key(
            tx, connection_id=connection.id, name="1C", by=None, now=NOON
        )
    moment = NOON.astimezone(UTC).isoformat()
    await send(site, secret, "items", {"key": "coat", "sequence": 1, "name": "Пальто"})
    await send(
        site,
        secret,
        "stock",
        {"key": "coat", "sequence": 1, "as_of": moment, "stock": {"central": 3, "moon": 1}},
        {"key": "coat", "sequence": 2, "as_of": moment, "stock": {"central": "many"}},
        {"key": "scarf", "sequence": 1, "as_of": moment, "stock": {"central": 1}},
    )

    async with sign_in("erp.view") as root:
        everything = await root.open("/office/exchange/rows")
        refused = await root.open("/office/exchange/rows?view=refused")
        of_items = await root.open("/office/exchange/rows?kind=items")
        batches = re.findall(r"/office/exchange/rows/([0-9a-f-]{36})", refused)
        page = await root.open(f"/office/exchange/rows/{batches[0]}")
        found = await root.open(f"/office/exchange/rows/{batches[0]}?q=scarf")
        await root.open(f"/office/exchange/rows/{shop.central}", status=404)
        assert "/office/exchange/rows" in await root.open("/office/exchange")

    assert len(set(re.findall(r"/office/exchange/rows/([0-9a-f-]{36})", everything))) == 2
    assert len(set(batches)) == 1
    assert len(set(re.findall(r"/office/exchange/rows/([0-9a-f-]{36})", of_items))) == 1
    assert "The warehouse moon is not known." in page
    assert "erp.item_awaited" in page
    assert "request.type" in page
    assert "erp.unknown_warehouse" not in found.partition('id="log"')[2]
    async with sign_in("orders.view", email="other@example.com") as other:
        await other.open("/office/exchange/rows", status=403)
