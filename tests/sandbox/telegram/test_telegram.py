"""The practice Telegram: the contract of its Bot API, its updates, its page, its misbehaviours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import httpx
import msgspec
import pytest
import pytest_asyncio

from sandbox.acquirer.wire import Answer, Call, serve_connection
from tests.support.http import free_port
from tests.support.processes import Program, eventually
from tests.support.telegram import CHAT, SECRET, TOKEN, Telegram, a_telegram

BUTTON = {"text": "Да", "callback_data": "a.1.y"}
MARKUP = {"inline_keyboard": [[BUTTON]]}


@pytest_asyncio.fixture(loop_scope="session")
async def telegram() -> AsyncIterator[Telegram]:
    async with a_telegram() as running:
        yield running


async def call(telegram: Telegram, method: str, token: str = TOKEN, **given: object) -> dict:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(f"{telegram.url}/bot{token}/{method}", json=given)
    return {"status": answer.status_code, "headers": answer.headers, **answer.json()}


@pytest.mark.parametrize(
    ("given", "code", "description"),
    [
        ({"token": "1:other"}, 401, "Unauthorized"),
        ({"chat_id": 5}, 400, "chat not found"),
        ({"text": ""}, 400, "message text is empty"),
        ({"text": "a" * 4097}, 400, "message is too long"),
        ({"text": "<u", "parse_mode": "HTML"}, 400, "can't parse entities"),
        (
            {"reply_markup": {"inline_keyboard": [[{"text": "?", "callback_data": "я" * 33}]]}},
            400,
            "BUTTON_DATA_INVALID",
        ),
        (
            {"reply_markup": {"inline_keyboard": [[{"text": "?", "callback_data": ""}]]}},
            400,
            "BUTTON_DATA_INVALID",
        ),
        (
            {"reply_markup": {"inline_keyboard": [[BUTTON] * 9]}},
            400,
            "reply markup is too long",
        ),
    ],
)
async def test_what_telegram_refuses_is_refused(
    telegram: Telegram, given: dict, code: int, description: str
) -> None:
    answer = await call(telegram, "sendMessage", **{"chat_id": CHAT, "text": "hello", **given})

    assert (answer["status"], answer["ok"], answer["error_code"]) == (code, False, code)
    assert description in answer["description"]
    assert telegram.messages() == []


async def test_64_bytes_of_data_are_taken(telegram: Telegram) -> None:
    data = "я" * 32
    markup = {"inline_keyboard": [[{"text": "?", "callback_data": data}]]}

    answer = await call(telegram, "sendMessage", chat_id=CHAT, text="?", reply_markup=markup)

    assert answer["ok"]


async def test_a_message_is_sent_and_changed_but_not_into_itself(telegram: Telegram) -> None:
    sent = await call(telegram, "sendMessage", chat_id=CHAT, text="?", reply_markup=MARKUP)
    address = {"chat_id": CHAT, "message_id": sent["result"]["message_id"]}

    changed = await call(telegram, "editMessageText", **address, text="done")
    same = await call(telegram, "editMessageText", **address, text="done")
    keyboard = await call(telegram, "editMessageReplyMarkup", **address, reply_markup=MARKUP)
    absent = await call(telegram, "editMessageText", chat_id=CHAT, message_id=99, text="x")

    assert changed["result"]["text"] == "done"
    assert "message is not modified" in same["description"]
    assert keyboard["result"]["reply_markup"] == MARKUP
    assert "message to edit not found" in absent["description"]


async def test_messages_beyond_one_a_second_are_told_to_wait() -> None:
    async with a_telegram(burst=1) as telegram:
        first = await call(telegram, "sendMessage", chat_id=CHAT, text="1")
        second = await call(telegram, "sendMessage", chat_id=CHAT, text="2")

    assert (first["status"], second["status"]) == (200, 429)
    assert second["parameters"]["retry_after"] >= 1
    assert second["headers"]["retry-after"] == str(second["parameters"]["retry_after"])


@pytest.mark.parametrize(
    ("given", "description"),
    [
        ({"url": "http://shop.example/hook"}, "An HTTPS URL must be provided"),
        ({"url": "https://shop.example/hook", "secret_token": "a b"}, "unallowed characters"),
    ],
)
async def test_a_webhook_must_be_safe(telegram: Telegram, given: dict, description: str) -> None:
    answer = await call(telegram, "setWebhook", **given)

    assert description in answer["description"]


class Bot:
    """The other side of an update: takes what Telegram sends and answers what it is told to."""

    def __init__(self) -> None:
        self.taken: list[Call] = []
        self.answers: list[int] = []
        self.reply: dict[str, object] | None = None
        self.url = ""

    async def answer(self, call: Call) -> Answer:
        self.taken.append(call)
        status = self.answers.pop(0) if self.answers else 200
        return Answer.of(self.reply, status) if self.reply else Answer(status=status)


@pytest_asyncio.fixture(loop_scope="session")
async def bot() -> AsyncIterator[Bot]:
    made = Bot()
    server = await asyncio.start_server(partial(serve_connection, made.answer), "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    yield made
    server.close()


async def test_a_press_is_sent_with_the_secret_until_it_is_taken(
    telegram: Telegram, bot: Bot
) -> None:
    await call(telegram, "setWebhook", url=bot.url, secret_token=SECRET)
    await call(telegram, "sendMessage", chat_id=CHAT, text="?", reply_markup=MARKUP)
    bot.answers = [500]

    query = telegram.service.updates.press(user=1, chat=CHAT, message_id=1, data="a.1.y")
    await telegram.until(lambda: len(bot.taken) == 2 and not telegram.service.updates.waiting)

    first, second = (msgspec.json.decode(one.body) for one in bot.taken)
    assert first == second
    assert first["callback_query"]["data"] == "a.1.y"
    assert first["callback_query"]["from"]["id"] == 1
    assert bot.taken[0].headers["x-telegram-bot-api-secret-token"] == SECRET
    assert not query.is_answered


async def test_a_press_is_answered_by_a_call_or_in_the_answer(telegram: Telegram, bot: Bot) -> None:
    await call(telegram, "setWebhook", url=bot.url)
    await call(telegram, "sendMessage", chat_id=CHAT, text="?", reply_markup=MARKUP)
    press = partial(telegram.service.updates.press, user=1, chat=CHAT, message_id=1)

    by_call = press(data="a.1.y")
    answered = await call(telegram, "answerCallbackQuery", callback_query_id=by_call.id, text="ok")
    again = await call(telegram, "answerCallbackQuery", callback_query_id=by_call.id)
    await telegram.until(lambda: not telegram.service.updates.waiting)
    bot.reply = {"method": "answerCallbackQuery", "text": "taken"}
    by_answer = press(data="a.1.n")
    bot.reply["callback_query_id"] = by_answer.id
    await telegram.until(lambda: by_answer.is_answered)

    assert answered["ok"]
    assert "query is too old" in again["description"]
    assert (by_call.text, by_answer.text) == ("ok", "taken")


def test_the_program_shows_messages_whose_buttons_can_be_pressed(tmp_path) -> None:
    port = free_port()
    arguments = (
        *("-m", "sandbox.telegram", "--port", str(port), "--state", str(tmp_path / "t.json")),
        *(f"--chat={CHAT}=Невский", f"--person=1=Анна={CHAT}"),
    )
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:

        def answers() -> bool:
            try:
                return client.get("/health").status_code == 200
            except httpx.TransportError:
                return False

        with Program.started(*arguments, environment={"TELEGRAM_TOKEN": TOKEN}) as program:
            eventually(answers)
            given = {"chat_id": CHAT, "text": "<b>Есть?</b>", "parse_mode": "HTML"}
            sent = client.post(f"/bot{TOKEN}/sendMessage", json={**given, "reply_markup": MARKUP})
            assert sent.json()["ok"]
            page = client.get("/", follow_redirects=True).text
            assert "<b>Есть?</b>" in page
            assert "<button>Да</button>" in page
            form = {"chat": CHAT, "message_id": 1, "user": 1, "data": "a.1.y"}
            assert "⏳" in client.post("/press", data=form, follow_redirects=True).text
            assert program.terminate() == 0
        with Program.started(*arguments, environment={"TELEGRAM_TOKEN": TOKEN}):
            eventually(answers)
            assert client.get(f"/messages/{CHAT}").json()[0]["text"] == "<b>Есть?</b>"
