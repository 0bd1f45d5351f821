"""`hansa serve`: the roles of an installation under one supervisor."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import click
import psutil

from hansa.assembly.commands.installation import Installation, installation, read_settings
from hansa.runtime.settings import to_environment
from hansa.runtime.supervision import Program, Supervisor
from hansa.runtime.telemetry import share_metrics

__all__ = ["ROLES", "serve", "supervise"]

ROLES = ("web", "worker", "relay")


def _read_roles(
    _context: click.Context, _parameter: click.Parameter, value: str
) -> tuple[str, ...]:
    roles = tuple(dict.fromkeys(role.strip() for role in value.split(",") if role.strip()))
    unknown = [role for role in roles if role not in ROLES]
    if unknown or not roles:
        raise click.BadParameter(f"expected some of {', '.join(ROLES)}, got {value!r}")
    return roles


@click.command()
@click.option(
    "--roles",
    default=",".join(ROLES),
    show_default=True,
    callback=_read_roles,
    help="Which roles to run, separated by commas.",
)
def serve(roles: tuple[str, ...]) -> None:
    """Run the shop: web, worker and relay, each started again if it dies."""
    with installation(read_settings()) as here:
        supervise(here, roles)


def supervise(
    here: Installation,
    roles: Sequence[str],
    *,
    beside: Sequence[Program] = (),
    started: Callable[[], Awaitable[None]] | None = None,
    write: Callable[[str, str], None] | None = None,
) -> None:
    """Run roles, and other programs beside them, until this process is told to stop."""
    directory = _run_directory(here.settings.data_dir)
    environment = {**to_environment(here.settings), **share_metrics(directory / "metrics")}
    programs = [
        Program(
            name=role,
            command=[sys.executable, "-m", "hansa", "run-role", role],
            environment=environment,
        )
        for role in roles
    ]
    try:
        asyncio.run(
            Supervisor(
                [*programs, *beside],
                grace_seconds=here.settings.shutdown_grace_seconds,
                keep=here.keep_database,
                write=write,
                directory=directory,
            ).run(started=started)
        )
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _run_directory(data_dir: Path) -> Path:
    """Make a folder for the life of this process; sweep those of processes that were killed."""
    place = data_dir / "run"
    place.mkdir(parents=True, exist_ok=True)
    for left in place.iterdir():
        if left.name.isdecimal() and not psutil.pid_exists(int(left.name)):
            shutil.rmtree(left, ignore_errors=True)
    mine = place / str(os.getpid())
    shutil.rmtree(mine, ignore_errors=True)
    mine.mkdir()
    return mine
