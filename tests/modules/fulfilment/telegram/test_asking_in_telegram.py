"""Asking in Telegram: what is sent, what a press does, what is refused, what gets lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import msgspec
import pytest
import pytest_asyncio

from hansa.kernel.errors import Unavailable
from hansa.modules.fulfilment import QuestionState
from hansa.modules.fulfilment.channels import Channels
from hansa.modules.fulfilment.chat.buttons import TOKEN_BYTES_MAX, Press, Verb
from hansa.modules.fulfilment.jobs import run_send_question
from hansa.modules.fulfilment.telegram import TelegramChannel
from hansa.modules.fulfilment.telegram.channel import UPDATES_PATH
from hansa.modules.fulfilment.work import SendQuestion
from tests.support.chats import Talk, a_talk
from tests.support.telegram import CHAT, SECRET

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"


@pytest_asyncio.fixture(loop_scope="session")
async def talk(settings, committing, clock) -> AsyncIterator[Talk]:
    async with a_talk(settings, committing, clock, channel="telegram") as running:
        yield running


def labels(talk: Talk, number: int = -1) -> list[str]:
    return talk.telegram.labels(talk.telegram.messages()[number])


async def test_a_question_says_what_how_many_and_until_when_by_the_shops_clock(talk: Talk) -> None:
    await talk.ask(3)

    assert labels(talk) == ["Да, все 3", "2 из 3", "1 из 3", "Брак", "Нет"]
    text = talk.telegram.messages()[0].text
    assert "Платье" in text
    assert "<b>3 шт.</b>" in text
    assert "Магазин 0 · ответьте до 15:20" in text  # noon in London is three in Moscow


@pytest.mark.parametrize(
    ("label", "expected"),
    [("Да, все 3", (3, 0, 0)), ("1 из 3", (1, 0, 2)), ("Брак", (0, 3, 0)), ("Нет", (0, 0, 3))],
)
async def test_a_press_is_answered_and_retires_the_buttons(
    talk: Talk, label: str, expected: tuple[int, int, int]
) -> None:
    question_id = await talk.ask(3)

    query = await talk.telegram.press(label, user=1)
    await talk.work()

    assert query.is_answered
    assert not query.is_alert
    assert await talk.answers(question_id) == [tuple(map(Decimal, expected))]
    assert labels(talk) == []
    assert (
        "отложите для заказа" if expected[0] else "Ответ дан: Анна"
    ) in talk.telegram.messages()[0].text
    assert await talk.findings() == []


async def test_lines_are_numbered_and_answered_one_by_one(talk: Talk) -> None:
    question_id = await talk.ask(1, other=2)
    assert labels(talk)[-1] == "Всё на месте"

    await talk.telegram.press("1. Нет", user=1)
    await talk.work()
    assert labels(talk) == ["2. Да, все 2", "2. 1 из 2", "2. Брак", "2. Нет"]
    await talk.telegram.press("2. Да, все 2", user=2)
    await talk.work()

    assert await talk.answers(question_id) == [(0, 0, 1), (2, 0, 0)]
    assert (await talk.question(question_id)).state is QuestionState.ANSWERED


async def test_an_update_that_comes_twice_counts_once(talk: Talk) -> None:
    question_id = await talk.ask(2)
    talk.telegram.service.updates.mood.twice = 1

    await talk.telegram.press("1 из 2", user=1)
    await talk.telegram.until(lambda: not talk.telegram.service.updates.waiting)

    assert await talk.answers(question_id) == [(1, 0, 1)]


async def test_who_comes_second_is_told_who_was_first(talk: Talk) -> None:
    question_id = await talk.ask(2)
    message = talk.telegram.messages()[0]

    await talk.telegram.press("Да, все 2", user=1)
    second = await talk.telegram.press("Нет", user=2, message=message)

    assert await talk.answers(question_id) == [(2, 0, 0)]
    assert "Анна" in second.text
    assert second.is_alert


async def test_a_stranger_changes_nothing_and_is_told(talk: Talk) -> None:
    question_id = await talk.ask()

    query = await talk.telegram.press("Да, есть", user=9)
    await talk.work()

    assert query.is_alert
    assert query.text
    assert await talk.answers(question_id) == [None]
    assert labels(talk) == ["Да, есть", "Брак", "Нет"]


async def test_a_press_after_the_deadline_changes_nothing(talk: Talk) -> None:
    question_id = await talk.ask()
    talk.clock.advance(timedelta(minutes=21))

    query = await talk.telegram.press("Да, есть", user=1)
    await talk.work()

    assert query.is_alert
    assert await talk.answers(question_id) == [None]
    assert (await talk.question(question_id)).state is QuestionState.EXPIRED
    assert labels(talk) == []


@pytest.mark.parametrize("mood", ["wrong_secret", "no_secret"])
async def test_an_update_without_the_secret_changes_nothing_until_it_comes_with_it(
    talk: Talk, mood: str
) -> None:
    question_id = await talk.ask()
    setattr(talk.telegram.service.updates.mood, mood, 1)

    await talk.telegram.press("Да, есть", user=1)

    assert talk.telegram.service.updates.attempts == 2
    assert await talk.answers(question_id) == [(1, 0, 0)]


@pytest.mark.parametrize("secret", ["", "other", SECRET[:-1], f"{SECRET}x", "\u00e9"])
async def test_a_wrong_secret_is_refused(talk: Talk, secret: str) -> None:
    question_id = await talk.ask()
    body = _update(Press(question_id, 1, Verb.YES).token)

    answer = await talk.post(UPDATES_PATH, body, {SECRET_HEADER: secret.encode("latin-1")})  # type: ignore[dict-item]

    assert answer.status_code == 403
    assert await talk.answers(question_id) == [None]


async def test_what_cannot_be_read_is_refused(talk: Talk) -> None:
    headers = {SECRET_HEADER: SECRET}
    unreadable = (b"", b"{", b"[]", b"{}", b'{"update_id": "x"}', b"[" * 5000, b"\xff")
    not_asked_for = (b'{"update_id": 1}', b'{"update_id": 1, "message": {"text": "/start"}}')

    refused = [(await talk.post(UPDATES_PATH, body, headers)).status_code for body in unreadable]
    taken = [(await talk.post(UPDATES_PATH, body, headers)).status_code for body in not_asked_for]

    assert refused == [400] * len(unreadable)
    assert taken == [200] * len(not_asked_for)


async def test_a_body_beyond_all_measure_is_refused(talk: Talk) -> None:
    async with talk.site.client(keyed=False) as client:
        answer = await client.post(
            UPDATES_PATH, content=b" " * (2 * 1024 * 1024), headers={SECRET_HEADER: SECRET}
        )

    assert answer.status_code == 413


async def test_a_button_that_is_not_ours_does_nothing_and_is_answered(talk: Talk) -> None:
    question_id = await talk.ask(2)
    tokens = ["", "yes", Press(UUID(int=1), 1, Verb.YES).token, "я" * 32]
    tokens += [Press(question_id, 7, Verb.YES).token, Press(question_id, 1, Verb.SOME, 2).token]

    answers = [
        (await talk.post(UPDATES_PATH, _update(token), {SECRET_HEADER: SECRET})).json()
        for token in tokens
    ]
    elsewhere = _update(Press(question_id, 1, Verb.YES).token, chat=-5)
    other = (await talk.post(UPDATES_PATH, elsewhere, {SECRET_HEADER: SECRET})).json()

    assert {one["method"] for one in (*answers, other)} == {"answerCallbackQuery"}
    assert {one["text"] for one in answers} == {"Эта кнопка больше не действует."}
    assert all(one["show_alert"] for one in (*answers, other))
    assert await talk.answers(question_id) == [None]


async def test_after_a_lost_answer_both_messages_work_and_neither_is_left_with_buttons(
    talk: Talk,
) -> None:
    question_id = await talk.ask(2, send=False)
    talk.telegram.misbehave(lose_answers=1)
    with pytest.raises(Unavailable):
        await talk.work()
    await run_send_question(talk.site.context, SendQuestion(question_id=question_id))
    await talk.work()
    lost, known = talk.telegram.messages()

    first = await talk.telegram.press("1 из 2", user=1, message=lost)
    await talk.work()
    assert talk.telegram.labels(lost) == talk.telegram.labels(known) == []

    assert not first.is_alert
    assert await talk.answers(question_id) == [(1, 0, 1)]


async def test_too_many_messages_wait_as_long_as_telegram_says(talk: Talk) -> None:
    talk.telegram.misbehave(too_many=1, retry_after=1)

    await talk.ask()

    assert len(talk.telegram.messages()) == 1


async def test_the_webhook_is_told_with_its_secret(talk: Talk) -> None:
    hook = talk.telegram.service.api.webhook
    hook.url = hook.secret = ""
    channel = talk.site.context.service(Channels).get("telegram")
    assert isinstance(channel, TelegramChannel)

    address = await channel.connect()

    assert hook.url == address == talk.address + UPDATES_PATH
    assert (hook.secret, hook.allowed) == (SECRET, ["callback_query"])


def test_the_longest_token_fits_telegrams_64_bytes() -> None:
    longest = Press(UUID(int=2**128 - 1), 9999, Verb.SOME, 99_999).token

    assert len(longest.encode()) <= TOKEN_BYTES_MAX


def _update(token: str, *, chat: int = CHAT, user: int = 1) -> bytes:
    return msgspec.json.encode(
        {
            "update_id": 5,
            "callback_query": {
                "id": "q1",
                "from": {"id": user, "is_bot": False, "first_name": "Анна"},
                "message": {"message_id": 1, "chat": {"id": chat, "type": "group"}, "date": 0},
                "data": token,
            },
        }
    )
