"""`hansa run-role NAME`.

One role, in this process, until SIGTERM or SIGINT. `hansa serve` starts these.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Sequence

import click
import uvloop

from hansa.assembly import web
from hansa.assembly.application import build_context
from hansa.assembly.commands.installation import installation, read_settings, without_database
from hansa.assembly.modules import services_of
from hansa.assembly.parts import FRONT, modules_of, services_started, subscriptions_beside
from hansa.runtime.context import Context
from hansa.runtime.jobs.loops import run_loops
from hansa.runtime.jobs.worker import run_worker
from hansa.runtime.module import Module
from hansa.runtime.outbox.relay import run_relay
from hansa.runtime.settings import Settings, to_environment
from hansa.runtime.supervision import follow_supervisor
from hansa.runtime.telemetry import configure_logging, configure_tracing, stop_tracing

__all__ = ["run_role"]

BACKGROUND_NICENESS = 10
"""Where cores are few, whoever waits for a page comes before work nobody waits for."""


@click.command(hidden=True)
@click.argument("role", type=click.Choice(["web", "worker", "relay"]))
def run_role(role: str) -> None:
    """Run one ROLE in this process, without a supervisor."""
    follow_supervisor()
    settings = read_settings()
    configure_logging(level=settings.log_level, json=settings.log_json)
    configure_tracing(endpoint=settings.otlp_endpoint, role=role)
    with without_database(settings) if settings.part == FRONT else installation(settings) as here:
        if role != "web":
            os.nice(BACKGROUND_NICENESS)
        if role == "web":
            # Granian's workers are processes of their own, which read the environment.
            os.environ.update(to_environment(here.settings))
            web.serve(here.settings)
        elif role == "worker":
            uvloop.run(_until_stopped(here.settings, _work))
        else:
            uvloop.run(_until_stopped(here.settings, _relay))


async def _until_stopped(
    settings: Settings, run: Callable[[Context, asyncio.Event], Awaitable[None]]
) -> None:
    """Run a role; on SIGTERM or SIGINT it finishes what is in hand."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        await run(build_context(settings), stop)
    finally:
        stop_tracing()


async def _work(context: Context, stop: asyncio.Event) -> None:
    modules = modules_of("", apart=context.settings.parts_apart)
    await context.open(services_of(modules))
    try:
        async with asyncio.TaskGroup() as group:
            _run_jobs(group, context, modules, stop)
            group.create_task(run_loops(context, modules, stop=stop))
    finally:
        await context.close()


async def _relay(context: Context, stop: asyncio.Event) -> None:
    part = context.settings.part
    modules = modules_of(part, apart=context.settings.parts_apart)
    # Of a part the relay also runs the loops, which need what the part starts, and the jobs of its
    # own database.
    await context.open(services_started(part) if part else ())
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(
                run_relay(context, modules, stop=stop, beside=subscriptions_beside(part))
            )
            if part:
                group.create_task(run_loops(context, modules, stop=stop))
            if context.settings.is_apart:
                _run_jobs(group, context, modules, stop)
    finally:
        await context.close()


def _run_jobs(
    group: asyncio.TaskGroup, context: Context, modules: Sequence[Module], stop: asyncio.Event
) -> None:
    """Run jobs until the end; without its database too: then the process is begun anew."""
    working = group.create_task(run_worker(context, modules, stop=stop))
    working.add_done_callback(lambda _: stop.set())
