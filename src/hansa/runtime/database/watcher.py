"""Stop an embedded PostgreSQL once its last user is gone, however that user went.

A separate, tiny program on the standard library alone, started by `hansa.runtime.database.embedded`
by its path. Every user of the server holds a shared lock on `users.lock`; the kernel drops that
lock even after `kill -9`. This program waits for the exclusive lock: having it means nobody is
left.
"""

import fcntl
import os
import subprocess
import sys
from pathlib import Path


def main(home: Path, account: str, stop_command: list[str]) -> None:
    """Go on duty in the background, wait until `users.lock` is free, run `stop_command`, leave.

    `watcher.lock` tells others that a watcher is on duty. It is taken before the caller is let go,
    and given back before `users.lock`, so that whoever gets the shared lock next sees truly whether
    a new watcher is needed.
    """
    with (home / "watcher.lock").open("a") as duty, (home / "users.lock").open("a") as users:
        try:
            fcntl.flock(duty, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        if os.fork() != 0:
            os._exit(0)  # the child shares the lock just taken and is nobody's zombie
        os.setsid()
        fcntl.flock(users, fcntl.LOCK_EX)
        if (home / "cluster" / "postmaster.pid").exists():
            stop(account, stop_command)
        fcntl.flock(duty, fcntl.LOCK_UN)


def stop(account: str, command: list[str]) -> None:
    """Run the command that stops the server, as its account (`uid:gid`, or empty: ourselves)."""
    user, _, group = account.partition(":")
    subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
        user=int(user) if user else None,
        group=int(group) if group else None,
    )


if __name__ == "__main__":
    os.chdir("/")
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
