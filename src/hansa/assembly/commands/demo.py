"""`hansa demo`.

Everything at once on this machine, with sample data; Ctrl-C leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from contextlib import closing
from dataclasses import replace
from urllib.parse import urlsplit

import click

from hansa.assembly import demo as sample
from hansa.assembly.application import build_context
from hansa.assembly.commands.database import migrate_with_progress
from hansa.assembly.commands.installation import Installation, installation, read_settings
from hansa.assembly.commands.progress import progress
from hansa.assembly.commands.serve import ROLES, supervise
from hansa.assembly.modules import all_modules, services_of
from hansa.runtime.settings import Settings
from hansa.runtime.supervision import LineWriter

__all__ = ["demo"]

READY_WITHIN_SECONDS = 60.0
READY_POLL_SECONDS = 0.1
PORTS_TRIED = 50


@click.command()
@click.option("--port", type=click.IntRange(1, 65_535), help="Port of the shop.")
def demo(port: int | None) -> None:
    """Set up and run a shop with sample data; a second start keeps what is there."""
    settings = _demo_settings(port)
    with installation(settings, migrated=False) as here:
        migrate_with_progress(here.dsn)
        with progress("Loading sample data") as meter:
            asyncio.run(_load(here.settings, meter.show))
        roles = list(ROLES)
        programs = sample.programs(here.settings)
        writer = LineWriter([*roles, *(each.name for each in programs)], stream=sys.stderr)

        async def welcome() -> None:
            await _until_ready(here)
            for line in sample.welcome(here.settings):
                click.echo(line)
            click.echo("Stop with Ctrl-C.")

        supervise(here, roles, beside=programs, started=welcome, write=writer)


def _demo_settings(port: int | None) -> Settings:
    beside = sample.settings_beside(_free_port)
    settings = read_settings({"environment": "demo", "log_level": "warning", **beside})
    chosen = port or settings.http_port
    if port is None and settings.sources["http_port"] == "default":
        chosen = _free_port(settings.http_host, settings.http_port)
    public_url = settings.public_url
    if settings.sources["public_url"] == "default":
        public_url = f"http://{urlsplit(public_url).hostname}:{chosen}"
    return replace(settings, http_port=chosen, public_url=public_url)


def _free_port(host: str, first: int) -> int:
    """The first free port from `first` on: another demo may be running."""
    for port in range(first, first + PORTS_TRIED):
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    raise click.ClickException(
        f"no free port from {first} to {first + PORTS_TRIED - 1}; give --port"
    )


async def _load(settings: Settings, show: sample.Show) -> None:
    context = build_context(settings)
    await context.open(services_of(all_modules()))
    try:
        await sample.load(context, show=show)
    finally:
        await context.close()


async def _until_ready(here: Installation) -> None:
    """Wait until the shop answers that it is ready."""
    async with asyncio.timeout(READY_WITHIN_SECONDS):
        while not await _is_ready(  # noqa: ASYNC110 - another process, nothing to wait on
            here.settings.http_host, here.settings.http_port
        ):
            await asyncio.sleep(READY_POLL_SECONDS)


async def _is_ready(host: str, port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    with closing(writer):
        request = f"GET /health/ready HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        writer.write(request.encode())
        try:
            status = await reader.readline()
        except OSError:
            return False
        return b" 200 " in status
