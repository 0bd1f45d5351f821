"""Run the receiver of webhooks until SIGTERM or Ctrl-C."""

import argparse
import asyncio
import contextlib
import signal
from functools import partial

from sandbox.acquirer.wire import HEAD_BYTES_MAX, serve_connection
from sandbox.webhooks.service import Service


async def run(arguments: argparse.Namespace) -> None:
    """Serve until told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    service = Service(tolerance_seconds=arguments.tolerance_seconds)
    for described in arguments.box:
        name, _, secret = described.partition("=")
        service.boxes[name].secrets += [secret] if secret else []
    server = await asyncio.start_server(
        partial(serve_connection, service.answer),
        arguments.host,
        arguments.port,
        limit=HEAD_BYTES_MAX,
    )
    port = server.sockets[0].getsockname()[1]
    print(f"Webhooks: http://{arguments.host}:{port}/", flush=True)  # noqa: T201 - a program tells where it is
    await stop.wait()
    server.close()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="sandbox.webhooks", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8780)
    parser.add_argument("--tolerance-seconds", type=float, default=300, help="0: any time is good")
    parser.add_argument("--box", action="append", default=[], help="NAME=SECRET, repeatable")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
