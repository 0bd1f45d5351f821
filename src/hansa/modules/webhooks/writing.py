"""The body of a message: a CloudEvent 1.0.2 in structured JSON, whose id is the message's own."""

from uuid import UUID

import msgspec

from hansa.modules.webhooks.model import BODY_BYTES_MAX, MessageInvalid, NewMessage

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"


class _CloudEvent(msgspec.Struct, omit_defaults=True, kw_only=True):
    """The attributes in the order in which people read them."""

    specversion: str
    id: str
    source: str
    type: str
    subject: str = ""
    time: str
    datacontenttype: str
    data: msgspec.Raw


def data_of(new: NewMessage) -> bytes:
    """Write what is told as JSON.

    Raises:
        MessageInvalid: JSON cannot say it, or it is too long.
    """
    try:
        data = msgspec.json.encode(new.data)
    except (TypeError, msgspec.MsgspecError) as error:
        raise MessageInvalid(f"its data are no JSON ({error})") from error
    if len(data) > BODY_BYTES_MAX:
        raise MessageInvalid(f"its data have {len(data)} bytes, at most {BODY_BYTES_MAX} may be")
    return data


def body_of(message_id: UUID, new: NewMessage, data: bytes) -> bytes:
    """Write the body of one message."""
    at = new.occurred_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return msgspec.json.encode(
        _CloudEvent(
            specversion="1.0",
            id=str(message_id),
            source=new.source,
            type=new.type,
            subject=new.subject,
            time=at,
            datacontenttype="application/json",
            data=msgspec.Raw(data),
        )
    )
