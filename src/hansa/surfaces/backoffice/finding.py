"""The search above every page: orders, customers and goods, whatever the words fit."""

from typing import Any

from litestar import Response, get

from hansa.kernel.text import pick
from hansa.modules import catalog, orders, parties
from hansa.runtime.html import Page
from hansa.runtime.http import Request, go_to
from hansa.surfaces.backoffice.customers import customer_row, region_of
from hansa.surfaces.backoffice.items import picture_of
from hansa.surfaces.backoffice.orders import order_row
from hansa.surfaces.backoffice.presenting import asked, show
from hansa.surfaces.backoffice.shell import staff

_EACH_MAX = 8


@get("/office/search")
async def find(request: Request) -> Response[None] | Page:
    """Show what fits the words; a whole order number leads to the order."""
    actor = staff(request)
    search = asked(request, "q")
    bought: list[dict[str, Any]] = []
    people: list[dict[str, Any]] = []
    goods: list[dict[str, Any]] = []
    if search:
        async with request.snapshot() as snap:
            if actor.may("orders.view"):
                found = await orders.list_orders(
                    snap, wanted=orders.OrderFilter(search=search), limit=_EACH_MAX
                )
                if len(found) == 1 and found[0].number.lower() == search.lower():
                    return go_to(request, f"/office/orders/{found[0].id}")
                bought = [order_row(request, one) for one in found]
            if actor.may("parties.view"):
                known, _ = await parties.find_parties(
                    snap, search=search, limit=_EACH_MAX, region=region_of(request)
                )
                people = [customer_row(request, one) for one in known]
            if actor.may("catalog.view"):
                listed = await catalog.list_products(snap, search=search, limit=_EACH_MAX)
                goods = [
                    {
                        "url": f"/office/catalogue/products/{one.id}",
                        "name": pick(one.name, request.language),
                        "brand": one.brand,
                        "picture": picture_of(one.media),
                    }
                    for one in listed.products
                ]
    return show(request, "search.html", search=search, orders=bought, people=people, goods=goods)
