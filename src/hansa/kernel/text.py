"""Text in several languages."""

from collections.abc import Mapping

Localised = Mapping[str, str]


def pick(localised: Localised, language: str) -> str:
    """Give the text in the language, else in any language that has one, else nothing."""
    return localised.get(language) or next((text for text in localised.values() if text), "")
