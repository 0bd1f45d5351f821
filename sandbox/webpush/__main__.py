"""Run the simulated push service until SIGTERM or Ctrl-C."""

import argparse
import asyncio
import contextlib
from pathlib import Path

from sandbox import keeping
from sandbox.push.program import serve
from sandbox.webpush.browsers import KeptBrowsers
from sandbox.webpush.service import Service


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="sandbox.webpush", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8781)
    parser.add_argument("--browser", action="append", default=[], help="name, repeatable")
    parser.add_argument("--browsers", type=Path, help="file of browsers that were made elsewhere")
    given = parser.parse_args()
    service = Service(origin=f"http://{given.host}:{given.port}")
    for name in given.browser:
        service.browsers.add(name)
    kept = keeping.read(given.browsers, KeptBrowsers) or KeptBrowsers()
    for one in kept.browsers:
        service.browsers.restore(one)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve("Web Push", service.answer, host=given.host, port=given.port))


if __name__ == "__main__":
    main()
