"""`hansa telegram`: connect the bot that asks shops."""

from __future__ import annotations

import asyncio

import click

from hansa.assembly.application import build_context
from hansa.assembly.commands.installation import installation, read_settings
from hansa.modules import fulfilment
from hansa.runtime.settings import Settings

__all__ = ["telegram"]


@click.group()
def telegram() -> None:
    """Connect the Telegram bot that asks shops."""


@telegram.command()
def connect() -> None:
    """Tell Telegram where to send what people press, and with which secret.

    Needs `telegram_token` and `telegram_secret`. Telegram takes only a `public_url` that begins
    with https://.
    """
    settings = read_settings()
    if not settings.telegram_secret:
        raise click.UsageError("telegram_secret is not set: presses could not prove themselves")
    with installation(settings, migrated=False) as here:
        address = asyncio.run(_connect(here.settings))
    click.echo(f"Telegram sends what people press to {address}")


async def _connect(settings: Settings) -> str:
    context = build_context(settings)
    try:
        address = await fulfilment.connect_telegram(context)
    finally:
        await context.outbound.close()
    if address is None:
        raise click.UsageError("telegram_token is not set")
    return address
