"""`hansa rebuild`: make anew what is derived from other tables, when `hansa check` asks for it."""

from __future__ import annotations

import asyncio

import click

from hansa.assembly.application import build_context
from hansa.assembly.commands.installation import installation, read_settings
from hansa.assembly.commands.progress import Meter, progress
from hansa.modules import search, stock
from hansa.runtime.settings import Settings

__all__ = ["rebuild"]


@click.command()
@click.argument("what", type=click.Choice(["search", "stock"]))
def rebuild(what: str) -> None:
    """Make anew what is derived: the `search` index, or the counters of `stock`.

    The shop stays open meanwhile; while the counters of stock are made, reservations wait.
    """
    with installation(read_settings()) as here, progress(f"Rebuilding {what}") as meter:
        asyncio.run(_rebuild(here.settings, what, meter))
    click.echo(f"Rebuilt: {what}.")


async def _rebuild(settings: Settings, what: str, meter: Meter) -> None:
    context = build_context(settings)
    await context.open(())
    try:
        if what == "search":
            await search.rebuild(context.database, now=context.clock.now(), on_progress=meter.show)
        else:
            async with context.database.transaction() as tx:
                await stock.rebuild_counters(tx)
    finally:
        await context.close()
