"""Asking in Slack: what is sent, what a press does, what is refused, what gets lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlencode
from uuid import UUID

import msgspec
import pytest
import pytest_asyncio

from hansa.kernel.errors import Unavailable
from hansa.modules.fulfilment import QuestionState
from hansa.modules.fulfilment.chat.buttons import Press, Verb
from hansa.modules.fulfilment.jobs import run_send_question
from hansa.modules.fulfilment.slack.api import ACTIONS_PATH
from hansa.modules.fulfilment.work import SendQuestion
from sandbox.slack.clicks import sign
from sandbox.slack.methods import Failed
from tests.support.chats import CHANNEL, Talk, a_talk
from tests.support.slack import SIGNING_SECRET

FORM = "application/x-www-form-urlencoded"


@pytest_asyncio.fixture(loop_scope="session")
async def talk(settings, committing, clock) -> AsyncIterator[Talk]:
    async with a_talk(settings, committing, clock, channel="slack") as running:
        yield running


def labels(talk: Talk) -> list[str]:
    return [one["text"]["text"] for one in talk.slack.buttons(CHANNEL)]


def text_of(talk: Talk, number: int = -1) -> str:
    return msgspec.json.encode(talk.slack.messages(CHANNEL)[number].blocks).decode()


def shown_to(talk: Talk, user: str) -> list[str]:
    return [one.text for one in talk.slack.messages(CHANNEL) if one.seen_by == user]


async def test_a_question_says_what_how_many_and_until_when_by_the_shops_clock(talk: Talk) -> None:
    await talk.ask(3)

    assert labels(talk) == ["Да, все 3", "2 из 3", "1 из 3", "Брак", "Нет"]
    text = text_of(talk)
    assert "Платье" in text
    assert "3 шт." in text
    assert "Магазин 0 · ответьте до 15:20" in text  # noon in London is three in Moscow
    assert talk.slack.messages(CHANNEL)[0].text.startswith("Заказ ")


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("Да, все 3", (3, 0, 0)),
        ("2 из 3", (2, 0, 1)),
        ("Брак", (0, 3, 0)),
        ("Нет", (0, 0, 3)),
    ],
)
async def test_a_press_is_an_answer_and_retires_the_buttons(
    talk: Talk, label: str, expected: tuple[int, int, int]
) -> None:
    question_id = await talk.ask(3)

    click = await talk.slack.press(CHANNEL, label, user="U1")
    await talk.work()

    assert (click.status, click.fault) == (200, None)
    assert await talk.answers(question_id) == [tuple(map(Decimal, expected))]
    assert labels(talk) == []
    assert ("отложите для заказа" if expected[0] else "Ответ дан: Анна") in text_of(talk)
    assert await talk.findings() == []


async def test_lines_are_answered_one_by_one_or_all_at_once(talk: Talk) -> None:
    question_id = await talk.ask(1, other=2)
    assert labels(talk)[-1] == "Всё на месте"

    await talk.slack.press(CHANNEL, "Нет", user="U1")
    await talk.work()
    assert labels(talk) == ["Да, все 2", "1 из 2", "Брак", "Нет"]
    await talk.slack.press(CHANNEL, "Да, все 2", user="U2")
    await talk.work()

    assert await talk.answers(question_id) == [(0, 0, 1), (2, 0, 0)]
    assert (await talk.question(question_id)).state is QuestionState.ANSWERED


async def test_everything_is_here_answers_every_line(talk: Talk) -> None:
    question_id = await talk.ask(1, other=2)

    await talk.slack.press(CHANNEL, "Всё на месте", user="U1")
    await talk.work()

    assert await talk.answers(question_id) == [(1, 0, 0), (2, 0, 0)]
    assert labels(talk) == []


async def test_a_click_that_comes_twice_counts_once(talk: Talk) -> None:
    question_id = await talk.ask(2)
    talk.slack.service.clicks.mood.twice = 1

    click = await talk.slack.press(CHANNEL, "1 из 2", user="U1")
    await talk.work()

    assert (click.status, click.tries) == (200, 2)
    assert await talk.answers(question_id) == [(1, 0, 1)]
    assert shown_to(talk, "U1") == []


async def test_who_comes_second_is_told_who_was_first(talk: Talk) -> None:
    question_id = await talk.ask(2)

    await talk.slack.press(CHANNEL, "Да, все 2", user="U1")
    await talk.slack.press(CHANNEL, "Нет", user="U2")
    await talk.work()

    assert await talk.answers(question_id) == [(2, 0, 0)]
    [told] = shown_to(talk, "U2")
    assert "Анна" in told


async def test_a_stranger_changes_nothing_and_is_told(talk: Talk) -> None:
    talk.slack.service.workspace.people["U9"].channels.append(CHANNEL)
    question_id = await talk.ask()

    click = await talk.slack.press(CHANNEL, "Да, есть", user="U9")
    await talk.work()

    assert click.status == 200
    assert await talk.answers(question_id) == [None]
    assert len(shown_to(talk, "U9")) == 1
    assert labels(talk) == ["Да, есть", "Брак", "Нет"]


async def test_a_click_after_the_deadline_changes_nothing(talk: Talk) -> None:
    question_id = await talk.ask()
    talk.clock.advance(timedelta(minutes=21))

    click = await talk.slack.press(CHANNEL, "Да, есть", user="U1")
    await talk.work()

    assert click.status == 200
    assert await talk.answers(question_id) == [None]
    assert (await talk.question(question_id)).state is QuestionState.EXPIRED
    assert labels(talk) == []
    assert len(shown_to(talk, "U1")) == 1


async def test_a_click_in_another_channel_counts_as_a_strangers(talk: Talk) -> None:
    question_id = await talk.ask()
    action = talk.slack.buttons(CHANNEL)[0]
    talk.slack.service.workspace.add_channel("C2", "other")
    other = await talk.post(*_signed(talk, _click(action["value"], channel="C2")))

    assert other.status_code == 200
    assert await talk.answers(question_id) == [None]


@pytest.mark.parametrize(
    ("mood", "status"),
    [("wrong_signature", 403), ("unsigned", 403), ("old_timestamp", 403), ("no_payload", 200)],
)
async def test_a_click_that_proves_nothing_changes_nothing(
    talk: Talk, mood: str, status: int
) -> None:
    question_id = await talk.ask()
    setattr(talk.slack.service.clicks.mood, mood, 1)

    click = await talk.slack.press(CHANNEL, "Да, есть", user="U1")

    assert click.status == status
    assert await talk.answers(question_id) == [None]


@pytest.mark.parametrize("offset", [-301, 301])
async def test_a_signature_counts_for_five_minutes(talk: Talk, offset: int) -> None:
    question_id = await talk.ask()
    token = talk.slack.buttons(CHANNEL)[0]["value"]

    stale = await talk.post(*_signed(talk, _click(token), offset=offset))
    fresh = await talk.post(*_signed(talk, _click(token), offset=offset // 301 * 300))

    assert (stale.status_code, fresh.status_code) == (403, 200)
    assert await talk.answers(question_id) == [(1, 0, 0)]


async def test_the_signature_is_of_the_raw_body(talk: Talk) -> None:
    await talk.ask()
    path, body, headers = _signed(talk, _click(talk.slack.buttons(CHANNEL)[0]["value"]))

    same_meaning = await talk.post(path, body.replace(b"+", b"%20"), headers)

    assert body != body.replace(b"+", b"%20")
    assert same_meaning.status_code == 403


UNREADABLE = (
    b"",
    b"nothing=1",
    b"payload=",
    b"payload=%7B",
    b"payload=%7B%22type%22%3A%22block_actions%22%7D",
    b"payload=" + b"%5B" * 2000,
    b"payload=%FF%FE",
    b"\xff\xfe",
    b"&" * 100,
)
NOT_ASKED_FOR = (
    b"payload=%7B%22type%22%3A%22view_submission%22%7D",
    b"ssl_check=1&token=x",
)


async def test_what_is_signed_but_cannot_be_read_is_refused(talk: Talk) -> None:
    unreadable = [(await talk.post(*_signed(talk, body))).status_code for body in UNREADABLE]
    others = [(await talk.post(*_signed(talk, body))).status_code for body in NOT_ASKED_FOR]

    assert unreadable == [400] * len(UNREADABLE)
    assert others == [200] * len(NOT_ASKED_FOR)


async def test_a_body_beyond_all_measure_is_refused(talk: Talk) -> None:
    path, body, headers = _signed(talk, b"payload=" + b"a" * (2 * 1024 * 1024))

    async with talk.site.client(keyed=False) as client:
        answer = await client.post(path, content=body, headers=headers)

    assert answer.status_code == 413


FOREIGN = (
    "",
    "yes",
    "a..1.y",
    "a.aaaaaaaaaaaaaaaaaaaaaa.1.y'; drop table fulfilment_question",
    Press(UUID(int=1), 1, Verb.YES).token,
    Press(UUID(int=1), 0, Verb.MISSING).token,
    "x" * 2000,
)


async def test_a_button_that_is_not_ours_does_nothing_and_says_so(talk: Talk) -> None:
    question_id = await talk.ask()

    answers = [await talk.post(*_signed(talk, _click(token))) for token in FOREIGN]
    await talk.work()

    assert {answer.status_code for answer in answers} == {200}
    assert await talk.answers(question_id) == [None]
    assert shown_to(talk, "U1") == ["Эта кнопка больше не действует."] * len(FOREIGN)


async def test_a_button_that_does_not_fit_the_question_does_nothing(talk: Talk) -> None:
    question_id = await talk.ask(2)
    unfit = [
        Press(question_id, 7, Verb.YES),
        Press(question_id, 1, Verb.SOME, 2),
        Press(question_id, 1, Verb.SOME, 0),
        Press(question_id, 1, Verb.SOME, 99),
        Press(question_id, 0, Verb.SOME, 1),
        Press(question_id, 0, Verb.DEFECTIVE),
    ]

    answers = [await talk.post(*_signed(talk, _click(press.token))) for press in unfit]

    assert {answer.status_code for answer in answers} == {200}
    assert await talk.answers(question_id) == [None]


async def test_a_message_whose_answer_was_lost_is_found_again_and_not_sent_twice(
    talk: Talk,
) -> None:
    question_id = await talk.ask(send=False)
    talk.slack.misbehave(lose_answers=1)
    with pytest.raises(Unavailable):
        await talk.work()
    assert len(talk.slack.messages(CHANNEL)) == 1

    await again(talk, question_id)
    await talk.slack.press(CHANNEL, "Да, есть", user="U1")
    await talk.work()

    assert len(talk.slack.messages(CHANNEL)) == 1
    assert labels(talk) == []


async def test_a_message_that_never_arrived_is_sent_by_the_repeat(talk: Talk) -> None:
    question_id = await talk.ask(send=False)
    talk.slack.misbehave(fail=1)
    with pytest.raises(Unavailable):
        await talk.work()
    assert talk.slack.messages(CHANNEL) == []

    await again(talk, question_id)

    assert labels(talk) == ["Да, есть", "Брак", "Нет"]


async def test_too_many_messages_wait_as_long_as_slack_says(talk: Talk) -> None:
    talk.slack.misbehave(too_many=1, retry_after=1)

    await talk.ask()

    assert len(talk.slack.messages(CHANNEL)) == 1


async def test_pictures_slack_cannot_load_are_left_out(talk: Talk, monkeypatch) -> None:
    refused: list[bool] = []
    post = talk.slack.service.api.call

    def picky(method, headers, body, query=""):
        if b"image_url" in body:
            refused.append(True)
            raise Failed("invalid_blocks")
        return post(method, headers, body, query)

    monkeypatch.setattr(talk.slack.service.api, "call", picky)
    question_id = await talk.ask(send=False)
    async with talk.database.transaction() as tx:
        await tx.execute(
            'update fulfilment_part set item = item || \'{"image": "media/x.webp"}\'::jsonb'
        )

    await talk.work()

    assert refused == [True]
    assert labels(talk) == ["Да, есть", "Брак", "Нет"]
    assert (await talk.question(question_id)).lines[0].image == "media/x.webp"


async def again(talk: Talk, question_id) -> None:
    """Let the job run that failed before."""
    await run_send_question(talk.site.context, SendQuestion(question_id=question_id))
    await talk.work()


def _click(token: str, *, channel: str = CHANNEL, user: str = "U1") -> bytes:
    payload = {
        "type": "block_actions",
        "user": {"id": user, "name": "Анна"},
        "channel": {"id": channel},
        "container": {"message_ts": "1.000100", "channel_id": channel},
        "message": {"text": "a b"},
        "actions": [{"action_id": "x", "value": token}],
    }
    return urlencode({"payload": msgspec.json.encode(payload).decode()}).encode()


def _signed(talk: Talk, body: bytes, *, offset: int = 0) -> tuple[str, bytes, dict[str, str]]:
    at = int(talk.clock.now().timestamp()) + offset
    headers = {
        "Content-Type": FORM,
        "X-Slack-Request-Timestamp": str(at),
        "X-Slack-Signature": sign(SIGNING_SECRET, at, body),
    }
    return ACTIONS_PATH, body, headers
