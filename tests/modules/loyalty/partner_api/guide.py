"""The guide for partners' programmers as a program: its calls, run in their order."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

HOW_TO = Path(__file__).parents[4] / "docs" / "how-to"
GUIDES = ("partner-api.md", "partner-api.ru.md")

_CALL = re.compile(
    r"```http\n(?P<method>[A-Z]+) (?P<path>\S+)\n(?P<rest>.*?)```"
    r"(?:\n\n```json\n(?P<answer>.*?)```)?",
    re.DOTALL,
)
_ID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_SECRET = re.compile(r"whsec_[\w+/=.]+")
_ONCE = re.compile(r'(?<="instance": ")\w+|(?<="next": ")[\w-]+')


@dataclass(frozen=True)
class Call:
    """A call the guide shows, and the answer it shows, if it does."""

    method: str
    path: str
    headers: dict[str, str]
    body: object
    answer: object


def text_of(guide: str) -> str:
    return (HOW_TO / guide).read_text()


def calls_of(text: str) -> list[Call]:
    """Give the calls of a guide in their order."""
    found = []
    for one in _CALL.finditer(text):
        head, _, body = one["rest"].partition("\n\n")
        lines = [line.partition(": ") for line in head.splitlines() if line]
        found.append(
            Call(
                method=one["method"],
                path=one["path"],
                headers={name: value for name, _, value in lines},
                body=json.loads(body) if body.strip() else None,
                answer=json.loads(one["answer"]) if one["answer"] else None,
            )
        )
    return found


async def run(client, calls: list[Call]):
    """Make the calls; ids that a guide leaves open are those of the answers before."""
    known: dict[str, str] = {}
    for call in calls:
        path = call.path
        for name, value in known.items():
            path = path.replace("{" + name + "}", value)
        answer = await client.request(call.method, path, headers=call.headers, json=call.body)
        given = answer.json()
        assert answer.is_success, (call.path, given)
        if call.path == "/loyalty/v1/members":
            known["member_id"] = given["member_id"]
        if call.path == "/loyalty/v1/webhooks":
            known["webhook_id"] = given["webhook"]["id"]
        if call.path.endswith("/tests"):
            known["message_id"] = given["message_id"]
        yield call, answer


def plain(value: object) -> object:
    """Leave out what differs each time: ids, instants, secrets, cursors."""
    text = json.dumps(value, sort_keys=True)
    for pattern, name in ((_ID, "ID"), (_INSTANT, "INSTANT"), (_SECRET, "SECRET"), (_ONCE, "ONCE")):
        text = pattern.sub(name, text)
    return json.loads(text)
