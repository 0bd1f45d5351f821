"""Run the benchmarks and tell in one table what was reached.

`python -m benchmarks [NAME ...] [--quick] [--list]`, also `make bench` and `hansa bench`.

Each benchmark is a program of its own that ends by itself and asks nobody but this machine; it
writes JSON, and what is to be compared is read from there. Everything goes to
`benchmarks/results/`: one file for each benchmark and `summary.json` with the table. Without names
all of them run, which takes about half an hour; `--quick` takes minutes and shows whether they
work, not how fast anything is.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.comparing import Figure
from benchmarks.figures import BENCHMARKS, Benchmark

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "results"
COLUMNS = ("measure", "figure", "target or peer of the same run", "ratio", "verdict")


def available() -> list[Benchmark]:
    """Give the benchmarks whose program is there."""
    return [one for one in BENCHMARKS if find_spec(f"benchmarks.{one.program}") is not None]


def run(benchmark: Benchmark, *, quick: bool) -> tuple[list[Figure], str | None]:
    """Run one; give its figures and, if it failed, why."""
    target = RESULTS / f"{benchmark.name}.json"
    target.unlink(missing_ok=True)
    arguments = benchmark.quick if quick else benchmark.usual
    command = [sys.executable, "-m", f"benchmarks.{benchmark.program}", *arguments]
    print(f"--- {benchmark.name}: {benchmark.what}", flush=True)
    began = time.monotonic()
    done = subprocess.run([*command, "--json", str(target)], cwd=ROOT, check=False)
    print(f"--- {time.monotonic() - began:.0f} s\n", flush=True)
    if not target.exists():
        return [], f"ended with code {done.returncode} and without figures"
    return read(benchmark)


def read(benchmark: Benchmark) -> tuple[list[Figure], str | None]:
    """Give the figures one wrote, and why there are none."""
    written = RESULTS / f"{benchmark.name}.json"
    if not written.exists():
        return [], "not run"
    return benchmark.read(json.loads(written.read_text())), None


def machine() -> dict[str, Any]:
    """Describe what the figures were measured on."""
    info = Path("/proc/cpuinfo")
    models = [
        line.partition(":")[2].strip()
        for line in (info.read_text().splitlines() if info.exists() else [])
        if line.startswith("model name")
    ]
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "processor": models[0] if models else platform.processor(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {
            name: version(name) for name in ("litestar", "granian", "psycopg", "jinja2", "uvloop")
        },
        "load_before": os.getloadavg()[0],
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def table(rows: Sequence[Sequence[str]]) -> str:
    """Lay rows out under the columns, as Markdown."""
    widths = [max(len(row[n]) for row in [COLUMNS, *rows]) for n in range(len(COLUMNS))]
    lines = [
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))} |"
        for row in [COLUMNS, *rows]
    ]
    lines.insert(1, f"| {' | '.join('-' * width for width in widths)} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for, print the table, write the files; 1 if a target was missed."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="which; all if none is given")
    parser.add_argument("--quick", action="store_true", help="short runs: do they work at all")
    parser.add_argument("--again", action="store_true",
                        help="run nothing: tell what the last run of each wrote")  # fmt: skip
    parser.add_argument("--list", action="store_true", help="name them and end")
    options = parser.parse_args(arguments)
    known = available()
    if options.list:
        for one in known:
            print(f"{one.name:<16}{one.what}")
        return 0
    unknown = set(options.names) - {one.name for one in known}
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are "
                     f"{', '.join(one.name for one in known)}")  # fmt: skip
    RESULTS.mkdir(exist_ok=True)
    summary: dict[str, Any] = {"quick": options.quick, "machine": machine(), "figures": []}
    rows: list[Sequence[str]] = []
    for one in known:
        if options.names and one.name not in options.names:
            continue
        if options.again:
            figures, failure = read(one)
        else:
            figures, failure = run(one, quick=options.quick)
        rows.extend(figure.row() for figure in figures)
        summary["figures"] += [{"benchmark": one.name, **figure.told()} for figure in figures]
        if failure is not None:
            rows.append((one.name, failure, "", "", "failed"))
            summary["figures"].append({"benchmark": one.name, "failure": failure})
    (RESULTS / "summary.json").write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n")
    print(table(rows))
    print(f"\nwritten: {RESULTS.relative_to(ROOT)}/summary.json")
    return 0 if all(row[-1] in ("", "reached") for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
