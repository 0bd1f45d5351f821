"""Every setting of Hansa: its name, type, unit, default and meaning.

A setting `http_port` is read from the environment variable `HANSA_HTTP_PORT`, else from the key
`http_port` of the TOML file named by `HANSA_CONFIG` (or `./hansa.toml` when it exists), else it has
its default. A wrong or unknown one stops the start. `hansa check settings` prints them all with
where each comes from.
"""

from hansa.runtime.settings.source import Secret, SettingsInvalid
from hansa.runtime.settings.whole import Settings, load_settings, to_environment

__all__ = [
    "Secret",
    "Settings",
    "SettingsInvalid",
    "load_settings",
    "to_environment",
]
