"""Run the simulated marketplace until SIGTERM or Ctrl-C."""

import argparse
import asyncio
import contextlib
import os
import signal
from functools import partial
from pathlib import Path

from sandbox import keeping
from sandbox.acquirer.wire import HEAD_BYTES_MAX, serve_connection
from sandbox.fashion_marketplace.market import Market
from sandbox.fashion_marketplace.service import Service


async def run(arguments: argparse.Namespace) -> None:
    """Serve until told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    market = keeping.read(arguments.state, Market)
    if market is None:
        market = Market()
        market.practise(arguments.customer)
        keeping.write(arguments.state, market)
    service = Service(token=os.environ.get("MARKETPLACE_TOKEN", "practice-token"), market=market)
    server = await asyncio.start_server(
        partial(serve_connection, service.answer),
        arguments.host,
        arguments.port,
        limit=HEAD_BYTES_MAX,
    )
    print(f"Marketplace: http://{arguments.host}:{arguments.port}/", flush=True)  # noqa: T201 - a program tells where it is
    await stop.wait()
    server.close()
    keeping.write(arguments.state, market)


def main() -> None:
    """Read the command line; the token comes by the environment."""
    parser = argparse.ArgumentParser(prog="sandbox.fashion_marketplace", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8781)
    parser.add_argument("--state", type=Path, help="a file that outlives the program")
    parser.add_argument("--customer", action="append", default=[], help="a telephone, repeatable")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
