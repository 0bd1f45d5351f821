"""`hansa market`: the countries sold to. The first market of an installation is opened here."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import click

from hansa.assembly.application import build_context
from hansa.assembly.commands.installation import installation, read_settings
from hansa.assembly.opening import RUSSIA, Opening, open_market
from hansa.runtime.settings import Settings

__all__ = ["market"]


@click.group()
def market() -> None:
    """Open the countries sold to."""


@market.command("open")
@click.argument("code", default=RUSSIA.code)
@click.option("--name", default=RUSSIA.name, show_default=True, help="In the market's language.")
@click.option("--currency", default=RUSSIA.currency, show_default=True, help="Never changes.")
@click.option("--country", default=RUSSIA.country, show_default=True, help="Code of two letters.")
@click.option("--language", default=RUSSIA.language, show_default=True, help="Of texts and mail.")
@click.option("--time-zone", default=RUSSIA.time_zone, show_default=True, help="IANA name.")
@click.option(
    "--tax", default=str(RUSSIA.tax_percent), show_default=True, help="Percent, in prices."
)
def open_(
    *, code: str, name: str, currency: str, country: str, language: str, time_zone: str, tax: str
) -> None:
    """Open the market CODE: goods are collected in its shops and paid for there."""
    try:
        percent = Decimal(tax)
    except ArithmeticError:
        raise click.BadParameter(
            "expected a number such as 22 or 16.5", param_hint="--tax"
        ) from None
    opening = Opening(
        code=code,
        currency=currency,
        country=country,
        tax_percent=percent,
        language=language,
        time_zone=time_zone,
        name=name,
    )
    with installation(read_settings()) as here:
        asyncio.run(_open(here.settings, opening))
    click.echo(f"The market {code} is open, in {currency}.")


async def _open(settings: Settings, opening: Opening) -> None:
    context = build_context(settings)
    await context.open(())
    try:
        async with context.database.transaction() as tx:
            await open_market(
                tx, opening=opening, languages=settings.languages, now=context.clock.now()
            )
    finally:
        await context.close()
