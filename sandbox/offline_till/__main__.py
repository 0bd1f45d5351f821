"""Run the simulated till until SIGTERM or Ctrl-C."""

import argparse
import asyncio
import contextlib
import os
import signal
from functools import partial
from pathlib import Path

from sandbox import keeping
from sandbox.acquirer.wire import HEAD_BYTES_MAX, serve_connection
from sandbox.offline_till.service import Service
from sandbox.offline_till.till import Known, Till


async def run(arguments: argparse.Namespace) -> None:
    """Serve until told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    till = Till(arguments.partner_url, os.environ.get("TILL_SECRET", "practice-secret"))
    known = keeping.read(arguments.state, Known)
    if known is not None:
        till.recall(known)
    server = await asyncio.start_server(
        partial(serve_connection, Service(till).answer),
        arguments.host,
        arguments.port,
        limit=HEAD_BYTES_MAX,
    )
    print(f"Till: http://{arguments.host}:{arguments.port}/", flush=True)  # noqa: T201 - a program tells where it is
    practice = asyncio.create_task(
        till.practise([] if known else arguments.customer, state=arguments.state)
    )
    await stop.wait()
    practice.cancel()
    server.close()
    if known is not None or practice.done():
        keeping.write(arguments.state, till.known())


def main() -> None:
    """Read the command line; the secret comes by the environment."""
    parser = argparse.ArgumentParser(prog="sandbox.offline_till", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8783)
    parser.add_argument("--partner-url", required=True, help="where the programme takes operations")
    parser.add_argument("--state", type=Path, help="a file that outlives the program")
    parser.add_argument("--customer", action="append", default=[], help="a card, repeatable")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
