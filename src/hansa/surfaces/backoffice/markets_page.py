"""Markets: whom the shop sells to, in which money, tax and words."""

from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.modules import accounts, markets
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.html.formats import format_number
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.presenting import by_language, done, localised, show
from hansa.surfaces.backoffice.shell import staff

HOME = "/office/markets"
_HUNDRED = Decimal(100)
_LANGUAGES = {"ru": "Русский", "en": "English"}
_LEGAL = ("name", "inn", "kpp", "ogrn", "address")
_Short = Annotated[str, msgspec.Meta(max_length=300)]


class MarketFields(msgspec.Struct):
    """What may be changed of a market; the tax is typed in percent."""

    name_ru: _Short = ""
    name_en: _Short = ""
    tax_percent: Decimal = Decimal(0)
    prices_include_tax: bool = False
    default_language: _Short = "ru"
    time_zone: _Short = "Europe/Moscow"
    position: Annotated[int, msgspec.Meta(ge=0, le=1_000)] = 0
    is_open: bool = False
    legal_name: _Short = ""
    legal_inn: _Short = ""
    legal_kpp: _Short = ""
    legal_ogrn: _Short = ""
    legal_address: _Short = ""


@get("/office/markets")
async def list_markets(request: Request) -> Page:
    """Show all markets."""
    staff(request, "markets.view")
    async with request.snapshot(single=True) as snap:
        found = await markets.list_markets(snap)
    return show(
        request,
        "markets.html",
        markets=[
            {"market": one, "tax": format_number(one.tax_rate * _HUNDRED, request.language)}
            for one in found
        ],
    )


@get("/office/markets/{code:str}")
async def show_market(request: Request, code: FromPath[str]) -> Page:
    """Show a market."""
    staff(request, "markets.view")
    async with request.snapshot(single=True) as snap:
        held = await markets.get_market(snap, code=code)
    form = first_shown(
        request,
        **by_language("name", held.name),
        **{f"legal_{part}": held.legal_entity.get(part, "") for part in _LEGAL},
        tax_percent=f"{(held.tax_rate * _HUNDRED).normalize():f}",
        prices_include_tax="1" if held.prices_include_tax else None,
        default_language=held.default_language,
        time_zone=held.time_zone,
        position=str(held.position),
        is_open="1" if held.is_open else None,
    )
    return _page(request, held, form)


@post("/office/markets/{code:str}")
async def save(request: Request, code: FromPath[str]) -> Response[None] | Page:
    """Change a market; its currency and code never change."""
    by = staff(request, "markets.edit")
    form = await read_form(request, MarketFields)
    now = request.received_at
    typed = form.value
    async with request.transaction() as tx:
        before = await markets.get_market(tx, code=code)
        if typed is not None:
            legal = {part: form.text(f"legal_{part}") for part in _LEGAL}
            wanted = replace(
                before,
                name=localised(before.name, form, "name"),
                tax_rate=typed.tax_percent / _HUNDRED,
                prices_include_tax=typed.prices_include_tax,
                default_language=typed.default_language,
                time_zone=typed.time_zone,
                position=typed.position,
                is_open=typed.is_open,
                legal_entity={**before.legal_entity, **legal},
            )
            try:
                await markets.save_market(tx, market=wanted, by=by.id, now=now)
            except HansaError as refusal:
                field = getattr(refusal, "field", "")
                form.add({"tax_rate": "tax_percent", "name": "name_ru"}.get(field, field), refusal)
            else:
                await accounts.record(
                    tx,
                    actor=by,
                    action="markets.market_changed",
                    subject_kind="market",
                    subject_id=code,
                    before=msgspec.to_builtins(before),
                    after=msgspec.to_builtins(wanted),
                    now=now,
                )
    if form.errors:
        return _page(request, before, form, status_code=422)
    await request.context.service(markets.MarketDirectory).refresh()
    return done(request, f"{HOME}/{code}")


def _page(
    request: Request, market: markets.Market, form: Form[Any], *, status_code: int = 200
) -> Page:
    return show(
        request,
        "market.html",
        status_code=status_code,
        held=market,
        form=form,
        languages_of=[(one, _LANGUAGES.get(one, one)) for one in market.languages],
    )
