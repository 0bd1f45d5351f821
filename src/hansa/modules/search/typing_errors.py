"""What was meant: the other keyboard layout, and the nearest word by letters."""

from collections.abc import Iterable

_LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
_CYRILLIC = "йцукенгшщзхъфывапролджэячсмитьбюё"
_TO_CYRILLIC = str.maketrans(_LATIN, _CYRILLIC)
_TO_LATIN = str.maketrans(_CYRILLIC, _LATIN)


SHORT = 5


def other_layout(text: str) -> str:
    """Give what the same keys type in the other layout, Russian or English."""
    lower = text.lower()
    if any("а" <= letter <= "я" or letter == "ё" for letter in lower):
        return lower.translate(_TO_LATIN)
    return lower.translate(_TO_CYRILLIC).replace("ё", "е")


def distance(one: str, other: str, limit: int) -> int:
    """Count the slips between two words: a letter more, less, wrong, or two swapped.

    Counting stops above `limit`.
    """
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        two_before, before, row = before, row, [i]
        for j, opposite in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != opposite))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == opposite:
                cost = min(cost, two_before[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return row[-1]


def nearest(word: str, candidates: Iterable[tuple[str, int]]) -> str | None:
    """Choose the candidate with the fewest slips, of equals the more used; None if none is near.

    One slip is forgiven in words of up to five letters, two in longer ones.
    """
    limit = 1 if len(word) <= SHORT else 2
    found = [
        (slips, -uses, candidate)
        for candidate, uses in candidates
        if (slips := distance(word, candidate, limit)) <= limit
    ]
    return min(found)[2] if found else None
