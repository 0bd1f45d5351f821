"""Translations: `.po` files beside the code, read at start. A msgid is the English sentence."""

import gettext
import io
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

SOURCE_LANGUAGE = "en"


class Catalogue:
    """Sentences in the languages of the site."""

    def __init__(self, translations: Mapping[str, gettext.NullTranslations]) -> None:
        self._translations = dict(translations)
        self._source = gettext.NullTranslations()

    def of(self, language: str) -> gettext.NullTranslations:
        """Give the translations of a language; English has none."""
        return self._translations.get(language, self._source)

    def sentence(self, language: str, message: str) -> str:
        """Give the translation of a msgid, or the msgid itself."""
        return self.of(language).gettext(message) if message else ""

    def plural(self, language: str, one: str, many: str, count: int) -> str:
        """Give the form of a sentence that goes with a number."""
        return self.of(language).ngettext(one, many, count)


@lru_cache
def read_catalogue(root: Path, languages: tuple[str, ...]) -> Catalogue:
    """Read every `locale/<language>.po` below a folder.

    Where two files translate one sentence, the later one wins.

    Raises:
        PoFileError: a file cannot be read; the start stops.
    """
    found: dict[str, gettext.NullTranslations] = {}
    for language in languages:
        if language == SOURCE_LANGUAGE:
            continue
        found[language] = _read_language(sorted(root.rglob(f"locale/{language}.po")), language)
    return Catalogue(found)


def _read_language(files: Iterable[Path], language: str) -> gettext.NullTranslations:
    whole: gettext.GNUTranslations | None = None
    for path in files:
        with path.open("rb") as source:
            messages = read_po(source, locale=language, abort_invalid=True)
        packed = io.BytesIO()
        write_mo(packed, messages)
        packed.seek(0)
        part = gettext.GNUTranslations(packed)
        if whole is None:
            whole = part
        else:
            whole._catalog.update(part._catalog)  # type: ignore[attr-defined]  # noqa: SLF001
    return whole or gettext.NullTranslations()
