"""Where Chromium is: the machine's own, else the one Playwright installed."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

__all__ = ["LAUNCH_ARGUMENTS", "find_chromium"]

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LAUNCH_ARGUMENTS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu")


def find_chromium() -> Path | None:
    """Answer the path of the browser's program, or None.

    `CHROMIUM` in the environment goes first.
    """
    named = os.environ.get("CHROMIUM")
    if named:
        return Path(named) if os.access(named, os.X_OK) else None
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return Path(found)
    folder = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or "~/.cache/ms-playwright")
    for program in sorted(folder.expanduser().glob("chromium*-*/chrome*-linux*/*"), reverse=True):
        if program.name in {"chrome", "headless_shell", "chrome-headless-shell"}:
            return program
    return None


if __name__ == "__main__":
    path = find_chromium()
    if path is None:
        sys.exit("there is no Chromium")
    sys.stdout.write(f"{path}\n")
