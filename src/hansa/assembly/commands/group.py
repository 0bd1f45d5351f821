"""The group of all commands; it loads only the one that is called."""

from __future__ import annotations

import importlib

import click

from hansa import __version__

__all__ = ["COMMANDS", "hansa"]

# Name of the command -> module below hansa.assembly.commands, attribute there, and what it is for.
COMMANDS = {
    "demo": ("demo", "demo", "Try it: sample data, shop, back office and a sandbox 1C."),
    "serve": ("serve", "serve", "Run the shop: web, worker and relay under a supervisor."),
    "migrate": ("database", "migrate", "Bring the database to this release's tables."),
    "check": ("check", "check", "Prove the invariants; `check settings` shows the settings."),
    "market": ("market", "market", "Open the countries sold to."),
    "import": ("importing", "importing", "Load files of another system, such as 1C."),
    "rebuild": ("rebuild", "rebuild", "Make the search index or the counters of stock anew."),
    "repair": ("repair", "repair", "Put derived numbers of stock right; a dry run by default."),
    "user": ("users", "user", "Make and change accounts of staff."),
    "rollout": ("rollout", "rollout", "See and change for whom features are on."),
    "cells": ("cells", "cells", "Spread members over several databases."),
    "telegram": ("telegram", "telegram", "Connect the Telegram bot that asks shops."),
    "backup": ("database", "backup", "Write database and files into one archive."),
    "restore": ("database", "restore", "Put an archive into an empty installation."),
    "bench": ("bench", "bench", "Run the benchmarks."),
    "run-role": ("roles", "run_role", "Run one role in this process, without a supervisor."),
}


class _Commands(click.Group):
    """A group that imports a command when it is called: `hansa --help` needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order a newcomer needs them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load the command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        loaded = importlib.import_module(f"hansa.assembly.commands.{module}")
        command = getattr(loaded, attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, without loading them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, purpose) for name, (_, _, purpose) in COMMANDS.items()])


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Settings: environment variables HANSA_... or hansa.toml; see `hansa check settings`.",
)
@click.version_option(__version__, prog_name="hansa")
def hansa() -> None:
    """Hansa: a shop that sells only what is there, fed by 1C."""
