"""The secret key of an installation that was given none."""

import os
import secrets
from dataclasses import replace

from hansa.runtime.settings import Secret, Settings


def with_secret_key(settings: Settings) -> Settings:
    """Give the settings a secret key if they have none.

    The one kept in `data_dir`, made at first use.
    """
    if settings.secret_key:
        return settings
    path = settings.data_dir / "secret_key"
    try:
        key = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"secret_key.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)  # fails when another process was first: its key counts
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        key = path.read_text(encoding="ascii").strip()
    sources = {**settings.sources, "secret_key": f"file {path}"}
    return replace(settings, secret_key=Secret(key), sources=sources)
