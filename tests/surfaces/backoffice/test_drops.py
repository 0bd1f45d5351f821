"""Staff prepares a drop, watches it, pauses, widens and closes."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from hansa.modules import accounts, catalog, drops
from hansa.runtime.clock import FixedClock
from tests.support.http import Site
from tests.support.shop import Shop

HOME = "/office/drops"


def fields(**changes: Any) -> dict[str, Any]:
    return {
        "name_ru": "Зима",
        "name_en": "Winter",
        "code": "winter",
        "markets": ["ru"],
        "opens_at": "2026-11-21T16:00:30",
        "is_published": "1",
        "idle_minutes": "10",
        "gathers_minutes": "30",
        **changes,
    }


async def product_of(site: Site, shop: Shop) -> catalog.Product:
    async with site.context.database.snapshot() as snap:
        owners = await catalog.get_product_ids_of_variants(snap, variant_ids=[shop.variant])
        return await catalog.get_product(snap, product_id=owners[shop.variant])


async def the_drop(site: Site) -> drops.Drop:
    async with site.context.database.snapshot(single=True) as snap:
        (drop,) = await drops.list_drops(snap)
    return drop


async def test_a_drop_is_prepared_watched_and_closed(
    site: Site, shop: Shop, sign_in: Any, clock: FixedClock
) -> None:
    product = await product_of(site, shop)
    async with sign_in("drops.view", "drops.edit") as staff:
        assert "No drops yet" in await staff.open(HOME)
        await staff.open(f"{HOME}/new")

        made = await staff.send(f"{HOME}/new", fields(capacity="100", item_limit="2"))

        drop = await the_drop(site)
        # Half past four in Moscow, to the second.
        assert drop.opens_at.isoformat() == "2026-11-21T13:00:30+00:00"
        assert (drop.capacity, drop.item_limit, drop.person_limit) == (100, 2, None)
        here = f"{HOME}/{drop.id}"
        assert made.headers["location"].startswith(f"{here}/goods")
        found = await staff.open(f"{here}/goods?q=Платье")
        assert str(product.id) in found
        await staff.send(f"{here}/products", {"product_id": str(product.id)})
        await staff.send(f"{here}/products", {"product_id": str(product.id), "item_limit": "1"})
        assert [one.item_limit for one in (await the_drop(site)).items] == [1]
        settings = await staff.open(f"{here}/settings")
        assert 'value="2026-11-21T16:00:30"' in settings

        clock.advance(timedelta(hours=2))
        live = await staff.open(here)
        assert "Inside" in live
        assert "of 100" in live
        await staff.send(f"{here}/admission", {"action": "pause"})
        assert "nobody is let in" in await staff.open(here)
        await staff.send(f"{here}/admission", {"action": "resume"})
        await staff.send(f"{here}/admission", {"action": "widen", "capacity": "250"})
        drop = await the_drop(site)
        assert (drop.capacity, drop.is_paused) == (250, False)
        await staff.send(f"{here}/admission", {"action": "widen"}, status=422)
        await staff.send(f"{here}/closing")
        assert (await the_drop(site)).phase_at(clock.now()) is drops.Phase.CLOSED
        await staff.send(f"{here}/products/removal", {"product_id": str(product.id)})
        assert (await the_drop(site)).items == ()

    async with site.context.database.snapshot() as snap:
        entries = await accounts.list_audit(snap, limit=50)
    actions = [one.action for one in entries]
    assert actions.count("drops.created") == 1
    assert actions.count("drops.changed") == 7


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"opens_at": ""}, "This field is required."),
        ({"opens_at": "soon"}, "This is not a date and time."),
        ({"closes_at": "2026-11-21T16:00:00"}, "the end must come after the beginning"),
        ({"markets": []}, "choose a market"),
        ({"code": "НЕТ"}, "field-code-error"),
        ({"capacity": "-1"}, "field-capacity-error"),
        ({"name_ru": "", "name_en": ""}, "This field is required."),
    ],
)
async def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(
    site: Site, sign_in: Any, wrong: dict[str, Any], told: str
) -> None:
    async with sign_in("drops.view", "drops.edit") as staff:
        answer = await staff.send(
            f"{HOME}/new", fields(description_en="Warm and quiet", **wrong), status=422
        )

    assert told in answer.text
    assert "Warm and quiet" in answer.text
    async with site.context.database.snapshot(single=True) as snap:
        assert await drops.list_drops(snap) == ()


async def test_goods_of_another_drop_and_its_code_are_refused(
    site: Site, shop: Shop, sign_in: Any
) -> None:
    product = await product_of(site, shop)
    async with sign_in("drops.view", "drops.edit") as staff:
        await staff.send(f"{HOME}/new", fields())
        drop = await the_drop(site)
        await staff.send(f"{HOME}/{drop.id}/products", {"product_id": str(product.id)})

        again = await staff.send(f"{HOME}/new", fields(), status=422)
        made = await staff.send(f"{HOME}/new", fields(code="spring"))
        other = re.search(r"/office/drops/([0-9a-f-]+)", made.headers["location"])
        assert other
        refused = await staff.send(
            f"{HOME}/{other[1]}/products", {"product_id": str(product.id)}, status=422
        )

    assert "Another drop has this code." in again.text
    assert "in another drop that has not closed: winter" in refused.text


async def test_who_may_only_look_changes_nothing(site: Site, sign_in: Any) -> None:
    async with sign_in("drops.view") as staff:
        await staff.open(HOME)
        await staff.open(f"{HOME}/new", status=403)
        await staff.send(f"{HOME}/new", fields(), status=403)
    async with sign_in("catalog.view", email="other@example.com") as staff:
        await staff.open(HOME, status=403)


async def test_the_pages_are_in_russian_too(site: Site, sign_in: Any) -> None:
    async with sign_in("drops.view", "drops.edit", language="ru") as staff:
        await staff.send(f"{HOME}/new", fields())
        drop = await the_drop(site)
        assert "Дропы" in await staff.open(HOME)
        assert "Комната ожидания" in await staff.open(f"{HOME}/{drop.id}/settings")
        assert "Пока никого не впускать" in await staff.open(f"{HOME}/{drop.id}")
