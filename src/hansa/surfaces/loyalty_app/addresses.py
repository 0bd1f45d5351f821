"""Addresses of the app's pages: every page stands once under each language."""

from collections.abc import Sequence

LANGUAGES = ("ru", "en")
ROOT = "/loyalty"


def in_each_language(path: str = "") -> list[str]:
    """Give the paths of a page: `/ru/loyalty/card`, `/en/loyalty/card`."""
    return [f"/{language}{ROOT}{path}" for language in LANGUAGES]


def alternates(path: str) -> Sequence[tuple[str, str]]:
    """Give (language, path) of a page in every language, from its path in any."""
    rest = path[3:] if path[1:3] in LANGUAGES else path
    return [(language, f"/{language}{rest}") for language in LANGUAGES]
