"""Texts with places that are filled for each person: `{name}`, `{points}`, `{balance}`.

A place is a word in braces, nothing more: no formats, no attributes. An unknown one is refused when
the text is saved. The name is filled when a message is sent, and is never stored with it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from hansa.kernel.errors import Invalid

TITLE_CHARACTERS_MAX = 80
BODY_CHARACTERS_MAX = 300
NAME, BALANCE = "name", "balance"
NAME_CHARACTERS_MAX = 40

_PLACE = re.compile(r"\{([^{}]*)\}")
_NAME_APART = re.compile(r"(,?)\s*\{name\}(,?)(\s*)")


@dataclass(eq=False)
class TextInvalid(Invalid):
    """A text is missing or too long, or a place in it is not known; `field` says which text."""

    code: ClassVar[str] = "notifications.text_invalid"
    message: ClassVar[str] = "{reason}"

    field: str
    reason: str


@dataclass(eq=False)
class PlaceUnknown(Invalid):
    """A text has a place that nothing fills."""

    code: ClassVar[str] = "notifications.place_unknown"
    message: ClassVar[str] = "Nothing fills {place} here. Known are: {known}."

    field: str
    place: str
    known: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What a person reads, in one language."""

    title: str
    body: str


Texts = Mapping[str, Text]
"""A text by language."""

Values = Mapping[str, int]
"""What fills the places other than the name; a percent is in hundredths."""


def check_texts(texts: Texts, *, places: frozenset[str]) -> None:
    """See that texts can be sent and every place is known.

    Raises:
        TextInvalid, PlaceUnknown: as their names say.
    """
    if not texts:
        raise TextInvalid("title", "write a text")
    for text in texts.values():
        _check("title", text.title, TITLE_CHARACTERS_MAX, places)
        _check("body", text.body, BODY_CHARACTERS_MAX, places)


def places_of(texts: Texts) -> frozenset[str]:
    """Give the places that occur."""
    return frozenset(
        place
        for text in texts.values()
        for written in (text.title, text.body)
        for place in _PLACE.findall(written)
    )


def choose(texts: Texts, languages: tuple[str, ...]) -> tuple[str, Text]:
    """Give the text of the first language that there is, else any; and its language."""
    for language in languages:
        if language in texts:
            return language, texts[language]
    return next(iter(texts.items()))


def fill(text: Text, *, name: str, written: Mapping[str, str]) -> Text:
    """Fill the places. Where no name is known, the text is shortened by it."""
    return Text(title=_fill(text.title, name, written), body=_fill(text.body, name, written))


def write_values(values: Values) -> dict[str, Decimal]:
    """Give values as they are shown: a percent as a number with decimals."""
    return {
        place: Decimal(value) / 100 if place == "percent" else Decimal(value)
        for place, value in values.items()
    }


def _check(field: str, text: str, characters_max: int, places: frozenset[str]) -> None:
    if not text.strip():
        raise TextInvalid(field, "write a text")
    if len(text) > characters_max:
        raise TextInvalid(field, f"at most {characters_max} characters")
    if not text.isprintable():
        raise TextInvalid(field, "one line only")
    for place in _PLACE.findall(text):
        if place not in places:
            known = ", ".join(f"{{{one}}}" for one in sorted(places))
            raise PlaceUnknown(field, f"{{{place}}}", known)
    if "{" in _PLACE.sub("", text) or "}" in _PLACE.sub("", text):
        raise TextInvalid(field, "a brace without its other half")


def _fill(text: str, name: str, written: Mapping[str, str]) -> str:
    if not name:
        text = _NAME_APART.sub(_without_name, text).strip()
        text = text[:1].upper() + text[1:]
    known = {**written, NAME: name[:NAME_CHARACTERS_MAX]}
    return _PLACE.sub(lambda found: known.get(found[1], ""), text)


def _without_name(found: re.Match[str]) -> str:
    """Give what stays where a name is left out: the commas that set it apart go with it."""
    if found[1] and found[2]:
        return ", "
    return found[3] if found[1] else ""
