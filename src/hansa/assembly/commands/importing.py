"""`hansa import`: load files of another system without its help."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from hansa.assembly.application import build_context
from hansa.assembly.commands.installation import installation, read_settings
from hansa.assembly.commands.progress import Meter, progress
from hansa.assembly.modules import all_modules, services_of
from hansa.assembly.opening import open_market_if_none
from hansa.modules import erp
from hansa.runtime.settings import Settings

__all__ = ["importing"]


@click.group()
def importing() -> None:
    """Load files of another system, such as 1C."""


@importing.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--connection", default="1c", show_default=True, help="Code of the connection to 1C.")
def commerceml(folder: Path, connection: str) -> None:
    """Load a CommerceML export (import*.xml, offers*.xml, prices*.xml, rests*.xml) from FOLDER.

    An installation without a market gets one: Russia, in roubles.
    """
    with installation(read_settings()) as here, progress(f"Importing {folder}") as meter:
        report = asyncio.run(_import(here.settings, folder, connection, meter))
    click.echo(report)


async def _import(settings: Settings, folder: Path, connection: str, meter: Meter) -> object:
    context = build_context(settings)
    await context.open(services_of(all_modules()))
    try:
        async with context.database.transaction() as tx:
            opened = await open_market_if_none(
                tx, languages=settings.languages, now=context.clock.now()
            )
        if opened is not None:
            click.echo(f"No market was open: opened {opened.code}, in {opened.currency}.", err=True)
        return await erp.import_folder(context, folder, connection=connection, progress=meter.show)
    finally:
        await context.close()
