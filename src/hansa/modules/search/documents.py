"""What of a card or a product page does not depend on who looks, made once per language.

Prices and stock are put in when it is read. The classes are what pages get, and at the same time
the JSON of the API.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from uuid import UUID

import msgspec
from slugify import slugify

from hansa.kernel.text import Localised, pick
from hansa.modules import catalog

LANGUAGES = ("ru", "en")
SORT_KEY_CHARACTERS_MAX = 60

_SIZES = ("xxxs", "xxs", "xs", "s", "m", "l", "xl", "xxl", "2xl", "xxxl", "3xl", "4xl", "5xl")
_SIZE_RANK = {size: rank for rank, size in enumerate(_SIZES)}


class Picture(msgspec.Struct, frozen=True, omit_defaults=True):
    """A picture in the storage, with its size in pixels and what it shows."""

    key: str
    width: int
    height: int
    alt: str
    options: dict[str, str] | None = None


class Named(msgspec.Struct, frozen=True):
    """A category on the way to a product."""

    slug: str
    name: str


class Value(msgspec.Struct, frozen=True, omit_defaults=True):
    """A value of an option: how filters call it, how people do, and its colour if it has one."""

    value: str
    label: str
    swatch: str | None = None


class Option(msgspec.Struct, frozen=True):
    """What variants of a product differ in."""

    code: str
    name: str
    values: list[Value]


class Fact(msgspec.Struct, frozen=True):
    """An attribute of a product, in words."""

    code: str
    name: str
    value: str


class CardText(msgspec.Struct, frozen=True, omit_defaults=True):
    """A card of a listing, without price and stock."""

    id: UUID
    slug: str
    name: str
    brand: str
    variants: int
    picture: Picture | None = None
    second_picture: Picture | None = None
    swatches: list[Value] = []


class ProductText(msgspec.Struct, frozen=True):
    """A product page, without its variants."""

    id: UUID
    slug: str
    name: str
    description: str
    brand: str
    breadcrumbs: list[Named]
    facts: list[Fact]
    options: list[Option]
    media: list[Picture]


class VariantText(msgspec.Struct, frozen=True):
    """A variant, without price and stock; `options` are values by the code of the option."""

    id: UUID
    sku: str
    barcode: str
    unit: str
    options: dict[str, str]


@lru_cache(maxsize=50_000)
def key_of(text: str) -> str:
    """Make the name by which filters call a value: Latin letters, digits and hyphens."""
    return slugify(text, max_length=60) or "x"


def value_key(label: Localised) -> str:
    """Make the name by which filters call a localised value; the same in every language."""
    return key_of(pick(label, "ru"))


def value_position(label: Localised) -> int:
    """Order values that no dictionary orders: sizes by size, numbers by number."""
    return _position(pick(label, "en"))


@lru_cache(maxsize=50_000)
def _position(label: str) -> int:
    text = label.strip().lower().replace(",", ".")
    if text in _SIZE_RANK:
        return _SIZE_RANK[text]
    try:
        return max(0, min(int(float(text) * 100), 1_000_000_000))
    except (ValueError, OverflowError):
        return 0


def sort_key(name: str) -> str:
    """Make what names are sorted by: by code point, as the database sorts, ё and capitals stray."""
    return name.lower().replace("ё", "е")[:SORT_KEY_CHARACTERS_MAX]


def picture(item: catalog.Media, language: str) -> Picture:
    """Make a picture of an item of the catalogue."""
    return Picture(
        key=item.key,
        width=item.width,
        height=item.height,
        alt=pick(item.alt, language),
        options=(
            {code: key_of(text) for code, text in item.options.items()} if item.options else None
        ),
    )


def options_of(
    variants: Sequence[Mapping[str, Localised]],
    names: Mapping[str, Localised],
    swatches: Mapping[tuple[str, str], tuple[str | None, int]],
    language: str,
) -> list[Option]:
    """Gather what variants differ in, in the order of `names`.

    Values stand in the order of the dictionary, else by size.
    """
    places = {code: place for place, code in enumerate(names)}
    found: dict[str, dict[str, tuple[int, Value]]] = {}
    for options in variants:
        for code, label in options.items():
            values = found.setdefault(code, {})
            key = value_key(label)
            if key not in values:
                swatch, position = swatches.get((code, key), (None, value_position(label)))
                values[key] = (position, Value(key, pick(label, language), swatch))
    return [
        Option(
            code,
            pick(names.get(code, {}), language) or code,
            [value for _, value in sorted(values.values(), key=lambda pair: pair[0])],
        )
        for code, values in sorted(
            found.items(), key=lambda pair: (places.get(pair[0], len(places)), pair[0])
        )
    ]
