"""Messages stay within what Telegram takes, whatever the question holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import pytest

from hansa.modules.fulfilment import Question, QuestionLine, QuestionState, Shop, ShopChannel
from hansa.modules.fulfilment.chat.words import Words
from hansa.modules.fulfilment.telegram.drawing import keyboard_of, picture_of, text_of
from sandbox.telegram.chats import Chat, Chats
from sandbox.telegram.methods import BotApi, Rates

CHAT = -5
SHOP = Shop(warehouse_id=UUID(int=3), channel=ShopChannel.TELEGRAM, address=str(CHAT))


@pytest.fixture
def words(settings) -> Words:
    return Words(settings)


def a_line(number: int = 1, quantity: str = "1", **changes: object) -> QuestionLine:
    line = QuestionLine(
        number=number,
        variant_id=UUID(int=number),
        sku=f"D-{number}",
        name={"ru": "Платье"},
        options={"size": {"ru": "42"}},
        quantity=Decimal(quantity),
    )
    return replace(line, **changes)  # type: ignore[arg-type]


def a_question(now: datetime, *lines: QuestionLine, **changes: object) -> Question:
    question = Question(
        id=UUID(int=2**127 + 1),
        order_id=UUID(int=5),
        order_number="RU-1",
        market="ru",
        warehouse_id=SHOP.warehouse_id,
        warehouse_name={"ru": "На углу"},
        lines=lines,
        state=QuestionState.OPEN,
        asked_at=now,
        answer_by=now,
    )
    return replace(question, **changes)  # type: ignore[arg-type]


def sent(words: Words, question: Question, said: str = "") -> object:
    """Have the practice Telegram take the message; it refuses what Telegram would."""
    chats = Chats(chats={CHAT: Chat(CHAT, "На углу")})
    return BotApi(chats, Rates(chats)).run(
        "sendMessage",
        {
            "chat_id": CHAT,
            "text": text_of(words, question, SHOP, said=said),
            "parse_mode": "HTML",
            "reply_markup": {"inline_keyboard": keyboard_of(words, question, SHOP)},
            "link_preview_options": picture_of(words, question),
        },
    )


@pytest.mark.parametrize("lines", [1, 2, 10, 11, 60])
@pytest.mark.parametrize("quantity", ["1", "2", "13", "500", "0.5"])
def test_any_question_is_taken(words: Words, now: datetime, lines: int, quantity: str) -> None:
    question = a_question(now, *(a_line(number, quantity) for number in range(1, lines + 1)))

    assert sent(words, question)

    labels = [button["text"] for row in keyboard_of(words, question, SHOP) for button in row]
    assert labels.count("Всё на месте") == (1 < lines <= 10)


@pytest.mark.parametrize("name", ["x" * 5000, "<b>&" * 1500, "", "<script>", "</b>"])
def test_any_name_is_taken_and_none_is_markup(words: Words, now: datetime, name: str) -> None:
    line = a_line(name={"ru": name}, sku=name, options={"size": {"ru": name}})

    assert sent(words, a_question(now, *(replace(line, number=n) for n in range(1, 11))), name[:50])

    assert "<script>" not in text_of(words, a_question(now, line), SHOP)


def test_the_picture_is_shown_as_a_preview(words: Words, now: datetime) -> None:
    question = a_question(now, a_line(image="media/x.webp"))

    assert picture_of(words, question)["url"].endswith("/media/x-320.webp")
    assert picture_of(words, a_question(now, a_line())) == {"is_disabled": True}
