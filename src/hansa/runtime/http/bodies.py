"""Reading what was sent and writing what is answered, as JSON and as forms.

Whatever arrives that no text may hold (U+0000, control characters, lone surrogates), that is not
UTF-8 or nested without end is refused here, once, before any handler sees it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import msgspec
from litestar import Response
from litestar.datastructures import FormMultiDict
from litestar.response.base import ASGIResponse
from litestar.status_codes import HTTP_200_OK, HTTP_204_NO_CONTENT
from litestar.types import Receive, Scope, Send

from hansa.kernel.errors import Invalid

if TYPE_CHECKING:
    from hansa.runtime.http.request import Request

T = TypeVar("T")

JSON = "application/json"
DIGITS_MAX = 40

# Tab, line feed and carriage return are text; the other control characters are not.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()


@dataclass(eq=False)
class BodyInvalid(Invalid):
    """The body cannot be read at all."""

    code: ClassVar[str] = "request.body_invalid"
    message: ClassVar[str] = "The body cannot be read: {reason}."

    reason: str


@dataclass(eq=False)
class QueryInvalid(Invalid):
    """The query of the address is not UTF-8."""

    code: ClassVar[str] = "request.query_invalid"
    message: ClassVar[str] = "The address cannot be read: it is not UTF-8."


@dataclass(eq=False)
class WrongContentType(Invalid):
    """The body is of a kind this call does not take."""

    code: ClassVar[str] = "request.content_type"
    message: ClassVar[str] = "Send the body as {expected}, not as {sent}."

    expected: str
    sent: str


@dataclass(eq=False)
class TextInvalid(Invalid):
    """A text holds a character that no text may hold."""

    code: ClassVar[str] = "request.control_character"
    message: ClassVar[str] = "“{field}” holds a control character; only visible text is accepted."

    field: str


def check_content_type(request: "Request") -> None:
    """Refuse a body that does not say it is JSON.

    Raises:
        WrongContentType: it says something else.
    """
    sent = request.visit.headers.get(b"content-type", b"").decode("latin-1")
    kind = sent.partition(";")[0].strip().lower()
    if kind != JSON and not (kind.startswith("application/") and kind.endswith("+json")):
        raise WrongContentType(expected=JSON, sent=kind or "nothing")


def decode(body: bytes) -> Any:
    """Read JSON.

    Raises:
        BodyInvalid: it is not JSON, not UTF-8, nested too deeply, or has a number without end.
        TextInvalid: a text in it holds a control character.
    """
    if not body:
        raise BodyInvalid("it is empty where JSON was expected")
    try:
        value = _decoder.decode(body)
    except UnicodeDecodeError as error:
        raise BodyInvalid("it is not UTF-8") from error
    except RecursionError as error:
        raise BodyInvalid("it is nested too deeply") from error
    except msgspec.DecodeError as error:
        raise BodyInvalid(f"it is not JSON ({str(error).rstrip('.')})") from error
    # A control character can only come as an escape: JSON refuses bare ones. Few bodies have any.
    if b"\\u" in body or b"\x7f" in body:
        check_texts(value)
    return value


def check_texts(value: Any, field: str = "") -> None:
    """Refuse control characters anywhere in decoded JSON.

    Raises:
        TextInvalid: there is one; carries the place.
    """
    if isinstance(value, str):
        if _CONTROL.search(value):
            raise TextInvalid(field or "body")
    elif isinstance(value, dict):
        for key, part in value.items():
            check_texts(key, field)
            check_texts(part, f"{field}.{key}" if field else key)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            check_texts(part, f"{field}[{index}]")


def check_text_values(pairs: Iterable[tuple[str, Any]]) -> None:
    """Refuse control characters in names and values of a form or a query.

    Raises:
        TextInvalid: there is one; carries the field.
    """
    for name, value in pairs:
        if _CONTROL.search(name):
            raise TextInvalid("?")
        if isinstance(value, str) and _CONTROL.search(value):
            raise TextInvalid(name)


def check_form(form: FormMultiDict) -> FormMultiDict:
    """Give the form back if its texts are texts.

    Raises:
        TextInvalid: one is not.
    """
    check_text_values(form.multi_items())
    return form


def has_control_character(text: str) -> bool:
    """Tell whether a text holds what no text may hold."""
    return _CONTROL.search(text) is not None


def encode(value: Any) -> bytes:
    """Write a value as JSON."""
    return _encoder.encode(value)


class WrittenJson(ASGIResponse):
    """An answer whose JSON is written already: sent as it is, past what Litestar does to others.

    `headers` are in lower case; type and length are added.
    """

    def __init__(
        self,
        body: bytes,
        *,
        status: int = HTTP_200_OK,
        headers: Sequence[tuple[bytes, bytes]] = (),
    ) -> None:
        self.body = body
        self.status_code = status
        self._start = [
            (b"content-type", JSON.encode()),
            (b"content-length", str(len(body)).encode()),
            *headers,
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Send it."""
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self._start,
            }
        )
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


def answer(value: T, *, status: int) -> Response[T]:
    """Make the answer for a value, already encoded, so that it can be kept as it is sent."""
    if isinstance(value, Response):
        return value
    body = b"" if value is None or status == HTTP_204_NO_CONTENT else encode(value)
    content: Any = body or None
    return Response(content, status_code=status, media_type=JSON)


def bytes_of(answer: Response[Any]) -> bytes:
    """Give the bytes of an answer made by `answer`."""
    content = answer.content
    if content is None:
        return b""
    return content if isinstance(content, bytes) else encode(content)
