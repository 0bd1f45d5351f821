"""`hansa cells`: let this installation's database follow another, for a cell or a part."""

from __future__ import annotations

import click

from hansa.assembly.commands.installation import installation, read_settings
from hansa.assembly.following import CELL, PARTS
from hansa.runtime.database.following import follow

__all__ = ["cells"]


@click.group()
def cells() -> None:
    """Spread members over several databases; give a part of Hansa a database of its own."""


@cells.command()
@click.option(
    "--home",
    help="Database to follow: the home cell's, or of a part that of its cell; else the setting "
    "follow_database_url, which no list of processes shows.",
)
@click.option(
    "--part",
    type=click.Choice(sorted(PARTS)),
    help="Follow what this part reads, instead of what a cell must know.",
)
@click.option(
    "--wait",
    "within_seconds",
    type=click.FloatRange(min=1),
    default=600.0,
    show_default=True,
    help="Seconds in which everything must have arrived.",
)
def join(home: str | None, part: str | None, within_seconds: float) -> None:
    """Follow another database; may be run again at any time, and must be after an update.

    This database must be migrated and hold no members yet. `hansa check cells` tells how it goes.
    """
    settings = read_settings()
    leader = home or settings.follow_database_url
    if leader is None:
        raise click.UsageError("say which database to follow: --home or follow_database_url")
    with installation(settings) as here:
        follow(
            here.dsn,
            leader=leader,
            what=PARTS[part] if part else CELL,
            within_seconds=within_seconds,
        )
    click.echo("Everything has arrived; changes follow.")
