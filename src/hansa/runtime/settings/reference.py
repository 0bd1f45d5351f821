"""The reference page of all settings, written from their declarations."""

from __future__ import annotations

from itertools import groupby

from hansa.runtime.settings import Settings
from hansa.runtime.settings.source import describe

__all__ = ["settings_reference"]

HEAD = """# Settings

Each is read from the environment variable named here, else from the key of the same name without
`HANSA_`, in small letters, of the TOML file that `HANSA_CONFIG` names (or `hansa.toml` in the
working directory), else it has its default. A wrong or unknown one stops the start. `hansa check
settings` shows what is in force and where each comes from.

Written by `make docs`; do not edit.
"""
TABLE_HEAD = "| variable | expected | default | meaning |\n| --- | --- | --- | --- |\n"


def settings_reference() -> str:
    """Write the page."""
    parts = [HEAD]
    for section, settings in groupby(describe(Settings), key=lambda each: each.section):
        parts.append(f"\n## {section}\n\n{TABLE_HEAD}")
        parts.extend(
            f"| `{each.variable}` | {each.expected} | {_code(each.default)} | {each.meaning} |\n"
            for each in settings
        )
    return "".join(parts)


def _code(text: str) -> str:
    return text if text.startswith("derived") or not text else f"`{text}`"
