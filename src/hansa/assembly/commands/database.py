"""`hansa migrate`, `hansa backup`, `hansa restore`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from hansa.assembly.application import open_storage
from hansa.assembly.commands.installation import installation, read_settings
from hansa.assembly.commands.progress import progress
from hansa.assembly.commands.users import refresh_roles
from hansa.runtime.clock import SystemClock
from hansa.runtime.database import archive
from hansa.runtime.database.migrate import head_revision, pending_revisions
from hansa.runtime.database.migrate import migrate as migrate_database
from hansa.runtime.settings import Settings

__all__ = ["backup", "migrate", "restore"]


@click.command()
def migrate() -> None:
    """Bring the database to this release's tables."""
    with installation(read_settings(), migrated=False) as here:
        applied = migrate_with_progress(here.dsn)
        asyncio.run(refresh_roles(here.settings))
    if applied:
        click.echo(f"Migrated to {applied[-1]} in {len(applied)} steps.")
    else:
        click.echo(f"Nothing to do: the database is at {head_revision()}.")


def migrate_with_progress(dsn: str) -> list[str]:
    """Migrate the database, showing each step; answer the revisions applied."""
    pending = pending_revisions(dsn)
    if not pending:
        return []
    with progress("Migrating") as meter:
        done: list[str] = []

        def step(revision: str) -> None:
            done.append(revision)
            meter.show(len(done), len(pending), revision)

        return migrate_database(dsn, on_step=step)


def _own_secret_key(settings: Settings) -> Path | None:
    """The file of the key if Hansa made it itself.

    A key from the environment is kept by whoever set it.
    """
    path = settings.data_dir / "secret_key"
    return path if settings.sources.get("secret_key") == f"file {path}" else None


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write database and files into one archive FILE, while the shop is at work."""
    with installation(read_settings()) as here, progress("Backing up") as meter:
        steps = 0

        def step(what: str) -> None:
            nonlocal steps
            steps += 1
            meter.show(steps, None, what)

        done = asyncio.run(
            archive.back_up(
                here.dsn,
                open_storage(here.settings),
                file,
                now=SystemClock().now(),
                secret_key=_own_secret_key(here.settings),
                on_step=step,
            )
        )
    click.echo(f"{file}: {done.bytes:,} bytes, {done.file_count} files, migration {done.revision}.")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Overwrite what is in the database.")
def restore(file: Path, *, replace: bool) -> None:
    """Put the archive FILE into an empty installation. Stop the shop before."""
    with installation(read_settings(), migrated=False) as here, progress("Restoring") as meter:
        steps = 0

        def step(what: str) -> None:
            nonlocal steps
            steps += 1
            meter.show(steps, None, what)

        done = asyncio.run(
            archive.restore(
                here.dsn,
                open_storage(here.settings),
                file,
                replace=replace,
                secret_key=_own_secret_key(here.settings),
                on_step=step,
            )
        )
    click.echo(f"Restored the backup of {done.made_at}: {done.file_count} files.")
