"""What every command stands on: the settings, and a database that runs."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from hansa.assembly.following import APART
from hansa.runtime.database.checks import ensure_database_fit
from hansa.runtime.database.embedded import EmbeddedServer
from hansa.runtime.secret_key import with_secret_key
from hansa.runtime.settings import Settings, SettingsInvalid, load_settings
from hansa.runtime.sizing import postgres_parameters, this_machine

__all__ = ["Installation", "installation", "read_settings", "without_database"]


@dataclass(frozen=True, kw_only=True)
class Installation:
    """Complete settings (`database_url`, `secret_key` too) and how to keep the database running."""

    settings: Settings
    keep_database: Callable[[], object] | None

    @property
    def dsn(self) -> str:
        """Address of the database."""
        assert self.settings.database_url is not None, "an installation has a database"
        return self.settings.database_url


def read_settings(defaults: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of this process; `defaults` stand behind environment and file.

    Raises:
        SettingsInvalid: one is unknown or wrong.
    """
    settings = load_settings(os.environ, directory=Path.cwd())
    if not APART.issuperset(settings.parts_apart):
        raise SettingsInvalid(
            f"parts_apart is {', '.join(settings.parts_apart)}: "
            f"expected some of {', '.join(sorted(APART))}"
        )
    unset = {
        name: value
        for name, value in (defaults or {}).items()
        if settings.sources[name] == "default"
    }
    if not unset:
        return settings
    environ = {**os.environ, **{f"HANSA_{name.upper()}": value for name, value in unset.items()}}
    return load_settings(environ, directory=Path.cwd())


@contextlib.contextmanager
def without_database(settings: Settings) -> Iterator[Installation]:
    """Have what a process needs that keeps nothing: the front before several cells."""
    settings = with_secret_key(replace(settings, data_dir=settings.data_dir.resolve()))
    yield Installation(settings=settings, keep_database=None)


@contextlib.contextmanager
def installation(settings: Settings, *, migrated: bool = True) -> Iterator[Installation]:
    """Have a fit database for the length of the block, the configured or our own in `data_dir`.

    Raises:
        DatabaseUnfit: it cannot serve; with `migrated`, also when it lacks a migration.
        PostgresFailed: the embedded server does not start.
    """
    settings = with_secret_key(replace(settings, data_dir=settings.data_dir.resolve()))
    if settings.database_url is not None:
        ensure_database_fit(settings.database_url, migrated=migrated)
        yield Installation(settings=settings, keep_database=None)
        return
    server = EmbeddedServer(
        settings.data_dir,
        postgres_parameters(this_machine(), is_followed=settings.database_is_followed),
    )
    dsn = server.acquire()
    try:
        ensure_database_fit(dsn, migrated=migrated)
        yield Installation(
            settings=replace(settings, database_url=dsn), keep_database=server.ensure_running
        )
    finally:
        server.release()
