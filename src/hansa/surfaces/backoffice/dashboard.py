"""Today: what was sold, what waits, how the exchange with 1C goes."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from litestar import get

from hansa.kernel.money import Money, exponent
from hansa.modules import erp, markets, orders, stock
from hansa.modules.orders import OrderState
from hansa.runtime.database import Snapshot
from hansa.runtime.html import Page
from hansa.runtime.html.formats import format_day, format_moment, format_money, format_number
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.order_words import STATES
from hansa.surfaces.backoffice.shell import page, staff

_DAYS = 28
_LATEST = 8
_FILES = 50


@get("/office")
async def show(request: Request) -> Page:
    """Show the day at a glance, as far as the permissions of whoever asks go."""
    actor = staff(request)
    market = request.context.service(markets.MarketDirectory).get(request.market)
    now = request.received_at
    zone = ZoneInfo(market.time_zone)
    first_day = (now.astimezone(zone) - timedelta(days=_DAYS - 1)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    values: dict[str, Any] = {
        "kpis": [],
        "sales": None,
        "exchange": [],
        "states": None,
        "latest": [],
    }
    async with request.snapshot() as snap:
        if actor.may("orders.view"):
            values |= await _sales(request, snap, market, first_day, zone)
        if actor.may("stock.view"):
            values["kpis"] += await _stock(request, snap, market)
        if actor.may("erp.view"):
            values["exchange"] = await _exchange(request, snap, market)
    return page(
        request,
        "dashboard.html",
        today=format_day(now, request.language, market.time_zone),
        **values,
    )


def _translate(request: Request, message: str) -> str:
    return request.visit.wiring.translator.sentence(request.language, message)


async def _sales(
    request: Request, snap: Snapshot, market: markets.Market, since: datetime, zone: ZoneInfo
) -> dict[str, Any]:
    language = request.language
    sold = await orders.sales_by_day(snap, market=market.code, since=since, zone=market.time_zone)
    by_day: dict[date, tuple[int, Money]] = {day: (count, total) for day, count, total in sold}
    days = [since.date() + timedelta(days=index) for index in range(_DAYS)]
    nothing = (0, Money(0, market.currency))
    shown = [by_day.get(day, nothing) for day in days]
    today = by_day.get(request.received_at.astimezone(zone).date(), nothing)
    states = await orders.count_by_state(snap, market=market.code, since=since)
    waiting = states.get(OrderState.PLACED, 0) + states.get(OrderState.CONFIRMED, 0)
    month = sum(total.minor for _, total in shown)
    count = sum(number for number, _ in shown)
    latest = await orders.list_orders(
        snap, wanted=orders.OrderFilter(market=market.code), limit=_LATEST
    )
    whole = 10 ** exponent(market.currency)
    average = Money(month // count // whole * whole, market.currency) if count else None
    return {
        "kpis": [
            _kpi(request, "Sales today", format_money(today[1], language), "/office/orders"),
            _kpi(request, "Orders today", format_number(today[0], language), "/office/orders"),
            _kpi(
                request,
                "Wait to be packed",
                format_number(waiting, language),
                "/office/orders?state=placed&state=confirmed",
                tone="warn" if waiting else "good",
            ),
            _kpi(
                request, "Average order", format_money(average, language) or "—", "/office/orders"
            ),
        ],
        "sales": {
            "labels": [f"{day.day}.{day.month:02d}" for day in days],
            "series": [
                {
                    "name": _translate(request, "Sales"),
                    "values": [float(total.to_decimal()) for _, total in shown],
                }
            ],
            "unit": market.currency,
            "shown": [[format_money(total, language)] for _, total in shown],
        },
        "states": _states_chart(request, states),
        "latest": [
            {
                "url": f"/office/orders/{one.id}",
                "cells": [
                    one.number,
                    one.recipient.name,
                    format_money(one.total, language),
                    _translate(request, STATES[one.state][0]),
                ],
            }
            for one in latest
        ],
    }


def _states_chart(request: Request, states: Mapping[OrderState, int]) -> dict[str, Any]:
    return {
        "labels": [_translate(request, STATES[state][0]) for state in OrderState],
        "series": [
            {
                "name": _translate(request, "Orders"),
                "values": [states.get(state, 0) for state in OrderState],
            }
        ],
    }


async def _stock(request: Request, snap: Snapshot, market: markets.Market) -> list[dict[str, str]]:
    totals = await stock.totals(snap, channel=market.code)
    language = request.language
    too_much = totals.promised_too_much
    return [
        _kpi(request, "Available", _pieces(totals.available, language), "/office/stock"),
        _kpi(
            request,
            "Promised beyond stock",
            format_number(too_much, language),
            "/office/stock?view=discrepancies",
            tone="bad" if too_much else "good",
        ),
    ]


async def _exchange(
    request: Request, snap: Snapshot, market: markets.Market
) -> list[tuple[str, str]]:
    """Say when the last file came, what became of it, and how many wait."""
    facts: list[tuple[str, str]] = []
    for connection in await erp.list_connections(snap):
        files = await erp.list_files(snap, connection_id=connection.id, limit=_FILES)
        if not files:
            continue
        last, language = files[0], request.language
        failed = sum(1 for one in files if one.state is erp.FileState.FAILED)
        busy = sum(1 for one in files if one.state is erp.FileState.IMPORTING)
        facts += [
            (
                _translate(request, "Last file"),
                format_moment(last.began_at, language, market.time_zone),
            ),
            (_translate(request, "Being imported"), format_number(busy, language)),
            (_translate(request, "Failed of the last fifty"), format_number(failed, language)),
        ]
    return facts


def _pieces(amount: Decimal, language: str) -> str:
    return format_number(amount, language)


def _kpi(request: Request, label: str, value: str, href: str, *, tone: str = "") -> dict[str, str]:
    return {
        "label": _translate(request, label),
        "value": value,
        "note": "",
        "href": href,
        "tone": tone,
    }
