"""Messages stay within what Slack takes, whatever the question holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import pytest

from hansa.modules.fulfilment import (
    LineAnswer,
    Question,
    QuestionLine,
    QuestionState,
    Shop,
    ShopChannel,
)
from hansa.modules.fulfilment.chat.buttons import read_token
from hansa.modules.fulfilment.chat.words import Words
from hansa.modules.fulfilment.slack.drawing import blocks_of, fallback
from sandbox.slack.blocks import faults

SHOP = Shop(warehouse_id=UUID(int=3), channel=ShopChannel.SLACK, address="C1")


@pytest.fixture
def words(settings) -> Words:
    return Words(settings)


def a_line(number: int = 1, quantity: str = "1", **changes: object) -> QuestionLine:
    line = QuestionLine(
        number=number,
        variant_id=UUID(int=number),
        sku=f"D-{number}",
        name={"ru": "Платье", "en": "Dress"},
        options={"size": {"ru": "42"}},
        quantity=Decimal(quantity),
        image="media/x.webp",
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
        lines=lines or (a_line(),),
        state=QuestionState.OPEN,
        asked_at=now,
        answer_by=now,
    )
    return replace(question, **changes)  # type: ignore[arg-type]


def buttons(blocks: list[dict]) -> list[dict]:
    return [one for block in blocks if block["type"] == "actions" for one in block["elements"]]


def texts(blocks: list[dict]) -> str:
    return str(blocks)


@pytest.mark.parametrize("lines", [1, 2, 20, 21, 60])
@pytest.mark.parametrize("quantity", ["1", "2", "13", "14", "500", "0.5", "2.25"])
def test_any_question_is_taken(words: Words, now: datetime, lines: int, quantity: str) -> None:
    question = a_question(now, *(a_line(number, quantity) for number in range(1, lines + 1)))

    blocks = blocks_of(words, question, SHOP)

    assert faults(blocks) == []
    assert all(read_token(one["value"]) is not None for one in buttons(blocks))
    # "Everything is here" is only offered where everything is to be seen.
    everything = [one for one in buttons(blocks) if one["text"]["text"] == "Всё на месте"]
    assert len(everything) == (1 < lines <= 20)
    assert ("Ещё" in texts(blocks)) == (lines > 20)


@pytest.mark.parametrize("name", ["x" * 5000, "<&>" * 1500, "*_~`" * 900, "", "\u202eabc"])
def test_any_name_is_taken(words: Words, now: datetime, name: str) -> None:
    line = a_line(name={"ru": name}, sku=name, options={"size": {"ru": name}})
    question = a_question(now, line, order_number=name or "RU-1", warehouse_name={"ru": name})

    assert faults(blocks_of(words, question, SHOP, said=name)) == []
    assert 0 < len(fallback(words, question, SHOP, name)) < 4000


def test_what_means_something_in_slacks_markup_is_escaped(words: Words, now: datetime) -> None:
    line = a_line(name={"ru": "<!channel> & <https://evil.example|ok>"})

    shown = texts(blocks_of(words, a_question(now, line), SHOP, with_pictures=False))

    assert "&lt;!channel&gt; &amp; &lt;https://evil.example|ok&gt;" in shown
    assert "<!channel>" not in shown


def test_a_question_speaks_the_language_of_its_shop(words: Words, now: datetime) -> None:
    english = replace(SHOP, language="en", time_zone="Asia/Novosibirsk")

    shown = texts(blocks_of(words, a_question(now, a_line(quantity="3")), english))

    for part in ("Yes, all 3", "2 of 3", "Defective", "No, it is not here", "Dress", "by 19:00"):
        assert part in shown, part


@pytest.mark.parametrize(
    "state", [QuestionState.ANSWERED, QuestionState.EXPIRED, QuestionState.WITHDRAWN]
)
def test_a_question_that_is_over_has_no_buttons(
    words: Words, now: datetime, state: QuestionState
) -> None:
    question = a_question(now, a_line(), state=state)

    blocks = blocks_of(words, question, SHOP, said=words.status(question, SHOP))

    assert buttons(blocks) == []
    assert words.status(question, SHOP)
    assert faults(blocks) == []


def test_an_answered_line_says_what_was_found(words: Words, now: datetime) -> None:
    said = LineAnswer(line=1, found=Decimal(1), defective=Decimal(1), missing=Decimal(2))
    question = a_question(now, a_line(quantity="4", answer=said, is_open=False), a_line(2))

    blocks = blocks_of(words, question, SHOP)

    assert "есть 1, брак 1, нет 2" in texts(blocks)
    assert [one["text"]["text"] for one in buttons(blocks)] == ["Да, есть", "Брак", "Нет"]


def test_without_pictures_the_message_has_none(words: Words, now: datetime) -> None:
    with_them = texts(blocks_of(words, a_question(now), SHOP))
    without = texts(blocks_of(words, a_question(now), SHOP, with_pictures=False))

    assert "image_url" in with_them
    assert "image_url" not in without
