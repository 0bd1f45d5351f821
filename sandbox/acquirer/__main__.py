"""Run the simulated acquirer until SIGTERM or Ctrl-C."""

import argparse
import asyncio
import contextlib
import os
import signal
from functools import partial

from sandbox.acquirer.ledger import Ledger
from sandbox.acquirer.notices import Notices
from sandbox.acquirer.service import Service
from sandbox.acquirer.wire import HEAD_BYTES_MAX, serve_connection


async def run(
    *, host: str, port: int, secret: str, public_url: str | None, state: str | None
) -> None:
    """Serve until told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    service = Service(
        ledger=Ledger.open(state),
        notices=Notices(secret.encode()),
        secret=secret,
        public_url=(public_url or f"http://{host}:{port}").rstrip("/"),
    )
    server = await asyncio.start_server(
        partial(serve_connection, service.answer), host, port, limit=HEAD_BYTES_MAX
    )
    print(f"Acquirer: http://{host}:{port}/", flush=True)  # noqa: T201 - a program tells where it is
    await stop.wait()
    server.close()
    await service.notices.close()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="sandbox.acquirer", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8790)
    parser.add_argument("--state", help="file that keeps payments over restarts")
    parser.add_argument("--public-url", help="address of the payment page for browsers")
    parser.add_argument(
        "--secret",
        default=os.environ.get("ACQUIRER_SECRET", "practice-secret"),
        help="shared with the shop; better given as ACQUIRER_SECRET in the environment",
    )
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(
            run(
                host=arguments.host,
                port=arguments.port,
                secret=arguments.secret,
                public_url=arguments.public_url,
                state=arguments.state,
            )
        )


if __name__ == "__main__":
    main()
