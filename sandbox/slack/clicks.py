"""Clicks: told to the app as Slack does, signed, and shown as failed if it does not answer."""

import asyncio
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import httpx
import msgspec

from sandbox.slack.workspace import Click, Message, Workspace

ACKNOWLEDGED_WITHIN_SECONDS = 3.0
OLD_SECONDS = 301
CLICKS_KEPT = 100
NO_ANSWER = "This app didn't respond. Try again, or contact the app's owner."


class ClickMood(msgspec.Struct):
    """How clicks are told wrongly.

    Counts go down with each click concerned. `retries`: how often an unacknowledged click is told
    again, with `X-Slack-Retry-Num`, as events are; for clicks Slack itself leaves it at none.
    """

    wrong_signature: int = 0
    old_timestamp: int = 0
    unsigned: int = 0
    twice: int = 0
    no_payload: int = 0
    retries: int = 0
    pause_seconds: float = 1


@dataclass
class Clicks:
    """Tells the app what was pressed."""

    workspace: Workspace
    signing_secret: str
    request_url: str
    mood: ClickMood = field(default_factory=ClickMood)
    client: httpx.AsyncClient = field(
        default_factory=lambda: httpx.AsyncClient(
            timeout=ACKNOWLEDGED_WITHIN_SECONDS, trust_env=False
        )
    )

    async def press(self, *, user: str, channel: str, ts: str, action: dict[str, Any]) -> Click:
        """Press a button; give what became of it. A stranger presses too: Slack lets them."""
        message = self.workspace.find(channel, ts)
        if message is None:
            raise LookupError("there is no such message")
        click = Click(user=user, channel=channel, ts=ts, action_id=str(action["action_id"]))
        self.workspace.clicks.append(click)
        del self.workspace.clicks[:-CLICKS_KEPT]
        body = self._body(click, message, action)
        times = 2 if self._once("twice") else 1
        await asyncio.gather(*(self._tell(click, body) for _ in range(times)))
        message.fault = None if click.status == httpx.codes.OK else (click.fault or NO_ANSWER)
        self.workspace.save()
        return click

    async def _tell(self, click: Click, body: bytes) -> None:
        reason = ""
        for attempt in range(1 + self.mood.retries):
            if attempt:
                await asyncio.sleep(self.mood.pause_seconds)
            headers = self._headers(body)
            if attempt:
                headers |= {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason}
            click.tries += 1
            try:
                answer = await self.client.post(self.request_url, content=body, headers=headers)
            except httpx.TimeoutException:
                click.fault, reason = NO_ANSWER, "http_timeout"
            except httpx.HTTPError as error:
                click.fault, reason = f"{NO_ANSWER} ({type(error).__name__})", "connection_failed"
            else:
                click.status, reason = answer.status_code, "http_error"
                if answer.status_code == httpx.codes.OK:
                    click.fault = None
                    return
                click.fault = f"{NO_ANSWER} (HTTP {answer.status_code})"

    def _headers(self, body: bytes) -> dict[str, str]:
        at = int(self.workspace.now())
        if self._once("old_timestamp"):
            at -= OLD_SECONDS
        secret = f"not {self.signing_secret}" if self._once("wrong_signature") else None
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        }
        if self._once("unsigned"):
            return headers
        return headers | {
            "X-Slack-Request-Timestamp": str(at),
            "X-Slack-Signature": sign(secret or self.signing_secret, at, body),
        }

    def _body(self, click: Click, message: Message, action: dict[str, Any]) -> bytes:
        if self._once("no_payload"):
            return b"ssl_check=1"
        channel = self.workspace.channels[click.channel]
        person = self.workspace.people.get(click.user)
        name = person.name if person is not None else "stranger"
        container = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": channel.id,
            "is_ephemeral": False,
        }
        shown = {"type": "message", "ts": message.ts, "text": message.text}
        payload: dict[str, Any] = {
            "type": "block_actions",
            "user": {"id": click.user, "username": name, "name": name, "team_id": "T0PRACTICE"},
            "api_app_id": "A0HANSA",
            "token": "deprecated",
            "container": container,
            "trigger_id": uuid4().hex,
            "team": {"id": "T0PRACTICE", "domain": "practice"},
            "enterprise": None,
            "is_enterprise_install": False,
            "channel": {"id": channel.id, "name": channel.name},
            "message": {**shown, "blocks": message.blocks},
            "state": {"values": {}},
            "response_url": f"https://hooks.slack.example/actions/{uuid4().hex}",
            "actions": [{**action, "action_ts": f"{self.workspace.now():.6f}"}],
        }
        return urlencode({"payload": msgspec.json.encode(payload).decode()}).encode()

    def _once(self, name: str) -> bool:
        left: int = getattr(self.mood, name)
        if left > 0:
            setattr(self.mood, name, left - 1)
        return left > 0

    async def close(self) -> None:
        """Close the connections."""
        await self.client.aclose()


def sign(secret: str, at: int, body: bytes) -> str:
    """Sign a body as Slack does, version 0."""
    told = b"v0:%d:%b" % (at, body)
    return "v0=" + hmac.new(secret.encode(), told, hashlib.sha256).hexdigest()
