"""The members' app behind the front: which cell a page, a file or a shell's call goes to.

A cookie, a key and a hand-over token say the bucket of their member, the number of a question for
a code says where it was asked. So only whoever is about to sign in or to join is looked for in all
cells, by telephone; the front asks this itself, since nobody is signed in yet. Nothing here is
believed: a cell that is told a bucket not its own finds no such cookie.
"""

import re
from html import escape
from typing import NamedTuple
from urllib.parse import parse_qs
from uuid import UUID

import msgspec

from hansa.kernel.errors import HansaError
from hansa.modules.loyalty import members, sessions
from hansa.runtime.http.problems import RequestWrong
from hansa.runtime.http.visit import best_language, parse_cookies
from hansa.surfaces.loyalty_front.asking import HOME, Body, Name, Wanted
from hansa.surfaces.loyalty_front.sending import Answer, Refused

LANGUAGES = ("ru", "en")
COOKIE = "hansa_member"
SHELL = f"{HOME}app/"
FILES = "/static/"
BODY_BYTES_MAX = 64 * 1024
"""Forms of the app are short, and so is all that a shell sends."""
FIELDS_MAX = 100
FORM = b"application/x-www-form-urlencoded"
ENTRANCES = frozenset({"/", "/loyalty", "/loyalty/"})
"""What a person types; they are led to the app in their language."""

UNREADABLE = Answer.refusing(RequestWrong())

_PAGE = re.compile(f"/(?:{'|'.join(LANGUAGES)})/loyalty(/.*)?", re.DOTALL)
_ASKS = frozenset({"/sign-in", "/sign-in/join"})
_READ = frozenset({*_ASKS, "/sign-in/code", "/shell/session"})
"""Forms that say themselves where they go."""
_ALIKE = frozenset(
    {
        "/links.json",
        "/manifest.webmanifest",
        "/offline",
        "/rules",
        "/sign-in",
        "/signed-out",
        "/welcome",
        "/worker.js",
    }
)
"""Pages that are the same in every cell, so that any will do while one is away."""


class Sent(NamedTuple):
    """What of a request for a page matters here; `kind` is what the body is said to be."""

    method: str
    path: str
    query: str
    kind: bytes
    cookie: bytes
    content: bytes


class _Told(msgspec.Struct):
    title: str
    detail: str


class _Answered(Body):
    agrees: bool = False


def is_page(path: str) -> bool:
    """Tell whether a path is a page of the app."""
    return _PAGE.fullmatch(path) is not None


def is_alike(sent: Sent) -> bool:
    """Tell whether every cell would answer a reading request alike."""
    page = _PAGE.fullmatch(sent.path)
    rest = (page[1] or "").rstrip("/") if page else ""
    if rest == "/sign-in/hint":
        return False
    return page is None or rest in _ALIKE or _by_cookie(sent.cookie) is None


def page_wanted(sent: Sent) -> Wanted | None:
    """Tell where a page or a file of the app is to come from; None is any cell.

    Raises:
        Refused: the form cannot be read for sure, so that a cell might read another telephone.
    """
    page = _PAGE.fullmatch(sent.path)
    rest = (page[1] or "").rstrip("/") if page else ""
    if rest == "/sign-in/hint":
        return _by_number(_fields(sent.query).get("challenge", ""))
    if sent.method != "POST" or rest not in _READ:
        return _by_cookie(sent.cookie)
    if sent.kind.partition(b";")[0].strip().lower() != FORM:
        raise Refused(UNREADABLE)
    form = _fields(sent.content.decode("utf-8", "replace"))
    if rest in _ASKS:
        return by_phone(form.get("phone", ""))
    if rest == "/sign-in/code":
        return _by_number(form.get("challenge", ""))
    return _by_token(form.get("token", ""))


def shell_wanted(path: str, authorization: bytes, content: bytes) -> Wanted | None:
    """Tell where a call of a native shell goes; `path` is what follows `SHELL`."""
    first, _, rest = path.partition("/")
    if first != "sign-ins":
        return _by_token(authorization.decode("latin-1").partition(" ")[2].strip())
    try:
        body = msgspec.json.decode(content, type=_Answered)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if not rest:
        return by_phone(body.phone or "")
    asked = _by_number(rest.partition("/")[0])
    joining = by_phone(body.phone or "") if body.agrees else None
    if asked is None or joining is None:
        return asked
    return joining._replace(member_id=asked.member_id)


def by_phone(phone: str) -> Wanted | None:
    """Whoever is known by a telephone, in one cell only; None if it is no telephone."""
    ref = members.MemberRef(members.RefKind.PHONE, phone.strip())
    try:
        value = members.normalised(ref, None).value
    except HansaError:
        return None
    return Wanted(names=(Name("phone", value),), fallback=f"phone|{value}", is_one=True)


def entrance(accepted: str) -> Answer:
    """Lead whoever opens the address of the front to the app, in a language they read."""
    where = f"/{best_language(accepted, LANGUAGES)}/loyalty"
    headers = ((b"location", where.encode()), (b"vary", b"Accept-Language"))
    return Answer(303, (*headers, (b"cache-control", b"no-store")), b"")


def refusal_page(answer: Answer, language: str) -> Answer:
    """Say to a person, on a page, what the front refuses a program with."""
    told = msgspec.json.decode(answer.body, type=_Told)
    title, sentence = told.title, told.detail
    page = (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">'
        f"<title>{escape(title)}</title><main><h1>{escape(title)}</h1><p>{escape(sentence)}</p>"
        "</main></html>"
    )
    headers = [
        *((name, value) for name, value in answer.headers if name != b"content-type"),
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
        (b"x-content-type-options", b"nosniff"),
    ]
    return Answer(answer.status, headers, page.encode())


def _fields(text: str) -> dict[str, str]:
    """Read fields of a form; none may be there twice.

    Raises:
        Refused: one is, or there are too many.
    """
    try:
        read = parse_qs(text, keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError as error:
        raise Refused(UNREADABLE) from error
    if any(len(values) > 1 for values in read.values()):
        raise Refused(UNREADABLE)
    return {name: values[0].strip() for name, values in read.items()}


def _by_cookie(cookie: bytes) -> Wanted | None:
    return _by_token(parse_cookies(cookie).get(COOKIE, ""))


def _by_token(token: str) -> Wanted | None:
    bucket = sessions.bucket_in(token)
    # A number in that bucket, nobody's, leads to the same cell as its members'.
    return None if bucket is None else Wanted(member_id=UUID(int=bucket))


def _by_number(text: str) -> Wanted | None:
    try:
        return Wanted(member_id=UUID(text))
    except ValueError:
        return None
