"""The reference pages of `docs/reference`, written from the code: `make docs`."""

from __future__ import annotations

import importlib
import inspect
import sys
from functools import cache
from pathlib import Path

import click

from hansa.assembly.commands.group import COMMANDS, hansa
from hansa.assembly.modules import SURFACES, all_modules
from hansa.runtime.module import Module
from hansa.runtime.settings.reference import settings_reference

__all__ = ["pages"]

FOOT = "\nWritten by `make docs`; do not edit.\n"


@cache
def pages() -> dict[str, str]:
    """Write every page; the key is its file name."""
    modules = {f"module-{module.name}.md": _module_page(module) for module in all_modules()}
    return {
        "README.md": _index([module.name for module in all_modules()]),
        "commands.md": _commands_page(),
        "settings.md": settings_reference(),
        **modules,
    }


def _index(names: list[str]) -> str:
    lines = ["# Reference", "", "- [Settings](settings.md)", "- [Commands](commands.md)"]
    lines += [f"- Module [{name}](module-{name}.md)" for name in names]
    return "\n".join(lines) + "\n" + FOOT


def _module_page(module: Module) -> str:
    package = "surfaces" if module in SURFACES else "modules"
    loaded = importlib.import_module(f"hansa.{package}.{module.name}")
    parts = [f"# {module.name}", "", inspect.cleandoc(loaded.__doc__ or ""), ""]
    public = getattr(loaded, "__all__", ())
    if public:
        parts += ["## For other modules", "", "| name | what |", "| --- | --- |"]
        parts += [f"| `{name}` | {_first_line(getattr(loaded, name, None))} |" for name in public]
        parts.append("")
    if module.permissions:
        parts += ["## Permissions", "", "| code | allows |", "| --- | --- |"]
        parts += [f"| `{each.code}` | {each.title} |" for each in module.permissions]
        parts.append("")
    if module.features:
        parts += ["## Features that can be on for some", "", "| code | what |", "| --- | --- |"]
        parts += [f"| `{each.code}` | {each.title} |" for each in module.features]
        parts.append("")
    if module.jobs:
        parts += ["## Jobs", "", "| type | what | tries again |", "| --- | --- | --- |"]
        parts += [
            f"| `{each.job.type}` | {_first_line(each.job)} | {each.retries} |"
            for each in module.jobs
        ]
        parts.append("")
    if module.periodic:
        parts += ["## By the clock (UTC)", "", "| when | job |", "| --- | --- |"]
        parts += [f"| `{each.cron}` | `{each.job.type}` |" for each in module.periodic]
        parts.append("")
    if module.subscriptions:
        parts += ["## Listens to", "", "| subscription | events |", "| --- | --- |"]
        for each in module.subscriptions:
            types = ", ".join(f"`{event.type}`" for event in each.events)
            parts.append(f"| `{each.name}` | {types} |")
        parts.append("")
    if module.checks:
        parts += [f"## Checks (`hansa check {module.name}`)", ""]
        parts += [f"- {each.name}" for each in module.checks]
        parts.append("")
    return "\n".join(parts) + FOOT


def _first_line(thing: object) -> str:
    if not (inspect.isclass(thing) or inspect.isroutine(thing)):
        return ""
    text = inspect.getdoc(thing) or ""
    return text.splitlines()[0].replace("|", "\\|") if text else ""


def _commands_page() -> str:
    parts = ["# Commands", ""]
    context = click.Context(hansa, info_name="hansa", max_content_width=90, terminal_width=90)
    for name in COMMANDS:
        command = hansa.get_command(context, name)
        if command is None or command.hidden:
            continue
        parts += _command(command, click.Context(command, context, info_name=name))
    return "\n".join(parts) + FOOT


def _command(command: click.Command, context: click.Context) -> list[str]:
    context.terminal_width = context.max_content_width = 90
    parts = [f"## {context.command_path}", "", "```text", command.get_help(context), "```", ""]
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            parts += _command(inner, click.Context(inner, context, info_name=name))
    return parts


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    written = pages()
    for left in set(folder.glob("*.md")) - {folder / name for name in written}:
        left.unlink()
    for file_name, text in written.items():
        (folder / file_name).write_text(text, encoding="utf-8")
