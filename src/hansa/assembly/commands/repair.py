"""`hansa repair`: put derived numbers right. Shows what it would write unless told to apply it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

import click

from hansa.assembly.application import build_context
from hansa.assembly.commands.installation import installation, read_settings
from hansa.modules import stock
from hansa.runtime.settings import Settings

__all__ = ["repair"]


@click.command()
@click.argument("what", type=click.Choice(["stock"]))
@click.option("--apply", "is_applied", is_flag=True, help="Write what the dry run shows.")
def repair(what: str, *, is_applied: bool) -> None:
    """Set the derived numbers of `stock` to what they are derived from.

    Without --apply nothing is written: every difference is shown, and the exit code is 1 if there
    is any. With it, reservations and imports wait while counters are compared (about a second per
    million levels); the journal and the audit log tell what was changed.
    """
    with installation(read_settings()) as here:
        found = asyncio.run(_repair(here.settings, is_applied=is_applied))
    for one in found:
        place = one.channel or f"warehouse {one.warehouse_id}"
        click.echo(
            f"{one.number} of {one.variant_id or 'all'} in {place}: "
            f"{one.found.normalize():f} -> {one.right.normalize():f}"
        )
    if not found:
        click.echo(f"Nothing to repair in {what}.")
    elif is_applied:
        click.echo(f"Put right: {len(found)}.")
    else:
        click.echo(f"Wrong: {len(found)}. `hansa repair {what} --apply` writes these.")
        sys.exit(1)


async def _repair(settings: Settings, *, is_applied: bool) -> Sequence[stock.Difference]:
    context = build_context(settings)
    await context.open(())
    try:
        if not is_applied:
            async with context.database.snapshot() as snap:
                return await stock.find_differences(snap)
        now = context.clock.now()
        async with context.database.transaction() as tx:
            shelves = await stock.repair_shelves(tx, now=now, by=None)
        async with context.database.transaction() as tx:
            counters = await stock.repair_counters(tx, now=now, by=None)
        return [*shelves, *counters]
    finally:
        await context.close()
