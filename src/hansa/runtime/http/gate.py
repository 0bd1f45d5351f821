"""What every request passes before its handler: who asks, may the form be believed, is there a key.

One function, called by Litestar before each handler; Litestar's own middleware is slower by half.
"""

import time
from typing import Any
from urllib.parse import unquote_to_bytes

from hansa.runtime.http import bodies, csrf, idempotency
from hansa.runtime.http.identity import Actor
from hansa.runtime.http.limits import TooManyRequests
from hansa.runtime.http.request import Request
from hansa.runtime.http.visit import API_PATHS, PARTNER_PATH, Visit

UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})

NO_KEY = "idempotency_exempt"
"""Route option: why this unsafe call needs no `Idempotency-Key` (`opt={NO_KEY: "reason"}`)."""
NO_CSRF = "csrf_exempt"
"""Route option: why this form needs no token."""
PUBLIC = "public"
"""Route option: why this route may be used by anybody, without `authorise`."""


NO_ACTOR = "actor_exempt"
"""Route option: why nobody needs to be known here, whatever the `Authorization` header says."""


async def gate(request: Request) -> None:
    """Check a request before its handler runs.

    Raises:
        BadCredentials, FormExpired, KeyMissing, KeyInvalid, TextInvalid, TooManyRequests: as their
            names say.
    """
    visit = request.visit
    headers = visit.headers
    _check_query(request)
    if (b"authorization" in headers or b"cookie" in headers) and (
        NO_ACTOR not in request.route_handler.opt
    ):
        visit.actor = await visit.wiring.authenticator.authenticate(request)
        if visit.actor is not None and visit.actor.kind == "key":
            _charge(visit, visit.actor)
    visit.is_identified = True
    if request.scope["method"] in UNSAFE:
        await _check_unsafe(request)


def _charge(visit: Visit, actor: Actor) -> None:
    """Count a request of a program: those of partners, and of whoever has a limit of its own.

    Raises:
        TooManyRequests: it sends faster than it may; the headers of the answer say so too.
    """
    is_partner = visit.path.startswith(PARTNER_PATH)
    if not is_partner and actor.requests_per_minute is None:
        return
    taken = visit.wiring.client_buckets.take(
        actor.id, actor.requests_per_minute, time.perf_counter()
    )
    if taken is None:
        return
    if is_partner:
        visit.answer_headers = taken.headers
    if taken.retry_seconds:
        raise TooManyRequests(taken.retry_seconds)


def _check_query(request: Request) -> None:
    query = request.scope["query_string"]
    if b"%" in query:
        try:
            unquote_to_bytes(query).decode()
        except UnicodeDecodeError as error:
            raise bodies.QueryInvalid from error
        bodies.check_text_values(request.query_params.multi_items())
    if bodies.has_control_character(request.scope["path"]):
        raise bodies.TextInvalid("path")


async def _check_unsafe(request: Request) -> None:
    visit = request.visit
    options: dict[str, Any] = request.route_handler.opt
    is_api = visit.path.startswith(API_PATHS)
    if is_api and NO_KEY not in options:
        sent = visit.headers.get(b"idempotency-key")
        if sent is None:
            raise idempotency.KeyMissing
        visit.idempotency_key = idempotency.check_key(sent)
    elif sent := visit.headers.get(b"idempotency-key"):
        visit.idempotency_key = idempotency.check_key(sent)
    if b"authorization" in visit.headers or NO_CSRF in options:
        return
    if is_api and request.sent_session_token is None:
        return  # nothing that a browser adds by itself: there is nobody to impersonate
    shown = visit.headers.get(csrf.HEADER, b"").decode("latin-1")
    if not shown and not is_api:
        shown = str((await request.form()).get(csrf.FIELD, ""))
    if not csrf.is_right(visit, shown):
        raise csrf.FormExpired
