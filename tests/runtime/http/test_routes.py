"""Every route there is, later ones included: nobody gets past `authorise` unless it says why.

Each handler is called with a request of nobody, and with one of each built-in role, and with
arguments that may not be touched. So a handler must ask for the permission first.
"""

from __future__ import annotations

import inspect
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler

from hansa.assembly.modules import all_modules, permissions_of
from hansa.modules.accounts.model import BUILT_IN_ROLES
from hansa.runtime.http import NO_CSRF, NO_KEY, PUBLIC, Actor, PermissionMissing, SignInNeeded
from hansa.runtime.http.gate import NO_ACTOR
from hansa.runtime.http.identity import Nobody
from hansa.runtime.http.request import Request
from hansa.runtime.http.visit import SCOPE_KEY, Visit, Wiring

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SOMEBODY = UUID(int=1)
PARTS = all_modules()
PERMISSIONS = [permission.code for permission in permissions_of(PARTS)]
REASONS = (PUBLIC, NO_CSRF, NO_KEY, NO_ACTOR)


class Touched(Exception):
    """A handler used something before it asked who is there."""


class _Untouchable:
    """Stands for arguments and for the process: not to be used before `authorise`."""

    def __getattr__(self, name: str) -> Any:
        raise Touched(name)


class _Permissions(frozenset[str]):
    """Permissions that remember which were asked for."""

    asked: list[str]

    def __contains__(self, code: object) -> bool:
        if code != "*":
            self.asked.append(str(code))
        return super().__contains__(code)


def _handlers() -> list[HTTPRouteHandler]:
    app = Litestar(
        [route for part in PARTS for route in part.routes],
        request_class=Request,  # type: ignore[arg-type]
        openapi_config=None,
    )
    found: dict[str, HTTPRouteHandler] = {}
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if handler.http_methods != {"OPTIONS"}:
                name = f"{'/'.join(sorted(handler.http_methods))} {route.path}"
                found.setdefault(name, handler)
    return [
        pytest.param(handler, id=name)  # type: ignore[misc]
        for name, handler in sorted(found.items())
    ]


HANDLERS = _handlers()
GUARDED = [one for one in HANDLERS if PUBLIC not in one.values[0].opt]  # type: ignore[attr-defined]


def _request(handler: HTTPRouteHandler, actor: Actor | None) -> Request:
    untouchable: Any = _Untouchable()
    wiring = Wiring(
        context=untouchable,
        authenticator=Nobody(),
        translator=untouchable,
        renderer=untouchable,
        languages=("ru", "en"),
        secret=b"x" * 32,
        is_production=False,
    )
    visit = Visit(wiring, "test", NOON, "/", {}, "127.0.0.1", actor=actor)
    scope = {
        "type": "http",
        "method": next(iter(sorted(handler.http_methods))),
        "path": "/",
        "headers": [],
        "query_string": b"",
        "route_handler": handler,
        SCOPE_KEY: visit,
    }
    return Request(scope)


async def _call(handler: HTTPRouteHandler, request: Request) -> BaseException | None:
    """Call a handler; give what it raised."""
    arguments = {
        name: request if name == "request" else _Untouchable()
        for name in handler.parsed_fn_signature.parameters
    }
    try:
        answer = handler.fn(**arguments)
        if inspect.isawaitable(answer):
            await answer
    except Exception as error:  # noqa: BLE001 - what it was is the result
        return error
    return None


@pytest.mark.parametrize("handler", GUARDED)
async def test_nobody_gets_past_the_door(handler: HTTPRouteHandler) -> None:
    request = _request(handler, None)

    error = await _call(handler, request)

    if isinstance(error, SignInNeeded):
        return
    # Things of one's own (a basket): the handler asked who it is, and lets guests in.
    assert request.visit.authorised, (
        f"{handler} did {error!r} before it called authorise, signed_in or shopper_or_guest; "
        f"if anybody may use it, say so: opt={{PUBLIC: 'why'}}"
    )


@pytest.mark.parametrize("role", BUILT_IN_ROLES, ids=lambda role: role.code)
@pytest.mark.parametrize("handler", GUARDED)
async def test_each_role_gets_what_it_may(handler: HTTPRouteHandler, role) -> None:
    held = _Permissions(role.permissions(PERMISSIONS))
    held.asked = []
    actor = Actor(id=SOMEBODY, kind="staff", permissions=held)
    request = _request(handler, actor)

    error = await _call(handler, request)

    assert request.visit.authorised, f"{handler} never asked; it did {error!r}"
    assert not isinstance(error, SignInNeeded) or "shopper" in str(handler) or not held.asked
    for code in held.asked:
        assert code in PERMISSIONS, f"no module declares the permission {code!r}"
    if held.asked and role.code != "administrator":
        refused = not frozenset.__contains__(held, held.asked[0])
        assert isinstance(error, PermissionMissing) == refused


def test_every_exception_says_why() -> None:
    for one in HANDLERS:
        handler = one.values[0]  # type: ignore[attr-defined]
        for option in REASONS:
            if option in handler.opt:
                reason = handler.opt[option]
                assert isinstance(reason, str), f"{one.id}: {option} needs a reason"
                assert len(reason) > len("because"), f"{one.id}: {option} needs a reason"


def test_no_handler_hides_the_gate() -> None:
    for one in HANDLERS:
        handler = one.values[0]  # type: ignore[attr-defined]
        assert handler.before_request is None, f"{one.id} replaces the gate by its own hook"


def test_every_permission_belongs_to_some_role_other_than_the_administrator() -> None:
    given = {
        code
        for role in BUILT_IN_ROLES
        if role.code != "administrator"
        for code in role.permissions(PERMISSIONS)
    }

    assert {code for code in PERMISSIONS if not code.startswith("accounts.")} <= given
