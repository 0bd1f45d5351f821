"""`hansa bench`: run the benchmarks of the source tree."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click

import hansa

__all__ = ["bench"]


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def bench(arguments: tuple[str, ...]) -> None:
    """Measure, and write a table and JSON; ARGUMENTS are passed on (`--help` lists them)."""
    root = Path(hansa.__file__).parents[2]
    if not (root / "benchmarks" / "__main__.py").is_file():
        raise click.ClickException("the benchmarks come with the source tree, not with the package")
    done = subprocess.run([sys.executable, "-m", "benchmarks", *arguments], cwd=root, check=False)
    sys.exit(done.returncode)
