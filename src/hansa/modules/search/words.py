"""Finding products by what somebody typed."""

import re
from collections import OrderedDict
from dataclasses import dataclass
from time import monotonic

from hansa.modules.search.bits import bits_of
from hansa.modules.search.store import listing
from hansa.modules.search.typing_errors import nearest, other_layout
from hansa.modules.search.wording import words_of
from hansa.runtime.database import Database, Snapshot

FOUND_MAX = 3_000
"""More are never ranked: nobody turns that many pages."""

TEXT_CHARACTERS_MAX = 200
WORDS_MAX = 8
FRESH_SECONDS = 10.0
KEPT_MAX = 500

_TOKEN = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Found:
    """Products in the order of how well they fit; `text` is what was looked for in the end."""

    text: str
    products: tuple[int, ...]
    bits: int


class WordFinder:
    """Finds by words; what was found is kept for ten seconds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: OrderedDict[str, tuple[float, Found]] = OrderedDict()

    async def find(self, text: str) -> Found:
        """Find products by words, article numbers or barcodes, forgiving slips of typing."""
        text = " ".join(text[:TEXT_CHARACTERS_MAX].split())
        kept = self._kept.get(text)
        if kept is not None and monotonic() - kept[0] < FRESH_SECONDS:
            return kept[1]
        began = monotonic()
        async with self._database.snapshot() as snap:
            found = await _find(snap, text)
        self._kept[text] = (began, found)
        self._kept.move_to_end(text)
        while len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)
        return found


async def _find(snap: Snapshot, text: str) -> Found:
    found = await _look(snap, text)
    if found:
        return _found(text, found)
    meant = await correct(snap, text)
    if meant != text.lower():
        found = await _look(snap, meant)
    return _found(meant if found else text, found)


def _found(text: str, products: list[int]) -> Found:
    return Found(text, tuple(products), bits_of(products))


async def _look(snap: Snapshot, text: str) -> list[int]:
    rows = await snap.all(
        listing.FIND_WORDS, {"text": text, "code": text.lower(), "limit": FOUND_MAX}
    )
    if not rows and (query := prefix_query(text)):
        rows = await snap.all(listing.FIND_PREFIX, {"query": query, "limit": FOUND_MAX})
    return [row.id for row in rows]


def prefix_query(text: str) -> str:
    """Write a text query whose last word may go on; empty if there is no word."""
    tokens = _TOKEN.findall(text.lower())[:WORDS_MAX]
    return " & ".join(tokens) + ":*" if tokens else ""


async def correct(snap: Snapshot, text: str) -> str:
    """Guess what was meant: the other keyboard layout, else the nearest words of the shop."""
    swapped = other_layout(text)
    words = words_of(text)[:WORDS_MAX]
    swapped_words = words_of(swapped)[:WORDS_MAX]
    if swapped_words and await _exist(snap, swapped_words) == set(swapped_words):
        return " ".join(swapped_words)
    if not words:
        return text.lower()
    known = {row.word for row in await snap.all(listing.KNOWN_WORDS, {"words": words})}
    corrected = []
    for word in words:
        if word not in known:
            candidates = await snap.all(listing.SIMILAR_WORDS, {"word": word})
            corrected.append(nearest(word, [(row.word, row.uses) for row in candidates]) or word)
        else:
            corrected.append(word)
    return " ".join(corrected)


async def _exist(snap: Snapshot, words: list[str]) -> set[str]:
    return {row.word for row in await snap.all(listing.WORDS_THAT_EXIST, {"words": words})}
