"""Every wrong field of a request, not only the first.

msgspec stops at the first fault. Only when it has found one, the body is walked again field by
field, so that whoever sent it can mend all at once; the right path pays nothing for this.
"""

import dataclasses
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from litestar.exceptions import ValidationException
from litestar.types import Empty

if TYPE_CHECKING:
    from hansa.runtime.http.request import Request

FAULTS_MAX = 50

_AT = re.compile(r" - at `(?P<path>[^`]*)`$")
_MISSING = re.compile(r"^Object missing required field `(?P<name>[^`]*)`")
_UNKNOWN = re.compile(r"^Object contains unknown field `(?P<name>[^`]*)`")
_TYPE = re.compile(r"^Expected `(?P<wanted>[^`]*)`, got `(?P<got>[^`]*)`")
_NUMBERS = ("int", "float", "decimal", "int | null", "float | null", "decimal | null")

MESSAGE_MISSING = "This field is required."
MESSAGE_UNKNOWN = "There is no such field."
MESSAGE_TYPE = "Expected {wanted}."
MESSAGE_NUMBER = "Enter a number."
MESSAGE_VALUE = "This value is not accepted: {reason}."
MESSAGE_CHOICE = "Choose one of the values offered."

# What msgspec says -> the code and the sentence people get.
_SENTENCES: tuple[tuple[re.Pattern[str], str, str], ...] = tuple(
    (re.compile(pattern), code, sentence)
    for pattern, code, sentence in (
        (
            r"^Expected `str` of length >= (?P<limit>\d+)",
            "short",
            "Enter at least {limit} characters.",
        ),
        (
            r"^Expected `str` of length <= (?P<limit>\d+)",
            "long",
            "Enter at most {limit} characters.",
        ),
        (r"^Expected `\w+` of length >= (?P<limit>\d+)", "few", "Give at least {limit}."),
        (r"^Expected `\w+` of length <= (?P<limit>\d+)", "many", "Give at most {limit}."),
        (r"^Expected `\w+` >= (?P<limit>\S+)", "small", "The smallest value allowed is {limit}."),
        (r"^Expected `\w+` <= (?P<limit>\S+)", "large", "The largest value allowed is {limit}."),
        (r"^Expected `\w+` > (?P<limit>\S+)", "small", "The value must be more than {limit}."),
        (r"^Expected `\w+` < (?P<limit>\S+)", "large", "The value must be less than {limit}."),
        (r"^Expected `str` matching regex", "form", "This does not have the expected form."),
        (r"^Invalid enum value", "choice", MESSAGE_CHOICE),
        (r"^Invalid UUID", "form", "This is not an identifier."),
        (r"^Invalid decimal", "type", MESSAGE_NUMBER),
        (r"^Invalid RFC3339", "form", "Enter a date and a time, such as 2026-03-05T14:00:00Z."),
        (r"^Invalid date", "form", "Enter a date."),
        (r"^Expected `datetime` with a timezone", "form", "The time needs its time zone."),
        (r"^Integer value out of range", "large", "This number is too large."),
    )
)


@dataclass(frozen=True, slots=True)
class FieldFault:
    """What is wrong with one field; `message` is a msgid filled from `data`."""

    field: str
    code: str
    message: str
    data: Mapping[str, object] = dataclasses.field(default_factory=dict)


def faults_of(request: "Request", error: ValidationException) -> tuple[FieldFault, ...]:
    """Name every wrong field of the request."""
    found: list[FieldFault] = []
    extra = error.extra if isinstance(error.extra, list) else []
    for part in extra:
        if part.get("source") == "body" or part.get("key", "").startswith("data"):
            continue
        found.append(_read(part.get("key", ""), str(part.get("message", ""))))
    signature = request.route_handler.parsed_fn_signature.parameters.get("data")
    body = request._connection_state.json  # noqa: SLF001 - our own class keeps it there
    if signature is not None and body is not Empty:
        found.extend(body_faults(body, signature.annotation, strict=True))
    if not found:
        found.append(FieldFault("", "value", MESSAGE_VALUE, {"reason": str(error.detail)}))
    return tuple(found[:FAULTS_MAX])


def body_faults(
    value: Any, wanted: Any, at: str = "", *, strict: bool = False
) -> Iterator[FieldFault]:
    """Walk a decoded body beside the type it should have, and give each fault.

    `strict` is for JSON: texts of a form may stand for numbers and truth values.
    """
    try:
        msgspec.convert(value, wanted, strict=strict, str_keys=True)
    except msgspec.ValidationError as error:
        inner = list(_inner(value, wanted, at, strict=strict))
        if inner:
            yield from inner
        else:
            yield _read(at, str(error))
    except (ValueError, TypeError, ArithmeticError) as error:
        yield FieldFault(at, "value", MESSAGE_VALUE, {"reason": str(error)})


def _inner(value: Any, wanted: Any, at: str, *, strict: bool) -> Iterator[FieldFault]:
    kind = msgspec.inspect.type_info(wanted)
    if isinstance(kind, msgspec.inspect.StructType) and isinstance(value, dict):
        yield from _inner_struct(value, kind, at, strict=strict)
    elif isinstance(value, list) and isinstance(
        kind, msgspec.inspect.ListType | msgspec.inspect.VarTupleType | msgspec.inspect.SetType
    ):
        item = _argument(wanted)
        for index, part in enumerate(value[:FAULTS_MAX]):
            yield from body_faults(part, item, f"{at}[{index}]", strict=strict)


def _inner_struct(
    value: dict[str, Any], kind: msgspec.inspect.StructType, at: str, *, strict: bool
) -> Iterator[FieldFault]:
    known = {one.encode_name: one for one in kind.fields}
    types = {one.encode_name: one.type for one in msgspec.structs.fields(kind.cls)}
    for name, one in known.items():
        place = f"{at}.{name}" if at else name
        if name in value:
            yield from body_faults(value[name], types[name], place, strict=strict)
        elif one.required:
            yield FieldFault(place, "missing", MESSAGE_MISSING)
    if kind.forbid_unknown_fields:
        for name in value:
            if name not in known:
                yield FieldFault(f"{at}.{name}" if at else name, "unknown", MESSAGE_UNKNOWN)


def _argument(wanted: Any) -> Any:
    arguments = getattr(wanted, "__args__", ())
    while arguments and getattr(wanted, "__metadata__", None):
        wanted = wanted.__origin__
        arguments = getattr(wanted, "__args__", ())
    return arguments[0] if arguments else Any


def _read(at: str, text: str) -> FieldFault:  # noqa: PLR0911 - one per kind of message
    """Turn a message of msgspec into a fault."""
    place = _AT.search(text)
    if place:
        inner = place["path"].removeprefix("$").removeprefix(".")
        text = text[: place.start()]
        at = f"{at}.{inner}" if at and inner else at or inner
    missing, unknown = _MISSING.match(text), _UNKNOWN.match(text)
    if missing:
        name = missing["name"]
        return FieldFault(f"{at}.{name}" if at else name, "missing", MESSAGE_MISSING)
    if unknown:
        name = unknown["name"]
        return FieldFault(f"{at}.{name}" if at else name, "unknown", MESSAGE_UNKNOWN)
    if text.startswith("Missing required"):
        return FieldFault(at, "missing", MESSAGE_MISSING)
    for pattern, code, sentence in _SENTENCES:
        if found := pattern.match(text):
            return FieldFault(at, code, sentence, found.groupdict())
    if expected := _TYPE.match(text):
        if expected["wanted"] in _NUMBERS:
            return FieldFault(at, "type", MESSAGE_NUMBER)
        return FieldFault(at, "type", MESSAGE_TYPE, {"wanted": expected["wanted"]})
    return FieldFault(at, "value", MESSAGE_VALUE, {"reason": text.rstrip(".") or "?"})
