"""The web application for tests: in the process for most, a real server for browsers and protocols.

from tests.support.http import application, browser, key_of

async with application(settings, committing, clock=clock) as site:
    async with site.client() as client:                      # an httpx.AsyncClient
        await client.get("/health/live")
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import SystemRandom
from uuid import uuid4

import httpx

from hansa.assembly.application import build_context, create_app
from hansa.runtime.clock import Clock
from hansa.runtime.context import Context
from hansa.runtime.database import Database
from hansa.runtime.http.edge import Edge
from hansa.runtime.module import Module
from hansa.runtime.settings import Settings

START_SECONDS_MAX = 200.0


class KeyedClient(httpx.AsyncClient):
    """A client that adds what every well-behaved program sends: a fresh `Idempotency-Key`."""

    async def request(self, method, url, **kwargs):  # type: ignore[no-untyped-def]
        """Send a request."""
        headers = httpx.Headers(kwargs.pop("headers", None))
        if method.upper() not in {"GET", "HEAD", "OPTIONS"}:
            headers.setdefault("Idempotency-Key", uuid4().hex)
        return await super().request(method, url, headers=headers, **kwargs)


@dataclass(frozen=True)
class Site:
    """A running application inside the test's process."""

    app: Edge
    context: Context

    @contextlib.asynccontextmanager
    async def client(
        self, *, keyed: bool = True, headers: dict[str, str] | None = None
    ) -> AsyncIterator[httpx.AsyncClient]:
        """Lend a client with cookies of its own; `keyed=False` sends no `Idempotency-Key`."""
        kind = KeyedClient if keyed else httpx.AsyncClient
        transport = httpx.ASGITransport(app=self.app)  # type: ignore[arg-type]
        async with kind(
            transport=transport, base_url="http://hansa.test", headers=headers
        ) as client:
            yield client


@contextlib.asynccontextmanager
async def application(
    settings: Settings,
    database: Database,
    *,
    clock: Clock | None = None,
    modules: Sequence[Module] | None = None,
) -> AsyncIterator[Site]:
    """Run the application on a database; its own pool is opened on the same address."""
    own = replace(settings, database_url=database.dsn)
    context = build_context(own, clock=clock)
    app = create_app(context, modules)
    async with _lifespan(app):
        yield Site(app, context)


@contextlib.asynccontextmanager
async def _lifespan(app: Edge) -> AsyncIterator[None]:
    """Open and close the application in one task: fixtures are set up and torn down in two."""
    opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    to_close = asyncio.Event()

    async def run() -> None:
        try:
            async with app.lifespan():
                opened.set_result(None)
                await to_close.wait()
        except BaseException as error:
            if opened.done():
                raise
            opened.set_exception(error)

    task = asyncio.create_task(run())
    await opened
    try:
        yield
    finally:
        to_close.set()
        await task


def _ports() -> Iterator[int]:
    """Give ports, to each process of the tests its own: what is killed comes back to its port.

    They lie below those the system gives to whoever connects somewhere.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = 12_000 + worker % 10 * 2_000
    return itertools.cycle(SystemRandom().sample(range(first, first + 2_000), 2_000))


_PORTS = _ports()


def free_port() -> int:
    """Find a port that is free, and given to no other test for a long while."""
    for port in _PORTS:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("the ports never end")


@contextlib.contextmanager
def web_server(
    settings: Settings, database_dsn: str, *, workers: int = 1, log: Path | None = None
) -> Iterator[str]:
    """Run a real web role on a free port; the value is its address, without a slash at the end."""
    port = free_port()
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HANSA_")},
        "HANSA_DATABASE_URL": database_dsn,
        "HANSA_DATA_DIR": str(settings.data_dir),
        "HANSA_SECRET_KEY": settings.secret_key.reveal(),
        "HANSA_HTTP_PORT": str(port),
        "HANSA_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "HANSA_WEB_WORKERS": str(workers),
        "HANSA_RATE_LIMIT_REQUESTS_PER_MINUTE": "0",
        "HANSA_RATE_LIMIT_SIGN_INS_PER_MINUTE": "0",
    }
    with contextlib.ExitStack() as stack:
        output = stack.enter_context((log or Path(os.devnull)).open("w"))
        process = subprocess.Popen(
            [sys.executable, "-m", "hansa.assembly.web"],
            env=environ,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_until_ready(f"http://127.0.0.1:{port}", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise


def _wait_until_ready(address: str, process: subprocess.Popen[bytes]) -> None:
    loop = asyncio.new_event_loop()
    deadline = loop.time() + START_SECONDS_MAX
    try:
        while loop.time() < deadline:
            if process.poll() is not None:
                raise RuntimeError(f"the web server ended with {process.returncode}")
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{address}/health/ready", timeout=2).status_code == httpx.codes.OK:
                    return
            loop.run_until_complete(asyncio.sleep(0.05))
    finally:
        loop.close()
    raise RuntimeError("the web server was not ready in time")
