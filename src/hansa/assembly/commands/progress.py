"""Progress of what takes longer than two seconds.

A bar on a terminal, a line now and then elsewhere.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

__all__ = ["Meter", "progress"]

LINE_EVERY_SECONDS = 2.0


class Meter:
    """Shows how far some work has come. `total` may be unknown (None) or grow."""

    def __init__(self, title: str, bar: Progress | None) -> None:
        self._title = title
        self._bar = bar
        self._task: TaskID | None = bar.add_task(title, total=None) if bar is not None else None
        self._written_at = time.monotonic()

    def show(self, done: float, total: float | None = None, what: str = "") -> None:
        """Show that `done` of `total` is done, now being at `what`."""
        title = f"{self._title}: {what}" if what else self._title
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, total=total, description=title)
        elif time.monotonic() - self._written_at > LINE_EVERY_SECONDS:
            self._written_at = time.monotonic()
            share = f" {done / total:4.0%}" if total else ""
            click.echo(f"{title}{share}", err=True)


@contextlib.contextmanager
def progress(title: str) -> Iterator[Meter]:
    """Show the progress of the block on standard error."""
    console = Console(file=sys.stderr)
    if not console.is_terminal:
        yield Meter(title, None)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        yield Meter(title, bar)
