"""The web role: Granian with as many processes as the settings say, one application in each.

Also a program of its own, `python -m hansa.assembly.web`, for whoever runs roles by a supervisor
of their own.
"""

import gc
import os
from pathlib import Path
from typing import Any, cast

from granian.constants import HTTPModes, Interfaces, Loops
from granian.log import LogLevels
from granian.server import Server

from hansa.assembly.application import build_context, create_app
from hansa.assembly.parts import FRONT, modules_of
from hansa.runtime.secret_key import with_secret_key
from hansa.runtime.settings import Settings, load_settings
from hansa.runtime.supervision import die_with_parent
from hansa.runtime.telemetry import (
    AsgiApp,
    configure_logging,
    configure_tracing,
    trace_requests,
)
from hansa.surfaces.loyalty_front import Front

TARGET = "hansa.assembly.web:application"
BACKLOG = 2048
COLLECT_AFTER = (20_000, 25, 25)


def application() -> AsgiApp:
    """Make the application of this process; called by Granian in each worker."""
    die_with_parent()
    settings = with_secret_key(load_settings(os.environ, directory=Path.cwd()))
    configure_logging(level=settings.log_level, json=settings.log_json)
    configure_tracing(endpoint=settings.otlp_endpoint, role="web")
    app = trace_requests(_made(settings))
    _collect_garbage_rarely()
    return app


def _made(settings: Settings) -> AsgiApp:
    """Make the front before several cells, or an installation of its own, whole or a part."""
    if settings.part == FRONT:
        return Front(settings)
    modules = modules_of(settings.part, apart=settings.parts_apart)
    return cast("AsgiApp", create_app(build_context(settings), modules))


def _collect_garbage_rarely() -> None:
    """Look for cycles every few dozen requests instead of several times within each.

    A page makes thousands of short-lived objects and hardly a cycle; looking cost a sixth of its
    time. What was made at start stays for ever and is not looked at again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; requests in hand are finished first.

    Workers read the settings from the environment, as this process did.
    """
    server: Any = Server(
        TARGET,
        address=settings.http_host,
        port=settings.http_port,
        interface=Interfaces.ASGI,
        workers=settings.web_workers,
        loop=Loops.uvloop,
        http=HTTPModes.auto,
        backlog=BACKLOG,
        factory=True,
        respawn_failed_workers=True,
        workers_kill_timeout=max(1, round(settings.shutdown_grace_seconds)),
        websockets=False,
        log_level=LogLevels.warning,
        log_access=False,
    )
    server.serve()


if __name__ == "__main__":
    serve(with_secret_key(load_settings(os.environ, directory=Path.cwd())))
