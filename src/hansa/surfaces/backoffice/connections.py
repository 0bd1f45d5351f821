"""Connections with 1C: how each exchanges."""

from dataclasses import asdict, replace
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import available_timezones

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.identifiers import new_id
from hansa.kernel.text import pick
from hansa.modules import accounts, erp, markets, stock
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.exchange import HOME
from hansa.surfaces.backoffice.presenting import done, local_text, read_instant, show, words
from hansa.surfaces.backoffice.shell import staff

VERSIONS = ("2.03", "2.04", "2.05", "2.07", "2.08", "2.09", "2.10", "3.1")
ENCODINGS = ("windows-1251", "utf-8")
_MIB = 1024 * 1024
_Short = Annotated[str, msgspec.Meta(max_length=200)]


class ConnectionFields(msgspec.Struct):
    """What is told of a connection."""

    code: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,29}$")]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    market: _Short
    time_zone: _Short = "Europe/Moscow"
    stock_policy: _Short = "on_shipment"
    schema_version: _Short = "2.08"
    encoding: _Short = "windows-1251"
    file_limit_mib: Annotated[int, msgspec.Meta(ge=1, le=1024)] = 10
    base_price_type: _Short = ""
    default_warehouse: UUID | None = None
    removal_limit_percent: Annotated[int, msgspec.Meta(ge=0, le=100)] = 50
    orders_per_answer: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 200
    orders_since: _Short = ""
    use_zip: bool = False
    publishes_products: bool = False
    activates_warehouses: bool = False
    products_from_offers: bool = False
    is_active: bool = False


# When a number of the ERP is taken to include an order's movement; see the guide of each.
POLICIES = {
    "on_shipment": "after the order's shipment came (safe for every ERP)",
    "on_watermark": "up to the last order its message names",
    "erp_nets_orders": "from when it has received the order (its free stock)",
    "on_any_fresh_stock": "with any fresh number: oversells when goods arrive",
}
SWITCHES = (
    "use_zip",
    "publishes_products",
    "activates_warehouses",
    "products_from_offers",
    "is_active",
)


@get("/office/exchange/connections/new")
async def show_new(request: Request) -> Page:
    """Show the form of a new connection."""
    staff(request, "erp.edit")
    form = first_shown(
        request,
        market=request.market,
        time_zone="Europe/Moscow",
        stock_policy="on_shipment",
        schema_version="2.08",
        encoding="windows-1251",
        file_limit_mib="10",
        removal_limit_percent="50",
        orders_per_answer="200",
        orders_since=local_text(request, request.received_at),
        **dict.fromkeys(("use_zip", "publishes_products", "activates_warehouses"), "1"),
        is_active="1",
    )
    return await _page(request, None, form)


@post("/office/exchange/connections/new")
async def create(request: Request) -> Response[None] | Page:
    """Make a connection."""
    staff(request, "erp.edit")
    return await _save(request, None)


@get("/office/exchange/connections/{connection_id:uuid}")
async def show_connection(request: Request, connection_id: FromPath[UUID]) -> Page:
    """Show how a connection exchanges."""
    staff(request, "erp.view")
    async with request.snapshot(single=True) as snap:
        held = await erp.get_connection(snap, connection_id=connection_id)
    form = first_shown(
        request,
        code=held.code,
        name=held.name,
        market=held.market,
        time_zone=held.time_zone,
        stock_policy=held.stock_policy,
        schema_version=held.schema_version,
        encoding=held.encoding,
        file_limit_mib=str(held.file_limit_bytes // _MIB),
        base_price_type=held.base_price_type or "",
        default_warehouse=str(held.default_warehouse_id or ""),
        removal_limit_percent=str(held.removal_limit_percent),
        orders_per_answer=str(held.orders_per_answer),
        orders_since=local_text(request, held.orders_since),
        **{name: "1" if getattr(held, name) else None for name in SWITCHES},
    )
    return await _page(request, connection_id, form)


@post("/office/exchange/connections/{connection_id:uuid}")
async def save(request: Request, connection_id: FromPath[UUID]) -> Response[None] | Page:
    """Change how a connection exchanges."""
    staff(request, "erp.edit")
    return await _save(request, connection_id)


def _check(form: Form[ConnectionFields], others: tuple[erp.Connection, ...]) -> None:
    typed = form.value
    if typed is None:
        return
    if any(one.code == typed.code for one in others):
        form.add("code", "Another connection has this code.")
    if typed.schema_version not in VERSIONS:
        form.add("schema_version", "This version is not known.")
    if typed.stock_policy not in POLICIES:
        form.add("stock_policy", "This policy is not known.")
    if typed.encoding not in ENCODINGS:
        form.add("encoding", "This encoding is not known.")
    if typed.time_zone not in available_timezones():
        form.add("time_zone", "This time zone is not known.")


async def _save(request: Request, connection_id: UUID | None) -> Response[None] | Page:
    by = staff(request, "erp.edit")
    form = await read_form(request, ConnectionFields)
    since = read_instant(request, form, "orders_since")
    directory = request.context.service(markets.MarketDirectory)
    now = request.received_at
    async with request.transaction() as tx:
        listed = await erp.list_connections(tx)
        _check(form, tuple(one for one in listed if one.id != connection_id))
        typed = form.value
        if typed is not None:
            market = directory.get(typed.market)
            before = (
                None
                if connection_id is None
                else await erp.get_connection(tx, connection_id=connection_id)
            )
            begun = before or erp.Connection(
                id=new_id(now),
                code=typed.code,
                name=typed.name,
                market=market.code,
                channel=market.code,
                currency=market.currency,
                language=market.default_language,
            )
            wanted = replace(
                begun,
                code=typed.code,
                name=typed.name,
                market=market.code,
                channel=market.code,
                currency=market.currency,
                time_zone=typed.time_zone,
                stock_policy=typed.stock_policy,
                schema_version=typed.schema_version,
                encoding=typed.encoding,
                file_limit_bytes=typed.file_limit_mib * _MIB,
                base_price_type=typed.base_price_type or None,
                default_warehouse_id=typed.default_warehouse,
                removal_limit_percent=typed.removal_limit_percent,
                orders_per_answer=typed.orders_per_answer,
                orders_since=since,
                **{name: getattr(typed, name) for name in SWITCHES},
            )
            await erp.save_connection(tx, connection=wanted, now=now)
            await accounts.record(
                tx,
                actor=by,
                action="erp.connection_saved",
                subject_kind="erp_connection",
                subject_id=wanted.id,
                before=asdict(before) if before else None,
                after=asdict(wanted),
                now=now,
            )
            return done(request, f"{HOME}?connection={wanted.id}")
    return await _page(request, connection_id, form, status_code=422)


async def _page(
    request: Request, connection_id: UUID | None, form: Form[Any], *, status_code: int = 200
) -> Page:
    translate, language = words(request), request.language
    async with request.snapshot() as snap:
        held = (
            None
            if connection_id is None
            else await erp.get_connection(snap, connection_id=connection_id)
        )
        places = await stock.list_warehouses(snap)
    directory = request.context.service(markets.MarketDirectory)
    return show(
        request,
        "connection.html",
        status_code=status_code,
        connection=held,
        form=form,
        markets=[(one.code, pick(one.name, language)) for one in directory.all()],
        warehouses=[
            ("", translate("None: such stock is refused")),
            *((str(one.id), pick(one.name, language)) for one in places),
        ],
        versions=[(one, one) for one in VERSIONS],
        encodings=[(one, one) for one in ENCODINGS],
        policies=[(one, translate(label)) for one, label in POLICIES.items()],
        exchange_url=f"{request.context.settings.public_url}/1c_exchange",
    )
