"""The command `hansa`.

Finds the commands of `hansa.assembly.commands` and loads only the one that is called.
"""

from __future__ import annotations

import os
import sys

import click
import psycopg

from hansa.assembly.commands.group import hansa
from hansa.kernel.errors import HansaError
from hansa.runtime.settings import SettingsInvalid

__all__ = ["main"]

EXIT_FAILED = 1
EXIT_MISUSED = 2


def main() -> None:
    """Run the command line; say what went wrong in a sentence, not in a traceback."""
    try:
        hansa.main(prog_name="hansa", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except SettingsInvalid as error:
        _fail(str(error), code=EXIT_MISUSED)
    except (HansaError, psycopg.OperationalError, RuntimeError, OSError) as error:
        if os.environ.get("HANSA_LOG_LEVEL") == "debug":
            raise
        _fail(str(error) or type(error).__name__, code=EXIT_FAILED)


def _fail(sentence: str, *, code: int) -> None:
    click.echo(f"hansa: {sentence}", err=True)
    sys.exit(code)
