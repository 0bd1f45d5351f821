"""Failures as answers: RFC 9457 documents for programs, pages that say what to do for people.

This is the only place that maps a kind of failure to an HTTP status.
"""

import html
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec
import psycopg
import structlog
from litestar import Response
from litestar.exceptions import (
    ClientException,
    HTTPException,
    InternalServerException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.status_codes import HTTP_401_UNAUTHORIZED, HTTP_429_TOO_MANY_REQUESTS

from hansa.kernel.errors import (
    Conflict,
    Forbidden,
    HansaError,
    Invalid,
    NotFound,
    Rejected,
    Unavailable,
)
from hansa.runtime.http.bodies import WrongContentType
from hansa.runtime.http.faults import FieldFault, body_faults, faults_of
from hansa.runtime.http.idempotency import AlreadyAnswered
from hansa.runtime.http.identity import BadCredentials, SignInNeeded
from hansa.runtime.http.limits import TooManyRequests
from hansa.runtime.http.request import Request
from hansa.runtime.http.visit import PROGRAM_PATHS

ERROR_PAGE = "error.html"
PROBLEM = "application/problem+json"
RETRY_AFTER_SECONDS = 2
CHALLENGE = 'Bearer realm="Hansa"'
CHALLENGE_WRONG = f'{CHALLENGE}, error="invalid_token"'

_log = structlog.get_logger(__name__)

# The first class that fits counts, so the more special ones stand above their kinds.
_STATUS: tuple[tuple[type[HansaError], int], ...] = (
    (SignInNeeded, 401),
    (TooManyRequests, 429),
    (WrongContentType, 415),
    (Invalid, 400),
    (Forbidden, 403),
    (NotFound, 404),
    (Conflict, 409),
    (Rejected, 422),
    (Unavailable, 503),
)
# Codes whose status is other than their kind's, because programs have come to expect it.
_STATUS_BY_CODE = {"stock.out_of_stock": 409, "erp.batch_too_large": 413}
TITLES = {
    400: "The request is wrong",
    401: "Sign in first",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    415: "Wrong kind of content",
    422: "Not possible",
    429: "Too many requests",
    500: "Something went wrong on our side",
    503: "Not available right now",
}


class ErrorField(msgspec.Struct, frozen=True):
    """One wrong field of a request."""

    field: str
    code: str
    message: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """RFC 9457 problem document. `code` is stable, `instance` is the number of the request."""

    title: str
    status: int
    code: str
    detail: str
    instance: str
    type: str = "about:blank"
    errors: list[ErrorField] = []
    data: dict[str, Any] = {}


@dataclass(eq=False)
class Unexpected(Unavailable):
    """A fault of the program; what it was is in the log under the request's number."""

    code: ClassVar[str] = "server.error"
    message: ClassVar[str] = (
        "An error on our side stopped this. It has been recorded; try again, and if it stays tell "
        "us the number {instance}."
    )

    instance: str


def status_of(error: HansaError) -> int:
    """Give the HTTP status of an expected failure."""
    if isinstance(error, Unexpected):
        return 500
    by_code = _STATUS_BY_CODE.get(error.code)
    if by_code is not None:
        return by_code
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def handle_expected(request: Request, error: HansaError) -> Response[Any]:
    """Answer an expected failure."""
    return _respond(request, error, status_of(error), ())


def handle_answered(_: Request, error: AlreadyAnswered) -> Response[Any]:
    """Send a kept answer again."""
    return Response(
        error.body or None,
        status_code=error.status,
        media_type="application/json",
        headers={"Idempotency-Replayed": "true"},
    )


@dataclass(eq=False)
class FieldsInvalid(Invalid):
    """Fields of the request are missing or wrong; `errors` of the problem names each."""

    code: ClassVar[str] = "request.invalid"
    message: ClassVar[str] = "Some fields are missing or wrong; see each below."


@dataclass(eq=False)
class NoSuchAddress(NotFound):
    """No route fits the path."""

    code: ClassVar[str] = "request.not_found"


@dataclass(eq=False)
class MethodWrong(Invalid):
    """The path exists, but not for this method."""

    code: ClassVar[str] = "request.method_not_allowed"
    message: ClassVar[str] = "This address does not take {method} requests."

    method: str


@dataclass(eq=False)
class BodyTooLarge(Invalid):
    """The body is larger than allowed."""

    code: ClassVar[str] = "request.too_large"
    message: ClassVar[str] = "What was sent is too large."


@dataclass(eq=False)
class RequestWrong(Invalid):
    """The request breaks HTTP in some other way."""

    code: ClassVar[str] = "request.malformed"
    message: ClassVar[str] = "The request is malformed."


@dataclass(eq=False)
class ValueRefused(Invalid):
    """The database refuses a value: a number beyond its range, or text it cannot hold."""

    code: ClassVar[str] = "request.out_of_range"
    message: ClassVar[str] = "A number is too large or a text holds characters that cannot be kept."


def handle_framework(request: Request, error: HTTPException) -> Response[Any]:
    """Answer a failure found by Litestar: routing, parameters, bodies."""
    if isinstance(error, ValidationException):
        return _respond(request, FieldsInvalid(), 400, faults_of(request, error))
    expected: HansaError
    if isinstance(error, NotFoundException):
        expected, status = NoSuchAddress(), 404
    elif isinstance(error, MethodNotAllowedException):
        expected, status = MethodWrong(request.method), 405
    elif isinstance(error, RequestEntityTooLarge):
        expected, status = BodyTooLarge(), 413
    elif isinstance(error, ClientException):
        expected, status = RequestWrong(), error.status_code
    elif isinstance(error, InternalServerException) and "disconnect" in error.detail:
        expected, status = RequestWrong(), 400  # nobody is there to read it; no fault of ours
    else:
        return handle_unexpected(request, error)
    return _respond(request, expected, status, ())


def handle_database_refusal(request: Request, error: psycopg.DataError) -> Response[Any]:
    """Answer a value that the database refuses: whoever sent it can do better."""
    _log.warning("value refused by the database", request_id=request.request_id, error=str(error))
    return _respond(request, ValueRefused(), 400, ())


def handle_unavailable_database(request: Request, error: psycopg.OperationalError) -> Response[Any]:
    """Answer that the database is away, busy or took too long."""
    _log.error("database unavailable", request_id=request.request_id, error=repr(error))
    return _respond(request, Unavailable(), 503, ())


def handle_unexpected(request: Request, error: Exception) -> Response[Any]:
    """Answer a fault of the program, and record it."""
    if isinstance(error, RecursionError):
        return _respond(request, RequestWrong(), 400, ())
    _log.error(
        "unexpected error",
        request_id=request.request_id,
        method=request.scope["method"],
        path=request.visit.path,
        exc_info=error,
    )
    return _respond(request, Unexpected(request.request_id), 500, ())


def _respond(
    request: Request, error: HansaError, status: int, faults: tuple[FieldFault, ...]
) -> Response[Any]:
    visit = request.visit
    visit.error_code = error.code
    headers = {"Cache-Control": "no-store"}
    if status in (429, 503):
        retry = getattr(error, "retry_seconds", RETRY_AFTER_SECONDS)
        headers["Retry-After"] = str(max(1, round(retry)))
    if wants_page(request):
        return error_page(request, error, status, headers)
    if status == HTTP_401_UNAUTHORIZED:
        is_wrong = isinstance(error, BadCredentials)
        headers["WWW-Authenticate"] = CHALLENGE_WRONG if is_wrong else CHALLENGE
    problem = problem_of(request, error, status, faults)
    return Response(problem, status_code=status, media_type=PROBLEM, headers=headers)


def problem_of(
    request: Request, error: HansaError, status: int, faults: tuple[FieldFault, ...] = ()
) -> Problem:
    """Write a failure as a problem document in the language of the request."""
    return Problem(
        title=_title(request, status),
        status=status,
        code=error.code,
        detail=detail(request, error),
        instance=request.request_id,
        errors=[
            ErrorField(
                field=fault.field,
                code=fault.code,
                message=filled(translated(request, fault.message), fault.data),
            )
            for fault in faults
        ],
        data=_public_data(error),
    )


def wants_page(request: Request) -> bool:
    """Tell whether a person looks at the answer, not a program."""
    visit = request.visit
    if visit.path.startswith(PROGRAM_PATHS):
        return False
    return b"text/html" in visit.headers.get(b"accept", b"") or request.is_htmx


def _title(request: Request, status: int) -> str:
    return translated(request, TITLES.get(status, TITLES[400]))


def translated(request: Request, message: str) -> str:
    """Put a msgid into the language of the request."""
    return request.visit.wiring.translator.sentence(request.language, message)


def detail(request: Request, error: HansaError) -> str:
    """Say in the language of the request what went wrong."""
    return filled(translated(request, error.message), error.data())


def filled(sentence: str, data: Mapping[str, object]) -> str:
    """Fill the places of a sentence."""
    return sentence.format_map(_Places(data))


class _Places(dict[str, object]):
    """Leaves a place that a translation names wrongly as it is."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def _public_data(error: HansaError) -> dict[str, Any]:
    data = error.data()
    return {name: msgspec.to_builtins(value) for name, value in data.items()} if data else {}


def error_page(
    request: Request, error: HansaError, status: int, headers: dict[str, str]
) -> Response[Any]:
    """Show a person what went wrong and what to do; ask for a sign-in where that is it."""
    visit = request.visit
    if status == HTTP_401_UNAUTHORIZED:
        return _to_sign_in(request)
    is_office = visit.path.startswith("/office")
    values = {
        "status": status,
        "title": _title(request, status),
        "detail": detail(request, error),
        "request_id": request.request_id,
        "home": "/office" if is_office else f"/{visit.language}/",
        "is_office": is_office,
        "again": visit.path
        if status >= HTTP_429_TOO_MANY_REQUESTS and request.scope["method"] == "GET"
        else None,
    }
    try:
        text = visit.wiring.renderer.page(visit, ERROR_PAGE, values)
    except Exception as failure:  # noqa: BLE001 - an error page must come even if its template fails
        _log.warning("error page failed", request_id=request.request_id, error=repr(failure))
        text = _plain_page(values, visit.language)
    return Response(text, status_code=status, media_type="text/html", headers=headers)


def _plain_page(values: Mapping[str, Any], language: str) -> str:
    shown = {name: html.escape(str(value)) for name, value in values.items()}
    return (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{shown['title']}</title><main><h1>{shown['title']}</h1><p>{shown['detail']}</p>"
        f'<p><a href="{shown["home"]}">Hansa</a></p>'
        f"<p><small>{shown['request_id']}</small></p></main></html>"
    )


def _to_sign_in(request: Request) -> Response[Any]:
    visit = request.visit
    places = [
        (prefix.format(language=visit.language), page.format(language=visit.language))
        for prefix, page in visit.wiring.sign_in_paths
    ]
    path = next(
        (page for prefix, page in places if visit.path.startswith(prefix)),
        f"/{visit.language}/sign-in",
    )
    target = path
    if request.scope["method"] == "GET" and visit.path != path:
        query = request.scope["query_string"].decode("latin-1")
        here = visit.path + (f"?{query}" if query else "")
        target = f"{path}?next={urllib.parse.quote(here, safe='/')}"
    if request.is_htmx:
        return Response(None, status_code=204, headers={"HX-Redirect": target})
    return Response(None, status_code=303, headers={"Location": target})


HANDLERS: dict[Any, Any] = {
    HansaError: handle_expected,
    AlreadyAnswered: handle_answered,
    HTTPException: handle_framework,
    psycopg.DataError: handle_database_refusal,
    psycopg.OperationalError: handle_unavailable_database,
    Exception: handle_unexpected,
}

__all__ = [
    "HANDLERS",
    "PROBLEM",
    "ErrorField",
    "Problem",
    "body_faults",
    "problem_of",
    "status_of",
]
