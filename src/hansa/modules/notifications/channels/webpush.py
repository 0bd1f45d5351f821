"""Web Push: to browsers through the push service each of them names (RFC 8030, 8291, 8292)."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from hansa.modules.notifications.channels import jwt
from hansa.modules.notifications.channels.calling import GONE, NOT_FOUND, call, excerpt
from hansa.modules.notifications.channels.encryption import encrypt
from hansa.modules.notifications.channels.keys import installation_key, written
from hansa.modules.notifications.channels.protocol import (
    Gone,
    Later,
    Outcome,
    Push,
    Refused,
    Sent,
)
from hansa.modules.notifications.model import Device, unpadded
from hansa.runtime.context import Context
from hansa.runtime.outbound import Destination

NAME, PRACTICE = "webpush", "webpush-practice"
TOKEN_LIFE = timedelta(hours=12)
TOKEN_REUSED = timedelta(hours=6)
_ORIGINS_MAX = 100


class WebPush:
    """Sends to browsers. A token for a push service is used for some hours."""

    def __init__(self, context: Context) -> None:
        settings = context.settings
        self._context = context
        self._subject = settings.webpush_contact or settings.public_url
        self._practice = settings.webpush_practice_url
        self._key: ec.EllipticCurvePrivateKey | None = None
        self._making = asyncio.Lock()
        self._tokens: dict[str, tuple[str, datetime]] = {}
        # Whose addresses browsers name: any, but none in a private network.
        # An endpoint is a secret, so it stays out of the log.
        anywhere = Destination(
            name=NAME, read_seconds=10, total_seconds=15, attempts=1, log_target=False
        )
        context.outbound.configure(anywhere)
        if self._practice:
            practice = replace(anywhere, name=PRACTICE, base_url=self._practice)
            context.outbound.configure(practice)

    async def public_key(self) -> str:
        """Give what a browser needs to subscribe (`applicationServerKey`)."""
        return written((await self._pair()).public_key())

    async def send(self, push: Push, device: Device) -> Outcome:
        """Send a message to a browser."""
        parts = urlsplit(device.address)
        origin = f"{parts.scheme}://{parts.netloc}"
        try:
            content = encrypt(
                _payload(push),
                receiver=unpadded(device.key_public),
                auth=unpadded(device.key_auth),
            )
        except ValueError as error:
            return Refused(reason=str(error))
        headers = {
            "authorization": await self._authorization(origin),
            "content-type": "application/octet-stream",
            "content-encoding": "aes128gcm",
            "ttl": str(push.ttl_seconds),
            "urgency": push.urgency,
            "topic": push.topic,
        }
        is_practice = origin == self._practice
        target = device.address.removeprefix(origin) if is_practice else device.address
        answer = await call(
            self._context.outbound,
            PRACTICE if is_practice else NAME,
            target,
            headers=headers,
            content=content,
        )
        if isinstance(answer, Later | Refused):
            return answer
        if answer.ok:
            return Sent(reference=answer.headers.get("location", "")[-200:])
        if answer.status in {NOT_FOUND, GONE}:
            return Gone(reason=f"answered {answer.status}")
        return Refused(reason=excerpt(answer))

    async def _authorization(self, origin: str) -> str:
        key = await self._pair()
        now = self._context.clock.now()
        token, made_at = self._tokens.get(origin, ("", now))
        if not token or not timedelta(0) <= now - made_at < TOKEN_REUSED:
            claims: dict[str, str | int] = {
                "aud": origin,
                "exp": int((now + TOKEN_LIFE).timestamp()),
                "sub": self._subject,
            }
            token = jwt.sign(key, claims)
            if len(self._tokens) >= _ORIGINS_MAX:
                self._tokens.clear()
            self._tokens[origin] = (token, now)
        return f"vapid t={token}, k={written(key.public_key())}"

    async def _pair(self) -> ec.EllipticCurvePrivateKey:
        async with self._making:
            if self._key is None:
                context = self._context
                self._key = await installation_key(
                    context.database,
                    secret=context.settings.secret_key.reveal().encode(),
                    now=context.clock.now(),
                )
        return self._key


def make(context: Context) -> WebPush:
    """Make the adapter; browsers need nothing set up."""
    return WebPush(context)


def _payload(push: Push) -> bytes:
    """What the service worker reads: `tag` replaces what is shown of the same matter."""
    return msgspec.json.encode(
        {
            "id": str(push.message_id),
            "title": push.title,
            "body": push.body,
            "link": push.link,
            "tag": push.topic,
            "values": dict(push.values),
        }
    )
