"""A call to a push service, whose failures are outcomes."""

from hansa.kernel.errors import Unavailable
from hansa.modules.notifications.channels.protocol import Later, Refused
from hansa.runtime.outbound import (
    AddressRefused,
    Answer,
    CircuitOpen,
    DestinationFailed,
    NoAnswer,
    Outbound,
    TooManyRequests,
)

REASON_CHARACTERS_MAX = 200
UNAUTHORISED, NOT_FOUND, GONE = 401, 404, 410
BUSY = "answered 429"


async def call(
    outbound: Outbound,
    destination: str,
    target: str,
    *,
    headers: dict[str, str],
    content: bytes,
) -> Answer | Later | Refused:
    """Post something; give the answer, or what its absence means."""
    try:
        return await outbound.send(destination, "POST", target, headers=headers, content=content)
    except AddressRefused as refusal:
        return Refused(reason=refusal.reason)
    except Unavailable as failure:
        return _later(failure)


def _later(failure: Unavailable) -> Later:
    match failure:
        case NoAnswer():
            return Later(reason=failure.reason, is_unknown=failure.maybe_done)
        case DestinationFailed():
            # A server that failed may have sent the message on before.
            return Later(
                reason=f"answered {failure.status}",
                retry_after_seconds=failure.retry_after_seconds,
                is_unknown=True,
            )
        case TooManyRequests():
            return Later(reason=BUSY, retry_after_seconds=failure.retry_after_seconds)
        case CircuitOpen():
            return Later(
                reason="left alone for a while", retry_after_seconds=failure.retry_after_seconds
            )
        case _:
            return Later(reason=str(failure), is_unknown=True)


def excerpt(answer: Answer) -> str:
    """Give what an answer says, for people."""
    said = answer.body[:REASON_CHARACTERS_MAX].decode("utf-8", "replace")
    return f"answered {answer.status}: {said}".rstrip(": ")
