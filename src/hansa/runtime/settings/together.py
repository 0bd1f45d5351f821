"""What settings must fulfil together, beyond what each says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hansa.runtime.settings.cells import check_cells
from hansa.runtime.settings.source import DEFAULT, SettingsInvalid, variable

if TYPE_CHECKING:
    from hansa.runtime.settings import Settings

SECRET_KEY_CHARACTERS_MIN = 32


def check_together(settings: Settings) -> None:
    """Prove that the settings make sense beside each other.

    Raises:
        SettingsInvalid: they do not; the text says which and what is expected.
    """
    if settings.environment == "production":
        for name in ("secret_key", "public_url", "database_url"):
            is_front = name == "database_url" and bool(settings.loyalty_cells)  # it keeps nothing
            if settings.sources[name] == DEFAULT and not is_front:
                raise SettingsInvalid(
                    f"{name} is not set, and in production it has no default: set {variable(name)}"
                )
    secret = settings.secret_key.reveal()
    if secret and len(secret) < SECRET_KEY_CHARACTERS_MIN:
        raise SettingsInvalid(
            f"secret_key from {settings.sources['secret_key']} has {len(secret)} characters: "
            f"expected at least {SECRET_KEY_CHARACTERS_MIN}"
        )
    if not settings.languages:
        raise SettingsInvalid("languages is empty: expected at least one, such as ru,en")
    check_cells(settings)
    if settings.parts_apart and not settings.kafka_servers:
        raise SettingsInvalid(
            f"parts_apart is {', '.join(settings.parts_apart)}, and nothing carries events from "
            f"one database to the other: set {variable('kafka_servers')}"
        )
