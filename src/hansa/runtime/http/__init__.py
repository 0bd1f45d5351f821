"""HTTP: requests, who asks, failures as answers, idempotency, paging, headers, limits.

Handlers need `Request`, `authorise` and, for lists, `paging`; the rest is wired by the assembly.
"""

from hansa.runtime.http.bodies import TextInvalid, WrittenJson
from hansa.runtime.http.gate import NO_CSRF, NO_KEY, PUBLIC
from hansa.runtime.http.identity import (
    ANYTHING,
    Actor,
    Authenticator,
    BadCredentials,
    PermissionMissing,
    SignInNeeded,
    authorise,
    shopper_or_guest,
    signed_in,
)
from hansa.runtime.http.limits import TooManyRequests
from hansa.runtime.http.paging import (
    Cursor,
    CursorInvalid,
    Limit,
    ListPage,
    page_of,
    read_cursor,
    write_cursor,
)
from hansa.runtime.http.problems import Problem
from hansa.runtime.http.redirects import go_to, local_path
from hansa.runtime.http.request import Request
from hansa.runtime.http.siblings import NotASibling, check_sibling, mark_of

__all__ = [
    "ANYTHING",
    "NO_CSRF",
    "NO_KEY",
    "PUBLIC",
    "Actor",
    "Authenticator",
    "BadCredentials",
    "Cursor",
    "CursorInvalid",
    "Limit",
    "ListPage",
    "NotASibling",
    "PermissionMissing",
    "Problem",
    "Request",
    "SignInNeeded",
    "TextInvalid",
    "TooManyRequests",
    "WrittenJson",
    "authorise",
    "check_sibling",
    "go_to",
    "local_path",
    "mark_of",
    "page_of",
    "read_cursor",
    "shopper_or_guest",
    "signed_in",
    "write_cursor",
]
