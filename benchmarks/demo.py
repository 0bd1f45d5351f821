"""The demo as a visitor meets it: its second start, and what Lighthouse says of three pages.

`python -m benchmarks.demo [--data-dir DIR] [--runs 3] [--lighthouse PROGRAM] [--json FILE]`

Starts `hansa demo` once so that there is something to start a second time (minutes, unless the
folder holds a demo already), stops it, starts it again and asks for the front page until it
answers. Then Lighthouse looks at home, a listing and a product as a slow telephone does (its mobile
profile); the median of the runs counts. Lighthouse is the npm package, installed into a temporary
folder without running any scripts; without node, npm or Chromium this part is left out and said so.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.buying import free_port
from benchmarks.scratch import scratch_directory

LIGHTHOUSE = "lighthouse@12.8.2"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
FIRST_START_SECONDS_MAX = 1800
SECOND_START_SECONDS_MAX = 120
CHROMIUM_FLAGS = "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage"
FOUND_MAX = 12
ATTEMPTS = 3


@contextlib.contextmanager
def demo(data_dir: Path, *, seconds_max: float) -> Iterator[tuple[str, float]]:
    """Run the demo; give its address and how long it took to the first page."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    began = time.perf_counter()
    with (data_dir.parent / "demo.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "hansa", "demo", "--port", str(port)],
            env={**os.environ, "HANSA_DATA_DIR": str(data_dir)},
            stdout=log,
            stderr=log,
        )
        try:
            wait_for_page(f"{address}/ru/", process, began + seconds_max)
            yield address, time.perf_counter() - began
        finally:
            process.terminate()
            process.wait(timeout=60)


def wait_for_page(address: str, process: subprocess.Popen[bytes], give_up_at: float) -> None:
    """Ask until the page answers."""
    while time.perf_counter() < give_up_at:
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(address, timeout=10) as answer,
        ):
            if answer.status == 200 and b"</html>" in answer.read():
                return
        if process.poll() is not None:
            raise SystemExit(f"the demo ended with code {process.returncode}")
        time.sleep(0.05)
    raise SystemExit("the demo showed no page in time")


def pages(address: str) -> dict[str, str]:
    """Choose the three pages: a department and the first product of it."""
    home = read(f"{address}/ru/")
    listing = re.search(r'href="(/ru/c/[^"?]+)"', home)
    assert listing is not None, "the front page leads nowhere"
    product = re.search(r'href="(/ru/p/[^"?]+)"', read(address + listing[1]))
    assert product is not None, "the department is empty"
    return {
        "home": f"{address}/ru/",
        "listing": address + listing[1],
        "product": address + product[1],
    }


def read(address: str) -> str:
    """Give the text of a page."""
    with urllib.request.urlopen(address, timeout=30) as answer:
        return str(answer.read().decode())


def install_lighthouse(folder: Path) -> list[str] | None:
    """Install Lighthouse into a folder and give its command; None if that cannot be done."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        return None
    done = subprocess.run(
        [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", LIGHTHOUSE],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        print(f"Lighthouse was not installed: {done.stderr.strip()[-300:]}", file=sys.stderr)
        return None
    return [node, str(folder / "node_modules" / "lighthouse" / "cli" / "index.js")]


def look(command: list[str], chromium: str, address: str, folder: Path) -> dict[str, Any]:
    """Let Lighthouse look at a page once; give its report."""
    target = folder / "report.json"
    for _ in range(ATTEMPTS):  # now and then Chromium loses the beginning of its own trace
        target.unlink(missing_ok=True)
        subprocess.run(
            [*command, address, f"--chrome-flags={CHROMIUM_FLAGS}", "--output=json", "--quiet",
             f"--output-path={target}", f"--only-categories={','.join(CATEGORIES)}"],
            env={**os.environ, "CHROME_PATH": chromium}, check=False, timeout=300,
        )  # fmt: skip
        report: dict[str, Any] = json.loads(target.read_text()) if target.exists() else {}
        if report and "runtimeError" not in report:
            return report
    raise SystemExit(f"Lighthouse gave no report of {address}")


def scores(report: dict[str, Any]) -> dict[str, float]:
    """Read the four marks, of a hundred."""
    return {one: round(100 * (report["categories"][one]["score"] or 0)) for one in CATEGORIES}


def complaints(report: dict[str, Any]) -> list[str]:
    """Name the audits that were not passed and weigh something."""
    weights = {
        audit["id"]: audit["weight"]
        for category in report["categories"].values()
        for audit in category["auditRefs"]
    }
    failed = [
        audit
        for audit in report["audits"].values()
        if audit["score"] is not None and audit["score"] < 0.9 and weights.get(audit["id"])
    ]
    return [f"{one['id']}: {one.get('displayValue') or one['title']}" for one in failed][:FOUND_MAX]


def judge(address: str, *, runs: int, program: str | None, folder: Path) -> dict[str, Any]:
    """Look at each page several times; give the medians and what was found in the last."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    command = [program] if program else install_lighthouse(folder)
    if chromium is None or command is None:
        return {"lighthouse_left_out": "it needs node, npm and Chromium"}
    found: dict[str, Any] = {"lighthouse": {}, "lighthouse_found": {}}
    for name, page in pages(address).items():
        reports = [look(command, chromium, page, folder) for _ in range(runs)]
        seen = [scores(report) for report in reports]
        found["lighthouse"][name] = {
            one: statistics.median(each[one] for each in seen) for one in CATEGORIES
        }
        found["lighthouse_found"][name] = complaints(reports[-1])
        print(f"{name:<10}{found['lighthouse'][name]}  {found['lighthouse_found'][name]}")
    return found


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, help="of a demo that is not running")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--lighthouse", help="the program, if it is installed")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    result: dict[str, Any] = {}
    with scratch_directory() as folder:
        data_dir = options.data_dir or folder / "demo"
        if not data_dir.exists():
            with demo(data_dir, seconds_max=FIRST_START_SECONDS_MAX) as (_, seconds):
                result["first_start_seconds"] = round(seconds, 1)
                print(f"first start: {seconds:.1f} s to the first page")
        with demo(data_dir, seconds_max=SECOND_START_SECONDS_MAX) as (address, seconds):
            result["second_start_seconds"] = round(seconds, 1)
            print(f"second start: {seconds:.1f} s to the first page")
            result |= judge(
                address, runs=options.runs, program=options.lighthouse, folder=Path(folder)
            )
    if options.json:
        options.json.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    marks = [mark for page in result.get("lighthouse", {}).values() for mark in page.values()]
    is_good = result["second_start_seconds"] < 10 and all(mark >= 95 for mark in marks)
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    main()
