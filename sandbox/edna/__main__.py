"""Run the simulated EDNA until SIGTERM or Ctrl-C."""

import argparse
import asyncio
import contextlib
import os

from sandbox.edna.cascades import Cascades
from sandbox.edna.service import Service
from sandbox.push.program import serve


def main() -> None:
    """Read the command line; the key comes by the environment."""
    parser = argparse.ArgumentParser(
        prog="sandbox.edna", description=__doc__, epilog="EDNA_API_KEY is read from there."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8783)
    parser.add_argument("--cascade", type=int, default=1)
    parser.add_argument("--callback", default="", help="where statuses go")
    given = parser.parse_args()
    cascades = Cascades(
        os.environ.get("EDNA_API_KEY", "practice-key"),
        frozenset({given.cascade}),
        callback_url=given.callback,
    )
    service = Service(cascades, tells=True)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve("EDNA", service.answer, host=given.host, port=given.port))


if __name__ == "__main__":
    main()
