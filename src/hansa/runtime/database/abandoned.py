"""Clusters of root that lie outside their data folders: each goes some time after its folder went.

A cluster and its data folder hold the same file by two names. A folder that was renamed or moved
still has it, so the number of names says whether the folder is gone. Where they lie on different
file systems there can be no such file; then nothing is ever removed, as a folder that is not there
may only be unmounted.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil

MARK = "data-folder"
BESIDE = "postgresql.held"
REMOVED_AFTER_SECONDS = 24 * 60 * 60.0
"""Long enough to notice that the wrong folder was removed, or to start what was copied away."""


@contextlib.contextmanager
def clusters_locked(root: Path) -> Iterator[None]:
    """One process at a time gives clusters to folders, or takes them away."""
    root.mkdir(mode=0o755, parents=True, exist_ok=True)
    with (root / "clusters.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def mark(cluster: Path, home: Path) -> None:
    """Note, in both, that a cluster belongs to the folder in which `home` is the link to it."""
    held, beside = cluster / MARK, home.with_name(BESIDE)
    with contextlib.suppress(OSError):
        if held.samefile(beside) and held.read_text() == str(home):
            return
    held.unlink(missing_ok=True)
    beside.unlink(missing_ok=True)
    beside.write_text(str(home))
    try:
        os.link(beside, held)
    except OSError:  # another file system, or one without a second name of a file
        beside.unlink()


def remove_abandoned(root: Path, *, now: float) -> None:
    """Remove clusters whose data folder has been gone for a day, and whose server does not run.

    Call it with the clusters locked. What has no mark is left alone.
    """
    for cluster in sorted(root.glob("cluster-*")):
        if _is_abandoned(cluster, now=now):
            shutil.rmtree(cluster, ignore_errors=True)  # what is left over is for a later start


def _is_abandoned(cluster: Path, *, now: float) -> bool:
    held = cluster / MARK
    try:
        state, home = held.lstat(), held.read_text()
    except OSError:
        return False
    # Losing a name is a change of the file: since then the folder is gone.
    if state.st_nlink > 1 or now - state.st_ctime < REMOVED_AFTER_SECONDS or os.path.lexists(home):
        return False
    with contextlib.ExitStack() as stack:
        for name in ("start.lock", "users.lock", "watcher.lock"):
            try:
                lock = stack.enter_context((cluster / name).open("a"))
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:  # somebody uses it
                return False
        return not _runs(cluster)


def _runs(cluster: Path) -> bool:
    try:
        pid = int((cluster / "cluster" / "postmaster.pid").read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return False
    return psutil.pid_exists(pid)  # another program's number by now: then at some later start
