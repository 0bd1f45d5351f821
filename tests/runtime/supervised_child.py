"""A role.

Says that it runs, finishes its work in hand on SIGTERM, and may have a worker process of its own.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

from hansa.runtime.supervision import die_with_parent, is_stopping

directory, name = Path(sys.argv[1]), sys.argv[2]
options = sys.argv[3:]
if name == "web-worker":
    die_with_parent()


def finish(*_: object) -> None:
    with (directory / "ends").open("a") as ends:
        ends.write(f"{name} stopping={is_stopping()}\n")
    if not (directory / "stubborn").exists():
        sys.exit(0)


signal.signal(signal.SIGTERM, finish)
if "with-worker" in options:
    subprocess.Popen([sys.executable, __file__, str(directory), "web-worker"])
with (directory / "starts").open("a") as starts:
    starts.write(f"{name} {os.getpid()} stopping={is_stopping()}\n")
print(f"{name} runs", flush=True)
while True:
    signal.pause()
