"""A supervisor with three programs.

A worker, one with a worker of its own, one that holds on; for `test_supervision.py`.
"""

import asyncio
import sys
from pathlib import Path

from hansa.runtime.supervision import Program, Supervisor

DIRECTORY = Path(sys.argv[1])
CHILD = str(Path(__file__).with_name("supervised_child.py"))


def child(name: str, *arguments: str) -> Program:
    command = [sys.executable, CHILD, str(DIRECTORY), name, *arguments]
    return Program(name=name, command=command, stage=1 if name == "sandbox" else 0)


async def started() -> None:
    print("supervising", flush=True)


asyncio.run(
    Supervisor(
        [child("web", "with-worker"), child("relay"), child("sandbox")],
        grace_seconds=float(sys.argv[2]),
    ).run(started=started)
)
print("all stopped", flush=True)
