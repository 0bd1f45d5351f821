"""How a connection with RetailCRM exchanges: address, key, and what each code of it means."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import available_timezones

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import Unavailable
from hansa.kernel.identifiers import new_id
from hansa.kernel.text import pick
from hansa.modules import accounts, checkout, markets, retailcrm, stock
from hansa.modules.payments import PaymentState
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.http import Request
from hansa.surfaces.backoffice import retailcrm as pages
from hansa.surfaces.backoffice.order_words import PAYMENTS, STATES
from hansa.surfaces.backoffice.presenting import done, local_text, read_instant, show, words
from hansa.surfaces.backoffice.retailcrm import HOME
from hansa.surfaces.backoffice.shell import staff

_Short = Annotated[str, msgspec.Meta(max_length=200)]
_Pair = Annotated[str, msgspec.Meta(max_length=200, pattern="^[^=]+=[^=]+$")]
_MONEY = tuple(state for state in PaymentState if state is not PaymentState.DEFERRED)
_FIELDS = {
    "order.status": "State of the order",
    "order.name": "Name of the recipient",
    "order.phone": "Telephone of the recipient",
    "order.email": "E-mail of the recipient",
    "order.city": "City",
    "order.street": "Street",
    "order.house": "House",
    "order.flat": "Flat",
    "customer.first_name": "First name of the customer",
    "customer.last_name": "Last name of the customer",
    "customer.email": "E-mail of the customer",
}


class NewFields(msgspec.Struct):
    """What a connection begins with."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    address: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    secret_key: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class SettingsFields(msgspec.Struct):
    """What is told of a connection; pairs are `ours=theirs`."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    address: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    secret_key: _Short = ""
    time_zone: _Short = "Europe/Moscow"
    requests_per_second: Annotated[int, msgspec.Meta(ge=1, le=100)] = 10
    since: _Short = ""
    out_of_stock: _Short = ""
    sites: list[_Pair] = []
    status_out: list[_Pair] = []
    status_in: list[_Pair] = []
    payment_type: list[_Pair] = []
    payment_status: list[_Pair] = []
    delivery_type: list[_Pair] = []
    store: list[_Pair] = []
    owner: list[_Pair] = []
    takes_orders: bool = False
    sends_stock: bool = False
    is_active: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One translation as the page shows it: what is ours, and the choice of what is theirs."""

    field: str
    label: str
    options: list[tuple[str, str]]
    value: str

    @property
    def id(self) -> str:
        """Name the control."""
        return f"field-{self.field}-{self.options[-1][0].partition('=')[0]}".replace(".", "-")


@get("/office/retailcrm/connections/new")
async def show_new(request: Request) -> Page:
    """Show the form of a new connection."""
    staff(request, "retailcrm.edit")
    form = first_shown(request, name="RetailCRM", address="https://")
    return show(request, "retailcrm_new.html", form=form)


@post("/office/retailcrm/connections/new")
async def create(request: Request) -> Response[None] | Page:
    """Make a connection, not in use yet, and ask RetailCRM for its lists."""
    by = staff(request, "retailcrm.edit")
    form = await read_form(request, NewFields)
    typed, now = form.value, request.received_at
    if typed is not None:
        _check_address(request, form, typed.address)
    typed = form.value
    if typed is None:
        return show(request, "retailcrm_new.html", form=form, status_code=422)
    directory = request.context.service(markets.MarketDirectory)
    made = retailcrm.Connection(
        id=new_id(now),
        name=typed.name,
        address=typed.address,
        sealed_key=b"",
        options=retailcrm.Options(since=now, time_zone=directory.get(request.market).time_zone),
    )
    async with request.transaction() as tx:
        await _save(request, tx, made, typed.secret_key, before=None, by=by)
    page = f"{HOME}/connections/{made.id}"
    try:
        await retailcrm.refresh_lists(request.context, connection_id=made.id)
    except (Unavailable, retailcrm.CrmRefused):
        return done(request, page, "crm_failed")
    return done(request, page, "crm_tested")


@get("/office/retailcrm/connections/{connection_id:uuid}")
async def show_connection(request: Request, connection_id: FromPath[UUID]) -> Page:
    """Show how a connection exchanges."""
    staff(request, "retailcrm.view")
    async with request.snapshot(single=True) as snap:
        held = await retailcrm.get_connection(snap, connection_id=connection_id)
    options = held.options
    form = first_shown(
        request,
        name=held.name,
        address=held.address,
        time_zone=options.time_zone,
        requests_per_second=str(options.requests_per_second),
        since=local_text(request, options.since),
        out_of_stock=options.out_of_stock_status,
        sites=_pairs(held.sites),
        status_out=_pairs(options.statuses_out),
        status_in=_pairs(options.statuses_in),
        payment_type=_pairs(options.payment_types),
        payment_status=_pairs(options.payment_statuses),
        delivery_type=_pairs(options.delivery_types),
        store=_pairs(options.stores),
        owner=_pairs(options.owners),
        takes_orders="1" if options.takes_orders else None,
        sends_stock="1" if options.sends_stock else None,
        is_active="1" if held.is_active else None,
    )
    return await _page(request, held, form)


@post("/office/retailcrm/connections/{connection_id:uuid}")
async def save(request: Request, connection_id: FromPath[UUID]) -> Response[None] | Page:
    """Change how a connection exchanges."""
    by = staff(request, "retailcrm.edit")
    form = await read_form(request, SettingsFields)
    since = read_instant(request, form, "since")
    typed = form.value
    if typed is not None:
        _check_address(request, form, typed.address)
        if typed.time_zone not in available_timezones():
            form.add("time_zone", "This time zone is not known.")
        if typed.owner and not {_split(one)[1] for one in typed.owner} <= set(retailcrm.Owner):
            form.add("owner", "Choose one of the list.")
    async with request.transaction() as tx:
        held = await retailcrm.get_connection(tx, connection_id=connection_id)
        if form.value is not None:
            wanted = _wanted(held, form.value, since)
            try:
                await _save(request, tx, wanted, form.value.secret_key, before=held, by=by)
            except (retailcrm.MarketTaken, retailcrm.NotReady) as refusal:
                form.add("", refusal)
            else:
                return done(request, f"{HOME}/connections/{connection_id}")
    return await _page(request, held, form, status_code=422)


def _wanted(
    held: retailcrm.Connection, typed: SettingsFields, since: datetime | None
) -> retailcrm.Connection:
    options = replace(
        held.options,
        time_zone=typed.time_zone,
        requests_per_second=typed.requests_per_second,
        since=since,
        takes_orders=typed.takes_orders,
        sends_stock=typed.sends_stock,
    )
    wanted = replace(
        held, name=typed.name, address=typed.address, is_active=typed.is_active, options=options
    )
    if not held.lists:
        return wanted  # without the lists there was nothing to choose, so nothing was chosen
    options = replace(
        options,
        statuses_out=_mapping(typed.status_out),
        statuses_in=_mapping(typed.status_in),
        payment_types=_mapping(typed.payment_type),
        payment_statuses=_mapping(typed.payment_status),
        delivery_types=_mapping(typed.delivery_type),
        stores=_mapping(typed.store),
        out_of_stock_status=typed.out_of_stock,
        owners=_mapping(typed.owner),
    )
    return replace(wanted, sites=_mapping(typed.sites), options=options)


async def _save(
    request: Request,
    tx: Any,
    wanted: retailcrm.Connection,
    key: str,
    *,
    before: retailcrm.Connection | None,
    by: Any,
) -> None:
    """Save with its trace in the audit log; of the key only that it changed."""
    await retailcrm.save_connection(
        tx,
        connection=wanted,
        key=key or None,
        secret=request.context.settings.secret_key.reveal().encode(),
        now=request.received_at,
    )
    await accounts.record(
        tx,
        actor=by,
        action="retailcrm.connection_saved",
        subject_kind="retailcrm_connection",
        subject_id=wanted.id,
        before=None if before is None else _audited(before),
        after={**_audited(wanted), "key_changed": bool(key)},
        now=request.received_at,
    )


def _audited(connection: retailcrm.Connection) -> dict[str, Any]:
    return {
        "name": connection.name,
        "address": connection.address,
        "is_active": connection.is_active,
        "sites": dict(connection.sites),
        "options": msgspec.to_builtins(connection.options),
    }


def _check_address(request: Request, form: Form[Any], address: str) -> None:
    plain = request.context.settings.environment == "development"
    if not retailcrm.is_good_address(address, may_be_plain=plain):
        form.add("address", "Enter the address of the account, such as https://shop.retailcrm.ru.")


def _pairs(mapping: Mapping[str, str]) -> list[str]:
    return [f"{ours}={theirs}" for ours, theirs in mapping.items()]


def _split(pair: str) -> tuple[str, str]:
    ours, _, theirs = pair.partition("=")
    return ours, theirs


def _mapping(pairs: Iterable[str]) -> dict[str, str]:
    return dict(_split(pair) for pair in pairs)


async def _page(
    request: Request, held: retailcrm.Connection, form: Form[Any], *, status_code: int = 200
) -> Page:
    translate, language = words(request), request.language
    directory = request.context.service(markets.MarketDirectory)
    offers: dict[str, checkout.Offer] = {
        market.code: await request.context.service(checkout.Offers).of(market.code)
        for market in directory.all()
    }
    async with request.snapshot() as snap:
        warehouses = await stock.list_warehouses(snap)
    methods = {one.code: one for offer in offers.values() for one in offer.payment}
    ways = {one.code: one for offer in offers.values() for one in offer.delivery}
    lists = held.lists
    ours = {str(state): translate(label) for state, (label, _) in STATES.items()}
    money = {str(state): translate(PAYMENTS[state][0]) for state in _MONEY}
    sections = {
        "sites": ({one.code: pick(one.name, language) for one in directory.all()}, "sites"),
        "status_out": (ours, "statuses"),
        "payment_type": (
            {code: pick(one.name, language) for code, one in methods.items()},
            "payment_types",
        ),
        "payment_status": (money, "payment_statuses"),
        "delivery_type": (
            {code: pick(one.name, language) for code, one in ways.items()},
            "delivery_types",
        ),
        "store": ({str(one.id): pick(one.name, language) for one in warehouses}, "stores"),
    }
    rows = {
        name: _rows(form, name, mine, lists.get(key, {}), translate("not exchanged"))
        for name, (mine, key) in sections.items()
    }
    rows["status_in"] = _rows(
        form, "status_in", lists.get("statuses", {}), ours, translate("means nothing here")
    )
    sides = {
        str(retailcrm.Owner.CRM): "RetailCRM",
        str(retailcrm.Owner.SHOP): translate("the shop"),
    }
    labels = {name: translate(label) for name, label in _FIELDS.items()}
    rows["owner"] = _rows(form, "owner", labels, sides, translate("as usual"))
    return show(
        request,
        "retailcrm_settings.html",
        status_code=status_code,
        connection=held,
        failure=pages.failure_of(request, held),
        form=form,
        rows=rows,
        statuses=[("", translate("leave it as it is")), *lists.get("statuses", {}).items()],
        home=pages.HOME,
    )


def _rows(
    form: Form[Any], field: str, ours: Mapping[str, str], theirs: Mapping[str, str], none: str
) -> list[Row]:
    chosen = _mapping(pair for pair in form.texts(field) if "=" in pair)
    rows = []
    for code, label in ours.items():
        known = dict(theirs)
        if code in chosen:
            known.setdefault(chosen[code], chosen[code])
        options = [("", none), *((f"{code}={their}", name) for their, name in known.items())]
        if len(options) > 1:
            value = f"{code}={chosen[code]}" if code in chosen else ""
            rows.append(Row(field, label, options, value))
    return rows


ROUTES = (
    pages.show_exchange,
    pages.look_now,
    pages.load,
    pages.check_connection,
    pages.decide,
    pages.send_again,
    show_new,
    create,
    show_connection,
    save,
)
