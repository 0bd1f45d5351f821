"""Running a practice service until SIGTERM or Ctrl-C."""

import asyncio
import signal
from functools import partial

from sandbox.acquirer.wire import HEAD_BYTES_MAX, Handler, serve_connection


async def serve(name: str, answer: Handler, *, host: str, port: int) -> None:
    """Serve until told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    server = await asyncio.start_server(
        partial(serve_connection, answer), host, port, limit=HEAD_BYTES_MAX
    )
    print(f"{name}: http://{host}:{port}/", flush=True)  # noqa: T201 - a program tells where it is
    await stop.wait()
    server.close()
