"""A connection's keys, what it owns, and taking over names: by hand."""

from __future__ import annotations

import re

import pytest

from hansa.modules import erp
from tests.conftest import NOON

RIGHTS = ("erp.view", "erp.edit", "erp.rest", "accounts.edit")


@pytest.fixture
async def two(committing, shop):
    """An old ERP that knows the goods, and a new one that does not."""
    async with committing.transaction() as tx:
        old = await erp.ensure_connection(tx, market="ru", now=NOON, code="old", name="Old")
        new = await erp.ensure_connection(tx, market="ru", now=NOON, code="new", name="New")
        links = {"A-1": shop.variants[0], "A-2": shop.variants[1]}
        await erp.link_references(tx, connection=old, kind="variant", links=links)
    return old, new


async def held(committing, connection):
    async with committing.snapshot() as snap:
        return next(one for one in await erp.list_connections(snap) if one.id == connection.id)


async def test_a_key_is_shown_once(committing, two, sign_in):
    _, new = two
    base = f"/office/exchange/connections/{new.id}"
    async with sign_in(*RIGHTS) as browser:
        answer = await browser.send(f"{base}/keys", {"name": "1C, head office"}, status=200)
        again = await browser.open(f"{base}/parts")

    [secret] = set(re.findall(r"hk_[A-Za-z0-9_-]+", answer.text))
    assert secret not in again
    assert "1C, head office" in again
    assert answer.headers["cache-control"] == "no-store"


async def test_fields_and_warehouses_are_given_to_one_connection(committing, shop, two, sign_in):
    old, new = two
    async with sign_in(*RIGHTS) as browser:
        for connection, fields in ((old, ["name", "prices"]), (new, ["stock"])):
            await browser.send(
                f"/office/exchange/connections/{connection.id}/owning",
                {"fields": fields, "warehouses": [str(shop.corner)]},
            )
        page = await browser.open(f"/office/exchange/connections/{old.id}/parts")

    async with committing.snapshot() as snap:
        owners = await erp.owners_of_warehouses(snap)
    assert owners == {shop.corner: new.id}
    assert (await held(committing, old)).owned_fields == ("name", "prices")
    assert (await held(committing, new)).owns("stock")
    assert "now told by New" in page


async def test_a_connection_that_owns_nothing_is_refused(committing, two, sign_in):
    old, _ = two
    async with sign_in(*RIGHTS) as browser:
        answer = await browser.send(
            f"/office/exchange/connections/{old.id}/owning", {"fields": []}, status=422
        )

    assert "Choose at least one field" in answer.text
    assert (await held(committing, old)).owned_fields == ()


async def test_names_are_taken_over_from_a_spreadsheet(committing, shop, two, sign_in):
    old, new = two
    async with sign_in(*RIGHTS) as browser:
        answer = await browser.send(
            f"/office/exchange/connections/{new.id}/mapping",
            {
                "source": str(old.id),
                "kind": "variant",
                "pairs": "\ufeffA-1;N-1\nA-2;N-2\nA-9;N-9\n",
            },
            status=200,
        )

    assert "2 of 3 names lead to our things now." in answer.text
    async with committing.snapshot() as snap:
        rows = await snap.all(
            "select connection_id, external_id, internal_id from erp_reference"
            " where kind = 'variant' order by external_id"
        )
    assert {(row.connection_id, row.external_id): row.internal_id for row in rows} == {
        (old.id, "A-1"): shop.variants[0],
        (old.id, "A-2"): shop.variants[1],
        (new.id, "N-1"): shop.variants[0],
        (new.id, "N-2"): shop.variants[1],
    }


@pytest.mark.parametrize("pairs", ["", "A-1", "A-1;", "A-1;N-1;more", ";"])
async def test_lines_that_are_no_pairs_are_told(two, sign_in, pairs):
    old, new = two
    async with sign_in(*RIGHTS) as browser:
        answer = await browser.send(
            f"/office/exchange/connections/{new.id}/mapping",
            {"source": str(old.id), "kind": "variant", "pairs": pairs},
            status=422,
        )

    assert 'id="field-pairs-error"' in answer.text


async def test_whoever_may_only_look_changes_nothing(two, sign_in):
    _, new = two
    base = f"/office/exchange/connections/{new.id}"
    async with sign_in("erp.view") as browser:
        await browser.open(f"{base}/parts")
        for path in ("keys", "owning", "mapping"):
            await browser.send(f"{base}/{path}", {"name": "x"}, status=403)


async def test_the_policy_of_stock_is_chosen_on_the_connections_page(committing, two, sign_in):
    old, _ = two
    path = f"/office/exchange/connections/{old.id}"
    async with sign_in(*RIGHTS) as browser:
        fields = {"code": "old", "name": "Old", "market": "ru", "stock_policy": "on_watermark"}
        await browser.send(path, fields)
        refused = await browser.send(path, fields | {"stock_policy": "whenever"}, status=422)

    assert (await held(committing, old)).stock_policy == "on_watermark"
    assert 'id="field-stock_policy-error"' in refused.text
