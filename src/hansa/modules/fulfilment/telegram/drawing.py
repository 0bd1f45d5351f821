"""A question as a Telegram message, within the Bot API's limits."""

from collections.abc import Sequence
from html import escape
from typing import Any

from hansa.modules.fulfilment.chat.buttons import (
    EVERY_LINE,
    TOKEN_BYTES_MAX,
    Press,
    Verb,
    asked_lines,
    choices_of,
)
from hansa.modules.fulfilment.chat.words import Words
from hansa.modules.fulfilment.model import Question, QuestionLine, Shop, Told

# Telegram takes 4,096 characters and 100 buttons.
LINES_SHOWN = 10
NAME_MAX = 120
NOTE_MAX = 120
BUTTONS_MAX = 95
NUMBERS_IN_ROW = 6

Keyboard = list[list[dict[str, Any]]]


def text_of(words: Words, question: Question, shop: Shop, *, said: str = "") -> str:
    """Write a question in Telegram's HTML; `said` is what became of it."""
    parts = [f"<b>{escape(words.title(question, shop), quote=False)}</b>"]
    if asked_lines(question):
        parts.append(escape(words.deadline(question, shop), quote=False))
    shown = question.lines[:LINES_SHOWN]
    numbered = len(shown) > 1
    parts += [_line(words, line, shop, number=numbered) for line in shown]
    hidden = len(question.lines) - len(shown)
    if hidden:
        more = Told("{count} more on the page", {"count": str(hidden)})
        parts.append(escape(words.say(shop.language, more), quote=False))
    if said:
        parts.append(f"<b>{escape(said, quote=False)}</b>")
    return "\n\n".join(parts)


def keyboard_of(words: Words, question: Question, shop: Shop) -> Keyboard:
    """Make the buttons of what is still asked; none once nothing is."""
    asked = asked_lines(question)
    if not asked:
        return []
    rows: Keyboard = []
    shown = question.lines[:LINES_SHOWN]
    numbered = len(shown) > 1
    choices = {line.number: choices_of(question, line) for line in shown}
    if sum(map(len, choices.values())) > BUTTONS_MAX:
        # The page takes numbers too; each line keeps "yes", "defective" and "no".
        choices = {
            number: [press for press in presses if press.verb is not Verb.SOME]
            for number, presses in choices.items()
        }
    for line in shown:
        mark = f"{line.number}. " if numbered else ""
        rows += [
            [_button(words, press, line, shop, mark) for press in presses]
            for presses in _rows(choices[line.number])
        ]
    if len(asked) > 1 and len(shown) == len(question.lines):
        everything = Press(question.id, EVERY_LINE, Verb.YES)
        rows.append([_button(words, everything, asked[0], shop, "")])
    if words.page.startswith("https://"):  # Telegram refuses addresses that are not public
        label = words.say(shop.language, Told("Answer in more detail on the page"))
        rows.append([{"text": label, "url": words.page}])
    return rows


def picture_of(words: Words, question: Question) -> dict[str, Any]:
    """Show the picture of the first line below the text; a text without links has none else."""
    for line in question.lines:
        picture = words.picture(line)
        if picture is not None:
            return {"url": picture, "prefer_small_media": True}
    return {"is_disabled": True}


def _rows(choices: Sequence[Press]) -> list[list[Press]]:
    """Set "yes" above the numbers, and what is bad news below them."""
    some = [press for press in choices if press.verb is Verb.SOME]
    rows = [[press for press in choices if press.verb is Verb.YES]]
    rows += [some[at : at + NUMBERS_IN_ROW] for at in range(0, len(some), NUMBERS_IN_ROW)]
    rows.append([press for press in choices if press.verb in {Verb.DEFECTIVE, Verb.MISSING}])
    return [row for row in rows if row]


def _line(words: Words, line: QuestionLine, shop: Shop, *, number: bool) -> str:
    name = escape(words.name(line, shop)[:NAME_MAX], quote=False)
    note = escape(words.note(line, shop)[:NOTE_MAX], quote=False)
    mark = f"{line.number}. " if number else ""
    text = f"{mark}{name}\n{note}\n<b>{escape(words.pieces(line.quantity, shop), quote=False)}</b>"
    said = words.answer(line, shop)
    return f"{text}\n<i>{escape(said, quote=False)}</i>" if said else text


def _button(
    words: Words, press: Press, line: QuestionLine, shop: Shop, mark: str
) -> dict[str, Any]:
    token = press.token
    assert len(token.encode()) <= TOKEN_BYTES_MAX, "Telegram takes no more"
    return {"text": f"{mark}{words.label(press, line.quantity, shop)}", "callback_data": token}
