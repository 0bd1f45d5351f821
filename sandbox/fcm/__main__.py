"""Run the simulated Firebase until SIGTERM or Ctrl-C."""

import argparse
import asyncio
import contextlib
from pathlib import Path

from sandbox.fcm.project import Project
from sandbox.fcm.service import Service
from sandbox.push.program import serve


def main() -> None:
    """Read the command line; write the service account to send with."""
    parser = argparse.ArgumentParser(prog="sandbox.fcm", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8782)
    parser.add_argument("--project", default="practice")
    parser.add_argument("--account", help="file that gets the service account")
    parser.add_argument("--telephone", action="append", default=[], help="name, repeatable")
    given = parser.parse_args()
    project = Project(given.project, f"http://{given.host}:{given.port}")
    for name in given.telephone:
        project.add(name)
    if given.account:
        Path(given.account).write_text(project.account(), encoding="utf-8")
    service = Service(project)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve("Firebase", service.answer, host=given.host, port=given.port))


if __name__ == "__main__":
    main()
