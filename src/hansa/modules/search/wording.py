"""The words of a product: its card, its page, its variants and what it is found by."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from hansa.kernel.text import Localised, pick
from hansa.modules import catalog
from hansa.modules.search.dictionary import Branch, Dictionary
from hansa.modules.search.documents import (
    LANGUAGES,
    CardText,
    Fact,
    Named,
    Option,
    ProductText,
    VariantText,
    options_of,
    picture,
    sort_key,
    value_key,
)

TITLE_CHARACTERS_MAX = 1_000
BODY_CHARACTERS_MAX = 4_000
WORDS_MAX = 60

_TAG = re.compile(r"<[^>]*>")
_WORD = re.compile(r"[^\W\d_]{2,40}")
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True, kw_only=True)
class Wording:
    """A product with all it takes to put it into words."""

    product: catalog.Product
    variants: Sequence[catalog.Variant]
    branches: Sequence[Branch]
    facts: Sequence[tuple[str, Localised]]
    dictionary: Dictionary

    def written(self) -> Iterator[tuple[object, ...]]:
        """Give language, name, card and page, once per language."""
        for language in LANGUAGES:
            yield (
                language,
                pick(self.product.name, language),
                _encode(self._card(language)),
                _encode(self._document(language)),
            )

    def _card(self, language: str) -> CardText:
        media = self.product.media[:2]
        pictures = [picture(item, language) for item in media]
        swatches = [
            value
            for option in self._options(language)
            for value in option.values
            if value.swatch is not None
        ]
        return CardText(
            id=self.product.id,
            slug=self.product.slug,
            name=pick(self.product.name, language),
            brand=self.product.brand,
            variants=len(self.variants),
            picture=pictures[0] if pictures else None,
            second_picture=pictures[1] if len(pictures) > 1 else None,
            swatches=swatches,
        )

    def _options(self, language: str) -> list[Option]:
        return options_of(
            [variant.options for variant in self.variants],
            self.dictionary.names,
            self.dictionary.swatches,
            language,
        )

    def _document(self, language: str) -> ProductText:
        path = max((branch.path for branch in self.branches), key=len, default=())
        known = self.dictionary.by_number
        return ProductText(
            id=self.product.id,
            slug=self.product.slug,
            name=pick(self.product.name, language),
            description=pick(self.product.description, language),
            brand=self.product.brand,
            breadcrumbs=[
                Named(known[number].slug, pick(known[number].name, language)) for number in path
            ],
            facts=[
                Fact(
                    code,
                    pick(self.dictionary.names.get(code, {}), language),
                    pick(text, language),
                )
                for code, text in self.facts
            ],
            options=self._options(language),
            media=[picture(item, language) for item in self.product.media],
        )

    def variants_array(self) -> str:
        """Give the variants as JSON, in an array literal; they read the same in every language."""
        written = [
            _encode(
                VariantText(
                    id=variant.id,
                    sku=variant.sku,
                    barcode=variant.barcode,
                    unit=variant.unit,
                    options={code: value_key(text) for code, text in variant.options.items()},
                )
            )
            for variant in self.variants
        ]
        # An array literal of byte strings; hexadecimal needs no escaping but that of its backslash.
        return "{" + ",".join(f'"\\\\x{each.hex()}"' for each in written) + "}"

    def _labels(self) -> list[Localised]:
        options: dict[str, Localised] = {}
        for variant in self.variants:
            for text in variant.options.values():
                options[value_key(text)] = text
        names = [branch.name for branch in self.branches]
        return [*names, *(text for _, text in self.facts), *options.values()]

    def searchable(self) -> tuple[str, ...]:
        """Give what the text vector is made of: titles, labels and bodies in Russian and English.

        A text that stands in one language only counts as Russian alone, whose stemmer knows both
        alphabets.
        """
        labels = self._labels()
        name, body = self.product.name, self.product.description
        return (
            f"{pick(name, 'ru')} {self.product.brand}"[:TITLE_CHARACTERS_MAX],
            name.get("en", "")[:TITLE_CHARACTERS_MAX],
            " ".join(pick(label, "ru") for label in labels)[:BODY_CHARACTERS_MAX],
            " ".join(label.get("en", "") for label in labels)[:BODY_CHARACTERS_MAX],
            _plain(pick(body, "ru")),
            _plain(body.get("en", "")),
        )

    def codes(self) -> set[str]:
        """Give the article numbers and barcodes it is found by."""
        return {
            code.lower()
            for variant in self.variants
            for code in (variant.sku, variant.barcode)
            if code
        }

    def words(self) -> set[str]:
        """Give the words of its names, for corrections and completions."""
        texts: list[Mapping[str, str]] = [self.product.name, {"": self.product.brand}]
        texts += [branch.name for branch in self.branches]
        found: set[str] = set()
        for text in texts:
            for version in text.values():
                found.update(words_of(version[:TITLE_CHARACTERS_MAX])[:WORDS_MAX])
        return found

    def sort_keys(self) -> tuple[str, ...]:
        """Give what it is sorted by, once per language."""
        return tuple(sort_key(pick(self.product.name, language)) for language in LANGUAGES)


def words_of(text: str) -> list[str]:
    """Split a text into words as the vocabulary keeps them: lower case, е for ё."""
    return _WORD.findall(text.lower().replace("ё", "е"))


def _plain(text: str) -> str:
    return _TAG.sub(" ", text)[:BODY_CHARACTERS_MAX]
