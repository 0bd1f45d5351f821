"""Run the simulated CRM until SIGTERM or Ctrl-C."""

import argparse
import asyncio
import contextlib
import os
import signal
from functools import partial
from pathlib import Path

from sandbox.acquirer.wire import HEAD_BYTES_MAX, serve_connection
from sandbox.retailcrm import keeping
from sandbox.retailcrm.service import Service


async def run(*, host: str, port: int, key: str, state: Path | None) -> None:
    """Serve until told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    service = Service(keys=(key,), books=keeping.read(state), state=state)
    server = await asyncio.start_server(
        partial(serve_connection, service.answer), host, port, limit=HEAD_BYTES_MAX
    )
    print(f"RetailCRM: http://{host}:{port}/", flush=True)  # noqa: T201 - a program tells where it is
    await stop.wait()
    server.close()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="sandbox.retailcrm", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8794)
    parser.add_argument("--state", type=Path, help="file that keeps everything over restarts")
    parser.add_argument(
        "--key",
        default=os.environ.get("RETAILCRM_KEY", "practice-key"),
        help="the key programs call with; better given as RETAILCRM_KEY in the environment",
    )
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(
            run(
                host=arguments.host,
                port=arguments.port,
                key=arguments.key,
                state=arguments.state,
            )
        )


if __name__ == "__main__":
    main()
