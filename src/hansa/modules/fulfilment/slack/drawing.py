"""A question as a Block Kit message, within Slack's limits."""

from typing import Any

from hansa.modules.fulfilment.chat.buttons import (
    EVERY_LINE,
    Press,
    Verb,
    asked_lines,
    choices_of,
)
from hansa.modules.fulfilment.chat.words import Words
from hansa.modules.fulfilment.model import Question, QuestionLine, Shop, Told

# Slack takes 50 blocks; a line has two, and there are title, deadline, "everything" and the link.
LINES_SHOWN = 20
TEXT_MAX = 2_900
HEADER_MAX = 150
LABEL_MAX = 75
ALT_MAX = 200

Block = dict[str, Any]
_STYLES = {Verb.YES: "primary", Verb.MISSING: "danger"}


def fallback(words: Words, question: Question, shop: Shop, said: str = "") -> str:
    """Give the text for notifications and screen readers."""
    names = ", ".join(words.name(line, shop) for line in question.lines)
    parts = (words.title(question, shop), escaped(names), escaped(said))
    return " · ".join(part for part in parts if part)[:TEXT_MAX]


def blocks_of(
    words: Words, question: Question, shop: Shop, *, said: str = "", with_pictures: bool = True
) -> list[Block]:
    """Draw a question; `said` is what became of it. Only what is still asked has buttons."""
    blocks: list[Block] = [
        {
            "type": "header",
            "text": {"type": "plain_text", "text": words.title(question, shop)[:HEADER_MAX]},
        }
    ]
    asked = asked_lines(question)
    if asked:
        blocks.append(_context(f"*{escaped(words.deadline(question, shop))}*"))
    shown = question.lines[:LINES_SHOWN]
    for line in shown:
        blocks.append(_line(words, line, shop, with_picture=with_pictures))
        choices = choices_of(question, line)
        if choices:
            buttons = [_button(words, press, line, shop) for press in choices]
            blocks.append(
                {"type": "actions", "block_id": f"line-{line.number}", "elements": buttons}
            )
    if len(asked) > 1 and len(shown) == len(question.lines):
        everything = Press(question.id, EVERY_LINE, Verb.YES)
        button = _button(words, everything, asked[0], shop)
        blocks.append({"type": "actions", "block_id": "every-line", "elements": [button]})
    if asked:
        hidden = len(question.lines) - len(shown)
        blocks.append(_context(_link(words, shop, hidden)))
    if said:
        blocks.append(_context(f"*{escaped(said)}*"))
    return blocks


def escaped(text: str) -> str:
    """Escape the three characters that mean something in Slack's markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _line(words: Words, line: QuestionLine, shop: Shop, *, with_picture: bool) -> Block:
    name, note = escaped(words.name(line, shop)), escaped(words.note(line, shop))
    text = f"*{name}*\n{note}\n{escaped(words.pieces(line.quantity, shop))}"
    said = words.answer(line, shop)
    if said:
        text += f"\n_{escaped(said)}_"
    block: Block = {"type": "section", "text": {"type": "mrkdwn", "text": text[:TEXT_MAX]}}
    picture = words.picture(line)
    if picture is not None and with_picture:
        alt = words.name(line, shop)[:ALT_MAX] or line.sku or "?"
        block["accessory"] = {"type": "image", "image_url": picture, "alt_text": alt}
    return block


def _button(words: Words, press: Press, line: QuestionLine, shop: Shop) -> Block:
    amount = str(press.found) if press.verb is Verb.SOME else ""
    button: Block = {
        "type": "button",
        "action_id": f"answer-{press.verb}{amount}",
        "value": press.token,
        "text": {
            "type": "plain_text",
            "text": words.label(press, line.quantity, shop)[:LABEL_MAX],
        },
    }
    style = _STYLES.get(press.verb)
    return button if style is None else {**button, "style": style}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text[:TEXT_MAX]}]}


def _link(words: Words, shop: Shop, hidden: int) -> str:
    told = (
        Told("{count} more on the page", {"count": str(hidden)})
        if hidden
        else Told("Answer in more detail on the page")
    )
    return f"<{words.page}|{escaped(words.say(shop.language, told))}>"
