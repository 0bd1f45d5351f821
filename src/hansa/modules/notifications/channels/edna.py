"""EDNA Pulse: a message goes through a cascade that is set up there (push, messenger, SMS).

`requestId` is the number of the delivery: a repeat within 20 minutes is refused as one, which
means that the first had been taken. An answer 200 means accepted, no more; what became of it is
told to the inbox of statuses.
"""

from typing import Any

import msgspec

from hansa.modules.notifications.channels.calling import NOT_FOUND, UNAUTHORISED, call, excerpt
from hansa.modules.notifications.channels.protocol import (
    Gone,
    Later,
    Outcome,
    Push,
    Refused,
    Sent,
)
from hansa.modules.notifications.model import Device
from hansa.runtime.context import Context
from hansa.runtime.outbound import Answer, Destination

NAME = "edna"
MESSAGES_PER_SECOND = 50.0
CONNECTIONS_MAX = 20
_REPEATED = "requestid-is-not-unique"
_NO_SUBSCRIBER = frozenset({"subscriber-not-found", "address-not-found"})


class _Failure(msgspec.Struct):
    title: str = ""
    code: str = ""
    detail: str = ""


class Edna:
    """Sends through a cascade of EDNA."""

    def __init__(self, context: Context) -> None:
        settings = context.settings
        self._outbound = context.outbound
        self._cascade = settings.edna_cascade
        context.outbound.configure(
            Destination(
                name=NAME,
                base_url=settings.edna_url.rstrip("/"),
                headers={"X-API-KEY": settings.edna_api_key.reveal()},
                read_seconds=10,
                total_seconds=15,
                attempts=1,
                rate_per_second=MESSAGES_PER_SECOND,
                burst=CONNECTIONS_MAX,
                connections_max=CONNECTIONS_MAX,
            )
        )

    async def send(self, push: Push, device: Device) -> Outcome:
        """Hand a message over."""
        answer = await call(
            self._outbound,
            NAME,
            "/api/cascade/schedule",
            headers={"content-type": "application/json"},
            content=msgspec.json.encode(_request(push, device, self._cascade)),
        )
        if isinstance(answer, Later | Refused):
            return answer
        if answer.ok:
            return Sent(reference=str(push.id))
        return _refusal(push, answer)


def make(context: Context) -> Edna | None:
    """Make the adapter, or nothing if this installation has no key."""
    return Edna(context) if context.settings.edna_api_key else None


def _request(push: Push, device: Device, cascade: int) -> dict[str, Any]:
    is_phone = device.address.isdecimal()
    shown = {"title": push.title, "text": push.body}
    content: dict[str, Any] = {"small": shown, "big": shown}
    if push.link:
        content["action"] = push.link
    return {
        "requestId": str(push.id),
        "cascadeId": cascade,
        "subscriberFilter": {
            "address": device.address,
            "type": "PHONE" if is_phone else "ID",
        },
        "comment": str(push.message_id),
        "content": {
            "pushContent": content,
            "smsContent": {"contentType": "TEXT", "text": push.body},
        },
    }


def _refusal(push: Push, answer: Answer) -> Outcome:
    try:
        failure = answer.json(_Failure)
    except msgspec.DecodeError:
        return Refused(reason=excerpt(answer))
    code = (failure.code or failure.title).lower()
    if code == _REPEATED:
        return Sent(reference=str(push.id))
    if code in _NO_SUBSCRIBER or answer.status == NOT_FOUND:
        return Gone(reason=code)
    if answer.status == UNAUTHORISED:
        return Refused(reason="EDNA does not take the key in edna_api_key")
    return Refused(reason=f"{code}: {failure.detail}"[:200])
