"""All settings as one value, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from hansa.runtime.settings import source
from hansa.runtime.settings.cells import CellSettings
from hansa.runtime.settings.installation import Database, Files, General
from hansa.runtime.settings.shop import Exchange, Payments, Shop
from hansa.runtime.settings.telling import Chats, Notifications, Outbound, Webhooks
from hansa.runtime.settings.together import check_together
from hansa.runtime.settings.web import Accounts, Web
from hansa.runtime.settings.work import Work

EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound to


@dataclass(frozen=True, kw_only=True)
class Settings(
    CellSettings,
    Webhooks,
    Outbound,
    Files,
    Work,
    Exchange,
    Notifications,
    Chats,
    Payments,
    Shop,
    Accounts,
    Web,
    Database,
    General,
):
    """All settings, checked. Sizes left unset are derived from the machine.

    One flat value: everybody reads `settings.http_port`. Fields of the last base come first, hence
    the order.
    """

    sources: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def files_url(self) -> str:
        """Where files are kept, default resolved: a folder's path or an `s3://` address."""
        return self.storage_url or str(self.data_dir / "files")

    @property
    def is_apart(self) -> bool:
        """Whether this is a part that writes to a database of its own."""
        return self.part in self.parts_apart


def load_settings(environ: Mapping[str, str], *, directory: Path) -> Settings:
    """Read the settings from `environ` and the TOML file it names, or `hansa.toml` in `directory`.

    Raises:
        SettingsInvalid: a setting is unknown or wrong; the text says which, where from and what is
        expected.
    """
    values, sources = source.read(Settings, environ, directory=directory)
    settings = Settings(**values, sources=sources)
    if sources["public_url"] == source.DEFAULT and settings.environment != "production":
        host = "127.0.0.1" if settings.http_host in EVERY_ADDRESS else settings.http_host
        settings = replace(settings, public_url=f"http://{host}:{settings.http_port}")
    check_together(settings)
    return settings


def to_environment(settings: Settings) -> dict[str, str]:
    """Write settings as environment variables, secrets too.

    What a supervisor hands to its roles.
    """
    return {
        description.variable: source.written(getattr(settings, description.name))
        for description in source.describe(Settings)
    }
