"""The practice Slack: the contract of its Web API, its clicks, its page, its misbehaviours."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from functools import partial
from urllib.parse import parse_qs

import httpx
import msgspec
import pytest
import pytest_asyncio

from sandbox.acquirer.wire import Answer, Call, serve_connection
from tests.support.http import free_port
from tests.support.processes import Program, eventually
from tests.support.slack import BOT_TOKEN, SIGNING_SECRET, Slack, a_slack

BUTTON = {
    "type": "button",
    "action_id": "yes",
    "value": "q1",
    "text": {"type": "plain_text", "text": "Да"},
}
ACTIONS = {"type": "actions", "block_id": "b1", "elements": [BUTTON]}


@pytest_asyncio.fixture(loop_scope="session")
async def slack() -> AsyncIterator[Slack]:
    async with a_slack() as running:
        yield running


async def call(slack: Slack, method: str, token: str = BOT_TOKEN, **given: object) -> dict:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(
            f"{slack.url}/api/{method}",
            json=given,
            headers={"Authorization": f"Bearer {token}"} if token else {},
        )
    return {"status": answer.status_code, "headers": answer.headers, **answer.json()}


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"token": "xoxb-other"}, "invalid_auth"),
        ({"token": ""}, "not_authed"),
        ({"channel": "C404"}, "channel_not_found"),
        ({"text": "", "blocks": []}, "no_text"),
        ({"text": "a" * 40_001}, "msg_too_long"),
        ({"blocks": [{**ACTIONS, "block_id": "b" * 256}]}, "invalid_blocks"),
        ({"blocks": [ACTIONS, ACTIONS]}, "invalid_blocks"),
        ({"blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
        ({"blocks": [{**ACTIONS, "elements": []}]}, "invalid_blocks"),
        ({"blocks": [{**ACTIONS, "elements": [BUTTON, BUTTON]}]}, "invalid_blocks"),
        (
            {"blocks": [{**ACTIONS, "elements": [{**BUTTON, "value": "v" * 2001}]}]},
            "invalid_blocks",
        ),
        (
            {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "t" * 3001}}]},
            "invalid_blocks",
        ),
        ({"metadata": {"event_type": 5}}, "invalid_metadata_format"),
    ],
)
async def test_what_slack_refuses_is_refused(slack: Slack, given: dict, error: str) -> None:
    answer = await call(slack, "chat.postMessage", **{"channel": "C1", "text": "hello", **given})

    assert (answer["status"], answer["ok"], answer["error"]) == (200, False, error)
    assert slack.messages("C1") == []


async def test_a_message_is_sent_found_by_its_metadata_and_changed(slack: Slack) -> None:
    metadata = {"event_type": "asked", "event_payload": {"key": "k1"}}
    sent = await call(
        slack, "chat.postMessage", channel="C1", text="?", blocks=[ACTIONS], metadata=metadata
    )
    found = await call(slack, "conversations.history", channel="C1", include_all_metadata=True)
    assert [(one["ts"], one["metadata"]) for one in found["messages"]] == [(sent["ts"], metadata)]

    changed = await call(slack, "chat.update", channel="C1", ts=sent["ts"], text="done", blocks=[])
    absent = await call(slack, "chat.update", channel="C1", ts="1.000000", text="done")

    assert (changed["ok"], changed["ts"]) == (True, sent["ts"])
    assert absent["error"] == "message_not_found"
    (message,) = slack.messages("C1")
    assert (message.text, message.blocks) == ("done", [])


async def test_messages_beyond_one_a_second_are_told_to_wait() -> None:
    async with a_slack(burst=2) as slack:
        answers = [
            await call(slack, "chat.postMessage", channel="C1", text=str(number))
            for number in range(3)
        ]

    assert [answer["status"] for answer in answers] == [200, 200, 429]
    assert answers[2]["error"] == "ratelimited"
    assert int(answers[2]["headers"]["retry-after"]) >= 1


async def test_a_lost_answer_leaves_the_message_there(slack: Slack) -> None:
    slack.misbehave(lose_answers=1)

    with pytest.raises(httpx.TransportError):
        await call(slack, "chat.postMessage", channel="C1", text="?")

    assert len(slack.messages("C1")) == 1


class App:
    """The other side of a click: takes what Slack sends and answers what it is told to."""

    def __init__(self) -> None:
        self.taken: list[Call] = []
        self.answers: list[int] = []
        self.url = ""

    async def answer(self, call: Call) -> Answer:
        self.taken.append(call)
        return Answer(status=self.answers.pop(0) if self.answers else 200)


@pytest_asyncio.fixture(loop_scope="session")
async def app() -> AsyncIterator[App]:
    made = App()
    server = await asyncio.start_server(partial(serve_connection, made.answer), "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/actions"
    yield made
    server.close()


async def test_a_click_is_signed_over_its_raw_body(slack: Slack, app: App) -> None:
    slack.service.clicks.request_url = app.url
    slack.service.workspace.clock_offset_seconds = -400
    await call(slack, "chat.postMessage", channel="C1", text="?", blocks=[ACTIONS])

    click = await slack.press("C1", "Да", user="U1")

    (told,) = app.taken
    stamp = told.headers["x-slack-request-timestamp"]
    signed = b"v0:" + stamp.encode() + b":" + told.body
    digest = hmac.new(SIGNING_SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert told.headers["x-slack-signature"] == f"v0={digest}"
    assert int(stamp) == pytest.approx(slack.service.workspace.time() - 400, abs=5)
    payload = msgspec.json.decode(parse_qs(told.body.decode())["payload"][0])
    assert (payload["type"], payload["user"]["id"]) == ("block_actions", "U1")
    assert payload["container"]["message_ts"] == slack.messages("C1")[0].ts
    assert payload["actions"][0]["value"] == "q1"
    assert (click.status, click.fault) == (200, None)


async def test_a_click_that_is_not_acknowledged_shows_a_fault(slack: Slack, app: App) -> None:
    slack.service.clicks.request_url = app.url
    app.answers = [500]
    await call(slack, "chat.postMessage", channel="C1", text="?", blocks=[ACTIONS])

    click = await slack.press("C1", "Да", user="U1")

    assert click.status == 500
    assert "didn't respond" in str(slack.messages("C1")[0].fault)


async def test_a_click_is_told_again_when_retries_are_switched_on(slack: Slack, app: App) -> None:
    slack.service.clicks.request_url = app.url
    slack.service.clicks.mood.retries, slack.service.clicks.mood.pause_seconds = 2, 0
    app.answers = [500, 503]
    await call(slack, "chat.postMessage", channel="C1", text="?", blocks=[ACTIONS])

    await slack.press("C1", "Да", user="U1")

    assert [one.headers.get("x-slack-retry-num") for one in app.taken] == [None, "1", "2"]
    assert app.taken[1].headers["x-slack-retry-reason"] == "http_error"
    assert slack.messages("C1")[0].fault is None


def test_the_program_shows_messages_whose_buttons_can_be_pressed(tmp_path) -> None:
    port = free_port()
    arguments = (
        *("-m", "sandbox.slack", "--port", str(port), "--state", str(tmp_path / "slack.json")),
        *("--request-url", "http://127.0.0.1:9/none"),
        *("--channel", "C1=petrovka", "--person", "U1=Анна=C1", "--person", "U9=Чужой"),
    )
    headers = {"Authorization": "Bearer t1"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:

        def answers() -> bool:
            try:
                return client.get("/health").status_code == 200
            except httpx.TransportError:
                return False

        with Program.started(*arguments, environment={"SLACK_BOT_TOKEN": "t1"}) as program:
            eventually(answers)
            text = "*Есть?* 2 &lt; 3 & <https://hansa.example/x|страница>"
            section = {"type": "section", "text": {"type": "mrkdwn", "text": text}}
            given = {"channel": "C1", "text": "?", "blocks": [section, ACTIONS]}
            sent = client.post("/api/chat.postMessage", json=given, headers=headers).json()
            page = client.get("/", follow_redirects=True).text
            assert "<b>Есть?</b> 2 &lt; 3 &amp; " in page
            assert '<a href="https://hansa.example/x">страница</a>' in page
            assert ">Да</button>" in page
            form = {"channel": "C1", "user": "U1", "ts": sent["ts"]}
            form["action"] = msgspec.json.encode(BUTTON).decode()
            pressed = client.post("/press", data=form, follow_redirects=True)
            assert "This app didn&#x27;t respond" in pressed.text
            assert program.terminate() == 0
        with Program.started(*arguments, environment={"SLACK_BOT_TOKEN": "t1"}):
            eventually(answers)
            assert client.get("/messages/C1").json()[0]["ts"] == sent["ts"]
