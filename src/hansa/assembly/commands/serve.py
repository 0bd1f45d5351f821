"""`hansa serve`: the roles of an installation under one supervisor."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click
import psutil

from hansa.assembly.commands.installation import (
    Installation,
    installation,
    read_settings,
    without_database,
)
from hansa.assembly.parts import FRONT, PARTS
from hansa.runtime.settings import Settings, to_environment
from hansa.runtime.supervision import Program, Supervisor
from hansa.runtime.telemetry import share_metrics

__all__ = ["ROLES", "programs_of", "serve", "supervise"]

ROLES = ("web", "worker", "relay")
_PORT_MAX = 65_535


def _read_roles(
    _context: click.Context, _parameter: click.Parameter, value: str
) -> tuple[str, ...]:
    roles = tuple(dict.fromkeys(role.strip() for role in value.split(",") if role.strip()))
    known = (*ROLES, *PARTS, FRONT)
    if not roles or not set(roles) <= set(known):
        raise click.BadParameter(f"expected some of {', '.join(known)}, got {value!r}")
    return roles


@click.command()
@click.option(
    "--roles",
    default=",".join(ROLES),
    show_default=True,
    callback=_read_roles,
    help="Which roles to run, separated by commas; parts such as loyalty.transactions too.",
)
@click.option(
    "--port",
    type=click.IntRange(1, _PORT_MAX),
    help="Port of the first role that answers requests; the others have those after it.",
)
@click.option(
    "--workers", type=click.IntRange(1, 256), help="Web processes of each role that answers."
)
def serve(roles: tuple[str, ...], port: int | None, workers: int | None) -> None:
    """Run the shop: web, worker and relay, each started again if it dies."""
    settings = read_settings()
    settings = replace(
        settings,
        http_port=port or settings.http_port,
        web_workers=workers or settings.web_workers,
    )
    opened = without_database(settings) if set(roles) == {FRONT} else installation(settings)
    with opened as here:
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
    programs = programs_of(here.settings, roles, shared=share_metrics(directory / "metrics"))
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


def programs_of(
    settings: Settings, roles: Sequence[str], *, shared: Mapping[str, str]
) -> list[Program]:
    """Give the programs of roles; those that answer requests get ports one after another.

    A part is a web role and, if it has subscriptions or loops, a relay; a front is a web role.
    """
    programs: list[Program] = []
    port = settings.http_port
    for role in roles:
        kinds = [role]
        if role in PARTS:
            kinds = ["web", "relay"] if PARTS[role].has_work else ["web"]
        if role == FRONT:
            kinds = ["web"]
        part = role if role in PARTS or role == FRONT else ""
        own = replace(settings, part=part, http_port=port)
        port += "web" in kinds
        programs += [
            Program(
                name=role if kind in {role, "web"} else f"{role} {kind}",
                command=[sys.executable, "-m", "hansa", "run-role", kind],
                environment={**to_environment(own), **shared},
            )
            for kind in kinds
        ]
    return programs


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
