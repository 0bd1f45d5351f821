"""Types, lint, format and layers hold for the whole tree."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.codebase.sources import FOLDERS, ROOT

SCRIPTS = Path(sys.executable).parent
TOOLS = {
    "ruff check": [str(SCRIPTS / "ruff"), "check", "--quiet", "--output-format=concise", "."],
    "ruff format": [str(SCRIPTS / "ruff"), "format", "--check", *FOLDERS, "prepare.py"],
    "mypy": [str(SCRIPTS / "mypy")],
    "import-linter": [str(SCRIPTS / "lint-imports"), "--no-cache"],
}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("tool", TOOLS)
def test_tool_finds_nothing(tool: str) -> None:
    done = subprocess.run(TOOLS[tool], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, f"\n{done.stdout}\n{done.stderr}"
